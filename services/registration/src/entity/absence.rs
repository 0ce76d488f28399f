//! Pupils absent or late, one row for a pupil and day.
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "absences")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub student: Uuid,
    /// `YYYY-MM-DD`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub date: String,
    pub school: Uuid,
    pub place: i64,
    pub school_class: Uuid,
    pub kind: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::School);
}
