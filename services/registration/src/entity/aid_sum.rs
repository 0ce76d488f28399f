//! Aid granted, summed by school, term, stage and item (资助合计). Kept with the grants.
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "aid_sums")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub school: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub school_year: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub term: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub stage: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub item: i32,
    pub place: i64,
    pub grants: i64,
    pub amount_fen: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::School);
}
