//! Cases of children who may have dropped out (控辍个案). Persons, plan and whereabouts are sealed.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dropout_cases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The student; None for a child without a record.
    pub student: Option<Uuid>,
    /// The child by its document, as lists of partners have it; None for a student.
    pub resident: Option<Uuid>,
    /// The entry by which a child without a record was admitted; None for any other.
    pub admission_entry: Option<Uuid>,
    /// Student or resident while the case is open: what keeps a second one out.
    #[sea_orm(unique)]
    pub open_subject: Option<Uuid>,
    /// The school of the record, or the one that a child without a record is assigned to.
    pub school: Option<Uuid>,
    pub place: i64,
    /// The county's 6-digit code.
    pub region: String,
    pub finding: i32,
    pub found_date: Date,
    pub last_day: Option<Date>,
    /// The name of what found it, or empty.
    pub source: String,
    /// Who reported the child, `accounts/{id}`: two departments may have posts of one name. None for the system.
    pub reporter: Option<String>,
    pub stage: i32,
    pub grade: i32,
    pub reason: i32,
    pub state: i32,
    /// Bit `n - 1` for group `n` of the contract.
    pub groups: i64,
    pub returned_date: Option<Date>,
    pub stable_date: Option<Date>,
    pub relapses: i32,
    /// Visits since the case was last confirmed.
    pub visits: i32,
    pub confirmed_date: Option<Date>,
    /// When it was cleared or closed.
    pub closed_date: Option<Date>,
    /// The ground; of an open case that on which closing is asked for.
    pub ground: i32,
    /// The case of the same child in which this one has ended.
    pub merged_into: Option<Uuid>,
    /// SM4-GCM over the protobuf of plan, persons and whereabouts.
    pub personal: Vec<u8>,
    /// `YYYY-MM-DD`, or empty.
    pub due_date: String,
    pub due_provisional: bool,
    /// The state's own day while `due_date` is that of a decision on closing: it runs on meanwhile. `YYYY-MM-DD`, or empty.
    pub held_due_date: String,
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
    const COLLECTION: &'static str = "dropoutCases";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
