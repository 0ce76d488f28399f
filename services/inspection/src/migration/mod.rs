//! The schema, oldest first. Migrations only ever add, so that the version before can run on the schema after.

mod m20261121_000003_campaigns;
mod m20261121_000004_evidence;

use junheng_directory::DirectoryMigration;
use junheng_kernel::journal::JournalMigration;
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Brings the database of the service up to date.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(JournalMigration),
            Box::new(DirectoryMigration),
            Box::new(m20261121_000003_campaigns::Migration),
            Box::new(m20261121_000004_evidence::Migration),
        ]
    }
}
