//! Classes that registrations have named, as they were read last. What is kept here may have changed since: who builds on it holds
//! the class by its version when writing, and reads it anew before refusing anything for its sake.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use junheng_kernel::name::id_of;
use uuid::Uuid;

use crate::entity::school_class;

/// Classes kept at most, a few megabytes; beyond it they are read anew.
const MOST: usize = 20_000;

/// What one process knows of classes.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownClasses(Arc<Mutex<HashMap<Uuid, school_class::Model>>>);

// === impl KnownClasses ===

impl KnownClasses {
    /// The class of this name, if it was the school's when it was read.
    pub(super) fn of(&self, school: Uuid, name: &str) -> Option<school_class::Model> {
        let id = id_of("classes", name).ok()?;
        let classes = self.classes();
        classes
            .get(&id)
            .filter(|class| class.school == school)
            .cloned()
    }

    /// Keeps a class that has just been read.
    pub(super) fn keep(&self, class: &school_class::Model) {
        let mut classes = self.classes();
        if classes.len() >= MOST {
            classes.clear();
        }
        classes.insert(class.id, class.clone());
    }

    fn classes(&self) -> MutexGuard<'_, HashMap<Uuid, school_class::Model>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
