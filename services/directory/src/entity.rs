//! The copy's table.
#![allow(
    clippy::disallowed_methods,
    missing_docs,
    reason = "the derive of an entity calls find; columns are documented where the contract names them"
)]

use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "directory_schools")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(unique)]
    pub school_code: String,
    pub display_name: String,
    pub kind: i32,
    pub urban_rural: i32,
    pub sponsor: i32,
    /// Numbers of the stages, lowest first, with commas.
    pub stages: String,
    /// The county's 6-digit code.
    pub region: String,
    /// The 12-digit place number.
    pub place: i64,
    /// Where the school stands in its life: a number of `School.State`.
    pub state: i32,
    /// Whether a reorganisation that closes it is approved.
    pub closing: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::Id);
}
