//! Changes of students' status under way or done (学籍异动办理单).
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "status_changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub student: Uuid,
    pub school: Uuid,
    pub place: i64,
    /// The county's 6-digit code.
    pub region: String,
    pub kind: i32,
    pub state: i32,
    pub stage: i32,
    pub grade: i32,
    /// `YYYY-MM-DD`, as every date here; empty for none.
    pub effective_date: String,
    pub until_date: String,
    /// The first day of the leaves that follow each other without a day of school between.
    pub run_start: String,
    /// The last day of a leave that is over.
    pub closed_date: String,
    pub school_class: Option<Uuid>,
    /// The leave that an extension or return is about.
    pub leave: Option<Uuid>,
    /// SM4-GCM over the protobuf of reason and proofs: they speak of health.
    pub content: Vec<u8>,
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
    const COLLECTION: &'static str = "statusChanges";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
