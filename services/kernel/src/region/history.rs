//! Codes that are no longer in force, and what an identity number's area code is worth.

use std::collections::BTreeMap;

/// What is known of an area code (the first six digits of an identity number, GB 11643). Never a reason to reject a person: numbers
/// keep the code of their day, and retired codes before 2015 are known for provinces 41, 42, 62 and 63 only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AreaCode {
    /// A region in force, or one of the areas 810000, 820000, 830000 of the residence permits (港澳台居民居住证).
    InForce,
    /// A region once.
    Retired {
        /// Name at that time, where known.
        name: Option<String>,
        /// Year in which the code ended, where known.
        year: Option<u16>,
        /// The code in force that took its place, where there is one.
        successor: Option<String>,
    },
    /// Neither.
    Unknown,
}

/// The end of one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Retirement {
    pub(super) name: Option<String>,
    pub(super) year: Option<u16>,
    /// Next in line; may be retired in its turn.
    pub(super) successor: Option<String>,
}

/// Retired codes.
#[derive(Debug, Clone)]
pub(super) struct History {
    retired: BTreeMap<String, Retirement>,
}

// === impl History ===

impl History {
    pub(super) fn new(retired: BTreeMap<String, Retirement>) -> Self {
        Self { retired }
    }

    pub(super) fn is_retired(&self, code: &str) -> bool {
        self.retired.contains_key(code)
    }

    pub(super) fn get(&self, code: &str) -> Option<&Retirement> {
        self.retired.get(code)
    }

    pub(super) fn retire(&mut self, code: String, retirement: Retirement) {
        self.retired.insert(code, retirement);
    }

    pub(super) fn restore(&mut self, code: &str) {
        self.retired.remove(code);
    }

    /// Follows successors until one is in force. A line that breaks off or runs in a circle ends in `None`.
    pub(super) fn follow<'a>(
        &'a self,
        code: &str,
        in_force: impl Fn(&str) -> bool,
    ) -> Option<&'a str> {
        let mut next = self.get(code)?.successor.as_deref()?;
        for _ in 0..self.retired.len() {
            if in_force(next) {
                return Some(next);
            }
            next = self.get(next)?.successor.as_deref()?;
        }
        None
    }
}
