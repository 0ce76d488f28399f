//! Counts of students that are kept current with every write (统计数), so that statistics never scan the roll.
//!
//! What a change adds to the counts is written in its own transaction beside the rows, as one row for each class that it
//! touches; nobody waits for another's counter. A background task folds these rows into sums by class and by county.
//! Reading sums what has been folded and what has not, in one snapshot, and is exact at any moment.
//!
//! Counted are students as they stand ([`counted`]), classes by their size ([`size`]), and the changes of student
//! records by school year and kind ([`Flow`]).

pub mod counted;
pub mod fold;
pub mod read;
pub mod size;
pub mod spans;
pub mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::entity::student::Model;
use crate::entity::student_change;
use counted::{COUNTED, Counts};

/// Where a count belongs: the class within its school, place, stage and grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The school.
    pub school: Uuid,
    /// The class; nil for students in none.
    pub school_class: Uuid,
    /// The 12-digit place number.
    pub place: i64,
    /// The stage.
    pub stage: i32,
    /// The grade.
    pub grade: i32,
}

/// Changes of student records of one kind in one school year (学籍异动), with the school that keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    /// The school.
    pub school: Uuid,
    /// The 12-digit place number.
    pub place: i64,
    /// The stage.
    pub stage: i32,
    /// The year in which the school year begins.
    pub school_year: i32,
    /// The kind, a number of `StudentChange.Kind`; below 0 a part of some kinds, [`LEFT_BEFORE`] and [`STILL_AWAY`].
    pub kind: i32,
}

/// The flow of departures of pupils who did not attend any more: whoever has dropped out (辍学) and is transferred leaves once.
pub const LEFT_BEFORE: i32 = -1;
/// The flow of arrivals after which a pupil does not attend: a record that moves with its school while its child is on leave.
pub const STILL_AWAY: i32 = -2;

/// What a write adds to the counts.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    cells: BTreeMap<Cell, Counts>,
    flows: BTreeMap<Flow, i64>,
}

/// A row of `tally_changes`: what is added to a cell, and perhaps to a flow of the same school and stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The cell.
    pub cell: Cell,
    /// What is added to it.
    pub counts: Counts,
    /// School year, kind and how many changes; zeros without.
    pub flow: (i32, i32, i64),
}

// === impl Cell ===

impl Cell {
    fn of(student: &Model) -> Self {
        Self {
            school: student.school,
            school_class: student.school_class.unwrap_or_default(),
            place: student.place,
            stage: student.stage,
            grade: student.grade,
        }
    }
}

// === impl Flow ===

impl Flow {
    fn of(entry: &student_change::Model) -> Self {
        Self {
            school: entry.school,
            place: entry.place,
            stage: entry.stage,
            school_year: entry.school_year,
            kind: entry.kind,
        }
    }

    /// The cell that carries a flow alone.
    fn bearer(&self) -> Cell {
        Cell {
            school: self.school,
            school_class: Uuid::nil(),
            place: self.place,
            stage: self.stage,
            grade: 0,
        }
    }
}

// === impl Changes ===

impl Changes {
    /// Takes the student as it stood out of the counts, and puts it in as it stands now.
    pub fn add(&mut self, before: Option<&Model>, after: Option<&Model>) {
        for (student, sign) in [(before, -1), (after, 1)] {
            let Some(student) = student else { continue };
            let counts = self.cells.entry(Cell::of(student)).or_default();
            for (count, counted) in counts.iter_mut().zip(COUNTED) {
                if (counted.counts)(student) {
                    *count += sign;
                }
            }
        }
    }

    /// Counts an entry of the history.
    pub fn tell(&mut self, entry: &student_change::Model) {
        self.tell_part(entry, entry.kind);
    }

    /// Counts an entry of the history as a part of its kind too.
    pub fn tell_part(&mut self, entry: &student_change::Model, part: i32) {
        if !entry.is_counted() {
            return;
        }
        let flow = Flow {
            kind: part,
            ..Flow::of(entry)
        };
        *self.flows.entry(flow).or_default() += 1;
    }

    /// Adds to a cell what is counted already.
    pub fn put(&mut self, cell: Cell, counts: &Counts, sign: i64) {
        let own = self.cells.entry(cell).or_default();
        for (own, count) in own.iter_mut().zip(counts) {
            *own += sign * count;
        }
    }

    /// Adds to a flow what is counted already.
    pub fn put_flow(&mut self, flow: Flow, count: i64) {
        *self.flows.entry(flow).or_default() += count;
    }

    /// The rows that say so, in one order. A flow goes along with a cell of its school and stage where there is one.
    pub fn rows(&self) -> Vec<Change> {
        let mut rows: Vec<Change> = self
            .cells
            .iter()
            .filter(|(_, counts)| counts.iter().any(|count| *count != 0))
            .map(|(cell, counts)| Change {
                cell: *cell,
                counts: *counts,
                flow: (0, 0, 0),
            })
            .collect();
        let (mut free, counted) = (0, rows.len());
        for (flow, count) in self.flows.iter().filter(|(_, count)| **count != 0) {
            let told = (flow.school_year, flow.kind, *count);
            let fits = |row: &Change| {
                let cell = &row.cell;
                (cell.school, cell.place, cell.stage) == (flow.school, flow.place, flow.stage)
            };
            // One flow, the common case, finds its row at once; many share out the rows from the front.
            match rows[..counted].get_mut(free).filter(|row| fits(row)) {
                Some(row) => {
                    row.flow = told;
                    free += 1;
                }
                None => rows.push(Change {
                    cell: flow.bearer(),
                    counts: Counts::default(),
                    flow: told,
                }),
            }
        }
        rows
    }
}

impl Change {
    /// The flow, where the row has one.
    pub fn flow(&self) -> Option<(Flow, i64)> {
        let (school_year, kind, count) = self.flow;
        let flow = Flow {
            school: self.cell.school,
            place: self.cell.place,
            stage: self.cell.stage,
            school_year,
            kind,
        };
        (count != 0).then_some((flow, count))
    }
}
