//! The conditions of the list of changes.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, Condition};
use uuid::Uuid;

use junheng_proto::registration::v1::ListStudentChangesRequest;
use junheng_proto::registration::v1::student_change::Kind;

use crate::entity::student_change::Column;

/// Only changes of a kind, school year, stage and cohort, where each is asked for; of a kind those that its count counts
/// ([`Model::is_counted`](crate::entity::student_change::Model::is_counted)); with constants where an index holds some rows only.
pub(super) fn wanted(message: &ListStudentChangesRequest) -> Condition {
    let kind = match message.kind {
        0 => None,
        common @ (101 | 102) => Some(format!("kind = {common}")),
        rare => Some(format!("kind <> 101 AND kind <> 102 AND kind = {rare}")),
    };
    let counted = kind.is_some().then(is_counted);
    Condition::all()
        .add_option(kind.map(Expr::cust))
        .add_option(counted)
        .add_option((message.school_year != 0).then(|| Column::SchoolYear.eq(message.school_year)))
        .add_option((message.stage != 0).then(|| Column::Stage.eq(message.stage)))
        .add_option((message.entry_year != 0).then(|| of_cohort(message.entry_year)))
}

/// The condition that a change is of the cohort that entered the stage in a year.
pub(crate) fn of_cohort(entry_year: i32) -> Expr {
    Column::EntryYear.eq(entry_year)
}

fn is_counted() -> Condition {
    Condition::any()
        .add(Column::ToSchool.is_null())
        .add(Expr::cust("to_school = school"))
        .add(Column::Kind.eq(Kind::TransferredOut as i32))
}

/// Only those of a student.
pub(super) fn of_student(student: Uuid) -> Condition {
    Condition::all().add(Column::Student.eq(student))
}
