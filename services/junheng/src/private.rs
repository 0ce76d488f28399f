//! Folders and files that only their owner may read.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;

/// Makes a folder with those above it, unless it is there; one that is there keeps its rights.
///
/// # Errors
/// Those of the file system.
pub fn folder(path: &Path) -> anyhow::Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("the folder {} cannot be made", path.display()))
}

/// Writes a file that was not there.
///
/// # Errors
/// Those of the file system; a file that is there is not overwritten.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    written().with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn nobody_else_may_read_what_is_private() {
        let place = tempfile::tempdir().unwrap();
        let inner = place.path().join("a/b");
        folder(&inner).unwrap();
        folder(&inner).unwrap();
        let file = inner.join("c");
        write(&file, "x").unwrap();
        assert!(write(&file, "y").is_err());
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&inner), mode(&file)), (0o700, 0o600));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "x");
    }
}
