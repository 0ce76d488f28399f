//! The gRPC face of statistics.

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::label;
use junheng_kernel::page::Page;
use junheng_kernel::service::Context;
use junheng_proto::registration::v1::statistics_service_server::StatisticsService;
use junheng_proto::registration::v1::{
    ClassSize, GetStatisticsRequest, ListClassSizesRequest, ListClassSizesResponse, Statistics,
};
use tonic::{Request, Response, Status};

use super::{band, rules, size};
use crate::school::parent::{self, PlacedParent};
use crate::school_year;
use crate::tally::read;

/// Serves statistics.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl StatisticsService for Rpc {
    async fn get_statistics(
        &self,
        request: Request<GetStatisticsRequest>,
    ) -> Result<Response<Statistics>, Status> {
        self.get(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn list_class_sizes(
        &self,
        request: Request<ListClassSizesRequest>,
    ) -> Result<Response<ListClassSizesResponse>, Status> {
        self.list(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn get(&self, request: Request<GetStatisticsRequest>) -> Result<Statistics, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let PlacedParent { parent, .. } = self.placed(&caller, &message.parent).await?;
        check_stage(message.stage)?;
        let today = self.context.clock.today();
        let school_year = school_year::seen("school_year", message.school_year, today)?;
        let context = self.context.clone();
        // In a task of its own: a caller who goes away must not leave the snapshot open.
        let read = tokio::spawn(async move {
            let snapshot = context.store.snapshot().await?;
            let as_of_time = timestamp(context.clock.now_micros());
            let reading = read::reading(&snapshot, &parent).await?;
            Ok::<_, KernelError>((reading, as_of_time))
        });
        let (reading, as_of_time) = read
            .await
            .map_err(|error| KernelError::Stored(format!("the task failed: {error}")))??;
        let asked = rules::Asked {
            parent: &message.parent,
            stage: message.stage,
            school_year,
            today,
            as_of_time,
        };
        Ok(Statistics {
            statistics: rules::figures(&asked, &reading),
            as_of_time: Some(as_of_time),
        })
    }

    async fn list(
        &self,
        request: Request<ListClassSizesRequest>,
    ) -> Result<ListClassSizesResponse, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let PlacedParent { parent, .. } = self.placed(&caller, &message.parent).await?;
        check_stage(message.stage)?;
        let today = self.context.clock.today();
        let asked = asked_of(&message, today)?;
        let fields = [
            message.stage,
            message.least,
            message.most,
            message.above_standard.into(),
        ];
        let [stage, least, most, above_standard] = &fields.map(|number| number.to_string());
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent, stage, least, most, above_standard],
        )?;
        let reader = self.context.store.reader();
        let (rows, next_page_token) = size::page(reader, &parent, &asked, &page).await?;
        let class_sizes = rows.into_iter().map(|(cell, student_count)| ClassSize {
            school_class: format!("classes/{}", cell.school_class),
            school: format!("schools/{}", cell.school),
            stage: cell.stage,
            grade: cell.grade,
            student_count,
            band: band::of(student_count, today).map_or_else(String::new, |band| band.label.into()),
        });
        Ok(ListClassSizesResponse {
            class_sizes: class_sizes.collect(),
            next_page_token,
        })
    }

    async fn placed(&self, caller: &Caller, value: &str) -> Result<PlacedParent, KernelError> {
        let reader = self.context.store.reader();
        parent::placed(reader, caller, &self.context.regions, "parent", value).await
    }
}

fn asked_of(message: &ListClassSizesRequest, today: NaiveDate) -> Result<size::Asked, KernelError> {
    let negative = |field: &str| Violation::invalid(field, "must not be negative", "不得为负数");
    let wrong = [("least", message.least), ("most", message.most)]
        .into_iter()
        .filter(|(_, number)| *number < 0)
        .map(|(field, _)| negative(field));
    KernelError::unless_empty(wrong.collect())?;
    let most = match message.most {
        0 => i64::MAX,
        most => i64::from(most),
    };
    Ok(size::Asked {
        stage: message.stage,
        sizes: i64::from(message.least.max(1))..=most,
        least_of: if message.above_standard {
            band::above_standard(today)
        } else {
            Vec::new()
        },
    })
}

fn check_stage(stage: i32) -> Result<(), KernelError> {
    let wrong = (stage != 0).then(|| label::check("stage", "junheng.education.v1.Stage", stage));
    KernelError::unless_empty(wrong.flatten().into_iter().collect())
}
