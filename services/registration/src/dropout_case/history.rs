//! What has happened to cases, for ledgers, reports and rates. Each happening is added with the step that brings it about and stays
//! as it was: a relapse, a move or a later closing leaves the figures of earlier periods alone.

use chrono::NaiveDate;
use junheng_kernel::bulk::SET;
use junheng_kernel::scope::{Scope, Scoped as _};
pub(crate) use junheng_proto::registration::v1::list_ledger_request::Event;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseBackend, DbErr, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _,
};
use uuid::Uuid;

use super::opening::Scene;
use super::workflow::{CLEAR, CLOSE, CONFIRM, RELAPSE, RETURN, SETTLE, VISIT};
use crate::entity::dropout_case;
use crate::entity::dropout_case_event::{Column, Entity, Model};

/// The steps that are counted, and what each is counted as.
const COUNTED: [(&str, Event); 7] = [
    (CLEAR, Event::Cleared),
    (CONFIRM, Event::Confirmed),
    (VISIT, Event::Visited),
    (RETURN, Event::Returned),
    (SETTLE, Event::Settled),
    (RELAPSE, Event::Relapsed),
    (CLOSE, Event::Closed),
];

/// What a step is counted as; None for one that nobody counts.
pub(super) fn event_of(step: &str) -> Option<Event> {
    let found = COUNTED.iter().find(|(counted, _)| *counted == step);
    found.map(|(_, event)| *event)
}

/// Something that happened to a case as it stands, about a day. When it was entered is said when it is kept.
pub(crate) fn happening(case: &dropout_case::Model, event: Event, date: NaiveDate) -> Model {
    Model {
        id: Uuid::now_v7(),
        dropout_case: case.id,
        student: case.student,
        school: case.school,
        place: case.place,
        event: event.into(),
        date,
        finding: case.finding,
        stage: case.stage,
        grade: case.grade,
        groups: case.groups,
        level: 0,
        entry_micros: 0,
    }
}

/// Adds happenings, entered now.
pub(crate) async fn keep(
    database: &impl ConnectionTrait,
    scene: &Scene<'_>,
    mut happenings: Vec<Model>,
) -> Result<(), DbErr> {
    if happenings.is_empty() {
        return Ok(());
    }
    if database.get_database_backend() == DatabaseBackend::Postgres {
        // Before the clock is read, so that a report that counts up to a moment waits for what was entered before it.
        database
            .execute_unprepared("LOCK TABLE dropout_case_events IN ROW EXCLUSIVE MODE")
            .await?;
    }
    let now = scene.clock.now_micros();
    for happening in &mut happenings {
        happening.entry_micros = now;
    }
    for some in happenings.chunks(SET) {
        let rows = some.iter().cloned().map(Model::into_active_model);
        Entity::insert_many(rows)
            .exec_without_returning(database)
            .await?;
    }
    Ok(())
}

/// Waits for whoever is entering happenings, and keeps others from it until the transaction ends. On SQLite one writes at a time.
pub(crate) async fn stand_still(database: &impl ConnectionTrait) -> Result<(), DbErr> {
    if database.get_database_backend() == DatabaseBackend::Postgres {
        database
            .execute_unprepared("LOCK TABLE dropout_case_events IN SHARE MODE")
            .await?;
    }
    Ok(())
}

/// The day of a case's last happening of a kind.
pub(super) async fn last(
    database: &impl ConnectionTrait,
    case: Uuid,
    event: Event,
) -> Result<Option<NaiveDate>, DbErr> {
    let judged = Scope::everything("the case was found in the caller's scope");
    let row = Entity::visible_to(&judged)
        .filter(Column::DropoutCase.eq(case))
        .filter(Column::Event.eq(event as i32))
        .order_by_desc(Column::Id)
        .one(database)
        .await?;
    Ok(row.map(|row| row.date))
}

/// When a case was last confirmed, first or again, microseconds since 1970.
pub(super) async fn confirmed(
    database: &impl ConnectionTrait,
    case: Uuid,
) -> Result<Option<i64>, DbErr> {
    let judged = Scope::everything("the case was found in the caller's scope");
    let row = Entity::visible_to(&judged)
        .filter(Column::DropoutCase.eq(case))
        .filter(Column::Event.is_in([Event::Confirmed as i32, Event::Relapsed as i32]))
        .order_by_desc(Column::EntryMicros)
        .one(database)
        .await?;
    Ok(row.map(|row| row.entry_micros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dropout_case::workflow::{ASSIGN, WORKFLOW, is_ended};

    #[test]
    fn whatever_confirms_brings_back_or_ends_a_case_is_counted() {
        use crate::dropout_case::workflow::State;
        for row in WORKFLOW.rows {
            let tells = is_ended(row.to)
                || matches!(row.to, State::Confirmed | State::Returned | State::Stable)
                    && row.from != [row.to];
            assert!(!tells || event_of(row.step).is_some(), "{}", row.step);
        }
        assert_eq!(event_of(ASSIGN), None);
    }
}
