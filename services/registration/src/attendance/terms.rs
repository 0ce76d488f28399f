//! School terms 学期 and school days, `data/terms.toml`.

use std::sync::LazyLock;

use chrono::{Datelike as _, NaiveDate};
use junheng_kernel::calendar::Calendar;
use serde::Deserialize;

/// Digits of a place number behind those of the province.
const BEHIND_PROVINCE: i64 = 10_000_000_000;

/// One entry of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "source and trust are for who reads the table")
)]
struct Entry {
    region: String,
    school_year: Option<i32>,
    term: u32,
    begin: String,
    end: String,
    source: String,
    trust: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    term: Vec<Entry>,
}

/// A term, its first and last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The school year in which it lies.
    pub school_year: i32,
    /// 1 in autumn, 2 in spring.
    pub number: u32,
    /// The first day.
    pub begin: NaiveDate,
    /// The last day.
    pub end: NaiveDate,
}

static TERMS: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let text = include_str!("../../data/terms.toml");
    let table: Table = toml::from_str(text).expect("the shipped terms are well formed");
    table.term
});

/// The term in which a day lies at a place; `None` in the holidays between.
pub fn term_at(place: i64, date: NaiveDate) -> Option<Term> {
    chosen(&TERMS, place, date)
}

/// The first day of the term in which a day lies at a place; a day of the holidays is one of its own.
pub fn begin_of(place: i64, date: NaiveDate) -> NaiveDate {
    term_at(place, date).map_or(date, |term| term.begin)
}

/// A term of a school year at a place: 1 in autumn, 2 in spring.
pub fn term_of(place: i64, school_year: i32, number: u32) -> Option<Term> {
    let mut terms = terms_of(&TERMS, &province_of(place), school_year).into_iter();
    terms.find(|term| term.number == number)
}

/// Whether schools teach at a place on a day.
pub fn is_school_day(calendar: &Calendar, place: i64, date: NaiveDate) -> bool {
    calendar.is_working_day(date) && term_at(place, date).is_some()
}

fn province_of(place: i64) -> String {
    format!("{:02}", place.div_euclid(BEHIND_PROVINCE))
}

fn chosen(entries: &[Entry], place: i64, date: NaiveDate) -> Option<Term> {
    let province = province_of(place);
    // An autumn term may begin in August and end in January.
    (date.year() - 1..=date.year())
        .flat_map(|school_year| terms_of(entries, &province, school_year))
        .find(|term| term.begin <= date && date <= term.end)
}

/// The terms of a school year: of the province's entries for it, its entries for every year, or everybody's.
fn terms_of(entries: &[Entry], province: &str, school_year: i32) -> Vec<Term> {
    let sources: [(&str, Option<i32>); 4] = [
        (province, Some(school_year)),
        (province, None),
        ("", Some(school_year)),
        ("", None),
    ];
    let of = |(region, year): (&str, Option<i32>)| -> Vec<Term> {
        entries
            .iter()
            .filter(|entry| entry.region == region && entry.school_year == year)
            .filter_map(|entry| entry.in_year(school_year))
            .collect()
    };
    sources
        .into_iter()
        .map(of)
        .find(|terms| !terms.is_empty())
        .unwrap_or_default()
}

// === impl Entry ===

impl Entry {
    fn in_year(&self, school_year: i32) -> Option<Term> {
        let day = |written: &str, least_month: u32| -> Option<NaiveDate> {
            if self.school_year.is_some() {
                return written.parse().ok();
            }
            let (month, day) = written.split_once('-')?;
            let month: u32 = month.parse().ok()?;
            // Months before the beginning lie in the next calendar year.
            let year = school_year + i32::from(month < least_month);
            NaiveDate::from_ymd_opt(year, month, day.parse().ok()?)
        };
        // August is the first month in which any school year begins.
        const FIRST_MONTH: u32 = 8;
        Some(Term {
            school_year,
            number: self.term,
            begin: day(&self.begin, FIRST_MONTH)?,
            end: day(&self.end, FIRST_MONTH)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WUHAN: i64 = 420_106_000_000;
    const XINING: i64 = 630_103_000_000;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_entry_is_a_span_of_days_with_a_source() {
        for entry in TERMS.iter() {
            let year = entry.school_year.unwrap_or(2026);
            let term = entry.in_year(year).expect("days that exist");
            assert!(term.begin < term.end, "{entry:?}");
            assert!(!entry.source.is_empty() && !entry.trust.is_empty());
            assert!((1..=2).contains(&entry.term));
        }
        let everywhere = |entry: &&Entry| entry.region.is_empty() && entry.school_year.is_none();
        assert_eq!(TERMS.iter().filter(everywhere).count(), 2);
    }

    #[test]
    fn a_school_day_is_a_working_day_within_a_term() {
        let calendar = Calendar::builtin();
        let teaches = |date| is_school_day(&calendar, WUHAN, day(date));
        assert!(teaches("2026-10-12"), "a Monday");
        assert!(teaches("2026-10-10"), "a Saturday worked in exchange");
        assert!(!teaches("2026-10-11"), "a Sunday");
        assert!(!teaches("2026-10-05"), "National Day");
        assert!(!teaches("2026-07-27"), "summer");
        assert!(!teaches("2026-02-10"), "winter, a Tuesday");
    }

    #[test]
    fn the_nearest_entry_wins_the_years_own_before_that_of_every_year() {
        assert!(term_at(XINING, day("2026-08-25")).is_some(), "its own");
        assert!(term_at(WUHAN, day("2026-08-25")).is_none());
        let term = term_at(XINING, day("2027-01-05")).unwrap();
        assert_eq!((term.school_year, term.number), (2026, 1));
        assert_eq!(term.begin, day("2026-08-20"));
        let spring = term_at(WUHAN, day("2027-03-01")).unwrap();
        assert_eq!((spring.school_year, spring.number), (2026, 2));
        let mut entries = TERMS.clone();
        entries.push(Entry {
            region: "63".into(),
            school_year: Some(2026),
            term: 1,
            begin: "2026-08-27".into(),
            end: "2027-01-15".into(),
            source: "x".into(),
            trust: "V".into(),
        });
        assert!(chosen(&entries, XINING, day("2026-08-25")).is_none());
        assert!(chosen(&entries, XINING, day("2027-01-15")).is_some());
        assert!(chosen(&entries, XINING, day("2025-08-25")).is_some());
    }
}
