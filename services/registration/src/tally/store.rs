//! Every SQL statement that changes counts in the transaction of what is counted.

use junheng_kernel::bulk::SET;
use junheng_kernel::store::{Row, insert_rows};
use sea_orm::{ConnectionTrait, DbErr, Value};
use uuid::Uuid;

use super::counted::COUNTED;
use super::read::{self, Reach};
use super::{Change, Changes};

/// The columns of a cell.
pub(super) const CELL: [&str; 5] = ["school", "school_class", "place", "stage", "grade"];
/// The columns of a flow beside those that it shares with its cell.
pub(super) const FLOW: [&str; 3] = ["school_year", "kind", "flow"];

/// Writes what a change adds to the counts, in the change's own transaction.
pub async fn add(database: &impl ConnectionTrait, changes: &Changes) -> Result<(), DbErr> {
    let columns: Vec<&str> = columns().collect();
    for some in changes.rows().chunks(SET) {
        let rows = some.iter().map(values).collect();
        insert_rows(database, "tally_changes", &columns, rows, "").await?;
    }
    Ok(())
}

/// The same as rows for a creation.
pub fn rows(changes: &Changes) -> Vec<Row> {
    let row = |change: &Change| Row::new("tally_changes", columns().zip(values(change)));
    changes.rows().iter().map(row).collect()
}

/// Moves everything that is counted of a school elsewhere to its new place. The school's row is held by the caller, so that
/// nothing is added to the counts at the old place meanwhile or afterwards.
pub async fn move_school(
    database: &impl ConnectionTrait,
    school: Uuid,
    new_place: i64,
) -> Result<(), DbErr> {
    let mut changes = Changes::default();
    let reach = Reach::School(school);
    for (mut cell, counts) in read::cells(database, &reach).await? {
        if cell.place != new_place {
            changes.put(cell, &counts, -1);
            cell.place = new_place;
            changes.put(cell, &counts, 1);
        }
    }
    for (mut flow, count) in read::flows(database, &reach).await? {
        if flow.place != new_place {
            changes.put_flow(flow, -count);
            flow.place = new_place;
            changes.put_flow(flow, count);
        }
    }
    add(database, &changes).await
}

pub(super) fn columns() -> impl Iterator<Item = &'static str> {
    let counted = COUNTED.iter().map(|counted| counted.column);
    CELL.into_iter().chain(counted).chain(FLOW)
}

fn values(change: &Change) -> Vec<Value> {
    let cell = &change.cell;
    let (school_year, kind, flow) = change.flow;
    [cell.school.into(), cell.school_class.into()]
        .into_iter()
        .chain([cell.place.into(), cell.stage.into(), cell.grade.into()])
        .chain(change.counts.iter().map(|count| Value::from(*count)))
        .chain([school_year.into(), kind.into(), flow.into()])
        .collect()
}
