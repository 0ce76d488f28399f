//! Finds the columns of an import by their names in the header, Chinese or English, in any order.

use super::problem::letters;
use super::{Reason, Row, TableError};

/// A column that an import accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its English name, by which the program asks for it.
    pub field: &'static str,
    /// Its Chinese name.
    pub zh: &'static str,
    /// Whether every file must have it.
    pub required: bool,
}

/// Columns that an import passes over: those that a workbook of refused rows adds, so that it can be sent back as it is once
/// it is mended.
pub const VERDICT_COLUMNS: [&str; 5] = [
    "原行号 row",
    "错误列 column",
    "错误原因 reason",
    "应当如何",
    "What would be right",
];

/// Where the columns of an import stand in one file.
#[derive(Clone, Debug)]
pub struct Columns {
    table: &'static [Column],
    places: Vec<Option<usize>>,
}

impl Columns {
    /// Finds each name of `header` in `table`. Case and surrounding white space do not matter.
    ///
    /// # Errors
    /// [`Reason::UnknownColumn`] naming it and those accepted, [`Reason::RepeatedColumn`],
    /// [`Reason::MissingColumn`].
    pub fn find(table: &'static [Column], header: &[String]) -> Result<Self, TableError> {
        let mut places = vec![None; table.len()];
        for (place, name) in header
            .iter()
            .enumerate()
            .filter(|(_, name)| !name.trim().is_empty() && !VERDICT_COLUMNS.contains(&name.trim()))
        {
            let named = |column: &Column| {
                let name = name.trim();
                name == column.zh || name.eq_ignore_ascii_case(column.field)
            };
            let at = |error: TableError| error.at(1, Some(format!("{} ({name})", letters(place))));
            let Some(i) = table.iter().position(named) else {
                return Err(at(TableError::new(Reason::UnknownColumn, &accepted(table))));
            };
            if places[i].replace(place).is_some() {
                return Err(at(TableError::new(
                    Reason::RepeatedColumn,
                    &both_names(&table[i]),
                )));
            }
        }
        let missing = table
            .iter()
            .zip(&places)
            .find(|(column, place)| column.required && place.is_none());
        match missing {
            Some((column, _)) => {
                Err(TableError::new(Reason::MissingColumn, &both_names(column)).at(1, None))
            }
            None => Ok(Self { table, places }),
        }
    }

    /// Whether a row has nothing in any column of the import.
    pub fn is_blank(&self, row: &Row) -> bool {
        let mut cells = self
            .places
            .iter()
            .flatten()
            .map(|place| row.cells.get(*place));
        cells.all(|cell| cell.is_none_or(String::is_empty))
    }

    /// Whether the file has the column `field`.
    pub fn has(&self, field: &str) -> bool {
        let column = self.table.iter().position(|column| column.field == field);
        column.is_some_and(|column| self.places[column].is_some())
    }

    /// The cell of a row in the column `field`; empty when the file has no such column.
    pub fn get<'r>(&self, row: &'r Row, field: &str) -> &'r str {
        let column = self.table.iter().position(|column| column.field == field);
        let place = column.and_then(|column| self.places[column]);
        place
            .and_then(|place| row.cells.get(place))
            .map_or("", String::as_str)
    }
}

fn both_names(column: &Column) -> String {
    format!("{} ({})", column.zh, column.field)
}

fn accepted(table: &[Column]) -> String {
    table.iter().map(both_names).collect::<Vec<_>>().join(", ")
}
