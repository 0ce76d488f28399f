//! Administrative regions (行政区划): the dated table of GB/T 2260 codes and what follows from it.
//!
//! A region's parent is **stored**, never cut from its code: 429004 仙桃市 hangs directly under its province, 441900 东莞市 is city
//! and county at once, a development zone is inspected as a county of its own. Codes of the ministry of civil affairs (民政部) are
//! primary; the statistics bureau (国家统计局) adds development zones and a second numbering of towns, kept apart because both give
//! the same nine digits to different towns.
//!
//! Every row carries its place as a twelve-digit number, and every region is a few ranges of such numbers
//! ([`RegionTable::ranges`]); so a scope is an index range in every list.

mod code;
mod data;
mod error;
mod extra;
mod history;
mod ranges;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;

pub use code::{normalize, span};
pub use error::{LineProblem, RegionError};
pub use history::AreaCode;
pub use table::RegionTable;

/// Code of the whole country in this table; GB/T 2260 has none.
pub const NATION: &str = "000000";

/// One region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Six digits; nine for a town.
    pub code: String,
    /// Official Chinese name, without the names above it.
    pub name: String,
    /// Level of government.
    pub level: RegionLevel,
    /// Code of the region directly above; `None` for the nation only.
    pub parent: Option<String>,
    /// What is special about it.
    pub kind: RegionKind,
    /// Whose code this is, and of which edition.
    pub code_system: CodeSystem,
}

/// Level of government (行政层级), higher first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegionLevel {
    /// 全国.
    Nation,
    /// 省、自治区、直辖市、特别行政区.
    Province,
    /// 地级市、自治州、地区、盟.
    City,
    /// 县、县级市、市辖区、旗.
    County,
    /// 乡、镇、街道.
    Town,
}

/// What is special about a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegionKind {
    /// Nothing.
    Ordinary,
    /// District or county of a municipality (直辖市的区县): no city level above.
    MunicipalityDistrict,
    /// County directly under the province (省直辖县级行政区划): no city level above.
    ProvinceDirect,
    /// City without counties (不设区的市): city and county at once. Development zones below it are part of it.
    NoCountyCity,
    /// Development or management zone that GB/T 2260 does not know, inspected as a county (开发区).
    DevelopmentZone,
    /// County row of the statistics bureau without a counterpart at the ministry (统计用区划).
    StatisticsOnly,
}

/// Who publishes a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Authority {
    /// Ministry of Civil Affairs (民政部), the primary system.
    CivilAffairs,
    /// National Bureau of Statistics (国家统计局).
    Statistics,
    /// The administrator of this installation.
    Local,
}

/// A code system: publisher and edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeSystem {
    /// Publisher.
    pub authority: Authority,
    /// Year of the edition; 0 for local codes.
    pub version: u16,
}

// === impl Region ===

impl Region {
    /// Whether the region takes a county's part in reviews and scopes: a county, or a city without counties.
    pub fn acts_as_county(&self) -> bool {
        self.level == RegionLevel::County || self.kind == RegionKind::NoCountyCity
    }

    /// Whether the region takes part at `level`; 东莞市 does as city and as county.
    pub fn acts_as(&self, level: RegionLevel) -> bool {
        self.level == level || (level == RegionLevel::County && self.acts_as_county())
    }
}

// === impl CodeSystem ===

impl CodeSystem {
    /// The ministry's codes of 2026.
    pub const MCA_2026: Self = Self {
        authority: Authority::CivilAffairs,
        version: 2026,
    };
    /// The bureau's codes of 2023 (cut-off 2023-06-30).
    pub const NBS_2023: Self = Self {
        authority: Authority::Statistics,
        version: 2023,
    };
    /// Codes added by the administrator.
    pub const LOCAL: Self = Self {
        authority: Authority::Local,
        version: 0,
    };
}

impl fmt::Display for CodeSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.authority {
            Authority::CivilAffairs => write!(f, "mca-{}", self.version),
            Authority::Statistics => write!(f, "nbs-{}", self.version),
            Authority::Local => f.write_str("local"),
        }
    }
}

impl fmt::Display for RegionLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nation => "nation",
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Town => "town",
        })
    }
}
