//! Many records in one statement on PostgreSQL: a value or two a column instead of one a cell.

use std::collections::HashSet;

use sea_orm::sea_query::{ArrayType, Value};
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DbErr, EntityTrait, Iden as _, IntoActiveModel,
    Iterable as _, ModelTrait as _, Statement,
};

use uuid::Uuid;

use crate::bulk::IMPORT_SET;
use crate::error::KernelError;
use crate::resource::{Versioned, replace};

/// The most values of a statement that SQLite takes.
const MOST_VALUES: usize = 32_766;

/// The columns of records as a value or two each, and how a statement reads them.
pub(super) struct Columns {
    /// Quoted, in the order of the table.
    pub(super) names: Vec<String>,
    /// What the records come from: their numbers. How many there are is a value too, so that a statement has the same words for
    /// any number and is prepared once.
    rows: String,
    /// What stands for a column in a select from it.
    selected: Vec<String>,
    values: Vec<Value>,
}

// === impl Columns ===

impl Columns {
    /// `None` when a column's type has no place here; then the records go row by row.
    pub(super) fn of<E: EntityTrait>(records: &[E::Model]) -> Option<Self> {
        let column = |column: E::Column| {
            let cells = records.iter().map(|record| record.get(column)).collect();
            (column.unquoted().to_owned(), cells)
        };
        Self::of_cells(E::Column::iter().map(column), records.len())
    }

    /// The same of cells by their columns.
    pub(super) fn of_cells(
        columns: impl Iterator<Item = (String, Vec<Value>)>,
        count: usize,
    ) -> Option<Self> {
        let (mut names, mut selected, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (column, mut cells) in columns {
            if cells.len() != count {
                return None;
            }
            let is_null = |cell: &Value| *cell == cell.as_null();
            let is_there: Vec<bool> = cells.iter().map(|cell| !is_null(cell)).collect();
            let is_whole = is_there.iter().all(|is_there| *is_there);
            if !is_whole {
                // The driver's arrays hold no nulls: another one says which cells are there.
                for cell in cells.iter_mut().filter(|cell| is_null(cell)) {
                    *cell = cell.dummy_value();
                }
            }
            let cell = cell_of(&mut values, cells)?;
            selected.push(if is_whole {
                cell
            } else {
                let is_there = is_there.into_iter().map(Value::from).collect();
                let is_there = cell_of(&mut values, is_there)?;
                format!("CASE WHEN {is_there} THEN {cell} END")
            });
            names.push(format!("\"{column}\""));
        }
        let count = parameter(&mut values, i32::try_from(count).ok()?.into());
        Some(Self {
            names,
            rows: format!("generate_series(1, {count}::integer) AS u(n)"),
            selected,
            values,
        })
    }

    /// The records as a select, one column for each of `names`.
    pub(super) fn select(&self) -> String {
        format!("SELECT {} FROM {}", self.selected.join(", "), self.rows)
    }

    /// The same by the names of the columns, behind the number of the record, `n`.
    pub(super) fn select_numbered(&self) -> String {
        let cells = self.selected.iter().zip(&self.names);
        let cells: Vec<String> = cells
            .map(|(cell, name)| format!("{cell} AS {name}"))
            .collect();
        format!("SELECT n, {} FROM {}", cells.join(", "), self.rows)
    }

    /// The statement that adds the records to a table; `after` says what becomes of one that is taken.
    fn insert_into(self, table: &str, after: &str) -> Statement {
        let (names, select) = (self.names.join(", "), self.select());
        let sql = format!("INSERT INTO \"{table}\" ({names}) {select} {after}");
        Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, self.values)
    }

    pub(super) fn into_values(self) -> Vec<Value> {
        self.values
    }
}

/// Writes many records whole, whose versions have been counted up, if nobody wrote since they were read. One statement on
/// PostgreSQL; otherwise fails as [`replace`] does, and with `WRITE_CONFLICT` where it cannot tell which record it was.
pub async fn replace_all<E: Versioned>(
    database: &impl ConnectionTrait,
    changed: Vec<E::Model>,
) -> Result<(), KernelError>
where
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let is_set = changed.len() > 1 && database.get_database_backend() == DatabaseBackend::Postgres;
    for some in changed.chunks(IMPORT_SET) {
        match Columns::of::<E>(some).filter(|_| is_set) {
            Some(columns) => replace_set::<E>(database, some, columns).await?,
            None => {
                for record in some {
                    let Value::BigInt(Some(version)) = record.get(E::VERSION) else {
                        return Err(KernelError::Stored("a version is no number".into()));
                    };
                    replace::<E>(database, record.clone(), version - 1).await?;
                }
            }
        }
    }
    Ok(())
}

async fn replace_set<E: Versioned>(
    database: &impl ConnectionTrait,
    records: &[E::Model],
    columns: Columns,
) -> Result<(), KernelError> {
    let backend = database.get_database_backend();
    let table = E::default();
    let table = sea_orm::EntityName::table_name(&table);
    let (id, version) = (
        E::ID.unquoted().to_owned(),
        E::VERSION.unquoted().to_owned(),
    );
    // Held in one order first, so that two writes of the same records wait for each other instead of locking up.
    let ids = records.iter().map(|record| record.get(E::ID)).collect();
    let hold = Statement::from_sql_and_values(
        backend,
        format!(
            "SELECT 1 AS held FROM \"{table}\" WHERE \"{id}\" = ANY($1) ORDER BY \"{id}\" FOR NO KEY UPDATE"
        ),
        [Value::Array(ArrayType::Uuid, Some(Box::new(ids)))],
    );
    database.query_all_raw(hold).await?;
    let sets: Vec<String> = columns
        .names
        .iter()
        .filter(|name| **name != format!("\"{id}\""))
        .map(|name| format!("{name} = n.{name}"))
        .collect();
    let sql = format!(
        "UPDATE \"{table}\" AS t SET {} FROM ({}) AS n({}) \
         WHERE t.\"{id}\" = n.\"{id}\" AND t.\"{version}\" = n.\"{version}\" - 1",
        sets.join(", "),
        columns.select(),
        columns.names.join(", "),
    );
    let update = Statement::from_sql_and_values(backend, sql, columns.into_values());
    let written = database.execute_raw(update).await?;
    if usize::try_from(written.rows_affected()) == Ok(records.len()) {
        Ok(())
    } else {
        Err(KernelError::WriteConflict)
    }
}

/// Adds records of which the caller knows that nothing stands against them, in one statement. On PostgreSQL, and for tables
/// whose columns have a place here.
pub async fn insert_new<E: EntityTrait>(
    database: &impl ConnectionTrait,
    records: &[E::Model],
) -> Result<(), DbErr> {
    if records.is_empty() {
        return Ok(());
    }
    let table = E::default();
    let table = sea_orm::EntityName::table_name(&table);
    let columns = Columns::of::<E>(records)
        .ok_or_else(|| DbErr::Type(format!("{table} has a column whose type has no place here")))?;
    database.execute_raw(columns.insert_into(table, "")).await?;
    Ok(())
}

/// Adds rows, a value for each of `columns`, to a table without an entity. `after` is the rest of the statement: what becomes
/// of a row whose key is taken. On PostgreSQL one statement whose words are the same however many rows there are, so that it
/// is prepared once.
pub async fn insert_rows(
    database: &impl ConnectionTrait,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Value>>,
    after: &str,
) -> Result<(), DbErr> {
    let backend = database.get_database_backend();
    if backend == DatabaseBackend::Postgres && !rows.is_empty() {
        let cells = |(at, name): (usize, &&str)| {
            let cells = rows.iter().filter_map(|row| row.get(at).cloned());
            ((*name).to_owned(), cells.collect())
        };
        let cells = Columns::of_cells(columns.iter().enumerate().map(cells), rows.len());
        let cells = cells.ok_or_else(|| {
            DbErr::Type(format!("{table} has a column whose type has no place here"))
        })?;
        database
            .execute_raw(cells.insert_into(table, after))
            .await?;
        return Ok(());
    }
    let names = columns.join(", ");
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    for some in rows.chunks(MOST_VALUES / columns.len().max(1)) {
        let rows = vec![row.as_str(); some.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({names}) VALUES {rows} {after}");
        let insert = Statement::from_sql_and_values(backend, sql, some.concat());
        database.execute_raw(insert).await?;
    }
    Ok(())
}

/// Adds the records that no row of `unique` stands against, and gives the ids of those added; `None` when a column's type
/// has no array here.
pub(super) async fn insert_set<E: EntityTrait>(
    database: &impl ConnectionTrait,
    records: &[E::Model],
    unique: &[E::Column],
    id: E::Column,
) -> Result<Option<HashSet<Uuid>>, DbErr> {
    let Some(columns) = Columns::of::<E>(records) else {
        return Ok(None);
    };
    let table = E::default();
    let table = sea_orm::EntityName::table_name(&table);
    let unique: Vec<String> = unique
        .iter()
        .map(|column| format!("\"{}\"", column.unquoted()))
        .collect();
    let unless_taken = format!(
        "ON CONFLICT ({}) DO NOTHING RETURNING \"{}\" AS id",
        unique.join(", "),
        id.unquoted(),
    );
    let insert = columns.insert_into(table, &unless_taken);
    let rows = database.query_all_raw(insert).await?;
    let ids = rows.iter().map(|row| row.try_get("", "id"));
    ids.collect::<Result<HashSet<_>, _>>().map(Some)
}

/// What stands for the cell of record `n`; `None` when cells of this type have no place here.
fn cell_of(values: &mut Vec<Value>, cells: Vec<Value>) -> Option<String> {
    let kind = cells.first()?.array_type();
    let name = match kind {
        ArrayType::Bytes => return cut(values, cells),
        ArrayType::String => return Some(format!("convert_from({}, 'UTF8')", cut(values, cells)?)),
        ArrayType::Bool => "boolean",
        ArrayType::Int => "integer",
        ArrayType::BigInt => "bigint",
        ArrayType::Uuid => "uuid",
        _ => return None,
    };
    let array = parameter(values, Value::Array(kind, Some(Box::new(cells))));
    Some(format!("({array}::{name}[])[n]"))
}

/// Cells of different lengths go as one value, with where in it each begins, and the end behind the last: of an array they would
/// have to be found from its beginning each time, or be taken apart into a store of rows.
fn cut(values: &mut Vec<Value>, cells: Vec<Value>) -> Option<String> {
    let (mut bytes, mut starts) = (Vec::new(), vec![start_at(0)?]);
    for cell in &cells {
        match cell {
            Value::Bytes(Some(cell)) => bytes.extend_from_slice(cell),
            Value::String(Some(cell)) => bytes.extend_from_slice(cell.as_bytes()),
            _ => return None,
        }
        starts.push(start_at(bytes.len())?);
    }
    let bytes = parameter(values, bytes.into());
    let starts = Value::Array(ArrayType::Int, Some(Box::new(starts)));
    let starts = format!("({}::integer[])", parameter(values, starts));
    let (from, to) = (format!("{starts}[n]"), format!("{starts}[n + 1]"));
    Some(format!(
        "substring({bytes}::bytea FROM {from} FOR {to} - {from})"
    ))
}

/// The database counts from one.
fn start_at(length: usize) -> Option<Value> {
    Some(i32::try_from(length + 1).ok()?.into())
}

/// Adds a value to those of a statement, and gives what stands for it.
fn parameter(values: &mut Vec<Value>, value: Value) -> String {
    values.push(value);
    format!("${}", values.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(cells: Vec<Vec<Value>>) -> Option<Columns> {
        let count = cells.first().map_or(0, Vec::len);
        let named = cells.into_iter().zip(["a", "b", "c"]);
        Columns::of_cells(named.map(|(cells, name)| (name.to_owned(), cells)), count)
    }

    fn numbers(numbers: &[i32]) -> Value {
        let numbers = numbers.iter().map(|number| Value::from(*number)).collect();
        Value::Array(ArrayType::Int, Some(Box::new(numbers)))
    }

    #[test]
    fn texts_go_as_one_value_with_where_each_begins() {
        let texts = ["", "马一", "a", ""].map(Value::from).to_vec();
        let columns = columns(vec![texts]).unwrap();
        assert_eq!(
            columns.select(),
            "SELECT convert_from(substring($1::bytea FROM ($2::integer[])[n] \
             FOR ($2::integer[])[n + 1] - ($2::integer[])[n]), 'UTF8') FROM generate_series(1, $3::integer) AS u(n)"
        );
        let bytes = Value::from("马一a".as_bytes().to_vec());
        let starts = numbers(&[1, 1, 7, 8, 8]);
        assert_eq!(columns.into_values(), [bytes, starts, 4.into()]);
    }

    #[test]
    fn cells_that_are_none_are_told_from_empty_ones() {
        let some = vec![Value::from(Vec::<u8>::new()), Value::Bytes(None)];
        let none = vec![Value::Int(None), Value::Int(None)];
        let columns = columns(vec![some, none]).unwrap();
        assert_eq!(
            columns.select(),
            "SELECT CASE WHEN ($3::boolean[])[n] THEN substring($1::bytea FROM ($2::integer[])[n] \
             FOR ($2::integer[])[n + 1] - ($2::integer[])[n]) END, \
             CASE WHEN ($5::boolean[])[n] THEN ($4::integer[])[n] END FROM generate_series(1, $6::integer) AS u(n)"
        );
        let there = |there: [bool; 2]| {
            let there = there.map(Value::from).to_vec();
            Value::Array(ArrayType::Bool, Some(Box::new(there)))
        };
        let nothing = Value::from(Vec::<u8>::new());
        assert_eq!(
            columns.into_values(),
            [
                nothing,
                numbers(&[1, 1, 1]),
                there([true, false]),
                numbers(&[0, 0]),
                there([false, false]),
                2.into()
            ]
        );
    }

    #[test]
    fn what_has_no_place_here_goes_row_by_row() {
        assert!(columns(vec![vec![1.5.into()]]).is_none());
        assert!(
            columns(vec![vec!["a".into(), 1.into()]]).is_none(),
            "a mixture"
        );
        assert!(
            columns(vec![vec![1.into(), 2.into()], vec![1.into()]]).is_none(),
            "a short one"
        );
    }
}
