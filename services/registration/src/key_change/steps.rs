//! Takes a step; the county's approval changes the record.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::name::id_of;
use junheng_kernel::privacy::mask;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::workflow::{Asked, Standing, Unmet, check_reason};
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::KeyChange;
use junheng_proto::registration::v1::student_change::Kind;
use junheng_proto::registration::v1::student_number::Why;
use junheng_proto::workflow::v1::StepRequest;
use tonic::Request;

use super::create::{hash_of, refuse_registered};
use super::error::KeyChangeError;
use super::fields::Fields;
use super::workflow::{APPROVE, Guard, REJECT, WORKFLOW, state_of};
use super::{encode, fields};
use crate::duplicate_case;
use crate::entity::key_change::{self, Model};
use crate::entity::student;
use crate::school::parent;
use crate::student::error::StudentError;
use crate::student::ledger::{self, Happening, Pen};
use crate::student::person::{self, Person};
use crate::student::{number, rules, second_records, store as students};

/// Takes a step and answers with the change after it.
pub(super) async fn take(
    context: &Context,
    request: Request<StepRequest>,
    step: &'static str,
) -> Result<KeyChange, KeyChangeError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let asked = Asked::of(step, &message)?;
    let key = RequestKey::of(&message.request_id, &message)?;
    let id = id_of("keyChanges", &asked.name)?;
    if step == REJECT {
        KernelError::unless_empty(check_reason("note", &asked.note))?;
    }
    let (context, officer) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(&caller, key, move |tx| async move {
            let keys = &context.store.keys;
            let current = parent::held::<key_change::Entity>(&*tx, &officer.scope, id).await?;
            let standing = Standing {
                state: state_of(current.state),
                version: current.version,
                region: &current.region,
            };
            let taken = WORKFLOW
                .take(&tx, &context, &officer, &asked, standing, |_| true)
                .await?;
            let mut filed = encode::open(keys, &current)?;
            let is_disputed = duplicate_case::store::is_disputed(&*tx, current.student).await?;
            let student = students::with_id(&*tx, current.student).await?;
            let judged = student
                .as_ref()
                .map(|student| stands(&context, student, &current, &filed.before))
                .transpose()?
                .unwrap_or(false);
            taken.pass(&asked, |guard| match guard {
                Guard::FieldsAsFiled if is_disputed => Err(disputed()),
                Guard::FieldsAsFiled if judged => Ok(()),
                Guard::FieldsAsFiled => Err(moved_on()),
            })?;

            let before = encode::encode(keys, &current)?;
            let mut changed = current.clone();
            changed.state = taken.to as i32;
            (changed.due_date, changed.due_provisional) = taken.due_date();
            changed.version += 1;
            changed.update_micros = context.clock.now_micros();
            if step == REJECT {
                filed.reject_reason.clone_from(&asked.note);
                changed.personal = encode::seal(keys, current.id, &filed)?;
            }
            let mut records = Vec::new();
            if let Some(student) = student.filter(|_| step == APPROVE) {
                let name = encode::name_of(&current);
                records = apply(&context, &tx, &officer, &student, &filed, name).await?;
            }
            let row = changed.clone();
            resource::replace::<key_change::Entity>(&*tx, row, current.version).await?;
            let answer = encode::encode(keys, &changed)?;
            let entry = encode::about(&changed)
                .change(Some(&before), &answer)
                .with_all(records);
            let entry = taken.entry(entry, &asked);
            Ok::<_, KeyChangeError>((answer, entry))
        })
        .await
}

/// Whether the student is still in the school and the fields are still those that the change was filed for.
fn stands(
    context: &Context,
    student: &student::Model,
    change: &Model,
    before: &Fields,
) -> Result<bool, KernelError> {
    let person = Person::of(&context.store.keys, student)?;
    Ok(student.school == change.school && Fields::of(student, &person) == *before)
}

fn disputed() -> Unmet {
    Unmet::Missing(
        "the record is disputed; settle the case of double registration first".into(),
        "该生存在双重学籍争议,请先办结".into(),
    )
}

fn moved_on() -> Unmet {
    Unmet::Missing(
        "the student's school or key fields changed since this was filed; withdraw it and file it again".into(),
        "提出变更后学生的学校或关键信息已发生变化,请撤回后重新提出".into(),
    )
}

/// Changes the record: the fields, their hashes, and a J number where the fields give a usable identity number.
async fn apply(
    context: &Context,
    tx: &Tx,
    caller: &Caller,
    student: &student::Model,
    filed: &fields::Asked,
    process: String,
) -> Result<Vec<Record>, KeyChangeError> {
    let (keys, today) = (&context.store.keys, context.clock.today());
    let draft = filed.after.draft();
    KernelError::unless_empty(rules::check(&draft, today))?;
    let hash = hash_of(keys, &draft, student.school)?;
    refuse_registered(&**tx, caller, &hash, student.id).await?;
    if hash != student.identity_hash {
        // A document that is the record's own again is no former one any more.
        students::release_former(&**tx, student.id, Some(&hash)).await?;
        students::keep_former(&**tx, student, &today.to_string()).await?;
    }
    let mut after = person::corrected(keys, student, &draft, hash)?;
    let current = Person::of(keys, student)?.student_number;
    let wanted = number::after_key_change(&current, &draft);
    if wanted != current {
        let (numbered, past) = number::replaced(keys, &after, &wanted, Why::KeyChange, today)?;
        let own = Some(student.id);
        if number::store::is_taken(&**tx, &numbered.number_hash, own).await? {
            let number = mask::identity_number(&wanted);
            return Err(StudentError::NumberTaken { number }.into());
        }
        number::store::insert_past(&**tx, vec![past]).await?;
        after = numbered;
    }
    let happening = Happening {
        kind: Kind::KeyFieldChanged,
        date: today,
        process,
    };
    let pen = Pen::of(context);
    let (changed, mut told) = ledger::change(&**tx, pen, student, after, Some(&happening)).await?;
    told.extend(second_records::open_after_change(tx, context, caller, &changed).await?);
    Ok(told)
}
