//! Every SQL statement about forecasts.

use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _,
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

/// Puts entries in the place of those of the same place and year of birth.
pub async fn replace_births(
    database: &impl ConnectionTrait,
    rows: Vec<birth::Model>,
) -> Result<(), DbErr> {
    for row in &rows {
        birth::Entity::delete_many()
            .filter(birth::Column::Code.eq(&row.code))
            .filter(birth::Column::BirthYear.eq(row.birth_year))
            .exec(database)
            .await?;
    }
    let unique = [birth::Column::Code, birth::Column::BirthYear];
    store::insert_missing::<birth::Entity, _>(database, rows, unique, |row| {
        (row.code.clone(), row.birth_year)
    })
    .await?;
    Ok(())
}

/// Puts the counts of a year in the place of those frozen before below `parent`, those of schools that have no pupils any
/// more as well.
pub async fn replace_cohorts(
    database: &impl ConnectionTrait,
    parent: &Parent,
    school_year: i32,
    rows: Vec<cohort::Model>,
) -> Result<(), DbErr> {
    cohort::Entity::delete_many()
        .filter(cohort::Column::SchoolYear.eq(school_year))
        .filter(parent.condition::<cohort::Entity>())
        .exec(database)
        .await?;
    use cohort::Column;
    for some in rows.chunks(500) {
        let unique = [
            Column::School,
            Column::SchoolYear,
            Column::Stage,
            Column::Grade,
        ];
        store::insert_missing::<cohort::Entity, _>(database, some.to_vec(), unique, |row| {
            (row.school, row.stage, row.grade)
        })
        .await?;
    }
    Ok(())
}
