//! The conditions of the list of changes.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, Condition};
use uuid::Uuid;

use crate::entity::student_change::Column;

/// Only changes of a kind, school year and stage, where each is asked for; with constants where an index holds some rows only.
pub(super) fn wanted(kind: i32, school_year: i32, stage: i32) -> Condition {
    let kind = match kind {
        0 => None,
        common @ (101 | 102) => Some(format!("kind = {common}")),
        rare => Some(format!("kind <> 101 AND kind <> 102 AND kind = {rare}")),
    };
    Condition::all()
        .add_option(kind.map(Expr::cust))
        .add_option((school_year != 0).then(|| Column::SchoolYear.eq(school_year)))
        .add_option((stage != 0).then(|| Column::Stage.eq(stage)))
}

/// Only those of a student.
pub(super) fn of_student(student: Uuid) -> Condition {
    Condition::all().add(Column::Student.eq(student))
}
