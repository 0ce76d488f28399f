//! The gRPC face of schools: decode, call, encode.

use crate::entity::school;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::ImportResult;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::mask;
use junheng_kernel::name::{Parent, check_etag, etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::region::RegionTable;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::school::State;
use junheng_proto::registration::v1::school_service_server::SchoolService;
use junheng_proto::registration::v1::{
    CreateSchoolRequest, GetSchoolRequest, ImportSchoolsRequest, ListSchoolsRequest,
    ListSchoolsResponse, School, UpdateSchoolRequest,
};
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::error::SchoolError;
use super::rules::{self, CHANGEABLE, Draft};
use super::{import, store};
use crate::entity::school::Model;
use crate::quarantine::Quarantine;

/// Serves schools.
pub struct Rpc {
    /// The service.
    pub context: Context,
    /// Rows of imports that wait for what this one registers.
    pub waiting: Quarantine,
}

#[tonic::async_trait]
impl SchoolService for Rpc {
    async fn create_school(
        &self,
        request: Request<CreateSchoolRequest>,
    ) -> Result<Response<School>, Status> {
        let created = self.create(request).await;
        self.waiting.look_again();
        created.map(Response::new).map_err(into_status)
    }

    async fn get_school(
        &self,
        request: Request<GetSchoolRequest>,
    ) -> Result<Response<School>, Status> {
        self.get(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn list_schools(
        &self,
        request: Request<ListSchoolsRequest>,
    ) -> Result<Response<ListSchoolsResponse>, Status> {
        self.list(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn update_school(
        &self,
        request: Request<UpdateSchoolRequest>,
    ) -> Result<Response<School>, Status> {
        self.update(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn import_schools(
        &self,
        request: Request<Streaming<ImportSchoolsRequest>>,
    ) -> Result<Response<ImportResult>, Status> {
        import::run(&self.context, &self.waiting, request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn create(&self, request: Request<CreateSchoolRequest>) -> Result<School, SchoolError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let regions = &self.context.regions;
        let parent = Parent::of(&caller, regions, "parent", &message.parent)?;
        let key = RequestKey::of(&message.request_id, &message)?;
        let given = message
            .school
            .ok_or_else(|| KernelError::Fields(vec![Violation::required("school")]))?;
        let draft = draft_of(&given, county_of(&parent, regions)?);
        let mut wrong = rules::check(&draft);
        wrong.extend(rules::check_stages(given.kind, &given.stages));
        KernelError::unless_empty(wrong)?;
        let school = model_of(draft, regions)?;
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                let added = store::insert_missing(&*tx, vec![school.clone()]).await?;
                if added.is_empty() {
                    let school_code = school.school_code;
                    return Err(SchoolError::CodeTaken { school_code });
                }
                let answer = encode(&school);
                let entry = about(&school).change(None, &answer);
                Ok::<_, SchoolError>((answer, entry))
            })
            .await
    }

    async fn get(&self, request: Request<GetSchoolRequest>) -> Result<School, SchoolError> {
        let caller = Caller::of(&request)?;
        let id = id_of("schools", &request.into_inner().name)?;
        let school =
            resource::get::<school::Entity>(self.context.store.reader(), &caller.scope, id).await?;
        Ok(encode(&school))
    }

    async fn list(
        &self,
        request: Request<ListSchoolsRequest>,
    ) -> Result<ListSchoolsResponse, SchoolError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent],
        )?;
        let (rows, next_page_token) = resource::list::<school::Entity>(
            self.context.store.reader(),
            &caller.scope,
            &parent,
            &page,
        )
        .await?;
        Ok(ListSchoolsResponse {
            schools: rows.iter().map(encode).collect(),
            next_page_token,
        })
    }

    async fn update(&self, request: Request<UpdateSchoolRequest>) -> Result<School, SchoolError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let given = message
            .school
            .ok_or_else(|| KernelError::Fields(vec![Violation::required("school")]))?;
        let id = id_of("schools", &given.name)?;
        let (scope, regions) = (caller.scope.clone(), self.context.regions.clone());
        let update_mask = message.update_mask;
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                let current = resource::get::<school::Entity>(&*tx, &scope, id).await?;
                check_etag(&given.name, &given.etag, current.version)?;
                // The entry of a school that has closed stays as it was.
                if current.state == State::Closed as i32 {
                    super::parent::check_open(&current)?;
                }
                let before = encode(&current);
                let held = rules::HELD_FIELDS.map(|(field, ..)| field);
                let asked = mask::apply(&before, &given, update_mask.as_ref(), &held)?;
                KernelError::unless_empty(rules::check_held(&before, &asked))?;
                let wanted = mask::apply(&before, &given, update_mask.as_ref(), CHANGEABLE)?;
                let draft = draft_of(&wanted, current.region.clone());
                KernelError::unless_empty(rules::check(&draft))?;
                let entered = with_entry(&current, model_of(draft, &regions)?);
                if entered == current {
                    return Ok((before, about(&current)));
                }
                let changed = Model {
                    version: current.version + 1,
                    ..entered
                };
                store::update(&*tx, &changed, current.version).await?;
                let answer = encode(&changed);
                let entry = about(&changed).change(Some(&before), &answer);
                Ok::<_, SchoolError>((answer, entry))
            })
            .await
    }
}

/// The county that a new school belongs to: the parent must be one.
pub(crate) fn county_of(parent: &Parent, regions: &RegionTable) -> Result<String, KernelError> {
    let county = match parent {
        Parent::Region { code, .. } => regions.get(code).filter(|region| region.acts_as_county()),
        Parent::School(_) => None,
    };
    county.map(|region| region.code.clone()).ok_or_else(|| {
        KernelError::Fields(vec![Violation::invalid(
            "parent",
            "must be a county: a school belongs to one",
            "应为县级区划,学校归属于县",
        )])
    })
}

pub(crate) fn draft_of(school: &School, region: String) -> Draft {
    Draft {
        school_code: school.school_code.clone(),
        display_name: school.display_name.trim().to_owned(),
        kind: school.kind,
        urban_rural: school.urban_rural,
        sponsor: school.sponsor,
        region,
        town: school.town.clone(),
    }
}

/// A new row of a draft that has passed its rules. A town stands in the region table or is refused.
pub(crate) fn model_of(draft: Draft, regions: &RegionTable) -> Result<Model, KernelError> {
    let code = if draft.town.is_empty() {
        &draft.region
    } else {
        &draft.town
    };
    let place = regions
        .place(code)
        .map_err(|_| KernelError::RegionUnknown { code: code.clone() })?;
    Ok(Model {
        id: Uuid::now_v7(),
        school_code: draft.school_code,
        display_name: draft.display_name,
        kind: draft.kind,
        urban_rural: draft.urban_rural,
        sponsor: draft.sponsor,
        region: draft.region,
        town: draft.town,
        place,
        state: State::Open as i32,
        open_date: String::new(),
        close_date: String::new(),
        closing: None,
        version: 1,
    })
}

/// The standing school with another entry: where it stands in its life, and who it is, stay.
pub(super) fn with_entry(standing: &Model, entry: Model) -> Model {
    Model {
        id: standing.id,
        state: standing.state,
        open_date: standing.open_date.clone(),
        close_date: standing.close_date.clone(),
        closing: standing.closing,
        version: standing.version,
        ..entry
    }
}

pub(crate) fn about(school: &Model) -> Entry {
    let name = format!("schools/{}", school.id);
    Entry::about(name, school.place, Some(school.id), DataClass::Public)
}

/// The school as callers see it.
pub fn encode(school: &Model) -> School {
    School {
        name: format!("schools/{}", school.id),
        school_code: school.school_code.clone(),
        display_name: school.display_name.clone(),
        kind: school.kind,
        urban_rural: school.urban_rural,
        sponsor: school.sponsor,
        stages: rules::stages_of(school.kind)
            .iter()
            .map(|stage| *stage as i32)
            .collect(),
        region: format!("regions/{}", school.region),
        town: school.town.clone(),
        etag: etag(school.version),
        state: school.state,
        open_date: school.open_date.clone(),
        close_date: school.close_date.clone(),
        closing_reorganisation: school
            .closing
            .map_or_else(String::new, |id| format!("reorganisations/{id}")),
    }
}
