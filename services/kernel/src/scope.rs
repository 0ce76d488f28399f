//! The part of the province that a caller may touch, as a condition on rows.
//!
//! Every row carries its place as a 12-digit number in which each region is a range, and, where it belongs to a school,
//! the school. A query cannot be written without a scope: the lint forbids `find`, and [`Scoped::visible_to`] is the
//! only other way in.

use std::ops::RangeInclusive;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

/// What a caller may see. Only admission makes one, or code that says why it needs everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(Reach);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reach {
    Everything,
    Places(Vec<RangeInclusive<i64>>),
    School(Uuid),
}

/// A table whose rows belong to a place and perhaps to a school.
pub trait Scoped: EntityTrait {
    /// The column of the 12-digit place number. Indexed.
    const PLACE: Self::Column;
    /// The column of the school's id, if rows belong to schools.
    const SCHOOL: Option<Self::Column>;
    /// Further places and schools that a row belongs to as much as to the first: a transfer is both schools'. Who covers
    /// one side sees the row.
    const OTHER_SIDES: &'static [(Self::Column, Self::Column)] = &[];

    /// The only way into the table: rows outside the scope do not exist.
    #[expect(clippy::disallowed_methods, reason = "the scope is added here")]
    fn visible_to(scope: &Scope) -> Select<Self> {
        Self::find().filter(scope.condition::<Self>())
    }
}

// === impl Scope ===

impl Scope {
    /// The scope of a region's post: the ranges of its place numbers.
    pub(crate) fn places(ranges: Vec<RangeInclusive<i64>>) -> Self {
        Self(Reach::Places(ranges))
    }

    /// The scope of a school's post.
    pub(crate) fn school(id: Uuid) -> Self {
        Self(Reach::School(id))
    }

    /// No limit. `reason` says at the call why that is right.
    pub fn everything(reason: &'static str) -> Self {
        debug_assert!(!reason.is_empty());
        Self(Reach::Everything)
    }

    /// Whether a row of this place and school lies inside.
    pub fn covers(&self, place: i64, school: Option<Uuid>) -> bool {
        match &self.0 {
            Reach::Everything => true,
            Reach::Places(ranges) => ranges.iter().any(|range| range.contains(&place)),
            Reach::School(own) => school == Some(*own),
        }
    }

    /// Whether every place of `ranges` lies inside.
    pub fn covers_places(&self, ranges: &[RangeInclusive<i64>]) -> bool {
        match &self.0 {
            Reach::Everything => true,
            Reach::School(_) => false,
            Reach::Places(own) => ranges.iter().all(|range| {
                own.iter()
                    .any(|mine| mine.start() <= range.start() && range.end() <= mine.end())
            }),
        }
    }

    /// Whether the school lies inside as far as can be told without reading its row.
    pub fn may_cover_school(&self, school: Uuid) -> bool {
        !matches!(&self.0, Reach::School(own) if *own != school)
    }

    /// The condition on the rows of `E`.
    pub fn condition<E: Scoped>(&self) -> Condition {
        match &self.0 {
            Reach::Everything => Condition::all(),
            Reach::Places(ranges) => in_ranges::<E>(ranges),
            Reach::School(id) => of_school::<E>(*id),
        }
    }
}

/// The condition that a row's place, on any of its sides, lies in one of `ranges`.
pub fn in_ranges<E: Scoped>(ranges: &[RangeInclusive<i64>]) -> Condition {
    let others = E::OTHER_SIDES.iter().map(|(place, _)| *place);
    let places = std::iter::once(E::PLACE).chain(others);
    places.fold(Condition::any(), |condition, place| {
        ranges.iter().fold(condition, |condition, range| {
            condition.add(place.between(*range.start(), *range.end()))
        })
    })
}

/// The condition that a row belongs to the school, on any of its sides. Rows of a region belong to no school: a school's
/// post sees none of them.
pub fn of_school<E: Scoped>(id: Uuid) -> Condition {
    let Some(own) = E::SCHOOL else {
        return Condition::all().add(E::PLACE.eq(-1_i64));
    };
    let others = E::OTHER_SIDES.iter().map(|(_, school)| school.eq(id));
    others.fold(Condition::any().add(own.eq(id)), Condition::add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_county_lies_in_its_province_and_not_the_other_way_round() {
        let province = Scope::places(vec![630_000_000_000..=639_999_999_999]);
        let county = Scope::places(vec![630_103_000_000..=630_103_999_999]);
        assert!(province.covers_places(&[630_103_000_000..=630_103_999_999]));
        assert!(!county.covers_places(&[630_000_000_000..=639_999_999_999]));
        assert!(county.covers(630_103_001_000, None));
        assert!(!county.covers(630_104_001_000, None));
    }

    #[test]
    fn a_school_sees_itself_only() {
        let (own, other) = (Uuid::now_v7(), Uuid::now_v7());
        let scope = Scope::school(own);
        assert!(scope.covers(630_103_000_000, Some(own)));
        assert!(!scope.covers(630_103_000_000, Some(other)));
        assert!(!scope.covers(630_103_000_000, None));
        assert!(!scope.covers_places(&[630_103_000_000..=630_103_000_000]));
    }
}
