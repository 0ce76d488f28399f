//! Classes with the number of their pupils, by place.

use std::ops::RangeInclusive;
use std::str::FromStr;

use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::page::Page;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::tally::Cell;
use crate::tally::read::{self, COUNTY, Reach, Sizes};

/// Which classes.
pub(super) struct Asked {
    /// 0 for all.
    pub(super) stage: i32,
    /// The fewest pupils, and the most.
    pub(super) sizes: RangeInclusive<i64>,
    /// The fewest pupils by stage, and no class of another stage; nothing where the stage does not matter.
    pub(super) least_of: Vec<(i32, i64)>,
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
        let sizes = Sizes {
            stage: asked.stage,
            // A cell of nobody is a class that is not there.
            least: (*asked.sizes.start()).max(1),
            most: *asked.sizes.end(),
            least_of: asked.least_of.clone(),
            after: after.map(|after| (after.place, after.class, after.stage, after.grade)),
            limit: page.limit().saturating_sub(found.len() as u64),
        };
        found.extend(read::classes(database, &reach, &sizes).await?);
        if found.len() as u64 >= page.limit() {
            break;
        }
    }
    Ok(page.cut(found, |(cell, _)| Position::of(cell).write()))
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
