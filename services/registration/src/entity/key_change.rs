//! Changes of key fields, on their way from the school to the county.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "key_changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub student: Uuid,
    /// The school that filed it.
    pub school: Uuid,
    pub place: i64,
    /// The county's 6-digit code.
    pub region: String,
    pub state: i32,
    /// SM4-GCM over the key fields before and after, the note and the reason.
    pub personal: Vec<u8>,
    /// What proves it, one document a line.
    pub evidence: String,
    /// Empty when no step is due.
    pub due_date: String,
    pub due_provisional: bool,
    pub create_micros: i64,
    pub update_micros: i64,
    pub version: i64,
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
    const COLLECTION: &'static str = "keyChanges";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
