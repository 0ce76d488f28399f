//! Certificates of compulsory education (义务教育证书). Whom they name is sealed as it was on the day of issue.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "certificates")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub student: Uuid,
    pub school: Uuid,
    pub place: i64,
    /// The county's 6-digit code.
    pub region: String,
    /// The list by which it was issued.
    pub list: Uuid,
    #[sea_orm(unique)]
    pub number: String,
    /// HMAC-SM3 of the verification code, which follows from id and key and is kept nowhere.
    #[sea_orm(unique)]
    pub code_hash: Vec<u8>,
    pub graduation_year: i32,
    pub state: i32,
    pub issue_date: String,
    pub replaces: Option<Uuid>,
    /// SM4-GCM over the protobuf of the holder.
    pub holder: Vec<u8>,
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
    const COLLECTION: &'static str = "certificates";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
