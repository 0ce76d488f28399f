//! Comparisons of a list with the student records, with their progress.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "comparisons")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub place: i64,
    pub region: String,
    pub list: Uuid,
    /// The comparison of the same source, kind and region before, whoever sent its list.
    pub previous: Option<Uuid>,
    /// Who sent the list of that one; empty without one.
    pub previous_account: String,
    /// Who sent the list.
    pub account: String,
    pub source: i32,
    pub kind: i32,
    pub state: i32,
    /// What it is at while it runs.
    pub phase: i32,
    /// The last child that the phase is done with.
    pub cursor: Uuid,
    /// Where that child lives, in a phase that goes by place.
    pub cursor_place: i64,
    /// School age: born after this month, `YYYYMM` …
    pub born_after: i32,
    /// … and not after this one.
    pub born_until: i32,
    pub row_count: i64,
    pub compared: i64,
    /// How many suspicions it opened.
    pub suspected: i64,
    /// How many have each result, encoded.
    pub counts: Vec<u8>,
    pub start_micros: i64,
    /// 0 while it runs.
    pub end_micros: i64,
    /// The reason for which it could not be brought to its end; 0 otherwise.
    pub failure: i32,
    /// The same as a sentence.
    pub failure_zh: String,
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
    const COLLECTION: &'static str = "comparisons";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
