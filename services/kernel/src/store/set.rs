//! Many records in one statement on PostgreSQL: one array a column instead of one parameter a value.

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
    /// The value that says how many records there are: a statement has the same words for any number, and is prepared once.
    count: String,
    /// What stands for a column in a select from it.
    selected: Vec<String>,
    values: Vec<Value>,
}

// === impl Columns ===

impl Columns {
    /// `None` when a column's type has no array here; then the records go row by row.
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
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        Some(Self {
            names,
            count: parameter(&mut values, count.into()),
            selected,
            values,
        })
    }

    /// The records as a select, one column for each of `names`.
    pub(super) fn select(&self) -> String {
        format!("SELECT {} FROM {}", self.selected.join(", "), self.rows())
    }

    /// The same by the names of the columns, behind the number of the record, `n`.
    pub(super) fn select_numbered(&self) -> String {
        let cells = self.selected.iter().zip(&self.names);
        let cells: Vec<String> = cells
            .map(|(cell, name)| format!("{cell} AS {name}"))
            .collect();
        format!("SELECT n, {} FROM {}", cells.join(", "), self.rows())
    }

    fn rows(&self) -> String {
        format!("generate_series(1, {}::integer) AS u(n)", self.count)
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
/// whose columns have arrays here.
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
        .ok_or_else(|| DbErr::Type(format!("{table} has a column without an array")))?;
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
        let cells =
            cells.ok_or_else(|| DbErr::Type(format!("{table} has a column without an array")))?;
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
        ArrayType::Bytes => return Some(cut(values, cells)),
        ArrayType::String => return Some(format!("convert_from({}, 'UTF8')", cut(values, cells))),
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
fn cut(values: &mut Vec<Value>, cells: Vec<Value>) -> String {
    let (mut bytes, mut starts) = (Vec::new(), vec![start_at(0)]);
    for cell in cells {
        match cell {
            Value::Bytes(Some(cell)) => bytes.extend_from_slice(&cell),
            Value::String(Some(cell)) => bytes.extend_from_slice(cell.as_bytes()),
            _ => {}
        }
        starts.push(start_at(bytes.len()));
    }
    let bytes = parameter(values, bytes.into());
    let starts = Value::Array(ArrayType::Int, Some(Box::new(starts)));
    let starts = format!("({}::integer[])", parameter(values, starts));
    format!("substring({bytes}::bytea FROM {starts}[n] FOR {starts}[n + 1] - {starts}[n])")
}

/// A statement is less than 2 GiB long; the database counts from one.
fn start_at(length: usize) -> Value {
    i32::try_from(length + 1).unwrap_or(i32::MAX).into()
}

/// Adds a value to those of a statement, and gives what stands for it.
fn parameter(values: &mut Vec<Value>, value: Value) -> String {
    values.push(value);
    format!("${}", values.len())
}

/// Whether a cell of a type that has a place here is none.
fn is_null(cell: &Value) -> bool {
    matches!(
        cell,
        Value::Bool(None)
            | Value::Int(None)
            | Value::BigInt(None)
            | Value::String(None)
            | Value::Bytes(None)
            | Value::Uuid(None)
    )
}
