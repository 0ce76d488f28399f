//! The gRPC face of students: decode, call, encode.

use crate::entity::student;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::ImportResult;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::mask;
use junheng_kernel::name::{check_etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::student_service_server::StudentService;
use junheng_proto::registration::v1::{
    CountStudentsRequest, CountStudentsResponse, CreateStudentRequest, CreateStudentResponse,
    GetStudentRequest, ImportStudentsRequest, ListStudentsRequest, ListStudentsResponse,
    SearchStudentsRequest, SearchStudentsResponse, Student, UpdateStudentRequest,
};
use sea_orm::ConnectionTrait;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::error::StudentError;
use super::filter::Filter;
use super::first_load::FirstLoad;
use super::known_classes::KnownClasses;
use super::ledger::{self, Pen};
use super::person::{self, Person, SchoolFields};
use super::rules::{self, CHANGEABLE, Draft};
use super::{count, create, document, entry_age, import, number, search};
use crate::class_draw;
use crate::entity::school_class;
use crate::entity::student::Model;
use crate::quarantine::Quarantine;
use crate::school::parent::{self, PlacedParent};
use crate::school_class::store as classes;
use crate::special_group;

/// Serves students.
pub struct Rpc {
    /// The service.
    pub context: Context,
    /// Rows of imports that wait for what this one registers.
    pub waiting: Quarantine,
    /// The first load of the province, while there is one.
    pub(crate) load: FirstLoad,
    /// The classes that registrations named.
    pub(crate) classes: KnownClasses,
}

#[tonic::async_trait]
impl StudentService for Rpc {
    async fn create_student(
        &self,
        request: Request<CreateStudentRequest>,
    ) -> Result<Response<CreateStudentResponse>, Status> {
        create::run(&self.context, &self.load, &self.classes, request)
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

    async fn search_students(
        &self,
        request: Request<SearchStudentsRequest>,
    ) -> Result<Response<SearchStudentsResponse>, Status> {
        search::run(&self.context, request)
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
        import::run(&self.context, &self.waiting, &self.load, request)
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
    async fn get(&self, request: Request<GetStudentRequest>) -> Result<Student, StudentError> {
        let caller = Caller::of(&request)?;
        let id = id_of("students", &request.into_inner().name)?;
        let store = &self.context.store;
        let student = resource::get::<student::Entity>(store.reader(), &caller.scope, id).await?;
        store.record_read(&caller, about(&student)).await?;
        let shown = person::encode(&store.keys, &student)?;
        let age = entry_age::unusual(&self.context.regions, &student, &shown.birth_date)?;
        // What was unusual otherwise was told when the record was made.
        let young = age.filter(entry_age::Unusual::is_below);
        Ok(Student {
            warnings: young.iter().map(entry_age::Unusual::warning).collect(),
            ..shown
        })
    }

    async fn list(
        &self,
        request: Request<ListStudentsRequest>,
    ) -> Result<ListStudentsResponse, StudentError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let store = &self.context.store;
        let PlacedParent { parent, place } = self.placed(&caller, &message.parent).await?;
        let filter = Filter::of(&message)?;
        let fields = Filter::fields(&message);
        let fields = fields.each_ref().map(String::as_str);
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields,
        )?;
        let school = parent.school();
        let within = filter.narrowed(store.reader(), parent).await?;
        let (rows, next_page_token) = resource::list_only::<student::Entity>(
            store.reader(),
            &caller.scope,
            &within,
            filter.condition(),
            &page,
        )
        .await?;
        let entry = Entry::about(&message.parent, place, school, DataClass::Sensitive);
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
        let context = self.context.clone();
        let update_mask = message.update_mask;
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                let current = resource::get::<student::Entity>(&*tx, &scope, id).await?;
                check_etag(&given.name, &given.etag, current.version)?;
                let before = person::encode(&keys, &current)?;
                let held = rules::held_fields();
                let asked = mask::apply(&before, &given, update_mask.as_ref(), &held)?;
                let mut wrong = rules::check_unchanged(&before, &asked);
                wrong.extend(rules::check_fixed(&before, &asked));
                KernelError::unless_empty(wrong)?;
                let wanted = mask::apply(&before, &given, update_mask.as_ref(), CHANGEABLE)?;
                let class = match wanted.school_class.as_str() {
                    "" => None,
                    name => Some(class_of(&*tx, current.school, name).await?),
                };
                if let Some(class) = &class {
                    KernelError::unless_empty(rules::check_seat(&current, class))?;
                }
                let person = Person::of(&keys, &current)?;
                let fields = fields_of(&wanted).unmasked(&person);
                KernelError::unless_empty(fields.check())?;
                let wanted = person::moved(&keys, &current, &person, &fields, class.as_ref())?;
                let Some(after) = wanted else {
                    return Ok((before, about(&current)));
                };
                if rules::gets_a_class(&current, &after) {
                    let listed = class_draw::store::listed(&*tx, &[&current]).await?;
                    if let Some(draw) = listed.get(&current.id) {
                        let draw = format!("classDraws/{draw}");
                        return Err(StudentError::ClassDrawUnderWay { draw });
                    }
                }
                let proven = special_group::proven(&*tx, [(&current, &after)]).await?;
                if let Some((_, group)) = proven.get(&current.id).and_then(|flags| flags.first()) {
                    return Err(StudentError::FlagProven { group });
                }
                let pen = Pen::of(&context);
                let (changed, told) = ledger::change(&*tx, pen, &current, after, None).await?;
                let answer = person::encode(&keys, &changed)?;
                let entry = about(&changed).with_all(told);
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
        let store = self.context.store.clone();
        // In a task of its own: a caller who goes away must not leave the snapshot open.
        let counted = tokio::spawn(async move { count::read(&store, &parent, grouping).await });
        let counts = counted
            .await
            .map_err(|error| KernelError::Stored(format!("the task failed: {error}")))??;
        Ok(CountStudentsResponse {
            total_count: counts.iter().map(|count| count.student_count).sum(),
            counts,
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
    let found = class_named(database, school, name).await?;
    found.ok_or_else(|| unknown_class(name))
}

/// The same; `None` when the school has no such class. Fails with `FIELD_REQUIRED` for an empty name.
pub(super) async fn class_named(
    database: &impl ConnectionTrait,
    school: Uuid,
    name: &str,
) -> Result<Option<school_class::Model>, StudentError> {
    if name.is_empty() {
        return Err(KernelError::Fields(vec![Violation::required("school_class")]).into());
    }
    let Ok(id) = id_of("classes", name) else {
        return Ok(None);
    };
    Ok(classes::find_in(database, school, id).await?)
}

pub(super) fn unknown_class(name: &str) -> StudentError {
    StudentError::ClassUnknown {
        class: name.to_owned(),
    }
}

pub(super) fn missing_student() -> KernelError {
    KernelError::Fields(vec![Violation::required("student")])
}

pub(super) fn about(student: &Model) -> Entry {
    let name = person::name_of(student);
    Entry::about(
        name,
        student.place,
        Some(student.school),
        DataClass::Sensitive,
    )
}

pub(super) fn draft_of(student: &Student) -> Draft {
    Draft {
        display_name: student.display_name.clone(),
        identity_type: student.identity_type,
        identity_number: document::normalize(&student.identity_number),
        sex: student.sex,
        birth_date: student.birth_date.clone(),
        ethnicity: student.ethnicity.clone(),
        student_number: number::normalize(&student.student_number),
    }
}

pub(super) fn fields_of(student: &Student) -> SchoolFields {
    SchoolFields {
        boarder: student.boarder,
        migrant: student.migrant,
        left_behind: student.left_behind,
        disability: student.disability,
        placement: student.placement,
        hardship: student.hardship,
        guardian_display_name: student.guardian_display_name.clone(),
        guardian_phone: student.guardian_phone.clone(),
        residence: student.residence.clone(),
    }
}
