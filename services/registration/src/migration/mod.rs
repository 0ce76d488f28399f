//! The schema, oldest first. Migrations only ever add, so that the version before can run on the schema after.

mod m20261121_000002_schools;
mod m20261121_000003_students;
mod m20261122_000004_tallies;
mod m20261122_000010_quarantine;
mod m20261122_000015_tally_folds;
mod m20261122_000020_transfers;
mod m20261122_000021_duplicate_cases;
mod m20261122_000025_numbers;
mod m20261122_000030_access_grants;
mod m20261122_000031_exports;
mod m20261122_000032_group_recognitions;
mod m20261122_000033_aid_grants;
mod m20261122_000035_status_changes;
mod m20261122_000036_promotions;
mod m20261122_000037_certificates;
mod m20261122_000040_zones;
mod m20261122_000041_admissions;
mod m20261122_000042_class_draws;
mod m20261122_000043_forecasts;
mod m20261122_000050_reorganisations;
mod m20261122_000051_relief_plans;
mod m20261122_000060_dropout_cases;
mod m20261122_000061_dropout_notices;
mod m20261122_000065_attendance;
mod m20261122_000066_finding_rounds;
mod m20261122_000070_comparisons;
mod m20261122_000075_dropout_reports;
mod m20261122_000076_supervision;
mod m20261122_000085_resident_counts;
mod m20261122_000090_first_loads;
mod m20261122_000096_dropout_case_events;

use junheng_kernel::journal::JournalMigration;
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Brings the database of the service up to date.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(JournalMigration),
            Box::new(m20261121_000002_schools::Migration),
            Box::new(m20261121_000003_students::Migration),
            Box::new(m20261122_000004_tallies::Migration),
            Box::new(m20261122_000010_quarantine::Migration),
            Box::new(m20261122_000015_tally_folds::Migration),
            Box::new(m20261122_000020_transfers::Migration),
            Box::new(m20261122_000021_duplicate_cases::Migration),
            Box::new(m20261122_000025_numbers::Migration),
            Box::new(m20261122_000030_access_grants::Migration),
            Box::new(m20261122_000031_exports::Migration),
            Box::new(m20261122_000032_group_recognitions::Migration),
            Box::new(m20261122_000033_aid_grants::Migration),
            Box::new(m20261122_000035_status_changes::Migration),
            Box::new(m20261122_000036_promotions::Migration),
            Box::new(m20261122_000037_certificates::Migration),
            Box::new(m20261122_000040_zones::Migration),
            Box::new(m20261122_000041_admissions::Migration),
            Box::new(m20261122_000042_class_draws::Migration),
            Box::new(m20261122_000043_forecasts::Migration),
            Box::new(m20261122_000050_reorganisations::Migration),
            Box::new(m20261122_000051_relief_plans::Migration),
            Box::new(m20261122_000060_dropout_cases::Migration),
            Box::new(m20261122_000061_dropout_notices::Migration),
            Box::new(m20261122_000065_attendance::Migration),
            Box::new(m20261122_000066_finding_rounds::Migration),
            Box::new(m20261122_000070_comparisons::Migration),
            Box::new(m20261122_000075_dropout_reports::Migration),
            Box::new(m20261122_000076_supervision::Migration),
            Box::new(m20261122_000085_resident_counts::Migration),
            Box::new(m20261122_000090_first_loads::Migration),
            Box::new(m20261122_000096_dropout_case_events::Migration),
        ]
    }
}
