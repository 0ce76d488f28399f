//! Databases: one process at a time on a SQLite file, patience with a database server that is not there yet.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use junheng_kernel::store::{UrlError, connect};
use tokio_util::sync::CancellationToken;

use super::component::Component;
use crate::config::Config;
use crate::private;

/// The first wait for a database server; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Keeps other processes off a SQLite file as long as it lives.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

/// The SQLite file of a URL.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
}

/// Locks the SQLite file of `url`; nothing for a database server.
///
/// # Errors
/// When another process has it, or the folder cannot be written.
pub fn lock(url: &str) -> anyhow::Result<Option<FileLock>> {
    let Some(path) = sqlite_file(url) else {
        return Ok(None);
    };
    if let Some(folder) = path.parent() {
        private::folder(folder)?;
    }
    let file = File::create(path.with_extension("lock"))
        .with_context(|| format!("{} cannot be locked", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(FileLock { _file: file })),
        Err(TryLockError::WouldBlock) => bail!(
            "another junheng process works on {}; end it first, or choose another folder with --data-dir",
            path.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{} cannot be locked", path.display()))
        }
    }
}

/// Connects and brings the schema up to date, trying again as long as a database server does not answer.
///
/// # Errors
/// A failure on SQLite, a failed migration, or the order to stop.
pub async fn prepare(
    component: Component,
    url: &str,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let mut wait = FIRST_WAIT;
    loop {
        let error = match connect(url).await {
            Ok((reader, writer)) => {
                let migrated = component.migrate(&writer).await;
                writer.close().await?;
                reader.close().await?;
                return migrated.with_context(|| format!("migrations of {}", component.name()));
            }
            Err(error) => error,
        };
        if sqlite_file(url).is_some() || error.is::<UrlError>() {
            return Err(error.context(format!("the database of {}", component.name())));
        }
        tracing::warn!(service = component.name(), %error, "the database does not answer; trying again");
        tokio::select! {
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
            () = stop.cancelled() => bail!("stopped while waiting for the database of {}", component.name()),
        }
    }
}

/// Whether the folder holds the databases of an earlier run.
pub fn is_used(config: &Config) -> bool {
    used_in(&config.serve.data_dir)
}

fn used_in(folder: &Path) -> bool {
    Component::ALL
        .iter()
        .filter_map(|component| sqlite_file(&component.sqlite_url(folder)))
        .any(|file| file.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_file_is_for_one_process_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let url = Component::Staffing.sqlite_url(&folder.path().join("new"));
        let first = lock(&url).unwrap();
        let refusal = lock(&url).unwrap_err().to_string();
        assert!(refusal.contains("staffing.db"), "{refusal}");
        assert!(
            lock(&Component::Assets.sqlite_url(folder.path()))
                .unwrap()
                .is_some()
        );
        drop(first);
        assert!(lock(&url).unwrap().is_some());
    }

    #[test]
    fn a_database_server_needs_no_lock() {
        assert!(lock("postgres://a@b/c").unwrap().is_none());
        assert_eq!(
            sqlite_file("sqlite:///a/b.db"),
            Some(PathBuf::from("/a/b.db"))
        );
    }
}
