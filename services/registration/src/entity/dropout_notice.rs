//! Written notices of dropout control (控辍文书). What is printed is sealed and never changes.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dropout_notices")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub dropout_case: Uuid,
    pub school: Option<Uuid>,
    pub place: i64,
    pub kind: i32,
    pub state: i32,
    /// `schools/{id}` or `regions/{code}`.
    pub issuer: String,
    pub year: i32,
    /// From 1, without a gap for each issuer and year.
    pub sequence: i32,
    pub drawn_date: Date,
    /// How often the case had relapsed when it was drawn: what was drawn before a relapse proves nothing after it.
    pub relapses: i32,
    pub served_date: Option<Date>,
    pub service_method: i32,
    /// By when it is to be obeyed, counted from service.
    pub comply_date: Option<Date>,
    pub fine_fen: i64,
    /// SM4-GCM over the protobuf of what is printed.
    pub printed: Vec<u8>,
    /// SM4-GCM over the protobuf of who received it, what proves it and why it was revoked.
    pub service: Vec<u8>,
    pub create_micros: i64,
    pub update_micros: i64,
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
    const COLLECTION: &'static str = "dropoutNotices";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
