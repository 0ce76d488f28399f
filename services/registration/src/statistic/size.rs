//! Classes with the number of their pupils, by place.

use std::ops::RangeInclusive;
use std::str::FromStr;

use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::page::Page;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::tally::Cell;
use crate::tally::counted::PLACED;
use crate::tally::read::{self, COUNTY, Reach};

/// Which classes.
pub(super) struct Asked {
    /// 0 for all.
    pub(super) stage: i32,
    /// The fewest pupils, and the most.
    pub(super) sizes: RangeInclusive<i64>,
}

/// Where a class stands in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    place: i64,
    class: Uuid,
    stage: i32,
    grade: i32,
}

/// One page of classes with their sizes, and the token of the next.
pub(super) async fn page(
    database: &impl ConnectionTrait,
    parent: &Parent,
    asked: &Asked,
    page: &Page,
) -> Result<(Vec<(Cell, i64)>, String), KernelError> {
    let after: Option<Position> = page.after()?;
    let mut found = Vec::new();
    for reach in reaches(database, parent).await? {
        if let (Reach::Places(range), Some(after)) = (&reach, &after)
            && *range.end() < after.place
        {
            continue;
        }
        let mut classes = classes(database, &reach, asked).await?;
        classes.retain(|(cell, _)| after.is_none_or(|after| Position::of(cell) > after));
        found.extend(classes);
        if found.len() as u64 >= page.limit() {
            break;
        }
    }
    Ok(page.cut(found, |(cell, _)| Position::of(cell).write()))
}

async fn classes(
    database: &impl ConnectionTrait,
    reach: &Reach,
    asked: &Asked,
) -> Result<Vec<(Cell, i64)>, DbErr> {
    let mut classes: Vec<(Cell, i64)> = read::cells(database, reach)
        .await?
        .into_iter()
        .filter(|(cell, counts)| {
            !cell.school_class.is_nil()
                && (asked.stage == 0 || asked.stage == cell.stage)
                && asked.sizes.contains(&counts[PLACED])
        })
        .map(|(cell, counts)| (cell, counts[PLACED]))
        .collect();
    classes.sort_by_key(|(cell, _)| Position::of(cell));
    Ok(classes)
}

/// The parent in pieces of at most one county that hold anybody, in order.
async fn reaches(database: &impl ConnectionTrait, parent: &Parent) -> Result<Vec<Reach>, DbErr> {
    let ranges = match parent {
        Parent::School(id) => return Ok(vec![Reach::School(*id)]),
        Parent::Region { ranges, .. } => ranges,
    };
    let mut reaches = Vec::new();
    for range in ranges {
        for county in read::counties_in(database, range).await? {
            let start = (county * COUNTY).max(*range.start());
            let end = (county * COUNTY + COUNTY - 1).min(*range.end());
            reaches.push(Reach::Places(start..=end));
        }
    }
    Ok(reaches)
}

// === impl Position ===

impl Position {
    fn of(cell: &Cell) -> Self {
        Self {
            place: cell.place,
            class: cell.school_class,
            stage: cell.stage,
            grade: cell.grade,
        }
    }

    fn write(self) -> String {
        format!(
            "{}/{}/{}/{}",
            self.place, self.class, self.stage, self.grade
        )
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(());
        Ok(Self {
            place: next()?.parse().map_err(drop)?,
            class: next()?.parse().map_err(drop)?,
            stage: next()?.parse().map_err(drop)?,
            grade: next()?.parse().map_err(drop)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written() {
        let position = Position {
            place: 630_103_000_000,
            class: Uuid::now_v7(),
            stage: 1,
            grade: 6,
        };
        assert_eq!(position.write().parse(), Ok(position));
        assert!("630103000000".parse::<Position>().is_err());
    }
}
