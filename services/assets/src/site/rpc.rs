//! The gRPC face of sites: decode, call, encode.

use crate::entity::site;
use junheng_directory::{Directory, DirectorySchool};
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::ImportResult;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::mask;
use junheng_kernel::name::{Parent, check_etag, etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::check_reason;
use junheng_proto::assets::v1::site_service_server::SiteService;
use junheng_proto::assets::v1::{
    CreateSiteRequest, GetSiteRequest, HandOverSiteRequest, ImportSitesRequest, ListSitesRequest,
    ListSitesResponse, Site, UpdateSiteRequest,
};
use junheng_proto::options::v1::DataClass;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::error::SiteError;
use super::rules::{self, Draft, Figures};
use super::{import, store};
use crate::entity::site::Model;

/// What `UpdateSite` changes; the name and the school tell an import which site it is.
const CHANGEABLE: &[&str] = &[
    "stage",
    "teaching_auxiliary_area_centi_square_meters",
    "indoor_sports_area_centi_square_meters",
    "sports_ground_area_centi_square_meters",
    "equipment_value_fen",
    "computer_count",
    "book_count",
    "network_multimedia_room_count",
];

/// Serves sites.
pub struct Rpc {
    /// The service.
    pub context: Context,
    /// Its copy of the school directory.
    pub directory: Directory,
}

#[tonic::async_trait]
impl SiteService for Rpc {
    async fn create_site(
        &self,
        request: Request<CreateSiteRequest>,
    ) -> Result<Response<Site>, Status> {
        self.create(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn get_site(&self, request: Request<GetSiteRequest>) -> Result<Response<Site>, Status> {
        self.get(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn list_sites(
        &self,
        request: Request<ListSitesRequest>,
    ) -> Result<Response<ListSitesResponse>, Status> {
        self.list(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn update_site(
        &self,
        request: Request<UpdateSiteRequest>,
    ) -> Result<Response<Site>, Status> {
        self.update(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn hand_over_site(
        &self,
        request: Request<HandOverSiteRequest>,
    ) -> Result<Response<Site>, Status> {
        self.hand_over(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }

    async fn import_sites(
        &self,
        request: Request<Streaming<ImportSitesRequest>>,
    ) -> Result<Response<ImportResult>, Status> {
        import::run(&self.context, &self.directory, request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn create(&self, request: Request<CreateSiteRequest>) -> Result<Site, SiteError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let given = required(message.site)?;
        let school = self
            .directory
            .school_of(&caller, "parent", &message.parent)
            .await?;
        let draft = draft_of(&given);
        KernelError::unless_empty(rules::check(&draft))?;
        require_stage(&school, draft.figures.stage)?;
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                let place = Directory::hold(&*tx, [school.id]).await?.receive(&school)?;
                let site = model_of(&draft, school.id, place);
                let added = store::insert_missing(&*tx, vec![site.clone()]).await?;
                if added.is_empty() {
                    let site = site.display_name;
                    return Err(SiteError::SiteTaken { site });
                }
                let answer = encode(&site);
                let entry = about(&site).change(None, &answer);
                Ok((answer, entry))
            })
            .await
    }

    async fn get(&self, request: Request<GetSiteRequest>) -> Result<Site, SiteError> {
        let caller = Caller::of(&request)?;
        let id = id_of("sites", &request.into_inner().name)?;
        let site =
            resource::get::<site::Entity>(self.context.store.reader(), &caller.scope, id).await?;
        Ok(encode(&site))
    }

    async fn list(
        &self,
        request: Request<ListSitesRequest>,
    ) -> Result<ListSitesResponse, SiteError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent],
        )?;
        let (rows, next_page_token) = resource::list::<site::Entity>(
            self.context.store.reader(),
            &caller.scope,
            &parent,
            &page,
        )
        .await?;
        Ok(ListSitesResponse {
            sites: rows.iter().map(encode).collect(),
            next_page_token,
        })
    }

    async fn update(&self, request: Request<UpdateSiteRequest>) -> Result<Site, SiteError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let given = required(message.site)?;
        let id = id_of("sites", &given.name)?;
        let scope = caller.scope.clone();
        // Read before the write begins, and judged again in it: the site may have been handed over meanwhile.
        let seen = resource::get::<site::Entity>(self.context.store.reader(), &scope, id).await?;
        let parent = format!("schools/{}", seen.school);
        let school = self
            .directory
            .school_of(&caller, "site.name", &parent)
            .await?;
        let update_mask = message.update_mask;
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                let current = resource::get::<site::Entity>(&*tx, &scope, id).await?;
                check_etag(&given.name, &given.etag, current.version)?;
                if current.school != school.id {
                    return Err(KernelError::WriteConflict.into());
                }
                let before = encode(&current);
                let wanted = mask::apply(&before, &given, update_mask.as_ref(), CHANGEABLE)?;
                let figures = figures_of(&wanted);
                KernelError::unless_empty(rules::check_figures(&figures))?;
                require_stage(&school, figures.stage)?;
                let changed = with_figures(&current, figures);
                store::update(&*tx, &changed, current.version).await?;
                let answer = encode(&changed);
                let entry = about(&changed).change(Some(&before), &answer);
                Ok::<_, SiteError>((answer, entry))
            })
            .await
    }

    async fn hand_over(&self, request: Request<HandOverSiteRequest>) -> Result<Site, SiteError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        KernelError::unless_empty(check_reason("note", &message.note))?;
        let id = id_of("sites", &message.name)?;
        let scope = caller.scope.clone();
        // What one does not see, one does not hand over, whomever to.
        resource::get::<site::Entity>(self.context.store.reader(), &scope, id).await?;
        let school = self
            .directory
            .school_of(&caller, "school", &message.school)
            .await?;
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                let place = Directory::hold(&*tx, [school.id]).await?.receive(&school)?;
                let current = resource::get::<site::Entity>(&*tx, &scope, id).await?;
                check_etag(&message.name, &message.etag, current.version)?;
                if current.school == school.id {
                    return Err(KernelError::Fields(vec![same_school()]).into());
                }
                let mut wanted = draft_of(&encode(&current));
                wanted.figures.stage = message.stage;
                if !message.display_name.trim().is_empty() {
                    message
                        .display_name
                        .trim()
                        .clone_into(&mut wanted.display_name);
                }
                KernelError::unless_empty(rules::check(&wanted))?;
                require_stage(&school, message.stage)?;
                let changed = Model {
                    school: school.id,
                    place,
                    stage: message.stage,
                    display_name: wanted.display_name,
                    version: current.version + 1,
                    ..current.clone()
                };
                if !store::hand_over(&*tx, &changed, current.version).await? {
                    let site = changed.display_name;
                    return Err(SiteError::SiteTaken { site });
                }
                let (before, answer) = (encode(&current), encode(&changed));
                let entry = about(&changed)
                    .change(Some(&before), &answer)
                    .note(&message.note);
                Ok::<_, SiteError>((answer, entry))
            })
            .await
    }
}

fn same_school() -> Violation {
    Violation::invalid(
        "school",
        "must be another school than the present one",
        "应为现属学校以外的学校",
    )
}

fn required(site: Option<Site>) -> Result<Site, KernelError> {
    site.ok_or_else(|| KernelError::Fields(vec![Violation::required("site")]))
}

/// A site that the stages share needs none of them in particular.
pub(super) fn require_stage(school: &DirectorySchool, stage: i32) -> Result<(), SiteError> {
    if stage == 0 {
        return Ok(());
    }
    Ok(school.require_stage(stage)?)
}

fn draft_of(site: &Site) -> Draft {
    Draft {
        display_name: site.display_name.trim().to_owned(),
        figures: figures_of(site),
    }
}

fn figures_of(site: &Site) -> Figures {
    Figures {
        stage: site.stage,
        teaching_auxiliary_area: site.teaching_auxiliary_area_centi_square_meters,
        indoor_sports_area: site.indoor_sports_area_centi_square_meters,
        sports_ground_area: site.sports_ground_area_centi_square_meters,
        equipment_value_fen: site.equipment_value_fen,
        computer_count: site.computer_count,
        book_count: site.book_count,
        network_multimedia_room_count: site.network_multimedia_room_count,
    }
}

/// A new row of a draft that has passed its rules, in a school and at the place where the school lies.
pub(super) fn model_of(draft: &Draft, school: Uuid, place: i64) -> Model {
    let Figures {
        stage,
        teaching_auxiliary_area,
        indoor_sports_area,
        sports_ground_area,
        equipment_value_fen,
        computer_count,
        book_count,
        network_multimedia_room_count,
    } = draft.figures;
    Model {
        id: Uuid::now_v7(),
        school,
        place,
        display_name: draft.display_name.clone(),
        stage,
        teaching_auxiliary_area_centi_square_meters: teaching_auxiliary_area,
        indoor_sports_area_centi_square_meters: indoor_sports_area,
        sports_ground_area_centi_square_meters: sports_ground_area,
        equipment_value_fen,
        computer_count,
        book_count,
        network_multimedia_room_count,
        version: 1,
    }
}

/// The row with other figures and the next version.
pub(super) fn with_figures(current: &Model, figures: Figures) -> Model {
    Model {
        stage: figures.stage,
        teaching_auxiliary_area_centi_square_meters: figures.teaching_auxiliary_area,
        indoor_sports_area_centi_square_meters: figures.indoor_sports_area,
        sports_ground_area_centi_square_meters: figures.sports_ground_area,
        equipment_value_fen: figures.equipment_value_fen,
        computer_count: figures.computer_count,
        book_count: figures.book_count,
        network_multimedia_room_count: figures.network_multimedia_room_count,
        version: current.version + 1,
        ..current.clone()
    }
}

pub(super) fn about(site: &Model) -> Entry {
    let name = format!("sites/{}", site.id);
    Entry::about(name, site.place, Some(site.school), DataClass::Internal)
}

/// The site as callers see it.
pub fn encode(site: &Model) -> Site {
    Site {
        name: format!("sites/{}", site.id),
        school: format!("schools/{}", site.school),
        display_name: site.display_name.clone(),
        stage: site.stage,
        teaching_auxiliary_area_centi_square_meters: site
            .teaching_auxiliary_area_centi_square_meters,
        indoor_sports_area_centi_square_meters: site.indoor_sports_area_centi_square_meters,
        sports_ground_area_centi_square_meters: site.sports_ground_area_centi_square_meters,
        equipment_value_fen: site.equipment_value_fen,
        computer_count: site.computer_count,
        book_count: site.book_count,
        network_multimedia_room_count: site.network_multimedia_room_count,
        etag: etag(site.version),
    }
}
