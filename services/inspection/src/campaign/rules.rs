//! What the guards of a campaign's steps look at, and how they judge. Pure.

use chrono::NaiveDate;
pub use junheng_kernel::workflow::Unmet;
use junheng_proto::inspection::v1::{evidence_item, school_report};

use super::workflow::Guard;

/// More names than this are counted, not listed.
const MOST_NAMES: usize = 10;

/// A report as a guard sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFact {
    /// The school's name.
    pub school: String,
    /// The state.
    pub state: school_report::State,
}

/// An item as a guard sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemFact {
    /// The code.
    pub code: String,
    /// The state.
    pub state: evidence_item::State,
    /// Whether it is a veto item.
    pub veto: bool,
    /// The answer.
    pub met: bool,
}

/// Everything that guards look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Schools of the county that run a compulsory stage; looked at before the notice only.
    pub schools: usize,
    /// The reports.
    pub reports: Vec<ReportFact>,
    /// The items.
    pub items: Vec<ItemFact>,
    /// Today in China.
    pub today: NaiveDate,
    /// The last day of publicity.
    pub publicity_end: Option<NaiveDate>,
}

/// Judges one guard.
pub fn judge(guard: Guard, facts: &Facts) -> Result<(), Unmet> {
    match guard {
        Guard::SchoolsToInspect => schools_to_inspect(facts),
        Guard::AllReportsConfirmed => none_of(
            &unconfirmed(facts),
            ("reports are not confirmed", "所学校尚未确认数据"),
        ),
        Guard::AllItemsAnswered => none_of(
            &unanswered(facts),
            ("items are not answered", "个评估项目尚未自评"),
        ),
        Guard::NoVeto => none_of(&vetoes(facts), ("vetoes stand", "项一票否决情形")),
        Guard::NothingReturnedOpen => none_of(
            &returned(facts),
            ("returned parts are still open", "项退回内容尚未整改"),
        ),
        Guard::PublicityOver => match facts.publicity_end {
            Some(last) if facts.today > last => Ok(()),
            last => Err(Unmet::NotBefore(last.unwrap_or(facts.today))),
        },
    }
}

/// The names of what was returned and is still open.
pub fn returned(facts: &Facts) -> Vec<&str> {
    let reports = facts.reports.iter();
    let reports = reports.filter(|report| report.state == school_report::State::Returned);
    let items = facts.items.iter();
    let items = items.filter(|item| item.state == evidence_item::State::Returned);
    reports
        .map(|report| report.school.as_str())
        .chain(items.map(|item| item.code.as_str()))
        .collect()
}

fn schools_to_inspect(facts: &Facts) -> Result<(), Unmet> {
    if facts.schools > 0 {
        return Ok(());
    }
    Err(Unmet::Missing(
        "no school of the county runs a compulsory stage; register the schools first".into(),
        "该县没有已登记的义务教育学校,请先登记学校".into(),
    ))
}

fn unconfirmed(facts: &Facts) -> Vec<&str> {
    use school_report::State::{Confirmed, Signed};
    let open = |report: &&ReportFact| !matches!(report.state, Confirmed | Signed);
    let reports = facts.reports.iter().filter(open);
    reports.map(|report| report.school.as_str()).collect()
}

fn unanswered(facts: &Facts) -> Vec<&str> {
    let items = facts.items.iter().filter(|item| !item.is_answered());
    items.map(|item| item.code.as_str()).collect()
}

fn vetoes(facts: &Facts) -> Vec<&str> {
    let stands = |item: &&ItemFact| item.veto && item.is_answered() && !item.met;
    let items = facts.items.iter().filter(stands);
    items.map(|item| item.code.as_str()).collect()
}

fn none_of(names: &[&str], (what, what_zh): (&str, &str)) -> Result<(), Unmet> {
    if names.is_empty() {
        return Ok(());
    }
    let count = names.len();
    let listed = names[..count.min(MOST_NAMES)].join("、");
    let (more, more_zh) = match count.saturating_sub(MOST_NAMES) {
        0 => (String::new(), ""),
        rest => (format!(" and {rest} more"), "等"),
    };
    Err(Unmet::Missing(
        format!("{count} {what}: {listed}{more}"),
        format!("{count}{what_zh}:{listed}{more_zh}"),
    ))
}

// === impl ItemFact ===

impl ItemFact {
    fn is_answered(&self) -> bool {
        use evidence_item::State::{Answered, Signed};
        matches!(self.state, Answered | Signed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence_item::State as Item;
    use school_report::State as Report;

    fn facts() -> Facts {
        let report = |school: &str, state| ReportFact {
            school: school.into(),
            state,
        };
        let item = |code: &str, state, veto, met| ItemFact {
            code: code.into(),
            state,
            veto,
            met,
        };
        Facts {
            schools: 2,
            reports: vec![
                report("观门街小学", Report::Signed),
                report("沈家寨学校", Report::Confirmed),
            ],
            items: vec![
                item("G1", Item::Answered, false, false),
                item("V1", Item::Signed, true, true),
            ],
            today: NaiveDate::from_ymd_opt(2018, 11, 12).unwrap(),
            publicity_end: NaiveDate::from_ymd_opt(2018, 11, 9),
        }
    }

    fn missing(guard: Guard, facts: &Facts) -> (String, String) {
        match judge(guard, facts) {
            Err(Unmet::Missing(en, zh)) => (en, zh),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn when_everything_is_done_every_guard_lets_pass() {
        for guard in [
            Guard::SchoolsToInspect,
            Guard::AllReportsConfirmed,
            Guard::AllItemsAnswered,
            Guard::NoVeto,
            Guard::NothingReturnedOpen,
            Guard::PublicityOver,
        ] {
            assert_eq!(judge(guard, &facts()), Ok(()), "{guard:?}");
        }
    }

    #[test]
    fn what_is_missing_is_counted_and_named() {
        let mut facts = facts();
        facts.reports[0].state = Report::Open;
        facts.items[0].state = Item::Returned;
        let (en, zh) = missing(Guard::AllReportsConfirmed, &facts);
        assert_eq!(en, "1 reports are not confirmed: 观门街小学");
        assert_eq!(zh, "1所学校尚未确认数据:观门街小学");
        let (_, zh) = missing(Guard::AllItemsAnswered, &facts);
        assert_eq!(zh, "1个评估项目尚未自评:G1");
        let (_, zh) = missing(Guard::NothingReturnedOpen, &facts);
        assert_eq!(zh, "1项退回内容尚未整改:G1");
        facts.schools = 0;
        assert!(
            missing(Guard::SchoolsToInspect, &facts)
                .0
                .contains("no school")
        );
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let mut facts = facts();
        facts.reports = (1..=13)
            .map(|number| ReportFact {
                school: format!("第{number}小学"),
                state: Report::Open,
            })
            .collect();
        let (en, zh) = missing(Guard::AllReportsConfirmed, &facts);
        assert!(en.ends_with("第10小学 and 3 more"), "{en}");
        assert!(
            zh.starts_with("13所学校") && zh.ends_with("第10小学等"),
            "{zh}"
        );
    }

    #[test]
    fn a_veto_stands_only_when_the_county_said_that_it_happened() {
        let mut facts = facts();
        facts.items[1].met = false;
        assert_eq!(missing(Guard::NoVeto, &facts).1, "1项一票否决情形:V1");
        facts.items[1].state = Item::Open;
        assert_eq!(judge(Guard::NoVeto, &facts), Ok(()), "not answered yet");
    }

    #[test]
    fn publicity_lasts_to_the_end_of_its_last_day() {
        let mut facts = facts();
        let last = facts.publicity_end.unwrap();
        facts.today = last;
        assert_eq!(
            judge(Guard::PublicityOver, &facts),
            Err(Unmet::NotBefore(last))
        );
        facts.today = last.succ_opt().unwrap();
        assert_eq!(judge(Guard::PublicityOver, &facts), Ok(()));
    }
}
