//! What the reading process says: one JSON object a line.
//!
//! `{"row":1,"cells":[…]}` is the header, `{"row":n,"cells":[…]}` a row, `{"row":n,"column":…,"reason":…,"zh":…,
//! "en":…}` a problem, `{"end":rows}` the end. Without that last line, or a problem that ends the reading, the
//! process has died and the file is not to be trusted.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::problem::letters;
use super::{LIMITS, Reason, Row, TableError};

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// The header or a row.
    Row(Row),
    /// What is wrong with a row or the file.
    Problem(TableError),
    /// The last line: how many rows, good or bad, came after the header.
    End {
        /// That number.
        end: u64,
    },
}

/// Why reading stops early.
#[derive(Debug)]
pub enum Stop {
    /// The file is refused.
    Refused(TableError),
    /// Nobody reads the lines any more.
    Output(io::Error),
}

impl From<TableError> for Stop {
    fn from(error: TableError) -> Self {
        Self::Refused(error)
    }
}

/// A cell: its text, or what is wrong with it as reason and detail.
pub type Cell = Result<String, (Reason, String)>;

/// Takes the rows of a file in order, checks them against the header and writes the lines.
pub struct Lines<W: Write> {
    output: W,
    header: Option<Vec<String>>,
    rows: u64,
}

impl<W: Write> Lines<W> {
    /// Nothing written yet.
    pub fn new(output: W) -> Self {
        Self {
            output,
            header: None,
            rows: 0,
        }
    }

    /// Takes a row; a blank one is passed over. The first must be row 1, the header.
    pub fn row(&mut self, number: u64, mut cells: Vec<Cell>) -> Result<(), Stop> {
        if number > LIMITS.rows {
            return Err(TableError::new(Reason::TooManyRows, &LIMITS.rows.to_string()).into());
        }
        while cells
            .last()
            .is_some_and(|cell| cell.as_ref().is_ok_and(|text| text.trim().is_empty()))
        {
            cells.pop();
        }
        match &self.header {
            Some(_) if cells.is_empty() => Ok(()),
            None if cells.is_empty() || number != 1 => {
                Err(TableError::new(Reason::NoHeader, "").into())
            }
            None => self.write_header(cells),
            Some(header) => {
                self.rows += 1;
                let lines = check(number, header, cells);
                lines.into_iter().try_for_each(|line| self.write(&line))
            }
        }
    }

    /// Writes the last line.
    pub fn end(mut self) -> io::Result<()> {
        let last = match self.header {
            Some(_) => Line::End { end: self.rows },
            None => Line::Problem(TableError::new(Reason::NoHeader, "")),
        };
        self.finish(&last)
    }

    /// Writes a refusal as the last line.
    pub fn refuse(mut self, error: TableError) -> io::Result<()> {
        self.finish(&Line::Problem(error))
    }

    fn finish(&mut self, last: &Line) -> io::Result<()> {
        serde_json::to_writer(&mut self.output, last)?;
        self.output.write_all(b"\n")?;
        self.output.flush()
    }

    fn write_header(&mut self, cells: Vec<Cell>) -> Result<(), Stop> {
        let mut header = Vec::new();
        for (column, cell) in cells.into_iter().enumerate() {
            let place = |(reason, detail): (Reason, String)| {
                TableError::new(reason, &detail).at(1, Some(letters(column)))
            };
            header.push(cell.map_err(place)?.trim().to_owned());
        }
        if let [only] = header.as_slice() {
            let other = [
                (';', "; (分号)"),
                ('\t', "Tab (制表符)"),
                ('；', "； (分号)"),
                ('，', "， (全角逗号)"),
            ];
            if let Some((_, name)) = other
                .into_iter()
                .find(|&(separator, _)| only.contains(separator))
            {
                return Err(TableError::new(Reason::NotCommaSeparated, name).into());
            }
        }
        self.header = Some(header.clone());
        self.write(&Line::Row(Row {
            number: 1,
            cells: header,
        }))
    }

    fn write(&mut self, line: &Line) -> Result<(), Stop> {
        serde_json::to_writer(&mut self.output, line)
            .map_err(|error| Stop::Output(error.into()))?;
        self.output.write_all(b"\n").map_err(Stop::Output)
    }
}

/// The row, or a line for each of its problems.
fn check(number: u64, header: &[String], cells: Vec<Cell>) -> Vec<Line> {
    let mut texts = vec![String::new(); header.len()];
    let mut problems = Vec::new();
    for (column, cell) in cells.into_iter().enumerate() {
        let name = header.get(column).filter(|name| !name.is_empty());
        let verdict = match (cell, name) {
            (Ok(text), Some(_)) => {
                texts[column] = text.trim().to_owned();
                continue;
            }
            (Ok(text), None) if text.trim().is_empty() => continue,
            (Ok(_), None) => (Reason::CellWithoutHeader, String::new()),
            (Err(verdict), _) => verdict,
        };
        let place = name.cloned().unwrap_or_else(|| letters(column));
        let problem = TableError::new(verdict.0, &verdict.1).at(number, Some(place));
        problems.push(Line::Problem(problem));
    }
    if problems.is_empty() {
        vec![Line::Row(Row {
            number,
            cells: texts,
        })]
    } else {
        if let Some(Line::Problem(first)) = problems.first_mut() {
            first.texts = texts;
        }
        problems
    }
}
