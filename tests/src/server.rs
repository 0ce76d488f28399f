//! A `junheng serve` process.

use std::fs::OpenOptions;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A debug build on a busy machine migrates five databases first.
const START: Duration = Duration::from_secs(120);

const READY: &str = "junheng is ready: ";

/// What a process is started with; enough to start it again.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The data folder.
    pub folder: PathBuf,
    /// Where it listens; empty for any free port.
    pub listen: String,
    /// One role, or everything.
    pub role: Option<&'static str>,
    /// The configuration as environment variables.
    pub environment: Vec<(String, String)>,
}

/// A running process; it is killed when dropped.
pub struct Server {
    child: Child,
    /// Where it listens, `http://127.0.0.1:{port}`.
    pub url: String,
    setup: Setup,
}

// === impl Setup ===

impl Setup {
    /// The file that keeps what the processes of this setup say.
    pub fn log(&self) -> PathBuf {
        self.folder
            .join(format!("{}.log", self.role.unwrap_or("serve")))
    }

    /// The same configuration for another command.
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.environment.push((key.to_owned(), value.into()));
        self
    }

    /// The value of a variable set before.
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.environment.iter().rev().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }
}

// === impl Server ===

impl Server {
    /// Starts a process and waits until it listens.
    pub fn start(setup: Setup) -> anyhow::Result<Self> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(setup.log())?;
        let mut command = Command::new(crate::binary::path()?);
        let listen = match setup.listen.as_str() {
            "" => "127.0.0.1:0",
            listen => listen,
        };
        command
            .arg("serve")
            .arg("--data-dir")
            .arg(&setup.folder)
            .args(["--listen", listen]);
        if let Some(role) = setup.role {
            command.args(["--role", role]);
        }
        let mut child = command
            .envs(setup.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.try_clone()?)
            .spawn()
            .context("junheng did not start")?;
        let output = child.stdout.take().context("the process has no output")?;
        let (ready, started) = mpsc::channel();
        std::thread::spawn(move || follow(BufReader::new(output), log, &ready));
        match started.recv_timeout(START) {
            Ok(url) => Ok(Self { child, url, setup }),
            Err(_) => {
                child.kill()?;
                let status = child.wait()?;
                bail!(
                    "junheng did not get ready ({status}):\n{}",
                    tail(&setup.log())
                );
            }
        }
    }

    /// What it was started with.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as a power cut would (SIGKILL).
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to drain (SIGTERM), waits, and says whether it ended well.
    pub fn stop(&mut self) -> anyhow::Result<bool> {
        kill(Pid::from_raw(self.child.id().try_into()?), Signal::SIGTERM)?;
        Ok(self.child.wait()?.success())
    }

    /// Starts the same again, on another port.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        *self = Self::start(self.setup.clone())?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is as good.
        let _gone = self.kill();
    }
}

fn follow(output: impl std::io::BufRead, mut log: std::fs::File, ready: &mpsc::Sender<String>) {
    for line in output.lines().map_while(Result::ok) {
        if let Some(url) = line.trim().strip_prefix(READY) {
            // Nobody waits any more when the start took too long.
            let _late = ready.send(url.to_owned());
        }
        let _full = writeln!(log, "{line}");
    }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
