//! A PostgreSQL server for the run, started from the distribution's package.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};

/// How a missing server is put right.
const HINT: &str = "install PostgreSQL, on Debian: apt-get install postgresql";

/// Starts the server, says so, and stops it when its input ends: that is, when the run does, however it does.
const KEEPER: &str = r#"
"$0/pg_ctl" --pgdata="$1" --log="$1/server.log" --wait --silent --options="$2" start || exit 1
echo started
read -r _
"$0/pg_ctl" --pgdata="$1" --silent --mode=immediate stop
"#;

/// For stories: nothing has to outlive the run.
pub const QUICK: &[&str] = &["fsync=off", "max_connections=600"];

/// A running server; it stops when dropped.
pub struct Postgres {
    keeper: Child,
    port: u16,
    binaries: PathBuf,
    folder: tempfile::TempDir,
}

// === impl Postgres ===

impl Postgres {
    /// Starts a server with an empty cluster, for stories.
    ///
    /// Fails with the command that installs PostgreSQL when there is none.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(QUICK)
    }

    /// Starts a server with an empty cluster and these settings.
    ///
    /// Fails like [`Self::start`].
    pub fn start_with(settings: &[&str]) -> anyhow::Result<Self> {
        let binaries = binaries()?;
        let folder = tempfile::Builder::new()
            .prefix("junheng-postgres-")
            .tempdir()?;
        let data = folder.path().join("cluster");
        std::fs::create_dir(&data)?;
        if nix::unistd::geteuid().is_root() {
            // The server refuses to run as root, so its own user gets a folder that it can reach.
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711))?;
            succeed(Command::new("chown").arg("postgres").arg(&data))?;
        }
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700))?;
        succeed(
            as_server_user(&binaries.join("initdb"))
                .arg("--pgdata")
                .arg(&data)
                .args([
                    "--username=junheng",
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                ]),
        )?;
        let port = free_port()?;
        let mut options = format!(
            "-p {port} -k {} -c listen_addresses=127.0.0.1",
            data.display()
        );
        for setting in settings {
            options.push_str(" -c ");
            options.push_str(setting);
        }
        let mut keeper = as_server_user(Path::new("/bin/sh"))
            .args(["-c", KEEPER])
            .arg(&binaries)
            .arg(&data)
            .arg(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the shell did not start")?;
        let mut said = String::new();
        let output = keeper.stdout.take().context("the shell has no output")?;
        BufReader::new(output).read_line(&mut said)?;
        if said.trim() != "started" {
            let log = std::fs::read_to_string(data.join("server.log")).unwrap_or_default();
            bail!("PostgreSQL did not start: {said}\n{log}");
        }
        Ok(Self {
            keeper,
            port,
            binaries,
            folder,
        })
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://junheng@127.0.0.1:{}/{database}", self.port)
    }

    /// Creates databases.
    pub fn create(&self, databases: &[String]) -> anyhow::Result<()> {
        let mut command = Command::new(self.binaries.join("psql"));
        command
            .args(["--quiet", "--no-psqlrc", "--dbname"])
            .arg(self.url("postgres"));
        for database in databases {
            command
                .arg("--command")
                .arg(format!("CREATE DATABASE {database}"));
        }
        succeed(&mut command)
    }

    /// The whole content of a database as text; binary columns are hexadecimal.
    pub fn dump(&self, database: &str) -> anyhow::Result<String> {
        let output = Command::new(self.binaries.join("pg_dump"))
            .arg("--data-only")
            .arg("--dbname")
            .arg(self.url(database))
            .output()?;
        if !output.status.success() {
            bail!("pg_dump: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The end of its input tells the keeper to stop the server.
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!(
                "PostgreSQL in {} was not stopped: {error}",
                self.folder.path().display()
            );
        }
    }
}

fn binaries() -> anyhow::Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut packaged: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    packaged.sort();
    let searched = std::env::var_os("PATH").unwrap_or_default();
    packaged
        .into_iter()
        .rev()
        .map(|(_, folder)| folder)
        .chain(std::env::split_paths(&searched))
        .find(|folder| {
            ["initdb", "pg_ctl", "psql"]
                .iter()
                .all(|name| folder.join(name).is_file())
        })
        .with_context(|| format!("the suite needs a PostgreSQL server; {HINT}"))
}

fn as_server_user(program: &Path) -> Command {
    if !nix::unistd::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command
        .args(["-u", "postgres", "--"])
        .arg(program)
        .current_dir("/");
    command
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let output = command
        .output()
        .with_context(|| format!("{command:?} did not start; {HINT}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
