//! Every SQL statement about aid.

use std::collections::{BTreeMap, HashSet};

use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::student::State;
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::rules::Term;
use crate::entity::aid_grant::{Column, Entity, Model};
use crate::entity::student;
use crate::special_group::hardship_is_proven;

/// Only the grants of a term.
pub(crate) fn of_term(term: Term) -> Condition {
    Condition::all()
        .add(Column::SchoolYear.eq(term.school_year))
        .add(Column::Term.eq(term.term as i32))
}

/// The grants of some students for a term.
pub(crate) async fn of_students(
    database: &impl ConnectionTrait,
    term: Term,
    students: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Model>, DbErr> {
    let all = Scope::everything("the grants of students that are in scope");
    Entity::visible_to(&all)
        .filter(Column::Student.is_in(students))
        .filter(of_term(term))
        .all(database)
        .await
}

/// Those of the students to whom an allowance was granted for the term. What is given in kind is no allowance.
pub(crate) async fn with_allowance(
    database: &impl ConnectionTrait,
    (school_year, term): (i32, i32),
    students: impl IntoIterator<Item = Uuid>,
) -> Result<HashSet<Uuid>, DbErr> {
    let all = Scope::everything("the grants of students that are in scope");
    let found: Vec<Uuid> = Entity::visible_to(&all)
        .select_only()
        .column(Column::Student)
        .filter(Column::Student.is_in(students))
        .filter(Column::SchoolYear.eq(school_year))
        .filter(Column::Term.eq(term))
        .filter(Column::AmountFen.gt(0))
        .into_tuple()
        .all(database)
        .await?;
    Ok(found.into_iter().collect())
}

/// Adds grants.
pub(crate) async fn insert(
    database: &impl ConnectionTrait,
    grants: Vec<Model>,
) -> Result<(), DbErr> {
    if grants.is_empty() {
        return Ok(());
    }
    let rows = grants.into_iter().map(|grant| grant.into_active_model());
    Entity::insert_many(rows)
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Takes a grant away; `false` when another did so first.
pub(crate) async fn delete(database: &impl ConnectionTrait, id: Uuid) -> Result<bool, DbErr> {
    let gone = Entity::delete_many()
        .filter(Column::Id.eq(id))
        .exec(database)
        .await?;
    Ok(gone.rows_affected > 0)
}

/// The students with these ids or number hashes, held until the transaction ends where `hold` says so: what was granted to
/// one is then judged and written by one at a time.
pub(crate) async fn students(
    database: &impl ConnectionTrait,
    scope: &Scope,
    ids: Vec<Uuid>,
    hashes: Vec<Vec<u8>>,
    hold: bool,
) -> Result<Vec<student::Model>, DbErr> {
    let either = Condition::any()
        .add_option((!ids.is_empty()).then(|| student::Column::Id.is_in(ids)))
        .add_option((!hashes.is_empty()).then(|| student::Column::NumberHash.is_in(hashes)));
    if either.is_empty() {
        return Ok(Vec::new());
    }
    let found = student::Entity::visible_to(scope)
        .filter(either)
        .order_by_asc(student::Column::Id);
    let found = if hold { found.lock_exclusive() } else { found };
    found.all(database).await
}

/// Whom a school calls in hardship, enrolled and in compulsory education. The flag stands in the words of the index
/// `students_hardship`: by them the database takes it.
fn called_in_hardship() -> Condition {
    let stages = [Stage::Primary as i32, Stage::Junior as i32];
    Condition::all()
        .add(Expr::cust("hardship"))
        .add(student::Column::State.eq(State::Enrolled as i32))
        .add(student::Column::Stage.is_in(stages))
}

/// Whether an allowance was granted to the student of the row for a term.
fn aided(term: Term) -> SimpleExpr {
    // Numbers, written out: nothing of a caller's text.
    Expr::cust(format!(
        "EXISTS (SELECT 1 FROM aid_grants g WHERE g.student = students.id \
         AND g.school_year = {} AND g.term = {} AND g.amount_fen > 0)",
        term.school_year, term.term as i32
    ))
}

/// Students in hardship to whom no allowance was granted for a term.
pub(crate) fn unaided(term: Term) -> Condition {
    called_in_hardship()
        .add(hardship_is_proven())
        .add(Condition::all().not().add(aided(term)))
}

/// Students whose hardship no recognition in force proves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unproven {
    /// All of them.
    pub(crate) all: i64,
    /// Those to whom an allowance was granted for the term, when it was proven still.
    pub(crate) aided: i64,
}

/// Counts them by county, stage and boarding.
pub(crate) async fn count_unproven(
    database: &impl ConnectionTrait,
    scope: &Scope,
    parent: &Parent,
    term: Term,
) -> Result<BTreeMap<(i64, i32, bool), Unproven>, DbErr> {
    let county = || Expr::cust("place / 1000000");
    let counts: Vec<(i64, i32, bool, bool, i64)> = student::Entity::visible_to(scope)
        .filter(parent.condition::<student::Entity>())
        .filter(called_in_hardship())
        .filter(Condition::all().not().add(hardship_is_proven()))
        .select_only()
        .expr_as(county(), "county")
        .column(student::Column::Stage)
        .column(student::Column::Boarder)
        .expr_as(aided(term), "aided")
        .column_as(student::Column::Id.count(), "student_count")
        .group_by(county())
        .group_by(student::Column::Stage)
        .group_by(student::Column::Boarder)
        .group_by(aided(term))
        .into_tuple()
        .all(database)
        .await?;
    let mut found: BTreeMap<(i64, i32, bool), Unproven> = BTreeMap::new();
    for (county, stage, boarder, aided, count) in counts {
        let unproven = found.entry((county, stage, boarder)).or_default();
        unproven.all += count;
        unproven.aided += if aided { count } else { 0 };
    }
    Ok(found)
}
