//! Every SQL statement about reorganisations, the lineage of schools and their years.

use std::collections::HashSet;

use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped, of_school};
use junheng_proto::obstacle::v1::Obstacle;
use junheng_proto::registration::v1::key_change::State as KeyState;
use junheng_proto::registration::v1::reorganisation::Kind;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    IntoActiveModel as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::workflow::State;
use crate::admission::workflow::State as AdmissionState;
use crate::certificate::workflow::ListState;
use crate::class_draw::workflow::State as DrawState;
use crate::entity::reorganisation::{Column, Entity, Model};
use crate::entity::{
    admission_plan, certificate_list, class_draw, duplicate_case, former_school, key_change,
    school, school_class, school_lineage, school_year, status_change, student, transfer,
};

/// The states of a class draw that is under way.
const DRAWING: [i32; 5] = [
    DrawState::Prepared as i32,
    DrawState::SchoolCommitted as i32,
    DrawState::Committed as i32,
    DrawState::SchoolRevealed as i32,
    DrawState::Revealed as i32,
];

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

/// What is open for students of a school, by kind, in a school year; nothing of a kind that has ended everywhere.
pub async fn open_processes(
    database: &impl ConnectionTrait,
    school: Uuid,
    school_year: i32,
) -> Result<Vec<Obstacle>, DbErr> {
    let transfers =
        count_open::<transfer::Entity>(database, school, transfer::Column::OpenKey.is_not_null());
    let cases = count_open::<duplicate_case::Entity>(
        database,
        school,
        duplicate_case::Column::OpenStudent.is_not_null(),
    );
    let filed = [KeyState::Filed as i32, KeyState::Endorsed as i32];
    let key_changes =
        count_open::<key_change::Entity>(database, school, key_change::Column::State.is_in(filed));
    // Like the index that keeps one open change to a student.
    let status_changes = count_open::<status_change::Entity>(
        database,
        school,
        status_change::Column::State.is_in([1, 2]),
    );
    let lists = count_open::<admission_plan::Entity>(database, school, admitting(school_year));
    let proposed = [ListState::Proposed as i32, ListState::Submitted as i32];
    let certificates = count_open::<certificate_list::Entity>(
        database,
        school,
        certificate_list::Column::State.is_in(proposed),
    );
    let draws = count_open::<class_draw::Entity>(
        database,
        school,
        class_draw::Column::State.is_in(DRAWING),
    );
    let found = [
        ("transfers", "转学", "transfers", transfers.await?),
        (
            "cases of double registration",
            "双重学籍",
            "duplicateCases",
            cases.await?,
        ),
        (
            "changes of key fields",
            "关键信息变更",
            "keyChanges",
            key_changes.await?,
        ),
        (
            "changes of status",
            "学籍异动",
            "statusChanges",
            status_changes.await?,
        ),
        (
            "admission lists",
            "招生名单",
            "admissionPlans",
            lists.await?,
        ),
        ("class draws", "均衡分班", "classDraws", draws.await?),
        (
            "lists of certificates",
            "证书名册",
            "certificateLists",
            certificates.await?,
        ),
    ];
    let open = found.into_iter().filter(|(.., count)| *count > 0);
    Ok(open
        .map(|(kind, label, collection, count)| Obstacle {
            kind: kind.to_owned(),
            label: label.to_owned(),
            count: i64::try_from(count).unwrap_or(i64::MAX),
            source: format!("schools/{school}/{collection}"),
        })
        .collect())
}

/// Lists that hold children who have no place yet; and, of the school years that have not ended, those that hold children who
/// were admitted and are neither registered nor released.
fn admitting(school_year: i32) -> SimpleExpr {
    use admission_plan::Column as Plan;
    let undecided = [
        AdmissionState::Draft as i32,
        AdmissionState::Closed as i32,
        AdmissionState::Published as i32,
    ];
    let confirmed = [
        AdmissionState::Confirmed as i32,
        AdmissionState::Enrolled as i32,
    ];
    let waiting = Plan::State.is_in(undecided).and(Plan::ListedCount.gt(0));
    let missing = Plan::AdmittedCount
        .into_expr()
        .gt(Plan::EnrolledCount.into_expr());
    let admitted = Plan::State.is_in(confirmed).and(missing);
    waiting.or(admitted.and(Plan::SchoolYear.gte(school_year)))
}

async fn count_open<E: Scoped>(
    database: &impl ConnectionTrait,
    school: Uuid,
    open: SimpleExpr,
) -> Result<u64, DbErr>
where
    E::Model: Sync,
{
    let all = Scope::everything("counted for whoever closes the school");
    E::visible_to(&all)
        .filter(of_school::<E>(school))
        .filter(open)
        .count(database)
        .await
}
