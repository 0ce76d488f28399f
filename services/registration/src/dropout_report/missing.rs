//! Who has not handed a report in by its day, as it stands now.

use std::collections::HashMap;
use std::str::FromStr;

use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::page::Page;
use junheng_kernel::region::RegionLevel;
use junheng_kernel::service::Context;
use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::{ListMissingReportsResponse, MissingReport};
use uuid::Uuid;

use super::encode::name_of;
use super::steps::{read, span_of};
use super::store::{self, AT_HOME};
use super::workflow::Kind;
use crate::approval::region_of;
use crate::entity::{dropout_report, school};
use crate::school::parent::PlacedParent;
use crate::school::rules::stages_of;

/// Kinds of schools have numbers of three digits.
const KINDS: std::ops::Range<i32> = 1..1_000;

/// Where a school stands in the list.
struct Position(i64, Uuid);

/// One page of the list.
pub(super) async fn page(
    context: &Context,
    placed: &PlacedParent,
    kind: i32,
    period: &str,
    page: &Page,
) -> Result<ListMissingReportsResponse, KernelError> {
    let (kind, parsed) = read(kind, period)?;
    let region = match &placed.parent {
        Parent::Region { code, .. } => code.clone(),
        Parent::School(_) => region_of(placed.place),
    };
    let due = span_of(context, parsed, &region)?.due.date;
    let as_of_time = timestamp(context.clock.now_micros());
    let (missing_reports, next_page_token) = match (context.clock.today() <= due, kind) {
        (true, _) => (Vec::new(), String::new()),
        (false, Kind::Monthly) => {
            schools(context, &placed.parent, period, &due.to_string(), page).await?
        }
        (false, kind) => regions(context, &placed.parent, kind, period, page).await?,
    };
    Ok(ListMissingReportsResponse {
        missing_reports,
        next_page_token,
        due_date: due.to_string(),
        as_of_time: Some(as_of_time),
    })
}

async fn schools(
    context: &Context,
    parent: &Parent,
    period: &str,
    due: &str,
    page: &Page,
) -> Result<(Vec<MissingReport>, String), KernelError> {
    let reader = context.store.reader();
    let after = page.after::<Position>()?.map(|after| (after.0, after.1));
    let kinds = compulsory_kinds();
    let limit = page.limit();
    let rows = store::missing_schools(reader, parent, &kinds, period, due, after, limit).await?;
    let key = |row: &school::Model| format!("{}/{}", row.place, row.id);
    let (rows, token) = page.cut(rows, key);
    let names = rows.iter().map(|row| format!("schools/{}", row.id));
    let begun = begun(context, names.collect(), Kind::Monthly, period).await?;
    let missing = rows.into_iter().map(|row| {
        let organisation = format!("schools/{}", row.id);
        let report = begun.get(&organisation);
        MissingReport {
            display_name: row.display_name,
            region: format!("regions/{}", row.region),
            dropout_report: report.map(name_of).unwrap_or_default(),
            state: report.map_or(0, |report| report.state),
            organisation,
        }
    });
    Ok((missing.collect(), token))
}

/// The regions of the kind's level below the parent that have schools.
async fn regions(
    context: &Context,
    parent: &Parent,
    kind: Kind,
    period: &str,
    page: &Page,
) -> Result<(Vec<MissingReport>, String), KernelError> {
    let Parent::Region { code, .. } = parent else {
        return Ok((Vec::new(), String::new()));
    };
    let reader = context.store.reader();
    let table = &context.regions;
    let counties = store::counties(reader, parent).await?;
    let level = match kind {
        Kind::Quarterly => RegionLevel::County,
        Kind::Term => RegionLevel::City,
        _ => RegionLevel::Province,
    };
    let of_level = |county: &String| match level {
        RegionLevel::County => table.county_of(county),
        RegionLevel::City => table.city_of(county),
        _ => table.province_of(county),
    };
    let mut codes: Vec<&str> = counties
        .iter()
        .filter_map(of_level)
        // A county has not the city's report to make.
        .filter(|region| table.is_within(&region.code, code))
        .map(|region| region.code.as_str())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let names = codes.iter().map(|code| format!("regions/{code}"));
    let begun = begun(context, names.collect(), kind, period).await?;
    let after: Option<String> = page.after()?;
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let missing = codes.into_iter().filter_map(|code| {
        let organisation = format!("regions/{code}");
        let report = begun.get(&organisation);
        let at_home = report.is_none_or(|report| AT_HOME.contains(&report.state));
        at_home.then(|| MissingReport {
            display_name: table.name_path(code).unwrap_or_default(),
            region: String::new(),
            dropout_report: report.map(name_of).unwrap_or_default(),
            state: report.map_or(0, |report| report.state),
            organisation,
        })
    });
    let behind = |one: &MissingReport| after.as_ref().is_none_or(|after| one.organisation > *after);
    let missing: Vec<MissingReport> = missing.filter(behind).take(limit).collect();
    Ok(page.cut(missing, |one| one.organisation.clone()))
}

async fn begun(
    context: &Context,
    organisations: Vec<String>,
    kind: Kind,
    period: &str,
) -> Result<HashMap<String, dropout_report::Model>, KernelError> {
    let reader = context.store.reader();
    let reports = store::of_organisations(reader, organisations, kind, period).await?;
    let named = reports
        .into_iter()
        .map(|row| (row.organisation.clone(), row));
    Ok(named.collect())
}

/// The kinds of schools that run a compulsory stage.
fn compulsory_kinds() -> Vec<i32> {
    let compulsory = |kind: &i32| {
        let known = SchoolKind::try_from(*kind).is_ok();
        let stages = stages_of(*kind);
        known && (stages.contains(&Stage::Primary) || stages.contains(&Stage::Junior))
    };
    KINDS.filter(compulsory).collect()
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (place, id) = text.split_once('/').ok_or(())?;
        Ok(Self(
            place.parse().map_err(drop)?,
            id.parse().map_err(drop)?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schools_of_a_compulsory_stage_report_and_others_do_not() {
        let kinds = compulsory_kinds();
        assert!(kinds.contains(&(SchoolKind::Primary as i32)));
        assert!(kinds.contains(&(SchoolKind::CompleteSecondary as i32)));
        assert!(!kinds.contains(&0));
    }
}
