//! Reports, each at its school's place.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "school_reports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub campaign: Uuid,
    /// Copied from the campaign, whose row a school does not see.
    pub campaign_display_name: String,
    pub school: Uuid,
    pub place: i64,
    pub school_display_name: String,
    pub kind: i32,
    pub urban_rural: i32,
    pub sponsor: i32,
    pub state: i32,
    pub return_reason: String,
    /// Which of the frozen sets counts; 0 before the first.
    pub freeze: i32,
    pub freeze_micros: i64,
    /// Empty before the first confirmation.
    pub measures_digest: String,
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
    const COLLECTION: &'static str = "schoolReports";
}
