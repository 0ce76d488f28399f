//! Changes of student records (学籍异动), each kept with the school concerned.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use junheng_proto::registration::v1::student_change::Kind;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "student_changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub student: Uuid,
    pub school: Uuid,
    pub place: i64,
    pub stage: i32,
    pub grade: i32,
    /// The year in which the student had entered the stage, by the record then.
    pub entry_year: i32,
    pub kind: i32,
    pub effective_date: String,
    pub school_year: i32,
    pub from_school: Option<Uuid>,
    pub to_school: Option<Uuid>,
    /// The process that brought it about, `{collection}/{id}`, or empty.
    pub process: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether the change is counted here. Of a move between schools, which both keep, the school entered counts it; of a
    /// transfer each counts its own half.
    pub fn is_counted(&self) -> bool {
        let leaves = self.to_school.is_some_and(|to| to != self.school);
        !leaves || self.kind == Kind::TransferredOut as i32
    }
}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::School);
}

impl Resource for Entity {
    const ID: Column = Column::Id;
    const COLLECTION: &'static str = "studentChanges";
}
