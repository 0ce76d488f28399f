//! Reads CSV as spreadsheets write it, with bounded memory: a quotation mark that is never closed makes one cell
//! too long instead of taking the rest of the file into memory.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};

use csv_core::{ReadFieldResult, Reader};

use super::encoding::{self, Encoding, Finding, MARK};
use super::lines::{Cell, Lines, Stop};
use super::write::unguarded;
use super::{LIMITS, Reason, TableError};

const QUOTE: u8 = b'"';

/// No character of the two encodings is longer.
const BYTES_PER_CHARACTER: usize = 4;

/// Reads the whole file into lines.
pub fn read<W: Write>(mut file: File, lines: &mut Lines<W>) -> Result<(), Stop> {
    let mut start = Vec::new();
    (&file)
        .take(MARK.len() as u64)
        .read_to_end(&mut start)
        .map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    let encoding = match encoding::find(&file).map_err(unreadable)? {
        Finding::Binary => return Err(TableError::new(Reason::NotATable, "").into()),
        Finding::Text(_) if start == MARK => Encoding::Utf8,
        Finding::Text(encoding) => encoding,
    };
    let skip = if start == MARK { MARK.len() as u64 } else { 0 };
    file.seek(SeekFrom::Start(skip)).map_err(unreadable)?;
    let mut records = Records::new(BufReader::new(file));
    while let Some((number, fields)) = records.next()? {
        let cells = fields.iter().map(|field| text(encoding, field)).collect();
        lines.row(number, cells)?;
    }
    Ok(())
}

fn text(encoding: Encoding, field: &[u8]) -> Cell {
    encoding
        .decode(field)
        .map(|text| unguarded(&text).to_owned())
}

/// A record: its row number and its fields.
type Record = (u64, Vec<Vec<u8>>);

/// Cuts the bytes into records and numbers them as a spreadsheet does.
struct Records<R> {
    input: R,
    parser: Reader,
    field: Vec<u8>,
    filled: usize,
    fields: Vec<Vec<u8>>,
    number: u64,
    /// Quotation marks of the field that is being read, where it began with one.
    quotes: Option<usize>,
    /// Whether the next byte begins a field.
    begins: bool,
    /// The last byte taken, to tell the second half of a CR LF from a blank line.
    last: u8,
}

impl<R: BufRead> Records<R> {
    fn new(input: R) -> Self {
        Self {
            input,
            parser: Reader::new(),
            field: vec![0; LIMITS.cell_characters * BYTES_PER_CHARACTER],
            filled: 0,
            fields: Vec::new(),
            number: 0,
            quotes: None,
            begins: true,
            last: 0,
        }
    }

    /// The next record.
    fn next(&mut self) -> Result<Option<Record>, TableError> {
        self.skip_blank_lines()?;
        loop {
            let bytes = self.input.fill_buf().map_err(unreadable)?;
            let (result, taken, written) = self
                .parser
                .read_field(bytes, &mut self.field[self.filled..]);
            let taken_in = &bytes[..taken];
            if let Some(first) = taken_in.first().filter(|_| self.begins) {
                self.quotes = (*first == QUOTE).then_some(0);
                self.begins = false;
            }
            if let Some(quotes) = &mut self.quotes {
                *quotes += taken_in.iter().filter(|byte| **byte == QUOTE).count();
            }
            if let Some(&byte) = taken_in.last() {
                self.last = byte;
            }
            self.input.consume(taken);
            self.filled += written;
            match result {
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::OutputFull => return Err(self.too_long()),
                ReadFieldResult::End => return Ok(None),
                ReadFieldResult::Field { record_end } => {
                    self.begins = true;
                    // Within a cell a mark is written twice: with its two ends their number is even.
                    if self.quotes.take().is_some_and(|quotes| quotes % 2 == 1) {
                        return Err(self.at(Reason::UnclosedQuote, ""));
                    }
                    self.fields.push(self.field[..self.filled].to_vec());
                    self.filled = 0;
                    if self.fields.len() > LIMITS.columns
                        && self.fields.last().is_some_and(|f| !f.is_empty())
                    {
                        let limit = LIMITS.columns.to_string();
                        return Err(TableError::new(Reason::TooManyColumns, &limit)
                            .at(self.number + 1, None));
                    }
                    if record_end {
                        self.number += 1;
                        return Ok(Some((self.number, std::mem::take(&mut self.fields))));
                    }
                }
            }
        }
    }

    /// The parser passes over blank lines without a word; here they count as rows.
    fn skip_blank_lines(&mut self) -> Result<(), TableError> {
        loop {
            match self.input.fill_buf().map_err(unreadable)?.first() {
                Some(b'\n') if self.last == b'\r' => self.last = b'\n',
                Some(&byte @ (b'\n' | b'\r')) => {
                    self.number += 1;
                    self.last = byte;
                }
                _ => return Ok(()),
            }
            self.input.consume(1);
        }
    }

    fn too_long(&self) -> TableError {
        self.at(Reason::CellTooLong, &LIMITS.cell_characters.to_string())
    }

    /// What is wrong with the cell that is being read.
    fn at(&self, reason: Reason, detail: &str) -> TableError {
        let column = super::problem::letters(self.fields.len());
        TableError::new(reason, detail).at(self.number + 1, Some(column))
    }
}

fn unreadable(error: std::io::Error) -> TableError {
    TableError::new(Reason::CannotRead, &error.to_string())
}
