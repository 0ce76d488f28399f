//! Identity numbers (公民身份号码, GB 11643-1999) that were never issued to anybody, and never twice.
//!
//! A child born from 2008 on has no number with a county code that went out of force before 2000: a number carries the code in
//! force when the birth is registered. So only such codes are used here, with births of nine school years, none before 2008.
//!
//! **Never twice:** persons are counted through the whole province. Of one school year of births, the number of a person is a
//! place among all (day, code, serial), and [`Numbers`] gives each count another place: it multiplies by a number that has no
//! common divisor with how many places there are, which is a permutation. Two persons of different school years differ in
//! their dates.

use chrono::{Datelike as _, Days, NaiveDate};

use super::chance::Chance;
use crate::demo::county::identity::with_check_digit;

/// County codes that are no longer in force: code, name, year, kind of change.
const RETIRED: &str = include_str!("../../data/names/retired_county_codes.tsv");

/// Codes that went out of force in this year or later are not used.
const RETIRED_BEFORE: i32 = 2000;
/// No birth is earlier.
const FIRST_BIRTH_YEAR: i32 = 2008;
/// Serials of one sex on one day in one place: 1, 3 … 997 or 2, 4 … 998.
const SERIALS: u64 = 499;
/// The month in which a school year begins: who is six by then enters school (义务教育法 11).
const FIRST_MONTH: u32 = 9;
/// Grades of compulsory education, the nine school years of births.
pub const GRADES: i32 = 9;
/// The age at which children enter.
const ENTRY_AGE: i32 = 6;

/// The first school year whose ninth grade was born late enough.
pub const FIRST_YEAR: i32 = FIRST_BIRTH_YEAR + GRADES + ENTRY_AGE;

/// The most persons that can be told apart.
pub const MOST_PERSONS: u64 = 45_000_000;

/// A person's document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// 18 characters.
    pub number: String,
    /// 出生日期.
    pub birth_date: NaiveDate,
}

/// Gives numbers for one seed and school year.
#[derive(Clone, Debug)]
pub struct Numbers {
    codes: Vec<&'static str>,
    /// The school year, by the calendar year in which it begins.
    year: i32,
    /// What counts are multiplied by, and what is added.
    factor: u64,
    shift: u64,
}

// === impl Numbers ===

impl Numbers {
    /// The numbers of a seed.
    pub fn new(seed: u64, year: i32) -> Self {
        let parse = |line: &'static str| {
            let mut fields = line.split('\t');
            let code = fields.next()?;
            let retired: i32 = fields.nth(1)?.parse().ok()?;
            (retired < RETIRED_BEFORE).then_some(code)
        };
        let mut chance = Chance::fork(seed, "identity numbers", 0);
        Self {
            codes: RETIRED.lines().filter_map(parse).collect(),
            year,
            factor: chance.below(1 << 40),
            shift: chance.below(1 << 40),
        }
    }

    /// The document of the `person`-th person of the province, who is in `grade` (1 to 9) and of this sex (1 male, 2 female).
    pub fn document(&self, person: u64, grade: i32, sex: i32) -> Document {
        let first_year = self.year - ENTRY_AGE - grade;
        let first = NaiveDate::from_ymd_opt(first_year, FIRST_MONTH, 1).unwrap_or_default();
        let next = NaiveDate::from_ymd_opt(first_year + 1, FIRST_MONTH, 1).unwrap_or_default();
        let days = (next - first).num_days().unsigned_abs();
        let codes = self.codes.len() as u64;
        let place = self.place(person, days * codes * SERIALS);
        let birth_date = first + Days::new(place % days);
        let code = self.codes[(place / days % codes) as usize];
        let serial = 1 + 2 * (place / days / codes) + u64::from(sex == 2);
        let (year, month, day) = (birth_date.year(), birth_date.month(), birth_date.day());
        Document {
            number: with_check_digit(&format!("{code}{year:04}{month:02}{day:02}{serial:03}")),
            birth_date,
        }
    }

    /// The place of a person among `places`; no two persons below `places` share one.
    fn place(&self, person: u64, places: u64) -> u64 {
        let mut factor = self.factor % places;
        while divisor(factor, places) != 1 {
            factor += 1;
        }
        let place = u128::from(factor) * u128::from(person) + u128::from(self.shift);
        (place % u128::from(places)) as u64
    }
}

/// The greatest common divisor.
fn divisor(one: u64, other: u64) -> u64 {
    match other {
        0 => one,
        _ => divisor(other, one % other),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use junheng_kernel::identity_number;

    #[test]
    fn every_number_passes_the_standard_and_was_never_issued() {
        let numbers = Numbers::new(5, 2026);
        let today = "2026-10-01".parse().unwrap();
        assert!(numbers.codes.len() > 250, "{}", numbers.codes.len());
        for person in 0..4_000 {
            let (grade, sex) = ((person % 9 + 1) as i32, (person % 2 + 1) as i32);
            let Document { number, birth_date } = numbers.document(person * 11_003, grade, sex);
            let wrong =
                identity_number::check("number", &number, sex, &birth_date.to_string(), today);
            assert_eq!(wrong, [], "{number}");
            assert!(birth_date.year() >= FIRST_BIRTH_YEAR);
            assert!(numbers.codes.contains(&&number[..6]));
        }
    }

    #[test]
    fn no_two_persons_share_a_number() {
        let numbers = Numbers::new(1, 2026);
        // One grade and sex, so that nothing but the count tells the persons apart.
        let mut seen = HashSet::new();
        for person in (0..100_000).chain(14_950_000..15_000_000) {
            assert!(seen.insert(numbers.document(person, 4, 1).number));
        }
        let least = 365 * numbers.codes.len() as u64 * SERIALS;
        assert!(least >= MOST_PERSONS, "{least}");
    }

    #[test]
    fn ages_are_those_of_the_grades() {
        let numbers = Numbers::new(1, 2026);
        let first: NaiveDate = "2019-09-01".parse().unwrap();
        let last: NaiveDate = "2020-08-31".parse().unwrap();
        for person in 0..1_000 {
            assert!((first..=last).contains(&numbers.document(person, 1, 2).birth_date));
        }
        let oldest = Numbers::new(1, FIRST_YEAR).document(3, 9, 1).birth_date;
        assert!(oldest.year() >= FIRST_BIRTH_YEAR, "{oldest}");
    }
}
