//! The gRPC face of teachers: decode, call, encode.

use crate::entity::teacher;
use junheng_directory::Directory;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::ImportResult;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::identity_number;
use junheng_kernel::journal::Entry;
use junheng_kernel::mask;
use junheng_kernel::name::{Parent, check_etag, etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::privacy::{Keyring, mask as masked};
use junheng_kernel::region::RegionTable;
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::check_reason;
use junheng_proto::options::v1::DataClass;
use junheng_proto::staffing::v1::teacher_service_server::TeacherService;
use junheng_proto::staffing::v1::{
    CreateTeacherRequest, GetTeacherRequest, ImportTeachersRequest, ListTeachersRequest,
    ListTeachersResponse, MoveTeacherRequest, Teacher, UpdateTeacherRequest,
};
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::error::TeacherError;
use super::personal::Personal;
use super::rules::{self, Draft, Employment};
use super::{import, store};
use crate::entity::teacher::Model;

/// What `UpdateTeacher` changes; who the person is and where the post lies never changes here.
const CHANGEABLE: &[&str] = &[
    "stage",
    "position",
    "subject",
    "education",
    "title",
    "backbone",
    "certified",
];

/// Serves teachers.
pub struct Rpc {
    /// The service.
    pub context: Context,
    /// Its copy of the school directory.
    pub directory: Directory,
}

#[tonic::async_trait]
impl TeacherService for Rpc {
    async fn create_teacher(
        &self,
        request: Request<CreateTeacherRequest>,
    ) -> Result<Response<Teacher>, Status> {
        self.create(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn get_teacher(
        &self,
        request: Request<GetTeacherRequest>,
    ) -> Result<Response<Teacher>, Status> {
        self.get(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn list_teachers(
        &self,
        request: Request<ListTeachersRequest>,
    ) -> Result<Response<ListTeachersResponse>, Status> {
        self.list(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn update_teacher(
        &self,
        request: Request<UpdateTeacherRequest>,
    ) -> Result<Response<Teacher>, Status> {
        self.update(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn move_teacher(
        &self,
        request: Request<MoveTeacherRequest>,
    ) -> Result<Response<Teacher>, Status> {
        self.move_to(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn import_teachers(
        &self,
        request: Request<Streaming<ImportTeachersRequest>>,
    ) -> Result<Response<ImportResult>, Status> {
        import::run(&self.context, &self.directory, request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn create(
        &self,
        request: Request<CreateTeacherRequest>,
    ) -> Result<Teacher, TeacherError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let given = required(message.teacher)?;
        let school = self
            .directory
            .school_of(&caller, "parent", &message.parent)
            .await?;
        let draft = draft_of(&given);
        let wrong = rules::check(&draft, self.context.clock.today());
        identity_number::refuse(wrong, &draft.identity_number)?;
        school.require_stage(draft.employment.stage)?;
        let keys = self.context.store.keys.clone();
        let (scope, regions) = (caller.scope.clone(), self.context.regions.clone());
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                let place = Directory::hold(&*tx, [school.id]).await?.receive(&school)?;
                let teacher = model_of(&keys, &draft, school.id, place)?;
                let added = store::insert_missing(&*tx, vec![teacher.clone()]).await?;
                if added.is_empty() {
                    let known = store::with_hashes(&*tx, [teacher.identity_hash]).await?;
                    let known = known.first().ok_or(KernelError::WriteConflict)?;
                    return Err(registered(known, &scope, &regions));
                }
                let answer = encode(&keys, &teacher)?;
                let entry = about(&teacher).change(None, &answer);
                Ok((answer, entry))
            })
            .await
    }

    async fn get(&self, request: Request<GetTeacherRequest>) -> Result<Teacher, TeacherError> {
        let caller = Caller::of(&request)?;
        let id = id_of("teachers", &request.into_inner().name)?;
        let service_store = &self.context.store;
        let teacher =
            resource::get::<teacher::Entity>(service_store.reader(), &caller.scope, id).await?;
        service_store.record_read(&caller, about(&teacher)).await?;
        Ok(encode(&service_store.keys, &teacher)?)
    }

    async fn list(
        &self,
        request: Request<ListTeachersRequest>,
    ) -> Result<ListTeachersResponse, TeacherError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent],
        )?;
        let service_store = &self.context.store;
        let (rows, next_page_token) = resource::list::<teacher::Entity>(
            service_store.reader(),
            &caller.scope,
            &parent,
            &page,
        )
        .await?;
        let place = self.directory.place_of(&parent).await?;
        let read = Entry::about(&message.parent, place, parent.school(), DataClass::Personal);
        service_store.record_read(&caller, read).await?;
        let teachers = rows.iter().map(|row| encode(&service_store.keys, row));
        Ok(ListTeachersResponse {
            teachers: teachers.collect::<Result<_, _>>()?,
            next_page_token,
        })
    }

    async fn update(
        &self,
        request: Request<UpdateTeacherRequest>,
    ) -> Result<Teacher, TeacherError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let given = required(message.teacher)?;
        let id = id_of("teachers", &given.name)?;
        let scope = caller.scope.clone();
        // Read before the write begins, and judged again in it: the teacher may have been moved meanwhile.
        let seen =
            resource::get::<teacher::Entity>(self.context.store.reader(), &scope, id).await?;
        let parent = format!("schools/{}", seen.school);
        let school = self
            .directory
            .school_of(&caller, "teacher.name", &parent)
            .await?;
        let keys = self.context.store.keys.clone();
        let update_mask = message.update_mask;
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                let current = resource::get::<teacher::Entity>(&*tx, &scope, id).await?;
                check_etag(&given.name, &given.etag, current.version)?;
                if current.school != school.id {
                    return Err(KernelError::WriteConflict.into());
                }
                let before = encode(&keys, &current)?;
                let wanted = mask::apply(&before, &given, update_mask.as_ref(), CHANGEABLE)?;
                let employment = employment_of(&wanted);
                KernelError::unless_empty(rules::check_employment(&employment))?;
                school.require_stage(employment.stage)?;
                let changed = with_employment(&current, employment);
                store::update(&*tx, &changed, current.version).await?;
                let answer = encode(&keys, &changed)?;
                let entry = about(&changed).change(Some(&before), &answer);
                Ok::<_, TeacherError>((answer, entry))
            })
            .await
    }

    async fn move_to(&self, request: Request<MoveTeacherRequest>) -> Result<Teacher, TeacherError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        KernelError::unless_empty(check_reason("note", &message.note))?;
        let id = id_of("teachers", &message.name)?;
        let scope = caller.scope.clone();
        // Whom one does not see, one does not move, wherever to.
        resource::get::<teacher::Entity>(self.context.store.reader(), &scope, id).await?;
        let school = self
            .directory
            .school_of(&caller, "school", &message.school)
            .await?;
        let keys = self.context.store.keys.clone();
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                let place = Directory::hold(&*tx, [school.id]).await?.receive(&school)?;
                let current = resource::get::<teacher::Entity>(&*tx, &scope, id).await?;
                check_etag(&message.name, &message.etag, current.version)?;
                if current.school == school.id {
                    return Err(KernelError::Fields(vec![same_school()]).into());
                }
                let stage = match message.stage {
                    0 => current.stage,
                    stage => stage,
                };
                school.require_stage(stage)?;
                let changed = Model {
                    school: school.id,
                    place,
                    stage,
                    version: current.version + 1,
                    ..current.clone()
                };
                store::move_to(&*tx, &changed, current.version).await?;
                let (before, answer) = (encode(&keys, &current)?, encode(&keys, &changed)?);
                let entry = about(&changed)
                    .change(Some(&before), &answer)
                    .note(&message.note);
                Ok::<_, TeacherError>((answer, entry))
            })
            .await
    }
}

fn same_school() -> Violation {
    Violation::invalid(
        "school",
        "must be another school than the present one",
        "应为现任学校以外的学校",
    )
}

fn required(teacher: Option<Teacher>) -> Result<Teacher, KernelError> {
    teacher.ok_or_else(|| KernelError::Fields(vec![Violation::required("teacher")]))
}

fn draft_of(teacher: &Teacher) -> Draft {
    Draft {
        display_name: teacher.display_name.trim().to_owned(),
        identity_number: identity_number::normalize(&teacher.identity_number),
        sex: teacher.sex,
        employment: employment_of(teacher),
    }
}

fn employment_of(teacher: &Teacher) -> Employment {
    Employment {
        stage: teacher.stage,
        position: teacher.position,
        subject: teacher.subject,
        education: teacher.education,
        title: teacher.title,
        backbone: teacher.backbone,
        certified: teacher.certified,
    }
}

/// A new row of a draft that has passed its rules, in a school and at the place where the school lies.
pub(super) fn model_of(
    keys: &Keyring,
    draft: &Draft,
    school: Uuid,
    place: i64,
) -> Result<Model, KernelError> {
    let id = Uuid::now_v7();
    let personal = Personal {
        display_name: draft.display_name.clone(),
        identity_number: draft.identity_number.clone(),
    };
    let Employment {
        stage,
        position,
        subject,
        education,
        title,
        backbone,
        certified,
    } = draft.employment;
    Ok(Model {
        id,
        school,
        place,
        identity_hash: personal.identity_hash(keys)?,
        personal: personal.seal(keys, id)?,
        sex: draft.sex,
        stage,
        position,
        subject,
        education,
        title,
        backbone,
        certified,
        version: 1,
    })
}

/// The row with another employment and the next version.
pub(super) fn with_employment(current: &Model, employment: Employment) -> Model {
    Model {
        stage: employment.stage,
        position: employment.position,
        subject: employment.subject,
        education: employment.education,
        title: employment.title,
        backbone: employment.backbone,
        certified: employment.certified,
        version: current.version + 1,
        ..current.clone()
    }
}

/// That a person is registered already: by the record, where the caller may see it, or else by its county.
pub(super) fn registered(known: &Model, scope: &Scope, regions: &RegionTable) -> TeacherError {
    let place = if scope.covers(known.place, Some(known.school)) {
        format!("teachers/{}", known.id)
    } else {
        let place = format!("{:012}", known.place);
        regions.name_path(&place[..6]).unwrap_or(place)
    };
    TeacherError::PersonRegistered { place }
}

pub(super) fn about(teacher: &Model) -> Entry {
    let name = format!("teachers/{}", teacher.id);
    Entry::about(
        name,
        teacher.place,
        Some(teacher.school),
        DataClass::Personal,
    )
}

/// The teacher as callers see the record: with the name, the identity number masked.
pub(super) fn encode(keys: &Keyring, teacher: &Model) -> Result<Teacher, KernelError> {
    let personal = Personal::open(keys, teacher.id, &teacher.personal)?;
    Ok(Teacher {
        name: format!("teachers/{}", teacher.id),
        school: format!("schools/{}", teacher.school),
        identity_number: masked::identity_number(&personal.identity_number),
        display_name: personal.display_name,
        sex: teacher.sex,
        stage: teacher.stage,
        position: teacher.position,
        subject: teacher.subject,
        education: teacher.education,
        title: teacher.title,
        backbone: teacher.backbone,
        certified: teacher.certified,
        etag: etag(teacher.version),
    })
}
