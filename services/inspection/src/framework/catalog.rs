//! The frameworks at hand, checked when they are read.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use junheng_kernel::rule_book::{NATION, RegionPath};

use super::document::{EVERYWHERE, Framework, Profile};
use super::error::FrameworkError;
use super::item::ItemKind;
use super::measure::{PUPILS, measure};
use super::stage::Stage;

const EMBEDDED: [&str; 2] = [
    include_str!("../../data/frameworks/basic-2012.toml"),
    include_str!("../../data/frameworks/quality-2017.toml"),
];

/// All frameworks, in order of publication.
#[derive(Clone, Debug)]
pub struct Catalog {
    frameworks: Vec<Framework>,
}

impl Catalog {
    /// The frameworks that come with the service; read once at start.
    pub fn embedded() -> Result<Self, FrameworkError> {
        let frameworks = EMBEDDED
            .iter()
            .map(|text| Framework::parse(text))
            .collect::<Result<_, _>>()?;
        Ok(Self { frameworks })
    }

    /// All frameworks.
    pub fn all(&self) -> &[Framework] {
        &self.frameworks
    }

    /// The framework of that id.
    pub fn get(&self, id: &str) -> Result<&Framework, FrameworkError> {
        self.frameworks
            .iter()
            .find(|framework| framework.id == id)
            .ok_or_else(|| FrameworkError::Unknown { id: id.to_owned() })
    }
}

impl Framework {
    /// Reads a framework file and checks that it agrees with itself.
    pub fn parse(text: &str) -> Result<Self, FrameworkError> {
        let framework: Self = toml::from_str(text)?;
        match framework.fault() {
            None => Ok(framework),
            Some(fault) => Err(FrameworkError::Inconsistent {
                framework: framework.id,
                fault,
            }),
        }
    }

    /// The profile in force on `date` for a county. The nearest region of its path wins.
    pub fn profile(&self, path: &RegionPath, date: NaiveDate) -> Result<&Profile, FrameworkError> {
        let distance = |profile: &Profile| match profile.region.as_str() {
            EVERYWHERE => path.distance(NATION),
            code => path.distance(code),
        };
        self.profiles
            .iter()
            .filter(|profile| profile.holds_on(date))
            .filter_map(|profile| Some((distance(profile)?, profile)))
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, profile)| profile)
            .ok_or_else(|| FrameworkError::NotInForce {
                framework: self.id.clone(),
                region: match path.codes().first().map(String::as_str) {
                    None | Some(NATION) => EVERYWHERE.to_owned(),
                    Some(code) => code.to_owned(),
                },
                date,
            })
    }

    /// The first contradiction in the file.
    fn fault(&self) -> Option<String> {
        self.code_fault()
            .or_else(|| self.indicator_fault())
            .or_else(|| self.profile_fault())
            .or_else(|| self.item_fault())
    }

    fn code_fault(&self) -> Option<String> {
        let indicators = self.indicators.iter().map(|indicator| &indicator.code);
        let items = self.items.iter().map(|item| &item.code);
        let conditions = self
            .items
            .iter()
            .flat_map(|item| &item.conditions)
            .map(|condition| &condition.code);
        first_repeated(indicators.chain(items).chain(conditions))
            .or_else(|| first_repeated(self.scope.kinds.iter().map(|kind| &kind.code)))
            .map(|code| format!("code {code} occurs twice"))
    }

    fn indicator_fault(&self) -> Option<String> {
        self.indicators.iter().find_map(|indicator| {
            let code = &indicator.code;
            if indicator.denominator != PUPILS {
                return Some(format!("indicator {code} is not divided by {PUPILS}"));
            }
            if indicator.scale.is_zero() || indicator.scale.is_negative() {
                return Some(format!("indicator {code} has a scale that is not positive"));
            }
            let without_terms = Stage::COMPULSORY
                .into_iter()
                .find(|stage| indicator.terms(*stage).next().is_none());
            if let Some(stage) = without_terms {
                return Some(format!("indicator {code} counts nothing in {stage:?}"));
            }
            indicator
                .numerator
                .iter()
                .find(|term| measure(&term.measure).is_none())
                .map(|term| format!("indicator {code} uses unknown measure {}", term.measure))
        })
    }

    fn profile_fault(&self) -> Option<String> {
        self.profiles
            .iter()
            .enumerate()
            .find_map(|(index, profile)| {
                let region = &profile.region;
                let from = profile.effective_from;
                if profile.effective_to.is_some_and(|to| to < from) {
                    return Some(format!("the profile of {region} ends before it begins"));
                }
                if self.profiles[..index]
                    .iter()
                    .any(|other| other.overlaps(profile))
                {
                    return Some(format!("two profiles hold in {region} on {from}"));
                }
                let named = profile.thresholds.keys().chain(profile.floors.keys());
                let known = |code: &String| self.indicators.iter().any(|one| &one.code == code);
                if let Some(code) = named.into_iter().find(|code| !known(code)) {
                    return Some(format!(
                        "the profile of {region} names no indicator with {code}"
                    ));
                }
                let rule = profile.school?;
                if rule.at_least > self.indicators.len() {
                    return Some(format!(
                        "the profile of {region} demands too many indicators"
                    ));
                }
                self.indicators
                    .iter()
                    .map(|indicator| &indicator.code)
                    .find(|code| {
                        !profile.thresholds.contains_key(*code)
                            || !profile.floors.contains_key(*code)
                    })
                    .map(|code| {
                        format!("the profile of {region} lacks threshold or floor of {code}")
                    })
            })
    }

    fn item_fault(&self) -> Option<String> {
        self.items.iter().find_map(|item| {
            let code = &item.code;
            let measured = matches!(item.kind, ItemKind::Ratio | ItemKind::Satisfaction);
            if measured == item.conditions.is_empty() {
                return Some(format!(
                    "item {code} is {:?} but its conditions differ",
                    item.kind
                ));
            }
            item.waivers
                .iter()
                .find(|waiver| {
                    !item
                        .conditions
                        .iter()
                        .any(|one| one.code == waiver.condition)
                })
                .map(|waiver| format!("item {code} waives unknown condition {}", waiver.condition))
        })
    }
}

impl Profile {
    /// Whether the profile holds on `date`.
    pub fn holds_on(&self, date: NaiveDate) -> bool {
        self.effective_from <= date && self.effective_to.is_none_or(|last| date <= last)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let starts_in_time = |one: &Self, two: &Self| {
            two.effective_to
                .is_none_or(|last| one.effective_from <= last)
        };
        self.region == other.region && starts_in_time(self, other) && starts_in_time(other, self)
    }
}

fn first_repeated<'a>(codes: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let mut seen = BTreeSet::new();
    codes.into_iter().find(|code| !seen.insert(*code))
}
