//! Who has finished primary school moves up to a junior school with the record of primary school (小升初), by whatever way the
//! place was given.

use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::student::State;
use uuid::Uuid;

use crate::entity::student::Model;

/// Where a graduate arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The junior school.
    pub(crate) school: Uuid,
    /// Its place.
    pub(crate) place: i64,
    /// The class of the first grade, where it is known.
    pub(crate) school_class: Option<Uuid>,
    /// The school year of the entry.
    pub(crate) entry_year: i32,
}

/// Whether the student has finished primary school and stands nowhere else.
pub(crate) fn may_advance(student: &Model) -> bool {
    student.stage == Stage::Primary as i32 && student.state == State::Graduated as i32
}

/// The record in the junior school's first grade.
pub(crate) fn advanced(student: &Model, arrival: Arrival) -> Model {
    Model {
        school: arrival.school,
        place: arrival.place,
        school_class: arrival.school_class,
        stage: Stage::Junior as i32,
        grade: 1,
        grade_year: arrival.entry_year,
        entry_year: arrival.entry_year,
        state: State::Enrolled as i32,
        ..student.clone()
    }
}
