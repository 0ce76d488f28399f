//! Moves classes and students from one school to another.

use std::collections::HashMap;

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::record;
use junheng_kernel::resource;
use junheng_kernel::store::Tx;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::student_change::Kind;
use uuid::Uuid;

use super::store;
use crate::entity::{school, school_class};
use crate::followers;
use crate::school_class::rpc::encode;
use crate::school_class::rules::{MOST_CLASSES, Place};
use crate::student::ledger::{self, Happening, Move, Pen};
use crate::student::standing::is_live;

/// What moved.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// The records of classes and students for the journal.
    pub(super) records: Vec<Record>,
    /// Students.
    pub(super) student_count: i64,
}

/// A move between two schools, for one reorganisation.
pub(super) struct Transit<'a> {
    pub(super) tx: &'a Tx,
    pub(super) pen: Pen<'a>,
    pub(super) from: &'a school::Model,
    pub(super) to: &'a school::Model,
    pub(super) date: NaiveDate,
    pub(super) process: String,
}

// === impl Transit ===

impl Transit<'_> {
    /// Moves these classes with their students. `everybody` takes along who is in no class, and the records of who has left.
    pub(super) async fn run(
        &self,
        classes: Vec<school_class::Model>,
        everybody: bool,
    ) -> Result<Moved, KernelError> {
        let mut moved = Moved::default();
        let ids: Vec<Uuid> = classes.iter().map(|class| class.id).collect();
        moved.records = self.classes(classes).await?;
        let limit = (!everybody).then_some(ids.as_slice());
        loop {
            let students = store::next_students(&**self.tx, self.from.id, limit).await?;
            if students.is_empty() {
                return Ok(moved);
            }
            let (live, gone): (Vec<_>, Vec<_>) = students
                .into_iter()
                .map(|before| {
                    let mut after = before.clone();
                    (after.school, after.place) = (self.to.id, self.to.place);
                    Move {
                        before: Some(before),
                        after,
                    }
                })
                .partition(|one| is_live(one.after.state));
            moved.student_count += i64::try_from(live.len()).unwrap_or(i64::MAX);
            let happening = Happening {
                kind: Kind::SchoolReorganised,
                date: self.date,
                process: self.process.clone(),
            };
            for (some, what) in [(live, Some(&happening)), (gone, None)] {
                let done = ledger::change_all(&**self.tx, self.pen, some, what, false).await?;
                moved.records.extend(done.records);
            }
        }
    }

    /// Moves classes; in the new school they take the next free numbers of their grade.
    async fn classes(
        &self,
        mut classes: Vec<school_class::Model>,
    ) -> Result<Vec<Record>, KernelError> {
        classes.sort_by_key(|class| (class.stage, class.grade, class.number));
        let highest = store::highest_numbers(&**self.tx, self.to.id).await?;
        let mut highest: HashMap<(i32, i32), i32> = highest
            .into_iter()
            .map(|(stage, grade, number)| ((stage, grade), number))
            .collect();
        let mut records = Vec::with_capacity(classes.len());
        let mut moved = Vec::with_capacity(classes.len());
        for before in classes {
            let number = highest.entry((before.stage, before.grade)).or_default();
            *number += 1;
            if *number > MOST_CLASSES {
                return Err(too_many(self.to, &before));
            }
            let after = school_class::Model {
                school: self.to.id,
                place: self.to.place,
                number: *number,
                version: before.version + 1,
                ..before.clone()
            };
            resource::replace::<school_class::Entity>(&**self.tx, after.clone(), before.version)
                .await?;
            moved.push((after.id, after.school, after.place));
            let (old, new) = (encode(&before), encode(&after));
            let school = Some(after.school);
            records.push(record(
                &new.name,
                after.place,
                school,
                Some(&old),
                &new,
                true,
            ));
        }
        followers::go_with_classes(&**self.tx, &moved).await?;
        Ok(records)
    }
}

fn too_many(school: &school::Model, class: &school_class::Model) -> KernelError {
    let grade = Place::of(class).full_name();
    KernelError::Fields(vec![junheng_kernel::fault::Violation::invalid(
        "receiving_school",
        format!(
            "{} would have more than {MOST_CLASSES} classes in a grade",
            school.display_name
        ),
        format!(
            "{}在{grade}所在年级的班级数将超过{MOST_CLASSES}个",
            school.display_name
        ),
    )])
}
