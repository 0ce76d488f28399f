//! Teachers. What names a person is sealed; the hash of the identity number keeps it unique and findable.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "teachers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub school: Uuid,
    /// The 12-digit place number of the school.
    pub place: i64,
    /// HMAC-SM3 of the identity number.
    #[sea_orm(unique)]
    pub identity_hash: Vec<u8>,
    /// SM4-GCM over the protobuf of the personal fields.
    pub personal: Vec<u8>,
    pub sex: i32,
    pub stage: i32,
    pub position: i32,
    pub subject: i32,
    pub education: i32,
    pub title: i32,
    pub backbone: i32,
    pub certified: bool,
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
    const COLLECTION: &'static str = "teachers";
}
