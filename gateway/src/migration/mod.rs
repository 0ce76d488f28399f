//! The schema, oldest first. Migrations only ever add, so that the version before can run on the schema after.

mod m20261121_000002_accounts;
mod m20261121_000003_sessions;

use junheng_kernel::journal::JournalMigration;
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Brings the database of accounts and sessions up to date.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(JournalMigration),
            Box::new(m20261121_000002_accounts::Migration),
            Box::new(m20261121_000003_sessions::Migration),
        ]
    }
}
