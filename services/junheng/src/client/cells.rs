//! Cells of a table and values of a message, both ways.

use junheng_kernel::label;
use junheng_proto::POOL;
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, Value};

/// How the cells of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// As it is.
    Text,
    /// A whole number.
    Integer,
    /// A number with up to two decimals, kept as hundredths: square metres, yuan.
    Hundredths,
    /// 是 or 否; empty is 否.
    Flag,
    /// A value of the field's enum: its Chinese term, its number or its name.
    Choice,
    /// The same for a field that holds a code of the enum named here.
    Code(&'static str),
    /// A day: 2012-09-01, 2012/9/1, 20120901 or 2012年9月1日.
    Date,
}

/// What a cell should be, in English and Chinese.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

const YES: [&str; 6] = ["是", "有", "true", "yes", "1", "y"];
const NO: [&str; 7] = ["", "否", "无", "false", "no", "0", "n"];

// === impl Cell ===

impl Cell {
    /// Reads a cell into a value of `field`. `None` for an empty one: whether that will do, the service says.
    ///
    /// # Errors
    /// What the cell should be.
    pub fn read(self, field: &FieldDescriptor, text: &str) -> Result<Option<Value>, Unreadable> {
        if text.is_empty() {
            return Ok(None);
        }
        let value = match self {
            Self::Text => Value::String(text.to_owned()),
            Self::Date => Value::String(day(text).ok_or_else(|| {
                wanted(
                    "should be a day such as 2012-09-01",
                    "应为日期,例如 2012-09-01",
                )
            })?),
            Self::Flag => Value::Bool(flag(text)?),
            Self::Integer => integer(field, text)
                .ok_or_else(|| wanted("should be a whole number", "应为整数"))?,
            Self::Hundredths => Value::I64(hundredths(text).ok_or_else(|| {
                wanted(
                    "should be a number with at most two decimals and without unit",
                    "应为数字,最多两位小数,不带单位",
                )
            })?),
            Self::Choice => match field.kind() {
                Kind::Enum(choices) => Value::EnumNumber(choice(&choices, text)?),
                _ => return Err(wanted("cannot be read", "无法读取")),
            },
            Self::Code(name) => match POOL.get_enum_by_name(name) {
                Some(choices) => Value::I32(choice(&choices, text)?),
                None => return Err(wanted("cannot be read", "无法读取")),
            },
        };
        Ok(Some(value))
    }

    /// Writes a value as a cell that [`read`](Self::read) understands.
    pub fn write(self, field: &FieldDescriptor, value: &Value) -> String {
        let term = |choices: &EnumDescriptor, number: i32| match number {
            0 => String::new(),
            _ => label::by_number(choices.full_name(), number).to_owned(),
        };
        match (self, value, field.kind()) {
            (Self::Hundredths, Value::I64(value), _) => {
                let sign = if *value < 0 { "-" } else { "" };
                let value = value.unsigned_abs();
                format!("{sign}{}.{:02}", value / 100, value % 100)
            }
            (_, Value::EnumNumber(number), Kind::Enum(choices)) => term(&choices, *number),
            (_, Value::Bool(value), _) => if *value { "是" } else { "否" }.to_owned(),
            (_, Value::String(text), _) => text.clone(),
            (_, Value::I32(value), _) => value.to_string(),
            (_, Value::I64(value), _) => value.to_string(),
            _ => String::new(),
        }
    }
}

fn wanted(en: impl Into<String>, zh: impl Into<String>) -> Unreadable {
    Unreadable {
        en: en.into(),
        zh: zh.into(),
    }
}

fn flag(text: &str) -> Result<bool, Unreadable> {
    let is_one = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    match (is_one(&YES), is_one(&NO)) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err(wanted("should be 是 or 否 (yes or no)", "应为“是”或“否”")),
    }
}

fn integer(field: &FieldDescriptor, text: &str) -> Option<Value> {
    match field.kind() {
        Kind::Int32 => text.parse().ok().map(Value::I32),
        _ => text.parse().ok().map(Value::I64),
    }
}

fn hundredths(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    // Spreadsheets write 1.50 as 1.5 and sometimes 1.5 as 1.500; digits that count may not get lost.
    let part = part.trim_end_matches('0');
    let plain = |text: &str| text.chars().all(|character| character.is_ascii_digit());
    if whole.is_empty() || part.len() > 2 || !plain(whole) || !plain(part) {
        return None;
    }
    let value = format!("{whole}{part:0<2}").parse::<i64>().ok()?;
    Some(if negative { -value } else { value })
}

fn day(text: &str) -> Option<String> {
    let parts: Vec<&str> = text
        .trim_end_matches('日')
        .split(['-', '/', '.', '年', '月'])
        .collect();
    let (year, month, day) = match parts.as_slice() {
        [year, month, day] => (*year, *month, *day),
        [all] if all.len() == 8 && all.is_ascii() => (&all[..4], &all[4..6], &all[6..]),
        _ => return None,
    };
    let date = chrono::NaiveDate::from_ymd_opt(
        year.parse().ok()?,
        month.parse().ok()?,
        day.parse().ok()?,
    )?;
    Some(date.format("%Y-%m-%d").to_string())
}

/// The number of a value given by its Chinese term, its number or its English name without the prefix.
fn choice(choices: &EnumDescriptor, text: &str) -> Result<i32, Unreadable> {
    let values = || choices.values().filter(|value| value.number() != 0);
    let term = |number: i32| label::by_number(choices.full_name(), number);
    let number: Option<i32> = text.parse().ok();
    let found = values().find(|value| {
        let name = value.name();
        let named = name.len() > text.len()
            && name
                .to_ascii_lowercase()
                .ends_with(&format!("_{}", text.to_ascii_lowercase()));
        term(value.number()) == text || number == Some(value.number()) || named
    });
    found.map(|value| value.number()).ok_or_else(|| {
        let all: Vec<String> = values()
            .map(|value| format!("{} {}", value.number(), term(value.number())))
            .collect();
        let all = all.join(", ");
        wanted(
            format!("should be one of {all}"),
            format!("应为以下之一:{all}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_two_decimals_and_refuse_more() {
        assert_eq!(hundredths("12"), Some(1200));
        assert_eq!(hundredths("12.5"), Some(1250));
        assert_eq!(hundredths("12.500"), Some(1250));
        assert_eq!(hundredths("-0.05"), Some(-5));
        for wrong in ["12.345", "1,200", "12㎡", "", ".5", "1e3"] {
            assert_eq!(hundredths(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_are_read_as_offices_write_them() {
        for text in [
            "2012-09-01",
            "2012/9/1",
            "20120901",
            "2012年9月1日",
            "2012.9.1",
        ] {
            assert_eq!(day(text).as_deref(), Some("2012-09-01"), "{text}");
        }
        assert_eq!(day("2012-13-01"), None);
        assert_eq!(day("二〇一二年"), None);
    }

    #[test]
    fn a_choice_is_read_by_term_number_or_name_and_refused_with_all_that_would_do() {
        let stages = POOL.get_enum_by_name("junheng.education.v1.Stage").unwrap();
        for text in ["初中", "2", "junior", "JUNIOR"] {
            assert_eq!(choice(&stages, text), Ok(2), "{text}");
        }
        let refusal = choice(&stages, "大学").unwrap_err();
        assert!(refusal.zh.contains("2 初中"), "{refusal:?}");
        assert!(choice(&stages, "0").is_err());
    }

    #[test]
    fn a_written_cell_reads_back() {
        let site = POOL
            .get_message_by_name("junheng.assets.v1.SiteRow")
            .unwrap();
        let cases = [
            ("stage", Cell::Choice, Value::EnumNumber(2)),
            ("equipment_value_fen", Cell::Hundredths, Value::I64(123_405)),
            ("book_count", Cell::Integer, Value::I32(7)),
            ("display_name", Cell::Text, Value::String("本部".into())),
        ];
        for (name, cell, value) in cases {
            let field = site.get_field_by_name(name).unwrap();
            let text = cell.write(&field, &value);
            assert_eq!(cell.read(&field, &text), Ok(Some(value)), "{name}");
        }
    }
}
