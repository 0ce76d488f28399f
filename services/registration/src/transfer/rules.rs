//! What an application must look like, and how the guards of the steps judge. Pure.

use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::label;
use junheng_kernel::text::check_text;
use junheng_kernel::workflow::{Unmet, check_evidence, check_reason};
use junheng_proto::registration::v1::transfer::Route;
use junheng_proto::registration::v1::{CreateTransferRequest, TransferApplicant};

use super::block::Blocked;
use super::workflow::Guard;
use crate::student::standing::may_move;

/// Characters of the name of a school of another province.
const SCHOOL_NAME: std::ops::RangeInclusive<usize> = 2..=100;

/// Everything that guards look at.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The state of the record, if it is still in the sending school's roll.
    pub standing: Option<i32>,
    /// The rule of the place that stands against it.
    pub blocked: Option<Blocked>,
    /// Pieces of evidence beside the step.
    pub evidence: usize,
}

/// Judges one guard.
pub fn judge(guard: Guard, facts: &Facts) -> Result<(), Unmet> {
    let missing = |en: &str, zh: &str| Err(Unmet::Missing(en.to_owned(), zh.to_owned()));
    match guard {
        Guard::StudentThere => match facts.standing {
            Some(state) if may_move(state) => Ok(()),
            Some(state) => {
                let label = state_label(state);
                Err(Unmet::Missing(
                    format!("the record is {label} by now; withdraw the transfer"),
                    format!("该生学籍状态已为“{label}”,请撤回本次转学"),
                ))
            }
            None => missing(
                "the student has left the sending school by another way; withdraw the transfer",
                "该生学籍已不在转出校,请撤回本次转学",
            ),
        },
        Guard::NotBlocked => match &facts.blocked {
            None => Ok(()),
            Some(blocked) => Err(Unmet::Missing(
                format!("{} ({})", blocked.why, blocked.source),
                format!("{}({})", blocked.why_zh, blocked.source),
            )),
        },
        Guard::PapersListed if facts.evidence == 0 => missing(
            "the evidence must list the papers of the file",
            "请在材料中列明所移交的档案",
        ),
        Guard::OutsideProved if facts.evidence == 0 => missing(
            "what the other province did must be proved",
            "登记外省办理情况须附证明材料",
        ),
        Guard::PapersListed | Guard::OutsideProved => Ok(()),
    }
}

/// The label of a student's state.
pub fn state_label(state: i32) -> &'static str {
    label::by_number("junheng.registration.v1.Student.State", state)
}

/// The route between two schools of the province, by their counties.
pub fn route_between(receiving_region: &str, sending_region: &str) -> Route {
    if receiving_region == sending_region {
        Route::SameCounty
    } else {
        Route::SameProvince
    }
}

/// Everything that is wrong with an application. `at_school` tells whether a school of the province receives.
pub fn check(request: &CreateTransferRequest, at_school: bool) -> Vec<Violation> {
    let mut wrong = check_reason("reason", &request.reason);
    wrong.extend(check_evidence("evidence", &request.evidence));
    if request.evidence.is_empty() {
        wrong.push(Violation::required("evidence"));
    }
    match &request.applicant {
        Some(applicant) => wrong.extend(check_applicant(applicant)),
        None => wrong.push(Violation::required("applicant")),
    }
    if at_school && request.receiving_class.is_empty() {
        wrong.push(Violation::required("receiving_class"));
    }
    if !at_school && request.outside_school.is_empty() {
        wrong.push(Violation::required("outside_school"));
    }
    if !request.outside_school.is_empty() {
        wrong.extend(check_text("outside_school", &request.outside_school));
        if !SCHOOL_NAME.contains(&request.outside_school.chars().count()) {
            wrong.push(Violation::invalid(
                "outside_school",
                "must have 2 to 100 characters",
                "应为2至100字",
            ));
        }
    }
    if request.outside_school.is_empty() != request.outside_region.is_empty() {
        wrong.push(Violation::required("outside_region"));
    }
    wrong
}

fn check_applicant(applicant: &TransferApplicant) -> Vec<Violation> {
    let mut wrong = Vec::new();
    let name = "applicant.display_name";
    wrong.extend(check_text(name, &applicant.display_name));
    if applicant.display_name.is_empty() {
        wrong.push(Violation::required(name));
    }
    if date_of(&applicant.birth_date).is_none() {
        wrong.push(Violation::invalid(
            "applicant.birth_date",
            "must be a date, YYYY-MM-DD",
            "应为日期,格式 YYYY-MM-DD",
        ));
    }
    if applicant.student_number.is_empty() && applicant.identity_number.is_empty() {
        wrong.push(Violation::required("applicant.student_number"));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use junheng_proto::registration::v1::student::State as StudentState;

    use super::*;

    fn facts() -> Facts {
        Facts {
            standing: Some(StudentState::Enrolled as i32),
            blocked: None,
            evidence: 1,
        }
    }

    fn missing(guard: Guard, facts: &Facts) -> String {
        match judge(guard, facts) {
            Err(Unmet::Missing(en, _)) => en,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_record_that_has_left_or_ended_meanwhile_does_not_move() {
        assert_eq!(judge(Guard::StudentThere, &facts()), Ok(()));
        let gone = Facts {
            standing: None,
            ..facts()
        };
        assert!(missing(Guard::StudentThere, &gone).contains("has left"));
        let dead = Facts {
            standing: Some(StudentState::Deceased as i32),
            ..facts()
        };
        assert!(missing(Guard::StudentThere, &dead).contains("死亡"));
    }

    #[test]
    fn a_file_without_papers_and_a_foreign_step_without_proof_are_not_ready() {
        let bare = Facts {
            evidence: 0,
            ..facts()
        };
        for guard in [Guard::PapersListed, Guard::OutsideProved] {
            assert_eq!(judge(guard, &facts()), Ok(()));
            assert!(missing(guard, &bare).contains("must"));
        }
    }

    #[test]
    fn an_application_says_who_why_and_where() {
        let wrong = check(&CreateTransferRequest::default(), true);
        let fields: Vec<&str> = wrong.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(
            fields,
            ["reason", "evidence", "applicant", "receiving_class"]
        );
        let wrong = check(&CreateTransferRequest::default(), false);
        assert!(wrong.iter().any(|one| one.field == "outside_school"));
    }

    #[test]
    fn counties_without_a_city_and_counties_of_one_city_take_the_same_routes() {
        assert_eq!(route_between("429004", "429004"), Route::SameCounty);
        assert_eq!(route_between("429004", "429005"), Route::SameProvince);
        assert_eq!(route_between("420102", "420103"), Route::SameProvince);
    }
}
