//! The gRPC face of rates.

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::identity_number::date_of;
use junheng_kernel::service::Context;
use junheng_proto::registration::v1::dropout_rate_service_server::DropoutRateService;
use junheng_proto::registration::v1::{DropoutRates, GetDropoutRatesRequest};
use tonic::{Request, Response, Status};

use super::rules::{self, Asked};
use super::store;
use crate::approval::region_of;
use crate::ledger::cases::days_of;
use crate::rule_book::RegionPath;
use crate::school::parent;
use crate::school_year;

/// Serves rates.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl DropoutRateService for Rpc {
    async fn get_dropout_rates(
        &self,
        request: Request<GetDropoutRatesRequest>,
    ) -> Result<Response<DropoutRates>, Status> {
        let answer = self.get(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn get(
        &self,
        request: Request<GetDropoutRatesRequest>,
    ) -> Result<DropoutRates, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (reader, regions) = (self.context.store.reader(), &self.context.regions);
        let placed = parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        let asked = asked_of(&message, self.context.clock.today())?;
        let path = RegionPath::of(regions, &region_of(placed.place));
        let context = self.context.clone();
        // In a task of its own: a caller who goes away must not leave the snapshot open.
        let read = tokio::spawn(async move {
            let snapshot = context.store.snapshot().await?;
            let as_of_time = timestamp(context.clock.now_micros());
            let parent = &placed.parent;
            let moved = asked.is_running
                && store::has_moved_on(&snapshot, parent, asked.school_year).await?;
            let asked = Asked {
                is_on_roll: asked.is_running && !moved,
                ..asked
            };
            let read = store::values(&snapshot, &context.regions, parent, &asked).await?;
            Ok::<_, KernelError>((asked, read, as_of_time))
        });
        let (asked, (values, origins), as_of_time) = read
            .await
            .map_err(|error| KernelError::Stored(format!("the task failed: {error}")))??;
        Ok(DropoutRates {
            dropout_rates: rules::rates(&asked, &values, &origins, &path)?,
            school_year: asked.school_year,
            as_of_date: asked.as_of.to_string(),
            as_of_time: Some(as_of_time),
        })
    }
}

fn asked_of(message: &GetDropoutRatesRequest, today: NaiveDate) -> Result<Asked, KernelError> {
    let running = school_year::of(today);
    let school_year = school_year::seen("school_year", message.school_year, today)?;
    let (first, last) = days_of(school_year);
    let latest = last.min(today);
    let wrong = |field: &str, en: &str, zh: &str| {
        KernelError::Fields(vec![Violation::invalid(field, en, zh)])
    };
    if first > today {
        return Err(wrong(
            "school_year",
            "must be a school year that has begun",
            "应为已开始的学年",
        ));
    }
    let as_of = match message.as_of_date.as_str() {
        "" => latest,
        text => date_of(text)
            .filter(|day| (first..=latest).contains(day))
            .ok_or_else(|| {
                wrong(
                    "as_of_date",
                    "must be a day of the school year, written YYYY-MM-DD, and not after today",
                    "应为该学年内且不晚于今天的日期(YYYY-MM-DD)",
                )
            })?,
    };
    Ok(Asked {
        parent: message.parent.clone(),
        school_year,
        is_running: school_year == running,
        is_on_roll: school_year == running,
        as_of,
        population_day: latest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(school_year: i32, as_of_date: &str) -> Result<Asked, KernelError> {
        let request = GetDropoutRatesRequest {
            parent: "regions/630103".into(),
            school_year,
            as_of_date: as_of_date.into(),
        };
        asked_of(&request, "2026-11-22".parse().unwrap())
    }

    #[test]
    fn a_year_is_asked_for_by_a_day_that_has_come() {
        let now = asked(0, "").unwrap();
        assert_eq!((now.school_year, now.is_running), (2026, true));
        assert_eq!(now.as_of.to_string(), "2026-11-22");
        let past = asked(2025, "").unwrap();
        assert_eq!(
            (past.as_of.to_string(), past.is_running),
            ("2026-08-31".into(), false)
        );
        let earlier = asked(2026, "2026-10-01").unwrap();
        assert_eq!(earlier.as_of.to_string(), "2026-10-01");
        assert_eq!(
            earlier.population_day, now.population_day,
            "the roll is that of today"
        );
        assert!(asked(2026, "2026-11-23").is_err());
        assert!(asked(2026, "2026-08-31").is_err());
        assert!(asked(2027, "").is_err());
    }
}
