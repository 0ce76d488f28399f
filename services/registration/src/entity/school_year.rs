//! Students and classes of each school by school year and stage, as they stood on the day of record.
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "school_years")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub school: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub school_year: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub stage: i32,
    pub place: i64,
    pub student_count: i64,
    pub class_count: i64,
    pub as_of_date: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::School);
}
