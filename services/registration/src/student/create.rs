//! Registers one student by one statement, which writes everything and holds what the registration builds on.

use std::sync::Arc;

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::Parent;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::region::RegionTable;
use junheng_kernel::service::Context;
use junheng_kernel::store::{Against, Creation, Hold, RequestKey, Row, Store, Tx};
use junheng_proto::registration::v1::create_student_response::Outcome;
use junheng_proto::registration::v1::school::State;
use junheng_proto::registration::v1::student_change::Kind;
use junheng_proto::registration::v1::{
    CreateStudentRequest, CreateStudentResponse, Student, Warning,
};
use sea_orm::ConnectionTrait;
use tonic::Request;
use uuid::Uuid;

use super::error::StudentError;
use super::first_load::FirstLoad;
use super::known_classes::KnownClasses;
use super::ledger::{self, Happening, Move, Pen};
use super::person::{self, Person, Seat};
use super::rpc::{about, class_named, draft_of, fields_of, missing_student, unknown_class};
use super::rules::{self, Draft};
use super::suspicion::{self, Child};
use super::whereabouts::KnownSchools;
use super::{document, entry_age, entry_year, number, store};
use crate::duplicate_case::{self, Claim, Suspected};
use crate::entity::{former_identity, school, school_class, student, student_change};
use crate::school::parent;
use crate::tally;

/// What is asked for, checked as far as it can be without the database.
struct Asked {
    draft: Draft,
    given: Student,
    today: NaiveDate,
    identity_hash: Vec<u8>,
    warnings: Vec<Warning>,
    regions: Arc<RegionTable>,
}

pub(super) async fn run(
    context: &Context,
    load: &FirstLoad,
    known: &KnownClasses,
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
    wrong.extend(fields_of(&given).check());
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
        regions: regions.clone(),
    });
    let claimed = (context.clone(), caller.clone(), key.clone(), asked.clone());
    let planned = (store.clone(), caller.clone(), known.clone());
    let plan = move |attempt| {
        let ((store, caller, known), asked) = (planned.clone(), asked.clone());
        async move {
            let name = &asked.given.school_class;
            let covered =
                |class: &school_class::Model| caller.scope.covers(class.place, Some(school));
            let as_known = known.of(school, name);
            if let Some(class) = as_known.filter(|class| attempt == 0 && covered(class))
                && let Ok(planned) = plan_in(&store, &asked, &class).await
            {
                return Ok(planned);
            }
            let found = class_named(store.reader(), school, name).await;
            // The class lies where its school lies, so that it tells as well whether the caller may act there.
            // That the school is open, the write itself finds; asked again, it is looked at here.
            if let Ok(Some(class)) = &found {
                known.keep(class);
            }
            let class = match found {
                Ok(Some(class)) if attempt == 0 && covered(&class) => class,
                found => {
                    let named = parent::covered(store.reader(), &caller, school).await?;
                    parent::check_open(&named)?;
                    found?.ok_or_else(|| unknown_class(name))?
                }
            };
            plan_in(&store, &asked, &class).await
        }
    };
    let taken = move || async move {
        let (context, caller, key, asked) = claimed;
        contested(&context, &caller, key, asked, school).await
    };
    store.create(&caller, key, plan, taken).await
}

/// The row of a new student with what is sealed in it, and what is unusual about it.
fn record_of(
    keys: &Keyring,
    asked: &Asked,
    class: &school_class::Model,
) -> Result<(student::Model, Person, Vec<Warning>), StudentError> {
    let seat = Seat {
        class,
        entry_year: asked.entry_year(class)?,
    };
    let fields = fields_of(&asked.given);
    let hash = asked.identity_hash.clone();
    let (row, person) = person::new_record(keys, &asked.draft, &fields, seat, hash)?;
    let age = entry_age::unusual(&asked.regions, &row, &asked.draft.birth_date)?;
    if let Some(young) = age.filter(entry_age::Unusual::is_below) {
        let (age, date) = (young.bound, young.date);
        return Err(StudentError::TooYoung { age, date });
    }
    let mut warnings = asked.warnings.clone();
    warnings.extend(age.map(|old| old.warning()));
    Ok((row, person, warnings))
}

fn enrolled(today: NaiveDate) -> Happening {
    Happening {
        kind: Kind::Enrolled,
        date: today,
        process: String::new(),
    }
}

/// The rows of a registration into a class; refused where the number that comes with the student is another's.
async fn plan_in(
    store: &Store,
    asked: &Asked,
    class: &school_class::Model,
) -> Result<Creation<CreateStudentResponse>, StudentError> {
    let keys = &store.keys;
    refuse_taken(store.reader(), keys, asked).await?;
    let (row, person, warnings) = record_of(keys, asked, class)?;
    let happening = enrolled(asked.today);
    let mut counts = tally::Changes::default();
    counts.add(None, Some(&row));
    let mut along = Vec::new();
    for told in ledger::entries(&happening, None, &row) {
        counts.tell(&told);
        along.push(Row::of::<student_change::Entity>(told));
    }
    along.extend(tally::store::rows(&counts));
    let shown = Student {
        warnings,
        ..person::shown(&row, person)
    };
    Ok(Creation {
        hold: Hold::at::<school::Entity>(row.school, row.place)
            .with(school::Column::State, State::Open as i32)
            .beside::<school_class::Entity>(class.id, class.version),
        against: asked.against(keys)?,
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
async fn refuse_taken(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    asked: &Asked,
) -> Result<(), StudentError> {
    let given = &asked.draft.student_number;
    number::refuse_foreign(database, keys, given, &asked.identity_hash).await
}

/// Registers a child who has a record, had this document in one, or may be the child of another: more than one statement can
/// say. Whose document it is or was: of the own school it is refused, of another it becomes a claim in the one case
/// (双重学籍) that both schools settle. Whose name, sex and birth agree: with a claim that names the new record as what may
/// be a second of the same child.
async fn contested(
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
            parent::check_open(&parent::covered(&*tx, &registrar, school).await?)?;
            let keys = &context.store.keys;
            let places = parent::hold_open(&*tx, [school]).await?;
            let place = places.of(school).map_err(|wrong| {
                KernelError::Fields(vec![Violation {
                    field: "parent".into(),
                    ..wrong
                }])
            })?;
            let standing = store::with_hashes(&*tx, &[&asked.identity_hash]).await?;
            let former = store::former_holders(&*tx, &[&asked.identity_hash]).await?;
            if !standing.is_empty() || !former.is_empty() {
                return claimed(&tx, &context, &registrar, &asked, school).await;
            }
            refuse_taken(&*tx, keys, &asked).await?;
            let name = &asked.given.school_class;
            let found = class_named(&*tx, school, name).await?;
            let mut class = found.ok_or_else(|| unknown_class(name))?;
            class.place = place;
            let (row, person, warnings) = record_of(keys, &asked, &class)?;
            let added = store::insert_missing(&*tx, vec![row.clone()]).await?;
            if added.is_empty() {
                return Err(KernelError::WriteConflict.into());
            }
            let happening = enrolled(asked.today);
            let new = Move {
                before: None,
                after: row.clone(),
            };
            // The record itself is the entry's subject, and needs no record beside it.
            ledger::change_all(&*tx, Pen::of(&context), vec![new], Some(&happening), false).await?;
            let child = [asked.child(keys, row.id)?];
            let found = suspicion::pairs(&*tx, keys, &child).await?;
            let suspected: Vec<Suspected<'_>> = found
                .iter()
                .map(|(_, standing)| Suspected {
                    standing,
                    second: &row,
                    draft: &asked.draft,
                })
                .collect();
            let cases = duplicate_case::suspect(&tx, &context, &registrar, &suspected).await?;
            let shown = Student {
                warnings,
                ..person::shown(&row, person)
            };
            let entry = about(&row).change(None, &shown);
            let outcome = Some(Outcome::Student(shown));
            Ok((CreateStudentResponse { outcome }, entry.with_all(cases)))
        })
        .await
}

/// The claim on the record that has this document, or had it before.
async fn claimed(
    tx: &Tx,
    context: &Context,
    registrar: &Caller,
    asked: &Asked,
    school: Uuid,
) -> Result<(CreateStudentResponse, Entry), StudentError> {
    let mut standing = store::with_hashes(&**tx, &[&asked.identity_hash]).await?;
    let former = store::former_holders(&**tx, &[&asked.identity_hash]).await?;
    standing.extend(former.into_values());
    // Its number, not its document, is taken; or the record went meanwhile.
    let found = standing.first().ok_or(KernelError::WriteConflict)?;
    if found.school == school {
        let known = KnownSchools::of(&**tx, registrar, &standing).await?;
        return Err(StudentError::PersonRegistered(known.of_student(found)));
    }
    if found.identity_hash == asked.identity_hash
        && let Some(decided) = duplicate_case::told_apart(tx, context, found, &asked.draft).await?
    {
        return Err(KernelError::Fields(vec![decided]).into());
    }
    let places = parent::hold_places(&**tx, [school]).await?;
    let name = &asked.given.school_class;
    let found_class = class_named(&**tx, school, name).await?;
    let mut class = found_class.ok_or_else(|| unknown_class(name))?;
    class.place = places.get(&school).copied().unwrap_or(class.place);
    let claim = Claim {
        class: &class,
        draft: &asked.draft,
        second: None,
    };
    let opened = duplicate_case::open(tx, context, registrar, found, claim).await?;
    let (case, entry) = opened.entry();
    let outcome = Some(Outcome::DuplicateCase(case));
    Ok((CreateStudentResponse { outcome }, entry))
}

// === impl Asked ===

impl Asked {
    /// The year in which the student entered the stage, as given or as the grade says it.
    fn entry_year(&self, class: &school_class::Model) -> Result<i32, KernelError> {
        let judged = entry_year::judged(&self.regions, class, self.given.entry_year, self.today)?;
        judged.map_err(|wrong| KernelError::Fields(vec![wrong]))
    }

    /// Another record that had this document before, or may be the same child's.
    fn against(&self, keys: &Keyring) -> Result<Vec<Against>, KernelError> {
        let hash = self.identity_hash.clone();
        let had = [(former_identity::Column::IdentityHash, hash.into())];
        let former = Against::any::<former_identity::Entity>(had);
        Ok(vec![former, self.child(keys, Uuid::now_v7())?.against()])
    }

    fn child(&self, keys: &Keyring, id: Uuid) -> Result<Child, KernelError> {
        let index = document::index_of(keys)?;
        Ok(Child::of(index, id, &self.draft))
    }
}
