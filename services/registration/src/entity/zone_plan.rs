//! Zone plans: the attendance zones of a county for one school year and stage.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "zone_plans")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The county's 6-digit code.
    pub region: String,
    pub place: i64,
    pub school_year: i32,
    pub stage: i32,
    pub state: i32,
    /// The zones as the contract has them, one message.
    pub zones: Vec<u8>,
    pub notice_end_date: String,
    pub due_date: String,
    pub due_provisional: bool,
    pub version: i64,
    pub update_micros: i64,
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
    const COLLECTION: &'static str = "zonePlans";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
