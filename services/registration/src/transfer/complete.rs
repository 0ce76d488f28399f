//! The end of a transfer: the record moves, comes into being, or leaves the province.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::student_change::Kind;

use super::encode::{Application, name_of};
use super::error::TransferError;
use super::facts;
use crate::duplicate_case::{self, Claim, Suspected};
use crate::entity::transfer::{Entity, Model};
use crate::entity::{school_class, student};
use crate::school_class::rules as classes;
use crate::student::error::{StudentError, Whereabouts};
use crate::student::ledger::{self, Happening, Move, Pen};
use crate::student::person::{self, Person, SchoolFields, Seat};
use crate::student::suspicion::{self, Child};
use crate::student::{document, number, store as students};
use uuid::Uuid;

/// Moves the record. `class` is where it goes, with the place of its school as it stands now; None for another province.
pub(super) async fn complete(
    tx: &Tx,
    context: &Context,
    caller: &Caller,
    transfer: &mut Model,
    student: Option<&student::Model>,
    class: Option<&school_class::Model>,
) -> Result<Vec<Record>, TransferError> {
    let keys = &context.store.keys;
    let kind = match class {
        Some(_) => Kind::TransferredIn,
        None => Kind::TransferredOut,
    };
    let happening = Happening {
        kind,
        date: context.clock.today(),
        process: name_of(transfer),
    };
    let (before, after) = match (student, class) {
        (Some(student), Some(class)) => (Some(student), seated(student, class, context)),
        (Some(student), None) => {
            let gone = student::Model {
                state: StudentState::TransferredOut as i32,
                school_class: None,
                ..student.clone()
            };
            (Some(student), gone)
        }
        (None, Some(class)) => (None, newcomer(tx, context, transfer, class).await?),
        (None, None) => {
            let why = "a transfer has neither record nor class";
            return Err(KernelError::Stored(why.into()).into());
        }
    };
    transfer.student = Some(after.id);
    let is_new = before.is_none();
    let before = before.cloned();
    let second = after.clone();
    let moves = vec![Move { before, after }];
    let pen = Pen::of(context);
    let done = ledger::change_all(&**tx, pen, moves, Some(&happening), true).await?;
    let mut records: Vec<Record> = done.records;
    if is_new {
        let draft = Application::of(keys, transfer)?.draft();
        let child = [Child::of(document::index_of(keys)?, second.id, &draft)];
        for (_, standing) in suspicion::pairs(&**tx, keys, &child).await? {
            let suspected = [Suspected {
                standing: &standing,
                second: &second,
                draft: &draft,
            }];
            records.extend(duplicate_case::suspect(tx, context, caller, &suspected).await?);
        }
    }
    Ok(records)
}

/// States the claim of the receiving school on the record that the pupil turned out to have here (双重学籍), after the
/// transfer could not be completed for it.
pub(super) async fn claim(
    context: &Context,
    caller: &Caller,
    id: Uuid,
) -> Result<(), TransferError> {
    let key = RequestKey::own(format!("transfers/{id}/claim/{}", Uuid::now_v7()));
    let (context, claimant) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(caller, key, move |tx| async move {
            let transfer = resource::get::<Entity>(&*tx, &claimant.scope, id).await?;
            let keys = &context.store.keys;
            let draft = Application::of(keys, &transfer)?.draft();
            let school = transfer.receiving_school.unwrap_or_default();
            let hash = document::hash(document::index_of(keys)?, &draft, school);
            let mut standing = students::with_hashes(&*tx, &[&hash]).await?;
            let former = students::former_holders(&*tx, &[&hash]).await?;
            standing.extend(former.into_values());
            let standing = standing.into_iter().find(|one| one.school != school);
            let class = facts::class_of(&*tx, &transfer).await?;
            let (Some(standing), Some(class)) = (standing, class) else {
                return Err(KernelError::WriteConflict.into());
            };
            let claim = Claim {
                class: &class,
                draft: &draft,
                second: None,
            };
            let opened = duplicate_case::open(&tx, &context, &claimant, &standing, claim).await?;
            Ok::<_, TransferError>(opened.entry())
        })
        .await?;
    Ok(())
}

/// The record in its new class.
pub(crate) fn seated(
    student: &student::Model,
    class: &school_class::Model,
    context: &Context,
) -> student::Model {
    let same = (student.stage, student.grade) == (class.stage, class.grade);
    student::Model {
        school: class.school,
        place: class.place,
        school_class: Some(class.id),
        stage: class.stage,
        grade: class.grade,
        grade_year: student.grade_year.max(class.grade_year),
        entry_year: if same {
            student.entry_year
        } else {
            classes::entered(class, context.clock.today())
        },
        state: StudentState::Enrolled as i32,
        ..student.clone()
    }
}

/// The new record of a pupil from another province.
async fn newcomer(
    tx: &Tx,
    context: &Context,
    transfer: &Model,
    class: &school_class::Model,
) -> Result<student::Model, TransferError> {
    let keys = &context.store.keys;
    let application = Application::of(keys, transfer)?;
    let draft = application.draft();
    let fields = SchoolFields {
        guardian_display_name: application.guardian_display_name,
        guardian_phone: application.guardian_phone,
        ..SchoolFields::default()
    };
    let seat = Seat {
        class,
        entry_year: classes::entered(class, context.clock.today()),
    };
    let index = document::index_of(keys)?;
    let hash = document::hash(index, &draft, class.school);
    let mut student = person::model_of(keys, &draft, &fields, seat, hash)?;
    if !application.student_number.is_empty() {
        // One person, one number: the other province's stays.
        let mut person = Person::of(keys, &student)?;
        person.student_number = application.student_number;
        student.number_hash = document::number_hash(index, &person.student_number);
        student.personal = person.seal(keys, student.id)?;
    }
    let hash = student.identity_hash.as_slice();
    let former = students::former_holders(&**tx, &[hash]).await?;
    let registered = students::with_hashes(&**tx, &[hash]).await?;
    if !former.is_empty() || !registered.is_empty() {
        return Err(StudentError::PersonRegistered(Whereabouts::AnotherSchool).into());
    }
    // Somebody else may have come by the number since the transfer was begun.
    number::refuse_foreign(&**tx, keys, &draft.student_number, hash).await?;
    let added = students::insert_missing(&**tx, vec![student.clone()]).await?;
    if added.is_empty() {
        return Err(StudentError::PersonRegistered(Whereabouts::AnotherSchool).into());
    }
    Ok(student)
}
