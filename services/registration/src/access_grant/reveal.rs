//! One look at one student in clear.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::{Entry, record};
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{ClearField, RevealStudentRequest, RevealedStudent};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::encode::{encode_reveal, name_of};
use super::error::GrantError;
use super::{rules, store};
use crate::approval::error::ApprovalError;
use crate::approval::{fields_of_text, names_field};
use crate::entity::{access_grant, access_reveal, student};
use crate::school::parent;
use crate::student::person::Person;

/// Counts the look, keeps it, and gives the fields. What the journal keeps as the answer names no field's content, so that a
/// request sent again after the grant has ended finds nothing in clear.
pub(super) async fn run(
    context: &Context,
    caller: Caller,
    message: RevealStudentRequest,
) -> Result<RevealedStudent, GrantError> {
    let key = RequestKey::of(&message.request_id, &message)?;
    let reader = context.store.reader();
    let id = id_of("students", &message.name)?;
    let student = resource::get::<student::Entity>(reader, &caller.scope, id).await?;
    let grant_id = id_of("accessGrants", &message.access_grant)?;
    let grant = judged(reader, context, &caller, grant_id, &student).await?;
    let (work_context, work_caller) = (context.clone(), caller.clone());
    let schools = [Some(student.school), grant.school];
    let told: RevealedStudent = context
        .store
        .write(&caller, key, move |tx| async move {
            let (context, caller) = (work_context, work_caller);
            parent::hold_places(&*tx, schools.into_iter().flatten()).await?;
            let student = resource::get::<student::Entity>(&*tx, &caller.scope, id).await?;
            if !store::take_one(&*tx, grant_id).await? {
                // Why not: judged again, for a step may have come between.
                let grant = judged(&*tx, &context, &caller, grant_id, &student).await?;
                return Err(ApprovalError::Exhausted {
                    name: name_of(&grant),
                    quota: grant.quota.into(),
                }
                .into());
            }
            let grant = judged(&*tx, &context, &caller, grant_id, &student).await?;
            let reveal = access_reveal::Model {
                id: Uuid::now_v7(),
                access_grant: grant.id,
                student: student.id,
                school: student.school,
                place: student.place,
                holder_place: grant.place,
                holder_school: grant.school,
                account: caller.account.clone(),
                clear_fields: grant.clear_fields.clone(),
                reveal_micros: context.clock.now_micros(),
            };
            store::insert_reveal(&*tx, reveal.clone()).await?;
            let told = encode_reveal(&reveal);
            let answer = RevealedStudent {
                student: told.student.clone(),
                access_grant: told.access_grant.clone(),
                remaining_count: grant.quota - grant.used_count,
                ..RevealedStudent::default()
            };
            let school = Some(student.school);
            let note = format!("{}: {}", told.access_grant, grant.purpose);
            let entry = Entry::about(&told.student, student.place, school, DataClass::Sensitive)
                .note(&note)
                .with(record(&told.name, student.place, school, None, &told, true));
            Ok::<_, GrantError>((answer, entry))
        })
        .await?;
    let person = Person::of(&context.store.keys, &student)?;
    let fields = fields_of_text(&grant.clear_fields);
    let given = |field: ClearField, clear: &String| match names_field(&fields, field) {
        true => clear.clone(),
        false => String::new(),
    };
    Ok(RevealedStudent {
        identity_number: given(ClearField::IdentityNumber, &person.identity_number),
        student_number: given(ClearField::StudentNumber, &person.student_number),
        guardian_phone: given(ClearField::GuardianPhone, &person.guardian_phone),
        residence: given(ClearField::Residence, &person.residence),
        ..told
    })
}

/// The grant, if the caller may look at the student under it; its quota aside.
async fn judged(
    database: &impl ConnectionTrait,
    context: &Context,
    caller: &Caller,
    id: Uuid,
    student: &student::Model,
) -> Result<access_grant::Model, GrantError> {
    let anybodys = Scope::everything("whose grant it is, is judged below");
    let grant = resource::get::<access_grant::Entity>(database, &anybodys, id).await?;
    if grant.holder != caller.account && !caller.scope.covers(grant.place, grant.school) {
        return Err(KernelError::not_found(name_of(&grant)).into());
    }
    let today = context.clock.today();
    rules::check_use(
        &name_of(&grant),
        &grant,
        &caller.account,
        &caller.post(),
        today,
    )?;
    let students = Parent::of(caller, &context.regions, "parent", &grant.students_of)?;
    if !students.contains(student.place, Some(student.school)) {
        return Err(ApprovalError::StudentOutside {
            name: name_of(&grant),
            students_of: grant.students_of,
        }
        .into());
    }
    Ok(grant)
}
