//! Visits paid to children who dropped out (劝返记录). Who went and what was said is sealed.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dropout_visits")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub dropout_case: Uuid,
    pub school: Option<Uuid>,
    pub place: i64,
    pub date: Date,
    pub method: i32,
    pub outcome: i32,
    /// SM4-GCM over the protobuf of people, whereabouts, note and evidence.
    pub personal: Vec<u8>,
    pub create_micros: i64,
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
    const COLLECTION: &'static str = "dropoutVisits";
}
