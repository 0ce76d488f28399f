//! Transfers. Who moves and what the guardian said is sealed.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub route: i32,
    pub state: i32,
    /// The record that moves; None for a newcomer from another province until the end.
    pub student: Option<Uuid>,
    /// What keeps a second open transfer of the same pupil out; None once it has ended.
    #[sea_orm(unique)]
    pub open_key: Option<Vec<u8>>,
    /// None where the receiving school lies in another province.
    pub receiving_school: Option<Uuid>,
    pub receiving_place: Option<i64>,
    /// The county's code, or empty.
    pub receiving_region: String,
    pub receiving_class: Option<Uuid>,
    /// None where the sending school lies in another province.
    pub sending_school: Option<Uuid>,
    pub sending_place: Option<i64>,
    /// The county's code, or empty.
    pub sending_region: String,
    /// SM4-GCM over the protobuf of the application.
    pub personal: Vec<u8>,
    /// `YYYY-MM-DD`, or empty.
    pub due_date: String,
    pub due_provisional: bool,
    pub create_micros: i64,
    pub update_micros: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

// === impl Model ===

impl Model {
    /// The county whose rules count: the receiving one, or the sending one of a pupil who leaves the province.
    pub fn rules_region(&self) -> &str {
        match self.receiving_region.as_str() {
            "" => &self.sending_region,
            region => region,
        }
    }
}

impl Scoped for Entity {
    const PLACE: Column = Column::ReceivingPlace;
    const SCHOOL: Option<Column> = Some(Column::ReceivingSchool);
    const OTHER_SIDES: &'static [(Column, Column)] =
        &[(Column::SendingPlace, Column::SendingSchool)];
}

impl Resource for Entity {
    const ID: Column = Column::Id;
    const COLLECTION: &'static str = "transfers";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
