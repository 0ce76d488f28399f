//! Identity numbers (GB 11643-1999) that belong to nobody: their area codes went out of force before such a number can
//! have been issued.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{Datelike as _, Days, NaiveDate};
use junheng_proto::education::v1::Sex;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A made-up person.
#[derive(Clone, Debug)]
pub struct Person {
    /// The identity number, 18 characters.
    pub number: String,
    /// The date of birth, `YYYY-MM-DD`.
    pub birth_date: String,
    /// The sex that the number tells.
    pub sex: Sex,
    /// A name of two characters and a number in Chinese digits.
    pub display_name: String,
}

/// A child born from 2014 to 2018; the area code 630111 (郊区) went out of force in 1999.
pub fn child() -> Person {
    person("630111", 2014, "苗")
}

/// A grown-up born from 1984; 412126 went out of force in 1983.
pub fn adult() -> Person {
    person("412126", 1984, "师")
}

/// The number with its check digit.
pub fn with_check_digit(body: &str) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = body.chars().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit * weight)
        .sum();
    let check = "10X98765432".as_bytes()[(sum % 11) as usize];
    format!("{body}{}", char::from(check))
}

/// The same number with another last character, which is then wrong.
pub fn with_wrong_check_digit(number: &str) -> String {
    let wrong = if number.ends_with('1') { '2' } else { '1' };
    format!("{}{wrong}", &number[..17])
}

fn person(area: &str, first_year: i32, family: &str) -> Person {
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    let first = NaiveDate::from_ymd_opt(first_year, 1, 1).expect("a date");
    let birth = first + Days::new(u64::from(count / 998));
    let serial = 1 + count % 998;
    let body = format!(
        "{area}{:04}{:02}{:02}{serial:03}",
        birth.year(),
        birth.month(),
        birth.day()
    );
    let digits: String = count.to_string().chars().map(chinese).collect();
    Person {
        number: with_check_digit(&body),
        birth_date: birth.to_string(),
        sex: if serial % 2 == 1 {
            Sex::Male
        } else {
            Sex::Female
        },
        display_name: format!("{family}小{digits}"),
    }
}

fn chinese(digit: char) -> char {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    digit
        .to_digit(10)
        .map_or(digit, |digit| DIGITS[digit as usize])
}
