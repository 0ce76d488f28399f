//! How many children a complete list has of a county, by month of birth.
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "resident_counts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub list: Uuid,
    /// The county's 6-digit code when the list came.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// `YYYYMM`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub birth_month: i32,
    /// The code of the county that it is by now.
    pub region: String,
    /// The county's place.
    pub place: i64,
    pub resident_count: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = None;
}
