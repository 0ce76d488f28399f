//! The pupils, classes and days that the rows of an import name, looked up a chunk at a time.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::Refusal;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::privacy::BlindIndex;
use junheng_kernel::service::Context;
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::AttendanceRow;
use uuid::Uuid;

use super::called::kind_of;
use super::days;
use super::error::AttendanceError;
use super::import::{Checked, Marks};
use super::mark::exceptions;
use super::store::{self, Pupil};
use crate::entity::school_class;
use crate::student::document;
use crate::student::standing::is_on_roll;

/// Pupils and classes kept at most; beyond it the roster starts anew with the chunk at hand.
const MOST: usize = 20_000;

/// What rows name.
#[derive(Default)]
pub(super) struct Roster {
    pupils: HashMap<Uuid, Pupil>,
    by_number: HashMap<Vec<u8>, Uuid>,
    classes: HashMap<Uuid, school_class::Model>,
    /// Pupils who came after the oldest day of the chunk, with the day of coming.
    arrived: HashMap<Uuid, NaiveDate>,
    /// What is wrong with a day at a place, for those who may not mark it.
    days: HashMap<(i64, NaiveDate), Option<Violation>>,
}

/// Whom a row marks.
pub(super) struct Asked<'a> {
    pub(super) context: &'a Context,
    pub(super) caller: &'a Caller,
    pub(super) parent: &'a Parent,
    pub(super) index: &'a BlindIndex,
}

// === impl Roster ===

impl Roster {
    pub(super) async fn look_up(
        &mut self,
        asked: &Asked<'_>,
        rows: &[AttendanceRow],
    ) -> Result<(), KernelError> {
        if self.pupils.len() + self.classes.len() > MOST {
            *self = Self::default();
        }
        let (context, database) = (asked.context, asked.context.store.reader());
        let (mut ids, mut hashes, mut classes) = (Vec::new(), Vec::new(), HashSet::new());
        for row in rows {
            if let Ok(id) = id_of("students", &row.student) {
                ids.extend((!self.pupils.contains_key(&id)).then_some(id));
            } else if let Some(hash) = number_of(asked.index, row) {
                hashes.extend((!self.by_number.contains_key(&hash)).then_some(hash));
            }
            if let Ok(id) = id_of("classes", &row.school_class) {
                classes.insert(id);
            }
        }
        for pupil in store::pupils(database, &ids, &hashes).await? {
            self.by_number.insert(pupil.number_hash.clone(), pupil.id);
            self.pupils.insert(pupil.id, pupil);
        }
        classes.retain(|id| !self.classes.contains_key(id));
        let classes: Vec<Uuid> = classes.into_iter().collect();
        let found = store::classes(database, &classes).await?;
        self.classes
            .extend(found.into_iter().map(|class| (class.id, class)));
        let today = context.clock.today();
        let dates = rows.iter().filter_map(|row| row.date.parse().ok());
        let dates: HashSet<NaiveDate> = dates.collect();
        if let Some(oldest) = dates.iter().min().filter(|oldest| **oldest < today) {
            let named = rows.iter().filter_map(|row| self.pupil(asked.index, row));
            let named: Vec<Uuid> = named.map(|pupil| pupil.id).collect();
            self.arrived = store::arrived_after(database, &named, *oldest).await?;
        }
        let places: HashSet<i64> = self
            .pupils
            .values()
            .map(|pupil| pupil.place)
            .chain(self.classes.values().map(|class| class.place))
            .collect();
        for place in places {
            for date in &dates {
                let level = asked.caller.role.level;
                let wrong = || match days::check(context, level, place, *date) {
                    Ok(()) => Ok(None),
                    Err(AttendanceError::Kernel(error)) => Err(error),
                    Err(rule) => Ok(Some(Violation::of("date", &rule))),
                };
                if let Entry::Vacant(day) = self.days.entry((place, *date)) {
                    day.insert(wrong()?);
                }
            }
        }
        Ok(())
    }

    fn pupil(&self, index: &BlindIndex, row: &AttendanceRow) -> Option<&Pupil> {
        let id = match id_of("students", &row.student) {
            Ok(id) => id,
            Err(_) => *self.by_number.get(&number_of(index, row)?)?,
        };
        self.pupils.get(&id)
    }

    /// Judges a row: its day, whom it names, and whether they belong there.
    pub(super) fn judge(&self, asked: &Asked<'_>, row: &AttendanceRow) -> Result<Checked, Refusal> {
        let date = days::read("date", &row.date)?;
        let names_pupil = !row.student.is_empty() || !row.student_number.is_empty();
        let class = self.class(row)?;
        let checked = if names_pupil {
            self.judge_pupil(asked, row, date, class)?
        } else {
            let Some(class) = class else {
                return Err(Violation::required("student").into());
            };
            within(asked, class.place, class.school)?;
            Checked {
                row: row.row,
                date,
                school_class: class.id,
                school: class.school,
                place: class.place,
                marks: Marks::Whole(exceptions(&row.exceptions)?),
            }
        };
        match self.days.get(&(checked.place, date)).cloned().flatten() {
            Some(wrong) => Err(wrong.into()),
            None => Ok(checked),
        }
    }

    fn judge_pupil(
        &self,
        asked: &Asked<'_>,
        row: &AttendanceRow,
        date: NaiveDate,
        class: Option<&school_class::Model>,
    ) -> Result<Checked, Refusal> {
        let field = if row.student.is_empty() {
            "student_number"
        } else {
            "student"
        };
        let full_name = "junheng.registration.v1.AttendanceMark.Kind";
        if let Some(wrong) = junheng_kernel::label::check("kind", full_name, row.kind) {
            return Err(wrong.into());
        }
        let Some(pupil) = self.pupil(asked.index, row) else {
            let missing = KernelError::not_found("students/-");
            return Err(Violation::of(field, &missing).into());
        };
        within(asked, pupil.place, pupil.school)?;
        let came_later = self.arrived.get(&pupil.id).is_some_and(|came| *came > date);
        let elsewhere = class.is_some_and(|class| pupil.school_class != Some(class.id));
        let seat = pupil
            .school_class
            .filter(|_| is_on_roll(pupil.state) && !came_later && !elsewhere);
        let Some(school_class) = seat else {
            return Err(Violation::of(field, &not_on_roll(pupil.id, date)).into());
        };
        Ok(Checked {
            row: row.row,
            date,
            school_class,
            school: pupil.school,
            place: pupil.place,
            marks: Marks::Pupil(pupil.id, kind_of(row.kind)),
        })
    }

    fn class(&self, row: &AttendanceRow) -> Result<Option<&school_class::Model>, Refusal> {
        if row.school_class.is_empty() {
            return Ok(None);
        }
        let id = id_of("classes", &row.school_class).ok();
        match id.and_then(|id| self.classes.get(&id)) {
            Some(class) => Ok(Some(class)),
            None => {
                let missing = KernelError::not_found(row.school_class.clone());
                Err(Violation::of("school_class", &missing).into())
            }
        }
    }
}

/// The refusal of who is not on the roll.
pub(super) fn not_on_roll(student: Uuid, date: NaiveDate) -> impl Fault {
    AttendanceError::NotOnRoll {
        student: format!("students/{student}"),
        date,
    }
}

fn number_of(index: &BlindIndex, row: &AttendanceRow) -> Option<Vec<u8>> {
    (!row.student_number.is_empty()).then(|| {
        let number = document::normalize(&row.student_number);
        document::number_hash(index, &number)
    })
}

/// A row outside the import's parent or the caller's post tells nothing of whom it names.
fn within(asked: &Asked<'_>, place: i64, school: Uuid) -> Result<(), Refusal> {
    let school = Some(school);
    if asked.parent.contains(place, school) && asked.caller.scope.covers(place, school) {
        return Ok(());
    }
    Err(Refusal::from(Violation {
        field: "student".into(),
        reason: Reason::RowOutOfParent,
        why: "lies outside the import's parent".into(),
        why_zh: "不在本次导入范围内".into(),
    }))
}
