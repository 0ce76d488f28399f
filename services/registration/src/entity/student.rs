//! Students. What names a person is sealed; the hash of the identity number keeps it unique and findable.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "students")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub school: Uuid,
    pub place: i64,
    pub school_class: Uuid,
    pub stage: i32,
    pub grade: i32,
    pub identity_type: i32,
    /// HMAC-SM3 of kind and number of the document; of school, name, sex and date of birth where there is none.
    #[sea_orm(unique)]
    pub identity_hash: Vec<u8>,
    /// SM4-GCM over the protobuf of the personal fields.
    pub personal: Vec<u8>,
    pub sex: i32,
    pub ethnicity: String,
    pub boarder: bool,
    pub migrant: bool,
    pub left_behind: bool,
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
    const COLLECTION: &'static str = "students";
}
