//! The gRPC face of students: decode, call, encode.

use crate::entity::student;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::ImportResult;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::name::{check_etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::{identity_number, mask};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::count_students_request::Grouping;
use junheng_proto::registration::v1::student_service_server::StudentService;
use junheng_proto::registration::v1::{
    CountStudentsRequest, CountStudentsResponse, CreateStudentRequest, GetStudentRequest,
    ImportStudentsRequest, ListStudentsRequest, ListStudentsResponse, Student,
    UpdateStudentRequest,
};
use sea_orm::ConnectionTrait;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::error::StudentError;
use super::person::{self, Flags};
use super::rules::{self, CHANGEABLE, Draft};
use super::whereabouts::KnownSchools;
use super::{count, document, import, store};
use crate::entity::school_class;
use crate::entity::student::Model;
use crate::school::parent::{self, PlacedParent};
use crate::school_class::store as classes;

/// Serves students.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl StudentService for Rpc {
    async fn create_student(
        &self,
        request: Request<CreateStudentRequest>,
    ) -> Result<Response<Student>, Status> {
        self.create(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn get_student(
        &self,
        request: Request<GetStudentRequest>,
    ) -> Result<Response<Student>, Status> {
        self.get(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn list_students(
        &self,
        request: Request<ListStudentsRequest>,
    ) -> Result<Response<ListStudentsResponse>, Status> {
        self.list(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn update_student(
        &self,
        request: Request<UpdateStudentRequest>,
    ) -> Result<Response<Student>, Status> {
        self.update(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn import_students(
        &self,
        request: Request<Streaming<ImportStudentsRequest>>,
    ) -> Result<Response<ImportResult>, Status> {
        import::run(&self.context, request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn count_students(
        &self,
        request: Request<CountStudentsRequest>,
    ) -> Result<Response<CountStudentsResponse>, Status> {
        self.count(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn create(
        &self,
        request: Request<CreateStudentRequest>,
    ) -> Result<Student, StudentError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (store, regions) = (&self.context.store, &self.context.regions);
        let key = RequestKey::of(&message.request_id, &message)?;
        let school =
            parent::school_of(store.reader(), &caller, regions, "parent", &message.parent).await?;
        let given = message.student.ok_or_else(missing_student)?;
        let draft = draft_of(&given);
        let wrong = rules::check(&draft, self.context.clock.today());
        identity_number::refuse(wrong, &draft.identity_number)?;
        let hash = document::hash(document::index_of(&store.keys)?, &draft, school.id);
        let (keys, registrar) = (store.keys.clone(), caller.clone());
        store
            .write(&caller, key, move |tx| async move {
                // Held first: from here on the class lies where the school lies.
                parent::hold_places(&*tx, [school.id]).await?;
                let class = class_of(&*tx, school.id, &given.school_class).await?;
                let student = person::model_of(&keys, &draft, flags_of(&given), &class, hash)?;
                let added = store::insert_missing(&*tx, vec![student.clone()]).await?;
                if added.is_empty() {
                    let standing = store::with_hashes(&*tx, &[&student.identity_hash]).await?;
                    let known = KnownSchools::of(&*tx, &registrar, &standing).await?;
                    let found = standing.first().unwrap_or(&student);
                    return Err(StudentError::PersonRegistered(known.of_student(found)));
                }
                let answer = person::encode(&keys, &student)?;
                let entry = about(&student).change(None, &answer);
                Ok((answer, entry))
            })
            .await
    }

    async fn get(&self, request: Request<GetStudentRequest>) -> Result<Student, StudentError> {
        let caller = Caller::of(&request)?;
        let id = id_of("students", &request.into_inner().name)?;
        let store = &self.context.store;
        let student = resource::get::<student::Entity>(store.reader(), &caller.scope, id).await?;
        store.record_read(&caller, about(&student)).await?;
        Ok(person::encode(&store.keys, &student)?)
    }

    async fn list(
        &self,
        request: Request<ListStudentsRequest>,
    ) -> Result<ListStudentsResponse, StudentError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let store = &self.context.store;
        let PlacedParent { parent, place } = self.placed(&caller, &message.parent).await?;
        let class = match message.school_class.as_str() {
            "" => None,
            name => Some(id_of("classes", name)?),
        };
        let fields = [message.parent.as_str(), message.school_class.as_str()];
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields,
        )?;
        let rows = resource::list_only::<student::Entity>(
            store.reader(),
            &caller.scope,
            &parent,
            store::of_class(class),
            &page,
        )
        .await?;
        let (rows, next_page_token) = page.cut(rows, |row| row.id.to_string());
        let entry = Entry::about(
            &message.parent,
            place,
            parent.school(),
            DataClass::Sensitive,
        );
        store.record_read(&caller, entry).await?;
        let encode = |row| person::encode(&store.keys, row);
        Ok(ListStudentsResponse {
            students: rows
                .iter()
                .map(encode)
                .collect::<Result<_, KernelError>>()?,
            next_page_token,
        })
    }

    async fn update(
        &self,
        request: Request<UpdateStudentRequest>,
    ) -> Result<Student, StudentError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let given = message.student.ok_or_else(missing_student)?;
        let id = id_of("students", &given.name)?;
        let (scope, keys) = (caller.scope.clone(), self.context.store.keys.clone());
        let update_mask = message.update_mask;
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                let current = resource::get::<student::Entity>(&*tx, &scope, id).await?;
                check_etag(&given.name, &given.etag, current.version)?;
                let before = person::encode(&keys, &current)?;
                let key_fields = rules::KEY_FIELDS.map(|(field, _)| field);
                let asked = mask::apply(&before, &given, update_mask.as_ref(), &key_fields)?;
                KernelError::unless_empty(rules::check_unchanged(&before, &asked))?;
                let wanted = mask::apply(&before, &given, update_mask.as_ref(), CHANGEABLE)?;
                let class = class_of(&*tx, current.school, &wanted.school_class).await?;
                let Some(changed) = person::moved(&current, flags_of(&wanted), &class) else {
                    return Ok((before, about(&current)));
                };
                store::update(&*tx, &changed, current.version).await?;
                let answer = person::encode(&keys, &changed)?;
                let entry = about(&changed).change(Some(&before), &answer);
                Ok::<_, StudentError>((answer, entry))
            })
            .await
    }

    async fn count(
        &self,
        request: Request<CountStudentsRequest>,
    ) -> Result<CountStudentsResponse, StudentError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let PlacedParent { parent, .. } = self.placed(&caller, &message.parent).await?;
        let grouping = count::grouping_of(message.grouping, &parent)?;
        let by_class = grouping == Grouping::Class;
        let rows = store::count(
            self.context.store.reader(),
            &caller.scope,
            &parent,
            by_class,
        )
        .await?;
        Ok(CountStudentsResponse {
            total_count: rows.iter().map(|(_, _, count, _)| count).sum(),
            counts: count::group(grouping, rows),
            as_of_time: Some(timestamp(self.context.clock.now_micros())),
        })
    }

    async fn placed(&self, caller: &Caller, value: &str) -> Result<PlacedParent, KernelError> {
        let reader = self.context.store.reader();
        parent::placed(reader, caller, &self.context.regions, "parent", value).await
    }
}

/// The class of this name, which must be one of the school's.
async fn class_of(
    database: &impl ConnectionTrait,
    school: Uuid,
    name: &str,
) -> Result<school_class::Model, StudentError> {
    if name.is_empty() {
        return Err(KernelError::Fields(vec![Violation::required("school_class")]).into());
    }
    let unknown = || StudentError::ClassUnknown {
        class: name.to_owned(),
    };
    let id = id_of("classes", name).map_err(|_| unknown())?;
    classes::find_in(database, school, id)
        .await?
        .ok_or_else(unknown)
}

fn missing_student() -> KernelError {
    KernelError::Fields(vec![Violation::required("student")])
}

fn about(student: &Model) -> Entry {
    let name = person::name_of(student);
    Entry::about(
        name,
        student.place,
        Some(student.school),
        DataClass::Sensitive,
    )
}

fn draft_of(student: &Student) -> Draft {
    Draft {
        display_name: student.display_name.clone(),
        identity_type: student.identity_type,
        identity_number: document::normalize(&student.identity_number),
        sex: student.sex,
        birth_date: student.birth_date.clone(),
        ethnicity: student.ethnicity.clone(),
    }
}

fn flags_of(student: &Student) -> Flags {
    Flags {
        boarder: student.boarder,
        migrant: student.migrant,
        left_behind: student.left_behind,
    }
}
