//! Pairs of a child of a list and a student who may be the same, and what was decided.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "resident_candidates")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub person: Uuid,
    pub student: Uuid,
    /// Of the child's household.
    pub place: i64,
    pub guardian_agrees: bool,
    pub decision: i32,
    pub note: String,
    /// What proves the decision, as the history keeps evidence, one document a line.
    pub evidence: String,
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
    const COLLECTION: &'static str = "residentCandidates";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
