//! A file of local rules 地方政策参数: what a province, city or county has decided for itself, in the form of the shipped file.

use junheng_kernel::region::RegionTable;
use junheng_kernel::rule_book::{NATION, Rules};

/// Why a file of local rules is not taken.
#[derive(Debug, thiserror::Error)]
pub enum LocalRulesError {
    /// Not in the form of the shipped file.
    #[error("the rules cannot be read: {0}")]
    Unreadable(String),
    /// A rule that nobody asks for.
    #[error(
        "{id} is no rule of this service; a local file gives other values to rules that are shipped"
    )]
    Unknown {
        /// The entry's.
        id: String,
    },
    /// A rule of the nation, or of a region that is in no table.
    #[error("{id}: {region:?} is no province, city or county of the region table")]
    Region {
        /// The entry's.
        id: String,
        /// As it is written.
        region: String,
    },
    /// A value below zero, or days that end before they begin.
    #[error("{id}: the value must not be below zero, nor the last day before the first")]
    Value {
        /// The entry's.
        id: String,
    },
    /// A rule without the document that it stands on.
    #[error("{id}: source must name the document and its article")]
    Source {
        /// The entry's.
        id: String,
    },
    /// The rules were asked before.
    #[error("the rules of this process stand already")]
    Late,
}

/// Reads a file of local rules against the shipped ones.
pub(super) fn read(
    text: &str,
    shipped: &Rules,
    regions: &RegionTable,
) -> Result<Rules, LocalRulesError> {
    let local = Rules::parse(text).map_err(LocalRulesError::Unreadable)?;
    for rule in local.all() {
        let id = rule.id.clone();
        if shipped.standing(&id).is_none() {
            return Err(LocalRulesError::Unknown { id });
        }
        // A province may be written with two digits.
        if rule.region == NATION || regions.get(&format!("{:0<6}", rule.region)).is_none() {
            let region = rule.region.clone();
            return Err(LocalRulesError::Region { id, region });
        }
        let ends_early = rule
            .effective_to
            .is_some_and(|last| last < rule.effective_from);
        if rule.value < 0 || ends_early {
            return Err(LocalRulesError::Value { id });
        }
        if rule.source.trim().is_empty() {
            return Err(LocalRulesError::Source { id });
        }
    }
    Ok(local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_book::{RegionPath, RuleBook};

    const FINE: &str = "dropout.most_fine_fen";

    fn entry(id: &str, region: &str, value: i64, source: &str) -> String {
        format!(
            "[[rule]]\nid = \"{id}\"\nregion = \"{region}\"\neffective_from = 2018-01-01\nvalue = {value}\n\
             source = \"{source}\"\ntrust = \"V-LOCAL\"\n"
        )
    }

    fn taken(text: &str) -> Result<Rules, LocalRulesError> {
        let shipped = &*RuleBook::of(super::super::SHIPPED);
        read(text, shipped, &RegionTable::builtin())
    }

    #[test]
    fn a_county_with_a_legal_basis_of_its_own_has_it_and_its_neighbour_has_not() {
        let local = taken(&entry(FINE, "630121", 50_000, "某县条例第十条")).unwrap();
        let book = local.ahead_of(Rules::parse(super::super::SHIPPED).unwrap());
        let regions = RegionTable::builtin();
        let day = "2018-10-15".parse().unwrap();
        let fine = |code: &str| {
            book.number(FINE, &RegionPath::of(&regions, code), day)
                .unwrap()
        };
        assert_eq!((fine("630121"), fine("630103")), (50_000, 0));
        assert!(taken(&entry(FINE, "63", 1, "某省条例")).is_ok());
    }

    #[test]
    fn what_is_no_rule_of_a_known_region_with_a_source_is_refused_by_name() {
        let told = |text: &str| taken(text).unwrap_err().to_string();
        assert!(
            told(&entry("dropout.most_fine", "63", 1, "某省条例")).contains("dropout.most_fine ")
        );
        assert!(told(&entry(FINE, "", 1, "某省条例")).contains("region table"));
        assert!(told(&entry(FINE, "639999", 1, "某省条例")).contains("639999"));
        assert!(told(&entry(FINE, "63", -1, "某省条例")).contains("below zero"));
        assert!(told(&entry(FINE, "63", 1, " ")).contains("source"));
        assert!(told("[[rule]]").contains("cannot be read"));
    }
}
