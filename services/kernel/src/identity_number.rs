//! Identity numbers 公民身份号码 (GB 11643-1999): six digits of area, eight of birth date, three of serial whose last is odd
//! for men, and a check character. The residence permits of Hong Kong, Macao and Taiwan residents (港澳台居民居住证, areas
//! 810000, 820000 and 830000) and the residence card of foreigners (外国人永久居留身份证, first digit 9, R+) have the same
//! shape.
//!
//! Of the area only the province is judged: a number keeps the code of the day it was given, and many counties' codes have
//! long been retired, but no province's ever was.

use chrono::{Datelike as _, NaiveDate};
use junheng_proto::error::v1::Reason;

use crate::error::KernelError;
use crate::fault::Violation;

/// Characters of a number.
const LENGTH: usize = 18;

/// The weight of each of the first 17 digits (GB 11643-1999).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// The check character by the weighted sum modulo 11.
const CHECK_CHARACTERS: &[u8; 11] = b"10X98765432";

/// The codes of the provinces (GB/T 2260), with 83, which stands for Taiwan in residence permits.
const PROVINCES: [&str; 35] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
    "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71",
    "81", "82", "83",
];

/// Nobody alive was born before.
const EARLIEST_BIRTH_YEAR: i32 = 1900;

/// What a number says about its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The sex (GB/T 2261.1): 1 male, 2 female.
    pub sex: i32,
    /// The date of birth.
    pub birth_date: NaiveDate,
}

/// The number as it is compared and stored: no blanks around it, plain digits for full-width ones, a capital X.
pub fn normalize(written: &str) -> String {
    written.trim().chars().map(plain).collect()
}

fn plain(character: char) -> char {
    match character {
        'x' | 'ｘ' | 'Ｘ' => 'X',
        '０'..='９' => {
            char::from_digit(u32::from(character) - u32::from('０'), 10).unwrap_or(character)
        }
        _ => character,
    }
}

/// The check character of a number's first 17 digits; `None` when they are not 17 digits.
pub fn check_character(digits: &str) -> Option<char> {
    let bytes = digits.as_bytes();
    if bytes.len() != WEIGHTS.len() || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let weighted = bytes
        .iter()
        .zip(WEIGHTS)
        .map(|(byte, weight)| u32::from(byte - b'0') * weight);
    let remainder = weighted.sum::<u32>() as usize % CHECK_CHARACTERS.len();
    CHECK_CHARACTERS
        .get(remainder)
        .map(|byte| char::from(*byte))
}

/// A civil date written `YYYY-MM-DD`, exactly so.
pub fn date_of(written: &str) -> Option<NaiveDate> {
    // Imports read millions of them: a pattern that is read and written each time would be a twentieth of their work.
    let bytes = written.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    date_from([&bytes[..4], &bytes[5..7], &bytes[8..]])
}

/// The date of year, month and day in digits.
fn date_from([year, month, day]: [&[u8]; 3]) -> Option<NaiveDate> {
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_u16, |number, digit| {
            let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
            Some(number * 10 + u16::from(digit))
        })
    };
    NaiveDate::from_ymd_opt(
        number(year)?.into(),
        number(month)?.into(),
        number(day)?.into(),
    )
}

/// What a normalised number says about its holder. `field` is named when it says nothing: wrong length, other characters
/// than digits, no province, a birth date that does not exist or lies after `today`, or a wrong check character (`CHECK_DIGIT_WRONG`).
pub fn read(field: &str, number: &str, today: NaiveDate) -> Result<Holder, Violation> {
    let invalid = |why: String, why_zh: String| Err(Violation::invalid(field, why, why_zh));
    let found = number.chars().count();
    if found != LENGTH {
        return invalid(
            format!("has {found} characters, an identity number has 18"),
            format!("有{found}位,身份证件号应为18位"),
        );
    }
    let Some((digits, check)) = number.split_at_checked(LENGTH - 1) else {
        return invalid("must be digits".into(), "应为数字".into());
    };
    let Some(expected) = check_character(digits) else {
        return invalid(
            "must be 17 digits and a check character, a digit or X".into(),
            "前17位应为数字,末位应为数字或X".into(),
        );
    };
    // On a foreigner's card the province stands behind a 9.
    let province = if digits.starts_with('9') {
        &digits[1..3]
    } else {
        &digits[..2]
    };
    if !PROVINCES.contains(&province) {
        return invalid(
            format!("has no province's code where one belongs ({province})"),
            format!("地区码中的省级代码({province})不存在"),
        );
    }
    let written = digits.as_bytes();
    let birth_date = date_from([&written[6..10], &written[10..12], &written[12..14]]);
    let is_possible = |date: &NaiveDate| date.year() >= EARLIEST_BIRTH_YEAR && *date <= today;
    let Some(birth_date) = birth_date.filter(is_possible) else {
        let written = &digits[6..14];
        return invalid(
            format!("has no date of birth up to today in digits 7 to 14 ({written})"),
            format!("第7至14位({written})不是今天以前的出生日期"),
        );
    };
    if !check.starts_with(expected) {
        return Err(Violation {
            field: field.to_owned(),
            reason: Reason::CheckDigitWrong,
            why: format!(
                "does not add up: by GB 11643-1999 the last character would be {expected}; check the document"
            ),
            why_zh: format!("校验码不符,末位应为{expected},请核对证件原件(GB 11643-1999)"),
        });
    }
    let is_male = digits.as_bytes()[LENGTH - 2] % 2 == 1;
    let sex = if is_male { 1 } else { 2 };
    Ok(Holder { sex, birth_date })
}

/// Everything that is wrong with a normalised number of a person of this sex (GB/T 2261.1) and date of birth
/// (`YYYY-MM-DD`). What does not agree with the number is reported under `sex` and `birth_date`.
pub fn check(
    field: &str,
    number: &str,
    sex: i32,
    birth_date: &str,
    today: NaiveDate,
) -> Vec<Violation> {
    let holder = match read(field, number, today) {
        Ok(holder) => holder,
        Err(wrong) => return vec![wrong],
    };
    let mut wrong = Vec::new();
    if sex != holder.sex {
        let (name, name_zh) = if holder.sex == 1 {
            ("male", "男")
        } else {
            ("female", "女")
        };
        wrong.push(Violation::invalid(
            "sex",
            format!("does not agree with the identity number, which says {name}"),
            format!("与身份证件号不符,按号码应为{name_zh}"),
        ));
    }
    if date_of(birth_date) != Some(holder.birth_date) {
        wrong.push(Violation::invalid(
            "birth_date",
            format!(
                "does not agree with the identity number, which says {}",
                holder.birth_date
            ),
            format!("与身份证件号不符,按号码应为{}", holder.birth_date),
        ));
    }
    wrong
}

/// Ok when nothing is wrong. A wrong check character becomes its own error, which says what was expected.
pub fn refuse(violations: Vec<Violation>, number: &str) -> Result<(), KernelError> {
    let reason = violations.first().map(|first| first.reason);
    let expected = number.get(..LENGTH - 1).and_then(check_character);
    match (reason, expected) {
        (Some(Reason::CheckDigitWrong), Some(expected)) => Err(KernelError::CheckDigit {
            expected,
            violations,
        }),
        _ => KernelError::unless_empty(violations),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: &str = include_str!("../data/identity_numbers_tested.tsv");

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2018, 9, 1).unwrap()
    }

    fn verdict(number: &str) -> &'static str {
        match read("identity_number", &normalize(number), today()) {
            Ok(_) => "ok",
            Err(wrong) if wrong.reason == Reason::CheckDigitWrong => "check",
            Err(wrong) if wrong.why.contains("characters") => "length",
            Err(wrong) if wrong.why.contains("province") => "province",
            Err(wrong) if wrong.why.contains("birth") => "date",
            Err(_) => "character",
        }
    }

    #[test]
    fn every_tested_number_gets_its_verdict() {
        let mut count = 0;
        for line in VECTORS.lines().skip(1) {
            let (number, expected) = line.split_once('\t').unwrap();
            assert_eq!(verdict(number), expected, "{number}");
            count += 1;
        }
        assert!(count > 80, "{count}");
    }

    #[test]
    fn the_number_tells_sex_and_birth_date() {
        let holder = |number| read("identity_number", number, today()).unwrap();
        let boy = holder("620422201403150019");
        assert_eq!(
            (boy.sex, boy.birth_date.to_string()),
            (1, "2014-03-15".into())
        );
        assert_eq!(holder("429004201311201022").sex, 2);
        assert_eq!(
            holder("810000201201010013").sex,
            1,
            "a residence permit has the same shape"
        );
    }

    #[test]
    fn a_wrong_check_digit_names_the_right_one() {
        let wrong = check(
            "identity_number",
            "620422201403150018",
            1,
            "2014-03-15",
            today(),
        );
        let error = refuse(wrong, "620422201403150018").unwrap_err();
        assert!(
            matches!(error, KernelError::CheckDigit { expected: '9', .. }),
            "{error:?}"
        );
    }

    #[test]
    fn sex_and_birth_date_must_agree_with_the_number() {
        let check = |sex, date| {
            let wrong = check("identity_number", "429004201311201022", sex, date, today());
            wrong
                .into_iter()
                .map(|wrong| wrong.field)
                .collect::<Vec<_>>()
        };
        assert_eq!(check(2, "2013-11-20"), Vec::<String>::new());
        assert_eq!(check(1, "2013-11-21"), ["sex", "birth_date"]);
        assert_eq!(check(2, "2013-11-2"), ["birth_date"]);
    }

    #[test]
    fn a_birth_date_in_the_future_is_none() {
        let young = NaiveDate::from_ymd_opt(2014, 3, 14).unwrap();
        let wrong = read("identity_number", "620422201403150019", young).unwrap_err();
        assert!(wrong.why.contains("2014"), "{}", wrong.why);
    }

    #[test]
    fn blanks_full_width_digits_and_a_small_x_are_taken_for_what_they_mean() {
        assert_eq!(normalize("　４2900420130909108x "), "42900420130909108X");
    }

    #[test]
    fn odd_input_is_refused_and_never_panics() {
        for number in [
            "",
            "六二零四二二二零一四零三一五零零一九",
            "62042220140315001六",
            "X20422201403150019",
            "+20422201403150019",
        ] {
            assert_ne!(verdict(number), "ok", "{number}");
        }
    }
}
