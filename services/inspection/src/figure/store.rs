//! Reads what figures are made of.

use std::collections::BTreeMap;

use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use sea_orm::{ColumnTrait as _, ConnectionTrait, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::frozen::{Frozen, Measures};
use crate::entity::frozen_measure::{Column, Entity, Model};
use crate::entity::{campaign, school_report as report};
use crate::{evidence_item, school_report};

/// Reports of one statement.
const REPORTS: usize = 1_000;

/// The reports and items of a campaign that the caller may see.
pub(crate) async fn frozen(
    database: &impl ConnectionTrait,
    campaign: campaign::Model,
) -> Result<Frozen, KernelError> {
    let reports = school_report::store::of_campaign(database, campaign.id).await?;
    let items = evidence_item::store::of_campaign(database, campaign.id).await?;
    Ok(Frozen::of(campaign, reports, items))
}

/// The measures that count. Sets that a later one replaced, or that were given back, stay in the database.
pub(super) async fn measures(
    database: &impl ConnectionTrait,
    frozen: &Frozen,
) -> Result<Measures, KernelError> {
    let mut by_set: BTreeMap<i32, Vec<Uuid>> = BTreeMap::new();
    for report in frozen.standing() {
        by_set.entry(report.freeze).or_default().push(report.id);
    }
    let mut measures = Measures::new();
    for (set, reports) in by_set {
        for reports in reports.chunks(REPORTS) {
            for row in of_set(database, set, reports).await? {
                measures.entry(row.report).or_default().push(row);
            }
        }
    }
    Ok(measures)
}

/// The measures of one report's newest set.
pub(super) async fn measures_of(
    database: &impl ConnectionTrait,
    report: &report::Model,
) -> Result<Vec<Model>, KernelError> {
    of_set(database, report.freeze, &[report.id]).await
}

async fn of_set(
    database: &impl ConnectionTrait,
    set: i32,
    reports: &[Uuid],
) -> Result<Vec<Model>, KernelError> {
    let all = Scope::everything("the measures of a campaign that is in scope");
    let rows = Entity::visible_to(&all)
        .filter(Column::Report.is_in(reports.iter().copied()))
        .filter(Column::Freeze.eq(set))
        .order_by_asc(Column::Id)
        .all(database)
        .await?;
    Ok(rows)
}
