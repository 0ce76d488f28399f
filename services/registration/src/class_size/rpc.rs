//! The gRPC face of class sizes: decode, call, encode.

use std::collections::HashMap;
use std::str::FromStr;

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::fault::into_status;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::name::{etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_proto::registration::v1::class_size_service_server::ClassSizeService;
use junheng_proto::registration::v1::{
    CreateReliefPlanRequest, GetReliefPlanRequest, LargeClass, ListLargeClassesRequest,
    ListLargeClassesResponse, ListReliefPlansRequest, ListReliefPlansResponse, ReliefPlan,
};
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::error::ClassSizeError;
use super::store::{Sized, Wanted};
use super::workflow::{State, WITHDRAW, state_of};
use super::{rules, steps, store};
use crate::entity::relief_plan::{Entity, Model};
use crate::school::parent;

/// Serves class sizes and relief plans.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl ClassSizeService for Rpc {
    async fn list_large_classes(
        &self,
        request: Request<ListLargeClassesRequest>,
    ) -> Result<Response<ListLargeClassesResponse>, Status> {
        answer(self.large(request).await)
    }

    async fn create_relief_plan(
        &self,
        request: Request<CreateReliefPlanRequest>,
    ) -> Result<Response<ReliefPlan>, Status> {
        answer(steps::create(&self.context, request).await)
    }

    async fn get_relief_plan(
        &self,
        request: Request<GetReliefPlanRequest>,
    ) -> Result<Response<ReliefPlan>, Status> {
        answer(self.get(request).await)
    }

    async fn list_relief_plans(
        &self,
        request: Request<ListReliefPlansRequest>,
    ) -> Result<Response<ListReliefPlansResponse>, Status> {
        answer(self.plans(request).await)
    }

    async fn approve_relief_plan(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<ReliefPlan>, Status> {
        answer(steps::take(&self.context, request, "ApproveReliefPlan").await)
    }

    async fn fulfil_relief_plan(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<ReliefPlan>, Status> {
        answer(steps::take(&self.context, request, "FulfilReliefPlan").await)
    }

    async fn withdraw_relief_plan(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<ReliefPlan>, Status> {
        answer(steps::take(&self.context, request, WITHDRAW).await)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn large(
        &self,
        request: Request<ListLargeClassesRequest>,
    ) -> Result<ListLargeClassesResponse, ClassSizeError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let context = &self.context;
        let reader = context.store.reader();
        let placed =
            parent::placed(reader, &caller, &context.regions, "parent", &message.parent).await?;
        let today = context.clock.today();
        let (least, most) = rules::sizes_of(message.band, today)?;
        let (band, unplanned) = (message.band.to_string(), message.unplanned_only.to_string());
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent, &band, &unplanned],
        )?;
        let wanted = Wanted {
            parent: &placed.parent,
            least,
            most,
            after: page.after::<Cursor>()?.map(|after| (after.0, after.1)),
            limit: page.limit(),
        };
        let as_of_time = timestamp(context.clock.now_micros());
        let rows = store::sized(reader, &wanted).await?;
        let key = |row: &Sized| format!("{}/{}", row.place, row.school_class);
        let (rows, next_page_token) = page.cut(rows, key);
        let plans = store::under_way(reader, rows.iter().map(|row| row.school_class)).await?;
        let plans: HashMap<Uuid, Model> = plans
            .into_iter()
            .map(|plan| (plan.school_class, plan))
            .collect();
        let mut large_classes: Vec<LargeClass> = rows
            .iter()
            .map(|row| large_of(row, plans.get(&row.school_class), today))
            .collect();
        if message.unplanned_only {
            large_classes.retain(|class| class.relief_plan.is_empty() || class.overdue);
        }
        Ok(ListLargeClassesResponse {
            large_classes,
            next_page_token,
            as_of_time: Some(as_of_time),
        })
    }

    async fn get(
        &self,
        request: Request<GetReliefPlanRequest>,
    ) -> Result<ReliefPlan, ClassSizeError> {
        let caller = Caller::of(&request)?;
        let id = id_of("reliefPlans", &request.into_inner().name)?;
        let reader = self.context.store.reader();
        let found = resource::get::<Entity>(reader, &caller.scope, id).await?;
        Ok(encode(&found, self.context.clock.today()))
    }

    async fn plans(
        &self,
        request: Request<ListReliefPlansRequest>,
    ) -> Result<ListReliefPlansResponse, ClassSizeError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let context = &self.context;
        let reader = context.store.reader();
        let placed =
            parent::placed(reader, &caller, &context.regions, "parent", &message.parent).await?;
        let state = message.state.to_string();
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent, &state],
        )?;
        let only = store::in_state(message.state);
        let (rows, next_page_token) =
            resource::list_only::<Entity>(reader, &caller.scope, &placed.parent, only, &page)
                .await?;
        let today = context.clock.today();
        Ok(ListReliefPlansResponse {
            relief_plans: rows.iter().map(|row| encode(row, today)).collect(),
            next_page_token,
        })
    }
}

fn answer<T>(result: Result<T, ClassSizeError>) -> Result<Response<T>, Status> {
    result.map(Response::new).map_err(into_status)
}

/// Where a class stands in the list, written `{place}/{class}`.
struct Cursor(i64, Uuid);

impl FromStr for Cursor {
    type Err = ();

    fn from_str(key: &str) -> Result<Self, ()> {
        let (place, class) = key.split_once('/').ok_or(())?;
        let place = place.parse().map_err(|_| ())?;
        Ok(Self(place, class.parse().map_err(|_| ())?))
    }
}

fn large_of(row: &Sized, plan: Option<&Model>, today: NaiveDate) -> LargeClass {
    LargeClass {
        school_class: format!("classes/{}", row.school_class),
        school: format!("schools/{}", row.school),
        stage: row.stage,
        grade: row.grade,
        student_count: row.students,
        band: rules::band_of(row.students, today).unwrap_or_default() as i32,
        relief_plan: plan.map_or_else(String::new, |plan| format!("reliefPlans/{}", plan.id)),
        end_date: plan.map_or_else(String::new, |plan| plan.end_date.clone()),
        overdue: plan.is_some_and(|plan| is_overdue(plan, today)),
    }
}

/// The plan as callers see it.
pub(super) fn encode(plan: &Model, today: NaiveDate) -> ReliefPlan {
    ReliefPlan {
        name: format!("reliefPlans/{}", plan.id),
        school_class: format!("classes/{}", plan.school_class),
        school: format!("schools/{}", plan.school),
        measure: plan.measure,
        statement: plan.statement.clone(),
        end_date: plan.end_date.clone(),
        state: plan.state,
        planned_student_count: plan.planned_student_count,
        overdue: is_overdue(plan, today),
        etag: etag(plan.version),
    }
}

fn is_overdue(plan: &Model, today: NaiveDate) -> bool {
    let open = matches!(state_of(plan.state), State::Draft | State::UnderWay);
    open && date_of(&plan.end_date).is_some_and(|end| today > end)
}
