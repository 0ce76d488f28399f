//! Proposes lists and takes their steps.

use std::collections::{BTreeSet, HashMap, HashSet};

use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::{etag, id_of};
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::workflow::{Asked, Standing, Unmet, check_reason};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{CertificateList, CreateCertificateListRequest};
use junheng_proto::workflow::v1::StepRequest;
use tonic::Request;
use uuid::Uuid;

use super::error::CertificateError;
use super::issue::{Issue, told};
use super::store;
use super::workflow::{CREATE, LIST, ListState, RETURN, STEP_DAYS, state_name};
use crate::duplicate_case;
use crate::entity::certificate_list::Model;
use crate::entity::{certificate_list, school, student};
use crate::school::parent;
use crate::school_year;

pub(super) async fn create(
    context: &Context,
    request: Request<CreateCertificateListRequest>,
) -> Result<CertificateList, CertificateError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let (store, regions) = (&context.store, &context.regions);
    let key = RequestKey::of(&message.request_id, &message)?;
    let school =
        parent::school_of(store.reader(), &caller, regions, "parent", &message.parent).await?;
    let named = named(&message.students)?;
    let year = message.graduation_year;
    let wrong = school_year::check("graduation_year", year);
    KernelError::unless_empty(wrong.into_iter().collect())?;
    let due = LIST.due(context, STEP_DAYS, &school.region)?;
    let now_micros = context.clock.now_micros();
    store
        .write(&caller, key, move |tx| async move {
            let school = parent::hold_school(&*tx, school.id).await?;
            if let Some(open) = store::open_list(&*tx, school.id, year).await? {
                return Err(refused(
                    format!("certificateLists/{} is under way for this year", open.id),
                    format!("该年度名册certificateLists/{}正在办理", open.id),
                ));
            }
            let graduates = store::graduates(&*tx, school.id, year).await?;
            let ids: Vec<Uuid> = graduates.keys().copied().collect();
            let certified = store::certified(&*tx, &ids).await?;
            let disputed = duplicate_case::store::disputed(&*tx, &ids).await?;
            let students = entitled(named, &graduates, &certified, &disputed)?;
            let list = Model {
                id: Uuid::now_v7(),
                school: school.id,
                place: school.place,
                region: school.region,
                graduation_year: year,
                state: LIST.start as i32,
                students: lines(&students),
                due_date: due.date.to_string(),
                due_provisional: due.provisional,
                update_micros: now_micros,
                version: 1,
            };
            store::insert_list(&*tx, list.clone()).await?;
            let answer = encode(&list);
            let entry = about(&list)
                .change(None, &answer)
                .step(CREATE, "", state_name(LIST.start));
            Ok((answer, entry))
        })
        .await
}

/// The students that a request names. Fails with `NOT_FOUND` for what is no name of a student.
fn named(students: &[String]) -> Result<BTreeSet<Uuid>, KernelError> {
    if students.len() > SET {
        let why = format!("must be at most {SET}");
        let field = Violation::invalid("students", why, format!("不得超过{SET}人"));
        return Err(KernelError::Fields(vec![field]));
    }
    students
        .iter()
        .map(|name| id_of("students", name))
        .collect()
}

/// Who goes on a list: those named, each of whom must be entitled, or everybody who is.
fn entitled(
    named: BTreeSet<Uuid>,
    graduates: &HashMap<Uuid, student::Model>,
    certified: &BTreeSet<Uuid>,
    disputed: &HashSet<Uuid>,
) -> Result<BTreeSet<Uuid>, CertificateError> {
    if let Some(one) = named.iter().find(|id| !graduates.contains_key(id)) {
        return Err(refused(
            format!("students/{one} has not completed junior school here in that year"),
            format!("students/{one}未在本校该年度初中毕业,不能发放义务教育证书"),
        ));
    }
    if let Some(one) = named.iter().find(|id| certified.contains(id)) {
        return Err(refused(
            format!("students/{one} holds a certificate already"),
            format!("students/{one}已有有效证书,如遗失请申请补发"),
        ));
    }
    if let Some(one) = named.iter().find(|id| disputed.contains(id)) {
        return Err(refused(
            format!("students/{one} is claimed by another school; settle the case first"),
            format!("students/{one}存在双重学籍争议,请先办结"),
        ));
    }
    if !named.is_empty() {
        return Ok(named);
    }
    let all = graduates
        .keys()
        .filter(|id| !certified.contains(id) && !disputed.contains(id));
    let all: BTreeSet<Uuid> = all.copied().take(SET).collect();
    if all.is_empty() {
        return Err(refused(
            "nobody completed junior school here in that year and lacks a certificate".to_owned(),
            "该年度没有应发而未发证书的初中毕业生".to_owned(),
        ));
    }
    Ok(all)
}

fn refused(why: String, why_zh: String) -> CertificateError {
    CertificateError::NoCertificate { why, why_zh }
}

pub(super) async fn take(
    context: &Context,
    request: Request<StepRequest>,
    step: &'static str,
) -> Result<CertificateList, CertificateError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let asked = Asked::of(step, &message)?;
    if step == RETURN {
        KernelError::unless_empty(check_reason("note", &message.note))?;
    }
    let key = RequestKey::of(&message.request_id, &message)?;
    let id = id_of("certificateLists", &asked.name)?;
    let context = context.clone();
    let store = context.store.clone();
    store
        .write(&caller.clone(), key, move |tx| async move {
            let before = parent::held::<certificate_list::Entity>(&*tx, &caller.scope, id).await?;
            let standing = Standing {
                state: ListState::try_from(before.state).unwrap_or_default(),
                version: before.version,
                region: &before.region,
            };
            let taken = LIST
                .take(&tx, &context, &caller, &asked, standing, |_| true)
                .await?;
            let listed = listed(&before);
            let graduates = store::graduates(&*tx, before.school, before.graduation_year).await?;
            let certified = store::certified(&*tx, &listed).await?;
            let disputed = duplicate_case::store::disputed(&*tx, &listed).await?;
            let entitled = |id: &&Uuid| {
                graduates.contains_key(id) && !certified.contains(id) && !disputed.contains(id)
            };
            let others = listed.len() - listed.iter().filter(entitled).count();
            taken
                .pass(&asked, |_| unmet(others))
                .map_err(KernelError::from)?;
            let mut changed = before.clone();
            changed.state = taken.to as i32;
            (changed.due_date, changed.due_provisional) = taken.due_date();
            changed.version += 1;
            changed.update_micros = context.clock.now_micros();
            let mut records = Vec::new();
            if taken.to == ListState::Approved {
                let students = listed.iter().filter_map(|id| graduates.get(id));
                let students: Vec<_> = students.map(|one| (one, None)).collect();
                records = issue(&tx, &context, &changed, &students).await?;
            }
            resource::replace::<certificate_list::Entity>(&*tx, changed.clone(), before.version)
                .await?;
            let answer = encode(&changed);
            let entry = about(&changed)
                .change(Some(&encode(&before)), &answer)
                .with_all(records);
            Ok::<_, CertificateError>((answer, taken.entry(entry, &asked)))
        })
        .await
}

fn unmet(others: usize) -> Result<(), Unmet> {
    if others == 0 {
        return Ok(());
    }
    Err(Unmet::Missing(
        format!(
            "{others} on the list have not graduated, hold a certificate already or are claimed by another school"
        ),
        format!("名册中有{others}人未毕业、已有有效证书或存在双重学籍争议"),
    ))
}

async fn issue(
    tx: &Tx,
    context: &Context,
    list: &Model,
    students: &[(&student::Model, Option<Uuid>)],
) -> Result<Vec<junheng_proto::journal::v1::Record>, KernelError> {
    let everywhere = Scope::everything("the school of a list that the caller covers");
    let school = resource::get::<school::Entity>(&**tx, &everywhere, list.school).await?;
    let issue = Issue {
        keys: &context.store.keys,
        school: &school,
        list: list.id,
        graduation_year: list.graduation_year,
        today: context.clock.today(),
        now_micros: context.clock.now_micros(),
    };
    let issued = issue.run(&**tx, students).await?;
    Ok(issued.iter().map(|one| told(None, one)).collect())
}

fn lines(students: &BTreeSet<Uuid>) -> String {
    let students: Vec<String> = students.iter().map(Uuid::to_string).collect();
    students.join("\n")
}

fn listed(list: &Model) -> Vec<Uuid> {
    let lines = list.students.lines();
    lines
        .filter_map(|line| Uuid::try_parse(line).ok())
        .collect()
}

/// The entry about a list.
fn about(list: &Model) -> Entry {
    let name = format!("certificateLists/{}", list.id);
    Entry::about(name, list.place, Some(list.school), DataClass::Internal)
}

/// The list as callers see it.
pub(super) fn encode(list: &Model) -> CertificateList {
    CertificateList {
        name: format!("certificateLists/{}", list.id),
        school: format!("schools/{}", list.school),
        graduation_year: list.graduation_year,
        state: list.state,
        students: listed(list)
            .into_iter()
            .map(|id| format!("students/{id}"))
            .collect(),
        due_date: list.due_date.clone(),
        etag: etag(list.version),
    }
}
