//! The journal's schema, the same in every service.

use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseConnection, TransactionTrait as _};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, binary, integer, string, text, uuid, uuid_null,
};

/// Creates the journal, its seal and the triggers that keep both append-only.
pub struct JournalMigration;

impl MigrationName for JournalMigration {
    fn name(&self) -> &str {
        "m20261121_000001_journal"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for JournalMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let postgres = manager.get_database_backend() == DatabaseBackend::Postgres;
        // The transaction that wrote a row, so that the sealer can leave out what is still in flight.
        let written_by = if postgres {
            "bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint)"
        } else {
            "bigint NOT NULL DEFAULT 0"
        };
        let journal = Table::create()
            .table("journal")
            .col(big_pk_auto("seq"))
            .col(uuid("id").unique_key())
            .col(big_integer("time_micros"))
            .col(string("account"))
            .col(text("display_name"))
            .col(string("post"))
            .col(string("method"))
            .col(ColumnDef::new("request_id").string())
            .col(binary("fingerprint"))
            .col(string("subject"))
            .col(big_integer("place"))
            .col(uuid_null("school"))
            .col(integer("data_class"))
            .col(string("step"))
            .col(string("from_state"))
            .col(string("to_state"))
            .col(text("note"))
            .col(text("evidence"))
            .col(integer("record_count"))
            .col(text("collections"))
            .col(binary("records"))
            .col(binary("answer"))
            .to_owned();
        manager.create_table(journal).await?;
        let leaf = Table::create()
            .table("journal_leaf")
            .col(big_integer("block"))
            .col(integer("position"))
            .col(big_integer("seq").unique_key())
            .col(binary("digest"))
            .primary_key(Index::create().col("block").col("position"))
            .to_owned();
        manager.create_table(leaf).await?;
        let block = Table::create()
            .table("journal_block")
            .col(big_integer("number").primary_key())
            .col(binary("previous"))
            .col(binary("root"))
            .col(integer("leaf_count"))
            .col(big_integer("sealed_micros"))
            .col(big_integer("upto_seq"))
            .col(big_integer("upto_transaction"))
            .col(binary("hash"))
            .col(binary("signature"))
            .to_owned();
        manager.create_table(block).await?;
        let database = manager.get_connection();
        for statement in [
            format!("ALTER TABLE journal ADD COLUMN written_by {written_by}"),
            "CREATE UNIQUE INDEX journal_request ON journal (account, method, request_id)".into(),
            "CREATE INDEX journal_subject ON journal (subject, seq)".into(),
            "CREATE INDEX journal_written_by ON journal (written_by)".into(),
            "CREATE TABLE journal_lease (id integer PRIMARY KEY, holder varchar(36) NOT NULL, \
             until_micros bigint NOT NULL)"
                .into(),
            "INSERT INTO journal_lease (id, holder, until_micros) VALUES (1, '', 0)".into(),
            "CREATE TABLE followed_feeds (service varchar(64) NOT NULL, \
             collection varchar(64) NOT NULL, cursor varchar(128) NOT NULL, \
             PRIMARY KEY (service, collection))"
                .into(),
            format!(
                "CREATE TABLE key_check (id integer PRIMARY KEY, probe {bytes} NOT NULL, \
                 fingerprint {bytes} NOT NULL)",
                bytes = if postgres { "bytea" } else { "blob" },
            ),
        ] {
            database.execute_unprepared(&statement).await?;
        }
        for table in ["journal", "journal_leaf", "journal_block"] {
            for statement in append_only(table, postgres) {
                database.execute_unprepared(&statement).await?;
            }
        }
        Ok(())
    }
}

fn append_only(table: &str, postgres: bool) -> Vec<String> {
    if postgres {
        return vec![
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$"
                .to_owned(),
            format!(
                "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} \
                 FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            ),
        ];
    }
    ["UPDATE", "DELETE"]
        .iter()
        .map(|verb| {
            format!(
                "CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} \
                 BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
            )
        })
        .collect()
}

/// Runs the migrations of a service, one process at a time, all or none: the library itself takes no lock, and on SQLite no
/// transaction.
pub async fn run_migrations<M: MigratorTrait>(database: &DatabaseConnection) -> anyhow::Result<()> {
    let tx = database.begin().await?;
    if database.get_database_backend() == DatabaseBackend::Postgres {
        tx.execute_unprepared("SELECT pg_advisory_xact_lock(20261121)")
            .await?;
    }
    M::up(&tx, None).await?;
    tx.commit().await?;
    Ok(())
}
