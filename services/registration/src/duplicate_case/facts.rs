//! Who is a party of a case, and what its guards look at.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::post::Level;
use junheng_kernel::service::Context;
use junheng_proto::registration::v1::duplicate_case::Outcome;

use super::encode::{Claimed, Statement, seat_of, superior_of};
use super::rules::{Facts, Seat};
use super::workflow::{CLAIMANT, COUNTY, SCHOOLS, STANDING, SUPERIOR};
use crate::entity::duplicate_case::Model;
use crate::entity::duplicate_claim;

/// What is decided: the outcome, and the claim that it is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision<'a> {
    /// The outcome.
    pub(super) outcome: Outcome,
    /// The claim; none when the record stays.
    pub(super) claim: Option<&'a duplicate_claim::Model>,
}

/// The facts of a step.
pub(super) fn facts(
    context: &Context,
    case: &Model,
    claims: &[duplicate_claim::Model],
    decision: Option<Decision<'_>>,
    evidence: usize,
) -> Result<Facts, KernelError> {
    let keys = &context.store.keys;
    let standing = !Statement::of(keys, case)?.evidence.is_empty();
    let proved = match decision {
        None => true,
        Some(Decision { outcome, claim }) => {
            let claimant = match claim {
                Some(claim) => !Claimed::of(keys, claim)?.evidence.is_empty(),
                None => false,
            };
            match outcome {
                Outcome::ClaimantTakes => claimant,
                Outcome::OtherPerson => claimant || standing,
                Outcome::StandingKeeps | Outcome::Unspecified => standing,
            }
        }
    };
    Ok(Facts {
        today: context.clock.today(),
        due: date_of(&case.due_date),
        seat: seat_of(case, claims),
        evidence,
        proved,
    })
}

/// Whether the caller's post is that party of the case.
pub(super) fn is_party(
    context: &Context,
    caller: &Caller,
    case: &Model,
    claims: &[duplicate_claim::Model],
    party: &str,
) -> bool {
    let scope = &caller.scope;
    let standing = scope.covers(case.standing_place, Some(case.standing_school));
    let covers = |claim: &duplicate_claim::Model| scope.covers(claim.place, Some(claim.school));
    let seat = seat_of(case, claims);
    match (party, seat) {
        (SCHOOLS, _) => standing || claims.iter().any(covers),
        (COUNTY, Seat::County(_)) | (STANDING, Seat::Two { .. }) => standing,
        (CLAIMANT, Seat::Two { claimant, .. }) => claims
            .iter()
            .any(|claim| claim.region == claimant && covers(claim)),
        (SUPERIOR, _) => {
            let region = superior_of(context, case, claims);
            let city = context.regions.city_of(&region);
            let level = if city.is_some_and(|city| city.code == region) {
                Level::City
            } else {
                Level::Province
            };
            caller.role.level == level && standing && claims.iter().all(covers)
        }
        _ => false,
    }
}
