//! Student numbers of the past; the present one is in the student's row.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "student_numbers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub student: Uuid,
    /// The school and place on the day of the replacement.
    pub school: Uuid,
    pub place: i64,
    /// HMAC-SM3 of the number.
    #[sea_orm(unique)]
    pub number_hash: Vec<u8>,
    /// SM4-GCM over the number.
    pub personal: Vec<u8>,
    pub kind: i32,
    /// The day of the replacement, `YYYY-MM-DD`.
    pub until_date: String,
    pub why: i32,
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
    const COLLECTION: &'static str = "studentNumbers";
}
