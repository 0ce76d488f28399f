//! Recognitions of special groups, with the school that keeps the student's record.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "group_recognitions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub student: Uuid,
    /// Follows the student.
    pub school: Uuid,
    pub place: i64,
    pub state: i32,
    /// The group.
    pub kind: i32,
    pub hardship_level: i32,
    pub disability: i32,
    pub disability_grade: i32,
    pub placement: i32,
    /// SM4-GCM over the protobuf of certificate number and evidence.
    pub personal: Vec<u8>,
    pub valid_from: String,
    /// Empty: no end.
    pub valid_until: String,
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
    const COLLECTION: &'static str = "groupRecognitions";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
