//! The gRPC face of classes: decode, call, encode.

use crate::entity::school_class;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::ImportResult;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::label;
use junheng_kernel::name::{Parent, etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::education::v1::Stage;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::school_class_service_server::SchoolClassService;
use junheng_proto::registration::v1::{
    CreateSchoolClassRequest, GetSchoolClassRequest, ImportSchoolClassesRequest,
    ListSchoolClassesRequest, ListSchoolClassesResponse, SchoolClass,
};
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::error::SchoolClassError;
use super::rules::{self, Place};
use super::{import, store};
use crate::entity::school;
use crate::entity::school_class::Model;
use crate::quarantine::Quarantine;
use crate::school::parent;
use crate::school::rules::stages_of;

/// Serves classes.
pub struct Rpc {
    /// The service.
    pub context: Context,
    /// Rows of imports that wait for what this one registers.
    pub waiting: Quarantine,
}

#[tonic::async_trait]
impl SchoolClassService for Rpc {
    async fn create_school_class(
        &self,
        request: Request<CreateSchoolClassRequest>,
    ) -> Result<Response<SchoolClass>, Status> {
        let created = self.create(request).await;
        self.waiting.look_again();
        created.map(Response::new).map_err(into_status)
    }

    async fn get_school_class(
        &self,
        request: Request<GetSchoolClassRequest>,
    ) -> Result<Response<SchoolClass>, Status> {
        self.get(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn list_school_classes(
        &self,
        request: Request<ListSchoolClassesRequest>,
    ) -> Result<Response<ListSchoolClassesResponse>, Status> {
        self.list(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn import_school_classes(
        &self,
        request: Request<Streaming<ImportSchoolClassesRequest>>,
    ) -> Result<Response<ImportResult>, Status> {
        import::run(&self.context, &self.waiting, request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn create(
        &self,
        request: Request<CreateSchoolClassRequest>,
    ) -> Result<SchoolClass, SchoolClassError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (store, regions) = (&self.context.store, &self.context.regions);
        let key = RequestKey::of(&message.request_id, &message)?;
        let school =
            parent::school_of(store.reader(), &caller, regions, "parent", &message.parent).await?;
        let given = message
            .school_class
            .ok_or_else(|| KernelError::Fields(vec![Violation::required("school_class")]))?;
        let place = Place {
            stage: given.stage,
            grade: given.grade,
            number: given.number,
        };
        KernelError::unless_empty(rules::check(place))?;
        require_stage(&school, place.stage)?;
        let today = self.context.clock.today();
        store
            .write(&caller, key, move |tx| async move {
                let mut class = model_of(&school, place);
                let places = parent::hold_places(&*tx, [school.id]).await?;
                class.place = places.get(&school.id).copied().unwrap_or(class.place);
                let years = store::grade_years(&*tx, &[school.id]).await?;
                class.grade_year = rules::opens_in(years.get(&school.id), today);
                let added = store::insert_missing(&*tx, vec![class.clone()]).await?;
                if added.is_empty() {
                    return Err(SchoolClassError::Taken {
                        class: format!("{} {}", school.school_code, place.full_name()),
                    });
                }
                let answer = encode(&class);
                let entry = Entry::about(
                    &answer.name,
                    class.place,
                    Some(class.school),
                    DataClass::Internal,
                )
                .change(None, &answer);
                Ok((answer, entry))
            })
            .await
    }

    async fn get(
        &self,
        request: Request<GetSchoolClassRequest>,
    ) -> Result<SchoolClass, SchoolClassError> {
        let caller = Caller::of(&request)?;
        let id = id_of("classes", &request.into_inner().name)?;
        let class =
            resource::get::<school_class::Entity>(self.context.store.reader(), &caller.scope, id)
                .await?;
        Ok(encode(&class))
    }

    async fn list(
        &self,
        request: Request<ListSchoolClassesRequest>,
    ) -> Result<ListSchoolClassesResponse, SchoolClassError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent],
        )?;
        let (rows, next_page_token) = resource::list::<school_class::Entity>(
            self.context.store.reader(),
            &caller.scope,
            &parent,
            &page,
        )
        .await?;
        Ok(ListSchoolClassesResponse {
            school_classes: rows.iter().map(encode).collect(),
            next_page_token,
        })
    }
}

/// Fails with `STAGE_NOT_RUN` unless the school's kind runs the stage.
pub(crate) fn require_stage(school: &school::Model, stage: i32) -> Result<(), SchoolClassError> {
    if stages_of(school.kind)
        .iter()
        .any(|run| *run as i32 == stage)
    {
        return Ok(());
    }
    Err(SchoolClassError::StageNotRun {
        school: school.display_name.clone(),
        stage: label::of(Stage::try_from(stage).unwrap_or_default()),
    })
}

/// A new class of the school.
pub(super) fn model_of(school: &school::Model, place: Place) -> Model {
    Model {
        id: Uuid::now_v7(),
        school: school.id,
        place: school.place,
        stage: place.stage,
        grade: place.grade,
        // Known when the school is held.
        grade_year: 0,
        number: place.number,
        version: 1,
    }
}

/// The class as callers see it.
pub fn encode(class: &Model) -> SchoolClass {
    SchoolClass {
        name: format!("classes/{}", class.id),
        school: format!("schools/{}", class.school),
        stage: class.stage,
        grade: class.grade,
        number: class.number,
        display_name: Place::of(class).display_name(),
        etag: etag(class.version),
    }
}
