//! The attendance of a class on a day. One row for a class and day, and the pupils by their position on the roll, so that a
//! morning of a whole province is a few hundred thousand rows.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attendance_sheets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub school: Uuid,
    pub place: i64,
    pub school_class: Uuid,
    /// `YYYY-MM-DD`.
    pub date: String,
    /// The roll of the day.
    pub roll: Uuid,
    pub roll_count: i32,
    pub called_count: i32,
    pub absent_count: i32,
    /// Who was not simply present: for each two bytes of position on the roll and one of the mark, 0 for not called.
    pub marks: Vec<u8>,
    pub create_micros: i64,
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
    const COLLECTION: &'static str = "attendanceSheets";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
