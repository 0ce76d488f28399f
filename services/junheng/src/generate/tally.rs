//! What was made, sent and taken, for the person at the screen and for programs.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use junheng_proto::bulk::v1::ImportResult;
use serde::Serialize;

use crate::client::Kind;

/// The kinds that are made.
pub const KINDS: [Kind; 3] = [Kind::Schools, Kind::Classes, Kind::Students];

/// What became of the rows of one kind.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Tally {
    /// Rows made.
    pub rows: u64,
    /// Records created.
    pub created: i64,
    /// Records changed.
    pub updated: i64,
    /// Records that stood exactly so.
    pub unchanged: i64,
    /// Rows refused; none unless somebody else registered the same.
    pub rejected: i64,
    /// How long it took, from the first row sent to the answer.
    pub seconds: f64,
}

/// All kinds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Report {
    /// Schools.
    pub schools: Tally,
    /// Classes.
    pub classes: Tally,
    /// Students.
    pub students: Tally,
}

// === impl Tally ===

impl Tally {
    /// What a service answered.
    pub fn of(rows: u64, result: &ImportResult, took: Duration) -> Self {
        Self {
            rows,
            created: result.created_count,
            updated: result.updated_count,
            unchanged: result.unchanged_count,
            rejected: result.rejected_count,
            seconds: took.as_secs_f64(),
        }
    }

    fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.rejected += other.rejected;
        self.seconds += other.seconds;
    }
}

// === impl Report ===

impl Report {
    /// Adds what became of a batch.
    pub fn add(&mut self, kind: Kind, tally: &Tally) {
        match kind {
            Kind::Schools => self.schools.add(tally),
            Kind::Classes => self.classes.add(tally),
            _ => self.students.add(tally),
        }
    }

    /// Whether every row was taken.
    pub fn all_in(&self) -> bool {
        self.schools.rejected + self.classes.rejected + self.students.rejected == 0
    }

    /// Prints it.
    pub fn print(&self, sent: bool) {
        for (kind, tally) in KINDS
            .iter()
            .zip([self.schools, self.classes, self.students])
        {
            let taken = match sent {
                true => format!(
                    ": {} created, {} changed, {} unchanged, {} refused, {:.1} s",
                    tally.created, tally.updated, tally.unchanged, tally.rejected, tally.seconds
                ),
                false => String::new(),
            };
            println!("{}: {} rows{taken}", kind.name(), tally.rows);
        }
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        std::fs::write(path, serde_json::to_string_pretty(self)?)
            .with_context(|| format!("{} cannot be written", path.display()))
    }
}
