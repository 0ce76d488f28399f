//! The gRPC face of forecasts: decode, call, encode.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::Datelike as _;
use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::name::Parent;
use junheng_kernel::page::Page;
use junheng_kernel::region::{Region, RegionLevel};
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::text::check_text;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::forecast_service_server::ForecastService;
use junheng_proto::registration::v1::{
    BirthCount, Forecast, FreezeCohortsRequest, FreezeCohortsResponse, GetForecastRequest,
    ListBirthsRequest, ListBirthsResponse, ListPlaceGapsRequest, ListPlaceGapsResponse,
    RecordBirthsRequest, RecordBirthsResponse,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::error::ForecastError;
use super::gaps::{self, Organisation, Position};
use super::store;
use super::unit::{Defaults, Ground, Of, Unit, grade_of, merge};
use crate::attendance_zone::rules::span_of;
use crate::entity::{birth_count, cohort_count, school};
use crate::school::parent::{self, PlacedParent};
use crate::school_year;

/// The most entries of a call.
const MOST: usize = 500;
/// The first year of birth.
const FIRST_YEAR: i32 = 1_990;
/// Children of a year.
const CHILDREN: RangeInclusive<i32> = 0..=1_000_000;
/// Children who come or leave in a year.
const MOVING: RangeInclusive<i32> = -100_000..=100_000;

/// Serves forecasts.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

fn answer<T>(done: Result<T, ForecastError>) -> Result<Response<T>, Status> {
    done.map(Response::new).map_err(into_status)
}

#[tonic::async_trait]
impl ForecastService for Rpc {
    async fn record_births(
        &self,
        request: Request<RecordBirthsRequest>,
    ) -> Result<Response<RecordBirthsResponse>, Status> {
        answer(self.record(request).await)
    }

    async fn list_births(
        &self,
        request: Request<ListBirthsRequest>,
    ) -> Result<Response<ListBirthsResponse>, Status> {
        answer(self.births(request).await)
    }

    async fn freeze_cohorts(
        &self,
        request: Request<FreezeCohortsRequest>,
    ) -> Result<Response<FreezeCohortsResponse>, Status> {
        answer(self.freeze(request).await)
    }

    async fn get_forecast(
        &self,
        request: Request<GetForecastRequest>,
    ) -> Result<Response<Forecast>, Status> {
        answer(self.forecast(request).await)
    }

    async fn list_place_gaps(
        &self,
        request: Request<ListPlaceGapsRequest>,
    ) -> Result<Response<ListPlaceGapsResponse>, Status> {
        answer(self.gaps(request).await)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn record(
        &self,
        request: Request<RecordBirthsRequest>,
    ) -> Result<RecordBirthsResponse, ForecastError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (parent, county) = self.county(&caller, &message.parent)?;
        let key = RequestKey::of(&message.request_id, &message)?;
        let name = message.parent.clone();
        let given = message.births;
        let this_year = self.context.clock.today().year();
        KernelError::unless_empty(check(&given, &parent, this_year))?;
        let rows = given.iter().map(|birth| model_of(&county.code, birth));
        let rows: Vec<birth_count::Model> = rows.collect();
        let place = parent.place().unwrap_or_default();
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                let replaced = store::put_births(&*tx, rows).await?;
                let before = (!replaced.is_empty()).then(|| RecordBirthsResponse {
                    births: replaced.iter().map(encode).collect(),
                });
                let answer = RecordBirthsResponse { births: given };
                let entry = Entry::about(name, place, None, DataClass::Internal);
                let entry = entry.change(before.as_ref(), &answer);
                Ok::<_, ForecastError>((answer, entry))
            })
            .await
    }

    async fn births(
        &self,
        request: Request<ListBirthsRequest>,
    ) -> Result<ListBirthsResponse, ForecastError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &[&message.parent])?;
        let reader = self.context.store.reader();
        let (rows, next_page_token) =
            resource::list::<birth_count::Entity>(reader, &caller.scope, &parent, &page).await?;
        Ok(ListBirthsResponse {
            births: rows.iter().map(encode).collect(),
            next_page_token,
        })
    }

    async fn freeze(
        &self,
        request: Request<FreezeCohortsRequest>,
    ) -> Result<FreezeCohortsResponse, ForecastError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (parent, _) = self.county(&caller, &message.parent)?;
        let key = RequestKey::of(&message.request_id, &message)?;
        let school_year = school_year::of(self.context.clock.today());
        let name = message.parent;
        self.context
            .store
            .write(&caller, key, move |tx| async move {
                let places = store::hold_schools(&*tx, &parent).await?;
                let counts = store::students(&*tx, &parent).await?;
                let counts = counts.into_iter();
                let compulsory =
                    counts.filter(|(_, stage, grade, _)| grade_of(*stage, *grade).is_some());
                let rows: Vec<cohort_count::Model> = compulsory
                    .filter_map(|(school, stage, grade, student_count)| {
                        Some(cohort_count::Model {
                            id: Uuid::now_v7(),
                            school,
                            // A school that opened in this moment had nobody to count.
                            place: *places.get(&school)?,
                            school_year,
                            stage,
                            grade,
                            student_count,
                        })
                    })
                    .collect();
                let told = |rows: &[cohort_count::Model]| FreezeCohortsResponse {
                    school_year,
                    student_count: rows.iter().map(|row| row.student_count).sum(),
                };
                let answer = told(&rows);
                let replaced = store::replace_cohorts(&*tx, &parent, school_year, rows).await?;
                let before = (!replaced.is_empty()).then(|| told(&replaced));
                let place = parent.place().unwrap_or_default();
                let entry = Entry::about(name, place, None, DataClass::Internal);
                Ok::<_, ForecastError>((answer, entry.change(before.as_ref(), &answer)))
            })
            .await
    }

    async fn forecast(
        &self,
        request: Request<GetForecastRequest>,
    ) -> Result<Forecast, ForecastError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let reader = self.context.store.reader();
        let regions = &self.context.regions;
        let placed = parent::placed(reader, &caller, regions, "parent", &message.parent);
        let PlacedParent { parent, .. } = placed.await?;
        let base_year = self.base_year(message.base_year)?;
        let (within, of) = self.within(&parent).await?;
        let ground = Ground::read(reader, &within, base_year).await?;
        let mut forecast = Forecast {
            parent: message.parent,
            base_year,
            as_of_time: Some(timestamp(self.context.clock.now_micros())),
            ..Forecast::default()
        };
        let mut assumptions = BTreeSet::new();
        let counties = ground.counties();
        for county in &counties {
            let unit = self.unit(&ground, county, &of)?;
            merge(&mut forecast.years, unit.years);
            assumptions.extend(unit.assumptions);
            if counties.len() == 1 {
                forecast.rates = unit.rates;
            }
        }
        forecast.assumptions = assumptions.into_iter().collect();
        Ok(forecast)
    }

    async fn gaps(
        &self,
        request: Request<ListPlaceGapsRequest>,
    ) -> Result<ListPlaceGapsResponse, ForecastError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let regions = &self.context.regions;
        let parent = Parent::of(&caller, regions, "parent", &message.parent)?;
        let base_year = self.base_year(message.base_year)?;
        let year = base_year.to_string();
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &[&message.parent, &year])?;
        let reader = self.context.store.reader();
        let (within, of) = self.within(&parent).await?;
        let ground = Ground::read(reader, &within, base_year).await?;
        let (mut gaps, mut assumptions) = (Vec::new(), BTreeSet::new());
        let by_school = self.is_county(&parent) || matches!(of, Of::Town(_));
        for county in ground.counties() {
            if !by_school {
                let unit = self.unit(&ground, &county, &Of::County)?;
                let of = Organisation {
                    county: &county,
                    school: None,
                    display_name: regions
                        .get(&county)
                        .map_or("", |region| region.name.as_str()),
                };
                gaps.extend(gaps::of_unit(&of, &unit));
                assumptions.extend(unit.assumptions);
                continue;
            }
            for school in ground.schools_of(&county) {
                if !parent.contains(school.place, Some(school.id)) {
                    continue;
                }
                let unit = self.unit(&ground, &county, &Of::School(school.id))?;
                let of = Organisation {
                    county: &county,
                    school: Some(school.id),
                    display_name: &school.display_name,
                };
                gaps.extend(gaps::of_unit(&of, &unit));
                assumptions.extend(unit.assumptions);
            }
        }
        gaps.sort_by(|(one, _), (other, _)| one.cmp(other));
        if let Some(last) = page.after::<Position>()? {
            gaps.retain(|(at, _)| *at > last);
        }
        let (rows, next_page_token) = page.cut(gaps, |(at, _)| at.to_string());
        Ok(ListPlaceGapsResponse {
            place_gaps: rows.into_iter().map(|(_, gap)| gap).collect(),
            next_page_token,
            assumptions: assumptions.into_iter().collect(),
        })
    }

    fn unit(&self, ground: &Ground, county: &str, of: &Of) -> Result<Unit, KernelError> {
        let today = self.context.clock.today();
        let defaults = Defaults::of(&self.context.regions, county, today)?;
        Ok(ground.forecast(&self.context.regions, county, of, &defaults))
    }

    /// The county whose figures a forecast needs, and which part of it is asked for. Above the county, all counties below.
    async fn within(&self, parent: &Parent) -> Result<(Parent, Of), KernelError> {
        let regions = &self.context.regions;
        let (code, of) = match parent {
            Parent::School(id) => {
                let public = Scope::everything("the caller was found to cover the school");
                let reader = self.context.store.reader();
                let school = resource::get::<school::Entity>(reader, &public, *id).await?;
                (school.region, Of::School(*id))
            }
            Parent::Region { code, .. } => match regions.get(code) {
                Some(region) if region.level == RegionLevel::Town => {
                    let county = regions.county_of(code).map(|county| county.code.clone());
                    (county.unwrap_or_default(), Of::Town(code.clone()))
                }
                _ => return Ok((parent.clone(), Of::County)),
            },
        };
        let unknown = |_| KernelError::RegionUnknown { code: code.clone() };
        let ranges = regions.ranges(&code).map_err(unknown)?;
        Ok((Parent::Region { code, ranges }, of))
    }

    fn is_county(&self, parent: &Parent) -> bool {
        match parent {
            Parent::Region { code, .. } => {
                let region = self.context.regions.get(code);
                region.is_some_and(Region::acts_as_county)
            }
            Parent::School(_) => false,
        }
    }

    fn county(&self, caller: &Caller, value: &str) -> Result<(Parent, Region), KernelError> {
        let regions = &self.context.regions;
        let parent = Parent::of(caller, regions, "parent", value)?;
        let county = match &parent {
            Parent::Region { code, .. } => regions.get(code).filter(|it| it.acts_as_county()),
            Parent::School(_) => None,
        };
        let county = county.cloned().ok_or_else(|| {
            KernelError::Fields(vec![Violation::invalid(
                "parent",
                "must be a county",
                "应为县级区划",
            )])
        })?;
        Ok((parent, county))
    }

    fn base_year(&self, asked: i32) -> Result<i32, KernelError> {
        let running = school_year::of(self.context.clock.today());
        if asked == 0 || asked == running {
            return Ok(running);
        }
        Err(KernelError::Fields(vec![Violation::invalid(
            "base_year",
            format!(
                "must be {running}, the running school year: forecasts start from what stands now"
            ),
            format!("应为当前学年{running},预测从现有在校生起算"),
        )]))
    }
}

fn check(births: &[BirthCount], county: &Parent, this_year: i32) -> Vec<Violation> {
    let mut wrong = Vec::new();
    if births.is_empty() || births.len() > MOST {
        wrong.push(Violation::invalid(
            "births",
            "must be 1 to 500",
            "应为1至500条",
        ));
    }
    let mut seen = BTreeSet::new();
    for (index, birth) in births.iter().enumerate().take(MOST) {
        let at = |field: &str| format!("births[{index}].{field}");
        let span = span_of(&birth.place).filter(|_| birth.place.len() < 12);
        if !span.is_some_and(|span| county.contains(*span.start(), None)) {
            wrong.push(Violation::invalid(
                &at("place"),
                "must be the county (6 digits) or one of its towns (9)",
                "应为本县(6位)或其乡镇(9位)代码",
            ));
        }
        if !seen.insert((birth.place.clone(), birth.birth_year)) {
            wrong.push(Violation::invalid(
                &at("birth_year"),
                "is given twice for this place",
                "同一地区同一出生年份重复",
            ));
        }
        let born = birth.birth_year.min(this_year);
        let numbers = [
            // Nobody is counted before the year of birth, or in a year to come.
            ("birth_year", birth.birth_year, FIRST_YEAR..=this_year),
            ("as_of_year", birth.as_of_year, born..=this_year),
            ("birth_count", birth.birth_count, CHILDREN),
            (
                "resident_count",
                birth.resident_count.unwrap_or(0),
                CHILDREN,
            ),
            ("yearly_migration", birth.yearly_migration, MOVING),
        ];
        for (field, number, range) in numbers {
            if !range.contains(&number) {
                let (least, most) = range.into_inner();
                wrong.push(Violation::invalid(
                    &at(field),
                    format!("must be {least} to {most}"),
                    format!("应为{least}至{most}"),
                ));
            }
        }
        if !(2..=200).contains(&birth.source.trim().chars().count()) {
            wrong.push(Violation::invalid(
                &at("source"),
                "must say where the figures come from, in 2 to 200 characters",
                "应以2至200字说明数据来源",
            ));
        }
        wrong.extend(check_text(&at("source"), &birth.source));
    }
    wrong
}

fn model_of(region: &str, birth: &BirthCount) -> birth_count::Model {
    birth_count::Model {
        id: Uuid::now_v7(),
        region: region.to_owned(),
        code: birth.place.clone(),
        place: span_of(&birth.place).map_or(0, |span| *span.start()),
        birth_year: birth.birth_year,
        birth_count: birth.birth_count,
        resident_count: birth.resident_count,
        yearly_migration: birth.yearly_migration,
        as_of_year: birth.as_of_year,
        source: birth.source.clone(),
    }
}

fn encode(row: &birth_count::Model) -> BirthCount {
    BirthCount {
        place: row.code.clone(),
        birth_year: row.birth_year,
        birth_count: row.birth_count,
        resident_count: row.resident_count,
        yearly_migration: row.yearly_migration,
        as_of_year: row.as_of_year,
        source: row.source.clone(),
    }
}
