//! Draws of parallel classes.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "class_draws")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub school: Uuid,
    pub place: i64,
    pub region: String,
    pub school_year: i32,
    pub stage: i32,
    pub grade: i32,
    /// 0 while the draw stands; the moment at which it was cancelled, so that another can be prepared.
    pub cancel_micros: i64,
    pub state: i32,
    /// List and result, one message of this room.
    pub content: Vec<u8>,
    pub list_digest: String,
    pub school_commitment: String,
    pub county_commitment: String,
    pub school_part: String,
    pub school_source: String,
    pub county_part: String,
    pub county_source: String,
    pub seed: String,
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
    const SCHOOL: Option<Column> = Some(Column::School);
}

impl Resource for Entity {
    const ID: Column = Column::Id;
    const COLLECTION: &'static str = "classDraws";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
