//! Where somebody is registered, as far as a caller may know.

use std::collections::HashMap;

use junheng_kernel::admission::Caller;
use junheng_kernel::post::Level;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::error::{StudentError, Whereabouts};
use crate::entity::student::Model;
use crate::school::store as schools;

/// The names of the schools that the caller's post covers, of those where some students are.
#[derive(Debug)]
pub(crate) struct KnownSchools {
    names: HashMap<Uuid, String>,
    level: Level,
}

/// The refusal of whom this record is already, which says where as far as the caller may know.
pub(crate) async fn registered(
    database: &impl ConnectionTrait,
    caller: &Caller,
    holder: &Model,
) -> Result<StudentError, DbErr> {
    let schools = KnownSchools::of(database, caller, std::slice::from_ref(holder)).await?;
    Ok(StudentError::PersonRegistered(schools.of_student(holder)))
}

// === impl KnownSchools ===

impl KnownSchools {
    /// Reads the schools of these students, in one statement.
    pub(crate) async fn of(
        database: &impl ConnectionTrait,
        caller: &Caller,
        students: &[Model],
    ) -> Result<Self, DbErr> {
        let mut ids: Vec<Uuid> = students.iter().map(|student| student.school).collect();
        ids.sort_unstable();
        ids.dedup();
        let schools = schools::with_ids(database, &caller.scope, ids).await?;
        Ok(Self {
            names: schools
                .into_iter()
                .map(|school| (school.id, school.display_name))
                .collect(),
            level: caller.role.level,
        })
    }

    /// Where the student is registered.
    pub(crate) fn of_student(&self, student: &Model) -> Whereabouts {
        match self.names.get(&student.school) {
            Some(name) => Whereabouts::School(name.clone()),
            None if self.level == Level::School => Whereabouts::AnotherSchool,
            None => Whereabouts::AnotherCounty,
        }
    }
}
