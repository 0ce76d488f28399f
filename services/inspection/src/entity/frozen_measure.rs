//! Frozen measures. A set that a later one replaces stays, so that every signature can be followed to what was signed.
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "frozen_measures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub campaign: Uuid,
    pub report: Uuid,
    pub school: Uuid,
    pub place: i64,
    /// The number of the set within its report.
    pub freeze: i32,
    pub service: String,
    pub measure: String,
    pub stage: i32,
    pub value: i64,
    pub source: String,
    pub source_digest: String,
    pub as_of_micros: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::School);
}
