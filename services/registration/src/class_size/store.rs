//! Every SQL statement about class sizes and relief plans.

use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryResult, Statement, Value,
};
use uuid::Uuid;

use super::workflow::State;
use crate::entity::relief_plan::{Column, Entity, Model};

/// The least size in the partial index of the folded counts.
const INDEXED_FROM: i64 = 56;

/// A class with how many attend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sized {
    /// The school.
    pub school: Uuid,
    /// The class.
    pub school_class: Uuid,
    /// Its place.
    pub place: i64,
    /// The stage.
    pub stage: i32,
    /// The grade.
    pub grade: i32,
    /// Students.
    pub students: i64,
}

/// Which classes are asked for.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// Of whom; judged against the caller's scope before.
    pub parent: &'a Parent,
    /// At least so many students.
    pub least: i64,
    /// At most so many.
    pub most: Option<i64>,
    /// After this place and class.
    pub after: Option<(i64, Uuid)>,
    /// At most so many classes.
    pub limit: u64,
}

/// Classes by their sizes as they stand now, in the order of places: of the folded counts only what is large is looked at,
/// and of the others only what has changed since.
pub async fn sized(
    database: &impl ConnectionTrait,
    wanted: &Wanted<'_>,
) -> Result<Vec<Sized>, DbErr> {
    let mut values: Vec<Value> = Vec::new();
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let below = match wanted.parent {
        Parent::School(id) => format!("school = {}", bind((*id).into())),
        Parent::Region { ranges, .. } => {
            let ranges: Vec<String> = ranges
                .iter()
                .map(|range| format!("place BETWEEN {} AND {}", range.start(), range.end()))
                .collect();
            format!("({})", ranges.join(" OR "))
        }
    };
    let after = wanted.after.map_or_else(String::new, |(place, class)| {
        let class = bind(class.into());
        format!(" AND (place > {place} OR (place = {place} AND school_class > {class}))")
    });
    let (least, cell) = (wanted.least, "school, school_class, place, stage, grade");
    let most = wanted
        .most
        .map_or_else(String::new, |most| format!(" AND SUM(placed) <= {most}"));
    // The index holds large classes alone; only a condition that says so uses it.
    let indexed = if least >= INDEXED_FROM {
        format!("placed >= {INDEXED_FROM} AND ")
    } else {
        String::new()
    };
    let sql = format!(
        "SELECT {cell}, CAST(SUM(placed) AS bigint) AS students FROM (\
         SELECT {cell}, placed FROM tally_cells WHERE {indexed}placed >= {least} AND {below}{after} \
         UNION ALL SELECT {cell}, placed FROM tally_cells WHERE placed < {least} AND school_class IN \
         (SELECT school_class FROM tally_changes WHERE {below} AND placed <> 0){after} \
         UNION ALL SELECT {cell}, placed FROM tally_changes WHERE {below} AND placed <> 0{after}\
         ) AS told GROUP BY {cell} HAVING SUM(placed) >= {least}{most} \
         ORDER BY place, school_class LIMIT {}",
        wanted.limit
    );
    let backend = database.get_database_backend();
    let rows = database
        .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    rows.iter().map(sized_of).collect()
}

/// How many attend a class now.
pub async fn students_of(database: &impl ConnectionTrait, class: Uuid) -> Result<i64, DbErr> {
    let sql = "SELECT CAST(COALESCE(SUM(placed), 0) AS bigint) AS students FROM (\
               SELECT placed FROM tally_cells WHERE school_class = $1 UNION ALL \
               SELECT placed FROM tally_changes WHERE school_class = $1) AS told";
    let backend = database.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, [class.into()]);
    let row = database.query_one_raw(statement).await?;
    row.map_or(Ok(0), |row| row.try_get("", "students"))
}

/// The plans for these classes that have not ended.
pub async fn under_way(
    database: &impl ConnectionTrait,
    classes: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Model>, DbErr> {
    let ended = [State::Fulfilled as i32, State::Withdrawn as i32];
    Entity::visible_to(&Scope::everything("the classes were read within the scope"))
        .filter(Column::SchoolClass.is_in(classes))
        .filter(Column::State.is_not_in(ended))
        .all(database)
        .await
}

/// Adds a plan.
pub async fn insert(database: &impl ConnectionTrait, plan: Model) -> Result<(), DbErr> {
    Entity::insert(plan.into_active_model())
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

fn sized_of(row: &QueryResult) -> Result<Sized, DbErr> {
    Ok(Sized {
        school: row.try_get("", "school")?,
        school_class: row.try_get("", "school_class")?,
        place: row.try_get("", "place")?,
        stage: row.try_get("", "stage")?,
        grade: row.try_get("", "grade")?,
        students: row.try_get("", "students")?,
    })
}
