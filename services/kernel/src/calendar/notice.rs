//! Reads holiday notices from tab-separated lines.

use std::collections::BTreeMap;

use chrono::NaiveDate;

/// The shipped table; see `data/README.md` for source and licence.
pub(super) const BUILTIN: &str = include_str!("../../data/holidays.tsv");

/// A line of a holiday table that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "holiday table, line {line}: expected date, kind (holiday or workday) and name, separated by tabs"
)]
pub struct CalendarError {
    /// Line number, from 1.
    pub line: usize,
}

/// Each date named, with whether people work on it. A later line replaces an earlier one for the same date.
pub(super) fn parse(text: &str) -> Result<BTreeMap<NaiveDate, bool>, CalendarError> {
    let mut days = BTreeMap::new();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') || line.starts_with("date\t") {
            continue;
        }
        let (date, works) = parse_line(line).ok_or(CalendarError { line: at + 1 })?;
        days.insert(date, works);
    }
    Ok(days)
}

fn parse_line(line: &str) -> Option<(NaiveDate, bool)> {
    let mut columns = line.split('\t');
    let date = NaiveDate::parse_from_str(columns.next()?, "%Y-%m-%d").ok()?;
    let works = match columns.next()? {
        "holiday" => false,
        "workday" => true,
        _ => return None,
    };
    Some((date, works))
}
