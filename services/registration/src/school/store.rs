//! Every SQL statement about schools.

use std::collections::HashSet;

use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped};
use junheng_kernel::store;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
};
use uuid::Uuid;

use crate::entity::school::{Column, Entity, Model};
use crate::entity::{
    absence, admission_entry, admission_plan, aid_grant, aid_sum, aided_count, attendance_roll,
    attendance_sheet, certificate, certificate_list, class_draw, cohort_count, dropout_case,
    dropout_case_event, dropout_notice, dropout_report, dropout_visit, duplicate_case,
    duplicate_claim, group_recognition, junior_place, key_change, number_mismatch, promotion,
    quarantined_row, relief_plan, school_class, school_year, status_change, student,
    student_change, transfer,
};
use crate::reorganisation::store as reorganisations;
use crate::tally;

/// The schools with these codes that the caller may see.
pub async fn with_codes(
    database: &impl ConnectionTrait,
    scope: &Scope,
    codes: &[&str],
) -> Result<Vec<Model>, DbErr> {
    Entity::visible_to(scope)
        .filter(Column::SchoolCode.is_in(codes.iter().copied()))
        .all(database)
        .await
}

/// The schools with these ids that the caller may see.
pub async fn with_ids(
    database: &impl ConnectionTrait,
    scope: &Scope,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Model>, DbErr> {
    Entity::visible_to(scope)
        .filter(Column::Id.is_in(ids))
        .all(database)
        .await
}

/// A school of the public directory, whoever asks.
pub(crate) async fn in_directory(
    database: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<Model>, DbErr> {
    Entity::visible_to(&Scope::everything("the directory is public"))
        .filter(Column::Id.eq(id))
        .one(database)
        .await
}

/// Adds the schools whose code nobody has or had, and gives the ids of those it added.
pub async fn insert_missing(
    database: &impl ConnectionTrait,
    mut schools: Vec<Model>,
) -> Result<HashSet<Uuid>, DbErr> {
    let codes: Vec<&str> = schools
        .iter()
        .map(|school| school.school_code.as_str())
        .collect();
    let former = reorganisations::former_codes(database, &codes).await?;
    schools.retain(|school| !former.contains(&school.school_code));
    store::insert_missing::<Entity, _>(database, schools, [Column::SchoolCode], |school| {
        school.school_code.clone()
    })
    .await
}

/// Writes what may change, if nobody wrote since `version` was read.
pub async fn update(
    database: &impl ConnectionTrait,
    school: &Model,
    version: i64,
) -> Result<(), KernelError> {
    let written = Entity::update_many()
        .col_expr(Column::DisplayName, school.display_name.clone().into())
        .col_expr(Column::UrbanRural, school.urban_rural.into())
        .col_expr(Column::Sponsor, school.sponsor.into())
        .col_expr(Column::Town, school.town.clone().into())
        .col_expr(Column::Place, school.place.into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(school.id))
        .filter(Column::Version.eq(version))
        .exec(database)
        .await?;
    if written.rows_affected == 0 {
        return Err(KernelError::EtagMismatch {
            name: format!("schools/{}", school.id),
        });
    }
    follow_place(database, school).await
}

/// Classes, students, what concerns them and what is counted of them lie where their school lies.
pub(crate) async fn follow_place(
    database: &impl ConnectionTrait,
    school: &Model,
) -> Result<(), KernelError> {
    follow::<school_class::Entity>(database, school).await?;
    follow::<student::Entity>(database, school).await?;
    follow::<student_change::Entity>(database, school).await?;
    follow::<key_change::Entity>(database, school).await?;
    follow::<number_mismatch::Entity>(database, school).await?;
    follow::<relief_plan::Entity>(database, school).await?;
    follow::<group_recognition::Entity>(database, school).await?;
    follow::<aid_grant::Entity>(database, school).await?;
    follow::<aid_sum::Entity>(database, school).await?;
    follow::<aided_count::Entity>(database, school).await?;
    follow::<admission_plan::Entity>(database, school).await?;
    follow::<admission_entry::Entity>(database, school).await?;
    follow::<class_draw::Entity>(database, school).await?;
    follow::<cohort_count::Entity>(database, school).await?;
    follow::<status_change::Entity>(database, school).await?;
    follow::<promotion::Entity>(database, school).await?;
    follow::<attendance_sheet::Entity>(database, school).await?;
    follow::<attendance_roll::Entity>(database, school).await?;
    follow::<absence::Entity>(database, school).await?;
    follow::<junior_place::Entity>(database, school).await?;
    follow::<certificate_list::Entity>(database, school).await?;
    follow::<certificate::Entity>(database, school).await?;
    follow::<transfer::Entity>(database, school).await?;
    follow::<duplicate_case::Entity>(database, school).await?;
    follow::<dropout_case::Entity>(database, school).await?;
    follow::<dropout_case_event::Entity>(database, school).await?;
    follow::<dropout_visit::Entity>(database, school).await?;
    follow::<dropout_notice::Entity>(database, school).await?;
    follow::<dropout_report::Entity>(database, school).await?;
    follow::<duplicate_claim::Entity>(database, school).await?;
    follow::<school_year::Entity>(database, school).await?;
    follow::<quarantined_row::Entity>(database, school).await?;
    Ok(tally::store::move_school(database, school.id, school.place).await?)
}

/// Moves the rows of one table along with their school, on whichever side of them the school stands.
async fn follow<E: Scoped>(
    database: &impl ConnectionTrait,
    school: &Model,
) -> Result<(), KernelError> {
    let own = E::SCHOOL.map(|school| (E::PLACE, school));
    for (place, own) in own.into_iter().chain(E::OTHER_SIDES.iter().copied()) {
        E::update_many()
            .col_expr(place, school.place.into())
            .filter(own.eq(school.id))
            .filter(place.ne(school.place))
            .exec(database)
            .await?;
    }
    Ok(())
}
