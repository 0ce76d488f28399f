//! Every SQL statement about reorganisations, the lineage of schools and their years.

use std::collections::{BTreeSet, HashSet};

use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::registration::v1::reorganisation::Kind;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::workflow::State;
use crate::entity::reorganisation::{Column, Entity, Model};
use crate::entity::{former_school, school, school_class, school_lineage, school_year, student};
use crate::student::standing::LIVE;

const EVERYWHERE: &str = "the schools of a reorganisation were judged against the scope before";

/// Adds a reorganisation.
pub async fn insert(database: &impl ConnectionTrait, new: Model) -> Result<(), DbErr> {
    Entity::insert(new.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Writes what a step changed, if nobody wrote since `version` was read.
pub async fn replace(
    database: &impl ConnectionTrait,
    changed: &Model,
    version: i64,
) -> Result<(), KernelError> {
    resource::replace::<Entity>(database, changed.clone(), version).await
}

/// Only those in a state, where one is asked for.
pub fn in_state(state: i32) -> Condition {
    Condition::all().add_option((state != 0).then(|| Column::State.eq(state)))
}

/// A reorganisation that has not ended and in which one of the schools changes or receives.
pub async fn under_way(
    database: &impl ConnectionTrait,
    schools: &[Uuid],
) -> Result<Option<Model>, DbErr> {
    let ended = [State::Done as i32, State::Withdrawn as i32];
    let named = Condition::any()
        .add(Column::School.is_in(schools.iter().copied()))
        .add(Column::ReceivingSchool.is_in(schools.iter().copied()));
    Entity::visible_to(&Scope::everything(EVERYWHERE))
        .filter(named)
        .filter(Column::State.is_not_in(ended))
        .one(database)
        .await
}

/// The plans that have not ended and give a school this code, in the whole province.
pub async fn planned_codes(
    database: &impl ConnectionTrait,
    school_code: &str,
) -> Result<Vec<Uuid>, KernelError> {
    let ended = [State::Done as i32, State::Withdrawn as i32];
    let everywhere = Scope::everything("a code is given once in the whole province");
    let kinds = [Kind::Opening, Kind::Split, Kind::ChangeOfKind].map(|kind| kind as i32);
    let open = Entity::visible_to(&everywhere)
        .filter(Column::State.is_not_in(ended))
        .filter(Column::Kind.is_in(kinds))
        .all(database)
        .await?;
    let mut found = Vec::new();
    for plan in open {
        let new = super::steps::plan_of(&plan)?.new_school;
        if new.is_some_and(|new| new.school_code == school_code) {
            found.push(plan.id);
        }
    }
    Ok(found)
}

/// Keeps the entry of a school as it stood.
pub async fn keep_former(
    database: &impl ConnectionTrait,
    school: &school::Model,
    until_date: &str,
    reorganisation: Uuid,
) -> Result<(), DbErr> {
    let former = former_school::Model {
        id: Uuid::now_v7(),
        school: school.id,
        place: school.place,
        school_code: school.school_code.clone(),
        display_name: school.display_name.clone(),
        kind: school.kind,
        until_date: until_date.to_owned(),
        reorganisation,
    };
    former_school::Entity::insert(former.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Those of the codes that a school had before and that are never given again.
pub async fn former_codes(
    database: &impl ConnectionTrait,
    codes: &[&str],
) -> Result<HashSet<String>, DbErr> {
    let everywhere = Scope::everything("a code is given once in the whole province");
    let found: Vec<String> = former_school::Entity::visible_to(&everywhere)
        .select_only()
        .column(former_school::Column::SchoolCode)
        .filter(former_school::Column::SchoolCode.is_in(codes.iter().copied()))
        .into_tuple()
        .all(database)
        .await?;
    Ok(found.into_iter().collect())
}

/// Keeps that `predecessor` went into `successor`.
pub async fn keep_lineage(
    database: &impl ConnectionTrait,
    lineage: school_lineage::Model,
) -> Result<(), DbErr> {
    school_lineage::Entity::insert(lineage.into_active_model())
        .on_conflict_do_nothing()
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// What went into these schools.
pub async fn predecessors(
    database: &impl ConnectionTrait,
    successors: &[Uuid],
) -> Result<Vec<school_lineage::Model>, DbErr> {
    school_lineage::Entity::visible_to(&Scope::everything("the caller covers the successor"))
        .filter(school_lineage::Column::Successor.is_in(successors.iter().copied()))
        .all(database)
        .await
}

/// The next students that a move takes along, in the order of their ids: of the classes named, or of the whole school.
pub async fn next_students(
    database: &impl ConnectionTrait,
    school: Uuid,
    classes: Option<&[Uuid]>,
) -> Result<Vec<student::Model>, DbErr> {
    let of_classes =
        classes.map(|classes| student::Column::SchoolClass.is_in(classes.iter().copied()));
    student::Entity::visible_to(&Scope::everything(EVERYWHERE))
        .filter(student::Column::School.eq(school))
        .filter(Condition::all().add_option(of_classes))
        .order_by_asc(student::Column::Id)
        .limit(SET as u64)
        .all(database)
        .await
}

/// The highest class number of each stage and grade of a school.
pub async fn highest_numbers(
    database: &impl ConnectionTrait,
    school: Uuid,
) -> Result<Vec<(i32, i32, i32)>, DbErr> {
    use school_class::Column as Class;
    school_class::Entity::visible_to(&Scope::everything(EVERYWHERE))
        .select_only()
        .columns([Class::Stage, Class::Grade])
        .column_as(Class::Number.max(), "highest")
        .filter(Class::School.eq(school))
        .group_by(Class::Stage)
        .group_by(Class::Grade)
        .into_tuple()
        .all(database)
        .await
}

/// The schools of a county by its code, the next ones first.
pub async fn schools_of_county(
    database: &impl ConnectionTrait,
    region: &str,
    limit: u64,
) -> Result<Vec<school::Model>, DbErr> {
    let province = Scope::everything("the caller covers the whole province");
    school::Entity::visible_to(&province)
        .filter(school::Column::Region.eq(region))
        .order_by_asc(school::Column::SchoolCode)
        .limit(limit)
        .all(database)
        .await
}

/// How many schools lie in a county.
pub(super) async fn count_of_county(
    database: &impl ConnectionTrait,
    region: &str,
) -> Result<u64, DbErr> {
    let province = Scope::everything("the caller covers the whole province");
    school::Entity::visible_to(&province)
        .filter(school::Column::Region.eq(region))
        .count(database)
        .await
}

/// The years of record of these schools from `first_year` on.
pub async fn years(
    database: &impl ConnectionTrait,
    schools: &[Uuid],
    first_year: i32,
) -> Result<Vec<school_year::Model>, DbErr> {
    school_year::Entity::visible_to(&Scope::everything("the caller covers the successor"))
        .filter(school_year::Column::School.is_in(schools.iter().copied()))
        .filter(school_year::Column::SchoolYear.gte(first_year))
        .order_by_asc(school_year::Column::SchoolYear)
        .order_by_asc(school_year::Column::School)
        .order_by_asc(school_year::Column::Stage)
        .all(database)
        .await
}

/// Writes each school's figures of a school year as they stand: those of a school that has none yet, and those that may
/// still move; while they may, a school whose pupils have gone into another loses its own. Taken from the counts, which are kept current with every write, not from the rolls.
pub async fn record_year(
    database: &impl ConnectionTrait,
    school_year: i32,
    today: &str,
    open: bool,
) -> Result<u64, DbErr> {
    // What was recorded earlier today, or in the season of the statistics, may still move.
    let may_move = if open {
        "1 = 1"
    } else {
        "school_years.as_of_date = excluded.as_of_date"
    };
    let now = "SELECT school, stage, max(place) AS place, CAST(SUM(students) AS bigint) AS students, \
         CAST(SUM(CASE WHEN seats > 0 THEN 1 ELSE 0 END) AS bigint) AS classes \
         FROM (SELECT school, stage, place, school_class, SUM(enrolled) AS students, SUM(placed) AS seats \
         FROM (SELECT school, stage, place, school_class, enrolled, placed FROM tally_cells UNION ALL \
         SELECT school, stage, place, school_class, enrolled, placed FROM tally_changes) AS told \
         GROUP BY school, stage, place, school_class) AS classes \
         WHERE students > 0 GROUP BY school, stage";
    let sql = format!(
        "INSERT INTO school_years \
         (school, school_year, stage, place, student_count, class_count, as_of_date) \
         SELECT school, {school_year}, stage, place, students, classes, '{today}' \
         FROM ({now}) AS now WHERE 1 = 1 \
         ON CONFLICT (school, school_year, stage) DO UPDATE SET \
         student_count = excluded.student_count, class_count = excluded.class_count, \
         place = excluded.place, as_of_date = excluded.as_of_date WHERE {may_move}"
    );
    let written = database.execute_unprepared(&sql).await?.rows_affected();
    if open {
        let gone = format!(
            "DELETE FROM school_years WHERE school_year = {school_year} AND NOT EXISTS \
             (SELECT 1 FROM ({now}) AS now WHERE now.school = school_years.school \
             AND now.stage = school_years.stage)"
        );
        database.execute_unprepared(&gone).await?;
    }
    Ok(written)
}

/// The stages in which a school has classes, or students whose record it keeps.
pub async fn stages_in_use(
    database: &impl ConnectionTrait,
    school: Uuid,
) -> Result<BTreeSet<i32>, DbErr> {
    let judged = || Scope::everything(EVERYWHERE);
    let of_classes: Vec<i32> = school_class::Entity::visible_to(&judged())
        .select_only()
        .column(school_class::Column::Stage)
        .distinct()
        .filter(school_class::Column::School.eq(school))
        .into_tuple()
        .all(database)
        .await?;
    let of_students: Vec<i32> = student::Entity::visible_to(&judged())
        .select_only()
        .column(student::Column::Stage)
        .distinct()
        .filter(student::Column::School.eq(school))
        .filter(student::Column::State.is_in(LIVE.map(|state| state as i32)))
        .into_tuple()
        .all(database)
        .await?;
    Ok(of_classes.into_iter().chain(of_students).collect())
}
