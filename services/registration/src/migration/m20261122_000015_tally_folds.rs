//! Folded counts: by class and by county, of students and of the changes of their records.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, uuid};

use crate::tally::counted::COUNTED;
use crate::tally::size;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let counted = || COUNTED.iter().map(|counted| counted.column);
        let cells = [
            uuid("school"),
            uuid("school_class"),
            big_integer("place"),
            integer("stage"),
            integer("grade"),
        ];
        let key = ["school", "school_class", "place", "stage", "grade"];
        sums(manager, "tally_cells", cells, &key, counted()).await?;
        let counties = [big_integer("county"), integer("stage"), integer("grade")];
        let key = ["county", "stage", "grade"];
        let columns = counted().chain(size::COLUMNS);
        sums(manager, "tally_counties", counties, &key, columns).await?;
        let flows = [
            uuid("school"),
            big_integer("place"),
            integer("stage"),
            integer("school_year"),
            integer("kind"),
        ];
        let key = ["school", "place", "stage", "school_year", "kind"];
        sums(manager, "flow_cells", flows, &key, ["flow"]).await?;
        let flows = [
            big_integer("county"),
            integer("stage"),
            integer("school_year"),
            integer("kind"),
        ];
        let key = ["county", "stage", "school_year", "kind"];
        sums(manager, "flow_counties", flows, &key, ["flow"]).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX tally_cells_place ON tally_cells (place)",
            "CREATE INDEX tally_cells_class ON tally_cells (school_class)",
            "CREATE INDEX flow_cells_place ON flow_cells (place)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

/// A table of sums under a key.
async fn sums(
    manager: &SchemaManager<'_>,
    name: &'static str,
    columns: impl IntoIterator<Item = ColumnDef>,
    key: &[&'static str],
    sums: impl IntoIterator<Item = &'static str>,
) -> Result<(), DbErr> {
    let mut table = Table::create().table(name).to_owned();
    for column in columns {
        table.col(column);
    }
    for sum in sums {
        table.col(big_integer(sum));
    }
    let mut primary = Index::create();
    for column in key {
        primary.col(*column);
    }
    table.primary_key(&mut primary);
    manager.create_table(table).await
}
