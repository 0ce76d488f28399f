//! Children as the lists of other departments have them, one row for each list that has the child.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "residents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub list: Uuid,
    /// The child, the same in every list: made of the keyed hash of its document.
    pub person: Uuid,
    /// Of the household's town or county.
    pub place: i64,
    /// The household's county.
    pub region: String,
    pub identity_type: i32,
    /// The same keyed hash as a student has with this document; None without a document.
    pub identity_hash: Option<Vec<u8>>,
    /// The same key of the name as a student has.
    pub name_key: i64,
    /// `YYYYMM`.
    pub birth_month: i32,
    pub sex: i32,
    /// SM4-GCM over name, number, date of birth and guardian.
    pub personal: Vec<u8>,
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
    const COLLECTION: &'static str = "residents";
}
