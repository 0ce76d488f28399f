//! The grounds of closing as a table: what record proves each (国办发〔2017〕72号: 动态销号 on evidence). To be sixteen is
//! none of them.

use junheng_proto::education::v1::Stage;
pub use junheng_proto::registration::v1::dropout_case::Ground;
use junheng_proto::registration::v1::student::{Placement, State as StudentState};

use super::workflow::State;

/// What can prove a ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The case is stable: attendance has shown it.
    CaseStable,
    /// A transfer has taken the child elsewhere since the case was last confirmed, and the child is there.
    Transferred,
    /// The record says that the nine years are finished.
    RecordGraduated,
    /// The record says that the child died.
    RecordDeceased,
    /// The record says that the child is abroad.
    RecordAbroad,
    /// A leave or deferral is approved and runs.
    LeaveRuns,
    /// The record says that the child is taught at home.
    RecordTaughtAtHome,
    /// A document of a kind that proves it, whoever the child is.
    Evidence,
    /// A document of a kind that proves it, of a child without a record.
    EvidenceWithoutRecord,
}

/// What closing on a ground does to a record that says 辍学.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// Nothing: another process has written what it says.
    Stands,
    /// Says 在读 again.
    BroughtBack,
    /// Says that the child went to another province.
    LetGo,
}

/// How long a closing of a child without a record holds: no record will say that it has come to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// For good.
    ForGood,
    /// For the school year: the next one asks anew.
    SchoolYear,
}

/// One ground.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The ground.
    pub ground: Ground,
    /// Any one of them proves it.
    pub proofs: &'static [Proof],
    /// What closing on it does to the record.
    pub aftermath: Aftermath,
    /// The dated rule of the kinds of documents of which one proves it; empty where none does.
    pub papers: &'static str,
    /// How long a closing on documents alone holds.
    pub holds: Holds,
    /// What is missing without a proof.
    pub missing: &'static str,
    /// The same in Chinese.
    pub missing_zh: &'static str,
}

/// What is known when a ground is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The state of the case.
    pub state: State,
    /// The student's state, stage and placement; None without a record.
    pub student: Option<(i32, i32, i32)>,
    /// A transfer that finished since the case was last confirmed has taken the child elsewhere: to another province, or to a
    /// school that has called it and found it there.
    pub transferred: bool,
    /// A leave, deferral or stay abroad is approved and runs.
    pub leave_runs: bool,
    /// How many documents of a kind that proves the ground are given with the request to close.
    pub evidence: usize,
}

/// The grounds.
#[rustfmt::skip]
pub const GROUNDS: [Rule; 8] = {
    use Aftermath::*;
    use Holds::*;
    use Proof::*;
    [
        rule(Ground::ReturnedStable, &[CaseStable],                             Stands,      "",                              SchoolYear,
             "a stable return, shown by attendance",
             "返校且稳定须经考勤证明:个案须先认定稳定"),
        rule(Ground::Elsewhere,      &[Transferred, Evidence],                  LetGo,       "dropout.proof_of_elsewhere",    SchoolYear,
             "a transfer finished since the case was last confirmed with a day attended after it, or evidence of the school in another province",
             "转入或外地就读须有本次确认辍学后办结的转学手续并有转入后的到校考勤,或省外学校的就读证明"),
        rule(Ground::Graduated,      &[RecordGraduated, EvidenceWithoutRecord], Stands,      "dropout.proof_of_graduation",   ForGood,
             "a record that says that the nine years are finished (义务教育法 2)",
             "须学籍为初中毕业(义务教育法第二条);年满十六周岁不是销号依据"),
        rule(Ground::Deceased,       &[RecordDeceased, EvidenceWithoutRecord],  Stands,      "dropout.proof_of_death",        ForGood,
             "the closing of the record on the proof of death",
             "须先凭死亡证明注销学籍"),
        rule(Ground::Abroad,         &[RecordAbroad, EvidenceWithoutRecord],    Stands,      "dropout.proof_of_stay_abroad",  SchoolYear,
             "the change of status for going abroad",
             "须先办理出国(境)学籍异动"),
        rule(Ground::Leave,          &[LeaveRuns, EvidenceWithoutRecord],       Stands,      "dropout.proof_of_leave",        SchoolYear,
             "a deferral or leave that is approved and runs (义务教育法 11)",
             "须有经批准且在期内的缓学或休学(义务教育法第十一条)"),
        rule(Ground::HomeTeaching,   &[RecordTaughtAtHome],                     BroughtBack, "",                              SchoolYear,
             "a record that says that the child is taught at home (残疾人教育条例 17)",
             "须学籍登记为送教上门(残疾人教育条例第十七条)"),
        rule(Ground::NoFault,        &[Evidence],                               BroughtBack, "dropout.proof_of_no_fault",     SchoolYear,
             "evidence of how it was checked",
             "须有核查证明材料"),
    ]
};

const fn rule(
    ground: Ground,
    proofs: &'static [Proof],
    aftermath: Aftermath,
    papers: &'static str,
    holds: Holds,
    missing: &'static str,
    missing_zh: &'static str,
) -> Rule {
    Rule {
        ground,
        proofs,
        aftermath,
        papers,
        holds,
        missing,
        missing_zh,
    }
}

/// The rule of a ground; None for what is none.
pub fn rule_of(number: i32) -> Option<&'static Rule> {
    GROUNDS.iter().find(|rule| rule.ground as i32 == number)
}

/// The grounds on which a child without a record is out of the search for good.
pub fn for_good() -> impl Iterator<Item = Ground> {
    let lasting = GROUNDS.iter().filter(|rule| rule.holds == Holds::ForGood);
    lasting.map(|rule| rule.ground)
}

// === impl Rule ===

impl Rule {
    /// Whether documents can prove the ground of the child.
    pub fn takes_papers(&self, has_record: bool) -> bool {
        self.proofs.iter().any(|proof| match proof {
            Proof::Evidence => true,
            Proof::EvidenceWithoutRecord => !has_record,
            _ => false,
        })
    }

    /// Whether what is known proves the ground.
    pub fn is_proven(&self, known: &Known) -> bool {
        self.proofs.iter().any(|proof| proof.holds(known))
    }
}

// === impl Proof ===

impl Proof {
    fn holds(self, known: &Known) -> bool {
        let says = |state: StudentState| {
            known
                .student
                .is_some_and(|(standing, ..)| standing == state as i32)
        };
        match self {
            Self::CaseStable => known.state == State::Stable,
            Self::Transferred => known.transferred,
            Self::RecordGraduated => {
                let finished = |(_, stage, _): (i32, i32, i32)| stage != Stage::Primary as i32;
                says(StudentState::Graduated) && known.student.is_some_and(finished)
            }
            Self::RecordDeceased => says(StudentState::Deceased),
            Self::RecordAbroad => says(StudentState::Abroad) && known.leave_runs,
            Self::LeaveRuns => {
                (says(StudentState::Suspended) || says(StudentState::Deferred)) && known.leave_runs
            }
            Self::RecordTaughtAtHome => known
                .student
                .is_some_and(|(_, _, placement)| placement == Placement::Home as i32),
            Self::Evidence => known.evidence > 0,
            Self::EvidenceWithoutRecord => known.student.is_none() && known.evidence > 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENROLLED: Known = Known {
        state: State::Persuading,
        student: Some((StudentState::DroppedOut as i32, Stage::Junior as i32, 0)),
        transferred: false,
        leave_runs: false,
        evidence: 0,
    };

    fn proven(ground: Ground, known: Known) -> bool {
        rule_of(ground as i32).unwrap().is_proven(&known)
    }

    fn says(state: StudentState, stage: Stage) -> Known {
        Known {
            student: Some((state as i32, stage as i32, 0)),
            ..ENROLLED
        }
    }

    #[test]
    fn every_ground_of_the_contract_is_in_the_table_and_none_is_proven_by_nothing() {
        let grounds = (1..=8).map(|number| Ground::try_from(number).unwrap());
        for ground in grounds {
            assert!(!proven(ground, ENROLLED), "{ground:?}");
        }
        assert!(Ground::try_from(9).is_err());
        assert!(rule_of(0).is_none());
    }

    #[test]
    fn a_return_closes_a_case_only_when_it_is_stable() {
        for state in [State::Returned, State::Confirmed] {
            assert!(!proven(Ground::ReturnedStable, Known { state, ..ENROLLED }));
        }
        let state = State::Stable;
        assert!(proven(Ground::ReturnedStable, Known { state, ..ENROLLED }));
    }

    #[test]
    fn to_have_finished_primary_school_is_not_to_have_finished_the_nine_years() {
        let of = |stage| says(StudentState::Graduated, stage);
        assert!(!proven(Ground::Graduated, of(Stage::Primary)));
        assert!(proven(Ground::Graduated, of(Stage::Junior)));
    }

    #[test]
    fn a_leave_that_has_run_out_proves_nothing() {
        let leave = says(StudentState::Suspended, Stage::Junior);
        assert!(!proven(Ground::Leave, leave));
        let running = Known {
            leave_runs: true,
            ..leave
        };
        assert!(proven(Ground::Leave, running));
        let abroad = says(StudentState::Abroad, Stage::Junior);
        assert!(!proven(Ground::Abroad, abroad));
    }

    #[test]
    fn evidence_alone_proves_a_school_elsewhere_and_that_nothing_was_wrong_but_no_death() {
        let given = Known {
            evidence: 1,
            ..ENROLLED
        };
        assert!(proven(Ground::Elsewhere, given));
        assert!(proven(Ground::NoFault, given));
        assert!(!proven(Ground::Deceased, given));
        assert!(!proven(Ground::Leave, given));
        let without_record = Known {
            student: None,
            ..given
        };
        assert!(proven(Ground::Deceased, without_record));
    }

    #[test]
    fn a_ground_that_documents_prove_has_a_rule_of_their_kinds_and_no_other_has() {
        for rule in GROUNDS {
            assert_eq!(
                !rule.papers.is_empty(),
                rule.takes_papers(false),
                "{rule:?}"
            );
        }
        assert!(for_good().eq([Ground::Graduated, Ground::Deceased]));
    }

    #[test]
    fn who_is_taught_at_home_and_who_moved_are_proven_by_their_records() {
        let mut known = ENROLLED;
        known.student = Some((0, 0, Placement::Home as i32));
        assert!(proven(Ground::HomeTeaching, known));
        known.transferred = true;
        assert!(proven(Ground::Elsewhere, known));
        assert!(proven(
            Ground::Deceased,
            says(StudentState::Deceased, Stage::Primary)
        ));
    }
}
