//! The schools and classes that the rows of an import name, read a chunk at a time and kept for the next one.

use std::collections::{HashMap, HashSet};

use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{Refusal, SET};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::name::Parent;
use junheng_kernel::school_code;
use junheng_kernel::scope::Scope;
use junheng_proto::error::v1::Reason;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::entity::{school, school_class};
use crate::school::parent;
use crate::school_class::rules::Place;
use crate::{school::store as schools, school_class::store as classes};

/// Schools and classes kept at most, a few megabytes; beyond it the roster starts anew with the chunk at hand.
const MOST: usize = 20_000;

/// Schools by their codes and classes by their places.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    /// `None` for a code that was looked up and that nobody has registered.
    schools: HashMap<String, Option<school::Model>>,
    classes: HashMap<(Uuid, Place), school_class::Model>,
}

// === impl Roster ===

impl Roster {
    /// Reads the schools with these codes that it does not know yet, and gives their ids; what has not the shape of a code
    /// is left out, for no school has it.
    pub(crate) async fn look_up_schools(
        &mut self,
        database: &impl ConnectionTrait,
        codes: impl Iterator<Item = &str>,
    ) -> Result<Vec<Uuid>, KernelError> {
        let everywhere = Scope::everything("a row that names a school elsewhere must be told so");
        let codes: HashSet<&str> = codes.filter(|code| school_code::has_shape(code)).collect();
        if self.schools.len() + self.classes.len() > MOST {
            *self = Self::default();
        }
        let unknown = codes
            .into_iter()
            .filter(|code| !self.schools.contains_key(*code));
        let unknown: Vec<&str> = unknown.collect();
        let mut found = Vec::new();
        for some in unknown.chunks(SET) {
            for code in some {
                self.schools.insert((*code).to_owned(), None);
            }
            for school in schools::with_codes(database, &everywhere, some).await? {
                found.push(school.id);
                self.schools
                    .insert(school.school_code.clone(), Some(school));
            }
        }
        Ok(found)
    }

    /// The same, with their classes.
    pub(crate) async fn look_up_classes(
        &mut self,
        database: &impl ConnectionTrait,
        codes: impl Iterator<Item = &str>,
    ) -> Result<(), KernelError> {
        let ids = self.look_up_schools(database, codes).await?;
        for some in ids.chunks(SET) {
            for class in classes::of_schools(database, some).await? {
                self.classes
                    .insert((class.school, Place::of(&class)), class);
            }
        }
        Ok(())
    }

    /// The school of a row. Its code has not the shape of one: `FIELD_REQUIRED` or `FIELD_INVALID`. Nobody registered it:
    /// the row waits for it. It lies outside the import's parent or the caller's post: `ROW_OUT_OF_PARENT`.
    pub(crate) fn school(
        &self,
        caller: &Caller,
        parent: &Parent,
        code: &str,
    ) -> Result<&school::Model, Refusal> {
        if let Some(wrong) = school_code::check("school_code", code) {
            return Err(Refusal::from(wrong));
        }
        let Some(school) = self.schools.get(code).and_then(Option::as_ref) else {
            // A school that comes later is another one than the import's: nothing to wait for.
            if parent.school().is_some() {
                return Err(outside(code));
            }
            return Err(Refusal::MissingParent {
                key: code.to_owned(),
                wrong: unknown_school(code),
            });
        };
        if let Some(closed) = parent::not_open(school) {
            return Err(Violation::of("school_code", &closed).into());
        }
        let own = Some(school.id);
        if parent.contains(school.place, own) && caller.scope.covers(school.place, own) {
            return Ok(school);
        }
        Err(outside(code))
    }

    /// The class of a row in its school. Nobody registered it: the row waits for it.
    pub(crate) fn class(
        &self,
        school: &school::Model,
        place: Place,
    ) -> Result<&school_class::Model, Refusal> {
        self.classes.get(&(school.id, place)).ok_or_else(|| {
            let code = &school.school_code;
            Refusal::MissingParent {
                key: format!("{code}/{place}"),
                wrong: unknown_class(&format!("{code} {}", place.full_name())),
            }
        })
    }
}

fn outside(code: &str) -> Refusal {
    Refusal::from(Violation {
        field: "school_code".into(),
        reason: Reason::RowOutOfParent,
        why: format!("school {code} lies outside the import's parent"),
        why_zh: format!("学校{code}不在本次导入范围内"),
    })
}

fn unknown_school(code: &str) -> Violation {
    Violation {
        field: "school_code".into(),
        reason: Reason::SchoolUnknown,
        why: format!("school {code} is not registered here; register it first or correct the code"),
        why_zh: format!("学校{code}尚未登记,请先登记学校或更正代码"),
    }
}

fn unknown_class(class: &str) -> Violation {
    Violation {
        field: "class_number".into(),
        reason: Reason::ClassUnknown,
        why: format!(
            "class {class} is not registered; register it first or correct stage, grade and number"
        ),
        why_zh: format!("班级{class}尚未登记,请先登记班级或更正学段、年级、班号"),
    }
}
