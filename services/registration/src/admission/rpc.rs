//! The gRPC face of admissions: decode, call, encode.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::ImportResult;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::name::{etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::{Asked, WorkflowError};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::admission_entry::Kind;
use junheng_proto::registration::v1::admission_service_server::AdmissionService;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::StepRequest;
use sea_orm::Condition;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::error::AdmissionError;
use super::leave::{self, Leaving};
use super::rules::{self, ClassSizes};
use super::steps::{self, Given};
use super::workflow::{
    CLOSE, CONFIRM, CREATE, DRAW, ENROL, PUBLISH, RETURN, State, state_name, state_of,
};
use super::{child, counts, entries, store};
use crate::attendance_zone::store as zones;
use crate::entity::admission_plan::{Entity, Model};
use crate::entity::{admission_entry, school};
use crate::school::parent::{self, PlacedParent};
use crate::school_class::rpc::require_stage;
use crate::school_year;
use crate::statistic::band;

/// The most arrivals of a call.
const MOST: usize = 500;

/// Serves admissions.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

fn answer<T>(done: Result<T, AdmissionError>) -> Result<Response<T>, Status> {
    done.map(Response::new).map_err(into_status)
}

#[tonic::async_trait]
impl AdmissionService for Rpc {
    async fn create_admission_plan(
        &self,
        request: Request<CreateAdmissionPlanRequest>,
    ) -> Result<Response<AdmissionPlan>, Status> {
        answer(self.create(request).await)
    }

    async fn get_admission_plan(
        &self,
        request: Request<GetAdmissionPlanRequest>,
    ) -> Result<Response<AdmissionPlan>, Status> {
        answer(self.get(request).await)
    }

    async fn list_admission_plans(
        &self,
        request: Request<ListAdmissionPlansRequest>,
    ) -> Result<Response<ListAdmissionPlansResponse>, Status> {
        answer(self.list(request).await)
    }

    async fn add_admission_entries(
        &self,
        request: Request<AddAdmissionEntriesRequest>,
    ) -> Result<Response<ImportResult>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        answer(entries::add(&self.context, caller, request.into_inner()).await)
    }

    async fn withdraw_admission_entry(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<AdmissionEntry>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        let message = request.into_inner();
        answer(leave::leave(&self.context, caller, message, Leaving::Withdrawn).await)
    }

    async fn release_admission_entry(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<AdmissionEntry>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        let message = request.into_inner();
        answer(leave::leave(&self.context, caller, message, Leaving::Released).await)
    }

    async fn get_admission_entry(
        &self,
        request: Request<GetAdmissionEntryRequest>,
    ) -> Result<Response<AdmissionEntry>, Status> {
        answer(self.get_entry(request).await)
    }

    async fn list_admission_entries(
        &self,
        request: Request<ListAdmissionEntriesRequest>,
    ) -> Result<Response<ListAdmissionEntriesResponse>, Status> {
        let message = request.get_ref().clone();
        let plan = match message.plan.as_str() {
            "" => None,
            name => Some(id_of("admissionPlans", name).map_err(into_status)?),
        };
        let only = store::only_plan(plan);
        let sizes = (message.page_size, message.page_token.as_str());
        answer(
            self.entries(&request, &message.parent, &message.plan, only, sizes)
                .await,
        )
    }

    async fn close_admission_plan(
        &self,
        request: Request<CloseAdmissionPlanRequest>,
    ) -> Result<Response<AdmissionPlan>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message).map_err(into_status)?;
        let given = Given::Source(message.seed_source.trim().to_owned());
        let asked = asked(CLOSE, message.name, message.etag);
        answer(steps::take(&self.context, caller, asked, key, given).await)
    }

    async fn draw_admission_plan(
        &self,
        request: Request<DrawAdmissionPlanRequest>,
    ) -> Result<Response<AdmissionPlan>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message).map_err(into_status)?;
        let given = Given::Seed(message.seed);
        let asked = asked(DRAW, message.name, message.etag);
        answer(steps::take(&self.context, caller, asked, key, given).await)
    }

    async fn publish_admission_plan(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<AdmissionPlan>, Status> {
        answer(self.step(PUBLISH, request).await)
    }

    async fn return_admission_plan(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<AdmissionPlan>, Status> {
        answer(self.step(RETURN, request).await)
    }

    async fn confirm_admission_plan(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<AdmissionPlan>, Status> {
        answer(self.step(CONFIRM, request).await)
    }

    async fn record_arrivals(
        &self,
        request: Request<RecordArrivalsRequest>,
    ) -> Result<Response<AdmissionPlan>, Status> {
        answer(self.arrive(request).await)
    }

    async fn enrol_admitted(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<AdmissionPlan>, Status> {
        answer(self.step(ENROL, request).await)
    }

    async fn list_not_arrived(
        &self,
        request: Request<ListNotArrivedRequest>,
    ) -> Result<Response<ListAdmissionEntriesResponse>, Status> {
        let message = request.get_ref().clone();
        self.check_year(message.school_year).map_err(into_status)?;
        let only = store::only_not_arrived(message.school_year);
        let year = message.school_year.to_string();
        let sizes = (message.page_size, message.page_token.as_str());
        answer(
            self.entries(&request, &message.parent, &year, only, sizes)
                .await,
        )
    }

    async fn count_admissions(
        &self,
        request: Request<CountAdmissionsRequest>,
    ) -> Result<Response<CountAdmissionsResponse>, Status> {
        answer(self.count(request).await)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn create(
        &self,
        request: Request<CreateAdmissionPlanRequest>,
    ) -> Result<AdmissionPlan, AdmissionError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (store, regions) = (&self.context.store, &self.context.regions);
        let key = RequestKey::of(&message.request_id, &message)?;
        let parent = &message.parent;
        let school = parent::school_of(store.reader(), &caller, regions, "parent", parent).await?;
        let given = message
            .admission_plan
            .ok_or_else(|| KernelError::Fields(vec![Violation::required("admission_plan")]))?;
        self.judge(&given, &school)?;
        let mut plan = self.model_of(given, &school);
        store
            .write(&caller, key, move |tx| async move {
                let school = steps::held_staying(&tx, school.id).await?;
                (plan.place, plan.region) = (school.place, school.region.clone());
                if rules::takes_zones(plan.basis, school.sponsor) {
                    let (region, year) = (&plan.region, plan.school_year);
                    let published = zones::published(&*tx, region, year, plan.stage).await?;
                    let published = published.map(|plan| zones::zones_of(&plan)).transpose()?;
                    let name = format!("schools/{}", school.id);
                    if rules::feeding(published.unwrap_or_default(), &name).is_empty() {
                        return Err(AdmissionError::ZoneNotPublished {
                            school: school.display_name,
                            school_year: year,
                        });
                    }
                }
                if store::insert_plan(&*tx, plan.clone()).await?.is_empty() {
                    let (year, stage) = (plan.school_year, plan.stage);
                    let standing = store::plan_of(&*tx, plan.school, year, stage).await?;
                    let name = name_of(standing.as_ref().unwrap_or(&plan));
                    return Err(AdmissionError::Taken { name });
                }
                let answer = encode(&plan);
                let entry = about(&plan).change(None, &answer).step(CREATE, "", "DRAFT");
                Ok((answer, entry))
            })
            .await
    }

    /// Judges a plan by the dated rules of its county.
    fn judge(&self, given: &AdmissionPlan, school: &school::Model) -> Result<(), AdmissionError> {
        let today = self.context.clock.today();
        let year = school_year::check_planned("school_year", given.school_year, today);
        KernelError::unless_empty(year.into_iter().collect())?;
        let date = school_year::age_day(given.school_year);
        let date = date.max(today);
        let sizes = ClassSizes {
            // A stage without a standard is refused with the other fields.
            standard: band::standard(given.stage, date).map_or(i64::MAX, |standard| standard.most),
            large_from: band::large_from(date)?,
        };
        let documents = entries::allowed_documents(&self.context, &school.region, date)?;
        rules::judge_plan(given, &school.display_name, sizes, &documents)?;
        Ok(require_stage(school, given.stage)?)
    }

    fn model_of(&self, given: AdmissionPlan, school: &school::Model) -> Model {
        let documents = given.migrant_documents.iter().map(i32::to_string);
        let empty = String::new;
        Model {
            id: Uuid::now_v7(),
            school: school.id,
            place: school.place,
            region: school.region.clone(),
            school_year: given.school_year,
            stage: given.stage,
            basis: given.basis,
            place_count: given.place_count,
            class_count: given.class_count,
            migrant_documents: documents.collect::<Vec<_>>().join(","),
            over_standard_reason: given.over_standard_reason,
            state: State::Draft as i32,
            notice_end_date: empty(),
            list_digest: empty(),
            seed_source: empty(),
            seed: empty(),
            listed_count: 0,
            admitted_count: 0,
            arrived_count: 0,
            enrolled_count: 0,
            due_date: empty(),
            due_provisional: false,
            version: 1,
            update_micros: self.context.clock.now_micros(),
        }
    }

    async fn get(
        &self,
        request: Request<GetAdmissionPlanRequest>,
    ) -> Result<AdmissionPlan, AdmissionError> {
        let caller = Caller::of(&request)?;
        let id = id_of("admissionPlans", &request.into_inner().name)?;
        let reader = self.context.store.reader();
        Ok(encode(
            &resource::get::<Entity>(reader, &caller.scope, id).await?,
        ))
    }

    async fn list(
        &self,
        request: Request<ListAdmissionPlansRequest>,
    ) -> Result<ListAdmissionPlansResponse, AdmissionError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let PlacedParent { parent, .. } = self.placed(&caller, &message.parent).await?;
        let year = message.school_year.to_string();
        self.check_year(message.school_year)?;
        let fields = [message.parent.as_str(), year.as_str()];
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &fields)?;
        let only = store::only_year(message.school_year);
        let reader = self.context.store.reader();
        let (rows, next_page_token) =
            resource::list_only::<Entity>(reader, &caller.scope, &parent, only, &page).await?;
        Ok(ListAdmissionPlansResponse {
            admission_plans: rows.iter().map(encode).collect(),
            next_page_token,
        })
    }

    async fn get_entry(
        &self,
        request: Request<GetAdmissionEntryRequest>,
    ) -> Result<AdmissionEntry, AdmissionError> {
        let caller = Caller::of(&request)?;
        let id = id_of("admissionEntries", &request.into_inner().name)?;
        let store = &self.context.store;
        let row = resource::get::<admission_entry::Entity>(store.reader(), &caller.scope, id);
        let row = row.await?;
        store
            .record_read(&caller, entries::about_entry(&row))
            .await?;
        Ok(child::encode(&store.keys, &row)?)
    }

    async fn entries<T>(
        &self,
        request: &Request<T>,
        value: &str,
        field: &str,
        only: Condition,
        (size, token): (i32, &str),
    ) -> Result<ListAdmissionEntriesResponse, AdmissionError> {
        let caller = Caller::of(request)?;
        let PlacedParent { parent, place } = self.placed(&caller, value).await?;
        let page = Page::of(&caller.method, size, token, &[value, field])?;
        let store = &self.context.store;
        let (rows, next_page_token) = resource::list_only::<admission_entry::Entity>(
            store.reader(),
            &caller.scope,
            &parent,
            only,
            &page,
        )
        .await?;
        let entry = Entry::about(value, place, parent.school(), DataClass::Sensitive);
        store.record_read(&caller, entry).await?;
        let shown = rows.iter().map(|row| child::encode(&store.keys, row));
        Ok(ListAdmissionEntriesResponse {
            admission_entries: shown.collect::<Result<_, KernelError>>()?,
            next_page_token,
        })
    }

    async fn step(
        &self,
        step: &'static str,
        request: Request<StepRequest>,
    ) -> Result<AdmissionPlan, AdmissionError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let asked = Asked::of(step, &message)?;
        let key = RequestKey::of(&message.request_id, &message)?;
        steps::take(&self.context, caller, asked, key, Given::Nothing).await
    }

    async fn arrive(
        &self,
        request: Request<RecordArrivalsRequest>,
    ) -> Result<AdmissionPlan, AdmissionError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let id = id_of("admissionPlans", &message.name)?;
        let key = RequestKey::of(&message.request_id, &message)?;
        if message.entries.is_empty() || message.entries.len() > MOST {
            let wrong = Violation::invalid("entries", "must be 1 to 500", "应为1至500名");
            return Err(KernelError::Fields(vec![wrong]).into());
        }
        let ids: BTreeSet<Uuid> = message
            .entries
            .iter()
            .map(|name| id_of("admissionEntries", name))
            .collect::<Result<_, _>>()?;
        let context = self.context.clone();
        self.context
            .store
            .write(&caller.clone(), key, move |tx| async move {
                let found = resource::get::<Entity>(&*tx, &caller.scope, id).await?;
                steps::held_open(&tx, found.school).await?;
                store::hold_plan(&*tx, id).await?;
                let current = resource::get::<Entity>(&*tx, &caller.scope, id).await?;
                if !rules::takes_arrivals(state_of(current.state)) {
                    return Err(too_early(&current).into());
                }
                let first = steps::first_arrival(&context, &current)?;
                if context.clock.today() < first {
                    return Err(not_yet(&current, first).into());
                }
                let ids: Vec<Uuid> = ids.into_iter().collect();
                let entries = store::of_plan(&*tx, id).await?;
                if let Some(other) = rules::not_admitted(&entries, &ids) {
                    return Err(rules::not_coming(&entries, other).into());
                }
                let before = encode(&current);
                let asked = |entry: &&admission_entry::Model| ids.contains(&entry.id);
                let come = entries.iter().filter(asked).filter(|entry| !entry.arrived);
                let come: Vec<_> = come.collect();
                let arrived = store::arrive(&*tx, &come).await?;
                let kinds = counts::by_kind(come.iter().map(|entry| entry.kind));
                counts::arrive(&*tx, id, kinds).await?;
                let keys = &context.store.keys;
                let told = come.iter().zip(&arrived);
                let told = told.map(|(then, now)| child::record_of(keys, then, now, true));
                let records = told.collect::<Result<Vec<_>, KernelError>>()?;
                let mut changed = current.clone();
                changed.arrived_count += i32::try_from(arrived.len()).unwrap_or(i32::MAX);
                changed.version += 1;
                changed.update_micros = context.clock.now_micros();
                resource::replace::<Entity>(&*tx, changed.clone(), current.version).await?;
                let answer = encode(&changed);
                let entry = about_as(&changed, DataClass::Sensitive)
                    .change(Some(&before), &answer)
                    .with_all(records);
                Ok::<_, AdmissionError>((answer, entry))
            })
            .await
    }

    async fn count(
        &self,
        request: Request<CountAdmissionsRequest>,
    ) -> Result<CountAdmissionsResponse, AdmissionError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let PlacedParent { parent, .. } = self.placed(&caller, &message.parent).await?;
        let (reader, scope) = (self.context.store.reader(), &caller.scope);
        let year = message.school_year;
        let wrong = school_year::check_seen("school_year", year, self.context.clock.today());
        KernelError::unless_empty(wrong.into_iter().collect())?;
        let told = counts::below(reader, scope, &parent, year).await?;
        let migrants = told.iter().filter(|told| told.kind == Kind::Migrant as i32);
        let migrants: Vec<_> = migrants.collect();
        let count = |told: &counts::Told| AdmissionCount {
            kind: told.kind,
            listed_count: told.listed,
            admitted_count: told.admitted,
            arrived_count: told.arrived,
        };
        Ok(CountAdmissionsResponse {
            migrant_public_count: migrants.iter().map(|told| told.admitted_public).sum(),
            migrant_count: migrants.iter().map(|told| told.admitted).sum(),
            counts: told.iter().map(count).collect(),
            as_of_time: Some(timestamp(self.context.clock.now_micros())),
        })
    }

    fn check_year(&self, school_year: i32) -> Result<(), KernelError> {
        let wrong = school_year::check_filter("school_year", school_year);
        KernelError::unless_empty(wrong.into_iter().collect())
    }

    async fn placed(&self, caller: &Caller, value: &str) -> Result<PlacedParent, KernelError> {
        let reader = self.context.store.reader();
        parent::placed(reader, caller, &self.context.regions, "parent", value).await
    }
}

fn asked(step: &'static str, name: String, etag: String) -> Asked {
    Asked {
        step,
        name,
        etag,
        note: String::new(),
        evidence: Vec::new(),
    }
}

fn too_early(plan: &Model) -> KernelError {
    WorkflowError::NotReady {
        name: name_of(plan),
        step: "报到登记",
        method: "RecordArrivals".into(),
        missing: format!("the list is {}", state_name(state_of::<State>(plan.state))),
        missing_zh: "名单尚未核准".into(),
    }
    .into()
}

/// Nobody has arrived for a school year that is far off.
fn not_yet(plan: &Model, first: NaiveDate) -> KernelError {
    WorkflowError::NotReady {
        name: name_of(plan),
        step: "报到登记",
        method: "RecordArrivals".into(),
        missing: format!("children of this plan arrive from {first}"),
        missing_zh: format!("该招生计划的新生自{first}起报到"),
    }
    .into()
}

/// A journal entry about a plan.
pub(super) fn about(plan: &Model) -> Entry {
    about_as(plan, DataClass::Internal)
}

/// The same for an entry that tells of children as well.
pub(super) fn about_as(plan: &Model, data_class: DataClass) -> Entry {
    let name = name_of(plan);
    Entry::about(name, plan.place, Some(plan.school), data_class)
}

/// The resource name.
pub(super) fn name_of(plan: &Model) -> String {
    format!("admissionPlans/{}", plan.id)
}

/// The plan as callers see it.
pub(super) fn encode(plan: &Model) -> AdmissionPlan {
    let documents = plan.migrant_documents.split(',');
    AdmissionPlan {
        name: name_of(plan),
        school: format!("schools/{}", plan.school),
        school_year: plan.school_year,
        stage: plan.stage,
        basis: plan.basis,
        place_count: plan.place_count,
        class_count: plan.class_count,
        migrant_documents: documents.filter_map(|number| number.parse().ok()).collect(),
        state: plan.state,
        notice_end_date: plan.notice_end_date.clone(),
        list_digest: plan.list_digest.clone(),
        seed_source: plan.seed_source.clone(),
        seed: plan.seed.clone(),
        listed_count: plan.listed_count,
        admitted_count: plan.admitted_count,
        arrived_count: plan.arrived_count,
        enrolled_count: plan.enrolled_count,
        unregistered: Vec::new(),
        etag: etag(plan.version),
        due_date: plan.due_date.clone(),
        due_provisional: plan.due_provisional,
        over_standard_reason: plan.over_standard_reason.clone(),
    }
}
