//! Rounds through counties that find suspicions, and how far they have come.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "finding_rounds")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub place: i64,
    /// The county's 6-digit code.
    pub region: String,
    /// `YYYY-MM-DD`.
    pub date: String,
    pub trigger: i32,
    pub state: i32,
    /// The county while the round runs, its own id when it is done: one runs at a time.
    pub open_key: String,
    /// The county and day of the day's round, its own id of another: one a day.
    pub day_key: String,
    /// The way of finding that is next, and the last record of it that is done.
    pub way: i32,
    pub after: String,
    /// Who drives it, and until when that is believed.
    pub holder: String,
    pub holder_micros: i64,
    pub attendance_count: i64,
    pub cohort_count: i64,
    pub process_count: i64,
    pub opened_count: i64,
    pub create_micros: i64,
    /// When it ended; 0 while it runs.
    pub done_micros: i64,
    /// The reason for which the first way that failed did; 0 while none has.
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
    const COLLECTION: &'static str = "findingRounds";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
