//! A class as it was called on a day: every pupil of the roll with the mark, and how that is kept in few bytes. Pure.

use std::collections::BTreeMap;

use junheng_kernel::digest::PartsDigest;
use junheng_kernel::error::KernelError;
pub use junheng_proto::registration::v1::attendance_mark::Kind;
use uuid::Uuid;

use crate::entity::{attendance_roll, attendance_sheet};

/// Bytes of a pupil on a roll.
const PUPIL: usize = 16;
/// Bytes of a mark: two of the position, one of the kind.
const MARK: usize = 3;

/// The marks of everybody on a roll; [`Kind::Unspecified`] for who was not called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Called(BTreeMap<Uuid, Kind>);

/// How many of a roll were what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// On the roll.
    pub roll: i32,
    /// Called.
    pub called: i32,
    /// Absent.
    pub absent: i32,
}

/// Whether who has this mark was there.
pub fn is_present(kind: Kind) -> bool {
    matches!(kind, Kind::Present | Kind::Late)
}

/// The marks of who was away without leave, as far as anybody knows.
pub const WITHOUT_LEAVE: [Kind; 2] = [Kind::Unexcused, Kind::Unknown];

/// Whether who has this mark was away without leave, as far as anybody knows.
pub fn is_without_leave(kind: Kind) -> bool {
    WITHOUT_LEAVE.contains(&kind)
}

/// The kind of a number of the database.
pub fn kind_of(number: i32) -> Kind {
    Kind::try_from(number).unwrap_or_default()
}

// === impl Called ===

impl Called {
    /// A roll of which nobody has been called.
    pub fn nobody(pupils: impl IntoIterator<Item = Uuid>) -> Self {
        Self(
            pupils
                .into_iter()
                .map(|id| (id, Kind::Unspecified))
                .collect(),
        )
    }

    /// A roll of which everybody was present but for the exceptions, who are on it.
    pub fn whole(
        pupils: impl IntoIterator<Item = Uuid>,
        exceptions: impl IntoIterator<Item = (Uuid, Kind)>,
    ) -> Self {
        let mut called: BTreeMap<Uuid, Kind> =
            pupils.into_iter().map(|id| (id, Kind::Present)).collect();
        called.extend(exceptions);
        Self(called)
    }

    /// The roll and marks of a sheet. Fails with `INTERNAL` when they do not fit together.
    pub fn of(
        roll: &attendance_roll::Model,
        sheet: &attendance_sheet::Model,
    ) -> Result<Self, KernelError> {
        let torn = || KernelError::Stored(format!("attendanceSheets/{} is damaged", sheet.id));
        let mut pupils = pupils_of(roll)
            .map(|id| (id, Kind::Present))
            .collect::<Vec<_>>();
        for mark in sheet.marks.chunks(MARK) {
            let &[high, low, kind] = mark else {
                return Err(torn());
            };
            let position = usize::from(u16::from_be_bytes([high, low]));
            let pupil = pupils.get_mut(position).ok_or_else(torn)?;
            pupil.1 = kind_of(i32::from(kind));
        }
        Ok(Self(pupils.into_iter().collect()))
    }

    /// The pupil's mark; `None` for who is not on the roll.
    pub fn mark_of(&self, student: Uuid) -> Option<Kind> {
        self.0.get(&student).copied()
    }

    /// Marks a pupil, who comes on the roll if need be.
    pub fn mark(&mut self, student: Uuid, kind: Kind) {
        self.0.insert(student, kind);
    }

    /// Everybody in the order of the roll.
    pub fn iter(&self) -> impl Iterator<Item = (Uuid, Kind)> {
        self.0.iter().map(|(id, kind)| (*id, *kind))
    }

    /// Who was absent or late.
    pub fn exceptions(&self) -> impl Iterator<Item = (Uuid, Kind)> {
        self.iter()
            .filter(|(_, kind)| !matches!(kind, Kind::Unspecified | Kind::Present))
    }

    /// Whether everybody of the roll was called.
    pub fn is_whole(&self) -> bool {
        self.0.values().all(|kind| *kind != Kind::Unspecified)
    }

    /// The counts.
    pub fn counts(&self) -> Counts {
        let count = |which: &dyn Fn(Kind) -> bool| {
            let found = self.0.values().filter(|kind| which(**kind)).count();
            i32::try_from(found).unwrap_or(i32::MAX)
        };
        Counts {
            roll: count(&|_| true),
            called: count(&|kind| kind != Kind::Unspecified),
            absent: count(&|kind| kind != Kind::Unspecified && !is_present(kind)),
        }
    }

    /// The marks as the sheet keeps them.
    pub fn pack(&self) -> Vec<u8> {
        let rare = self.0.values().zip(0_u16..);
        rare.filter(|(kind, _)| **kind != Kind::Present)
            .flat_map(|(kind, position)| {
                let [high, low] = position.to_be_bytes();
                [high, low, *kind as u8]
            })
            .collect()
    }

    /// The roll's row, with the digest of the class and its pupils as id.
    pub fn roll(&self, school: Uuid, place: i64, school_class: Uuid) -> attendance_roll::Model {
        let pupils: Vec<u8> = self.0.keys().flat_map(|id| *id.as_bytes()).collect();
        let mut digest = PartsDigest::default();
        digest.add(school_class.as_bytes()).add(&pupils);
        let digest = digest.finish();
        let mut id = [0; PUPIL];
        id.copy_from_slice(&digest[..PUPIL]);
        attendance_roll::Model {
            id: uuid::Builder::from_custom_bytes(id).into_uuid(),
            school,
            place,
            school_class,
            pupils,
        }
    }
}

/// The pupils of a roll in its order.
pub fn pupils_of(roll: &attendance_roll::Model) -> impl Iterator<Item = Uuid> {
    roll.pupils
        .chunks_exact(PUPIL)
        .filter_map(|bytes| Uuid::from_slice(bytes).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sheet(called: &Called, roll: &attendance_roll::Model) -> attendance_sheet::Model {
        let counts = called.counts();
        attendance_sheet::Model {
            id: Uuid::now_v7(),
            school: roll.school,
            place: roll.place,
            school_class: roll.school_class,
            date: "2026-10-12".into(),
            roll: roll.id,
            roll_count: counts.roll,
            called_count: counts.called,
            absent_count: counts.absent,
            marks: called.pack(),
            create_micros: 0,
            update_micros: 0,
            version: 1,
        }
    }

    proptest! {
        #[test]
        fn a_class_reads_back_as_it_was_called(marks in prop::collection::vec(0_i32..=6, 0..70)) {
            let mut called = Called::default();
            for (number, kind) in (1_u128..).zip(&marks) {
                called.mark(Uuid::from_u128(number * 7_919), kind_of(*kind));
            }
            let roll = called.roll(Uuid::nil(), 1, Uuid::nil());
            let sheet = sheet(&called, &roll);
            prop_assert_eq!(Called::of(&roll, &sheet).unwrap(), called.clone());
            let counts = called.counts();
            let present = called.iter().filter(|(_, kind)| is_present(*kind)).count();
            prop_assert_eq!(counts.called - counts.absent, present as i32);
        }
    }

    #[test]
    fn who_is_simply_present_takes_no_space_on_the_sheet() {
        let pupils: Vec<Uuid> = (1..=45).map(Uuid::from_u128).collect();
        let called = Called::whole(pupils.clone(), [(pupils[4], Kind::Sick)]);
        assert_eq!(called.pack(), [0, 4, 5]);
        assert!(called.is_whole());
        assert!(!Called::nobody(pupils).is_whole());
    }

    #[test]
    fn a_roll_is_named_by_its_class_and_pupils() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let roll = |pupils: &[Uuid], class| Called::nobody(pupils.to_vec()).roll(one, 1, class).id;
        assert_eq!(roll(&[one, other], one), roll(&[other, one], one));
        assert_ne!(roll(&[one], one), roll(&[one, other], one));
        assert_ne!(roll(&[one], one), roll(&[one], other));
    }

    #[test]
    fn a_sheet_that_does_not_fit_its_roll_is_damaged() {
        let called = Called::whole([Uuid::from_u128(1)], []);
        let roll = called.roll(Uuid::nil(), 1, Uuid::nil());
        let mut damaged = sheet(&called, &roll);
        damaged.marks = vec![0, 9, 3];
        assert!(Called::of(&roll, &damaged).is_err());
        damaged.marks = vec![0, 0];
        assert!(Called::of(&roll, &damaged).is_err());
    }
}
