//! Lists of other departments, their children, and the comparisons with the student records.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, binary_null, boolean, integer, string, text, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let lists = Table::create()
            .table("resident_lists")
            .col(uuid("id").primary_key())
            .col(big_integer("place"))
            .col(string("region"))
            .col(string("account"))
            .col(string("post"))
            .col(integer("source"))
            .col(integer("kind"))
            .col(string("as_of"))
            .col(integer("state"))
            .col(big_integer("row_count"))
            .col(big_integer("create_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(lists).await?;
        let residents = Table::create()
            .table("residents")
            .col(uuid("id").primary_key())
            .col(uuid("list"))
            .col(uuid("person"))
            .col(big_integer("place"))
            .col(string("region"))
            .col(integer("identity_type"))
            .col(binary_null("identity_hash"))
            .col(big_integer("name_key"))
            .col(integer("birth_month"))
            .col(integer("sex"))
            .col(binary("personal"))
            .to_owned();
        manager.create_table(residents).await?;
        let comparisons = Table::create()
            .table("comparisons")
            .col(uuid("id").primary_key())
            .col(big_integer("place"))
            .col(string("region"))
            .col(uuid("list"))
            .col(uuid_null("previous"))
            .col(string("previous_account"))
            .col(string("account"))
            .col(integer("source"))
            .col(integer("kind"))
            .col(integer("state"))
            .col(integer("phase"))
            .col(uuid("cursor"))
            .col(big_integer("cursor_place"))
            .col(integer("born_after"))
            .col(integer("born_until"))
            .col(big_integer("row_count"))
            .col(big_integer("compared"))
            .col(big_integer("suspected"))
            .col(binary("counts"))
            .col(big_integer("start_micros"))
            .col(big_integer("end_micros"))
            .col(integer("failure"))
            .col(text("failure_zh"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(comparisons).await?;
        let results = Table::create()
            .table("comparison_results")
            .col(uuid("run"))
            .col(uuid("person"))
            .col(big_integer("place"))
            .col(integer("verdict"))
            .col(integer("previous"))
            .col(integer("change"))
            .col(uuid_null("student"))
            .primary_key(Index::create().col("run").col("person"))
            .to_owned();
        manager.create_table(results).await?;
        let candidates = Table::create()
            .table("resident_candidates")
            .col(uuid("id").primary_key())
            .col(uuid("person"))
            .col(uuid("student"))
            .col(big_integer("place"))
            .col(boolean("guardian_agrees"))
            .col(integer("decision"))
            .col(text("note"))
            .col(text("evidence"))
            .col(big_integer("create_micros"))
            .col(big_integer("version"))
            .to_owned();
        manager.create_table(candidates).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX resident_lists_place ON resident_lists (place, id)",
            // The last complete one; 2 is live.
            "CREATE UNIQUE INDEX resident_lists_live \
             ON resident_lists (region, source, kind) WHERE state = 2",
            // 1 is arriving.
            "CREATE INDEX resident_lists_arriving ON resident_lists (create_micros) WHERE state = 1",
            // A child once in each list; a list is read in the order of this index.
            "CREATE UNIQUE INDEX residents_list ON residents (list, person)",
            "CREATE INDEX residents_person ON residents (person, id)",
            "CREATE INDEX comparisons_place ON comparisons (place, id)",
            // One at a time; 1 is running.
            "CREATE UNIQUE INDEX comparisons_running ON comparisons (region) WHERE state = 1",
            "CREATE INDEX comparisons_list ON comparisons (list, id)",
            "CREATE INDEX comparison_results_verdict \
             ON comparison_results (run, verdict, place, person)",
            "CREATE INDEX comparison_results_changed \
             ON comparison_results (run, verdict, place, person) WHERE change <> 0",
            "CREATE UNIQUE INDEX resident_candidates_pair ON resident_candidates (person, student)",
            // A child is one student at most; 1 is the decision that they are the same.
            "CREATE UNIQUE INDEX resident_candidates_same \
             ON resident_candidates (person) WHERE decision = 1",
            "CREATE INDEX resident_candidates_student \
             ON resident_candidates (student) WHERE decision = 1",
            "CREATE INDEX resident_candidates_open \
             ON resident_candidates (place, id) WHERE decision = 0",
            "CREATE INDEX resident_candidates_place ON resident_candidates (place, id)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
