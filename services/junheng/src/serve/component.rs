//! The parts that the program runs as: four services and the gateway.

use std::path::Path;

use junheng_kernel::journal::run_migrations;
use sea_orm::DatabaseConnection;

use crate::config::Config;

/// A part of the suite, run alone with `--role` or together with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Component {
    /// Schools, classes and pupils (学籍).
    Registration,
    /// Teachers (师资).
    Staffing,
    /// Sites and what stands on them (资产).
    Assets,
    /// Campaigns and verdicts (督导).
    Inspection,
    /// The door: sessions, role policy, scope, limits (网关).
    Gateway,
}

// === impl Component ===

impl Component {
    /// All, in the order in which they start.
    pub const ALL: [Self; 5] = [
        Self::Registration,
        Self::Staffing,
        Self::Assets,
        Self::Inspection,
        Self::Gateway,
    ];

    /// The name of its database and journal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registration => junheng_registration::NAME,
            Self::Staffing => junheng_staffing::NAME,
            Self::Assets => junheng_assets::NAME,
            Self::Inspection => junheng_inspection::NAME,
            Self::Gateway => junheng_gateway::NAME,
        }
    }

    /// Under which name it signs.
    pub fn issuer(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            service => service.name(),
        }
    }

    /// The component of a journal's name or an issuer.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|component| component.name() == name || component.issuer() == name)
    }

    /// The URL of its database; the SQLite file of the data folder unless set.
    pub fn database_url(self, config: &Config) -> String {
        let set = match self {
            Self::Registration => &config.database.registration,
            Self::Staffing => &config.database.staffing,
            Self::Assets => &config.database.assets,
            Self::Inspection => &config.database.inspection,
            Self::Gateway => &config.database.accounts,
        };
        if set.is_empty() {
            self.sqlite_url(&config.serve.data_dir)
        } else {
            set.clone()
        }
    }

    /// The URL of its SQLite file in a folder.
    pub fn sqlite_url(self, folder: &Path) -> String {
        format!(
            "sqlite://{}",
            folder.join(format!("{}.db", self.name())).display()
        )
    }

    /// Brings its database to the newest schema.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn migrate(self, database: &DatabaseConnection) -> anyhow::Result<()> {
        match self {
            Self::Registration => run_migrations::<junheng_registration::Migrator>(database).await,
            Self::Staffing => run_migrations::<junheng_staffing::Migrator>(database).await,
            Self::Assets => run_migrations::<junheng_assets::Migrator>(database).await,
            Self::Inspection => run_migrations::<junheng_inspection::Migrator>(database).await,
            Self::Gateway => run_migrations::<junheng_gateway::Migrator>(database).await,
        }
    }
}
