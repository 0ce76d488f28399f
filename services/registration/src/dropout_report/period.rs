//! Periods of reports, and their days. Pure.

use chrono::{Datelike as _, Days, NaiveDate};
use junheng_kernel::calendar::{Calendar, Due};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_proto::registration::v1::dropout_report::Kind;

use crate::attendance::terms;
use crate::rule_book::{RegionPath, RuleBook};

/// Years that can be named.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// A period of one kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A month of a year.
    Month(i32, u32),
    /// A quarter of a calendar year, 1 to 4.
    Quarter(i32, u32),
    /// The term that begins in the autumn of a year.
    Autumn(i32),
    /// The term that begins in the spring of a year.
    Spring(i32),
    /// The school year that begins then.
    SchoolYear(i32),
}

/// The days of a period where a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
    /// The day by whose end the report is to be submitted.
    pub due: Due,
}

// === impl Period ===

impl Period {
    /// Reads a period as the contract writes it: `2026-10`, `2026-Q4`, `2026-autumn`, `2027-spring`, `2026`.
    pub fn parse(kind: Kind, text: &str) -> Option<Self> {
        let (year, rest) = text.split_once('-').unwrap_or((text, ""));
        let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
        let year: i32 = year
            .parse()
            .ok()
            .filter(|year| is_year && YEARS.contains(year))?;
        let period = match (kind, rest) {
            (Kind::Monthly, month) if month.len() == 2 => {
                let month = month
                    .parse()
                    .ok()
                    .filter(|month| (1..=12).contains(month))?;
                Self::Month(year, month)
            }
            (Kind::Quarterly, "Q1") => Self::Quarter(year, 1),
            (Kind::Quarterly, "Q2") => Self::Quarter(year, 2),
            (Kind::Quarterly, "Q3") => Self::Quarter(year, 3),
            (Kind::Quarterly, "Q4") => Self::Quarter(year, 4),
            (Kind::Term, "autumn") => Self::Autumn(year),
            (Kind::Term, "spring") => Self::Spring(year),
            (Kind::Yearly, "") if text.len() == 4 => Self::SchoolYear(year),
            _ => return None,
        };
        Some(period)
    }

    /// Its days, by the rules and terms of a place. A term's report goes from the day after the term before to the last day of
    /// its own, so that what happens in the holidays is in the next one. Fails with `FIELD_INVALID` for a period of a time at which
    /// no rule asked for such reports.
    pub fn span(
        self,
        book: &RuleBook,
        path: &RegionPath,
        place: i64,
        calendar: &Calendar,
    ) -> Result<Span, KernelError> {
        let (first, last) = match self {
            Self::Month(year, month) => {
                let (before_year, before_month) = match month {
                    1 => (year - 1, 12),
                    month => (year, month - 1),
                };
                let day = |year, month| {
                    let rule = "dropout.monthly_report_day";
                    let day = book.find(rule, path, date(year, month, 1))?.value;
                    let last = last_of_month(year, month);
                    let day = u32::try_from(day).unwrap_or(1).clamp(1, last.day());
                    Some(date(year, month, day))
                };
                let last = day(year, month).ok_or_else(none_yet)?;
                // The first report of all goes from the first of its month.
                let before = day(before_year, before_month)
                    .unwrap_or_else(|| last_of_month(before_year, before_month));
                let due = Due {
                    date: last,
                    provisional: false,
                };
                let first = after(before);
                return Ok(Span { first, last, due });
            }
            Self::Quarter(year, quarter) => {
                let month = quarter * 3;
                (date(year, month - 2, 1), last_of_month(year, month))
            }
            Self::Autumn(year) => (
                after(end_of_term(place, year - 1, 2)?),
                end_of_term(place, year, 1)?,
            ),
            Self::Spring(year) => (
                after(end_of_term(place, year - 1, 1)?),
                end_of_term(place, year - 1, 2)?,
            ),
            Self::SchoolYear(year) => (date(year, 9, 1), date(year + 1, 8, 31)),
        };
        let rule = match self {
            Self::Quarter(..) => "dropout.quarterly_report_working_days",
            Self::SchoolYear(_) => "dropout.yearly_report_working_days",
            _ => "dropout.term_report_working_days",
        };
        let days = book.find(rule, path, last).ok_or_else(none_yet)?.value;
        let due = calendar.add_working_days(last, u32::try_from(days).unwrap_or(0));
        Ok(Span { first, last, due })
    }
}

fn none_yet() -> KernelError {
    KernelError::Fields(vec![Violation::invalid(
        "period",
        "lies before the day from which such reports are made",
        "早于该类报告制度施行之日",
    )])
}

fn end_of_term(place: i64, school_year: i32, number: u32) -> Result<NaiveDate, KernelError> {
    let term = terms::term_of(place, school_year, number);
    let absent = || KernelError::Stored(format!("no term {number} of {school_year} at {place}"));
    Ok(term.ok_or_else(absent)?.end)
}

fn after(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or(NaiveDate::MAX)
}

fn last_of_month(year: i32, month: u32) -> NaiveDate {
    let next = match month {
        12 => date(year + 1, 1, 1),
        month => date(year, month + 1, 1),
    };
    next.pred_opt().unwrap_or(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_kernel::region::RegionTable;

    fn read(region: &str, kind: Kind, text: &str) -> Result<Span, KernelError> {
        let regions = RegionTable::builtin();
        let path = RegionPath::of(&regions, region);
        let place = regions.place(region).unwrap();
        let period = Period::parse(kind, text).unwrap();
        let book = RuleBook::builtin().unwrap();
        period.span(book, &path, place, &Calendar::builtin())
    }

    fn span_at(region: &str, kind: Kind, text: &str) -> [String; 3] {
        let span = read(region, kind, text).unwrap();
        [span.first, span.last, span.due.date].map(|day| day.to_string())
    }

    fn span(kind: Kind, text: &str) -> [String; 3] {
        span_at("630103", kind, text)
    }

    #[test]
    fn a_month_goes_from_the_day_after_one_report_to_the_day_of_the_next() {
        assert_eq!(
            span(Kind::Monthly, "2026-10"),
            ["2026-09-29", "2026-10-28", "2026-10-28"]
        );
        assert_eq!(
            span(Kind::Monthly, "2026-01"),
            ["2025-12-29", "2026-01-28", "2026-01-28"]
        );
        assert_eq!(
            span(Kind::Monthly, "2026-03")[0],
            "2026-03-01",
            "February has 28 days"
        );
    }

    #[test]
    fn a_period_before_the_rules_of_reports_is_none_and_the_first_month_begins_with_itself() {
        for (kind, text) in [
            (Kind::Monthly, "2017-08"),
            (Kind::Monthly, "2000-01"),
            (Kind::Quarterly, "2000-Q1"),
            (Kind::Quarterly, "2017-Q2"),
            (Kind::Term, "2016-autumn"),
            (Kind::Yearly, "2010"),
        ] {
            let refused = read("630103", kind, text).unwrap_err();
            let fields = match refused {
                KernelError::Fields(wrong) => wrong,
                other => panic!("{text}: {other:?}"),
            };
            assert_eq!(fields[0].field, "period", "{text}");
        }
        assert_eq!(span(Kind::Monthly, "2017-09")[0], "2017-09-01");
        assert_eq!(span(Kind::Monthly, "2017-10")[0], "2017-09-29");
        assert_eq!(span(Kind::Quarterly, "2017-Q3")[0], "2017-07-01");
    }

    #[test]
    fn quarters_and_years_are_due_some_working_days_after_their_end() {
        assert_eq!(
            span(Kind::Quarterly, "2026-Q4")[..2],
            ["2026-10-01", "2026-12-31"]
        );
        assert_eq!(span(Kind::Quarterly, "2026-Q2")[2], "2026-07-14");
        assert_eq!(
            span(Kind::Yearly, "2026")[..2],
            ["2026-09-01", "2027-08-31"]
        );
    }

    #[test]
    fn a_term_ends_where_the_place_ends_it_and_is_due_some_working_days_later() {
        assert_eq!(
            span(Kind::Term, "2026-autumn"),
            ["2026-07-21", "2027-01-10", "2027-01-29"]
        );
        assert_eq!(
            span(Kind::Term, "2027-spring")[..2],
            ["2027-01-11", "2027-07-20"]
        );
        let elsewhere = span_at("420106", Kind::Term, "2026-autumn");
        assert_eq!(elsewhere[..2], ["2026-07-16", "2027-01-31"]);
    }

    #[test]
    fn the_terms_follow_each_other_without_a_day_left_out() {
        for region in ["630103", "420106"] {
            for year in 2020..2030 {
                let spring = span_at(region, Kind::Term, &format!("{year}-spring"));
                let autumn = span_at(region, Kind::Term, &format!("{year}-autumn"));
                let next = span_at(region, Kind::Term, &format!("{}-spring", year + 1));
                for (one, other) in [(spring, &autumn), (autumn.clone(), &next)] {
                    let end: NaiveDate = one[1].parse().unwrap();
                    assert_eq!(after(end).to_string(), other[0], "{region} {year}");
                }
            }
        }
    }

    #[test]
    fn a_period_of_another_kind_is_none() {
        for (kind, text) in [
            (Kind::Monthly, "2026-13"),
            (Kind::Monthly, "2026-Q4"),
            (Kind::Monthly, "2026-1"),
            (Kind::Quarterly, "2026-Q5"),
            (Kind::Term, "2026-winter"),
            (Kind::Yearly, "26"),
            (Kind::Yearly, "2026-10"),
            (Kind::Yearly, "2026-"),
            (Kind::Unspecified, "2026"),
        ] {
            assert_eq!(Period::parse(kind, text), None, "{text}");
        }
    }
}
