//! The one statement of supervision: every source's steps past their day, by due date.

use std::fmt;
use std::str::FromStr;

use junheng_kernel::name::Parent;
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, QueryResult, Statement, Value};
use uuid::Uuid;

use super::sources::{Cell, SOURCES, Source};

/// A step past its day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The place of its source in the table.
    pub(super) source: i32,
    pub(super) id: Uuid,
    pub(super) place: i64,
    pub(super) school: Option<Uuid>,
    pub(super) kind: i32,
    pub(super) state: i32,
    /// `YYYY-MM-DD`.
    pub(super) due_date: String,
}

/// Where a step stands in the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) due_date: String,
    pub(super) source: i32,
    pub(super) id: Uuid,
}

/// The next steps below `parent`. `before` gives for each cell the first due date that is not asked for.
pub(super) async fn next(
    database: &impl ConnectionTrait,
    parent: &Parent,
    before: impl Fn(&Cell) -> String,
    after: Option<&Position>,
    limit: u64,
) -> Result<Vec<Step>, DbErr> {
    let backend = database.get_database_backend();
    let mut values: Vec<Value> = Vec::new();
    if let Parent::School(id) = parent {
        values.push((*id).into());
    }
    let last = after.map(|after| {
        values.push(after.id.into());
        (after, format!("${}", values.len()))
    });
    let parts: Vec<String> = (0..)
        .zip(SOURCES.iter())
        .filter_map(|(number, source)| {
            let below = below(source, parent)?;
            let waits = waits(source, &before);
            let behind = last.as_ref().map_or_else(String::new, |(after, id)| {
                behind(after, number, id)
            });
            let (columns, table) = (columns(source, number, backend), source.table);
            Some(format!(
                "SELECT * FROM (SELECT {columns} FROM {table} WHERE due_date <> '' AND ({waits}) AND {below}{behind} \
                 ORDER BY due_date, id LIMIT {limit}) AS part{number}"
            ))
        })
        .collect();
    let sql = format!(
        "{} ORDER BY due_date, source, id LIMIT {limit}",
        parts.join(" UNION ALL ")
    );
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let rows = database.query_all_raw(statement).await?;
    rows.iter().map(step_of).collect()
}

fn columns(source: &Source, number: i32, backend: DatabaseBackend) -> String {
    let school = source.school.unwrap_or(match backend {
        DatabaseBackend::Postgres => "CAST(NULL AS uuid)",
        _ => "NULL",
    });
    let (place, kind) = (source.place, source.kind.unwrap_or("0"));
    format!(
        "{number} AS source, id, {place} AS place, {school} AS school, {kind} AS kind, state, due_date"
    )
}

/// The condition of the parent; `None` for a source whose rows never belong to it.
fn below(source: &Source, parent: &Parent) -> Option<String> {
    match parent {
        Parent::School(_) => source.school.map(|school| format!("{school} = $1")),
        Parent::Region { ranges, .. } => {
            let place = source.place;
            let ranges: Vec<String> = ranges
                .iter()
                .map(|range| format!("{place} BETWEEN {} AND {}", range.start(), range.end()))
                .collect();
            Some(format!("({})", ranges.join(" OR ")))
        }
    }
}

/// The condition that a row waits for a step whose day is past.
fn waits(source: &Source, before: &impl Fn(&Cell) -> String) -> String {
    let cell = |cell: &Cell| {
        let kind = source
            .kind
            .map_or_else(String::new, |kind| format!("{kind} = {} AND ", cell.kind));
        format!(
            "({kind}state = {} AND due_date < '{}')",
            cell.state,
            before(cell)
        )
    };
    let cells: Vec<String> = source.cells.iter().map(cell).collect();
    cells.join(" OR ")
}

/// The condition that a row comes behind a position. The due date is digits and dashes: it was read back from a token that
/// passed its check.
fn behind(after: &Position, number: i32, id: &str) -> String {
    let due = &after.due_date;
    match number.cmp(&after.source) {
        std::cmp::Ordering::Less => format!(" AND due_date > '{due}'"),
        std::cmp::Ordering::Greater => format!(" AND due_date >= '{due}'"),
        std::cmp::Ordering::Equal => {
            format!(" AND (due_date > '{due}' OR (due_date = '{due}' AND id > {id}))")
        }
    }
}

fn step_of(row: &QueryResult) -> Result<Step, DbErr> {
    Ok(Step {
        source: row.try_get("", "source")?,
        id: row.try_get("", "id")?,
        place: row.try_get("", "place")?,
        school: row.try_get("", "school")?,
        kind: row.try_get("", "kind")?,
        state: row.try_get("", "state")?,
        due_date: row.try_get("", "due_date")?,
    })
}

// === impl Position ===

impl Position {
    pub(super) fn of(step: &Step) -> Self {
        Self {
            due_date: step.due_date.clone(),
            source: step.source,
            id: step.id,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.due_date, self.source, self.id)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(());
        let due: chrono::NaiveDate = next()?.parse().map_err(drop)?;
        Ok(Self {
            due_date: due.to_string(),
            source: next()?.parse().map_err(drop)?,
            id: next()?.parse().map_err(drop)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written_and_holds_no_sql() {
        let position = Position {
            due_date: "2026-10-09".into(),
            source: 3,
            id: Uuid::now_v7(),
        };
        assert_eq!(position.to_string().parse(), Ok(position));
        let forged = format!("' OR 1=1 --/0/{}", Uuid::nil());
        assert_eq!(forged.parse::<Position>(), Err(()));
    }
}
