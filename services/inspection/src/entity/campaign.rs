//! Campaigns, at the place of the county inspected.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaigns")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The framework's id, for example `quality-2017`.
    pub framework: String,
    /// The county's 6-digit code.
    pub region: String,
    pub place: i64,
    pub display_name: String,
    /// `YYYY-MM-DD`, as the two dates below.
    pub as_of_date: String,
    pub state: i32,
    /// Empty when no step is due.
    pub due_date: String,
    pub due_provisional: bool,
    /// Empty outside publicity and publication.
    pub publicity_end_date: String,
    /// Empty before the first submission.
    pub measures_digest: String,
    pub update_micros: i64,
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
    const COLLECTION: &'static str = "campaigns";
}
