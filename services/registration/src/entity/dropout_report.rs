//! Reports of dropout control (控辍保学报告), each with the figures as they were counted. They hold no personal data.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dropout_reports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: i32,
    /// `schools/{id}` or `regions/{code}`.
    pub organisation: String,
    /// None for a region's.
    pub school: Option<Uuid>,
    pub place: i64,
    /// The code of the county of a school, or of the region.
    pub region: String,
    /// As the contract writes it, `2026-10`.
    pub period: String,
    pub from_date: Date,
    pub until_date: Date,
    /// Counted is what was entered after this moment …
    pub after_micros: i64,
    /// … up to this one.
    pub until_micros: i64,
    pub state: i32,
    /// The items, as protobuf.
    pub items: Vec<u8>,
    /// SM3 over the items as signed, or empty.
    pub digest: String,
    pub due_date: String,
    pub due_provisional: bool,
    pub count_micros: i64,
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
    const COLLECTION: &'static str = "dropoutReports";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
