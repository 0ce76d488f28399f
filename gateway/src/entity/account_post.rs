//! The posts of accounts.
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_posts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account: Uuid,
    pub level: i32,
    pub duty: i32,
    /// `regions/{code}` or `schools/{id}`.
    pub organisation: String,
    /// The organisation's 12-digit place number.
    pub place: i64,
    pub title: String,
    /// The department of a partner's system; 0 for any other duty.
    pub department: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = None;
}
