//! Admission plans of schools, with the state of their lists.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admission_plans")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub school: Uuid,
    pub place: i64,
    /// The county's 6-digit code, whose rules hold.
    pub region: String,
    pub school_year: i32,
    pub stage: i32,
    pub basis: i32,
    pub place_count: i32,
    pub class_count: i32,
    /// The numbers of the documents, with commas.
    pub migrant_documents: String,
    pub over_standard_reason: String,
    pub state: i32,
    pub notice_end_date: String,
    pub list_digest: String,
    pub seed_source: String,
    pub seed: String,
    pub listed_count: i32,
    pub admitted_count: i32,
    pub arrived_count: i32,
    pub enrolled_count: i32,
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
    const COLLECTION: &'static str = "admissionPlans";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
