//! The executable under test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, bail};

/// The `junheng` that was built beside this test executable.
///
/// Fails with the command that builds it.
pub fn path() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("the test executable has no path")?;
    // A test lies in `deps` of its profile's folder, a program in the folder itself.
    let profiles = own.ancestors().skip(1).take(2);
    let mut binaries = profiles.map(|folder| folder.join("junheng"));
    let Some(binary) = binaries.find(|binary| binary.is_file()) else {
        bail!(
            "there is no junheng beside {}; build it with `cargo build -p junheng`",
            own.display()
        );
    };
    Ok(binary)
}

/// The root of the source tree.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs one command of the executable to its end.
pub fn run(arguments: &[&str], environment: &[(String, String)]) -> anyhow::Result<Output> {
    Command::new(path()?)
        .args(arguments)
        .envs(environment.iter().cloned())
        .output()
        .with_context(|| format!("`junheng {}` did not start", arguments.join(" ")))
}

/// Runs one command and gives what it printed; a failure is an error with both outputs.
pub fn run_well(arguments: &[&str], environment: &[(String, String)]) -> anyhow::Result<String> {
    let output = run(arguments, environment)?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!(
            "`junheng {}` ended with {}\n{printed}\n{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(printed)
}

/// Everything that a command printed, for messages and for looking for a word.
pub fn all_output(output: &Output) -> String {
    format!(
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
