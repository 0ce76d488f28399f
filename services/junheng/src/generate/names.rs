//! Names by ethnicity (民族, GB/T 3304) and sex, drawn fast enough for a whole province, and now and then one that systems often
//! refuse.

use std::collections::HashMap;

use super::chance::{Chance, Weighted};
use super::parameters::ProvinceGroups;
use crate::demo::county::names::{GIVEN, MAKINGS, Making, Namer, SURNAMES};

/// One person in so many has a name with rare characters or an interpunct.
const HARD_ONE_IN: u64 = 500;
/// 汉族.
const HAN: &str = "01";
/// One given name in eight has a single character.
const SINGLE: f64 = 0.125;

/// The tables of one province.
pub struct Names {
    surnames: Weighted<&'static str>,
    by_ethnicity: HashMap<&'static str, Weighted<&'static str>>,
    /// Characters of given names, male then female.
    given: [Weighted<&'static str>; 2],
    hard: Vec<(String, &'static str)>,
    minority: f64,
    groups: Weighted<String>,
}

/// A person's name and ethnicity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// 姓名.
    pub name: String,
    /// 民族.
    pub ethnicity: String,
}

// === impl Names ===

impl Names {
    /// Reads the tables.
    pub fn of(groups: &ProvinceGroups) -> Self {
        let surname = |line: &'static str| {
            let (name, percent) = line.split_once('\t')?;
            let percent: f64 = percent.parse().ok()?;
            Some((name, (percent * 10_000.0).round() as u64))
        };
        let given = |column: usize| {
            Weighted::of(GIVEN.lines().skip(1).filter_map(move |line| {
                let mut fields = line.split('\t');
                let name = fields.next()?;
                Some((name, fields.nth(column)?.parse().ok()?))
            }))
        };
        let own = |(ethnicity, making): &'static (&'static str, Making)| match making {
            Making::Surname(surnames) => Some((*ethnicity, Weighted::of(surnames.iter().copied()))),
            Making::Parts(..) => None,
        };
        let hard = Namer::new().hard().into_iter();
        Self {
            surnames: Weighted::of(SURNAMES.lines().skip(1).filter_map(surname)),
            by_ethnicity: MAKINGS.iter().filter_map(own).collect(),
            given: [given(0), given(1)],
            hard: hard.map(|one| (one.name, one.ethnicity)).collect(),
            minority: groups.minority,
            groups: Weighted::of(groups.groups.iter().cloned()),
        }
    }

    /// A name for a person of this sex (1 male, 2 female).
    pub fn draw(&self, sex: i32, chance: &mut Chance) -> Named {
        if chance.below(HARD_ONE_IN) == 0 && !self.hard.is_empty() {
            let (name, ethnicity) = chance.one_of(&self.hard);
            return Named {
                name: name.clone(),
                ethnicity: (*ethnicity).to_owned(),
            };
        }
        let minority = chance.happens(self.minority);
        let drawn = minority.then(|| self.groups.draw(chance)).flatten();
        let ethnicity = drawn.map_or(HAN, String::as_str);
        Named {
            name: self.name(ethnicity, usize::from(sex == 2), chance),
            ethnicity: ethnicity.to_owned(),
        }
    }

    fn name(&self, ethnicity: &str, female: usize, chance: &mut Chance) -> String {
        let making = MAKINGS.iter().find(|(of, _)| *of == ethnicity);
        if let Some((_, Making::Parts(firsts, seconds))) = making {
            let first = *chance.one_of(firsts);
            let others: Vec<&str> = seconds[female]
                .iter()
                .copied()
                .filter(|second| *second != first)
                .collect();
            return format!("{first}{}", chance.one_of(&others));
        }
        let surnames = self.by_ethnicity.get(ethnicity).unwrap_or(&self.surnames);
        let mut name = surnames
            .draw(chance)
            .copied()
            .unwrap_or_default()
            .to_owned();
        let characters = if chance.happens(SINGLE) { 1 } else { 2 };
        for _ in 0..characters {
            name += self.given[female].draw(chance).copied().unwrap_or_default();
        }
        name
    }
}
