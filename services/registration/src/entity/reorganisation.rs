//! Reorganisations of the network of schools.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reorganisations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The county's 6-digit code.
    pub region: String,
    pub place: i64,
    pub kind: i32,
    pub school: Option<Uuid>,
    pub receiving_school: Option<Uuid>,
    /// The protobuf of the plan as it was drafted.
    pub plan: Vec<u8>,
    pub state: i32,
    pub effective_date: String,
    pub publicity_end_date: String,
    pub due_date: String,
    pub due_provisional: bool,
    pub created_school: Option<Uuid>,
    pub moved_student_count: i64,
    pub update_micros: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::School);
    const OTHER_SIDES: &'static [(Column, Column)] = &[(Column::Place, Column::ReceivingSchool)];
}

impl Resource for Entity {
    const ID: Column = Column::Id;
    const COLLECTION: &'static str = "reorganisations";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
