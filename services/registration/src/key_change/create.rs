//! Files a change: judged like a new student, with proof, and one at a time.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number;
use junheng_kernel::name::{check_etag, id_of};
use junheng_kernel::privacy::Keyring;
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::{check_evidence, check_note, kept};
use junheng_proto::registration::v1::{CreateKeyChangeRequest, KeyChange, KeyFields};
use sea_orm::ConnectionTrait;
use tonic::Request;
use uuid::Uuid;

use super::error::KeyChangeError;
use super::fields::{Asked, Fields};
use super::workflow::{CREATE, STEP_DAYS, State, WORKFLOW, state_name};
use super::{encode, proof, store};
use crate::entity::key_change::Model;
use crate::entity::{school, student};
use crate::rule_book::{RegionPath, RuleBook};
use crate::school::parent;
use crate::student::document;
use crate::student::error::StudentError;
use crate::student::person::Person;
use crate::student::rules::{self, Draft};
use crate::student::store as students;
use crate::student::whereabouts::KnownSchools;

/// Files a change and answers with it.
pub(super) async fn run(
    context: &Context,
    request: Request<CreateKeyChangeRequest>,
) -> Result<KeyChange, KeyChangeError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let key = RequestKey::of(&message.request_id, &message)?;
    let id = id_of("students", &message.student)?;
    let mut wrong = check_note("note", &message.note);
    wrong.extend(check_evidence("evidence", &message.evidence));
    if message.wanted.is_none() {
        wrong.push(Violation::required("wanted"));
    }
    KernelError::unless_empty(wrong)?;
    let (context, officer) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(&caller, key, move |tx| async move {
            let keys = &context.store.keys;
            let found = resource::get::<student::Entity>(&*tx, &officer.scope, id).await?;
            // Held first: from here on the student lies where the school lies.
            parent::hold_places(&*tx, [found.school]).await?;
            let current = students::hold_one(&*tx, &officer.scope, id).await?;
            check_etag(&message.student, &message.etag, current.version)?;
            let public = Scope::everything("the directory is public");
            let school = resource::get::<school::Entity>(&*tx, &public, current.school).await?;

            let today = context.clock.today();
            let path = RegionPath::of(&context.regions, &school.region);
            let needs_proof =
                RuleBook::builtin()?.allows("key_change.proof_required", &path, today)?;
            let before = Fields::of(&current, &Person::of(keys, &current)?);
            let after = before.with(message.wanted.as_ref().unwrap_or(&KeyFields::default()));
            if after == before {
                return Err(nothing_changes().into());
            }
            let asked = Asked {
                before,
                after,
                note: message.note.clone(),
                reject_reason: String::new(),
            };
            if needs_proof {
                proof::check(&asked, &message.evidence, &path, today)?;
            }
            let draft = asked.after.draft();
            let wrong = rules::check(&draft, today);
            identity_number::refuse(wrong, &draft.identity_number)?;
            let hash = hash_of(keys, &draft, current.school)?;
            refuse_registered(&*tx, &officer, &hash, id).await?;
            if let Some(open) = store::open_of(&*tx, id).await? {
                return Err(KeyChangeError::Open {
                    name: encode::name_of(&open),
                });
            }

            let change = Uuid::now_v7();
            let due = WORKFLOW.due(&context, STEP_DAYS, &school.region)?;
            let now = context.clock.now_micros();
            let evidence = kept(&message.evidence);
            let row = Model {
                id: change,
                student: id,
                school: current.school,
                place: current.place,
                region: school.region,
                state: WORKFLOW.start as i32,
                personal: encode::seal(keys, change, &asked)?,
                evidence: evidence.join("\n"),
                due_date: due.date.to_string(),
                due_provisional: due.provisional,
                create_micros: now,
                update_micros: now,
                version: 1,
            };
            store::insert(&*tx, row.clone()).await?;
            let answer = encode::encode(keys, &row)?;
            let entry = encode::about(&row)
                .change(None, &answer)
                .step(CREATE, "", state_name(State::Filed))
                .note(&message.note)
                .evidence(&evidence);
            Ok((answer, entry))
        })
        .await
}

/// Refuses a document that is another student's: two records of one person are a case of duplicates, not a correction.
pub(super) async fn refuse_registered(
    database: &impl ConnectionTrait,
    caller: &Caller,
    hash: &[u8],
    own: Uuid,
) -> Result<(), StudentError> {
    let mut others = students::with_hashes(database, &[hash]).await?;
    let former = students::former_holders(database, &[hash]).await?;
    others.extend(former.into_values());
    others.retain(|other| other.id != own);
    let known = KnownSchools::of(database, caller, &others).await?;
    match others.first() {
        Some(other) => Err(StudentError::PersonRegistered(known.of_student(other))),
        None => Ok(()),
    }
}

/// The hash of the document after the change.
pub(super) fn hash_of(keys: &Keyring, draft: &Draft, school: Uuid) -> Result<Vec<u8>, KernelError> {
    Ok(document::hash(document::index_of(keys)?, draft, school))
}

fn nothing_changes() -> KernelError {
    KernelError::Fields(vec![Violation::invalid(
        "wanted",
        "changes nothing: every field stands so already",
        "与现有信息一致,没有需要变更的内容",
    )])
}
