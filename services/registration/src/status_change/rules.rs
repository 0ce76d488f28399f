//! What each kind of change asks for, and how an application is judged. Pure.

use chrono::{Months, NaiveDate};
use junheng_kernel::calendar::{Calendar, Due};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::post::{COUNTY_CLERK, Role, SCHOOL_CLERK};
use junheng_kernel::workflow::{Unmet, Workflow};
use junheng_kernel::{identity_number, label};
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::student_change::Kind as Happened;
use junheng_proto::registration::v1::{StatusProof, status_proof::Kind as Proof};

use super::error::StatusChangeError;
use super::grades;
use super::workflow::{
    CANCELLATION, DEATH_DAYS, Guard, Kind, LASTING, LEAVE, RETURN, STEP_DAYS, State,
};
use crate::entity::{school_class, status_change, student};
use crate::rule_book::{RegionPath, Rule, RuleBook};
use crate::school_class::rules::grade_name;
use crate::school_year;
use crate::student::standing::LIVE;

/// The article on leave and deferred entry.
const LAW_11: &str = "义务教育法第十一条";
/// The rule of the months that one leave may last.
const MOST_MONTHS: &str = "suspension.most_months";
/// The rule of the months that leave may last in a row.
const MOST_IN_A_ROW: &str = "suspension.most_months_in_a_row";

/// What a kind of change is.
pub struct KindRule {
    /// The kind.
    pub kind: Kind,
    /// Its table.
    pub workflow: &'static Workflow<State, Guard>,
    /// Who files it.
    pub filed_by: Role,
    /// The states of the student from which it starts.
    pub from: &'static [StudentState],
    /// The proofs that it takes, with the rule.
    pub proofs: &'static [Proof],
    /// The state of the student after it; `None` leaves it.
    pub to: Option<StudentState>,
    /// What the history says; `None` says nothing.
    pub happened: Option<Happened>,
    /// Whether a class is named.
    pub takes_class: bool,
    /// Whether a last day is named, must be or must not be.
    pub until: Until,
}

/// Whether a change has a last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// It has none.
    Never,
    /// It may have one.
    Open,
    /// It has one.
    Always,
}

/// The kinds. 退学 and 开除 are not among them.
#[rustfmt::skip]
pub static KINDS: [KindRule; 10] = {
    use Proof::*;
    use StudentState::{Abroad, Cancelled, Deceased, Deferred, DroppedOut, Enrolled, Graduated, Suspended};
    const ALIVE: &[StudentState] = &LIVE;
    [
        kind(Kind::Suspension,   &LEAVE,        SCHOOL_CLERK, &[Enrolled, DroppedOut],        &[GuardianApplication, Medical],     Some(Suspended), Some(Happened::Suspended),  false, Until::Always),
        kind(Kind::Extension,    &LASTING,      SCHOOL_CLERK, &[Suspended],                   &[GuardianApplication, Medical],     None,            None,                       false, Until::Always),
        kind(Kind::Return,       &RETURN,       SCHOOL_CLERK, &[Suspended, Deferred, Abroad], &[GuardianApplication],              Some(Enrolled),  Some(Happened::Returned),   true,  Until::Never),
        kind(Kind::Deferral,     &LEAVE,        SCHOOL_CLERK, &[Enrolled, DroppedOut],        &[GuardianApplication, Medical],     Some(Deferred),  Some(Happened::Deferred),   false, Until::Always),
        kind(Kind::GoingAbroad,  &LEAVE,        SCHOOL_CLERK, &[Enrolled, Suspended, DroppedOut], &[GuardianApplication, StudyAbroad], Some(Abroad),    Some(Happened::WentAbroad), false, Until::Open),
        kind(Kind::Death,        &LASTING,      SCHOOL_CLERK, ALIVE,                          &[Death],                            Some(Deceased),  Some(Happened::Deceased),   false, Until::Never),
        kind(Kind::Repeating,    &LASTING,      SCHOOL_CLERK, &[Enrolled],                    &[GuardianApplication],              None,            Some(Happened::Repeated),   true,  Until::Never),
        kind(Kind::Skipping,     &LASTING,      SCHOOL_CLERK, &[Enrolled],                    &[GuardianApplication],              None,            Some(Happened::Skipped),    true,  Until::Never),
        kind(Kind::Cancellation, &CANCELLATION, COUNTY_CLERK, ALIVE,                          &[Finding],                          Some(Cancelled), Some(Happened::Cancelled),  false, Until::Never),
        kind(Kind::Correction,   &LASTING,      SCHOOL_CLERK, &[Deceased, Graduated],         &[Finding],                          Some(Enrolled),  Some(Happened::Restored),   true,  Until::Never),
    ]
};

#[expect(
    clippy::too_many_arguments,
    reason = "one for each column of the table"
)]
const fn kind(
    kind: Kind,
    workflow: &'static Workflow<State, Guard>,
    filed_by: Role,
    from: &'static [StudentState],
    proofs: &'static [Proof],
    to: Option<StudentState>,
    happened: Option<Happened>,
    takes_class: bool,
    until: Until,
) -> KindRule {
    KindRule {
        kind,
        workflow,
        filed_by,
        from,
        proofs,
        to,
        happened,
        takes_class,
        until,
    }
}

/// The rule of a kind; none for 退学, 开除 and unknown numbers.
pub fn rule_of(kind: i32) -> Option<&'static KindRule> {
    KINDS.iter().find(|rule| rule.kind as i32 == kind)
}

/// An application, its form checked.
#[derive(Clone, Debug)]
pub struct Filing {
    /// The day from which it holds.
    pub effective: NaiveDate,
    /// The last day, where one is named.
    pub until: Option<NaiveDate>,
    /// The proofs.
    pub proofs: Vec<StatusProof>,
}

/// What an application is judged against.
pub struct Facts<'a> {
    /// The student as the record stands.
    pub student: &'a student::Model,
    /// The leave, stay abroad or deferral that runs.
    pub leave: Option<&'a status_change::Model>,
    /// The first day of the leaves that this one follows without a day of school between.
    pub run_start: Option<NaiveDate>,
    /// The class that is named.
    pub class: Option<&'a school_class::Model>,
    /// The county and what lies above it.
    pub path: &'a RegionPath,
    /// Today in China.
    pub today: NaiveDate,
    /// The calendar.
    pub calendar: &'a Calendar,
    /// The rules; what provinces decide is among them.
    pub book: &'static RuleBook,
}

// === impl Facts ===

impl Facts<'_> {
    fn rule(&self, id: &str) -> Result<&'static Rule, KernelError> {
        self.book.rule(id, self.path, self.today)
    }

    /// The day on which the student left for what runs now; of a record that has ended, one of the school year in which its
    /// grade held.
    fn left_on(&self, kind: Kind) -> Option<NaiveDate> {
        if kind == Kind::Correction {
            return Some(school_year::first_day(self.student.grade_year));
        }
        let leave = self.leave?;
        identity_number::date_of(&leave.effective_date)
    }

    /// The grades that fit, in Chinese, unless the class is of one.
    fn unfitting(&self, kind: Kind) -> Option<String> {
        let student = self.student;
        let fitting = grades::fitting(
            kind,
            student.stage,
            student.grade,
            self.left_on(kind),
            self.today,
        );
        let Some((low, high)) = fitting else {
            return Some("本学段内的年级".to_owned());
        };
        let fits = self.class.is_some_and(|class| {
            class.stage == student.stage && (low..=high).contains(&class.grade)
        });
        let name = |grade| grade_name(student.stage, grade);
        let told = || match low == high {
            true => name(low),
            false => format!("{}至{}", name(low), name(high)),
        };
        (!fits).then(told)
    }
}

/// Refuses 退学 and 开除 as such in compulsory education; elsewhere they are not handled here.
pub fn refuse_leaving(kind: i32, stage: i32) -> Result<(), StatusChangeError> {
    let leaving = [Kind::Withdrawal, Kind::Expulsion];
    let Some(kind) = leaving.into_iter().find(|one| *one as i32 == kind) else {
        return Ok(());
    };
    if stage == Stage::Senior as i32 {
        let wrong = Violation::invalid(
            "status_change.kind",
            "of senior students is not handled here: it lies outside compulsory education",
            "高中阶段的退学、开除不在本系统办理",
        );
        return Err(KernelError::Fields(vec![wrong]).into());
    }
    let kind = label::of(kind);
    Err(StatusChangeError::NoLeavingSchool { kind })
}

/// Judges an application.
pub fn judge_filing(
    rule: &KindRule,
    filing: &Filing,
    facts: &Facts<'_>,
) -> Result<(), StatusChangeError> {
    from_state(rule, facts.student)?;
    allowed(rule, facts)?;
    proven(rule, filing, facts)?;
    in_time(rule, filing, facts)?;
    first_grade_only(rule, facts.student)?;
    match rule
        .takes_class
        .then(|| facts.unfitting(rule.kind))
        .flatten()
    {
        Some(grades) => Err(StatusChangeError::GradeNotFitting {
            rule: "编入相应年级就读",
            grades,
        }),
        None => Ok(()),
    }
}

fn from_state(rule: &KindRule, student: &student::Model) -> Result<(), StatusChangeError> {
    if rule.from.iter().any(|from| *from as i32 == student.state) {
        return Ok(());
    }
    let from: Vec<&str> = rule
        .from
        .iter()
        .map(|from| state_label(*from as i32))
        .collect();
    Err(StatusChangeError::NotApplicable {
        kind: label::of(rule.kind),
        state: state_label(student.state),
        from: from.join("、"),
    })
}

fn state_label(state: i32) -> &'static str {
    label::by_number("junheng.registration.v1.Student.State", state)
}

/// Repeating and skipping are off unless the province allows them.
fn allowed(rule: &KindRule, facts: &Facts<'_>) -> Result<(), StatusChangeError> {
    let needed = match rule.kind {
        Kind::Repeating => "repeat.allowed",
        Kind::Skipping => "skip.allowed",
        _ => return Ok(()),
    };
    let found = facts.rule(needed)?;
    if found.is_on() {
        return Ok(());
    }
    Err(StatusChangeError::NotAllowed {
        kind: label::of(rule.kind),
        rule: &found.source,
    })
}

fn proven(rule: &KindRule, filing: &Filing, facts: &Facts<'_>) -> Result<(), StatusChangeError> {
    for needed in rule.proofs {
        let given = filing
            .proofs
            .iter()
            .find(|proof| proof.kind == *needed as i32);
        let Some(given) = given else {
            return Err(StatusChangeError::ProofMissing {
                rule: proof_rule(*needed),
                missing: format!("the proof {}", needed.as_str_name()),
                missing_zh: label::of(*needed).to_owned(),
            });
        };
        if *needed == Proof::Medical {
            let rest = facts.rule("suspension.least_illness_months")?;
            let months = rest.count()?;
            let enough = u32::try_from(given.rest_months).is_ok_and(|given| given >= months);
            if !given.county_hospital || !enough {
                return Err(StatusChangeError::ProofMissing {
                    rule: &rest.source,
                    missing: format!(
                        "a proof of {months} months of rest by a hospital of county level or above"
                    ),
                    missing_zh: format!("县级以上医院出具的须休养{months}个月以上的证明"),
                });
            }
        }
    }
    Ok(())
}

fn proof_rule(proof: Proof) -> &'static str {
    match proof {
        Proof::GuardianApplication | Proof::Medical => LAW_11,
        _ => "中小学生学籍管理办法",
    }
}

/// How long, and for more leave how early.
fn in_time(rule: &KindRule, filing: &Filing, facts: &Facts<'_>) -> Result<(), StatusChangeError> {
    let Some(until) = filing.until else {
        return Ok(());
    };
    if until < facts.today {
        return Err(KernelError::Fields(vec![Violation::invalid(
            "status_change.until_date",
            "has passed; who is back in school already is not put on leave",
            "截止日期已过,学生已应在校,不再办理",
        )])
        .into());
    }
    let not_longer = |start: NaiveDate, limit: &str| {
        let limit = facts.rule(limit)?;
        let latest = start
            .checked_add_months(Months::new(limit.count()?))
            .and_then(|day| day.pred_opt())
            .unwrap_or(NaiveDate::MAX);
        if until <= latest {
            return Ok(());
        }
        Err(StatusChangeError::TooLong {
            rule: &limit.source,
            latest: latest.to_string(),
        })
    };
    match rule.kind {
        Kind::Suspension | Kind::Deferral => {
            not_longer(filing.effective, MOST_MONTHS)?;
            let run = facts.run_start.unwrap_or(filing.effective);
            not_longer(run, MOST_IN_A_ROW)
        }
        Kind::Extension => {
            let ends = facts
                .leave
                .and_then(|leave| identity_number::date_of(&leave.until_date));
            let Some(ends) = ends else { return Ok(()) };
            early_enough(facts, ends)?;
            let next_day = ends.succ_opt().unwrap_or(ends);
            not_longer(next_day, MOST_MONTHS)?;
            let run = facts.run_start.unwrap_or(filing.effective);
            not_longer(run, MOST_IN_A_ROW)
        }
        _ => Ok(()),
    }
}

fn early_enough(facts: &Facts<'_>, ends: NaiveDate) -> Result<(), StatusChangeError> {
    let limit = facts.rule("suspension.extension_working_days")?;
    let days = limit.value;
    let left = |day: NaiveDate| facts.calendar.working_days_between(day, ends);
    if left(facts.today) >= days {
        return Ok(());
    }
    let mut last_day = ends;
    while left(last_day) < days
        && let Some(earlier) = last_day.pred_opt()
    {
        last_day = earlier;
    }
    Err(StatusChangeError::TooLate {
        rule: &limit.source,
        last_day: last_day.to_string(),
    })
}

/// Entry can be put off by who enters: the first grade of primary school.
fn first_grade_only(rule: &KindRule, student: &student::Model) -> Result<(), StatusChangeError> {
    let enters = (student.stage, student.grade) == (Stage::Primary as i32, 1);
    if rule.kind != Kind::Deferral || enters {
        return Ok(());
    }
    Err(StatusChangeError::GradeNotFitting {
        rule: LAW_11,
        grades: "小学一年级(延缓入学只适用于入学时)".to_owned(),
    })
}

/// Judges one guard of a step, on the day when it is taken.
pub fn judge(
    guard: Guard,
    rule: &KindRule,
    change: &status_change::Model,
    facts: &Facts<'_>,
) -> Result<(), Unmet> {
    let missing = |why: &str, why_zh: String| Err(Unmet::Missing(why.to_owned(), why_zh));
    match guard {
        Guard::RecordFits => {
            let same_school = facts.student.school == change.school;
            match from_state(rule, facts.student) {
                Ok(()) if same_school => Ok(()),
                _ => missing(
                    "the student's record no longer stands as the change was filed for",
                    format!(
                        "学生学籍现为{},与申请时不符",
                        state_label(facts.student.state)
                    ),
                ),
            }
        }
        Guard::ClassFits => match rule
            .takes_class
            .then(|| facts.unfitting(rule.kind))
            .flatten()
        {
            Some(grades) => missing(
                "a class of a fitting grade",
                format!("编入的班级应为{grades}"),
            ),
            None => Ok(()),
        },
        Guard::DayReached => match identity_number::date_of(&change.effective_date) {
            Some(day) if day > facts.today => Err(Unmet::NotBefore(day.pred_opt().unwrap_or(day))),
            _ => Ok(()),
        },
        Guard::NotOver => match identity_number::date_of(&change.until_date) {
            Some(until) if until < facts.today => missing(
                "the last day has passed; reject or withdraw it",
                format!("申请的截止日期{until}已过,请不予核准或撤回"),
            ),
            _ => Ok(()),
        },
        Guard::WithAnotherChange => missing(
            "the student's return, filed as a change of its own",
            "休学等待复学时办结,请另行提出复学申请".to_owned(),
        ),
    }
}

/// By when a change that has just been filed is to be decided, and whether that day may still move. A death is closed within the
/// days from the day itself.
pub fn first_due(
    rule: &KindRule,
    effective: NaiveDate,
    facts: &Facts<'_>,
) -> Result<Due, KernelError> {
    let (from, limit) = match rule.kind {
        Kind::Death => (effective, DEATH_DAYS),
        _ => (facts.today, STEP_DAYS),
    };
    let days = facts.rule(limit)?.count()?;
    Ok(facts.calendar.add_working_days(from, days))
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
