//! School identification codes 学校(机构)标识码: ten digits, of which two tell the kind, two the province and six the serial.

use crate::fault::Violation;

/// Digits of a code.
const LENGTH: usize = 10;

/// Whether `code` has the shape of a code; whether a school has it, and of which kind, is another question.
pub fn has_shape(code: &str) -> bool {
    code.len() == LENGTH && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// What is wrong with the shape of a row's code.
pub fn check(field: &str, code: &str) -> Option<Violation> {
    if code.is_empty() {
        return Some(Violation::required(field));
    }
    (!has_shape(code)).then(|| {
        Violation::invalid(
            field,
            "must be 10 digits: kind, province, serial",
            "应为10位数字:类别2位、省2位、顺序号6位",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_digits_are_a_code_and_nothing_else_is() {
        assert_eq!(check("school_code", "2163000001"), None);
        for code in [
            "",
            "216300000",
            "21630000011",
            "216300000A",
            "21630\u{0}0001",
            "２１６３",
        ] {
            assert!(check("school_code", code).is_some(), "{code:?}");
        }
    }
}
