//! An installation on a durable PostgreSQL, and a made-up province in it through the import door.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use junheng_tests::postgres::Postgres;
use junheng_tests::{Database, Officer, World, binary, regions};
use serde::Deserialize;
use sqlx::postgres::{PgPool, PgPoolOptions};
use uuid::Uuid;

/// The province of every installation.
pub const PROVINCE: &str = "42";

/// Who imports: clerk of every county.
const LOADER: &str = "loader";

/// Durable, and sized for a machine of 24 GB that imports much: WAL for half an hour between checkpoints.
pub const DURABLE: &[&str] = &[
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "shared_buffers=4GB",
    "effective_cache_size=12GB",
    "maintenance_work_mem=512MB",
    "work_mem=32MB",
    "wal_buffers=64MB",
    "max_wal_size=16GB",
    "checkpoint_timeout=30min",
    "max_connections=200",
];

/// The same durability on a small machine.
pub const DURABLE_SMALL: &[&str] = &[
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "max_connections=200",
];

/// An installation.
pub struct Ground {
    /// Its process and officers.
    pub world: World,
    /// Its registration database, from outside.
    pub database: PgPool,
}

/// What became of the rows of one kind, as `generate --report` writes it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Tally {
    /// Rows sent.
    pub rows: u64,
    /// Records created.
    pub created: i64,
    /// Records that stood so.
    pub unchanged: i64,
    /// From the first row sent to the answer.
    pub seconds: f64,
}

/// All kinds.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Filled {
    /// Schools.
    pub schools: Tally,
    /// Classes.
    pub classes: Tally,
    /// Students.
    pub students: Tally,
}

/// A class and where it is.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The class.
    pub id: Uuid,
    /// Its school.
    pub school: Uuid,
    /// The county's code.
    pub region: String,
    /// The stage.
    pub stage: i32,
    /// The grade.
    pub grade: i32,
}

// === impl Ground ===

impl Ground {
    /// A fresh installation, all roles in one process, with an account that may import everywhere.
    pub async fn lay(postgres: &Arc<Postgres>) -> anyhow::Result<Self> {
        let more = [("JUNHENG_SESSIONS__SESSION_HOURS", "48")];
        let world = World::start(Database::Postgres, Some(Arc::clone(postgres)), &more).await?;
        let counties = regions::counties_and_zones(PROVINCE);
        let posts: Vec<(&str, &str)> = counties
            .iter()
            .map(|place| ("county.clerk", place.county.as_str()))
            .collect();
        world.appoint(LOADER, &posts).await;
        let database = PgPoolOptions::new()
            .max_connections(2)
            .connect(world.database_url("registration"))
            .await?;
        Ok(Self { world, database })
    }

    /// Starts `junheng generate` into this installation.
    pub fn start_filling(&self, arguments: &[String]) -> anyhow::Result<Child> {
        Command::new(binary::path()?)
            .args(["generate", "--province", PROVINCE, "--into"])
            .arg(self.world.url())
            .args(["--sign-in", LOADER])
            .args(arguments)
            .env("JUNHENG_CLIENT__PASSWORD", junheng_tests::world::PASSWORD)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("junheng generate did not start")
    }

    /// Fills the installation and waits for it.
    pub async fn fill(&self, arguments: &[String]) -> anyhow::Result<Filled> {
        let folder = tempfile::tempdir()?;
        let report = folder.path().join("report.json");
        let mut arguments = arguments.to_vec();
        arguments.extend(["--report".to_owned(), report.display().to_string()]);
        let child = self.start_filling(&arguments)?;
        let ended = tokio::task::spawn_blocking(move || child.wait_with_output()).await??;
        if !ended.status.success() {
            bail!(
                "generate {arguments:?}: {}",
                String::from_utf8_lossy(&ended.stderr)
            );
        }
        Ok(serde_json::from_str(&std::fs::read_to_string(report)?)?)
    }

    /// Students on record.
    pub async fn students(&self) -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar("SELECT count(*) FROM students")
            .fetch_one(&self.database)
            .await?)
    }

    /// Some classes of one county, spread over its schools.
    pub async fn seats(&self, count: i64) -> anyhow::Result<Vec<Seat>> {
        let seats: Vec<(Uuid, Uuid, String, i32, i32)> = sqlx::query_as(
            "SELECT c.id, c.school, s.region, c.stage, c.grade FROM school_classes c \
             JOIN schools s ON s.id = c.school \
             WHERE s.region = (SELECT region FROM schools ORDER BY id LIMIT 1) \
             ORDER BY c.grade, c.number, c.school LIMIT $1",
        )
        .bind(count)
        .fetch_all(&self.database)
        .await?;
        anyhow::ensure!(!seats.is_empty(), "the province has no classes");
        let seat = |(id, school, region, stage, grade)| Seat {
            id,
            school,
            region,
            stage,
            grade,
        };
        Ok(seats.into_iter().map(seat).collect())
    }

    /// The clerk of a county.
    pub async fn clerk(&self, region: &str) -> Officer {
        let organisation = format!("regions/{region}");
        self.world.sign_in("county.clerk", &organisation).await
    }
}

/// The arguments for so many pupils.
pub fn pupils(count: u64, more: &[&str]) -> Vec<String> {
    let count = count.to_string();
    ["--pupils", count.as_str()]
        .iter()
        .chain(more)
        .map(|word| (*word).to_owned())
        .collect()
}
