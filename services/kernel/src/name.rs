//! Resource names: `{collection}/{id}`, flat, and the parents of lists.

use std::ops::RangeInclusive;

use sea_orm::Condition;
use uuid::Uuid;

use crate::admission::Caller;
use crate::error::KernelError;
use crate::fault::Violation;
use crate::region::RegionTable;
use crate::scope::{Scoped, in_ranges, of_school};

/// The id inside `{collection}/{id}`. A name that cannot be one does not exist.
pub fn id_of(collection: &str, name: &str) -> Result<Uuid, KernelError> {
    name.strip_prefix(collection)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(written_id)
        .ok_or_else(|| KernelError::not_found(name))
}

/// An id in the one spelling that the service writes itself: 36 characters, lower case, with hyphens. A record has one
/// name, so that the journal, four eyes and the feed, which compare names, find all that was done to it.
pub fn written_id(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    let mut spelling = Uuid::encode_buffer();
    (id.hyphenated().encode_lower(&mut spelling) == text).then_some(id)
}

/// The etag of a version.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// Fails with `ETAG_MISMATCH` unless the caller has read this version, and with `FIELD_REQUIRED` without an etag: a
/// change must not overwrite what its author has not seen.
pub fn check_etag(name: &str, given: &str, version: i64) -> Result<(), KernelError> {
    if given.is_empty() {
        return Err(KernelError::Fields(vec![Violation::required("etag")]));
    }
    if given == etag(version) {
        Ok(())
    } else {
        Err(KernelError::EtagMismatch {
            name: name.to_owned(),
        })
    }
}

/// The organisation that a request names: a region with all below it, or a school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parent {
    /// `regions/{code}`.
    Region {
        /// The code, 6 or 9 digits.
        code: String,
        /// Its place numbers.
        ranges: Vec<RangeInclusive<i64>>,
    },
    /// `schools/{id}`.
    School(Uuid),
}

// === impl Parent ===

impl Parent {
    /// Reads a parent that the caller may act in.
    ///
    /// Fails with `FIELD_INVALID`, `REGION_UNKNOWN`, or `OUT_OF_SCOPE` when the caller's post does not cover it. A school
    /// whose place is unknown here is let through to the rows, which carry it.
    pub fn of(
        caller: &Caller,
        regions: &RegionTable,
        field: &str,
        value: &str,
    ) -> Result<Self, KernelError> {
        let parent = Self::parse(regions, field, value)?;
        let inside = match &parent {
            Self::Region { ranges, .. } => caller.scope.covers_places(ranges),
            Self::School(id) => caller.scope.may_cover_school(*id),
        };
        if inside {
            Ok(parent)
        } else {
            Err(KernelError::OutOfScope {
                organisation: value.to_owned(),
                own: caller.organisation.clone(),
            })
        }
    }

    fn parse(regions: &RegionTable, field: &str, value: &str) -> Result<Self, KernelError> {
        if value.is_empty() {
            return Err(KernelError::Fields(vec![Violation::required(field)]));
        }
        if let Some(code) = value.strip_prefix("regions/") {
            let unknown = |_| KernelError::RegionUnknown {
                code: code.to_owned(),
            };
            let region = regions.require(code).map_err(unknown)?;
            return Ok(Self::Region {
                code: region.code.clone(),
                ranges: regions.ranges(&region.code).map_err(unknown)?,
            });
        }
        value
            .strip_prefix("schools/")
            .and_then(written_id)
            .map(Self::School)
            .ok_or_else(|| {
                KernelError::Fields(vec![Violation::invalid(
                    field,
                    "must be regions/{code} or schools/{id}",
                    "应为 regions/{区划代码} 或 schools/{学校标识}",
                )])
            })
    }

    /// The condition that a row lies below.
    pub fn condition<E: Scoped>(&self) -> Condition {
        match self {
            Self::Region { ranges, .. } => in_ranges::<E>(ranges),
            Self::School(id) => of_school::<E>(*id),
        }
    }

    /// The place number of a region; `None` for a school, whose row knows it.
    pub fn place(&self) -> Option<i64> {
        match self {
            Self::Region { ranges, .. } => ranges.first().map(|range| *range.start()),
            Self::School(_) => None,
        }
    }

    /// The school's id, where a school is named.
    pub fn school(&self) -> Option<Uuid> {
        match self {
            Self::School(id) => Some(*id),
            Self::Region { .. } => None,
        }
    }

    /// Whether a row of this place and school lies below.
    pub fn contains(&self, place: i64, school: Option<Uuid>) -> bool {
        match self {
            Self::Region { ranges, .. } => ranges.iter().any(|range| range.contains(&place)),
            Self::School(id) => school == Some(*id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_one_name_and_other_spellings_of_its_id_do_not_exist() {
        let id = Uuid::now_v7();
        assert_eq!(id_of("exports", &format!("exports/{id}")).ok(), Some(id));
        let others = [
            id.to_string().to_uppercase(),
            id.simple().to_string(),
            id.braced().to_string(),
            id.urn().to_string(),
            format!(" {id}"),
            String::new(),
        ];
        for other in others {
            let refused = id_of("exports", &format!("exports/{other}"));
            assert!(
                matches!(refused, Err(KernelError::NotFound { .. })),
                "{other}"
            );
            let regions = RegionTable::builtin();
            let parent = Parent::parse(&regions, "parent", &format!("schools/{other}"));
            assert!(matches!(parent, Err(KernelError::Fields(_))), "{other}");
        }
    }
}
