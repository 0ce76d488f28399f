//! Every SQL statement about forecasts.

use std::collections::{BTreeSet, HashMap};

use junheng_kernel::bulk::IMPORT_SET;
use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::entity::{
    admission_plan, birth_count as birth, cohort_count as cohort, school, school_class,
};
use crate::tally::read;

/// A school, a stage, a grade and how many.
pub type Count = (Uuid, i32, i32, i64);

/// The figures of a county enter the forecast of a school as sums, whoever asks for it.
fn figures() -> Scope {
    Scope::everything("a forecast is made of sums; who may ask for it was judged before")
}

/// The schools below `parent`.
pub async fn schools(
    database: &impl ConnectionTrait,
    parent: &Parent,
) -> Result<Vec<school::Model>, DbErr> {
    school::Entity::visible_to(&figures())
        .filter(parent.condition::<school::Entity>())
        .all(database)
        .await
}

/// Students who attend, by school, stage and grade: from the counts, which are kept current with every write.
pub async fn students(
    database: &impl ConnectionTrait,
    parent: &Parent,
) -> Result<Vec<Count>, DbErr> {
    read::attending(database, parent).await
}

/// Classes by school, stage and grade.
pub async fn classes(
    database: &impl ConnectionTrait,
    parent: &Parent,
) -> Result<Vec<Count>, DbErr> {
    use school_class::Column;
    school_class::Entity::visible_to(&figures())
        .filter(parent.condition::<school_class::Entity>())
        .select_only()
        .columns([Column::School, Column::Stage, Column::Grade])
        .column_as(Column::Id.count(), "class_count")
        .group_by(Column::School)
        .group_by(Column::Stage)
        .group_by(Column::Grade)
        .into_tuple()
        .all(database)
        .await
}

/// What was frozen from a school year on.
pub async fn frozen(
    database: &impl ConnectionTrait,
    parent: &Parent,
    from_year: i32,
) -> Result<Vec<cohort::Model>, DbErr> {
    cohort::Entity::visible_to(&figures())
        .filter(parent.condition::<cohort::Entity>())
        .filter(cohort::Column::SchoolYear.gte(from_year))
        .all(database)
        .await
}

/// Births below `parent`.
pub async fn births(
    database: &impl ConnectionTrait,
    parent: &Parent,
) -> Result<Vec<birth::Model>, DbErr> {
    birth::Entity::visible_to(&figures())
        .filter(parent.condition::<birth::Entity>())
        .all(database)
        .await
}

/// Admission plans from a school year on.
pub async fn plans(
    database: &impl ConnectionTrait,
    parent: &Parent,
    from_year: i32,
) -> Result<Vec<admission_plan::Model>, DbErr> {
    admission_plan::Entity::visible_to(&figures())
        .filter(parent.condition::<admission_plan::Entity>())
        .filter(admission_plan::Column::SchoolYear.gte(from_year))
        .all(database)
        .await
}

/// Puts entries in the place of those of the same place and year of birth, and gives those as they were.
pub async fn put_births(
    database: &impl ConnectionTrait,
    rows: Vec<birth::Model>,
) -> Result<Vec<birth::Model>, DbErr> {
    use birth::Column;
    let unique = [Column::Code, Column::BirthYear];
    let key = |row: &birth::Model| (row.code.clone(), row.birth_year);
    let new = rows.clone();
    let added = store::insert_missing::<birth::Entity, _>(database, new, unique, key).await?;
    let mut rows = rows;
    rows.retain(|row| !added.contains(&row.id));
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // They stand, whoever entered them, at this very moment perhaps: held, they are read as what is replaced.
    let keys: BTreeSet<(String, i32)> = rows.iter().map(key).collect();
    let mut before = birth::Entity::visible_to(&figures())
        .filter(Column::Code.is_in(keys.iter().map(|(code, _)| code)))
        .filter(Column::BirthYear.is_in(keys.iter().map(|(_, year)| *year)))
        // Always in one order, so that two writes wait for each other instead of locking up.
        .order_by_asc(Column::Code)
        .order_by_asc(Column::BirthYear)
        .lock_exclusive()
        .all(database)
        .await?;
    before.retain(|row| keys.contains(&key(row)));
    let replace = OnConflict::columns(unique)
        .update_columns([
            Column::Region,
            Column::Place,
            Column::BirthCount,
            Column::ResidentCount,
            Column::YearlyMigration,
            Column::AsOfYear,
            Column::Source,
        ])
        .to_owned();
    birth::Entity::insert_many(rows.into_iter().map(IntoActiveModel::into_active_model))
        .on_conflict(replace)
        .exec_without_returning(database)
        .await?;
    Ok(before)
}

/// The places of the schools below `parent`, held until the transaction ends: none moves, and two who freeze at once come one
/// after the other.
pub async fn hold_schools(
    database: &impl ConnectionTrait,
    parent: &Parent,
) -> Result<HashMap<Uuid, i64>, DbErr> {
    let places: Vec<(Uuid, i64)> = school::Entity::visible_to(&figures())
        .select_only()
        .columns([school::Column::Id, school::Column::Place])
        .filter(parent.condition::<school::Entity>())
        // Always in one order, so that two writes wait for each other instead of locking up.
        .order_by_asc(school::Column::SchoolCode)
        .lock_exclusive()
        .into_tuple()
        .all(database)
        .await?;
    Ok(places.into_iter().collect())
}

/// Puts the counts of a year in the place of those frozen before below `parent`, those of schools that have no pupils any
/// more as well, and gives those as they were. The schools are held. Fails with `WRITE_CONFLICT` where others came in between.
pub async fn replace_cohorts(
    database: &impl ConnectionTrait,
    parent: &Parent,
    school_year: i32,
    rows: Vec<cohort::Model>,
) -> Result<Vec<cohort::Model>, KernelError> {
    use cohort::Column;
    let of_year = Condition::all()
        .add(Column::SchoolYear.eq(school_year))
        .add(parent.condition::<cohort::Entity>());
    let before = cohort::Entity::visible_to(&figures())
        .filter(of_year.clone())
        .all(database)
        .await?;
    cohort::Entity::delete_many()
        .filter(of_year)
        .exec(database)
        .await?;
    for some in rows.chunks(IMPORT_SET) {
        let unique = [
            Column::School,
            Column::SchoolYear,
            Column::Stage,
            Column::Grade,
        ];
        let new = some.to_vec();
        let added = store::insert_missing::<cohort::Entity, _>(database, new, unique, |row| {
            (row.school, row.stage, row.grade)
        })
        .await?;
        if added.len() < some.len() {
            return Err(KernelError::WriteConflict);
        }
    }
    Ok(before)
}
