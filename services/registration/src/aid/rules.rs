//! Who is entitled to what in a term: pure.

use std::ops::RangeInclusive;

use chrono::{Datelike as _, NaiveDate};
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::rule_book::{RegionPath, Rules};
use junheng_proto::registration::v1::student::State;
use junheng_proto::registration::v1::{AidItem, AidTerm, SchoolTerm};

use super::entitlement::{ENTITLEMENTS, Who};
use crate::entity::student::Model;
use crate::school_year;

/// The month by whose first day a spring term's rules are taken.
const SPRING_MONTH: u32 = 3;

/// A term that has passed its check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// The year in which the school year begins.
    pub(crate) school_year: i32,
    /// Which term of it.
    pub(crate) term: SchoolTerm,
}

/// What a record says that entitlements depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pupil {
    pub(crate) stage: i32,
    pub(crate) boarder: bool,
    pub(crate) hardship: bool,
    pub(crate) enrolled: bool,
}

/// What stands recorded of a student for a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stands {
    pub(crate) item: i32,
    /// 0 of what was given in kind.
    pub(crate) amount_fen: i64,
    pub(crate) pay_date: String,
}

/// One entitlement for one term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) item: AidItem,
    /// 0 of what is given in kind.
    pub(crate) amount_fen: i64,
    /// The document that says so, and how far it was read.
    pub(crate) source: String,
}

// === impl Term ===

impl Term {
    /// Reads a term; years from 2006, when the law that frees from fees came into force, to next year.
    pub(crate) fn of(given: Option<AidTerm>, today: NaiveDate) -> Result<Self, Vec<Violation>> {
        let given = given.ok_or_else(|| vec![Violation::required("term")])?;
        let mut wrong = Vec::new();
        if !(2006..=today.year() + 1).contains(&given.school_year) {
            wrong.push(Violation::invalid(
                "term.school_year",
                "must be the year in which a school year begins, 2006 to next year",
                "应为学年起始年份,2006年至明年",
            ));
        }
        let full_name = "junheng.registration.v1.SchoolTerm";
        wrong.extend(label::check("term.term", full_name, given.term));
        match SchoolTerm::try_from(given.term) {
            Ok(term) if wrong.is_empty() => Ok(Self {
                school_year: given.school_year,
                term,
            }),
            _ => Err(wrong),
        }
    }

    /// The day whose rules hold for the term.
    pub(crate) fn first_day(self) -> NaiveDate {
        match self.term {
            SchoolTerm::Spring => NaiveDate::from_ymd_opt(self.school_year + 1, SPRING_MONTH, 1)
                .unwrap_or(NaiveDate::MAX),
            _ => school_year::first_day(self.school_year),
        }
    }

    /// For messages: 2025学年秋季学期.
    pub(crate) fn label(self) -> String {
        format!(
            "{}学年{}",
            self.school_year,
            label::by_number("junheng.registration.v1.SchoolTerm", self.term as i32)
        )
    }

    /// As the contract has it.
    pub(crate) fn encode(self) -> AidTerm {
        AidTerm {
            school_year: self.school_year,
            term: self.term as i32,
        }
    }
}

// === impl Pupil ===

impl Pupil {
    /// What a record says, of somebody whose hardship a recognition in force proves or not: what the school only states gives
    /// no money.
    pub(crate) fn of(student: &Model, in_hardship: bool) -> Self {
        Self {
            stage: student.stage,
            boarder: student.boarder,
            hardship: in_hardship,
            enrolled: student.state == State::Enrolled as i32,
        }
    }

    fn is(self, who: Who) -> bool {
        match who {
            Who::Everybody => true,
            Who::BoarderInHardship => self.hardship && self.boarder,
            Who::DayPupilInHardship => self.hardship && !self.boarder,
        }
    }
}

/// What a pupil is entitled to in a term, by the rules of a region.
pub(crate) fn dues(rules: &Rules, pupil: Pupil, path: &RegionPath, term: Term) -> Vec<Due> {
    if !pupil.enrolled {
        return Vec::new();
    }
    let day = term.first_day();
    let own = ENTITLEMENTS
        .iter()
        .filter(|one| one.stage as i32 == pupil.stage && pupil.is(one.who));
    own.filter_map(|one| {
        let rule = rules.find(one.rule, path, day)?;
        Some(Due {
            item: one.item,
            // Half of a year's.
            amount_fen: rule.value / 2,
            source: format!("{} [{}]", rule.source, rule.trust),
        })
    })
    .collect()
}

/// The allowance among them. A pupil has at most one.
pub(crate) fn allowance(rules: &Rules, pupil: Pupil, path: &RegionPath, term: Term) -> Option<Due> {
    let mut dues = dues(rules, pupil, path, term).into_iter();
    dues.find(|due| due.amount_fen > 0)
}

/// How much of what is due may still be recorded, given what stands recorded of the student for the term: an allowance is
/// paid whole or in parts, as a boarder's or as a day pupil's; what is given in kind is given once. Fails with the item
/// that stands in the way.
pub(crate) fn open(due: &Due, stands: &[Stands]) -> Result<RangeInclusive<i64>, i32> {
    let same = |one: &&Stands| one.item == due.item as i32;
    if due.amount_fen == 0 {
        return match stands.iter().find(same) {
            Some(given) => Err(given.item),
            None => Ok(0..=0),
        };
    }
    let mut allowances = stands.iter().filter(|one| one.amount_fen > 0);
    if let Some(other) = allowances.find(|one| !same(one)) {
        return Err(other.item);
    }
    let paid: i64 = stands.iter().filter(same).map(|one| one.amount_fen).sum();
    if paid >= due.amount_fen {
        return Err(due.item as i32);
    }
    Ok(1..=due.amount_fen - paid)
}

/// The Chinese term of an item.
pub(crate) fn item_label(item: i32) -> &'static str {
    label::by_number("junheng.registration.v1.AidItem", item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_book;

    #[test]
    fn a_years_amount_can_be_halved_into_terms() {
        for one in ENTITLEMENTS {
            let all = rule_book::rules().unwrap().all().iter();
            let mut amounts = all.filter(|rule| rule.id == one.rule).peekable();
            assert!(amounts.peek().is_some(), "{}", one.rule);
            assert!(
                amounts.all(|rule| rule.value >= 0 && rule.value % 2 == 0),
                "{}",
                one.rule
            );
        }
    }

    fn fen(
        stage: i32,
        boarder: bool,
        hardship: bool,
        year: i32,
        term: SchoolTerm,
    ) -> Vec<(AidItem, i64)> {
        let pupil = Pupil {
            stage,
            boarder,
            hardship,
            enrolled: true,
        };
        let term = Term {
            school_year: year,
            term,
        };
        let path = RegionPath::of_codes(&["630103", "630000"]);
        let dues = dues(rule_book::rules().unwrap(), pupil, &path, term).into_iter();
        dues.map(|due| (due.item, due.amount_fen))
            .filter(|due| due.1 > 0)
            .collect()
    }

    #[test]
    fn allowances_follow_stage_boarding_hardship_and_term() {
        use AidItem::{BoarderAllowance as Boarder, DayPupilAllowance as Day};
        use SchoolTerm::{Autumn, Spring};
        type Case = (i32, bool, bool, i32, SchoolTerm, &'static [(AidItem, i64)]);
        let table: [Case; 10] = [
            (1, true, true, 2018, Autumn, &[(Boarder, 50_000)]),
            (2, true, true, 2018, Autumn, &[(Boarder, 62_500)]),
            (1, false, true, 2018, Spring, &[]),
            (1, false, true, 2019, Autumn, &[(Day, 25_000)]),
            (2, false, true, 2023, Autumn, &[(Day, 31_250)]),
            (1, true, true, 2023, Spring, &[(Boarder, 62_500)]),
            (2, true, true, 2025, Autumn, &[(Boarder, 75_000)]),
            (2, false, true, 2025, Autumn, &[(Day, 37_500)]),
            (1, true, false, 2025, Autumn, &[]),
            (3, true, true, 2025, Autumn, &[]),
        ];
        for (stage, boarder, hardship, year, term, expected) in table {
            assert_eq!(
                fen(stage, boarder, hardship, year, term),
                expected,
                "{stage} {boarder} {hardship} {year} {term:?}"
            );
        }
    }

    #[test]
    fn everybody_in_compulsory_education_is_free_of_fees_and_books_and_nobody_else() {
        let term = Term {
            school_year: 2025,
            term: SchoolTerm::Autumn,
        };
        let mut pupil = Pupil {
            stage: 1,
            boarder: false,
            hardship: false,
            enrolled: true,
        };
        let items = |pupil| {
            dues(
                rule_book::rules().unwrap(),
                pupil,
                &RegionPath::nation(),
                term,
            )
            .into_iter()
            .map(|due| due.item)
            .collect::<Vec<_>>()
        };
        assert_eq!(
            items(pupil),
            [AidItem::FeeExemption, AidItem::FreeTextbooks]
        );
        pupil.stage = 3;
        assert!(items(pupil).is_empty());
        pupil.stage = 2;
        pupil.enrolled = false;
        assert!(items(pupil).is_empty());
    }

    #[test]
    fn an_allowance_is_paid_in_parts_up_to_what_is_due_and_what_is_in_kind_is_given_once() {
        use AidItem::{BoarderAllowance, DayPupilAllowance, FreeTextbooks};
        let due = |item, amount_fen| Due {
            item,
            amount_fen,
            source: String::new(),
        };
        let stands = |item, amount_fen| Stands {
            item: item as i32,
            amount_fen,
            pay_date: "2025-10-15".into(),
        };
        let money = due(DayPupilAllowance, 25_000);
        let books = due(FreeTextbooks, 0);
        let part = stands(DayPupilAllowance, 15_000);
        let given = stands(FreeTextbooks, 0);
        let boarder = stands(BoarderAllowance, 100);
        let rest = stands(DayPupilAllowance, 10_000);
        let table = [
            (&money, vec![], Ok(1..=25_000)),
            (&money, vec![&given], Ok(1..=25_000)),
            (&money, vec![&given, &part], Ok(1..=10_000)),
            (&money, vec![&part, &rest], Err(DayPupilAllowance)),
            (&money, vec![&boarder], Err(BoarderAllowance)),
            (&books, vec![&part], Ok(0..=0)),
            (&books, vec![&given], Err(FreeTextbooks)),
        ];
        for (due, stands, expected) in table {
            let stands: Vec<Stands> = stands.into_iter().cloned().collect();
            let expected = expected.map_err(|item| item as i32);
            assert_eq!(open(due, &stands), expected, "{due:?} {stands:?}");
        }
    }

    #[test]
    fn a_term_is_one_of_a_school_year() {
        let today = "2026-03-01".parse().unwrap();
        let read = |year, term| {
            Term::of(
                Some(AidTerm {
                    school_year: year,
                    term,
                }),
                today,
            )
        };
        assert_eq!(read(2025, 2).unwrap().first_day().to_string(), "2026-03-01");
        assert_eq!(read(2025, 1).unwrap().first_day().to_string(), "2025-09-01");
        assert_eq!(read(2025, 1).unwrap().label(), "2025学年秋季学期");
        assert!(read(2005, 1).is_err() && read(2028, 1).is_err() && read(2025, 3).is_err());
        assert!(Term::of(None, today).is_err());
    }
}
