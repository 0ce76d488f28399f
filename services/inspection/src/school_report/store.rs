//! Every SQL statement about reports and their frozen measures.

use junheng_directory::DirectorySchool;
use junheng_kernel::error::KernelError;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::journal::v1::Record;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _,
};
use uuid::Uuid;

use super::encode::record_of;
use super::workflow::State;
use crate::entity::school_report::{Column, Entity, Model};
use crate::entity::{campaign, frozen_measure as frozen};
use crate::evidence::{Measure, MeasureSet};

/// Rows of one statement; SQLite takes 32,766 values.
const ROWS: usize = 1_000;

/// Only those of a campaign, where one is named.
pub fn in_campaign(campaign: Option<Uuid>) -> Condition {
    Condition::all().add_option(campaign.map(|id| Column::Campaign.eq(id)))
}

/// Every report of a campaign, oldest first.
pub async fn of_campaign(
    database: &impl ConnectionTrait,
    campaign: Uuid,
) -> Result<Vec<Model>, DbErr> {
    let all = Scope::everything("the reports of a campaign that is in scope");
    Entity::visible_to(&all)
        .filter(Column::Campaign.eq(campaign))
        .order_by_asc(Column::Id)
        .all(database)
        .await
}

/// Opens a report for each school.
pub async fn open(
    database: &impl ConnectionTrait,
    campaign: &campaign::Model,
    schools: &[DirectorySchool],
) -> Result<Vec<Record>, DbErr> {
    let reports: Vec<Model> = schools
        .iter()
        .map(|school| fresh(campaign, school))
        .collect();
    for rows in reports.chunks(ROWS) {
        let rows = rows.iter().cloned().map(|row| row.into_active_model());
        Entity::insert_many(rows)
            .exec_without_returning(database)
            .await?;
    }
    Ok(reports
        .iter()
        .map(|report| record_of(None, report))
        .collect())
}

fn fresh(campaign: &campaign::Model, school: &DirectorySchool) -> Model {
    Model {
        id: Uuid::now_v7(),
        campaign: campaign.id,
        campaign_display_name: campaign.display_name.clone(),
        school: school.id,
        place: school.place,
        school_display_name: school.display_name.clone(),
        kind: school.kind,
        urban_rural: school.urban_rural,
        sponsor: school.sponsor,
        state: State::Open as i32,
        return_reason: String::new(),
        freeze: 0,
        freeze_micros: 0,
        measures_digest: String::new(),
        version: 1,
    }
}

/// Locks every confirmed report of a campaign.
pub async fn sign(
    database: &impl ConnectionTrait,
    campaign: Uuid,
) -> Result<Vec<Record>, KernelError> {
    let mut records = Vec::new();
    for before in of_campaign(database, campaign).await? {
        if before.state == State::Confirmed as i32 {
            let after = moved(&before, State::Signed, "");
            update(database, &after, before.version).await?;
            records.push(record_of(Some(&before), &after));
        }
    }
    Ok(records)
}

/// Gives a signed report of the campaign back; `None` when it is not signed.
pub async fn give_back(
    database: &impl ConnectionTrait,
    campaign: Uuid,
    id: Uuid,
    reason: &str,
) -> Result<Option<Record>, KernelError> {
    let all = Scope::everything("the report of a campaign that is in scope");
    let before = resource::get::<Entity>(database, &all, id).await?;
    if before.campaign != campaign {
        return Err(KernelError::not_found(format!("schoolReports/{id}")));
    }
    if before.state != State::Signed as i32 {
        return Ok(None);
    }
    let after = moved(&before, State::Returned, reason);
    update(database, &after, before.version).await?;
    Ok(Some(record_of(Some(&before), &after)))
}

/// The report in another state.
pub fn moved(report: &Model, state: State, reason: &str) -> Model {
    Model {
        state: state as i32,
        return_reason: reason.trim().to_owned(),
        version: report.version + 1,
        ..report.clone()
    }
}

/// Writes what a step changed, if nobody wrote since `version` was read.
pub async fn update(
    database: &impl ConnectionTrait,
    report: &Model,
    version: i64,
) -> Result<(), KernelError> {
    let written = Entity::update_many()
        .col_expr(
            Column::SchoolDisplayName,
            report.school_display_name.clone().into(),
        )
        .col_expr(Column::Kind, report.kind.into())
        .col_expr(Column::UrbanRural, report.urban_rural.into())
        .col_expr(Column::Sponsor, report.sponsor.into())
        .col_expr(Column::State, report.state.into())
        .col_expr(Column::ReturnReason, report.return_reason.clone().into())
        .col_expr(Column::Freeze, report.freeze.into())
        .col_expr(Column::FreezeMicros, report.freeze_micros.into())
        .col_expr(
            Column::MeasuresDigest,
            report.measures_digest.clone().into(),
        )
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(report.id))
        .filter(Column::Version.eq(version))
        .exec(database)
        .await?;
    if written.rows_affected == 0 {
        return Err(KernelError::EtagMismatch {
            name: format!("schoolReports/{}", report.id),
        });
    }
    Ok(())
}

/// Freezes the measures of a report as its newest set.
pub async fn freeze(
    database: &impl ConnectionTrait,
    report: &Model,
    set: &MeasureSet,
) -> Result<(), DbErr> {
    let row = |measure: &Measure| frozen::Model {
        id: Uuid::now_v7(),
        campaign: report.campaign,
        report: report.id,
        school: report.school,
        place: report.place,
        freeze: report.freeze,
        service: measure.service.clone(),
        measure: measure.measure.clone(),
        stage: measure.stage,
        value: measure.value,
        source: measure.source.clone(),
        source_digest: measure.source_digest.clone(),
        as_of_micros: measure.as_of_micros,
    };
    for rows in set.measures().chunks(ROWS) {
        let rows = rows.iter().map(|measure| row(measure).into_active_model());
        frozen::Entity::insert_many(rows)
            .exec_without_returning(database)
            .await?;
    }
    Ok(())
}

/// The newest frozen set of a report; empty before the first.
pub async fn frozen_set(
    database: &impl ConnectionTrait,
    report: &Model,
) -> Result<MeasureSet, DbErr> {
    let all = Scope::everything("the measures of a report that is in scope");
    let rows = frozen::Entity::visible_to(&all)
        .filter(frozen::Column::Report.eq(report.id))
        .filter(frozen::Column::Freeze.eq(report.freeze))
        .all(database)
        .await?;
    let measures = rows.into_iter().map(|row| Measure {
        service: row.service,
        measure: row.measure,
        stage: row.stage,
        value: row.value,
        source: row.source,
        source_digest: row.source_digest,
        as_of_micros: row.as_of_micros,
    });
    Ok(MeasureSet::of(measures.collect()))
}
