//! The gRPC face of attendance zones: decode, call, encode.

use std::collections::HashMap;

use chrono::Days;
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::name::{Parent, etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::region::{RegionLevel, RegionTable};
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::{Asked, Standing, check_reason};
use junheng_proto::error::v1::Reason;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::attendance_zone_service_server::AttendanceZoneService;
use junheng_proto::registration::v1::{
    AmendZonePlanRequest, AttendanceZone, CheckZonePlanRequest, CheckZonePlanResponse,
    CreateZonePlanRequest, GetZonePlanRequest, ListZonePlansRequest, ListZonePlansResponse,
    LookUpZoneRequest, LookUpZoneResponse, ZonePlan,
};
use junheng_proto::workflow::v1::StepRequest;
use sea_orm::ConnectionTrait;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::error::ZoneError;
use super::rules::{self, Facts};
use super::store;
use super::workflow::{AMEND, ANNOUNCE, CREATE, PUBLISH, RETURN, State, WORKFLOW, state_of};
use crate::entity::zone_plan::{Entity, Model};
use crate::rule_book::{RegionPath, RuleBook};
use crate::school::rules::stages_of;
use crate::school::store as schools;
use crate::school_year;

/// Serves attendance zones.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl AttendanceZoneService for Rpc {
    async fn create_zone_plan(
        &self,
        request: Request<CreateZonePlanRequest>,
    ) -> Result<Response<ZonePlan>, Status> {
        answer(self.create(request).await)
    }

    async fn amend_zone_plan(
        &self,
        request: Request<AmendZonePlanRequest>,
    ) -> Result<Response<ZonePlan>, Status> {
        answer(self.amend(request).await)
    }

    async fn announce_zone_plan(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<ZonePlan>, Status> {
        answer(self.step(ANNOUNCE, request).await)
    }

    async fn return_zone_plan(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<ZonePlan>, Status> {
        answer(self.step(RETURN, request).await)
    }

    async fn publish_zone_plan(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<ZonePlan>, Status> {
        answer(self.step(PUBLISH, request).await)
    }

    async fn get_zone_plan(
        &self,
        request: Request<GetZonePlanRequest>,
    ) -> Result<Response<ZonePlan>, Status> {
        answer(self.get(request).await)
    }

    async fn list_zone_plans(
        &self,
        request: Request<ListZonePlansRequest>,
    ) -> Result<Response<ListZonePlansResponse>, Status> {
        answer(self.list(request).await)
    }

    async fn check_zone_plan(
        &self,
        request: Request<CheckZonePlanRequest>,
    ) -> Result<Response<CheckZonePlanResponse>, Status> {
        answer(self.check(request).await)
    }

    async fn look_up_zone(
        &self,
        request: Request<LookUpZoneRequest>,
    ) -> Result<Response<LookUpZoneResponse>, Status> {
        answer(self.look_up(request).await)
    }
}

fn answer<T>(done: Result<T, ZoneError>) -> Result<Response<T>, Status> {
    done.map(Response::new).map_err(into_status)
}

// === impl Rpc ===

impl Rpc {
    async fn create(&self, request: Request<CreateZonePlanRequest>) -> Result<ZonePlan, ZoneError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let regions = self.context.regions.clone();
        let parent = Parent::of(&caller, &regions, "parent", &message.parent)?;
        let region = county_of(&parent, &regions)?;
        let key = RequestKey::of(&message.request_id, &message)?;
        let given = message
            .zone_plan
            .ok_or_else(|| KernelError::Fields(vec![Violation::required("zone_plan")]))?;
        let mut wrong = Vec::from_iter(school_year::check("school_year", given.school_year));
        wrong.extend(rules::check_stage("stage", given.stage));
        wrong.extend(rules::check(&given.zones, &ranges(&regions, &region)?));
        KernelError::unless_empty(wrong)?;
        let plan = Model {
            id: Uuid::now_v7(),
            place: parent.place().unwrap_or_default(),
            region,
            school_year: given.school_year,
            stage: given.stage,
            state: State::Draft as i32,
            zones: store::pack(given.zones.clone()),
            notice_end_date: String::new(),
            due_date: String::new(),
            due_provisional: false,
            version: 1,
            update_micros: self.context.clock.now_micros(),
        };
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                check_schools(&*tx, &plan, &given.zones).await?;
                if store::insert_missing(&*tx, plan.clone()).await?.is_empty() {
                    let (region, year) = (&plan.region, plan.school_year);
                    let standing = store::of_county(&*tx, region, year, plan.stage).await?;
                    let name = name_of(standing.as_ref().unwrap_or(&plan));
                    return Err(ZoneError::Taken { name });
                }
                let answer = encode(&plan)?;
                let entry = about(&plan).change(None, &answer).step(CREATE, "", "DRAFT");
                Ok((answer, entry))
            })
            .await
    }

    async fn amend(&self, request: Request<AmendZonePlanRequest>) -> Result<ZonePlan, ZoneError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let asked = Asked {
            step: AMEND,
            name: message.name,
            etag: message.etag,
            note: String::new(),
            evidence: Vec::new(),
        };
        self.take(caller, asked, key, Some(message.zones)).await
    }

    async fn step(
        &self,
        step: &'static str,
        request: Request<StepRequest>,
    ) -> Result<ZonePlan, ZoneError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let asked = Asked::of(step, &message)?;
        if step == RETURN {
            KernelError::unless_empty(check_reason("note", &asked.note))?;
        }
        let key = RequestKey::of(&message.request_id, &message)?;
        self.take(caller, asked, key, None).await
    }

    async fn take(
        &self,
        caller: Caller,
        asked: Asked,
        key: RequestKey,
        zones: Option<Vec<AttendanceZone>>,
    ) -> Result<ZonePlan, ZoneError> {
        let id = id_of("zonePlans", &asked.name)?;
        let context = self.context.clone();
        let store = context.store.clone();
        store
            .write(&caller.clone(), key, move |tx| async move {
                let current = resource::get::<Entity>(&*tx, &caller.scope, id).await?;
                let standing = Standing {
                    state: state_of(current.state),
                    version: current.version,
                    region: &current.region,
                };
                let taken = WORKFLOW
                    .take(&tx, &context, &caller, &asked, standing, |_| true)
                    .await?;
                let today = context.clock.today();
                let facts = Facts {
                    zones: store::zones_of(&current)?,
                    towns: towns_of(&context.regions, &current.region),
                    notice_end: current.notice_end_date.parse().ok(),
                    today,
                };
                taken.pass(&asked, |guard| rules::judge(guard, &facts))?;
                let before = encode(&current)?;
                let mut changed = current.clone();
                if let Some(zones) = zones {
                    let county = ranges(&context.regions, &current.region)?;
                    KernelError::unless_empty(rules::check(&zones, &county))?;
                    check_schools(&*tx, &current, &zones).await?;
                    changed.zones = store::pack(zones);
                }
                changed.state = taken.to as i32;
                changed.notice_end_date = match asked.step {
                    ANNOUNCE => {
                        let path = RegionPath::of(&context.regions, &current.region);
                        let days =
                            RuleBook::builtin()?.number("zones.notice_days", &path, today)?;
                        (today + Days::new(days.unsigned_abs())).to_string()
                    }
                    RETURN => String::new(),
                    _ => changed.notice_end_date,
                };
                (changed.due_date, changed.due_provisional) = taken.due_date();
                changed.version += 1;
                changed.update_micros = context.clock.now_micros();
                resource::replace::<Entity>(&*tx, changed.clone(), current.version).await?;
                let answer = encode(&changed)?;
                let entry = about(&changed).change(Some(&before), &answer);
                Ok::<_, ZoneError>((answer, taken.entry(entry, &asked)))
            })
            .await
    }

    async fn get(&self, request: Request<GetZonePlanRequest>) -> Result<ZonePlan, ZoneError> {
        let caller = Caller::of(&request)?;
        let plan = self.read(&caller, &request.into_inner().name).await?;
        Ok(encode(&plan)?)
    }

    async fn list(
        &self,
        request: Request<ListZonePlansRequest>,
    ) -> Result<ListZonePlansResponse, ZoneError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent],
        )?;
        let reader = self.context.store.reader();
        let (rows, next_page_token) =
            resource::list::<Entity>(reader, &caller.scope, &parent, &page).await?;
        Ok(ListZonePlansResponse {
            zone_plans: rows.iter().map(encode).collect::<Result<_, _>>()?,
            next_page_token,
        })
    }

    async fn check(
        &self,
        request: Request<CheckZonePlanRequest>,
    ) -> Result<CheckZonePlanResponse, ZoneError> {
        let caller = Caller::of(&request)?;
        let plan = self.read(&caller, &request.into_inner().name).await?;
        let zones = store::zones_of(&plan)?;
        let towns = towns_of(&self.context.regions, &plan.region);
        let (uncovered_towns, partly_covered_towns) = rules::uncovered(&zones, &towns);
        Ok(CheckZonePlanResponse {
            overlaps: rules::overlaps(&zones),
            uncovered_towns,
            partly_covered_towns,
        })
    }

    async fn look_up(
        &self,
        request: Request<LookUpZoneRequest>,
    ) -> Result<LookUpZoneResponse, ZoneError> {
        let message = request.into_inner();
        let code = message.parent.trim_start_matches("regions/").to_owned();
        let mut wrong = Vec::from_iter(rules::check_stage("stage", message.stage));
        wrong.extend(school_year::check("school_year", message.school_year));
        if rules::span_of(&message.place).is_none() && message.area.trim().is_empty() {
            wrong.push(Violation::required("place"));
        }
        KernelError::unless_empty(wrong)?;
        let (year, stage) = (message.school_year, message.stage);
        let plan = store::published(self.context.store.reader(), &code, year, stage).await?;
        let plan = plan.ok_or_else(|| {
            KernelError::not_found(format!("zonePlans of {} {year}", message.parent))
        })?;
        let zones = store::zones_of(&plan)?;
        let found = rules::zones_of(&zones, &message.place, &message.area);
        Ok(LookUpZoneResponse {
            zones: found.cloned().collect(),
            zone_plan: name_of(&plan),
        })
    }

    async fn read(&self, caller: &Caller, name: &str) -> Result<Model, KernelError> {
        let id = id_of("zonePlans", name)?;
        resource::get::<Entity>(self.context.store.reader(), &caller.scope, id).await
    }
}

/// The code of a county: zones are a county's.
fn county_of(parent: &Parent, regions: &RegionTable) -> Result<String, KernelError> {
    let county = match parent {
        Parent::Region { code, .. } => regions.get(code).filter(|region| region.acts_as_county()),
        Parent::School(_) => None,
    };
    county.map(|region| region.code.clone()).ok_or_else(|| {
        KernelError::Fields(vec![Violation::invalid(
            "parent",
            "must be a county: zones are drawn by counties",
            "应为县级区划,服务范围由县划定",
        )])
    })
}

fn ranges(
    regions: &RegionTable,
    region: &str,
) -> Result<Vec<std::ops::RangeInclusive<i64>>, KernelError> {
    regions
        .ranges(region)
        .map_err(|_| KernelError::RegionUnknown {
            code: region.to_owned(),
        })
}

/// The towns of a county that the table knows.
fn towns_of(regions: &RegionTable, region: &str) -> Vec<String> {
    let towns = regions.children(region).into_iter();
    let towns = towns.filter(|town| town.level == RegionLevel::Town);
    towns.map(|town| town.code.clone()).collect()
}

/// Every school of the zones must be one of the county and run the stage.
async fn check_schools(
    database: &impl ConnectionTrait,
    plan: &Model,
    zones: &[AttendanceZone],
) -> Result<(), ZoneError> {
    let public = Scope::everything("the directory is public; the county is judged below");
    let named = zones.iter().flat_map(|zone| &zone.schools);
    let ids = named.filter_map(|name| id_of("schools", name).ok());
    let known: HashMap<String, _> = schools::with_ids(database, &public, ids)
        .await?
        .into_iter()
        .map(|school| (format!("schools/{}", school.id), school))
        .collect();
    let mut wrong = Vec::new();
    for (index, zone) in zones.iter().enumerate() {
        for (number, name) in zone.schools.iter().enumerate() {
            let field = format!("zones[{index}].schools[{number}]");
            let school = known
                .get(name)
                .filter(|school| school.region == plan.region);
            match school {
                None => wrong.push(Violation {
                    field,
                    reason: Reason::FieldInvalid,
                    why: format!("{name} is no school of this county"),
                    why_zh: format!("{name}不是本县登记的学校"),
                }),
                Some(school) => {
                    let mut runs = stages_of(school.kind).iter();
                    if !runs.any(|stage| *stage as i32 == plan.stage) {
                        wrong.push(Violation {
                            field,
                            reason: Reason::FieldInvalid,
                            why: format!("{} does not run the stage", school.display_name),
                            why_zh: format!("{}未举办该学段", school.display_name),
                        });
                    }
                }
            }
        }
    }
    Ok(KernelError::unless_empty(wrong)?)
}

fn about(plan: &Model) -> Entry {
    Entry::about(name_of(plan), plan.place, None, DataClass::Public)
}

fn name_of(plan: &Model) -> String {
    format!("zonePlans/{}", plan.id)
}

fn encode(plan: &Model) -> Result<ZonePlan, KernelError> {
    Ok(ZonePlan {
        name: name_of(plan),
        region: format!("regions/{}", plan.region),
        school_year: plan.school_year,
        stage: plan.stage,
        state: plan.state,
        zones: store::zones_of(plan)?,
        notice_end_date: plan.notice_end_date.clone(),
        etag: etag(plan.version),
        due_date: plan.due_date.clone(),
        due_provisional: plan.due_provisional,
    })
}
