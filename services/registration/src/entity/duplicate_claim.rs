//! Claims in cases of double registration: of each school one for each child that it wrote, and one for each second record.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "duplicate_claims")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub duplicate_case: Uuid,
    pub school: Uuid,
    pub place: i64,
    /// The county's code.
    pub region: String,
    /// Nil for a child who is in no class yet.
    pub school_class: Uuid,
    /// The second record that the claim is about (疑似重复); nil for a claim on the record that stands.
    pub student: Uuid,
    /// The keyed hash of the child as the school wrote it.
    pub child: Vec<u8>,
    pub verdict: i32,
    /// SM4-GCM over the protobuf of what the school wrote and proved.
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
    const COLLECTION: &'static str = "duplicateClaims";
}
