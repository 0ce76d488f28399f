//! Children on the lists of admission plans. What names a child is sealed.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admission_entries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub plan: Uuid,
    pub school: Uuid,
    pub place: i64,
    pub school_year: i32,
    pub kind: i32,
    pub outcome: i32,
    /// HMAC-SM3 of the document, by which the student is found.
    pub identity_hash: Vec<u8>,
    /// The same while the entry stands; the entry's id once it is withdrawn, released, or not drawn by a confirmed list: one
    /// child, one list a year.
    pub claim: Vec<u8>,
    /// SM4-GCM over what the list says of the child.
    pub personal: Vec<u8>,
    pub arrived: bool,
    pub student: Option<Uuid>,
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
    const COLLECTION: &'static str = "admissionEntries";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
