//! What a request for a ledger means. Pure.

use chrono::NaiveDate;
use junheng_kernel::clock::{micros, timestamp};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::label;
use junheng_proto::registration::v1::dropout_case::State as CaseState;
use junheng_proto::registration::v1::ledger_entry::Attendance;
use junheng_proto::registration::v1::list_ledger_request::Event;
use junheng_proto::registration::v1::student::State;
use junheng_proto::registration::v1::{LedgerKind, ListLedgerRequest};

use crate::school_year;

/// The oldest age that can be asked for.
const MOST_AGE: i32 = 20;

/// A ledger as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Which ledger.
    pub kind: LedgerKind,
    /// 0 for all.
    pub stage: i32,
    /// Whether pupils of higher stages are listed too.
    pub or_higher: bool,
    /// 0 for all.
    pub group: i32,
    /// 0 for all.
    pub finding: i32,
    /// The ages, from and to; zeros for all.
    pub ages: (i32, i32),
    /// Only who attends by the record.
    pub attending_only: bool,
    /// By the year in which it begins.
    pub school_year: i32,
    /// What happened.
    pub event: Event,
    /// On these days.
    pub days: (NaiveDate, NaiveDate),
    /// Entered after the first of these moments and not after the second, microseconds since 1970.
    pub entered: (i64, i64),
    /// Without what is closed.
    pub open_only: bool,
}

// === impl Asked ===

impl Asked {
    /// Every row of a ledger in a school year.
    pub fn all(kind: LedgerKind, school_year: i32) -> Self {
        Self {
            kind,
            stage: 0,
            or_higher: false,
            group: 0,
            finding: 0,
            ages: (0, 0),
            attending_only: false,
            school_year,
            event: Event::Unspecified,
            days: (NaiveDate::MIN, NaiveDate::MAX),
            entered: (i64::MIN, i64::MAX),
            open_only: false,
        }
    }

    /// The cases to which something happened on these days.
    pub fn happened(event: Event, from: NaiveDate, until: NaiveDate) -> Self {
        Self {
            event,
            days: (from, until),
            ..Self::all(LedgerKind::Cases, school_year::of(until))
        }
    }

    /// The cases of which it was entered after one moment and up to another that something happened, whatever day it is about; told in
    /// the school year of a day.
    pub fn entered(event: Event, entered: (i64, i64), day: NaiveDate) -> Self {
        Self {
            event,
            entered,
            ..Self::all(LedgerKind::Cases, school_year::of(day))
        }
    }

    /// The cases that stood open in a ledger at a moment, in the school year of a day.
    pub fn stood(kind: LedgerKind, moment: i64, day: NaiveDate) -> Self {
        Self {
            entered: (i64::MIN, moment),
            open_only: true,
            ..Self::all(kind, school_year::of(day))
        }
    }

    /// The moment at which the ledger is asked for; None for now.
    pub fn moment(&self) -> Option<i64> {
        let is_asked = self.event == Event::Unspecified && self.entered.1 != i64::MAX;
        is_asked.then_some(self.entered.1)
    }

    /// Reads a request. Fails with `FIELD_INVALID` or `FIELD_REQUIRED`.
    pub fn of(message: &ListLedgerRequest, today: NaiveDate) -> Result<Self, KernelError> {
        let mut wrong = Vec::new();
        let kind = LedgerKind::try_from(message.kind).unwrap_or_default();
        if kind == LedgerKind::Unspecified {
            wrong.extend(label::check(
                "kind",
                "junheng.registration.v1.LedgerKind",
                message.kind,
            ));
        }
        let labels = [
            ("stage", "junheng.education.v1.Stage", message.stage),
            (
                "group",
                "junheng.registration.v1.DropoutCase.Group",
                message.group,
            ),
            (
                "finding",
                "junheng.registration.v1.DropoutCase.Finding",
                message.finding,
            ),
            (
                "event",
                "junheng.registration.v1.ListLedgerRequest.Event",
                message.event,
            ),
        ];
        let labels = labels.into_iter().filter(|(.., number)| *number != 0);
        wrong.extend(labels.filter_map(|(field, name, number)| label::check(field, name, number)));
        for (field, age) in [("age", message.age), ("most_age", message.most_age)] {
            if !(0..=MOST_AGE).contains(&age) {
                wrong.push(Violation::invalid(
                    field,
                    format!("must be 1 to {MOST_AGE}, or 0 for every age"),
                    format!("应为1至{MOST_AGE},0表示不限"),
                ));
            }
        }
        if message.most_age != 0 && message.most_age < message.age.max(1) {
            wrong.push(Violation::invalid(
                "most_age",
                "must not be below age",
                "最大年龄不得小于年龄",
            ));
        }
        if message.most_age != 0 && message.age == 0 {
            wrong.push(Violation::invalid(
                "age",
                "must be given with most_age",
                "填写最大年龄的,须同时填写年龄",
            ));
        }
        let mut day = |field: &str, text: &str, open: NaiveDate| match text {
            "" => open,
            text => date_of(text).unwrap_or_else(|| {
                wrong.push(Violation::invalid(
                    field,
                    "must be a date written YYYY-MM-DD",
                    "应为YYYY-MM-DD格式的日期",
                ));
                open
            }),
        };
        let from = day("from_date", &message.from_date, NaiveDate::MIN);
        let until = day("until_date", &message.until_date, NaiveDate::MAX);
        if from > until {
            wrong.push(Violation::invalid(
                "until_date",
                "must not be before from_date",
                "不得早于起始日期",
            ));
        }
        if message.or_higher && !(message.stage != 0 && message.attending_only) {
            wrong.push(Violation::invalid(
                "or_higher",
                "must be given with stage and attending_only",
                "填写“含更高学段”的,须同时填写学段并限于在读",
            ));
        }
        let of_students = [LedgerKind::SchoolAge, LedgerKind::Watched].contains(&kind);
        if of_students && message.event != 0 {
            wrong.push(Violation::invalid(
                "event",
                "must be empty where children are listed, whatever happened to their cases",
                "该台账按儿童列示,不得填写事件",
            ));
        }
        // Without an event: how a ledger of open cases stood at that moment.
        let stands =
            [LedgerKind::Suspected, LedgerKind::Dropout].contains(&kind) && message.open_only;
        let times = [
            ("from_date", !message.from_date.is_empty()),
            ("until_date", !message.until_date.is_empty()),
            ("entered_after_time", message.entered_after_time.is_some()),
            (
                "entered_until_time",
                message.entered_until_time.is_some() && !stands,
            ),
        ];
        let told = times
            .iter()
            .filter(|(_, is_given)| *is_given && message.event == 0);
        wrong.extend(told.map(|(field, _)| {
            Violation::invalid(
                field,
                "must be empty where no event is asked for",
                "未指定事件(event)时不得填写",
            )
        }));
        KernelError::unless_empty(wrong)?;
        Ok(Self {
            kind,
            stage: message.stage,
            or_higher: message.or_higher,
            group: message.group,
            finding: message.finding,
            ages: match message.age {
                0 => (0, 0),
                age => (age, message.most_age.max(age)),
            },
            attending_only: message.attending_only,
            school_year: school_year::seen("school_year", message.school_year, today)?,
            event: Event::try_from(message.event).unwrap_or_default(),
            days: (from, until),
            entered: (
                message.entered_after_time.map_or(i64::MIN, micros),
                message.entered_until_time.map_or(i64::MAX, micros),
            ),
            open_only: message.open_only,
        })
    }

    /// The request that lists it.
    pub fn request(&self, parent: &str) -> ListLedgerRequest {
        let text = |day: NaiveDate, open: NaiveDate| match day == open {
            true => String::new(),
            false => day.to_string(),
        };
        let moment = |at: i64, open: i64| (at != open).then(|| timestamp(at));
        ListLedgerRequest {
            parent: parent.to_owned(),
            kind: self.kind.into(),
            stage: self.stage,
            or_higher: self.or_higher,
            group: self.group,
            age: self.ages.0,
            most_age: match self.ages.0 == self.ages.1 {
                true => 0,
                false => self.ages.1,
            },
            attending_only: self.attending_only,
            school_year: self.school_year,
            event: self.event.into(),
            entered_after_time: moment(self.entered.0, i64::MIN),
            entered_until_time: moment(self.entered.1, i64::MAX),
            from_date: text(self.days.0, NaiveDate::MIN),
            until_date: text(self.days.1, NaiveDate::MAX),
            finding: self.finding,
            open_only: self.open_only,
            ..ListLedgerRequest::default()
        }
    }

    /// Whether students are listed, or cases.
    pub fn is_of_students(&self) -> bool {
        matches!(self.kind, LedgerKind::SchoolAge | LedgerKind::Watched)
    }

    /// Whether happenings are listed.
    pub fn is_of_events(&self) -> bool {
        !self.is_of_students() && self.event != Event::Unspecified
    }

    /// What of it decides which list it is, for page tokens.
    pub fn fields(&self, parent: &str) -> [String; 2] {
        let request = self.request(parent);
        [parent.to_owned(), format!("{request:?}")]
    }
}

/// The months of birth, `YYYYMM`, of those who are of these ages at the end of August in which a school year begins.
pub fn birth_months_of(ages: (i32, i32), school_year: i32) -> Vec<i32> {
    (ages.0..=ages.1)
        .flat_map(|age| birth_months(age, school_year))
        .collect()
}

/// The same of one age.
pub fn birth_months(age: i32, school_year: i32) -> [i32; 12] {
    let first = school_year - age - 1;
    std::array::from_fn(|month| match i32::try_from(month).unwrap_or(0) {
        month @ 0..4 => first * 100 + 9 + month,
        month => (first + 1) * 100 + month - 3,
    })
}

/// How a child attends, by the state of the record and of the open case.
pub fn attendance(student: Option<i32>, case: Option<i32>) -> Attendance {
    use CaseState::{Cleared, Closed, Returned, Stable, Suspected, Unspecified};
    match CaseState::try_from(case.unwrap_or(0)).unwrap_or_default() {
        Suspected => return Attendance::Suspected,
        Returned | Stable => return Attendance::Returned,
        Unspecified | Cleared | Closed => {}
        _ => return Attendance::DroppedOut,
    }
    let Some(state) = student else {
        return Attendance::NotEnrolled;
    };
    match State::try_from(state).unwrap_or_default() {
        State::Enrolled => Attendance::Attending,
        State::DroppedOut => Attendance::DroppedOut,
        State::Suspended | State::Deferred | State::Abroad => Attendance::Away,
        _ => Attendance::Left,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_that_of_the_end_of_august() {
        let months = birth_months(7, 2018);
        assert_eq!((months[0], months[3]), (201009, 201012));
        assert_eq!((months[4], months[11]), (201101, 201108));
        let next = birth_months(6, 2018);
        assert_eq!(
            (months[11] + 1, next[0]),
            (201109, 201109),
            "no month twice"
        );
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let asked = Asked {
            stage: 2,
            group: 4,
            ages: (6, 11),
            ..Asked::happened(Event::Confirmed, day("2026-10-01"), day("2026-10-28"))
        };
        let again = Asked::of(&asked.request("regions/630103"), day("2026-11-22")).unwrap();
        assert_eq!(again, asked);
        assert!(Asked::of(&ListLedgerRequest::default(), day("2026-11-22")).is_err());
        let wrong = ListLedgerRequest {
            from_date: "2026-02-30".into(),
            age: 99,
            ..asked.request("regions/630103")
        };
        assert!(Asked::of(&wrong, day("2026-11-22")).is_err());
    }

    #[test]
    fn the_open_case_says_more_than_the_record() {
        let enrolled = Some(State::Enrolled as i32);
        let told = |case: CaseState| attendance(enrolled, Some(case as i32));
        assert_eq!(told(CaseState::Suspected), Attendance::Suspected);
        assert_eq!(told(CaseState::Ordered), Attendance::DroppedOut);
        assert_eq!(told(CaseState::Stable), Attendance::Returned);
        assert_eq!(told(CaseState::Closed), Attendance::Attending);
        assert_eq!(attendance(None, None), Attendance::NotEnrolled);
        assert_eq!(
            attendance(Some(State::Suspended as i32), None),
            Attendance::Away
        );
        assert_eq!(
            attendance(Some(State::Graduated as i32), None),
            Attendance::Left
        );
        assert_eq!(
            attendance(Some(State::DroppedOut as i32), None),
            Attendance::DroppedOut
        );
    }
}
