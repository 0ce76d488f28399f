//! Grants to see masked fields, at the place of the holder's organisation.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_grants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Where the holder's organisation lies.
    pub place: i64,
    /// The holder's organisation where it is a school.
    pub school: Option<Uuid>,
    pub state: i32,
    pub holder: String,
    pub holder_post: String,
    pub students_of: String,
    /// The numbers of the fields, divided by commas.
    pub clear_fields: String,
    pub purpose: String,
    pub expire_date: String,
    pub quota: i32,
    pub used_count: i32,
    pub due_date: String,
    pub due_provisional: bool,
    pub create_micros: i64,
    /// Counts steps, not reveals.
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
    const COLLECTION: &'static str = "accessGrants";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
