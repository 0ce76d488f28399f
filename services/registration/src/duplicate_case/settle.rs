//! What a decision does: to the claims, and to the record when a claimant takes it.

use junheng_kernel::service::Context;
use junheng_kernel::store::Tx;
use junheng_kernel::workflow::WorkflowError;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::duplicate_case::Outcome;
use junheng_proto::registration::v1::duplicate_claim::Verdict;
use junheng_proto::registration::v1::student_change::Kind;

use super::encode::{Claimed, name_of};
use super::error::DuplicateCaseError;
use super::facts::Decision;
use super::store;
use crate::entity::duplicate_case::Model;
use crate::entity::{duplicate_claim, student};
use crate::school::parent::OpenPlaces;
use crate::school_class::store as classes;
use crate::student::error::StudentError;
use crate::student::ledger::{self, Happening, Pen};
use crate::student::standing::is_live;
use crate::student::store as students;
use crate::transfer;

/// Carries a decision out. Gives the records for the journal. `places` are held.
pub(super) async fn carry_out(
    tx: &Tx,
    context: &Context,
    case: &Model,
    claims: &[duplicate_claim::Model],
    decision: Decision<'_>,
    places: &OpenPlaces,
) -> Result<Vec<Record>, DuplicateCaseError> {
    for claim in claims {
        let is_meant = decision.claim.is_some_and(|meant| meant.id == claim.id);
        let verdict = match (is_meant, decision.outcome) {
            (true, Outcome::ClaimantTakes) => Verdict::Taken,
            (true, Outcome::OtherPerson) => Verdict::OtherPerson,
            _ => Verdict::Dismissed,
        };
        let judged = duplicate_claim::Model {
            verdict: verdict as i32,
            ..claim.clone()
        };
        store::replace_claim(&**tx, &judged).await?;
    }
    match (decision.outcome, decision.claim) {
        // Of two records, the one too many is cancelled by its own school: nothing moves.
        (Outcome::ClaimantTakes, Some(claim)) if claim.student.is_nil() => {
            moved(tx, context, case, claim, places).await
        }
        (Outcome::OtherPerson, Some(claim)) => {
            // A document that the record only had before, by mistake, is the other child's.
            let hash = Claimed::of(&context.store.keys, claim)?.hash(context, claim.school)?;
            students::release_former(&**tx, case.student, Some(&hash)).await?;
            Ok(Vec::new())
        }
        _ => Ok(Vec::new()),
    }
}

async fn moved(
    tx: &Tx,
    context: &Context,
    case: &Model,
    claim: &duplicate_claim::Model,
    places: &OpenPlaces,
) -> Result<Vec<Record>, DuplicateCaseError> {
    let Some(student) = students::with_id(&**tx, case.student).await? else {
        let why = "the record of a case is gone";
        return Err(junheng_kernel::error::KernelError::Stored(why.into()).into());
    };
    if student.school == claim.school {
        // Another decision has moved it already, and only was quicker.
        return Err(junheng_kernel::error::KernelError::EtagMismatch {
            name: name_of(case),
        }
        .into());
    }
    // What was decided holds for the record as it stood: one that has ended or gone elsewhere meanwhile is not revived.
    if student.school != case.standing_school || !is_live(student.state) {
        return Err(
            junheng_kernel::error::KernelError::from(WorkflowError::NotReady {
                name: name_of(case),
                step: "裁定",
                method: "the settlement".into(),
                missing: "the record has ended or left the school since; keep it where it is"
                    .into(),
                missing_zh: "该学籍已终止或已离开原校,不能转入申报学校".into(),
            })
            .into(),
        );
    }
    // A school that has closed since it claimed the child takes nobody.
    let place = places.taking(claim.school)?;
    let happening = Happening {
        kind: Kind::TransferredIn,
        date: context.clock.today(),
        process: name_of(case),
    };
    let after = if claim.school_class.is_nil() {
        // Claimed by an admission, whose classes are drawn later.
        student::Model {
            school: claim.school,
            place,
            school_class: None,
            ..student.clone()
        }
    } else {
        let unknown = || StudentError::ClassUnknown {
            class: format!("classes/{}", claim.school_class),
        };
        let class = classes::find_in(&**tx, claim.school, claim.school_class).await?;
        let mut class = class.ok_or_else(unknown)?;
        class.place = place;
        transfer::seated(&student, &class, context)
    };
    let pen = Pen::of(context);
    let (_, told) = ledger::change(&**tx, pen, &student, after, Some(&happening)).await?;
    Ok(told)
}
