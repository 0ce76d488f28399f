//! Documents that a record had before a change of key fields. They stay its own, so that nobody else is registered with one
//! unnoticed.
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "former_identities")]
pub struct Model {
    /// HMAC-SM3 of kind and number, as in the record's own row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub identity_hash: Vec<u8>,
    pub student: Uuid,
    /// The school and place on the day of the change.
    pub school: Uuid,
    pub place: i64,
    /// The day of the change, `YYYY-MM-DD`.
    pub until_date: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::School);
}
