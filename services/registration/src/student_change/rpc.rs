//! The gRPC face of changes of student records.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::journal::Entry;
use junheng_kernel::label;
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::student_change_service_server::StudentChangeService;
use junheng_proto::registration::v1::{
    ListStudentChangesRequest, ListStudentChangesResponse, StudentChange,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::store;
use crate::entity::student;
use crate::entity::student_change::{Entity, Model};
use crate::school::parent;
use crate::school_year;

/// Serves changes of student records.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

/// Whose changes are asked for.
enum Asked {
    /// Those of a school or region.
    Below(Parent),
    /// Those of a student.
    Of(Uuid),
}

#[tonic::async_trait]
impl StudentChangeService for Rpc {
    async fn list_student_changes(
        &self,
        request: Request<ListStudentChangesRequest>,
    ) -> Result<Response<ListStudentChangesResponse>, Status> {
        self.list(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn list(
        &self,
        request: Request<ListStudentChangesRequest>,
    ) -> Result<ListStudentChangesResponse, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (asked, about) = self.asked(&caller, &message.parent).await?;
        check(&message)?;
        let only = store::wanted(&message);
        let fields = [
            message.kind,
            message.school_year,
            message.stage,
            message.entry_year,
        ];
        let [kind, school_year, stage, entry_year] = &fields.map(|number| number.to_string());
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent, kind, school_year, stage, entry_year],
        )?;
        let reader = self.context.store.reader();
        let (rows, next_page_token) = match asked {
            Asked::Below(parent) => {
                resource::list_only::<Entity>(reader, &caller.scope, &parent, only, &page).await?
            }
            Asked::Of(student) => {
                let whole = Scope::everything("the history goes with the student, found in scope");
                let only = only.add(store::of_student(student));
                resource::list_by_id::<Entity>(reader, &whole, only, &page).await?
            }
        };
        self.context.store.record_read(&caller, about).await?;
        Ok(ListStudentChangesResponse {
            student_changes: rows.into_iter().map(encode).collect(),
            next_page_token,
        })
    }

    async fn asked(&self, caller: &Caller, value: &str) -> Result<(Asked, Entry), KernelError> {
        let (reader, regions) = (self.context.store.reader(), &self.context.regions);
        let about = |place, school| Entry::about(value, place, school, DataClass::Sensitive);
        if value.starts_with("students/") {
            let id = id_of("students", value)?;
            let student = resource::get::<student::Entity>(reader, &caller.scope, id).await?;
            return Ok((Asked::Of(id), about(student.place, Some(student.school))));
        }
        let placed = parent::placed(reader, caller, regions, "parent", value).await?;
        let about = about(placed.place, placed.parent.school());
        Ok((Asked::Below(placed.parent), about))
    }
}

fn check(message: &ListStudentChangesRequest) -> Result<(), KernelError> {
    let labels = [
        (
            "kind",
            "junheng.registration.v1.StudentChange.Kind",
            message.kind,
        ),
        ("stage", "junheng.education.v1.Stage", message.stage),
    ];
    let wrong = labels
        .into_iter()
        .filter(|(.., number)| *number != 0)
        .filter_map(|(field, full_name, number)| label::check(field, full_name, number));
    let years = [
        school_year::check_filter("school_year", message.school_year),
        school_year::check_filter("entry_year", message.entry_year),
    ];
    KernelError::unless_empty(wrong.chain(years.into_iter().flatten()).collect())
}

fn encode(change: Model) -> StudentChange {
    let school = |id: Option<Uuid>| id.map_or_else(String::new, |id| format!("schools/{id}"));
    StudentChange {
        name: format!("studentChanges/{}", change.id),
        student: format!("students/{}", change.student),
        school: format!("schools/{}", change.school),
        kind: change.kind,
        effective_date: change.effective_date,
        school_year: change.school_year,
        from_school: school(change.from_school),
        to_school: school(change.to_school),
        process: change.process,
        entry_year: change.entry_year,
    }
}
