//! Cases of double registration. The standing side's place and school make it visible there; the claims' make it visible to
//! the claimants.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "duplicate_cases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub state: i32,
    /// The record that stands.
    pub student: Uuid,
    /// The same while the case is open: one open case for each record.
    #[sea_orm(unique)]
    pub open_student: Option<Uuid>,
    pub standing_school: Uuid,
    pub standing_place: i64,
    /// The county's code.
    pub standing_region: String,
    pub outcome: i32,
    /// The claim that the outcome is about.
    pub claim: Option<Uuid>,
    /// SM4-GCM over the protobuf of evidence and reason.
    pub statement: Vec<u8>,
    /// `YYYY-MM-DD`, or empty.
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
    const PLACE: Column = Column::StandingPlace;
    const SCHOOL: Option<Column> = Some(Column::StandingSchool);
}

impl Resource for Entity {
    const ID: Column = Column::Id;
    const COLLECTION: &'static str = "duplicateCases";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
