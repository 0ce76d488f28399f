//! Sites.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sites")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub school: Uuid,
    /// The 12-digit place number of the school.
    pub place: i64,
    /// Unique in the school.
    pub display_name: String,
    pub stage: i32,
    pub teaching_auxiliary_area_centi_square_meters: i64,
    pub indoor_sports_area_centi_square_meters: i64,
    pub sports_ground_area_centi_square_meters: i64,
    pub equipment_value_fen: i64,
    pub computer_count: i32,
    pub book_count: i32,
    pub network_multimedia_room_count: i32,
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
    const COLLECTION: &'static str = "sites";
}
