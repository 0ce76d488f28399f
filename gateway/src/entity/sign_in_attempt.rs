//! Failed attempts to sign in, for names known and unknown alike, so that a lock does not tell which names exist.
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sign_in_name: String,
    /// Always 0: names belong to no place.
    pub place: i64,
    /// Failures in a row.
    pub failures: i32,
    /// Until when the name is locked; 0 when it is not.
    pub locked_until_micros: i64,
    /// When the last one failed; older ones than a lock lasts are forgotten.
    pub last_micros: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = None;
}
