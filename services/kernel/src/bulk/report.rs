//! What became of the rows.

use std::collections::HashMap;

use junheng_proto::bulk::v1::{ImportResult, MissingParent, RowVerdict};
use junheng_proto::error::v1::Reason;

use super::fingerprints::Fingerprints;
use crate::fault::Violation;

const MOST_VERDICTS: usize = 1_000;
const MOST_PARENTS: usize = 1_000;
const MOST_ROWS_OF_A_PARENT: usize = 20;
/// Characters of a verdict's message: rows quote what was sent, and that can be long.
const MOST_CHARACTERS: usize = 300;

/// Why a row is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Something in the row itself is wrong.
    Wrong(Vec<Violation>),
    /// Nobody has registered the record that the row belongs to.
    MissingParent {
        /// What the rows call it.
        key: String,
        /// The violation of the first such row.
        wrong: Violation,
    },
}

/// Collects verdicts and counts.
#[derive(Clone, Debug, Default)]
pub struct Report {
    result: ImportResult,
    /// Where each missing parent is listed.
    parents: HashMap<String, usize>,
    /// Missing parents beyond the limit, which are counted only.
    further_parents: Fingerprints,
}

// === impl Refusal ===

impl From<Vec<Violation>> for Refusal {
    fn from(wrong: Vec<Violation>) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<Violation> for Refusal {
    fn from(wrong: Violation) -> Self {
        Self::Wrong(vec![wrong])
    }
}

// === impl Report ===

impl Report {
    /// A report over no rows yet.
    pub fn new(validated_only: bool) -> Self {
        Self {
            result: ImportResult {
                validated_only,
                ..ImportResult::default()
            },
            ..Self::default()
        }
    }

    /// So many rows were read.
    pub fn read(&mut self, rows: usize) {
        self.result.row_count += count(rows);
    }

    /// Whether a row was refused.
    pub fn has_refused(&self) -> bool {
        self.result.rejected_count > 0
    }

    /// So many rows are kept until their parent comes.
    pub fn quarantined(&mut self, rows: usize) {
        self.result.quarantined_count += count(rows);
    }

    /// Nothing was written, because a row was refused.
    pub fn refused_whole(&mut self) {
        self.result.refused_whole = true;
        self.result.created_count = 0;
        self.result.updated_count = 0;
        self.result.unchanged_count = 0;
    }

    /// Refuses a row.
    pub fn refuse(&mut self, row: i64, refusal: &Refusal) {
        match refusal {
            Refusal::Wrong(violations) => self.reject(row, violations),
            Refusal::MissingParent { key, wrong } => self.missing_parent(row, key, wrong),
        }
    }

    /// Refuses a row, for the first thing that is wrong with it and every further field.
    pub fn reject(&mut self, row: i64, violations: &[Violation]) {
        self.result.rejected_count += 1;
        for violation in violations {
            self.verdict(row, violation);
        }
    }

    /// Refuses a row whose parent nobody has registered. The parent is listed once with its rows.
    pub fn missing_parent(&mut self, row: i64, key: &str, violation: &Violation) {
        self.result.rejected_count += 1;
        let parents = &mut self.result.missing_parents;
        let listed = self.parents.get(key).and_then(|at| parents.get_mut(*at));
        if let Some(parent) = listed {
            parent.row_count += 1;
            if parent.rows.len() < MOST_ROWS_OF_A_PARENT {
                parent.rows.push(row);
            }
            return;
        }
        if parents.len() < MOST_PARENTS {
            self.parents.insert(key.to_owned(), parents.len());
            parents.push(MissingParent {
                key: key.to_owned(),
                row_count: 1,
                rows: vec![row],
            });
        } else if self.further_parents.claim(&key, row).is_err() {
            return;
        }
        self.result.missing_parent_count += 1;
        self.verdict(row, violation);
    }

    /// A row created its record.
    pub fn created(&mut self) {
        self.result.created_count += 1;
    }

    /// A row changed its record.
    pub fn updated(&mut self) {
        self.result.updated_count += 1;
    }

    /// A row's record already stood exactly so.
    pub fn unchanged(&mut self) {
        self.result.unchanged_count += 1;
    }

    /// Adds what a set became.
    pub fn add(&mut self, set: &ImportResult) {
        self.result.created_count += set.created_count;
        self.result.updated_count += set.updated_count;
        self.result.unchanged_count += set.unchanged_count;
        self.result.rejected_count += set.rejected_count;
        self.result.quarantined_count += set.quarantined_count;
        let room = MOST_VERDICTS.saturating_sub(self.result.verdicts.len());
        self.result
            .verdicts
            .extend(set.verdicts.iter().take(room).cloned());
    }

    /// Adds what a set that was taken back was refused.
    pub(super) fn add_refused(&mut self, set: &ImportResult) {
        self.add(&ImportResult {
            rejected_count: set.rejected_count,
            verdicts: set.verdicts.clone(),
            ..ImportResult::default()
        });
    }

    /// The result, verdicts in the order of the rows.
    pub fn finish(mut self) -> ImportResult {
        self.result.verdicts.sort_by_key(|verdict| verdict.row);
        self.result
    }

    fn verdict(&mut self, row: i64, violation: &Violation) {
        if self.result.verdicts.len() < MOST_VERDICTS {
            self.result.verdicts.push(RowVerdict {
                row,
                field: violation.field.clone(),
                reason: violation.reason as i32,
                message: short(&violation.why),
                message_zh: short(&violation.why_zh),
            });
        }
    }
}

/// The violation of a row that repeats an earlier one of the same file.
pub fn duplicate_of(field: &str, earlier_row: i64) -> Violation {
    Violation {
        field: field.to_owned(),
        reason: Reason::RowDuplicate,
        why: format!("repeats row {earlier_row}; keep one of them"),
        why_zh: format!("与第{earlier_row}行重复,请保留其一"),
    }
}

fn short(text: &str) -> String {
    text.chars().take(MOST_CHARACTERS).collect()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_parent_is_listed_once_and_the_thousand_and_first_is_counted() {
        let mut report = Report::new(false);
        for row in 0..2_400 {
            let wrong = Violation::required("school_code");
            report.missing_parent(row, &format!("{}", row % 1_200), &wrong);
        }
        let result = report.finish();
        assert_eq!(result.rejected_count, 2_400);
        assert_eq!(result.missing_parent_count, 1_200);
        assert_eq!(result.missing_parents.len(), 1_000);
        assert_eq!(result.missing_parents[7].rows, [7, 1_207]);
        assert_eq!(result.missing_parents[7].row_count, 2);
    }
}
