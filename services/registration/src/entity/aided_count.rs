//! Students in hardship who attend and got aid in a term, by school, stage and boarding (受助学生计数). Kept with the grants and
//! with the records of students.
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "aided_counts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub school: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub school_year: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub term: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub stage: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub boarder: bool,
    pub place: i64,
    pub students: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::School);
}
