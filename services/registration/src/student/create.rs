//! Registers one student: two round trips, one that reads the class and one that writes everything.

use std::sync::Arc;

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::identity_number;
use junheng_kernel::name::Parent;
use junheng_kernel::privacy::{Keyring, mask};
use junheng_kernel::service::Context;
use junheng_kernel::store::{Creation, Hold, RequestKey, Row, Store};
use junheng_proto::registration::v1::create_student_response::Outcome;
use junheng_proto::registration::v1::school::State;
use junheng_proto::registration::v1::student_change::Kind;
use junheng_proto::registration::v1::{
    CreateStudentRequest, CreateStudentResponse, Student, Warning,
};
use tonic::Request;
use uuid::Uuid;

use super::error::StudentError;
use super::first_load::FirstLoad;
use super::ledger::{self, Happening};
use super::person::{self, Seat};
use super::rpc::{about, class_named, draft_of, fields_of, missing_student, unknown_class};
use super::rules::{self, Draft};
use super::whereabouts::KnownSchools;
use super::{document, number, store};
use crate::duplicate_case::{self, Claim};
use crate::entity::{school, school_class, student, student_change};
use crate::school::parent;
use crate::school_year;
use crate::tally;

/// What is asked for, checked as far as it can be without the database.
struct Asked {
    draft: Draft,
    given: Student,
    today: NaiveDate,
    identity_hash: Vec<u8>,
    warnings: Vec<Warning>,
}

pub(super) async fn run(
    context: &Context,
    load: &FirstLoad,
    request: Request<CreateStudentRequest>,
) -> Result<CreateStudentResponse, StudentError> {
    let caller = Caller::of(&request)?;
    load.end().await?;
    let message = request.into_inner();
    let (store, regions) = (&context.store, &context.regions);
    let key = RequestKey::of(&message.request_id, &message)?;
    let parent = Parent::of(&caller, regions, "parent", &message.parent)?;
    let Some(school) = parent.school() else {
        return Err(parent::not_a_school("parent").into());
    };
    let given = message.student.ok_or_else(missing_student)?;
    let draft = draft_of(&given);
    let today = context.clock.today();
    let mut wrong = rules::check(&draft, today);
    wrong.extend(rules::check_placement(given.disability, given.placement));
    identity_number::refuse(wrong, &draft.identity_number)?;
    let index = document::index_of(&store.keys)?;
    let identity_hash = document::hash(index, &draft, school);
    let warnings = document::warnings(regions, &draft);
    let asked = Arc::new(Asked {
        draft,
        given,
        today,
        identity_hash,
        warnings,
    });
    let claimed = (context.clone(), caller.clone(), key.clone(), asked.clone());
    let planned = (store.clone(), caller.clone());
    let plan = move |attempt| {
        let ((store, caller), asked) = (planned.clone(), asked.clone());
        async move {
            let name = &asked.given.school_class;
            let found = class_named(store.reader(), school, name).await;
            // The class lies where its school lies, so that it tells as well whether the caller may act there.
            // That the school is open, the write itself finds; asked again, it is looked at here.
            let is_ours = |class: &school_class::Model| {
                attempt == 0 && caller.scope.covers(class.place, Some(school))
            };
            match found {
                Ok(Some(class)) if is_ours(&class) => {
                    refuse_taken(&store, &asked).await?;
                    plan_of(&store.keys, &asked, &class)
                }
                found => {
                    let named = parent::covered(store.reader(), &caller, school).await?;
                    parent::check_open(&named)?;
                    let class = found?.ok_or_else(|| unknown_class(name))?;
                    refuse_taken(&store, &asked).await?;
                    plan_of(&store.keys, &asked, &class)
                }
            }
        }
    };
    let taken = move || async move {
        let (context, caller, key, asked) = claimed;
        standing_elsewhere(&context, &caller, key, asked, school).await
    };
    store.create(&caller, key, plan, taken).await
}

/// The rows of a registration.
fn plan_of(
    keys: &Keyring,
    asked: &Asked,
    class: &school_class::Model,
) -> Result<Creation<CreateStudentResponse>, StudentError> {
    let seat = Seat {
        class,
        entry_year: match asked.given.entry_year {
            0 => school_year::entered(class.grade, asked.today),
            year => year,
        },
    };
    let fields = fields_of(&asked.given);
    let hash = asked.identity_hash.clone();
    let (row, person) = person::new_record(keys, &asked.draft, &fields, seat, hash)?;
    let happening = Happening {
        kind: Kind::Enrolled,
        date: asked.today,
        process: String::new(),
    };
    let mut counts = tally::Changes::default();
    counts.add(None, Some(&row));
    let mut along = Vec::new();
    for told in ledger::entries(&happening, None, &row) {
        counts.tell(&told);
        along.push(Row::of::<student_change::Entity>(told));
    }
    along.extend(tally::store::rows(&counts));
    let shown = Student {
        warnings: asked.warnings.clone(),
        ..person::shown(&row, person)
    };
    Ok(Creation {
        hold: Hold::at::<school::Entity>(row.school, row.place)
            .with(school::Column::State, State::Open as i32),
        entry: about(&row).change(None, &shown),
        record: Row::of::<student::Entity>(row),
        unique: "identity_hash",
        along,
        answer: CreateStudentResponse {
            outcome: Some(Outcome::Student(shown)),
        },
    })
}

/// Refuses a number that comes with the student and is another's. Who is registered already is told so instead, when the
/// record is written.
async fn refuse_taken(store: &Store, asked: &Asked) -> Result<(), StudentError> {
    let given = number::normalize(&asked.draft.student_number);
    if given.is_empty() {
        return Ok(());
    }
    let hash = document::number_hash(document::index_of(&store.keys)?, &given);
    let reader = store.reader();
    let standing = store::with_hashes(reader, &[&asked.identity_hash]).await?;
    // A formal number is made of an identity number, and that must not be somebody else's.
    let made_of = document::hashes_of_number(document::index_of(&store.keys)?, &given[1..]);
    let made_of: Vec<&[u8]> = made_of.iter().map(Vec::as_slice).collect();
    let owners = store::with_hashes(reader, &made_of).await?;
    let is_foreign = owners
        .iter()
        .any(|owner| owner.identity_hash != asked.identity_hash);
    let is_taken = number::store::is_taken(reader, &hash, None).await?;
    if standing.is_empty() && (is_taken || is_foreign) {
        let number = mask::identity_number(&given);
        return Err(StudentError::NumberTaken { number });
    }
    Ok(())
}

/// The answer to a registration of somebody who has a record: of the own school it is refused; of another it becomes a claim
/// in the one case (双重学籍) that both schools settle.
async fn standing_elsewhere(
    context: &Context,
    caller: &Caller,
    key: RequestKey,
    asked: Arc<Asked>,
    school: Uuid,
) -> Result<CreateStudentResponse, StudentError> {
    let (context, registrar) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(caller, key, move |tx| async move {
            let standing = store::with_hashes(&*tx, &[&asked.identity_hash]).await?;
            // Its number, not its document, is taken; or the record went meanwhile.
            let found = standing.first().ok_or(KernelError::WriteConflict)?;
            if found.school == school {
                let known = KnownSchools::of(&*tx, &registrar, &standing).await?;
                return Err(StudentError::PersonRegistered(known.of_student(found)));
            }
            let places = parent::hold_places(&*tx, [school]).await?;
            let name = &asked.given.school_class;
            let found_class = class_named(&*tx, school, name).await?;
            let mut class = found_class.ok_or_else(|| unknown_class(name))?;
            class.place = places.get(&school).copied().unwrap_or(class.place);
            let claim = Claim {
                class: &class,
                draft: &asked.draft,
            };
            let opened = duplicate_case::open(&tx, &context, &registrar, found, claim).await?;
            let (case, entry) = opened.entry();
            let outcome = Some(Outcome::DuplicateCase(case));
            Ok((CreateStudentResponse { outcome }, entry))
        })
        .await
}
