//! Every SQL statement about dropout cases and their visits.

use std::collections::HashMap;

use chrono::NaiveDate;
use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::dropout_case::{Column, Entity, Model};
use crate::entity::{dropout_notice, dropout_visit, student};

/// What a list of cases holds, its parent aside; 0 and false for all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Only {
    pub(crate) state: i32,
    pub(crate) finding: i32,
    pub(crate) group_bit: i64,
    pub(crate) reason: i32,
    pub(crate) stage: i32,
    pub(crate) grade: i32,
    pub(crate) overdue_on: Option<NaiveDate>,
    pub(crate) closing_requested: bool,
}

// === impl Only ===

impl Only {
    pub(crate) fn condition(self) -> Condition {
        let equal = |column: Column, value: i32| (value != 0).then(|| column.eq(value));
        let in_group = (self.group_bit != 0)
            .then(|| Expr::col(Column::Groups).bit_and(self.group_bit).ne(0_i64));
        let overdue = self
            .overdue_on
            .map(|day| resource::overdue(Column::DueDate, &day.to_string()));
        let requested = self.closing_requested.then(|| {
            Condition::all()
                .add(Column::Ground.ne(0))
                .add(Column::OpenSubject.is_not_null())
        });
        Condition::all()
            .add_option(equal(Column::State, self.state))
            .add_option(equal(Column::Finding, self.finding))
            .add_option(equal(Column::Reason, self.reason))
            .add_option(equal(Column::Stage, self.stage))
            .add_option(equal(Column::Grade, self.grade))
            .add_option(in_group)
            .add_option(overdue)
            .add_option(requested)
    }
}

/// The case in which another has ended, and perhaps that one in a third; None of a case that stands by itself.
pub(super) async fn ended_in(
    database: &impl ConnectionTrait,
    case: &Model,
) -> Result<Option<Model>, DbErr> {
    let judged = Scope::everything("who reported a child follows it wherever its case ended");
    let (mut ended, mut next) = (None, case.merged_into);
    while let Some(id) = next {
        let other = Entity::visible_to(&judged)
            .filter(Column::Id.eq(id))
            .one(database)
            .await?;
        // A case ends in one that is open, so that they make no circle.
        next = other.as_ref().and_then(|other| other.merged_into);
        ended = other.or(ended);
    }
    Ok(ended)
}

/// Adds the cases whose child has none open; gives the ids of those added.
pub(crate) async fn insert_missing(
    database: &impl ConnectionTrait,
    cases: Vec<Model>,
) -> Result<std::collections::HashSet<Uuid>, DbErr> {
    store::insert_missing::<Entity, _>(database, cases, [Column::OpenSubject], |case| {
        case.open_subject
    })
    .await
}

/// The open cases of some children, held until the transaction ends, always in one order.
pub(crate) async fn hold_open(
    database: &impl ConnectionTrait,
    subjects: &[Uuid],
) -> Result<HashMap<Uuid, Model>, DbErr> {
    let everywhere = Scope::everything("one case for a child, whoever sees it");
    let mut open = HashMap::new();
    for some in subjects.chunks(SET) {
        let rows = Entity::visible_to(&everywhere)
            .filter(Column::OpenSubject.is_in(some.iter().copied()))
            .order_by_asc(Column::OpenSubject)
            .lock_exclusive()
            .all(database)
            .await?;
        open.extend(
            rows.into_iter()
                .filter_map(|row| Some((row.open_subject?, row))),
        );
    }
    Ok(open)
}

/// The case, if the caller may see it, held until the transaction ends.
pub(crate) async fn hold(
    database: &impl ConnectionTrait,
    scope: &Scope,
    id: Uuid,
) -> Result<Model, KernelError> {
    Entity::visible_to(scope)
        .filter(Column::Id.eq(id))
        .lock_exclusive()
        .one(database)
        .await?
        .ok_or_else(|| KernelError::not_found(format!("dropoutCases/{id}")))
}

/// The open case of a student.
pub async fn open_of(
    database: &impl ConnectionTrait,
    student: Uuid,
) -> Result<Option<Model>, DbErr> {
    let everywhere = Scope::everything("one case for a child, whoever sees it");
    Entity::visible_to(&everywhere)
        .filter(Column::OpenSubject.eq(student))
        .one(database)
        .await
}

/// Every case of some students, open or ended, held until the transaction ends, always in one order.
pub(crate) async fn hold_of_students(
    database: &impl ConnectionTrait,
    students: &[Uuid],
) -> Result<Vec<Model>, DbErr> {
    let everywhere = Scope::everything("the case goes with the record, which the caller moves");
    let mut cases = Vec::new();
    for some in students.chunks(SET) {
        let rows = Entity::visible_to(&everywhere)
            .filter(Column::Student.is_in(some.iter().copied()))
            .order_by_asc(Column::Student)
            .order_by_asc(Column::Id)
            .lock_exclusive()
            .all(database)
            .await?;
        cases.extend(rows);
    }
    Ok(cases)
}

/// The schools of some students as they stand.
pub(crate) async fn schools_of(
    database: &impl ConnectionTrait,
    students: &[Uuid],
) -> Result<Vec<Uuid>, DbErr> {
    let everywhere = Scope::everything("one case for a child, whoever finds it");
    student::Entity::visible_to(&everywhere)
        .select_only()
        .column(student::Column::School)
        .filter(student::Column::Id.is_in(students.iter().copied()))
        .distinct()
        .into_tuple()
        .all(database)
        .await
}

/// The visits and notices of cases go along to a school and its place.
pub(crate) async fn carry(
    database: &impl ConnectionTrait,
    cases: &[Uuid],
    school: Uuid,
    place: i64,
) -> Result<(), DbErr> {
    for some in cases.chunks(SET) {
        dropout_visit::Entity::update_many()
            .col_expr(dropout_visit::Column::School, school.into())
            .col_expr(dropout_visit::Column::Place, place.into())
            .filter(dropout_visit::Column::DropoutCase.is_in(some.iter().copied()))
            .exec(database)
            .await?;
        dropout_notice::Entity::update_many()
            .col_expr(dropout_notice::Column::School, school.into())
            .col_expr(dropout_notice::Column::Place, place.into())
            .filter(dropout_notice::Column::DropoutCase.is_in(some.iter().copied()))
            .exec(database)
            .await?;
    }
    Ok(())
}

/// Adds a visit.
pub(crate) async fn insert_visit(
    database: &impl ConnectionTrait,
    visit: dropout_visit::Model,
) -> Result<(), DbErr> {
    dropout_visit::Entity::insert(visit.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// The visits of a case, oldest first.
pub(crate) async fn visits_of(
    database: &impl ConnectionTrait,
    case: Uuid,
) -> Result<Vec<dropout_visit::Model>, DbErr> {
    let judged = Scope::everything("the case was found in the caller's scope");
    dropout_visit::Entity::visible_to(&judged)
        .filter(dropout_visit::Column::DropoutCase.eq(case))
        .order_by_asc(dropout_visit::Column::Id)
        .all(database)
        .await
}
