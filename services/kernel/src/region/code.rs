//! The written form of region codes and the numbers they stand for.

use std::ops::RangeInclusive;

use super::NATION;
use super::error::RegionError;

/// Digits of a place number.
const PLACE_DIGITS: usize = 12;

/// Brings a code to its stored form: six digits (`63` and `630000` are the same, as are `6301` and `630100`), nine for a town.
///
/// # Errors
/// [`RegionError::NotDigits`] or [`RegionError::Length`]. Whether the code exists is another question.
pub fn normalize(written: &str) -> Result<String, RegionError> {
    if let Some(character) = written
        .chars()
        .find(|character| !character.is_ascii_digit())
    {
        return Err(RegionError::NotDigits { character });
    }
    match written.len() {
        2 | 4 | 6 => Ok(format!("{written:0<6}")),
        9 => Ok(written.to_owned()),
        found => Err(RegionError::Length { found }),
    }
}

/// The digits that say something: 0 of the nation, 2 of a province, 4 of a city, 6 of a county, 9 of a town. Expects a normalised code.
pub(super) fn significant(code: &str) -> &str {
    match code {
        NATION => "",
        _ if code.len() != 6 => code,
        _ => {
            let digits = code
                .strip_suffix("0000")
                .or_else(|| code.strip_suffix("00"));
            digits.unwrap_or(code)
        }
    }
}

/// All place numbers that begin with the code's significant digits, whether the code is in force or has ended. Expects a
/// normalised code; anything else gives an empty range.
pub fn span(code: &str) -> RangeInclusive<i64> {
    let digits = significant(code);
    let width = 10_i64.pow(PLACE_DIGITS.saturating_sub(digits.len()) as u32);
    let number = if digits.is_empty() {
        Some(0)
    } else {
        digits.parse::<i64>().ok()
    };
    match number.and_then(|number| number.checked_mul(width)) {
        Some(first) => first..=first + (width - 1),
        None => RangeInclusive::new(1, 0),
    }
}
