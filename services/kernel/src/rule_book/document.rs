//! The shape of the file of rules.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};

use crate::error::KernelError;

/// The file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// The entries, in the order of the file.
    #[serde(rename = "rule")]
    pub(super) rules: Vec<Rule>,
}

/// A rule as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    region: String,
    #[serde(deserialize_with = "date")]
    effective_from: NaiveDate,
    #[serde(default, deserialize_with = "some_date")]
    effective_to: Option<NaiveDate>,
    value: Option<i64>,
    list: Option<Vec<i64>>,
    source: String,
    trust: String,
}

/// One rule in one region for one time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Rule {
    /// What is asked for, `{topic}.{what}`; the unit is the end of the name: `transfer.step_working_days`.
    pub id: String,
    /// The region's code, or empty for the nation.
    pub region: String,
    /// The first day on which it holds.
    pub effective_from: NaiveDate,
    /// The last day on which it holds; open when absent.
    pub effective_to: Option<NaiveDate>,
    /// The value; of a switch 1 for yes and 0 for no, of a list how many it has.
    pub value: i64,
    /// The numbers of a list, for example the kinds of documents that prove something; empty for a single value.
    pub list: Vec<i64>,
    /// The document behind it, with the article where it is known.
    pub source: String,
    /// How far the source is trusted: V-LAW, V, V-LOCAL, R+, R or DESIGN.
    pub trust: String,
}

impl TryFrom<Written> for Rule {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let (value, list) = match (written.value, written.list) {
            (Some(value), None) => (value, Vec::new()),
            (None, Some(list)) => (i64::try_from(list.len()).unwrap_or(i64::MAX), list),
            _ => return Err(format!("{} needs either value or list", written.id)),
        };
        Ok(Self {
            id: written.id,
            region: written.region,
            effective_from: written.effective_from,
            effective_to: written.effective_to,
            value,
            list,
            source: written.source,
            trust: written.trust,
        })
    }
}

// === impl Rule ===

impl Rule {
    /// Whether it holds on a day.
    pub fn holds_on(&self, date: NaiveDate) -> bool {
        self.effective_from <= date && self.effective_to.is_none_or(|last| date <= last)
    }

    /// Whether a switch is on.
    pub fn is_on(&self) -> bool {
        self.value != 0
    }

    /// The value of a rule that counts something. Fails where the file has a number below zero.
    pub fn count(&self) -> Result<u32, KernelError> {
        u32::try_from(self.value)
            .map_err(|_| KernelError::Stored(format!("{} is {}", self.id, self.value)))
    }
}

fn date<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
    let written = toml::value::Datetime::deserialize(from)?.to_string();
    written.parse().map_err(serde::de::Error::custom)
}

fn some_date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
    date(from).map(Some)
}
