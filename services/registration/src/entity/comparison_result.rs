//! What a comparison found of each child.
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "comparison_results")]
pub struct Model {
    /// The comparison.
    #[sea_orm(primary_key, auto_increment = false)]
    pub run: Uuid,
    /// The child.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person: Uuid,
    /// Of the child's household.
    pub place: i64,
    pub verdict: i32,
    /// What the comparison before had found; 0 when it did not know the child.
    pub previous: i32,
    /// 0 the same as before, or the first comparison; 1 another for officers only, 2 another for everybody.
    pub change: i32,
    pub student: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = None;
}
