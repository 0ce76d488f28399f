//! Writes rows as CSV that a spreadsheet opens as text.
//!
//! A cell that begins with one of a few characters would run as a formula in the reader's spreadsheet, and what
//! it holds may come from anybody. Such a cell is written with an apostrophe before it; the import takes the
//! apostrophe off again, so that an exported file reads back as it was.

use std::io::{self, Write};

use super::encoding::MARK;

/// First characters that make a cell a formula or hide one behind white space.
const FORMULA_STARTS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];
/// What is put before such a cell.
const GUARD: char = '\'';

/// Writes the header and the rows to `output`, in UTF-8 with a byte order mark, lines ended by CR LF, and returns
/// the number of rows.
///
/// # Errors
/// Those of the output, and rows that are not as long as the header.
pub fn write_csv<W, R, C>(output: W, header: &[&str], rows: R) -> io::Result<u64>
where
    W: Write,
    R: IntoIterator,
    R::Item: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    let mut output = output;
    output.write_all(MARK)?;
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(output);
    writer.write_record(header.iter().map(|name| guarded(name)))?;
    let mut count = 0;
    for row in rows {
        writer.write_record(row.into_iter().map(|cell| guarded(cell.as_ref())))?;
        count += 1;
    }
    writer.flush()?;
    Ok(count)
}

/// The cell as it is written.
fn guarded(cell: &str) -> String {
    if formula_behind_guards(cell) {
        format!("{GUARD}{cell}")
    } else {
        cell.to_owned()
    }
}

/// The cell as it was before [`guarded`].
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix(GUARD) {
        Some(rest) if formula_behind_guards(rest) => rest,
        _ => cell,
    }
}

/// Cells that begin with guards themselves count too, or taking one off would not give the cell back.
fn formula_behind_guards(cell: &str) -> bool {
    cell.trim_start_matches(GUARD).starts_with(FORMULA_STARTS)
}
