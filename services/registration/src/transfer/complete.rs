//! The end of a transfer: the record moves, comes into being, or leaves the province.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::student_change::Kind;
use junheng_proto::registration::v1::student_number::Why;
use junheng_proto::registration::v1::transfer::Route;
use sea_orm::{ConnectionTrait, DbErr};

use super::encode::{Application, name_of};
use super::error::TransferError;
use super::facts;
use crate::duplicate_case::{self, Claim, Suspected};
use crate::entity::transfer::{Entity, Model};
use crate::entity::{school_class, student};
use crate::school::parent;
use crate::school_class::rules as classes;
use crate::student::ledger::{self, Happening, Move, Pen};
use crate::student::person::{self, Person, SchoolFields, Seat};
use crate::student::suspicion::{self, Child};
use crate::student::{document, number, store as students, whereabouts};
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
        (Some(student), Some(class)) => {
            let seated = seated(student, class, context);
            (
                Some(student),
                numbered(tx, context, transfer, seated).await?,
            )
        }
        (Some(student), None) => {
            let gone = student::Model {
                state: StudentState::TransferredOut as i32,
                school_class: None,
                ..student.clone()
            };
            (Some(student), gone)
        }
        (None, Some(class)) => (None, newcomer(tx, context, caller, transfer, class).await?),
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
/// transfer could not be completed for it. Where it is the receiving school that has registered the pupil meanwhile, there is
/// nothing to claim.
pub(super) async fn claim(
    context: &Context,
    caller: &Caller,
    id: Uuid,
) -> Result<(), TransferError> {
    let reader = context.store.reader();
    let transfer = resource::get::<Entity>(reader, &caller.scope, id).await?;
    if elsewhere(reader, context, &transfer).await?.is_none() {
        return Ok(());
    }
    let key = RequestKey::own(format!("transfers/{id}/claim/{}", Uuid::now_v7()));
    let (context, claimant) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(caller, key, move |tx| async move {
            let transfer = parent::held::<Entity>(&*tx, &claimant.scope, id).await?;
            let draft = Application::of(&context.store.keys, &transfer)?.draft();
            let standing = elsewhere(&*tx, &context, &transfer).await?;
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

/// The record that the pupil of a transfer has in another school than the receiving one.
async fn elsewhere(
    database: &impl ConnectionTrait,
    context: &Context,
    transfer: &Model,
) -> Result<Option<student::Model>, KernelError> {
    let keys = &context.store.keys;
    let draft = Application::of(keys, transfer)?.draft();
    let school = transfer.receiving_school.unwrap_or_default();
    let hash = document::hash(document::index_of(keys)?, &draft, school);
    let holders = holders(database, &hash).await?;
    Ok(holders.into_iter().find(|one| one.school != school))
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

/// The record with the formal number that its pupil brings back from another province.
async fn numbered(
    tx: &Tx,
    context: &Context,
    transfer: &Model,
    seated: student::Model,
) -> Result<student::Model, TransferError> {
    if transfer.route != Route::FromOutside as i32 {
        return Ok(seated);
    }
    let keys = &context.store.keys;
    let stated = Application::of(keys, transfer)?.student_number;
    let number = number::returned::taken_over(&**tx, keys, &seated, &stated).await?;
    let Some(number) = number else {
        return Ok(seated);
    };
    let today = context.clock.today();
    let (numbered, past) = number::replaced(keys, &seated, &number, Why::BroughtBack, today)?;
    number::store::insert_past(&**tx, vec![past]).await?;
    number::store::clear_mismatches(&**tx, [numbered.id]).await?;
    Ok(numbered)
}

/// The new record of a pupil from another province.
async fn newcomer(
    tx: &Tx,
    context: &Context,
    caller: &Caller,
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
    if let Some(holder) = holders(&**tx, hash).await?.first() {
        return Err(whereabouts::registered(&**tx, caller, holder).await?.into());
    }
    // Somebody else may have come by the number since the transfer was begun.
    number::refuse_foreign(&**tx, keys, &draft.student_number, hash).await?;
    let added = students::insert_missing(&**tx, vec![student.clone()]).await?;
    if added.is_empty() {
        // Somebody registered the pupil in this moment.
        return match holders(&**tx, &student.identity_hash).await?.first() {
            Some(holder) => Err(whereabouts::registered(&**tx, caller, holder).await?.into()),
            None => Err(KernelError::WriteConflict.into()),
        };
    }
    Ok(student)
}

/// The records that stand for a document, and those that had it before a change of key fields.
async fn holders(
    database: &impl ConnectionTrait,
    hash: &[u8],
) -> Result<Vec<student::Model>, DbErr> {
    let mut holders = students::with_hashes(database, &[hash]).await?;
    let former = students::former_holders(database, &[hash]).await?;
    holders.extend(former.into_values());
    Ok(holders)
}
