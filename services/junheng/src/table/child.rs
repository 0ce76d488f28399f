//! The reading process: the same executable under a hidden subcommand, with limits on itself.
//!
//! It must be started before anything else of the program is (no runtime, no threads), so that the limit on its
//! address space leaves all of it to the file.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use nix::sys::resource::{Resource, setrlimit};

use super::lines::{Lines, Stop};
use super::{Reason, TableError, csv_file, xlsx_file};

/// The name of the hidden subcommand.
pub const SUBCOMMAND: &str = "read-table";
/// Address space that reading may take beyond the program's own unless told otherwise, in MiB.
pub const MEMORY_MB: u64 = 1024;
/// Processor time of the reading process, in seconds.
pub const PROCESSOR_SECONDS: u64 = 300;

/// Arguments of the hidden subcommand `read-table`.
#[derive(Clone, Debug, clap::Args)]
pub struct ReadTable {
    /// The file to read.
    #[arg(long)]
    pub file: PathBuf,
    /// Limit on the address space that reading may take beyond the program's own, in MiB.
    #[arg(long, default_value_t = MEMORY_MB)]
    pub memory_mb: u64,
}

/// Limits this process for good, then writes the rows of the file to standard output, one JSON object a line.
///
/// A refused file is an answer, not a failure: the refusal is the last line.
///
/// # Errors
/// When the limits cannot be set or standard output is closed.
pub fn run(args: &ReadTable) -> anyhow::Result<()> {
    // The program itself takes tens to hundreds of megabytes of address space before it has read anything.
    let bytes = args
        .memory_mb
        .saturating_mul(1024 * 1024)
        .saturating_add(own_bytes()?);
    setrlimit(Resource::RLIMIT_AS, bytes, bytes)?;
    // The signal for too much time comes at the first number, the end without a word at the second.
    setrlimit(
        Resource::RLIMIT_CPU,
        PROCESSOR_SECONDS,
        PROCESSOR_SECONDS + 5,
    )?;
    // What the file holds may be personal: no trace of it on disk when this process dies.
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    read(&args.file, BufWriter::new(std::io::stdout().lock()))
}

/// The address space that this process takes now, as the kernel counts it.
fn own_bytes() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let kilobytes = size.and_then(|size| size.trim().trim_end_matches(" kB").parse::<u64>().ok());
    let kilobytes = kilobytes
        .ok_or_else(|| anyhow::anyhow!("the system does not tell the size of this process"))?;
    Ok(kilobytes.saturating_mul(1024))
}

/// Reads the file into lines.
pub fn read(path: &Path, output: impl Write) -> anyhow::Result<()> {
    let mut lines = Lines::new(output);
    match read_rows(path, &mut lines) {
        Ok(()) => Ok(lines.end()?),
        Err(Stop::Refused(error)) => Ok(lines.refuse(error)?),
        Err(Stop::Output(error)) => Err(error.into()),
    }
}

/// What a file is, by its first bytes.
#[derive(Clone, Copy)]
enum Form {
    Zip,
    OldOrLocked,
    Utf16,
    Other,
}

const FORMS: &[(&[u8], Form)] = &[
    (b"PK\x03\x04", Form::Zip),
    (b"PK\x05\x06", Form::Zip),
    (b"\xD0\xCF\x11\xE0", Form::OldOrLocked),
    (b"\xFF\xFE", Form::Utf16),
    (b"\xFE\xFF", Form::Utf16),
];

/// Name endings of workbooks.
const WORKBOOK_ENDINGS: [&str; 2] = ["xlsx", "xlsm"];

fn read_rows<W: Write>(path: &Path, lines: &mut Lines<W>) -> Result<(), Stop> {
    let unreadable =
        |error: std::io::Error| TableError::new(Reason::CannotRead, &error.to_string());
    let mut start = Vec::new();
    File::open(path)
        .map_err(unreadable)?
        .take(4)
        .read_to_end(&mut start)
        .map_err(unreadable)?;
    let file = File::open(path).map_err(unreadable)?;
    let form = FORMS
        .iter()
        .find(|(bytes, _)| start.starts_with(bytes))
        .map_or(Form::Other, |entry| entry.1);
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    let named_workbook = ending.is_some_and(|ending| WORKBOOK_ENDINGS.contains(&ending.as_str()));
    match form {
        Form::Zip => xlsx_file::read(file, lines),
        Form::OldOrLocked => Err(TableError::new(Reason::OldOrLockedWorkbook, "").into()),
        Form::Utf16 => Err(TableError::new(Reason::Utf16, "").into()),
        Form::Other if named_workbook => Err(TableError::new(Reason::NotAWorkbook, "").into()),
        Form::Other => csv_file::read(file, lines),
    }
}
