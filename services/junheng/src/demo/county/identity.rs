//! Identity numbers (公民身份号码, GB 11643-1999) that were never issued to anybody.
//!
//! A number is tied to a living person when its first six digits were in force as a county code at the time
//! of issue and its date is a birth date. So codes are used here only where no number can have been issued
//! with them:
//!
//! - **Numbers were first issued in 1984** (居民身份证试行条例, 6 April 1984). A code that had gone out of force
//!   by the end of 1983 stands in no number of anyone, whatever the birth date. Adults get these codes.
//! - **A newborn gets a number on registration of birth**, with the code then in force. A child born after a
//!   code went out of force has no number with it. Births from 2008 get the codes of 青海 that went out before
//!   2000. Births before 2008 get only those of them that went out before 1990, at least fourteen years ahead
//!   of the oldest pupil here, since an office may go on with an old code for a while after the change.
//!
//! Check digit and history of the code are those of a real number, so that validation sees nothing unusual.

use std::collections::HashSet;

use chrono::{Datelike, NaiveDate};

use super::prng::Prng;

/// County codes that are no longer in force: code, name, year, kind of change.
const RETIRED: &str = include_str!("../../../data/names/retired_county_codes.tsv");

/// The year in which the first numbers were issued.
const FIRST_ISSUE_YEAR: i32 = 1984;
/// Births from this year may use any code that went out of force before [`RETIRED_BEFORE`].
const LATE_BIRTH_YEAR: i32 = 2008;
/// Codes for late births went out of force before this year.
const RETIRED_BEFORE: i32 = 2000;
/// Codes for earlier births of pupils went out of force before this year.
const RETIRED_WELL_BEFORE: i32 = 1990;
/// Pupils are born from this year on; everyone older counts as an adult.
const FIRST_PUPIL_BIRTH_YEAR: i32 = 2000;
/// Province part of the codes used for pupils: 青海.
const PROVINCE: &str = "63";

/// Hands out numbers and remembers them, so that no two are equal.
#[derive(Debug)]
pub struct Issuer {
    retired: Vec<(&'static str, i32)>,
    issued: HashSet<String>,
}

impl Issuer {
    /// An issuer that has issued nothing.
    pub fn new() -> Self {
        let parse = |line: &'static str| {
            let mut fields = line.split('\t');
            let code = fields.next()?;
            let year = fields.nth(1)?.parse().ok()?;
            Some((code, year))
        };
        Self {
            retired: RETIRED.lines().filter_map(parse).collect(),
            issued: HashSet::new(),
        }
    }

    /// Takes note of a number that was issued elsewhere.
    pub fn remember(&mut self, number: &str) {
        self.issued.insert(number.to_owned());
    }

    /// The codes that stand in no issued number with this birth date.
    pub fn codes(&self, birth: NaiveDate) -> Vec<&'static str> {
        let fits = |&&(code, retired): &&(&str, i32)| match birth.year() {
            LATE_BIRTH_YEAR.. => code.starts_with(PROVINCE) && retired < RETIRED_BEFORE,
            FIRST_PUPIL_BIRTH_YEAR.. => code.starts_with(PROVINCE) && retired < RETIRED_WELL_BEFORE,
            _ => retired < FIRST_ISSUE_YEAR,
        };
        self.retired
            .iter()
            .filter(fits)
            .map(|&(code, _)| code)
            .collect()
    }

    /// A new number for a person of this birth date and sex (1 male, 2 female).
    pub fn issue(&mut self, birth: NaiveDate, sex: u8, chance: &mut Prng) -> String {
        let codes = self.codes(birth);
        loop {
            let code = codes[chance.index(codes.len())];
            // Serials 1 to 999 with the parity of the sex: odd male, even female.
            let serial = 1 + 2 * chance.below(499) + u64::from(sex == 2);
            let number = with_check_digit(&format!("{code}{}{serial:03}", birth.format("%Y%m%d")));
            if self.issued.insert(number.clone()) {
                return number;
            }
        }
    }
}

impl Default for Issuer {
    fn default() -> Self {
        Self::new()
    }
}

/// Appends the check digit of GB 11643-1999 to 17 digits.
pub fn with_check_digit(body: &str) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECK: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    let digits = body.chars().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit * weight)
        .sum();
    format!("{body}{}", CHECK[(sum % 11) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_worked_examples() {
        for number in [
            "620422201403150019",
            "429004201311201022",
            "210106201509081231",
            "42900420130909108X",
        ] {
            assert_eq!(with_check_digit(&number[..17]), number);
        }
    }

    #[test]
    fn no_number_can_have_been_issued() {
        let issuer = Issuer::new();
        let codes = |year| issuer.codes(NaiveDate::from_ymd_opt(year, 1, 2).unwrap());
        let year_of = |code: &str| {
            issuer
                .retired
                .iter()
                .find(|entry| entry.0 == code)
                .unwrap()
                .1
        };
        assert_eq!(codes(2010), ["630111", "632124", "632125", "632421"]);
        assert_eq!(codes(2004), ["630111", "632421"]);
        assert!(codes(1970).len() > 20);
        assert!(codes(1970).iter().all(|code| year_of(code) < 1984));
    }
}
