//! The commonest write, the creation of one record: one statement where the database can take it, begin to commit.
//!
//! On PostgreSQL the record, what is written along with it and the journal row are one statement of common table
//! expressions, which commits by itself: one round trip instead of ten. SQLite, which has no network between, takes the
//! same rows one after the other in a transaction.

use std::future::Future;

use prost::Message;
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait as _, DatabaseBackend, EntityTrait, IdenStatic,
    IntoActiveModel, Iterable as _, Statement, Value,
};
use uuid::Uuid;

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
    fn target(&self) -> String {
        format!("\"{}\" (\"{}\")", self.table, self.columns.join("\", \""))
    }

    /// `$4, $5, …`, with the values put behind those before.
    fn placeholders(self, values: &mut Vec<Value>) -> String {
        let first = values.len() + 1;
        values.extend(self.values);
        let names: Vec<String> = (first..=values.len())
            .map(|number| format!("${number}"))
            .collect();
        names.join(", ")
    }

    /// The statement that inserts the row alone.
    fn insert(self, backend: DatabaseBackend, unique: Option<&str>) -> Statement {
        let (target, mut values) = (self.target(), Vec::new());
        let placeholders = self.placeholders(&mut values);
        let conflict = unique.map_or_else(String::new, unless_taken);
        Statement::from_sql_and_values(
            backend,
            format!("INSERT INTO {target} VALUES ({placeholders}){conflict}"),
            values,
        )
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

    fn select(&self, values: &mut Vec<Value>, lock: &str) -> String {
        values.extend([self.id.into(), self.place.into()]);
        let (id, place) = (values.len() - 1, values.len());
        let also = self
            .also
            .as_ref()
            .map_or_else(String::new, |(column, value)| {
                values.push(value.clone());
                format!(" AND held.\"{column}\" = ${}", values.len())
            });
        let (more, beside) = match &self.beside {
            None => (String::new(), String::new()),
            Some(row) => {
                values.extend([row.id.into(), row.version.into()]);
                let (id, version) = (values.len() - 1, values.len());
                (
                    format!(", \"{}\" AS beside", row.table),
                    format!(
                        " AND beside.\"{}\" = ${id} AND beside.\"{}\" = ${version}",
                        row.id_column, row.version_column
                    ),
                )
            }
        };
        format!(
            "SELECT 1 AS standing FROM \"{}\" AS held{more} \
             WHERE held.\"{}\" = ${id} AND held.\"{}\" = ${place}{also}{beside}{lock}",
            self.table, self.id_column, self.place_column
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

    /// And that meets a condition, in the words of the index that holds only such rows.
    pub fn among(mut self, condition: Option<&'static str>) -> Self {
        self.also = condition;
        self
    }

    /// `SELECT 1 FROM …`, with the values put behind those before.
    fn select(&self, values: &mut Vec<Value>) -> String {
        let mut met = Vec::new();
        for (column, value) in &self.cells {
            values.push(value.clone());
            met.push(format!("\"{column}\" = ${}", values.len()));
        }
        met.extend(self.also.map(str::to_owned));
        format!(
            "SELECT 1 FROM \"{}\" WHERE {}",
            self.table,
            met.join(" AND ")
        )
    }
}

// === impl Creation ===

impl<T> Creation<T> {
    /// All of it as one statement. Each part reads the one before, so that nothing is written unless what is held
    /// stands, nothing speaks against it and the unique value is free.
    fn statement(self, journal: Row, backend: DatabaseBackend) -> (Statement, T) {
        let mut values = Vec::new();
        let held = self.hold.select(&mut values, " FOR SHARE");
        let target = self.record.target();
        let placeholders = self.record.placeholders(&mut values);
        let conflict = unless_taken(self.unique);
        let against: Vec<String> = self
            .against
            .iter()
            .map(|row| format!("NOT EXISTS ({})", row.select(&mut values)))
            .collect();
        let unless = if against.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", against.join(" AND "))
        };
        let mut sql = format!(
            "WITH held AS ({held}), created AS (INSERT INTO {target} SELECT {placeholders} FROM held{unless}{conflict} \
             RETURNING 1)"
        );
        for (number, row) in self.along.into_iter().chain([journal]).enumerate() {
            let target = row.target();
            let placeholders = row.placeholders(&mut values);
            sql.push_str(&format!(
                ", along{number} AS (INSERT INTO {target} SELECT {placeholders} FROM created)"
            ));
        }
        sql.push_str(
            " SELECT (SELECT count(*) FROM held) AS held, (SELECT count(*) FROM created) AS created",
        );
        let statement = Statement::from_sql_and_values(backend, sql, values);
        (statement, self.answer)
    }
}

fn unless_taken(unique: &str) -> String {
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
        let (statement, answer) = creation.statement(journal, self.backend());
        let told = self.writer().query_one_raw(statement).await?;
        let told = told.ok_or_else(|| KernelError::Stored("a creation told nothing".into()))?;
        let (held, created): (i64, i64) = (told.try_get("", "held")?, told.try_get("", "created")?);
        Ok(match (held, created) {
            (0, _) => Outcome::Moved,
            (_, 0) => Outcome::Taken,
            _ => Outcome::Written(answer),
        })
    }

    async fn insert_in_turn<T>(
        &self,
        creation: Creation<T>,
        journal: Row,
    ) -> Result<Outcome<T>, KernelError> {
        let (backend, tx) = (self.backend(), self.begin().await?);
        let mut values = Vec::new();
        let held = creation.hold.select(&mut values, "");
        let held = Statement::from_sql_and_values(backend, held, values);
        if tx.query_one_raw(held).await?.is_none() {
            return Ok(Outcome::Moved);
        }
        for row in &creation.against {
            let mut values = Vec::new();
            let found = row.select(&mut values);
            let found = Statement::from_sql_and_values(backend, found, values);
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
mod tests {
    use junheng_proto::options::v1::DataClass;

    use super::*;

    #[test]
    fn a_creation_is_one_statement_in_which_each_part_waits_for_the_one_before() {
        let creation = Creation {
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
                cells: vec![("hash", 2.into()), ("sex", 1.into())],
                also: Some("kind <> 3"),
            }],
            record: Row::new("students", [("id", 1.into()), ("hash", 2.into())]),
            unique: "hash",
            along: vec![Row::new("counts", [("n", 3.into())])],
            answer: (),
            entry: Entry::about("students/1", 7, None, DataClass::Internal),
        };
        let journal = Row::new("journal", [("id", 4.into())]);
        let (statement, ()) = creation.statement(journal, DatabaseBackend::Postgres);
        assert_eq!(
            statement.sql,
            "WITH held AS (SELECT 1 AS standing FROM \"schools\" AS held, \"classes\" AS beside \
             WHERE held.\"id\" = $1 AND held.\"place\" = $2 \
             AND beside.\"id\" = $3 AND beside.\"version\" = $4 FOR SHARE), \
             created AS (INSERT INTO \"students\" (\"id\", \"hash\") SELECT $5, $6 FROM held \
             WHERE NOT EXISTS (SELECT 1 FROM \"former\" WHERE \"hash\" = $7 AND \"sex\" = $8 AND kind <> 3) \
             ON CONFLICT (\"hash\") DO NOTHING RETURNING 1), \
             along0 AS (INSERT INTO \"counts\" (\"n\") SELECT $9 FROM created), \
             along1 AS (INSERT INTO \"journal\" (\"id\") SELECT $10 FROM created) \
             SELECT (SELECT count(*) FROM held) AS held, (SELECT count(*) FROM created) AS created"
        );
        assert_eq!(statement.values.map(|values| values.0.len()), Some(10));
    }
}
