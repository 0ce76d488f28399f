//! Looks at students in clear: the student's side and the holder's.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_reveals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub access_grant: Uuid,
    pub student: Uuid,
    /// The school that kept the student's record then, and where it lay.
    pub school: Uuid,
    pub place: i64,
    pub holder_place: i64,
    pub holder_school: Option<Uuid>,
    pub account: String,
    pub clear_fields: String,
    pub reveal_micros: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::School);
    const OTHER_SIDES: &'static [(Column, Column)] = &[(Column::HolderPlace, Column::HolderSchool)];
}

impl Resource for Entity {
    const ID: Column = Column::Id;
    const COLLECTION: &'static str = "accessReveals";
}
