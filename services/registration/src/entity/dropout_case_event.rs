//! What has happened to dropout cases, each happening as it was. Rows are added with the step and never changed but for the place of
//! a school that moves.
use junheng_kernel::resource::Resource;
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dropout_case_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub dropout_case: Uuid,
    /// The student whose record there was then; None for a child without one.
    pub student: Option<Uuid>,
    pub school: Option<Uuid>,
    pub place: i64,
    /// A number of `ListLedgerRequest.Event`.
    pub event: i32,
    /// The day that it is about.
    pub date: Date,
    pub finding: i32,
    pub stage: i32,
    pub grade: i32,
    /// Bit `n - 1` for group `n` of the contract.
    pub groups: i64,
    /// Of a notice served, the level of the office whose it is; 0 for anything else.
    pub level: i32,
    /// When it was entered: reports count by it.
    pub entry_micros: i64,
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
    const COLLECTION: &'static str = "dropoutCaseEvents";
}
