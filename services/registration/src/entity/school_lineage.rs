//! Which school went into which (学校沿革).
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "school_lineage")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub successor: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub predecessor: Uuid,
    /// The place of the successor.
    pub place: i64,
    /// Only a part went: the predecessor was split.
    pub shared: bool,
    pub effective_date: String,
    pub reorganisation: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::Successor);
}
