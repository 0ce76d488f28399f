//! Students. What names a person is sealed; keyed hashes keep documents and numbers unique and let them be found.
use junheng_kernel::resource::{Resource, Versioned};
use junheng_kernel::scope::Scoped;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "students")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The school that keeps the record.
    pub school: Uuid,
    pub place: i64,
    /// None for who is in no class: not yet placed, taught at home, or gone.
    pub school_class: Option<Uuid>,
    pub stage: i32,
    pub grade: i32,
    /// The school year in which the grade holds: the one into which the student was promoted last, or judged to stay. It only
    /// grows, so that nobody goes up twice in one summer, whatever school the record comes into.
    pub grade_year: i32,
    /// The year in which the student entered the stage (届).
    pub entry_year: i32,
    pub state: i32,
    pub identity_type: i32,
    /// HMAC-SM3 of kind and number of the document; of school, name, sex and date of birth where there is none.
    #[sea_orm(unique)]
    pub identity_hash: Vec<u8>,
    /// HMAC-SM3 of the student number (学籍号).
    #[sea_orm(unique)]
    pub number_hash: Vec<u8>,
    /// The first 8 bytes of HMAC-SM3 over the name as it is searched for.
    pub name_key: i64,
    /// The same of the first part of a name in parts (买买提·吐尔逊); None for every other name.
    pub name_part_key: Option<i64>,
    /// SM4-GCM over the protobuf of the personal fields.
    pub personal: Vec<u8>,
    pub sex: i32,
    /// Year and month of birth, `YYYYMM`: ages are counted by it.
    pub birth_month: i32,
    pub ethnicity: String,
    pub boarder: bool,
    pub migrant: bool,
    pub left_behind: bool,
    pub disability: i32,
    pub placement: i32,
    pub hardship: bool,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[cfg(test)]
impl Model {
    /// A pupil of grade 1 who attends, of no school and with nothing sealed, for tests of rules.
    pub(crate) fn sample() -> Self {
        Self {
            id: Uuid::now_v7(),
            school: Uuid::nil(),
            place: 0,
            school_class: None,
            stage: 1,
            grade: 1,
            grade_year: 2025,
            entry_year: 2025,
            state: 1,
            identity_type: 1,
            identity_hash: Vec::new(),
            number_hash: Vec::new(),
            name_key: 0,
            name_part_key: None,
            personal: Vec::new(),
            sex: 1,
            birth_month: 201_501,
            ethnicity: "01".into(),
            boarder: false,
            migrant: false,
            left_behind: false,
            disability: 0,
            placement: 0,
            hardship: false,
            version: 1,
        }
    }
}

impl Scoped for Entity {
    const PLACE: Column = Column::Place;
    const SCHOOL: Option<Column> = Some(Column::School);
}

impl Resource for Entity {
    const ID: Column = Column::Id;
    const COLLECTION: &'static str = "students";
}

impl Versioned for Entity {
    const VERSION: Column = Column::Version;
}
