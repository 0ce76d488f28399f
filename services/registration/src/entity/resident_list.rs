//! Lists of other departments, without their children.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "resident_lists")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub place: i64,
    /// The code of the region that it covers.
    pub region: String,
    /// Who sent it, `accounts/{id}`.
    pub account: String,
    /// In which post.
    pub post: String,
    pub source: i32,
    pub kind: i32,
    /// The day whose state it shows.
    pub as_of: String,
    pub state: i32,
    /// 0 until it is complete.
    pub row_count: i64,
    pub create_micros: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = None;
}

impl Resource for Entity {
    const ID: Column = Column::Id;
    const COLLECTION: &'static str = "residentLists";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
