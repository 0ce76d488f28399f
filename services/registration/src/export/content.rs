//! The rows of an export, page by page.

use std::collections::HashMap;

use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::resource::{self, Position};
use junheng_kernel::scope::Scope;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::columns::{COLUMNS, Column, Line};
use super::encode::names_of;
use super::store;
use crate::approval::fields_of_text;
use crate::entity::export::Model;
use crate::entity::student;
use crate::student::person::{self, Person};

/// Students read at once.
const PAGE: u64 = 500;

/// What stays the same through a file.
pub(super) struct Content {
    pub(super) export: Model,
    pub(super) scope: Scope,
    pub(super) students_of: Parent,
    pub(super) watermark: String,
    after: Option<Position>,
}

// === impl Content ===

impl Content {
    pub(super) fn new(export: Model, scope: Scope, students_of: Parent, watermark: String) -> Self {
        Self {
            export,
            scope,
            students_of,
            watermark,
            after: None,
        }
    }

    /// The columns, without the watermark's.
    pub(super) fn columns(&self) -> Vec<&'static Column> {
        let names = names_of(&self.export.columns);
        if names.is_empty() {
            return COLUMNS.iter().collect();
        }
        names
            .iter()
            .filter_map(|name| Column::named(name))
            .collect()
    }

    /// The next rows; none after the last.
    pub(super) async fn next(
        &mut self,
        database: &impl ConnectionTrait,
        keys: &Keyring,
    ) -> Result<Vec<Vec<String>>, KernelError> {
        let (scope, of) = (&self.scope, &self.students_of);
        let wanted = store::wanted(&self.export);
        let students =
            resource::next::<student::Entity>(database, scope, of, wanted, self.after, PAGE)
                .await?;
        let Some(last) = students.last() else {
            return Ok(Vec::new());
        };
        self.after = Some(Position::of::<student::Entity>(last));
        let (schools, classes) = store::named(database, &students).await?;
        let schools: HashMap<Uuid, (String, String)> = schools
            .into_iter()
            .map(|school| (school.id, (school.school_code, school.display_name)))
            .collect();
        let classes: HashMap<Uuid, String> = classes
            .into_iter()
            .map(|class| (class.id, class.number.to_string()))
            .collect();
        let columns = self.columns();
        let in_clear = fields_of_text(&self.export.clear_fields);
        let row = |student: &student::Model| {
            let school = schools.get(&student.school).cloned().unwrap_or_default();
            let class = student.school_class.and_then(|id| classes.get(&id));
            let line = Line {
                shown: person::encode(keys, student)?,
                person: Person::of(keys, student)?,
                school_code: school.0,
                school_name: school.1,
                class_number: class.cloned().unwrap_or_default(),
            };
            let cells = columns.iter().map(|column| column.write(&line, &in_clear));
            Ok(cells
                .chain(std::iter::once(self.watermark.clone()))
                .collect())
        };
        students.iter().map(row).collect()
    }
}
