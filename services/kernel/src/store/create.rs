//! The commonest write, the creation of one record.
//!
//! On PostgreSQL the record, what is written along with it and the journal row are one statement, which commits by itself, and
//! those who come at once share one ([`together`](super::together)). SQLite, which has no network between and one writer, takes
//! the same rows one after the other in a transaction.

use std::future::Future;

use prost::Message;
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait as _, DatabaseBackend, EntityTrait, IdenStatic,
    IntoActiveModel, Iterable as _, Statement, Value,
};
use uuid::Uuid;

use super::together::{self, Form};
use super::write::commit;
use super::{RequestKey, Store, StoredKey};
use crate::admission::Caller;
use crate::error::KernelError;
use crate::journal::{self, Entry};
use crate::resource::{Resource, Versioned};

/// How often a creation is planned anew because what it holds had moved meanwhile.
const ATTEMPTS: usize = 4;

/// A row to be inserted: its table, and its columns with their values.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    table: &'static str,
    columns: Vec<&'static str>,
    values: Vec<Value>,
}

/// A row that must lie where it was read to lie, and is held there until the creation has committed: a move of it comes
/// before, or finds the new rows.
#[derive(Clone, Debug)]
pub struct Hold {
    table: &'static str,
    id_column: &'static str,
    place_column: &'static str,
    id: Uuid,
    place: i64,
    also: Option<(&'static str, Value)>,
    beside: Option<Beside>,
}

/// A second row that must stand as it was read, and is held like the first.
#[derive(Clone, Debug)]
struct Beside {
    table: &'static str,
    id_column: &'static str,
    version_column: &'static str,
    id: Uuid,
    version: i64,
}

/// A row that speaks against a creation: while a table has one with these values, nothing is written.
#[derive(Clone, Debug)]
pub struct Against {
    table: &'static str,
    cells: Vec<(&'static str, Value)>,
    also: Option<&'static str>,
}

/// The creation of one record.
#[derive(Clone, Debug)]
pub struct Creation<T> {
    /// What must stand still meanwhile.
    pub hold: Hold,
    /// What must not be there; looked for within the statement that writes.
    pub against: Vec<Against>,
    /// The record.
    pub record: Row,
    /// The column by which the record is unique. When its value is taken, nothing is written.
    pub unique: &'static str,
    /// What is written along with it.
    pub along: Vec<Row>,
    /// The answer.
    pub answer: T,
    /// The journal row.
    pub entry: Entry,
}

/// The values of a statement as it is put together, and how it names them.
pub(super) struct Cells {
    pub(super) values: Vec<Value>,
    prefix: &'static str,
}

/// What became of a creation.
enum Outcome<T> {
    /// Committed; its answer.
    Written(T),
    /// The unique value is another record's, or a row speaks against it.
    Taken,
    /// What was to be held lies elsewhere.
    Moved,
}

// === impl Row ===

impl Row {
    /// A row of a table without an entity.
    pub fn new(
        table: &'static str,
        cells: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Self {
        let (columns, values) = cells.into_iter().unzip();
        Self {
            table,
            columns,
            values,
        }
    }

    /// The row of a record.
    pub fn of<E: EntityTrait>(record: impl IntoActiveModel<E::ActiveModel>) -> Self {
        let record = record.into_active_model();
        let cells = E::Column::iter().filter_map(|column| {
            let value = record.get(column).into_value()?;
            Some((column.as_str(), value))
        });
        Self::new(E::default().table_name(), cells)
    }

    /// `"table" ("column", …)`.
    pub(super) fn target(&self) -> String {
        format!("\"{}\" (\"{}\")", self.table, self.columns.join("\", \""))
    }

    /// Where `column` stands among the values.
    pub(super) fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| *name == column)
    }

    /// The values by their names in a statement, in the order of the columns.
    pub(super) fn cells(self, cells: &mut Cells) -> String {
        let names = self.values.into_iter().map(|value| cells.put(value));
        names.collect::<Vec<_>>().join(", ")
    }

    /// The statement that inserts the row alone.
    fn insert(self, backend: DatabaseBackend, unique: Option<&str>) -> Statement {
        let (target, mut cells) = (self.target(), Cells::parameters());
        let row = self.cells(&mut cells);
        let conflict = unique.map_or_else(String::new, unless_taken);
        Statement::from_sql_and_values(
            backend,
            format!("INSERT INTO {target} VALUES ({row}){conflict}"),
            cells.values,
        )
    }
}

// === impl Cells ===

impl Cells {
    /// Of a statement with a parameter for each.
    pub(super) fn parameters() -> Self {
        Self::named("$")
    }

    /// Named by a prefix and the number, from 1.
    pub(super) fn named(prefix: &'static str) -> Self {
        Self {
            values: Vec::new(),
            prefix,
        }
    }

    /// Adds a value and gives its name.
    fn put(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("{}{}", self.prefix, self.values.len())
    }
}

// === impl Hold ===

impl Hold {
    /// The record of this id, at this place.
    pub fn at<E: Resource>(id: Uuid, place: i64) -> Self {
        Self {
            table: E::default().table_name(),
            id_column: E::ID.as_str(),
            place_column: E::PLACE.as_str(),
            id,
            place,
            also: None,
            beside: None,
        }
    }

    /// And only while it has this value in another of its columns.
    pub fn with(mut self, column: impl IdenStatic, value: impl Into<Value>) -> Self {
        self.also = Some((column.as_str(), value.into()));
        self
    }

    /// And only while the record of this id has this version: it is held as well.
    pub fn beside<E: Versioned>(mut self, id: Uuid, version: i64) -> Self {
        self.beside = Some(Beside {
            table: E::default().table_name(),
            id_column: E::ID.as_str(),
            version_column: E::VERSION.as_str(),
            id,
            version,
        });
        self
    }

    /// `SELECT 1 …` of what is to be held, as long as it stands.
    pub(super) fn select(&self, cells: &mut Cells) -> String {
        let mut tables = format!("\"{}\" AS held", self.table);
        let mut met = vec![
            format!(
                "held.\"{}\" = {}",
                self.id_column,
                cells.put(self.id.into())
            ),
            format!(
                "held.\"{}\" = {}",
                self.place_column,
                cells.put(self.place.into())
            ),
        ];
        if let Some((column, value)) = &self.also {
            met.push(format!("held.\"{column}\" = {}", cells.put(value.clone())));
        }
        if let Some(row) = &self.beside {
            tables.push_str(&format!(", \"{}\" AS beside", row.table));
            let (id, version) = (cells.put(row.id.into()), cells.put(row.version.into()));
            met.push(format!("beside.\"{}\" = {id}", row.id_column));
            met.push(format!("beside.\"{}\" = {version}", row.version_column));
        }
        format!(
            "SELECT 1 AS standing FROM {tables} WHERE {}",
            met.join(" AND ")
        )
    }
}

// === impl Against ===

impl Against {
    /// A record with these values.
    pub fn any<E: EntityTrait>(cells: impl IntoIterator<Item = (E::Column, Value)>) -> Self {
        let cells = cells
            .into_iter()
            .map(|(column, value)| (column.as_str(), value));
        Self {
            table: E::default().table_name(),
            cells: cells.collect(),
            also: None,
        }
    }

    /// And that meets a condition, in the words of the index that holds only such rows. The record to be created does not meet it.
    pub fn among(mut self, condition: Option<&'static str>) -> Self {
        self.also = condition;
        self
    }

    /// Whether records created like this one are never among those that speak against each other.
    pub(super) fn is_among_others(&self) -> bool {
        self.also.is_some()
    }

    /// `SELECT 1 FROM …`.
    pub(super) fn select(&self, cells: &mut Cells) -> String {
        let met = self.cells.iter();
        let met = met.map(|(column, value)| format!("\"{column}\" = {}", cells.put(value.clone())));
        let met: Vec<String> = met.chain(self.also.map(str::to_owned)).collect();
        format!(
            "SELECT 1 FROM \"{}\" WHERE {}",
            self.table,
            met.join(" AND ")
        )
    }
}

pub(super) fn unless_taken(unique: &str) -> String {
    format!(" ON CONFLICT (\"{unique}\") DO NOTHING")
}

// === impl Store ===

impl Store {
    /// Creates one record for `key`: what `plan` says and one journal row commit together, and the same request again
    /// gets the first answer. `plan` is told how often it was asked before, and is asked again when what it
    /// holds has changed meanwhile; `taken` says what to answer when the unique value is another record's or a row speaks
    /// against the creation, and may write for itself under the same key.
    ///
    /// Runs in a task of its own, so that a caller who goes away cannot leave a transaction open. A failure of the plan
    /// looks for the first answer too: whatever `plan` reads may have changed since.
    pub async fn create<T, E, P, Planned, A, Answered>(
        &self,
        caller: &Caller,
        key: RequestKey,
        plan: P,
        taken: A,
    ) -> Result<T, E>
    where
        T: Message + Default + Send + 'static,
        E: From<KernelError> + Send + 'static,
        P: Fn(usize) -> Planned + Send + 'static,
        Planned: Future<Output = Result<Creation<T>, E>> + Send + 'static,
        A: FnOnce() -> Answered + Send + 'static,
        Answered: Future<Output = Result<T, E>> + Send + 'static,
    {
        let writer = (self.clone(), caller.clone());
        self.once(caller, key, move |stored| async move {
            let (store, caller) = writer;
            for attempt in 0..ATTEMPTS {
                let creation = plan(attempt).await?;
                match store.insert_all(&caller, &stored, creation).await? {
                    Outcome::Written(answer) => return Ok(answer),
                    Outcome::Moved => {}
                    Outcome::Taken => {
                        // The record may be this very request's.
                        return match store.repeat(&caller, &stored).await {
                            Some(first) => first,
                            None => taken().await,
                        };
                    }
                }
            }
            Err(KernelError::WriteConflict.into())
        })
        .await
    }

    async fn insert_all<T: Message>(
        &self,
        caller: &Caller,
        key: &StoredKey,
        creation: Creation<T>,
    ) -> Result<Outcome<T>, KernelError> {
        let answer = creation.answer.encode_to_vec();
        let row = journal::row_of(self, caller, Some(key), creation.entry.clone(), &answer)?;
        let journal = Row::of::<journal::RowEntity>(row);
        match self.backend() {
            DatabaseBackend::Postgres => self.insert_at_once(creation, journal).await,
            _ => self.insert_in_turn(creation, journal).await,
        }
    }

    async fn insert_at_once<T>(
        &self,
        creation: Creation<T>,
        journal: Row,
    ) -> Result<Outcome<T>, KernelError> {
        let (form, values, answer) = Form::of(creation, journal)?;
        let told = together::write(self, form, values).await?;
        Ok(match (told.held, told.created) {
            (false, _) => Outcome::Moved,
            (_, false) => Outcome::Taken,
            _ => Outcome::Written(answer),
        })
    }

    async fn insert_in_turn<T>(
        &self,
        creation: Creation<T>,
        journal: Row,
    ) -> Result<Outcome<T>, KernelError> {
        let (backend, tx) = (self.backend(), self.begin().await?);
        let mut cells = Cells::parameters();
        let held = creation.hold.select(&mut cells);
        let held = Statement::from_sql_and_values(backend, held, cells.values);
        if tx.query_one_raw(held).await?.is_none() {
            return Ok(Outcome::Moved);
        }
        for row in &creation.against {
            let mut cells = Cells::parameters();
            let found = row.select(&mut cells);
            let found = Statement::from_sql_and_values(backend, found, cells.values);
            if tx.query_one_raw(found).await?.is_some() {
                return Ok(Outcome::Taken);
            }
        }
        let record = creation.record.insert(backend, Some(creation.unique));
        if tx.execute_raw(record).await?.rows_affected() == 0 {
            return Ok(Outcome::Taken);
        }
        for row in creation.along.into_iter().chain([journal]) {
            tx.execute_raw(row.insert(backend, None)).await?;
        }
        commit(tx).await?;
        Ok(Outcome::Written(creation.answer))
    }
}

#[cfg(test)]
impl Creation<()> {
    /// One of each part, with its journal row.
    pub(super) fn sample(hash: &str) -> (Self, Row) {
        use junheng_proto::options::v1::DataClass;

        let creation = Self {
            hold: Hold {
                table: "schools",
                id_column: "id",
                place_column: "place",
                id: Uuid::nil(),
                place: 7,
                also: None,
                beside: Some(Beside {
                    table: "classes",
                    id_column: "id",
                    version_column: "version",
                    id: Uuid::nil(),
                    version: 5,
                }),
            },
            against: vec![Against {
                table: "former",
                cells: vec![("hash", hash.into()), ("sex", 1.into())],
                also: Some("kind <> 3"),
            }],
            record: Row::new("students", [("id", 1.into()), ("hash", hash.into())]),
            unique: "hash",
            along: vec![Row::new("counts", [("n", 3.into())])],
            answer: (),
            entry: Entry::about("students/1", 7, None, DataClass::Internal),
        };
        (creation, Row::new("journal", [("id", 4.into())]))
    }
}
