//! Rows as they were sent, as far as the quarantine looks into them.

use junheng_proto::registration::v1::{SchoolClassRow, StudentRow};
use prost::Message;

/// A row of an import that can wait.
pub(crate) trait Sent: Message + Default + Clone + 'static {
    /// The school's code, and the class by stage, grade and number.
    fn seat(&self) -> (&str, [i32; 3]);
    /// The row as the sender numbered it.
    fn number(&self) -> i64;
    /// Numbers it anew.
    fn renumber(&mut self, number: i64);
}

impl Sent for StudentRow {
    fn seat(&self) -> (&str, [i32; 3]) {
        (
            &self.school_code,
            [self.stage, self.grade, self.class_number],
        )
    }

    fn number(&self) -> i64 {
        self.row
    }

    fn renumber(&mut self, number: i64) {
        self.row = number;
    }
}

impl Sent for SchoolClassRow {
    fn seat(&self) -> (&str, [i32; 3]) {
        (&self.school_code, [self.stage, self.grade, self.number])
    }

    fn number(&self) -> i64 {
        self.row
    }

    fn renumber(&mut self, number: i64) {
        self.row = number;
    }
}
