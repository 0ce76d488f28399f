//! What every approval to see or take out personal data has in common: a holder who uses it in the post that asked, a state,
//! a last day, and limits of the rule book.

pub mod error;
mod seat;
mod usable;

pub(crate) use seat::seat_of;
pub(crate) use usable::{Held, check_use};

use chrono::NaiveDate;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number;
use junheng_kernel::workflow::Unmet;
use junheng_proto::registration::v1::ClearField;

/// The fields as a column of text keeps them: their numbers, divided by commas.
pub(crate) fn fields_to_text(fields: &[i32]) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let texts: Vec<String> = sorted.iter().map(i32::to_string).collect();
    texts.join(",")
}

/// The fields of [`fields_to_text`].
pub(crate) fn fields_of_text(text: &str) -> Vec<i32> {
    text.split(',').filter_map(|one| one.parse().ok()).collect()
}

/// Everything that is wrong with a list of fields.
pub(crate) fn check_fields(field: &str, fields: &[i32]) -> Vec<Violation> {
    let full_name = "junheng.registration.v1.ClearField";
    let one = |number: &i32| junheng_kernel::label::check(field, full_name, *number);
    fields.iter().filter_map(one).collect()
}

/// Whether a list of numbers holds a field.
pub(crate) fn names_field(fields: &[i32], field: ClearField) -> bool {
    fields.contains(&(field as i32))
}

/// A step that refuses or takes back says why.
pub(crate) fn reason_given(note: &str) -> Result<(), Unmet> {
    if note.trim().chars().count() >= 2 {
        return Ok(());
    }
    Err(Unmet::Missing(
        "the note must give the reason".into(),
        "应在备注中说明理由".into(),
    ))
}

/// Reads a day that a request gives.
pub(crate) fn day_of(field: &str, text: &str) -> Result<NaiveDate, Violation> {
    if text.is_empty() {
        return Err(Violation::required(field));
    }
    identity_number::date_of(text).ok_or_else(|| {
        Violation::invalid(
            field,
            "must be a date as YYYY-MM-DD",
            "应为 YYYY-MM-DD 格式的日期",
        )
    })
}

/// The 6-digit code of the county, city or province in which a place lies.
pub(crate) fn region_of(place: i64) -> String {
    format!("{:06}", place / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_read_back_sorted_and_once() {
        assert_eq!(fields_to_text(&[4, 1, 4]), "1,4");
        assert_eq!(fields_of_text("1,4"), [1, 4]);
        assert!(fields_of_text("").is_empty());
        assert_eq!(check_fields("fields", &[1, 99, 0]).len(), 2);
    }

    #[test]
    fn a_reason_is_more_than_a_blank() {
        assert!(reason_given("用途不明").is_ok());
        assert!(reason_given(" \n ").is_err());
    }

    #[test]
    fn a_date_must_exist() {
        assert!(day_of("expire_date", "2026-02-28").is_ok());
        assert!(day_of("expire_date", "2026-02-30").is_err());
        assert!(day_of("expire_date", "").is_err());
    }
}
