//! Rows of imports that wait for their parent, sealed as they were sent.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quarantined_rows")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The place of the import's parent.
    pub place: i64,
    /// The import's parent, where that is a school.
    pub school: Option<Uuid>,
    /// The import's parent as it was named.
    pub parent: String,
    pub account: String,
    pub account_display_name: String,
    pub role: String,
    pub organisation: String,
    pub method: String,
    pub request_id: String,
    pub row_number: i64,
    /// `students` or `classes`.
    pub collection: String,
    /// HMAC-SM3 of the row without its number, and of where it goes: the same row waits once.
    #[sea_orm(unique)]
    pub fingerprint: Vec<u8>,
    pub kind: i32,
    pub cause: String,
    /// What is looked for: the school by its code, the class by its place in it.
    pub school_code: String,
    pub stage: i32,
    pub grade: i32,
    pub number: i32,
    /// SM4-GCM over the row's message.
    pub sealed: Vec<u8>,
    pub import_micros: i64,
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
    const COLLECTION: &'static str = "quarantinedRows";
}
