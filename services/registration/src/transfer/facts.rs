//! Reads what blocks and guards look at.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::region::RegionTable;
use junheng_kernel::service::Context;
use junheng_proto::registration::v1::student::State as StudentState;
use sea_orm::{ConnectionTrait, DbErr};

use super::block::{self, Blocked, ClassFact};
use super::rules::Facts;
use super::store;
use crate::attendance::terms;
use crate::duplicate_case;
use crate::entity::transfer::Model;
use crate::entity::{school_class, student};
use crate::rule_book::{RegionPath, RuleBook};
use crate::school_class::store as classes;

/// The facts of a step.
pub(super) async fn load(
    database: &impl ConnectionTrait,
    context: &Context,
    transfer: &Model,
    student: Option<&student::Model>,
    class: Option<&school_class::Model>,
    evidence: usize,
) -> Result<Facts, KernelError> {
    let standing = student.filter(|student| Some(student.school) == transfer.sending_school);
    Ok(Facts {
        standing: standing.map(|student| student.state),
        blocked: blocked(database, context, transfer, student, class).await?,
        evidence,
    })
}

/// The class that is to take the pupil, if it is still one of the school's.
pub(super) async fn class_of(
    database: &impl ConnectionTrait,
    transfer: &Model,
) -> Result<Option<school_class::Model>, DbErr> {
    match (transfer.receiving_school, transfer.receiving_class) {
        (Some(school), Some(class)) => classes::find_in(database, school, class).await,
        _ => Ok(None),
    }
}

/// Whether the first term of a school year runs in a region on a day.
fn is_first_term(regions: &RegionTable, region: &str, day: NaiveDate) -> bool {
    let term = regions.place(region).ok();
    let term = term.and_then(|place| terms::term_at(place, day));
    term.is_some_and(|term| term.number == 1)
}

/// The rule of the place that stands against the transfer today.
pub(super) async fn blocked(
    database: &impl ConnectionTrait,
    context: &Context,
    transfer: &Model,
    student: Option<&student::Model>,
    class: Option<&school_class::Model>,
) -> Result<Option<Blocked>, KernelError> {
    if let Some(student) = student
        && duplicate_case::store::is_disputed(database, student.id).await?
    {
        return Ok(Some(block::disputed()));
    }
    let path = RegionPath::of(&context.regions, transfer.rules_region());
    let class = match class {
        Some(class) => {
            let (students, newest) = store::attendance(database, class.id).await?;
            // A class of the new first grade is opened before the promotion: who sits in it says what it is.
            let newest = newest.filter(|_| class.grade == 1);
            Some(ClassFact {
                stage: class.stage,
                grade: class.grade,
                grade_year: newest.map_or(class.grade_year, |year| year.max(class.grade_year)),
                students,
            })
        }
        None => None,
    };
    let newcomer = class.map_or((0, 0), |class| (class.stage, class.grade));
    let (stage, grade) = match transfer.sending_school {
        Some(_) => student.map_or(newcomer, |student| (student.stage, student.grade)),
        None => newcomer,
    };
    let state = match transfer.sending_school {
        Some(_) => student.map_or(0, |student| student.state),
        None => StudentState::Enrolled as i32,
    };
    let today = context.clock.today();
    let facts = block::Facts {
        today,
        first_term: is_first_term(&context.regions, transfer.rules_region(), today),
        state,
        stage,
        grade,
        grade_year: transfer
            .sending_school
            .and(student.map(|student| student.grade_year)),
        class,
    };
    block::judge(RuleBook::builtin()?, &path, &facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_term_is_that_of_the_places_own_school_calendar() {
        let regions = RegionTable::builtin();
        let is_first = |region, day: &str| is_first_term(&regions, region, day.parse().unwrap());
        let (xining, wuhan) = ("630103", "420106");
        assert!(is_first(xining, "2026-08-25") && !is_first(wuhan, "2026-08-25"));
        assert!(is_first(xining, "2026-10-12") && is_first(wuhan, "2026-10-12"));
        assert!(!is_first(xining, "2027-01-20") && is_first(wuhan, "2027-01-20"));
        assert!(!is_first(wuhan, "2027-02-20"), "the second term");
        assert!(!is_first("", "2026-10-12"), "nowhere");
    }
}
