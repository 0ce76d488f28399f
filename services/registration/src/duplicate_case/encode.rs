//! A case as its parties see it.

use std::fmt;

use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::etag;
use junheng_kernel::post::Level;
use junheng_kernel::privacy::{FieldAddress, Keyring, mask};
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{DuplicateCase, DuplicateClaim};
use junheng_proto::workflow::v1::Awaited;
use uuid::Uuid;

use super::rules::{self, Seat};
use super::workflow::{CLAIMANT, SUPERIOR, WORKFLOW, state_of};
use crate::entity::duplicate_case::Model;
use crate::entity::duplicate_claim;
use crate::student::document;
use crate::student::rules::Draft;

/// The sealed part of a case.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Statement {
    /// What the standing school has proved.
    #[prost(string, repeated, tag = "1")]
    pub(super) evidence: Vec<String>,
    /// Why it was so decided, proposed or disputed.
    #[prost(string, tag = "2")]
    pub(super) reason: String,
}

/// The sealed part of a claim: what the school wrote and proved.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct Claimed {
    #[prost(string, tag = "1")]
    pub(super) display_name: String,
    #[prost(int32, tag = "2")]
    pub(super) identity_type: i32,
    #[prost(string, tag = "3")]
    pub(super) identity_number: String,
    #[prost(int32, tag = "4")]
    pub(super) sex: i32,
    #[prost(string, tag = "5")]
    pub(super) birth_date: String,
    #[prost(string, tag = "6")]
    pub(super) ethnicity: String,
    #[prost(string, repeated, tag = "7")]
    pub(super) differs: Vec<String>,
    #[prost(string, repeated, tag = "8")]
    pub(super) evidence: Vec<String>,
}

// === impl Claimed ===

impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claimed")
    }
}

impl Claimed {
    pub(super) fn of(keys: &Keyring, row: &duplicate_claim::Model) -> Result<Self, KernelError> {
        keys.open_message(of_claim(&row.id.to_string()), &row.personal)
    }

    /// The hash of the document that the school wrote.
    pub(super) fn hash(&self, context: &Context, school: Uuid) -> Result<Vec<u8>, KernelError> {
        let draft = Draft {
            display_name: self.display_name.clone(),
            identity_type: self.identity_type,
            identity_number: self.identity_number.clone(),
            sex: self.sex,
            birth_date: self.birth_date.clone(),
            ethnicity: self.ethnicity.clone(),
            student_number: String::new(),
        };
        let index = document::index_of(&context.store.keys)?;
        Ok(document::hash(index, &draft, school))
    }

    pub(super) fn seal(&self, keys: &Keyring, id: Uuid) -> Result<Vec<u8>, KernelError> {
        keys.seal_message(of_claim(&id.to_string()), self)
    }
}

// === impl Statement ===

impl Statement {
    pub(super) fn of(keys: &Keyring, row: &Model) -> Result<Self, KernelError> {
        keys.open_message(of_case(&row.id.to_string()), &row.statement)
    }

    pub(super) fn seal(&self, keys: &Keyring, id: Uuid) -> Result<Vec<u8>, KernelError> {
        keys.seal_message(of_case(&id.to_string()), self)
    }
}

/// The case with its claims, whole, as the journal keeps it.
pub(super) fn encode(
    context: &Context,
    row: &Model,
    claims: &[duplicate_claim::Model],
) -> Result<DuplicateCase, KernelError> {
    let keys = &context.store.keys;
    let statement = Statement::of(keys, row)?;
    let today = context.clock.today().to_string();
    let overdue = !row.due_date.is_empty() && row.due_date < today;
    Ok(DuplicateCase {
        name: name_of(row),
        state: row.state,
        student: format!("students/{}", row.student),
        standing_school: format!("schools/{}", row.standing_school),
        standing_region: format!("regions/{}", row.standing_region),
        standing_evidence: statement.evidence,
        claims: claims
            .iter()
            .map(|claim| claim_of(keys, claim))
            .collect::<Result<_, KernelError>>()?,
        outcome: row.outcome,
        claim: row
            .claim
            .map_or_else(String::new, |id| format!("duplicateClaims/{id}")),
        reason: statement.reason,
        due_date: row.due_date.clone(),
        due_provisional: row.due_provisional,
        overdue,
        awaited: awaited(context, row, claims, overdue),
        etag: etag(row.version),
        create_time: Some(timestamp(row.create_micros)),
        update_time: Some(timestamp(row.update_micros)),
    })
}

/// The case as this caller may see it: a claiming school learns of the others only that they claim.
pub(super) fn shown_to(
    caller: &Caller,
    row: &Model,
    claims: &[duplicate_claim::Model],
    mut case: DuplicateCase,
) -> DuplicateCase {
    let is_theirs = caller.role.level != Level::School
        || caller
            .scope
            .covers(row.standing_place, Some(row.standing_school));
    if is_theirs {
        return case;
    }
    for (shown, claim) in case.claims.iter_mut().zip(claims) {
        if !caller.scope.covers(claim.place, Some(claim.school)) {
            *shown = DuplicateClaim {
                display_name: String::new(),
                identity_number: String::new(),
                birth_date: String::new(),
                sex: 0,
                differs: Vec::new(),
                ..std::mem::take(shown)
            };
        }
    }
    case
}

fn claim_of(keys: &Keyring, row: &duplicate_claim::Model) -> Result<DuplicateClaim, KernelError> {
    let claimed = Claimed::of(keys, row)?;
    Ok(DuplicateClaim {
        name: format!("duplicateClaims/{}", row.id),
        school: format!("schools/{}", row.school),
        region: format!("regions/{}", row.region),
        school_class: named("classes", row.school_class),
        student: named("students", row.student),
        display_name: claimed.display_name,
        identity_number: mask::identity_number(&claimed.identity_number),
        sex: claimed.sex,
        birth_date: claimed.birth_date,
        differs: claimed.differs,
        evidence: claimed.evidence,
        verdict: row.verdict,
        create_time: Some(timestamp(row.create_micros)),
    })
}

/// The resource name of an id, empty for none.
fn named(collection: &str, id: Uuid) -> String {
    if id.is_nil() {
        return String::new();
    }
    format!("{collection}/{id}")
}

/// Who decides a case.
pub(super) fn seat_of(row: &Model, claims: &[duplicate_claim::Model]) -> Seat {
    let regions = claims.iter().map(|claim| claim.region.as_str());
    rules::seat(&row.standing_region, regions)
}

/// The region above all counties of a case.
pub(super) fn superior_of(
    context: &Context,
    row: &Model,
    claims: &[duplicate_claim::Model],
) -> String {
    let regions = claims.iter().map(|claim| claim.region.as_str());
    rules::superior(&context.regions, &row.standing_region, regions)
}

fn awaited(
    context: &Context,
    row: &Model,
    claims: &[duplicate_claim::Model],
    is_overdue: bool,
) -> Option<Awaited> {
    let seat = seat_of(row, claims);
    let (step, party) = rules::awaited(state_of(row.state), &seat, is_overdue)?;
    let next = WORKFLOW.rows.iter().find(|row| row.step == step)?;
    let region = match (party, seat) {
        (SUPERIOR, _) => superior_of(context, row, claims),
        (CLAIMANT, Seat::Two { claimant, .. }) => claimant,
        _ => row.standing_region.clone(),
    };
    let is_city = context
        .regions
        .city_of(&region)
        .is_some_and(|city| city.code == region);
    let level = if is_city {
        Level::City
    } else {
        Level::Province
    };
    let takes = |role: &&junheng_kernel::post::Role| party != SUPERIOR || role.level == level;
    Some(Awaited {
        step: step.to_owned(),
        step_label: next.label.to_owned(),
        party: party.to_owned(),
        roles: next
            .by
            .iter()
            .filter(takes)
            .map(ToString::to_string)
            .collect(),
        organisation: format!("regions/{region}"),
    })
}

/// The resource name.
pub(super) fn name_of(row: &Model) -> String {
    format!("duplicateCases/{}", row.id)
}

/// A journal entry about a case, kept with the record's school.
pub(super) fn about(row: &Model) -> Entry {
    Entry::about(
        name_of(row),
        row.standing_place,
        Some(row.standing_school),
        DataClass::Sensitive,
    )
}

fn of_case(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "duplicate_cases",
        field: "statement",
        row,
    }
}

fn of_claim(row: &str) -> FieldAddress<'_> {
    FieldAddress {
        table: "duplicate_claims",
        field: "personal",
        row,
    }
}
