//! What a match means, who is of school age, and what a list may be.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::label;
use junheng_kernel::post::{Department, Duty};
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::dropout_case::Group;
use junheng_proto::registration::v1::resident_list::{Kind, Source};
use junheng_proto::registration::v1::student::State;
use junheng_proto::registration::v1::{ComparisonVerdict as Verdict, ResidentHeader};

use crate::rule_book::{RegionPath, RuleBook};
use crate::school_year;
use crate::student::person::birth_month;

/// What a record says of whether the child attends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Attends the school that keeps the record.
    Attends,
    /// Attends a school that keeps no record here.
    Away,
    /// Need not attend, as long as the leave runs where there is one.
    Excused,
    /// Need not attend once the nine years are finished; awaits a place before.
    Finished,
    /// Is to attend and does not.
    DroppedOut,
    /// The record is none.
    Void,
}

/// Every state of a record.
#[rustfmt::skip]
pub(super) const STANDINGS: &[(State, Standing)] = &[
    (State::Enrolled,       Standing::Attends),
    (State::Suspended,      Standing::Excused),
    (State::Deferred,       Standing::Excused),
    (State::Abroad,         Standing::Excused),
    (State::TransferredOut, Standing::Away),
    (State::Graduated,      Standing::Finished),
    (State::Deceased,       Standing::Excused),
    (State::DroppedOut,     Standing::DroppedOut),
    (State::Cancelled,      Standing::Void),
];

/// The stages that end the nine years.
pub(super) const LAST_STAGES: &[Stage] = &[Stage::Junior];

/// What a partner is told in place of each result: never where, and never why not.
#[rustfmt::skip]
pub(super) const TOLD_PARTNERS: &[(Verdict, Verdict)] = &[
    (Verdict::EnrolledHere,      Verdict::AccountedFor),
    (Verdict::EnrolledElsewhere, Verdict::AccountedFor),
    (Verdict::NotEnrolled,       Verdict::NotEnrolled),
    (Verdict::Excused,           Verdict::AccountedFor),
    (Verdict::Unknown,           Verdict::Unknown),
    (Verdict::NotOfAge,          Verdict::NotOfAge),
    (Verdict::NoLongerListed,    Verdict::NoLongerListed),
];

/// The department whose list it is, as posts name it; None for the county's own survey.
pub(super) fn department_of(source: Source) -> Option<Department> {
    Some(match source {
        Source::PublicSecurity => Department::PublicSecurity,
        Source::CivilAffairs => Department::CivilAffairs,
        Source::DisabledFederation => Department::DisabledFederation,
        Source::TownshipSurvey | Source::Unspecified => return None,
    })
}

/// Months of birth of school age: born after the first, and not after the second, `YYYYMM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SchoolAge {
    pub(super) born_after: i32,
    pub(super) born_until: i32,
}

/// What a partner is told in place of a result.
pub(super) fn told_partner(verdict: Verdict) -> Verdict {
    let told = TOLD_PARTNERS.iter().find(|(own, _)| *own == verdict);
    told.map_or(Verdict::Unspecified, |(_, told)| *told)
}

/// The results that a partner's word stands for; none for a word that partners do not have.
pub(super) fn meant_by_partner(told: Verdict) -> Vec<Verdict> {
    let meant = TOLD_PARTNERS.iter().filter(|(_, word)| *word == told);
    meant.map(|(own, _)| *own).collect()
}

/// School age on a day: the entry age reached by the end of August before the school year, and less than the years of
/// compulsory schooling more (义务教育法 2, 11).
pub(super) fn school_age(
    rules: &RuleBook,
    path: &RegionPath,
    today: NaiveDate,
) -> Result<SchoolAge, KernelError> {
    let number = |id| {
        let value = rules.number(id, path, today)?;
        i32::try_from(value).map_err(|_| KernelError::Stored(format!("{id} is out of range")))
    };
    let (entry, years) = (number("entry.age")?, number("school.attendance_years")?);
    let month = |year: i32| birth_month(&school_year::age_day(year).to_string());
    let year = school_year::of(today);
    Ok(SchoolAge {
        born_after: month(year - entry - years),
        born_until: month(year - entry),
    })
}

/// Everything that is wrong with what the header says of a list.
pub(super) fn check_header(
    header: &ResidentHeader,
    duty: Duty,
    today: NaiveDate,
) -> Vec<Violation> {
    let mut wrong = Vec::new();
    let list = "junheng.registration.v1.ResidentList";
    wrong.extend(label::check(
        "header.source",
        &format!("{list}.Source"),
        header.source,
    ));
    wrong.extend(label::check(
        "header.kind",
        &format!("{list}.Kind"),
        header.kind,
    ));
    // The county enters what it found from door to door itself.
    let is_departments = department_of(header.source()).is_some();
    if wrong.is_empty() && is_departments != (duty == Duty::Partner) {
        wrong.push(Violation::invalid(
            "header.source",
            "is a department that sends its list itself; the county enters the survey from door to door only",
            "部门名单由该部门对接系统报送,县级仅录入乡镇摸排名单",
        ));
    }
    match date_of(&header.as_of_date) {
        Some(day) if day <= today => {}
        _ => wrong.push(Violation::invalid(
            "header.as_of_date",
            "must be a date, YYYY-MM-DD, not in the future",
            "应为不晚于今天的日期,格式为YYYY-MM-DD",
        )),
    }
    wrong
}

/// The group to watch that a list says of its children that they belong to; None where it says nothing of the kind.
pub(crate) fn group_of(kind: Kind) -> Option<Group> {
    Some(match kind {
        Kind::PoorHousehold => Group::Poverty,
        Kind::Orphan => Group::Orphan,
        Kind::Unattended => Group::Unattended,
        Kind::Disabled => Group::Disabled,
        Kind::LeftBehind => Group::LeftBehind,
        Kind::Hardship => Group::Hardship,
        Kind::SchoolAge | Kind::Unspecified => return None,
    })
}

#[cfg(test)]
mod tests {
    use junheng_kernel::region::RegionTable;
    use junheng_proto::POOL;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_state_of_a_record_says_whether_the_child_attends() {
        let states = POOL.get_enum_by_name("junheng.registration.v1.Student.State");
        for state in states.unwrap().values().filter(|state| state.number() != 0) {
            let known = STANDINGS
                .iter()
                .any(|(own, _)| *own as i32 == state.number());
            assert!(known, "{}", state.name());
        }
    }

    #[test]
    fn a_partner_has_a_word_for_every_result_and_none_says_where_or_why() {
        let verdicts = POOL.get_enum_by_name("junheng.registration.v1.ComparisonVerdict");
        for verdict in verdicts.unwrap().values() {
            let verdict = Verdict::try_from(verdict.number()).unwrap();
            if matches!(verdict, Verdict::Unspecified | Verdict::AccountedFor) {
                continue;
            }
            let told = told_partner(verdict);
            assert_ne!(told, Verdict::Unspecified, "{verdict:?}");
            assert!(meant_by_partner(told).contains(&verdict));
        }
        for hidden in [
            Verdict::Excused,
            Verdict::EnrolledHere,
            Verdict::EnrolledElsewhere,
        ] {
            assert_eq!(told_partner(hidden), Verdict::AccountedFor);
            assert!(meant_by_partner(hidden).is_empty(), "nobody can ask for it");
        }
    }

    #[test]
    fn school_age_begins_at_six_by_the_end_of_august_and_lasts_nine_years() {
        let rules = RuleBook::builtin().unwrap();
        let path = RegionPath::of(&RegionTable::builtin(), "630103");
        let of = |today| school_age(rules, &path, day(today)).unwrap();
        let expected = SchoolAge {
            born_after: 201_108,
            born_until: 202_008,
        };
        assert_eq!(of("2026-09-01"), expected);
        assert_eq!(of("2027-06-30"), expected, "the same until the summer");
        assert_eq!(of("2026-08-31").born_until, 201_908);
    }

    #[test]
    fn every_source_but_the_countys_survey_is_a_department_under_the_same_name() {
        let sources = (1..40).filter_map(|number| Source::try_from(number).ok());
        for source in sources {
            match department_of(source) {
                Some(department) => assert_eq!(label::of(department), label::of(source)),
                None => assert_eq!(source, Source::TownshipSurvey),
            }
        }
    }

    #[test]
    fn a_partner_sends_the_list_of_a_department_and_the_county_its_own_survey() {
        let today = day("2026-11-22");
        let header = |source: Source| ResidentHeader {
            source: source.into(),
            kind: Kind::SchoolAge.into(),
            as_of_date: "2026-11-01".into(),
            ..ResidentHeader::default()
        };
        let of = |source, duty| check_header(&header(source), duty, today).len();
        assert_eq!(of(Source::PublicSecurity, Duty::Partner), 0);
        assert_eq!(of(Source::TownshipSurvey, Duty::Clerk), 0);
        assert_eq!(of(Source::TownshipSurvey, Duty::Partner), 1);
        assert_eq!(of(Source::CivilAffairs, Duty::Clerk), 1);
        let tomorrow = ResidentHeader {
            as_of_date: "2026-11-23".into(),
            ..header(Source::PublicSecurity)
        };
        let wrong = check_header(&tomorrow, Duty::Partner, today);
        assert_eq!(wrong[0].field, "header.as_of_date");
    }
}
