//! Exports, at the place of the organisation of who asked.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub place: i64,
    pub school: Option<Uuid>,
    pub state: i32,
    pub holder: String,
    pub holder_post: String,
    pub students_of: String,
    pub kind: i32,
    /// Names, divided by commas.
    pub columns: String,
    /// 0 where all are meant.
    pub stage: i32,
    pub grade: i32,
    pub student_state: i32,
    pub clear_fields: String,
    pub purpose: String,
    pub encoding: i32,
    pub expire_date: String,
    pub due_date: String,
    pub due_provisional: bool,
    pub create_micros: i64,
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
    const COLLECTION: &'static str = "exports";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
