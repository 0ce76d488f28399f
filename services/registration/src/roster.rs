//! The schools and classes that the rows of an import name, read once for the whole import instead of once a row.

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
use crate::school_class::rules::Place;
use crate::{school::store as schools, school_class::store as classes};

/// Schools by their codes and classes by their places.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    schools: HashMap<String, school::Model>,
    classes: HashMap<(Uuid, Place), school_class::Model>,
}

// === impl Roster ===

impl Roster {
    /// Reads the schools with these codes; what has not the shape of a code is left out, for no school has it.
    pub(crate) async fn of_schools(
        database: &impl ConnectionTrait,
        codes: impl Iterator<Item = &str>,
    ) -> Result<Self, KernelError> {
        let everywhere = Scope::everything("a row that names a school elsewhere must be told so");
        let codes: HashSet<&str> = codes.filter(|code| school_code::has_shape(code)).collect();
        let codes: Vec<&str> = codes.into_iter().collect();
        let mut roster = Self::default();
        for some in codes.chunks(SET) {
            for school in schools::with_codes(database, &everywhere, some).await? {
                roster.schools.insert(school.school_code.clone(), school);
            }
        }
        Ok(roster)
    }

    /// Reads the schools with these codes, and their classes.
    pub(crate) async fn of_classes(
        database: &impl ConnectionTrait,
        codes: impl Iterator<Item = &str>,
    ) -> Result<Self, KernelError> {
        let mut roster = Self::of_schools(database, codes).await?;
        let ids: Vec<Uuid> = roster.schools.values().map(|school| school.id).collect();
        for some in ids.chunks(SET) {
            for class in classes::of_schools(database, some).await? {
                roster
                    .classes
                    .insert((class.school, Place::of(&class)), class);
            }
        }
        Ok(roster)
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
        let Some(school) = self.schools.get(code) else {
            return Err(Refusal::MissingParent {
                key: code.to_owned(),
                wrong: unknown_school(code),
            });
        };
        let own = Some(school.id);
        if parent.contains(school.place, own) && caller.scope.covers(school.place, own) {
            return Ok(school);
        }
        Err(Refusal::Wrong(vec![Violation {
            field: "school_code".into(),
            reason: Reason::RowOutOfParent,
            why: format!("school {code} lies outside the import's parent"),
            why_zh: format!("学校{code}不在本次导入范围内"),
        }]))
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
