//! Evidence items, at the place of the county inspected.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "evidence_items")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub campaign: Uuid,
    pub place: i64,
    pub code: String,
    pub display_name_zh: String,
    /// Whether the item ends the assessment when it is not met.
    pub veto: bool,
    pub state: i32,
    pub met: bool,
    pub value: String,
    pub statement: String,
    /// Hashes, one a line.
    pub evidence: String,
    pub return_reason: String,
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
    const COLLECTION: &'static str = "evidenceItems";
}
