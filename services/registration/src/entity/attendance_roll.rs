//! The rolls by which classes are called. A roll is kept once for as long as it does not change; its id is the digest of its
//! pupils, so that a sheet proves who was on it.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attendance_rolls")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub school: Uuid,
    pub place: i64,
    pub school_class: Uuid,
    /// The ids of the pupils in ascending order, sixteen bytes each.
    pub pupils: Vec<u8>,
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
    const COLLECTION: &'static str = "attendanceRolls";
}
