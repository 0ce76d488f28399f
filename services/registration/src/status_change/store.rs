//! Every SQL statement about changes of status.

use chrono::NaiveDate;
use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, ConnectionTrait, DbErr,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _,
};
use uuid::Uuid;

use super::workflow::{Kind, State};
use crate::entity::status_change::{Column, Entity, Model};

/// The kinds that run until the student is back.
const LEAVES: [i32; 3] = [
    Kind::Suspension as i32,
    Kind::Deferral as i32,
    Kind::GoingAbroad as i32,
];

/// The states in which a change is under way.
const OPEN: [i32; 2] = [State::Filed as i32, State::Agreed as i32];

/// The change of a student that is under way, whoever sees it.
pub async fn open_of(
    database: &impl ConnectionTrait,
    student: Uuid,
) -> Result<Option<Model>, DbErr> {
    let all = Scope::everything("one change at a time, whoever filed it");
    Entity::visible_to(&all)
        .filter(Column::Student.eq(student))
        .filter(Column::State.is_in(OPEN))
        .one(database)
        .await
}

/// The leave, stay abroad or deferral of a student that runs.
pub(crate) async fn running(
    database: &impl ConnectionTrait,
    student: Uuid,
) -> Result<Option<Model>, DbErr> {
    let all = Scope::everything("the leave of a student whom the caller covers");
    Entity::visible_to(&all)
        .filter(Column::Student.eq(student))
        .filter(Column::State.eq(State::Effective as i32))
        .filter(Column::Kind.is_in(LEAVES))
        .order_by_desc(Column::Id)
        .one(database)
        .await
}

/// The leaves, stays abroad and deferrals of some students that run.
pub(super) async fn running_of(
    database: &impl ConnectionTrait,
    students: impl Iterator<Item = Uuid>,
) -> Result<Vec<Model>, DbErr> {
    let all = Scope::everything("what goes along with students who were judged");
    let students: Vec<Uuid> = students.collect();
    let mut found = Vec::new();
    for some in students.chunks(SET) {
        let rows = Entity::visible_to(&all)
            .filter(Column::Student.is_in(some.iter().copied()))
            .filter(Column::State.eq(State::Effective as i32))
            .filter(Column::Kind.is_in(LEAVES))
            .order_by_asc(Column::Id)
            .all(database)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// The leave of a student that ended last.
pub(super) async fn last_ended(
    database: &impl ConnectionTrait,
    student: Uuid,
) -> Result<Option<Model>, DbErr> {
    let all = Scope::everything("the leave of a student whom the caller covers");
    Entity::visible_to(&all)
        .filter(Column::Student.eq(student))
        .filter(Column::State.eq(State::Closed as i32))
        .filter(Column::Kind.eq(Kind::Suspension as i32))
        .order_by_desc(Column::ClosedDate)
        .one(database)
        .await
}

/// Adds a change. Fails with `WRITE_CONFLICT` when another of the student was filed in the same moment.
pub(super) async fn insert(
    database: &impl ConnectionTrait,
    change: Model,
) -> Result<(), KernelError> {
    change.into_active_model().insert(database).await?;
    Ok(())
}

/// Only this kind and state, 0 for all, and where asked only what is overdue on a day.
pub(super) fn of(kind: i32, state: i32, overdue_on: Option<NaiveDate>) -> Condition {
    let overdue = overdue_on.map(|day| resource::overdue(Column::DueDate, &day.to_string()));
    Condition::all()
        .add_option((kind != 0).then(|| Column::Kind.eq(kind)))
        .add_option((state != 0).then(|| Column::State.eq(state)))
        .add_option(overdue)
}

/// Only leaves that run and end by a day.
pub(crate) fn ending_by(day: NaiveDate) -> Condition {
    Condition::all()
        .add(Column::State.eq(State::Effective as i32))
        .add(Column::Kind.is_in(LEAVES))
        .add(Column::UntilDate.ne(""))
        .add(Column::UntilDate.lte(day.to_string()))
}

/// Whether a student has a leave that ended by a day and runs on: the same in SQL, by what names the student there.
pub(crate) fn hangs(student: &str, by: NaiveDate) -> String {
    let leaves = LEAVES.map(|kind| kind.to_string()).join(", ");
    format!(
        "EXISTS (SELECT 1 FROM status_changes l WHERE l.student = {student} AND l.state = {effective} \
         AND l.kind IN ({leaves}) AND l.until_date <> '' AND l.until_date <= '{by}')",
        effective = State::Effective as i32,
    )
}

/// Whether a kind runs until the student is back.
pub(super) fn is_leave(kind: i32) -> bool {
    LEAVES.contains(&kind)
}
