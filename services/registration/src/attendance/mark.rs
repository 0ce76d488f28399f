//! Marks a whole class on a day, or corrects what was marked.

use std::collections::BTreeMap;

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::Entry;
use junheng_kernel::label;
use junheng_kernel::name::{check_etag, id_of};
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::check_reason;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{AttendanceMark, AttendanceSheet, MarkAttendanceRequest};
use uuid::Uuid;

use super::called::{Called, Kind, kind_of};
use super::error::AttendanceError;
use super::write::{Change, write};
use super::{days, encode, store};
use crate::entity::school_class;
use crate::school::parent;

/// The marks that a sheet names, of pupils who are named once. Fails with what is wrong.
pub(super) fn exceptions(marks: &[AttendanceMark]) -> Result<BTreeMap<Uuid, Kind>, Vec<Violation>> {
    let (mut read, mut wrong) = (BTreeMap::new(), Vec::new());
    for (number, mark) in marks.iter().enumerate() {
        let field = |name: &str| format!("exceptions[{number}].{name}");
        let full_name = "junheng.registration.v1.AttendanceMark.Kind";
        wrong.extend(label::check(&field("kind"), full_name, mark.kind));
        match id_of("students", &mark.student) {
            Err(_) => wrong.push(Violation::invalid(
                &field("student"),
                "must be students/{id}",
                "应为 students/{学生标识}",
            )),
            Ok(student) => {
                if read.insert(student, kind_of(mark.kind)).is_some() {
                    wrong.push(Violation::invalid(
                        &field("student"),
                        "is named twice",
                        "重复列出",
                    ));
                }
            }
        }
    }
    if wrong.is_empty() {
        Ok(read)
    } else {
        Err(wrong)
    }
}

pub(super) async fn run(
    context: &Context,
    caller: Caller,
    message: MarkAttendanceRequest,
) -> Result<AttendanceSheet, AttendanceError> {
    let id = id_of("classes", &message.school_class)?;
    let key = RequestKey::of(&message.request_id, &message)?;
    let date =
        days::read("date", &message.date).map_err(|wrong| KernelError::Fields(vec![wrong]))?;
    let exceptions = exceptions(&message.exceptions).map_err(KernelError::Fields)?;
    if !message.etag.is_empty() && message.reason.trim().is_empty() {
        return Err(KernelError::Fields(vec![Violation::required("reason")]).into());
    }
    if !message.reason.is_empty() {
        KernelError::unless_empty(check_reason("reason", &message.reason))?;
    }
    let store = context.store.clone();
    let context = context.clone();
    let (by, etag, reason) = (caller.clone(), message.etag, message.reason);
    store
        .write(&caller, key, move |tx| async move {
            let class = resource::get::<school_class::Entity>(&*tx, &by.scope, id).await?;
            let places = parent::hold_places(&*tx, [class.school]).await?;
            let place = places.get(&class.school).copied().unwrap_or(class.place);
            days::check(&context, by.role.level, place, date)?;
            let standing = store::sheets(&*tx, &[(id, date)]).await?;
            let standing = standing.into_values().collect();
            let standing = store::opened(&*tx, standing).await?.pop();
            let change = match standing {
                Some((sheet, _)) if etag.is_empty() => {
                    return Err(AttendanceError::Stands {
                        name: encode::name_of(&sheet),
                    });
                }
                Some((sheet, was)) => {
                    check_etag(&encode::name_of(&sheet), &etag, sheet.version)?;
                    let mut roll: Vec<Uuid> = was.iter().map(|(student, _)| student).collect();
                    if exceptions.keys().any(|one| !roll.contains(one)) {
                        roll.extend(roll_of(&*tx, id, date).await?);
                    }
                    let called = called(&*tx, roll, exceptions, Some(&was), date).await?;
                    Change::of(sheet, was, place, date, called)
                }
                None if !etag.is_empty() => {
                    let name = format!("classes/{id}");
                    return Err(KernelError::EtagMismatch { name }.into());
                }
                None => {
                    let roll = roll_of(&*tx, id, date).await?;
                    let called = called(&*tx, roll, exceptions, None, date).await?;
                    Change::new((class.school, place, id), date, called)
                }
            };
            let before = change
                .before
                .as_ref()
                .map(|(sheet, was)| encode::encode(sheet, was, true));
            let (sheets, mut records) = write(&tx, &context, vec![change], true).await?;
            let Some((sheet, called)) = sheets.first() else {
                return Err(KernelError::Stored("a sheet was not written".into()).into());
            };
            let answer = encode::encode(sheet, called, true);
            // The first is the sheet's own, which the entry tells with who was present.
            let others = records.split_off(1);
            let school = Some(sheet.school);
            let entry = Entry::about(&answer.name, sheet.place, school, DataClass::Sensitive)
                .change(before.as_ref(), &answer)
                .with_all(others)
                .note(&reason);
            Ok((answer, entry))
        })
        .await
}

/// Who was enrolled in the class on the day. Fails with `CLASS_WITHOUT_PUPILS` when nobody was.
async fn roll_of(
    database: &impl sea_orm::ConnectionTrait,
    class: Uuid,
    date: chrono::NaiveDate,
) -> Result<Vec<Uuid>, AttendanceError> {
    let mut rolls = store::enrolled(database, &[class]).await?;
    let mut roll = rolls.remove(&class).unwrap_or_default();
    let later = store::arrived_after(database, &roll, date).await?;
    roll.retain(|student| !later.contains_key(student));
    if roll.is_empty() {
        let name = format!("classes/{class}");
        return Err(AttendanceError::NoPupils { name });
    }
    Ok(roll)
}

/// The class with the marks that were named. Everybody else was present, but for who has an open case: silence does not
/// prove that such a child is there, nor that what the sheet said of it before was wrong.
async fn called(
    database: &impl sea_orm::ConnectionTrait,
    roll: Vec<Uuid>,
    exceptions: BTreeMap<Uuid, Kind>,
    standing: Option<&Called>,
    date: chrono::NaiveDate,
) -> Result<Called, AttendanceError> {
    if let Some(stranger) = exceptions.keys().find(|one| !roll.contains(one)) {
        let student = format!("students/{stranger}");
        return Err(AttendanceError::NotOnRoll { student, date });
    }
    let watched = store::watched(database, &roll).await?;
    let stood = |one: &Uuid| standing.and_then(|standing| standing.mark_of(*one));
    let unsaid = watched
        .into_iter()
        .map(|one| (one, stood(&one).unwrap_or_default()));
    Ok(Called::whole(roll, unsaid.chain(exceptions)))
}
