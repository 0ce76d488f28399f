//! Imports the marks of a school's own system. Rows of one class and day in a set become one write of its sheet.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{
    self, Destination, ImportResult, Importer, Part, Refusal, Report, SetOutcome,
};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::name::Parent;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{
    AttendanceRow, ImportAttendanceRequest, import_attendance_request,
};
use tonic::{Request, Streaming};
use uuid::Uuid;

use super::called::{Called, Kind, is_present};
use super::encode::name_of;
use super::error::AttendanceError;
use super::roster::{Asked, Roster, not_on_roll};
use super::store;
use super::store::ClassDay;
use super::write::{Change, write};
use crate::entity::attendance_sheet as sheet;
use crate::school::parent::{self, PlacedParent};
use crate::student::document;

/// A row that has passed the rules.
pub(super) struct Checked {
    pub(super) row: i64,
    pub(super) date: NaiveDate,
    pub(super) school_class: Uuid,
    pub(super) school: Uuid,
    pub(super) place: i64,
    pub(super) marks: Marks,
}

/// What a row marks.
pub(super) enum Marks {
    /// One pupil.
    Pupil(Uuid, Kind),
    /// A whole class, with those named.
    Whole(BTreeMap<Uuid, Kind>),
}

/// How attendance is imported.
struct Attendance {
    context: Context,
    caller: Caller,
    parent: Parent,
}

pub(super) async fn run(
    context: &Context,
    request: Request<Streaming<ImportAttendanceRequest>>,
) -> Result<ImportResult, AttendanceError> {
    let caller = Caller::of(&request)?;
    let incoming = bulk::open(request.into_inner(), |message| match message.part {
        Some(import_attendance_request::Part::Header(header)) => Part::Header(header),
        Some(import_attendance_request::Part::Row(row)) => Part::Row(row),
        None => Part::Nothing,
    })
    .await?;
    let header = incoming.header();
    let PlacedParent { parent, place } = parent::placed(
        context.store.reader(),
        &caller,
        &context.regions,
        "header.parent",
        &header.parent,
    )
    .await?;
    let destination = Destination {
        key: RequestKey::of(&header.request_id, header)?,
        caller: caller.clone(),
        place,
        school: parent.school(),
        parent: header.parent.clone(),
        data_class: DataClass::Sensitive,
    };
    let importer = Attendance {
        context: context.clone(),
        caller,
        parent,
    };
    bulk::run(&context.store, destination, incoming, importer).await
}

// === impl Attendance ===

impl Attendance {
    fn asked(&self) -> Result<Asked<'_>, KernelError> {
        Ok(Asked {
            context: &self.context,
            caller: &self.caller,
            parent: &self.parent,
            index: document::index_of(&self.context.store.keys)?,
        })
    }
}

impl Importer for Attendance {
    type Row = AttendanceRow;
    type Roster = Roster;
    type Checked = Checked;
    type Ready = Checked;
    type Error = AttendanceError;

    const KEY: &'static str = "student";
    // Who is on the roll of a class, and what stands on its sheet, is seen when the sheet is written.
    const REHEARSES: bool = true;

    fn number(row: &AttendanceRow) -> i64 {
        row.row
    }

    async fn look_up(
        &self,
        roster: &mut Roster,
        rows: &[AttendanceRow],
    ) -> Result<(), KernelError> {
        roster.look_up(&self.asked()?, rows).await
    }

    fn judge(&self, roster: &Roster, row: AttendanceRow) -> Result<Checked, Refusal> {
        let asked = self.asked().map_err(|error| {
            // The keys were opened when the service started.
            Refusal::from(Violation::of("student_number", &error))
        })?;
        roster.judge(&asked, &row)
    }

    fn key(checked: &Checked) -> impl Hash {
        match &checked.marks {
            Marks::Pupil(student, _) => (*student, checked.date),
            Marks::Whole(_) => (checked.school_class, checked.date),
        }
    }

    fn prepare(&self, rows: Vec<Checked>) -> Result<Vec<Checked>, KernelError> {
        Ok(rows)
    }

    async fn write(&self, tx: Tx, rows: Vec<Checked>) -> Result<SetOutcome, AttendanceError> {
        let schools = rows.iter().map(|checked| checked.school);
        let places = parent::hold_places(&*tx, schools).await?;
        let mut by_sheet: BTreeMap<ClassDay, Vec<Checked>> = BTreeMap::new();
        for mut checked in rows {
            checked.place = places
                .get(&checked.school)
                .copied()
                .unwrap_or(checked.place);
            let key = (checked.school_class, checked.date);
            by_sheet.entry(key).or_default().push(checked);
        }
        let keys: Vec<ClassDay> = by_sheet.keys().copied().collect();
        let standing = store::sheets(&*tx, &keys).await?;
        let standing = store::opened(&*tx, standing.into_values().collect()).await?;
        let mut standing: HashMap<ClassDay, (sheet::Model, Called)> = standing
            .into_iter()
            .filter_map(|(sheet, called)| {
                let date = sheet.date.parse().ok()?;
                Some(((sheet.school_class, date), (sheet, called)))
            })
            .collect();
        let rolls = Rolls::read(&tx, &self.context, &by_sheet, &standing).await?;
        let mut outcome = SetOutcome::default();
        let mut changes = Vec::new();
        for (key, rows) in by_sheet {
            let merging = Merging {
                rolls: &rolls,
                key,
                standing: standing.remove(&key),
            };
            changes.extend(merging.merge(rows, &mut outcome.report));
        }
        // The journal keeps the digests of a set's sheets, and their number; the sheets themselves stand in the table.
        let (_, records) = write(&tx, &self.context, changes, false).await?;
        outcome.records = records;
        Ok(outcome)
    }
}

/// The rolls of the classes of a set, as they stand in its transaction.
struct Rolls {
    by_class: HashMap<Uuid, Vec<Uuid>>,
    arrived: HashMap<Uuid, NaiveDate>,
    watched: std::collections::HashSet<Uuid>,
}

/// The rows of one class and day, on their way into its sheet.
struct Merging<'a> {
    rolls: &'a Rolls,
    key: ClassDay,
    standing: Option<(sheet::Model, Called)>,
}

// === impl Rolls ===

impl Rolls {
    async fn read(
        tx: &Tx,
        context: &Context,
        rows: &BTreeMap<ClassDay, Vec<Checked>>,
        standing: &HashMap<ClassDay, (sheet::Model, Called)>,
    ) -> Result<Self, KernelError> {
        let mut classes: Vec<Uuid> = rows.keys().map(|(class, _)| *class).collect();
        classes.dedup();
        let by_class = store::enrolled(&**tx, &classes).await?;
        let all: Vec<Uuid> = by_class.values().flatten().copied().collect();
        let today = context.clock.today();
        let oldest = rows.keys().map(|(_, date)| *date).min();
        let arrived = match oldest.filter(|oldest| *oldest < today) {
            Some(oldest) => store::arrived_after(&**tx, &all, oldest).await?,
            None => HashMap::new(),
        };
        // Silence is asked about for whole classes only; of single pupils it is asked who would have been there after all.
        let is_whole = |row: &Checked| matches!(row.marks, Marks::Whole(_));
        let watched = if rows.values().flatten().any(is_whole) {
            store::watched(&**tx, &all).await?
        } else {
            let there_after_all = rows.iter().flat_map(|(key, rows)| {
                let was = standing.get(key).map(|(_, was)| was);
                rows.iter().filter_map(move |row| match row.marks {
                    Marks::Pupil(student, kind) if is_present(kind) => {
                        (was?.mark_of(student)? == Kind::Unknown).then_some(student)
                    }
                    _ => None,
                })
            });
            store::watched(&**tx, &there_after_all.collect::<Vec<_>>()).await?
        };
        Ok(Self {
            by_class,
            arrived,
            watched,
        })
    }

    fn of(&self, (class, date): ClassDay) -> Vec<Uuid> {
        let roll = self.by_class.get(&class).into_iter().flatten();
        let here = |id: &&Uuid| self.arrived.get(id).is_none_or(|came| *came <= date);
        roll.filter(here).copied().collect()
    }
}

// === impl Merging ===

impl Merging<'_> {
    /// The change of the sheet, when a row brings one; every row gets its verdict.
    fn merge(self, rows: Vec<Checked>, report: &mut Report) -> Option<Change> {
        let roll = self.rolls.of(self.key);
        let first = rows.first()?;
        let seat = (first.school, first.place, self.key.0);
        let mut called = match &self.standing {
            Some((_, called)) => called.clone(),
            None => Called::nobody(roll.iter().copied()),
        };
        let mut is_changed = false;
        for row in rows {
            let wanted: Vec<(Uuid, Kind)> = match row.marks {
                Marks::Pupil(student, kind) => vec![(student, kind)],
                Marks::Whole(exceptions) => self.whole(&roll, exceptions),
            };
            let wrong = wanted
                .iter()
                .find_map(|(student, kind)| self.wrong(&called, &roll, *student, *kind));
            if let Some(wrong) = wrong {
                report.reject(row.row, &[wrong]);
                continue;
            }
            let mut brings = false;
            for (student, kind) in wanted {
                if called.mark_of(student) != Some(kind) {
                    called.mark(student, kind);
                    brings = true;
                }
            }
            match (brings, &self.standing) {
                (false, _) => report.unchanged(),
                (true, None) => report.created(),
                (true, Some(_)) => report.updated(),
            }
            is_changed |= brings;
        }
        if !is_changed {
            return None;
        }
        let date = self.key.1;
        Some(match self.standing {
            Some((sheet, was)) => Change::of(sheet, was, seat.1, date, called),
            None => Change::new(seat, date, called),
        })
    }

    /// The marks of a whole class: who is not named was present, but for who has an open case.
    fn whole(&self, roll: &[Uuid], exceptions: BTreeMap<Uuid, Kind>) -> Vec<(Uuid, Kind)> {
        let silent = roll
            .iter()
            .filter(|id| !exceptions.contains_key(*id) && !self.rolls.watched.contains(*id))
            .map(|id| (*id, Kind::Present));
        let mut marks: Vec<(Uuid, Kind)> = silent.collect();
        marks.extend(exceptions);
        marks
    }

    /// What is wrong with marking a pupil so.
    fn wrong(
        &self,
        called: &Called,
        roll: &[Uuid],
        student: Uuid,
        kind: Kind,
    ) -> Option<Violation> {
        let stood = called.mark_of(student);
        if stood.is_none() && !roll.contains(&student) {
            let wrong = not_on_roll(student, self.key.1);
            return Some(Violation::of("student", &wrong));
        }
        let stood = stood.unwrap_or_default();
        // To say that a child was there on whose absence a case may rest takes a person, with a reason.
        let is_found_there = is_present(kind) && self.rolls.watched.contains(&student);
        let is_open = match stood {
            Kind::Unspecified => true,
            Kind::Unknown => !is_found_there,
            _ => stood == kind,
        };
        if is_open {
            return None;
        }
        Some(match &self.standing {
            Some((sheet, was)) if was.mark_of(student).is_some_and(|was| was == stood) => {
                let name = name_of(sheet);
                Violation::of("kind", &AttendanceError::Stands { name })
            }
            _ => Violation::invalid(
                "kind",
                "another row of this import marks the pupil differently on this day",
                "本次导入的另一行对该生当日有不同登记",
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: i64, student: Uuid, kind: Kind) -> Checked {
        Checked {
            row: number,
            date: day(),
            school_class: Uuid::from_u128(9),
            school: Uuid::from_u128(8),
            place: 420_106_000_000,
            marks: Marks::Pupil(student, kind),
        }
    }

    fn day() -> NaiveDate {
        "2026-10-12".parse().unwrap()
    }

    fn whole(number: i64, exceptions: &[(Uuid, Kind)]) -> Checked {
        Checked {
            marks: Marks::Whole(exceptions.iter().copied().collect()),
            ..row(number, Uuid::nil(), Kind::Present)
        }
    }

    fn rolls(pupils: &[Uuid], watched: &[Uuid]) -> Rolls {
        Rolls {
            by_class: HashMap::from([(Uuid::from_u128(9), pupils.to_vec())]),
            arrived: HashMap::new(),
            watched: watched.iter().copied().collect(),
        }
    }

    fn merge(
        rolls: &Rolls,
        standing: Option<(sheet::Model, Called)>,
        rows: Vec<Checked>,
    ) -> (Option<Called>, ImportResult) {
        let merging = Merging {
            rolls,
            key: (Uuid::from_u128(9), day()),
            standing,
        };
        let mut report = Report::default();
        let change = merging.merge(rows, &mut report);
        (change.map(|change| change.called), report.finish())
    }

    fn standing(called: Called) -> Option<(sheet::Model, Called)> {
        let seat = (Uuid::from_u128(8), 420_106_000_000, Uuid::from_u128(9));
        Some((Change::new(seat, day(), called.clone()).after, called))
    }

    #[test]
    fn pupils_who_come_in_two_sets_stand_on_one_sheet() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let rolls = rolls(&[one, other], &[]);
        let (called, _) = merge(&rolls, None, vec![row(2, one, Kind::Present)]);
        let called = called.unwrap();
        assert!(!called.is_whole(), "the other was not called yet");
        let second = vec![row(3, other, Kind::Sick)];
        let (called, result) = merge(&rolls, standing(called), second);
        let called = called.unwrap();
        assert!(called.is_whole());
        assert_eq!(called.mark_of(one), Some(Kind::Present));
        assert_eq!((result.updated_count, result.rejected_count), (1, 0));
    }

    #[test]
    fn what_stands_is_not_overwritten_by_an_import_but_for_what_nobody_knew() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let rolls = rolls(&[one, other], &[]);
        let called = Called::whole([one, other], [(one, Kind::Unknown)]);
        let rows = vec![row(2, one, Kind::Sick), row(3, other, Kind::Sick)];
        let (called, result) = merge(&rolls, standing(called), rows);
        assert_eq!(result.updated_count, 1);
        assert_eq!(result.rejected_count, 1);
        let called = called.unwrap();
        assert_eq!(called.mark_of(one), Some(Kind::Sick));
        assert_eq!(called.mark_of(other), Some(Kind::Present));
        let again = vec![row(2, one, Kind::Sick)];
        let (change, result) = merge(&rolls, standing(called), again);
        assert!(change.is_none());
        assert_eq!(result.unchanged_count, 1);
    }

    #[test]
    fn no_import_makes_a_child_with_an_open_case_present_who_was_marked_absent() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let rolls = rolls(&[one, other], &[one]);
        let unknown = [(one, Kind::Unknown), (other, Kind::Unknown)];
        let called = || Called::whole([one, other], unknown);
        let there = vec![row(2, one, Kind::Present), row(3, other, Kind::Present)];
        let named = [(one, Kind::Late), (other, Kind::Sick)];
        for rows in [there, vec![whole(2, &named)]] {
            let (changed, result) = merge(&rolls, standing(called()), rows);
            assert_eq!(result.rejected_count, 1);
            let kept = changed.unwrap_or_else(called);
            assert_eq!(kept.mark_of(one), Some(Kind::Unknown));
        }
        let why = vec![row(2, one, Kind::Sick)];
        let (changed, _) = merge(&rolls, standing(called()), why);
        assert_eq!(changed.unwrap().mark_of(one), Some(Kind::Sick));
    }

    #[test]
    fn silence_makes_nobody_present_who_has_an_open_case() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let rolls = rolls(&[one, other], &[other]);
        let (called, _) = merge(&rolls, None, vec![whole(2, &[])]);
        let called = called.unwrap();
        assert_eq!(called.mark_of(one), Some(Kind::Present));
        assert_eq!(called.mark_of(other), Some(Kind::Unspecified));
        let explicit = [(other, Kind::Present)];
        let (called, _) = merge(&rolls, None, vec![whole(2, &explicit)]);
        assert_eq!(called.unwrap().mark_of(other), Some(Kind::Present));
    }

    #[test]
    fn who_is_not_on_the_roll_is_refused() {
        let rolls = rolls(&[Uuid::from_u128(1)], &[]);
        let stranger = row(2, Uuid::from_u128(7), Kind::Present);
        let (change, result) = merge(&rolls, None, vec![stranger]);
        assert!(change.is_none());
        assert_eq!(result.rejected_count, 1);
    }
}
