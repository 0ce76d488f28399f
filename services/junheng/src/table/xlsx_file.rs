//! Reads the first visible sheet of a workbook, one cell at a time.

use std::fs::File;
use std::io::{BufReader, Write};

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::lines::{Cell, Lines, Stop};
use super::problem::letters;
use super::{LIMITS, Reason, TableError};

/// A numeric cell keeps 15 digits; integers from here on may have lost some.
const FIRST_INEXACT: f64 = 1e15;

/// Reads the whole sheet into lines.
pub fn read<W: Write>(file: File, lines: &mut Lines<W>) -> Result<(), Stop> {
    let mut workbook = Xlsx::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    let visible = |sheet: &&calamine::Sheet| {
        sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible
    };
    let first = workbook
        .sheets_metadata()
        .iter()
        .find(visible)
        .map(|sheet| sheet.name.clone());
    let name = first.ok_or_else(|| TableError::new(Reason::NoWorksheet, ""))?;
    let mut reader = workbook
        .worksheet_cells_reader(&name)
        .map_err(|error| broken(&error))?;
    let mut open = OpenRow::default();
    while let Some(cell) = reader.next_cell().map_err(|error| broken(&error))? {
        let (row, column) = cell.get_position();
        let (row, column) = (u64::from(row) + 1, column as usize);
        let value = value(cell.get_value());
        if value.as_ref().is_ok_and(String::is_empty) {
            continue;
        }
        within_limits(row, column, &value)?;
        open.put(row, column, value, lines)?;
    }
    open.close(lines)
}

/// The row whose cells are coming in.
#[derive(Default)]
struct OpenRow {
    number: u64,
    cells: Vec<Cell>,
}

impl OpenRow {
    /// Adds a cell; cells come row by row, left to right, or the sheet is not a sheet.
    fn put<W: Write>(
        &mut self,
        row: u64,
        column: usize,
        value: Cell,
        lines: &mut Lines<W>,
    ) -> Result<(), Stop> {
        if row > self.number {
            self.close(lines)?;
            self.number = row;
        }
        if row < self.number || column < self.cells.len() {
            return Err(
                TableError::new(Reason::BrokenWorkbook, "cells out of order")
                    .at(row, None)
                    .into(),
            );
        }
        self.cells.resize_with(column, || Ok(String::new()));
        self.cells.push(value);
        Ok(())
    }

    fn close<W: Write>(&mut self, lines: &mut Lines<W>) -> Result<(), Stop> {
        match std::mem::take(&mut self.cells) {
            cells if cells.is_empty() => Ok(()),
            cells => lines.row(self.number, cells),
        }
    }
}

fn within_limits(row: u64, column: usize, value: &Cell) -> Result<(), TableError> {
    if column >= LIMITS.columns {
        return Err(
            TableError::new(Reason::TooManyColumns, &LIMITS.columns.to_string()).at(row, None),
        );
    }
    if row > LIMITS.rows {
        return Err(TableError::new(Reason::TooManyRows, &LIMITS.rows.to_string()).at(row, None));
    }
    if value
        .as_ref()
        .is_ok_and(|text| text.chars().count() > LIMITS.cell_characters)
    {
        let error = TableError::new(Reason::CellTooLong, &LIMITS.cell_characters.to_string());
        return Err(error.at(row, Some(letters(column))));
    }
    Ok(())
}

/// The text of a cell, as a person reads it in the sheet.
fn value(data: &DataRef) -> Cell {
    match data {
        DataRef::Empty => Ok(String::new()),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Ok(text.clone())
        }
        DataRef::SharedString(text) => Ok((*text).to_owned()),
        DataRef::Bool(flag) => Ok(if *flag { "TRUE" } else { "FALSE" }.to_owned()),
        DataRef::Int(number) => number_text(*number as f64),
        DataRef::Float(number) => number_text(*number),
        DataRef::DateTime(moment) => Ok(moment_text(moment)),
        DataRef::Error(error) => Err((Reason::FormulaError, error.to_string())),
    }
}

fn number_text(number: f64) -> Cell {
    if number.abs() >= FIRST_INEXACT {
        return Err((Reason::DigitsLost, String::new()));
    }
    // Fifteen significant digits, as the sheet shows: 0.1 + 0.2 is 0.3 there.
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    Ok(rounded.to_string())
}

fn moment_text(moment: &ExcelDateTime) -> String {
    if moment.is_duration() {
        return moment.as_f64().to_string();
    }
    match moment.to_ymd_hms_milli() {
        (year, month, day, 0, 0, 0, _) => format!("{year:04}-{month:02}-{day:02}"),
        (year, month, day, hour, minute, second, _) => {
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
        }
    }
}

fn broken(error: &XlsxError) -> TableError {
    TableError::new(Reason::BrokenWorkbook, &error.to_string())
}
