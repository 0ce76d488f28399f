//! The tables of the journal and its seal. Rows are only ever inserted.
#![allow(
    clippy::disallowed_methods,
    reason = "the derive of an entity calls find"
)]

pub mod row {
    //! One journal row.
    use sea_orm::entity::prelude::*;

    use crate::scope::Scoped;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "journal")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub seq: i64,
        #[sea_orm(unique)]
        pub id: Uuid,
        pub time_micros: i64,
        pub account: String,
        pub display_name: String,
        pub post: String,
        pub method: String,
        pub request_id: Option<String>,
        pub fingerprint: Vec<u8>,
        pub subject: String,
        pub place: i64,
        pub school: Option<Uuid>,
        pub data_class: i32,
        pub step: String,
        pub from_state: String,
        pub to_state: String,
        pub note: String,
        pub evidence: String,
        pub record_count: i32,
        /// The collections of its records, each between commas: `,schools,students,`.
        pub collections: String,
        /// A `RecordSet`, closed as the room `content` does it.
        pub records: Vec<u8>,
        /// The encoded answer, closed likewise.
        pub answer: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Scoped for Entity {
        const PLACE: Column = Column::Place;
        const SCHOOL: Option<Column> = Some(Column::School);
    }
}

pub mod leaf {
    //! The place of a row in a block.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "journal_leaf")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub block: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i32,
        #[sea_orm(unique)]
        pub seq: i64,
        pub digest: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod block {
    //! A sealed block.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "journal_block")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub previous: Vec<u8>,
        pub root: Vec<u8>,
        pub leaf_count: i32,
        pub sealed_micros: i64,
        pub upto_seq: i64,
        pub upto_transaction: i64,
        pub hash: Vec<u8>,
        pub signature: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
