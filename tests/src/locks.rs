//! Who waits for a lock of whom.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, Statement};

use crate::{Database, World};

/// How long somebody may take on a busy machine until it waits.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often to look.
const EVERY: Duration = Duration::from_millis(10);

/// Returns when a session of this database waits for a lock of which `condition` holds, in the columns of `pg_stat_activity`. At
/// once on SQLite, where nobody holds a single row.
///
/// # Panics
/// When nobody has come to wait in a minute.
pub async fn waits_for_lock(world: &World, database: &DatabaseConnection, condition: &str) {
    if world.database != Database::Postgres {
        return;
    }
    let sql = format!(
        "SELECT 1 AS one FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND {condition}"
    );
    let asked = Statement::from_string(DatabaseBackend::Postgres, sql);
    let waits = async {
        loop {
            let found = database.query_one_raw(asked.clone()).await;
            if found.expect("an answer").is_some() {
                return;
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waits).await;
    waited.unwrap_or_else(|_| panic!("nobody waits: {condition}"));
}

/// What holds of a session that waits for this one. On PostgreSQL.
///
/// # Panics
/// When the session does not answer.
pub async fn behind(holder: &impl ConnectionTrait) -> String {
    let sql = "SELECT pg_backend_pid()";
    let asked = Statement::from_string(DatabaseBackend::Postgres, sql);
    let row = holder.query_one_raw(asked).await.expect("an answer");
    let process: i32 = row.expect("a row").try_get_by(0).expect("a number");
    format!("{process} = ANY(pg_blocking_pids(pid))")
}
