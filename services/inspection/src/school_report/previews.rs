//! What was shown lately, so that a refusal can name what changed since. Only a courtesy: the digest alone decides, and a
//! preview that was forgotten, or given by another instance, costs the names and nothing else.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::evidence::MeasureSet;

/// How many previews are remembered.
const KEPT: usize = 512;

/// The previews of one process.
#[derive(Clone, Default)]
pub struct Previews(Arc<Mutex<VecDeque<(String, MeasureSet)>>>);

// === impl Previews ===

impl Previews {
    /// Remembers a preview by its digest.
    pub fn remember(&self, digest: &str, set: &MeasureSet) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().any(|(known, _)| known == digest) {
            return;
        }
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((digest.to_owned(), set.clone()));
    }

    /// The preview with this digest, if it is still remembered.
    pub fn find(&self, digest: &str) -> Option<MeasureSet> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = kept.iter().filter(|(known, _)| known == digest);
        found.next().map(|(_, set)| set.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_preview_is_forgotten_first() {
        let previews = Previews::default();
        for number in 0..=KEPT {
            previews.remember(&number.to_string(), &MeasureSet::default());
        }
        assert!(previews.find("0").is_none());
        assert!(previews.find("1").is_some());
        assert!(previews.find(&KEPT.to_string()).is_some());
    }
}
