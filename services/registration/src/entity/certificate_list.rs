//! Lists of those who are to get their certificate (发证名册).
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "certificate_lists")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub school: Uuid,
    pub place: i64,
    /// The county's 6-digit code.
    pub region: String,
    pub graduation_year: i32,
    pub state: i32,
    /// The students' ids, one a line.
    #[sea_orm(column_type = "Text")]
    pub students: String,
    pub due_date: String,
    pub due_provisional: bool,
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
    const COLLECTION: &'static str = "certificateLists";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
