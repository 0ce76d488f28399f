//! Places of primary graduates in junior schools (初中学位): the junior school's as much as the primary school's.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "junior_places")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub student: Uuid,
    /// The junior school.
    pub school: Uuid,
    pub place: i64,
    pub primary_school: Uuid,
    pub primary_place: i64,
    pub school_year: i32,
    pub state: i32,
    pub update_micros: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::School);
    const OTHER_SIDES: &'static [(Column, Column)] =
        &[(Column::PrimaryPlace, Column::PrimarySchool)];
}

impl Resource for Entity {
    const ID: Column = Column::Id;
    const COLLECTION: &'static str = "juniorPlaces";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
