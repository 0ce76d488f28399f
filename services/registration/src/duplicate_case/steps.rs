//! Takes the steps of a case.

use std::collections::BTreeSet;

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::name::id_of;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::workflow::{Asked, Standing, check_reason};
use junheng_proto::registration::v1::duplicate_case::Outcome;
use junheng_proto::registration::v1::{DuplicateCase, SettleDuplicateRequest};
use junheng_proto::workflow::v1::StepRequest;
use tonic::Request;
use uuid::Uuid;

use super::encode::{Claimed, Statement, about, encode, shown_to};
use super::error::DuplicateCaseError;
use super::facts::{self, Decision};
use super::settle::carry_out;
use super::workflow::{AGREE, DISPUTE, STATE_EVIDENCE, State, WORKFLOW, state_of};
use super::{rules, store};
use crate::entity::duplicate_case::{Entity, Model};
use crate::entity::duplicate_claim;
use crate::school::parent;

/// A step as it is asked for.
struct Step {
    asked: Asked,
    key: RequestKey,
    /// What is decided or proposed, with the claim as it was named; None for steps that decide nothing of their own.
    decided: Option<(Outcome, String)>,
}

/// Takes a step that decides nothing of its own.
pub(super) async fn take(
    context: &Context,
    step: &'static str,
    request: Request<StepRequest>,
) -> Result<DuplicateCase, DuplicateCaseError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let asked = Asked::of(step, &message)?;
    if step == DISPUTE {
        KernelError::unless_empty(check_reason("note", &message.note))?;
    }
    let key = RequestKey::of(&message.request_id, &message)?;
    let decided = None;
    run(
        context,
        caller,
        Step {
            asked,
            key,
            decided,
        },
    )
    .await
}

/// Takes a step that decides or proposes.
pub(super) async fn decide(
    context: &Context,
    step: &'static str,
    request: Request<SettleDuplicateRequest>,
) -> Result<DuplicateCase, DuplicateCaseError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let asked = Asked::of(
        step,
        &StepRequest {
            name: message.name.clone(),
            etag: message.etag.clone(),
            note: message.note.clone(),
            evidence: message.evidence.clone(),
            request_id: String::new(),
        },
    )?;
    KernelError::unless_empty(rules::check(&message))?;
    let key = RequestKey::of(&message.request_id, &message)?;
    let decided = Some((message.outcome(), message.claim));
    run(
        context,
        caller,
        Step {
            asked,
            key,
            decided,
        },
    )
    .await
}

async fn run(
    context: &Context,
    caller: Caller,
    step: Step,
) -> Result<DuplicateCase, DuplicateCaseError> {
    let Step {
        asked,
        key,
        decided,
    } = step;
    let id = id_of("duplicateCases", &asked.name)?;
    let (context, taker) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(&caller, key, move |tx| async move {
            let seen = store::get(&*tx, &taker.scope, id).await?;
            let claims = store::claims_of(&*tx, id).await?;
            let claimants = claims.iter().map(|claim| claim.school);
            // Every school at once, as the order of their codes has it, before the case is read for good.
            let schools: BTreeSet<Uuid> = claimants.chain([seen.standing_school]).collect();
            let places = parent::hold_open(&*tx, schools.iter().copied()).await?;
            let current = store::get(&*tx, &taker.scope, id).await?;
            let claims = store::claims_of(&*tx, id).await?;
            let mut parties = claims.iter().map(|claim| claim.school);
            if !parties.all(|school| schools.contains(&school))
                || current.standing_school != seen.standing_school
            {
                // A school has joined in this moment.
                return Err(KernelError::WriteConflict.into());
            }
            let standing = Standing {
                state: state_of(current.state),
                version: current.version,
                region: &current.standing_region,
            };
            let is_party =
                |party: &str| facts::is_party(&context, &taker, &current, &claims, party);
            let taken = WORKFLOW
                .take(&tx, &context, &taker, &asked, standing, is_party)
                .await?;
            let decision = decision(&current, &claims, &asked, decided)?;
            let evidence = asked.evidence.len();
            let seen = facts::facts(&context, &current, &claims, decision, evidence)?;
            taken
                .pass(&asked, |guard| rules::judge(guard, &seen))
                .map_err(KernelError::from)?;

            let before = encode(&context, &current, &claims)?;
            let mut changed = current.clone();
            changed.state = taken.to as i32;
            changed.version += 1;
            changed.update_micros = context.clock.now_micros();
            // Evidence does not move the day by which the counties decide.
            if asked.step != STATE_EVIDENCE {
                (changed.due_date, changed.due_provisional) = taken.due_date();
            }
            let mut records = Vec::new();
            if let Some(decision) = decision {
                changed.outcome = decision.outcome as i32;
                changed.claim = decision.claim.map(|claim| claim.id);
                if taken.to == State::Settled {
                    changed.open_student = None;
                    records =
                        carry_out(&tx, &context, &changed, &claims, decision, &places).await?;
                }
            }
            said(&tx, &context, &taker, &asked, &mut changed, &claims).await?;
            resource::replace::<Entity>(&*tx, changed.clone(), current.version).await?;
            let claims = store::claims_of(&*tx, id).await?;
            let whole = encode(&context, &changed, &claims)?;
            let entry = about(&changed)
                .change(Some(&before), &whole)
                .with_all(records);
            let answer = shown_to(&taker, &changed, &claims, whole);
            Ok::<_, DuplicateCaseError>((answer, taken.entry(entry, &asked)))
        })
        .await
}

/// What the step decides: its own decision, or the proposal that it agrees to.
fn decision<'a>(
    case: &Model,
    claims: &'a [duplicate_claim::Model],
    asked: &Asked,
    decided: Option<(Outcome, String)>,
) -> Result<Option<Decision<'a>>, DuplicateCaseError> {
    let claim_of = |id| claims.iter().find(|claim| Some(claim.id) == id);
    match decided {
        Some((outcome, name)) if name.is_empty() => Ok(Some(Decision {
            outcome,
            claim: None,
        })),
        Some((outcome, name)) => {
            let claim = claim_of(id_of("duplicateClaims", &name).ok());
            let claim = claim.ok_or(DuplicateCaseError::ClaimUnknown { claim: name })?;
            Ok(Some(Decision {
                outcome,
                claim: Some(claim),
            }))
        }
        None if asked.step == AGREE => Ok(Some(Decision {
            outcome: Outcome::try_from(case.outcome).unwrap_or_default(),
            claim: claim_of(case.claim),
        })),
        None => Ok(None),
    }
}

/// Keeps what the step says: a school's evidence with its side, the reason with the case.
async fn said(
    tx: &Tx,
    context: &Context,
    caller: &Caller,
    asked: &Asked,
    case: &mut Model,
    claims: &[duplicate_claim::Model],
) -> Result<(), KernelError> {
    let keys = &context.store.keys;
    let mut statement = Statement::of(keys, case)?;
    if asked.step != STATE_EVIDENCE {
        if !asked.note.is_empty() {
            statement.reason.clone_from(&asked.note);
        }
    } else if caller
        .scope
        .covers(case.standing_place, Some(case.standing_school))
    {
        statement.evidence.extend(asked.evidence.iter().cloned());
    } else {
        let own =
            |claim: &&duplicate_claim::Model| caller.scope.covers(claim.place, Some(claim.school));
        for claim in claims.iter().filter(own) {
            let mut claimed = Claimed::of(keys, claim)?;
            claimed.evidence.extend(asked.evidence.iter().cloned());
            let proved = duplicate_claim::Model {
                personal: claimed.seal(keys, claim.id)?,
                ..claim.clone()
            };
            store::replace_claim(&**tx, &proved).await?;
        }
    }
    case.statement = statement.seal(keys, case.id)?;
    Ok(())
}
