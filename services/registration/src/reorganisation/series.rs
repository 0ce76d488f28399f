//! A school's students by school year over its lineage 学校沿革序列.

use std::collections::{BTreeMap, HashMap};

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::name::id_of;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_proto::registration::v1::{
    GetSchoolSeriesRequest, SchoolSeries, SchoolYear, SchoolYearPart,
};
use sea_orm::ConnectionTrait;
use tonic::Request;
use uuid::Uuid;

use super::error::ReorganisationError;
use super::store;
use crate::entity::school;
use crate::school_year;
use crate::tally::counted::ENROLLED;
use crate::tally::read::{Reach, cells};

/// Years, where the request names none: what inspections ask for.
const YEARS: i32 = 5;
/// The most years.
const MOST_YEARS: i32 = 20;

pub(super) async fn get(
    context: &Context,
    request: Request<GetSchoolSeriesRequest>,
) -> Result<SchoolSeries, ReorganisationError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let count = match message.year_count {
        0 => YEARS,
        count if (1..=MOST_YEARS).contains(&count) => count,
        _ => {
            return Err(KernelError::Fields(vec![Violation::invalid(
                "year_count",
                format!("must be 1 to {MOST_YEARS}, or 0 for {YEARS}"),
                format!("应为1至{MOST_YEARS},0表示{YEARS}"),
            )])
            .into());
        }
    };
    let id = id_of("schools", &message.name)?;
    let reader = context.store.reader();
    let school = resource::get::<school::Entity>(reader, &caller.scope, id).await?;
    let lineage = lineage(reader, school.id).await?;
    let today = context.clock.today();
    let this_year = school_year::of(today);
    let mut years: BTreeMap<i32, Vec<SchoolYearPart>> = (this_year - count + 1..=this_year)
        .map(|year| (year, Vec::new()))
        .collect();
    let ids: Vec<Uuid> = lineage.keys().copied().collect();
    for year in store::years(reader, &ids, this_year - count + 1).await? {
        let Some(parts) = years.get_mut(&year.school_year) else {
            continue;
        };
        if year.school_year < this_year {
            parts.push(SchoolYearPart {
                school: format!("schools/{}", year.school),
                stage: year.stage,
                student_count: year.student_count,
                class_count: year.class_count,
                as_of_date: year.as_of_date,
                shared: lineage.get(&year.school).copied().unwrap_or(false),
            });
        }
    }
    let now = cells(reader, &Reach::School(school.id)).await?;
    let mut stages: BTreeMap<i32, (i64, i64)> = BTreeMap::new();
    for (cell, counts) in now {
        let (students, classes) = stages.entry(cell.stage).or_default();
        *students += counts[ENROLLED];
        *classes += i64::from(!cell.school_class.is_nil());
    }
    let parts = stages
        .into_iter()
        .map(|(stage, (student_count, class_count))| SchoolYearPart {
            school: message.name.clone(),
            stage,
            student_count,
            class_count,
            as_of_date: today.to_string(),
            shared: false,
        });
    years.entry(this_year).or_default().extend(parts);
    Ok(SchoolSeries {
        name: message.name,
        years: years.into_iter().map(year_of).collect(),
        predecessors: ids
            .iter()
            .filter(|found| **found != school.id)
            .map(|id| format!("schools/{id}"))
            .collect(),
    })
}

fn year_of((school_year, parts): (i32, Vec<SchoolYearPart>)) -> SchoolYear {
    let whole = parts.iter().filter(|part| !part.shared);
    SchoolYear {
        school_year,
        student_count: whole.map(|part| part.student_count).sum(),
        parts,
    }
}

/// The school and all that went into it whole: what they began for their pupils goes on here.
pub(crate) async fn continued(
    database: &impl ConnectionTrait,
    school: Uuid,
) -> Result<Vec<Uuid>, KernelError> {
    let lineage = lineage(database, school).await?.into_iter();
    Ok(lineage
        .filter(|(_, shared)| !shared)
        .map(|(school, _)| school)
        .collect())
}

/// The school and all that went into it, each with whether only a part of it did.
async fn lineage(
    database: &impl ConnectionTrait,
    school: Uuid,
) -> Result<HashMap<Uuid, bool>, KernelError> {
    let mut found = HashMap::from([(school, false)]);
    let mut next = vec![school];
    while !next.is_empty() {
        let links = store::predecessors(database, &next).await?;
        next = Vec::new();
        for link in links {
            let through = found.get(&link.successor).copied().unwrap_or(false);
            if let std::collections::hash_map::Entry::Vacant(slot) = found.entry(link.predecessor) {
                slot.insert(link.shared || through);
                next.push(link.predecessor);
            }
        }
    }
    Ok(found)
}
