//! Schools.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schools")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(unique)]
    pub school_code: String,
    pub display_name: String,
    pub kind: i32,
    pub urban_rural: i32,
    pub sponsor: i32,
    /// The county's 6-digit code.
    pub region: String,
    /// The town's 9-digit code, or empty.
    pub town: String,
    /// The 12-digit place number of the town, or of the county.
    pub place: i64,
    pub state: i32,
    /// `YYYY-MM-DD`, or empty where the school stood before it was registered here.
    pub open_date: String,
    /// `YYYY-MM-DD`, or empty while it stands.
    pub close_date: String,
    /// The approved reorganisation that closes it or has closed it.
    pub closing: Option<Uuid>,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::Id);
}

impl Resource for Entity {
    const ID: Column = Column::Id;
    const COLLECTION: &'static str = "schools";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
