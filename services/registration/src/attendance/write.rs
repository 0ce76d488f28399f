//! Writes sheets with their rolls and absences, opens the suspicions that they bring, and takes back the returns that they no longer
//! prove.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::record;
use junheng_kernel::service::Context;
use junheng_kernel::store::{self as kernel, Tx};
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::AttendanceSheet;
use uuid::Uuid;

use super::called::{Called, Kind, is_present, is_without_leave};
use super::{encode, store, threshold};
use crate::dropout_case::opening::Scene;
use crate::dropout_case::unproven;
use crate::entity::{absence, attendance_sheet as sheet};

/// A sheet as it stood and as it will stand.
pub(super) struct Change {
    /// As it stood; `None` for a new one.
    pub(super) before: Option<(sheet::Model, Called)>,
    /// The sheet; counts and roll are set by the write.
    pub(super) after: sheet::Model,
    /// The day.
    pub(super) date: NaiveDate,
    /// The class as it was called.
    pub(super) called: Called,
}

// === impl Change ===

impl Change {
    /// A new sheet of a class in a school at a place.
    pub(super) fn new(
        (school, place, school_class): (Uuid, i64, Uuid),
        date: NaiveDate,
        called: Called,
    ) -> Self {
        Self {
            before: None,
            after: sheet::Model {
                id: Uuid::now_v7(),
                school,
                place,
                school_class,
                date: date.to_string(),
                roll: Uuid::nil(),
                roll_count: 0,
                called_count: 0,
                absent_count: 0,
                marks: Vec::new(),
                create_micros: 0,
                update_micros: 0,
                version: 1,
            },
            date,
            called,
        }
    }

    /// Another version of a sheet that stands.
    pub(super) fn of(
        before: sheet::Model,
        was: Called,
        place: i64,
        date: NaiveDate,
        called: Called,
    ) -> Self {
        Self {
            after: sheet::Model {
                place,
                version: before.version + 1,
                ..before.clone()
            },
            before: Some((before, was)),
            date,
            called,
        }
    }

    fn settle(&mut self, now_micros: i64) -> crate::entity::attendance_roll::Model {
        let after = &mut self.after;
        let roll = self
            .called
            .roll(after.school, after.place, after.school_class);
        let counts = self.called.counts();
        after.roll = roll.id;
        after.roll_count = counts.roll;
        after.called_count = counts.called;
        after.absent_count = counts.absent;
        after.marks = self.called.pack();
        after.update_micros = now_micros;
        if self.before.is_none() {
            after.create_micros = now_micros;
        }
        roll
    }

    fn was(&self, student: Uuid) -> Option<Kind> {
        let (_, was) = self.before.as_ref()?;
        was.mark_of(student)
    }

    /// The absences that this day no longer has.
    fn gone(&self) -> impl Iterator<Item = Uuid> {
        let was = self.before.as_ref().map(|(_, was)| was.exceptions());
        was.into_iter()
            .flatten()
            .map(|(student, _)| student)
            .filter(|student| !self.called.exceptions().any(|(still, _)| still == *student))
    }

    /// The absences that are new or changed.
    fn come(&self) -> impl Iterator<Item = (Uuid, Kind)> {
        self.called
            .exceptions()
            .filter(|(student, kind)| self.was(*student) != Some(*kind))
    }

    /// Who was there as the sheet stood, and was not as it will stand.
    fn not_there_after_all(&self) -> impl Iterator<Item = Uuid> {
        let was = self.before.iter().flat_map(|(_, was)| was.iter());
        was.filter(|(student, kind)| {
            is_present(*kind) && !self.called.mark_of(*student).is_some_and(is_present)
        })
        .map(|(student, _)| student)
    }

    fn record(&self, keep: bool) -> Record {
        let shown = encode::encode(&self.after, &self.called, false);
        let before: Option<AttendanceSheet> = self
            .before
            .as_ref()
            .map(|(before, was)| encode::encode(before, was, false));
        record(
            &shown.name,
            self.after.place,
            Some(self.after.school),
            before.as_ref(),
            &shown,
            keep,
        )
    }
}

/// Writes changes of different sheets in a few statements. Gives the sheets as they stand now, in the same order, and what
/// the journal keeps of them and of the cases that they opened.
pub(super) async fn write(
    tx: &Tx,
    context: &Context,
    mut changes: Vec<Change>,
    keep: bool,
) -> Result<(Vec<(sheet::Model, Called)>, Vec<Record>), KernelError> {
    let now_micros = context.clock.now_micros();
    let mut rolls = HashMap::new();
    for change in &mut changes {
        let roll = change.settle(now_micros);
        rolls.insert(roll.id, roll);
    }
    store::keep_rolls(&**tx, rolls.into_values().collect()).await?;
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    let mut gone: BTreeMap<NaiveDate, Vec<Uuid>> = BTreeMap::new();
    let (mut come, mut without_leave, mut not_there) = (Vec::new(), Vec::new(), Vec::new());
    for change in &changes {
        let after = &change.after;
        if change.before.is_none() {
            new.push(after.clone());
        } else {
            changed.push(after.clone());
        }
        gone.entry(change.date).or_default().extend(change.gone());
        not_there.extend(change.not_there_after_all());
        for (student, kind) in change.come() {
            if is_without_leave(kind) {
                without_leave.push((student, after.place));
            }
            come.push(absence::Model {
                student,
                date: after.date.clone(),
                school: after.school,
                place: after.place,
                school_class: after.school_class,
                kind: kind as i32,
            });
        }
    }
    store::insert_sheets(&**tx, new).await?;
    kernel::replace_all::<sheet::Entity>(&**tx, changed).await?;
    for (date, students) in gone {
        store::remove_absences(&**tx, date, &students).await?;
    }
    store::put_absences(&**tx, come).await?;
    let mut records: Vec<Record> = changes.iter().map(|change| change.record(keep)).collect();
    let scene = Scene::of(context)?;
    records.extend(unproven::take_back(&**tx, &scene, &not_there).await?);
    let opened = threshold::open(&**tx, context, without_leave).await?;
    records.extend(opened.records);
    let sheets = changes.into_iter().map(|one| (one.after, one.called));
    Ok((sheets.collect(), records))
}
