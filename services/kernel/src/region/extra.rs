//! Regions the administrator adds at start: development zones, renamed and newly founded counties.

use super::code::{normalize, significant};
use super::error::{LineProblem, RegionError};
use super::history::Retirement;
use super::table::{Parts, RegionTable};
use super::{CodeSystem, Region, RegionKind, RegionLevel, data};

/// Words for levels, with the number of significant digits in a code of that level.
#[rustfmt::skip]
const LEVELS: &[(&str, RegionLevel, usize)] = &[
    ("province", RegionLevel::Province, 2),
    ("city",     RegionLevel::City,     4),
    ("county",   RegionLevel::County,   6),
    ("town",     RegionLevel::Town,     9),
];

/// Words for kinds.
#[rustfmt::skip]
const KINDS: &[(&str, RegionKind)] = &[
    ("",                      RegionKind::Ordinary),
    ("ordinary",              RegionKind::Ordinary),
    ("municipality_district", RegionKind::MunicipalityDistrict),
    ("province_direct",       RegionKind::ProvinceDirect),
    ("no_county_city",        RegionKind::NoCountyCity),
    ("development_zone",      RegionKind::DevelopmentZone),
];

/// One line, read.
struct Addition {
    line: usize,
    region: Region,
    replaced: Vec<String>,
}

impl RegionTable {
    /// The shipped table with the lines of `extra` added, in this shape (tabs between, `#` begins a comment, a heading is allowed):
    ///
    /// ```text
    /// code    name      parent  level   kind              replaces
    /// 420171  某某新区  420100  county  development_zone
    /// 630107  某某区    630100  county  ordinary          630122,630199
    /// ```
    ///
    /// A code already in the table gets the new name, parent and kind (a rename or a new superior). A code in `replaces` is retired
    /// with this region as successor: its towns move along and its place numbers are covered by the successor, so that rows stored
    /// before stay visible. Kind and `replaces` may be left out.
    ///
    /// # Errors
    /// [`RegionError::Line`] for the first line that cannot be used.
    pub fn with_extra(extra: &str) -> Result<Self, RegionError> {
        let additions = parse(extra)?;
        let mut parts = data::builtin();
        for addition in &additions {
            let code = &addition.region.code;
            parts.history.restore(code);
            parts.placeholders.remove(code);
            parts.absorbed.remove(code);
            parts.primary.insert(code.clone(), addition.region.clone());
        }
        for addition in &additions {
            replace(&mut parts, addition)?;
        }
        for addition in &additions {
            check_parent(&parts, addition)?;
        }
        Ok(Self::build(parts))
    }
}

fn parse(extra: &str) -> Result<Vec<Addition>, RegionError> {
    let mut additions = Vec::new();
    for (at, line) in extra.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') || line.starts_with("code\t") {
            continue;
        }
        let wrong = |problem| RegionError::Line {
            line: at + 1,
            problem,
        };
        additions.push(parse_line(at + 1, line).map_err(wrong)?);
    }
    Ok(additions)
}

fn parse_line(line: usize, text: &str) -> Result<Addition, LineProblem> {
    let columns: Vec<&str> = text.split('\t').map(str::trim).collect();
    let [code, name, parent, level, rest @ ..] = columns.as_slice() else {
        return Err(LineProblem::Columns);
    };
    let code = checked(code)?;
    let parent = checked(parent)?;
    if name.is_empty() {
        return Err(LineProblem::Name);
    }
    let wrong_level = || LineProblem::Level {
        level: (*level).to_owned(),
    };
    let (_, level, digits) = LEVELS
        .iter()
        .find(|(word, ..)| word == level)
        .ok_or_else(wrong_level)?;
    if significant(&code).len() != *digits {
        return Err(wrong_level());
    }
    let kind = rest.first().copied().unwrap_or_default();
    let wrong_kind = || LineProblem::Kind {
        kind: kind.to_owned(),
    };
    let (_, kind) = KINDS
        .iter()
        .find(|(word, _)| *word == kind)
        .ok_or_else(wrong_kind)?;
    let replaced = rest.get(1).copied().unwrap_or_default();
    let replaced = replaced
        .split(',')
        .map(str::trim)
        .filter(|code| !code.is_empty())
        .map(checked);
    let region = Region {
        code,
        name: (*name).to_owned(),
        level: *level,
        parent: Some(parent),
        kind: *kind,
        code_system: CodeSystem::LOCAL,
    };
    Ok(Addition {
        line,
        region,
        replaced: replaced.collect::<Result<_, _>>()?,
    })
}

fn checked(code: &str) -> Result<String, LineProblem> {
    normalize(code).map_err(|_| LineProblem::Code {
        code: code.to_owned(),
    })
}

fn replace(parts: &mut Parts, addition: &Addition) -> Result<(), RegionError> {
    for code in &addition.replaced {
        let new = &addition.region.code;
        let old = parts
            .primary
            .get(code)
            .filter(|old| old.code != *new && old.level == addition.region.level);
        // The new region may itself have been replaced by an earlier line.
        let Some(old) = old.filter(|_| parts.primary.contains_key(new)).cloned() else {
            let problem = LineProblem::Replaced { code: code.clone() };
            return Err(RegionError::Line {
                line: addition.line,
                problem,
            });
        };
        parts.primary.remove(code);
        let retirement = Retirement {
            name: Some(old.name),
            year: None,
            successor: Some(new.clone()),
        };
        parts.history.retire(code.clone(), retirement);
        parts.absorbed.insert(code.clone());
        for below in parts
            .primary
            .values_mut()
            .chain(parts.statistics_towns.values_mut())
        {
            if below.parent.as_ref() == Some(code) {
                below.parent = Some(new.clone());
            }
        }
    }
    Ok(())
}

fn check_parent(parts: &Parts, addition: &Addition) -> Result<(), RegionError> {
    let written = addition.region.parent.as_deref().unwrap_or_default();
    let above = parts.primary.get(written);
    if above.is_some_and(|above| above.level < addition.region.level) {
        return Ok(());
    }
    let problem = LineProblem::Parent {
        parent: written.to_owned(),
    };
    Err(RegionError::Line {
        line: addition.line,
        problem,
    })
}
