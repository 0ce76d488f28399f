//! Starts the reading process and takes its rows, or its death, as the answer.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use nix::sys::signal::Signal;

use super::child::{MEMORY_MB, PROCESSOR_SECONDS, SUBCOMMAND};
use super::lines::Line;
use super::{LIMITS, Reason, Row, TableError};

/// A longer line cannot come from a row within the limits: every character of every cell escaped.
const LINE_BYTES: u64 = LIMITS.columns as u64 * LIMITS.cell_characters as u64 * 12;

/// Starts reading `path` in a process of this executable (`read-table`), which [`super::child::run`] must serve.
///
/// Blocks until the header is there; so does each row. In asynchronous code use a blocking thread.
///
/// # Errors
/// When the file is refused before its first row. See [`Reason`].
pub fn open(path: &Path) -> Result<TableReader, TableError> {
    let program = std::env::current_exe()
        .map_err(|error| TableError::new(Reason::ReaderFailed, &error.to_string()))?;
    open_with(path, &program, MEMORY_MB)
}

/// As [`open`], with the program to start and its limit on memory in MiB.
///
/// # Errors
/// As [`open`].
pub fn open_with(path: &Path, program: &Path, memory_mb: u64) -> Result<TableReader, TableError> {
    let failed = |detail: &str| TableError::new(Reason::ReaderFailed, detail);
    let mut child = Command::new(program)
        .arg(SUBCOMMAND)
        .arg("--file")
        .arg(path)
        .arg("--memory-mb")
        .arg(memory_mb.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&error.to_string()))?;
    let output = child.stdout.take().ok_or_else(|| failed("no output"))?;
    let lines = BufReader::new(output);
    let mut reader = TableReader {
        child,
        lines,
        memory_mb,
        header: Vec::new(),
        done: false,
    };
    match reader.line()? {
        Line::Row(Row { number: 1, cells }) => reader.header = cells,
        Line::Problem(problem) => return Err(problem),
        Line::Row(_) | Line::End { .. } => return Err(failed("no header")),
    }
    Ok(reader)
}

/// The rows of a file, one after the other.
///
/// An item is a row, or a [`TableError`] that names the row it is about. When its reason [ends](Reason::ends)
/// the reading, it is the last item and the rows before it should not be trusted either. Dropping the reader
/// ends the reading process.
#[derive(Debug)]
pub struct TableReader {
    child: Child,
    lines: BufReader<ChildStdout>,
    memory_mb: u64,
    header: Vec<String>,
    done: bool,
}

impl TableReader {
    /// The names in row 1, as the file has them.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    fn line(&mut self) -> Result<Line, TableError> {
        let mut line = Vec::new();
        let read = (&mut self.lines)
            .take(LINE_BYTES)
            .read_until(b'\n', &mut line);
        match read {
            Ok(_) if line.ends_with(b"\n") => serde_json::from_slice(&line)
                .map_err(|error| TableError::new(Reason::ReaderFailed, &error.to_string())),
            Ok(_) => Err(self.death()),
            Err(error) => Err(TableError::new(Reason::ReaderFailed, &error.to_string())),
        }
    }

    /// Why there is no further line although the last one has not come.
    fn death(&mut self) -> TableError {
        match self.child.wait() {
            Ok(status) => cause(status, self.memory_mb),
            Err(error) => TableError::new(Reason::ReaderFailed, &error.to_string()),
        }
    }
}

/// What a death of the reading process says of the file. A process that asks for more memory than its limit
/// aborts; the system kills one that takes too much of the machine's.
fn cause(status: ExitStatus, memory_mb: u64) -> TableError {
    match status.signal().map(Signal::try_from) {
        Some(Ok(Signal::SIGABRT | Signal::SIGSEGV | Signal::SIGBUS | Signal::SIGKILL)) => {
            TableError::new(Reason::OutOfMemory, &format!("{memory_mb} MB"))
        }
        Some(Ok(Signal::SIGXCPU)) => {
            TableError::new(Reason::OutOfTime, &format!("{PROCESSOR_SECONDS} s"))
        }
        _ => TableError::new(Reason::ReaderFailed, &status.to_string()),
    }
}

impl Iterator for TableReader {
    type Item = Result<Row, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = match self.line() {
            Ok(Line::Row(row)) => Ok(row),
            Ok(Line::Problem(problem)) | Err(problem) => Err(problem),
            Ok(Line::End { .. }) => {
                self.done = true;
                return None;
            }
        };
        self.done = item.as_ref().is_err_and(|problem| problem.reason.ends());
        Some(item)
    }
}

impl Drop for TableReader {
    fn drop(&mut self) {
        // Both fail only when the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
