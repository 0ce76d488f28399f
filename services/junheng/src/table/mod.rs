//! Reads the tables that offices send: CSV and XLSX files into rows of named columns, and writes CSV.
//!
//! A file from outside may be broken, in another encoding than it seems, or made to exhaust the machine: a
//! workbook of 1 kB can claim a billion cells, one of 1 MB can unpack to many gigabytes. So:
//!
//! - The file is parsed in a **child process** ([`child`]) that limits its own memory and processor time
//!   before it opens the file. [`open`] starts it and reads its rows from a pipe; when the child dies, the file
//!   is refused with the reason, and nothing else of this process is touched.
//! - Workbooks are read **cell by cell**; no range of a sheet is ever laid out in memory.
//! - Rows are numbered as a spreadsheet shows them: the header is row 1, blank rows count.
//! - What is wrong with one row is said with row, column, reason and remedy in Chinese and English, and
//!   the rows around it are still read. What is wrong with the whole file ends the reading ([`Reason::ends`]).

pub mod child;
mod columns;
mod csv_file;
mod encoding;
mod lines;
mod parent;
mod problem;
#[cfg(test)]
mod tests;
mod write;
mod xlsx_file;

pub use columns::{Column, Columns, VERDICT_COLUMNS};
pub use parent::open;
#[cfg(test)]
use parent::{TableReader, open_with};
pub use problem::{Reason, TableError};
pub use write::write_csv;

use serde::{Deserialize, Serialize};

/// Bounds on what is read. A file beyond them is refused.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Columns with values.
    pub columns: usize,
    /// Rows, header and blank ones included.
    pub rows: u64,
    /// Characters in one cell; the same as in spreadsheets.
    pub cell_characters: usize,
}

/// The bounds of every import.
pub const LIMITS: Limits = Limits {
    columns: 200,
    rows: 1_000_000,
    cell_characters: 32_767,
};

/// One row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The row's number in the file; the header is 1.
    #[serde(rename = "row")]
    pub number: u64,
    /// As many cells as the header has, trimmed of white space; empty where the file has none.
    pub cells: Vec<String>,
}
