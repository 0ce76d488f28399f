//! Items of a report: which there are, what of them is locked, and what is signed. Pure.

use chrono::{Days, NaiveDate};
use junheng_kernel::calendar::Calendar;
use junheng_kernel::digest::PartsDigest;
use junheng_kernel::workflow::Unmet;
use junheng_proto::registration::v1::dropout_case::Finding;
use junheng_proto::registration::v1::dropout_report_item::State;
use junheng_proto::registration::v1::list_ledger_request::Event;
use junheng_proto::registration::v1::return_dropout_report_request::Item as GivenBack;
use junheng_proto::registration::v1::{DropoutReportItem, LedgerKind};

use super::workflow::Guard;

/// What an item counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Pupils who attend.
    Enrolled,
    /// Cases to which something happened in the period, perhaps of one finding.
    Happened(Event, Finding),
    /// Cases that stood open in a ledger at the last moment that is counted.
    Open(LedgerKind),
    /// Visits paid in the period; the rows are the children visited.
    Visits,
    /// Notices served in the period, of a school its own; what is revoked later was served all the same. The rows are the children
    /// concerned.
    Notices,
}

/// One line of a report, told in all, by stage, and perhaps by group.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The code.
    pub code: &'static str,
    /// The term.
    pub label: &'static str,
    /// What it counts.
    pub measure: Measure,
    /// Whether stages are told.
    pub by_stage: bool,
    /// Whether groups are told.
    pub by_group: bool,
}

/// Every line, in the order of the report.
#[rustfmt::skip]
pub const LINES: &[Line] = {
    use Event::*;
    use Measure::*;
    const ANY: Finding = Finding::Unspecified;
    &[
        line("enrolled",       "在校学生",           Enrolled,                                true,  false),
        line("absent",         "缺勤超限",           Happened(Found, Finding::Attendance),    true,  false),
        line("suspected",      "新增疑似辍学",       Happened(Found, ANY),                    true,  true),
        line("cleared",        "排除疑似",           Happened(Cleared, ANY),                  true,  false),
        line("confirmed",      "确认辍学",           Happened(Confirmed, ANY),                true,  true),
        line("returned",       "劝返复学",           Happened(Returned, ANY),                 true,  true),
        line("closed",         "销号",               Happened(Closed, ANY),                   true,  false),
        line("open_suspected", "现有疑似辍学",       Open(LedgerKind::Suspected),             true,  true),
        line("open_dropout",   "现有辍学未销号",     Open(LedgerKind::Dropout),               true,  true),
        line("visited",        "走访学生",           Happened(Visited, ANY),                  true,  false),
        line("visits",         "走访次数",           Visits,                                  false, false),
        line("noticed",        "发出文书涉及学生",   Happened(Noticed, ANY),                  true,  false),
        line("notices",        "发出文书份数",       Notices,                                 false, false),
    ]
};

/// What guards look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Today.
    pub today: NaiveDate,
    /// The first day on which a report may be signed.
    pub first: NaiveDate,
    /// Whether the records count as the draft does.
    pub as_counted: bool,
}

/// The first day on which the report of a period that ends on a day may be signed: its last working day, or so many before that.
/// Who signs then has seen the period, though it may end on a Sunday; what is entered later is in the next report.
pub fn first_to_sign(calendar: &Calendar, last: NaiveDate, early: u32) -> NaiveDate {
    let before = |day: NaiveDate| day.checked_sub_days(Days::new(1)).unwrap_or(day);
    let mut day = last;
    let mut left = early;
    // No stretch of holidays is longer; a calendar without working days ends it.
    for _ in 0..30 * (1 + u64::from(early)) {
        match (calendar.is_working_day(day), left) {
            (true, 0) => return day,
            (true, _) => left -= 1,
            (false, _) => {}
        }
        day = before(day);
    }
    last
}

/// Judges one guard.
pub fn judge(guard: Guard, facts: &Facts) -> Result<(), Unmet> {
    match guard {
        Guard::PeriodNearEnd => {
            let first = facts.first;
            match facts.today < first {
                // The day before, because the step can be taken after it.
                true => Err(Unmet::NotBefore(first.pred_opt().unwrap_or(first))),
                false => Ok(()),
            }
        }
        Guard::AsCounted if !facts.as_counted => Err(Unmet::Missing(
            "a recount: the records have changed since the items were counted".to_owned(),
            "台账数据在统计后已有变化,请重新统计后再签署".to_owned(),
        )),
        Guard::AsCounted => Ok(()),
    }
}

/// The items after a count: what is signed stays, the others take what was counted.
pub fn recounted(
    before: Vec<DropoutReportItem>,
    counted: Vec<DropoutReportItem>,
) -> Vec<DropoutReportItem> {
    if before.is_empty() {
        return counted;
    }
    let anew = |item: DropoutReportItem| match item.state() {
        State::Signed => item,
        _ => counted
            .iter()
            .find(|one| one.code == item.code)
            .cloned()
            .unwrap_or(item),
    };
    before.into_iter().map(anew).collect()
}

/// Whether an item tells how things stood, not what happened. Children move, so that a second look at the same moment may find
/// them elsewhere.
fn stands(code: &str) -> bool {
    let measure = |line: &&Line| matches!(line.measure, Measure::Enrolled | Measure::Open(_));
    let of_line = |line: &Line| {
        let rest = code.strip_prefix(line.code);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    LINES.iter().filter(measure).any(of_line)
}

/// Whether the items that are not signed count as the records do. How things stood is not asked again: in a large county somebody
/// moves between any count and its signature.
pub fn same_count(items: &[DropoutReportItem], counted: &[DropoutReportItem]) -> bool {
    let is_asked = |item: &&DropoutReportItem| item.state() != State::Signed && !stands(&item.code);
    let open = items.iter().filter(is_asked);
    let mut same = open.map(|item| {
        let now = counted.iter().find(|one| one.code == item.code);
        now.is_some_and(|now| now.value == item.value)
    });
    same.all(|same| same)
}

/// The items signed, and their digest.
pub fn signed(mut items: Vec<DropoutReportItem>) -> (Vec<DropoutReportItem>, String) {
    let mut digest = PartsDigest::default();
    for item in &mut items {
        item.set_state(State::Signed);
        item.return_reason.clear();
        digest.add(item.code.as_bytes()).add_number(item.value);
    }
    (items, digest.finish_hex())
}

/// The items with some given back. Gives the code of one that is not there or not signed.
pub fn given_back(
    mut items: Vec<DropoutReportItem>,
    back: &[GivenBack],
) -> Result<Vec<DropoutReportItem>, String> {
    for one in back {
        let found = items
            .iter_mut()
            .find(|item| item.code == one.code && item.state() == State::Signed);
        let item = found.ok_or_else(|| one.code.clone())?;
        item.set_state(State::Returned);
        item.return_reason = one.reason.trim().to_owned();
    }
    Ok(items)
}

const fn line(
    code: &'static str,
    label: &'static str,
    measure: Measure,
    by_stage: bool,
    by_group: bool,
) -> Line {
    Line {
        code,
        label,
        measure,
        by_stage,
        by_group,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn item(code: &str, value: i64) -> DropoutReportItem {
        DropoutReportItem {
            code: code.into(),
            value,
            state: State::Counted.into(),
            ..DropoutReportItem::default()
        }
    }

    fn back(code: &str) -> GivenBack {
        GivenBack {
            code: code.into(),
            reason: "与台账不符".into(),
        }
    }

    #[test]
    fn every_event_of_a_ledger_is_reported() {
        let told: BTreeSet<i32> = LINES
            .iter()
            .filter_map(|line| match line.measure {
                Measure::Happened(event, _) => Some(event as i32),
                _ => None,
            })
            .collect();
        // These follow from others: who dropped out is the rate's, and a relapse is confirmed anew.
        let derived = [Event::DroppedOut, Event::Settled, Event::Relapsed].map(|one| one as i32);
        let known = (1..40).filter(|number| Event::try_from(*number).is_ok());
        let known = known.filter(|number| !derived.contains(number));
        assert_eq!(told, known.collect());
        let codes: BTreeSet<&str> = LINES.iter().map(|line| line.code).collect();
        assert_eq!(codes.len(), LINES.len());
    }

    #[test]
    fn what_is_given_back_is_counted_anew_and_what_is_signed_stays() {
        let (items, digest) = signed(vec![item("suspected", 3), item("confirmed", 1)]);
        let items = given_back(items, &[back("confirmed")]).unwrap();
        assert_eq!(items[1].return_reason, "与台账不符");
        let counted = vec![item("suspected", 9), item("confirmed", 2)];
        let again = recounted(items, counted.clone());
        assert_eq!((again[0].value, again[1].value), (3, 2));
        assert!(again[1].return_reason.is_empty());
        assert!(
            same_count(&again, &counted),
            "the signed item is not compared"
        );
        let (_, other) = signed(again);
        assert_ne!(digest, other);
    }

    #[test]
    fn only_what_is_signed_can_be_given_back() {
        let (items, _) = signed(vec![item("suspected", 3)]);
        assert_eq!(
            given_back(items.clone(), &[back("visits")]),
            Err("visits".into())
        );
        let once = given_back(items, &[back("suspected")]).unwrap();
        assert_eq!(
            given_back(once, &[back("suspected")]),
            Err("suspected".into())
        );
    }

    #[test]
    fn a_report_is_signed_near_the_end_of_its_period_and_as_the_records_stand() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let facts = |today: &str, as_counted| Facts {
            today: day(today),
            first: first_to_sign(&Calendar::builtin(), day("2026-11-28"), 0),
            as_counted,
        };
        let near = |today| judge(Guard::PeriodNearEnd, &facts(today, true));
        // The 28th of November is a Saturday.
        assert_eq!(near("2026-11-26"), Err(Unmet::NotBefore(day("2026-11-26"))));
        assert_eq!(near("2026-11-27"), Ok(()));
        assert_eq!(near("2026-12-05"), Ok(()));
        let early = first_to_sign(&Calendar::builtin(), day("2026-11-28"), 5);
        assert_eq!(early, day("2026-11-20"));
        assert!(judge(Guard::AsCounted, &facts("2026-11-28", false)).is_err());
        assert!(!same_count(&[item("visits", 1)], &[item("visits", 2)]));
        for standing in ["open_dropout.primary", "open_suspected", "enrolled.junior"] {
            assert!(same_count(&[item(standing, 1)], &[item(standing, 2)]));
        }
    }
}
