//! How a value that several stages of one school share is divided between them.
//!
//! Assets of a nine-year school, a complete secondary school or a twelve-year school are used by all its pupils.
//! The stage's share is its pupils times the stage's weight over the sum of that product. With A, B, C pupils of
//! primary, junior and senior stage: 九年一贯 A/(A+1.1B); 完全中学 B/(B+1.2C); 十二年一贯 A/(A+1.1B+1.32C).
//! The weights are data of the framework.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::exact::Exact;
use super::stage::Stage;

/// The weights for schools with exactly these stages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitRule {
    /// The kind of school in Chinese.
    pub zh: String,
    /// The weight of one pupil of each stage.
    pub weights: BTreeMap<Stage, Exact>,
    /// The document that gives the weights.
    pub source: String,
    /// The trust tag of the source.
    pub trust: String,
}

/// The share of each stage in a value shared by the whole school; the shares sum to one.
///
/// `pupils` counts per stage and is not negative; a stage without pupils takes part in nothing. A school with one
/// stage needs no rule. `None` when no rule names exactly the stages that have pupils, or when none has any.
pub fn shares(
    rules: &[SplitRule],
    pupils: &BTreeMap<Stage, i64>,
) -> Option<BTreeMap<Stage, Exact>> {
    let present: Vec<(Stage, i64)> = pupils
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(stage, count)| (*stage, *count))
        .collect();
    if let [(only, _)] = present.as_slice() {
        return Some(BTreeMap::from([(*only, Exact::one())]));
    }
    let rule = rules.iter().find(|rule| {
        rule.weights
            .keys()
            .eq(present.iter().map(|(stage, _)| stage))
    })?;
    let weighted: Vec<(Stage, Exact)> = present
        .iter()
        .filter_map(|(stage, count)| {
            let weight = rule.weights.get(stage)?;
            Some((*stage, Exact::from(*count) * weight))
        })
        .collect();
    let total = weighted
        .iter()
        .fold(Exact::zero(), |sum, (_, part)| sum + part);
    weighted
        .into_iter()
        .map(|(stage, part)| Some((stage, part.checked_div(&total)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framework::catalog::Catalog;
    use Stage::{Junior, Primary, Senior};

    fn shared(value: i64, pupils: &[(Stage, i64)], stage: Stage) -> Exact {
        let catalog = Catalog::embedded().expect("the embedded frameworks");
        let rules = &catalog.get("basic-2012").expect("a framework").split;
        let pupils = pupils.iter().copied().collect();
        let shares = shares(rules, &pupils).expect("a rule for these stages");
        Exact::from(value) * &shares[&stage]
    }

    #[test]
    fn the_books_of_the_nine_year_school_divide_as_in_the_published_example() {
        let pupils = [(Primary, 166), (Junior, 210)];
        let primary = shared(23_226, &pupils, Primary);
        let junior = shared(23_226, &pupils, Junior);
        assert_eq!(primary.half_up(1).to_string(), "9711.6");
        assert_eq!(junior.half_up(1).to_string(), "13514.4");
        assert_eq!(primary + &junior, Exact::from(23_226));
    }

    #[test]
    fn complete_and_twelve_year_schools_use_their_own_weights() {
        // 100/(100 + 1.2·100) = 5/11
        let complete = [(Junior, 100), (Senior, 100)];
        assert_eq!(shared(11, &complete, Junior), Exact::from(5));
        // 100 + 110 + 132 = 342
        let twelve = [(Primary, 100), (Junior, 100), (Senior, 100)];
        assert_eq!(shared(342, &twelve, Primary), Exact::from(100));
        assert_eq!(shared(342, &twelve, Junior), Exact::from(110));
        assert_eq!(shared(342, &twelve, Senior), Exact::from(132));
    }

    #[test]
    fn a_stage_without_pupils_takes_no_share() {
        assert_eq!(
            shared(7, &[(Primary, 3), (Junior, 0)], Primary),
            Exact::from(7)
        );
        assert!(shares(&[], &BTreeMap::from([(Primary, 0)])).is_none());
    }

    #[test]
    fn stages_without_a_rule_are_not_divided_by_guess() {
        assert!(shares(&[], &BTreeMap::from([(Primary, 1), (Junior, 1)])).is_none());
    }
}
