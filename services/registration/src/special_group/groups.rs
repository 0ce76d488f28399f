//! The groups as a table: who confirms each, what proves it, and which flag of the student's record it sets.

use junheng_kernel::label;
use junheng_proto::registration::v1::group_recognition::Group;

use crate::entity::student::Model;

/// A flag of the student's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    Migrant,
    LeftBehind,
    Boarder,
    Disability,
    Hardship,
}

/// One group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) group: Group,
    /// The flag that it proves. Orphans and children whom nobody raises are in hardship by what they are (R+).
    pub(crate) flag: Flag,
    /// Whether money follows from it, so that the county confirms.
    pub(crate) gives_money: bool,
    /// The rule with the kinds of documents (numbers of Evidence.Kind) of which one proves it.
    pub(crate) proofs: &'static str,
}

#[rustfmt::skip]
pub(crate) const GROUPS: [Known; 7] = [
    Known { group: Group::Migrant,         flag: Flag::Migrant,    gives_money: false, proofs: "group_recognition.proof_of_migrant" },
    Known { group: Group::LeftBehind,      flag: Flag::LeftBehind, gives_money: false, proofs: "group_recognition.proof_of_left_behind" },
    Known { group: Group::Disability,      flag: Flag::Disability, gives_money: true,  proofs: "group_recognition.proof_of_disability" },
    Known { group: Group::Boarder,         flag: Flag::Boarder,    gives_money: false, proofs: "group_recognition.proof_of_boarder" },
    Known { group: Group::Hardship,        flag: Flag::Hardship,   gives_money: true,  proofs: "group_recognition.proof_of_hardship" },
    Known { group: Group::Orphan,          flag: Flag::Hardship,   gives_money: true,  proofs: "group_recognition.proof_of_orphan" },
    Known { group: Group::DeFactoUnraised, flag: Flag::Hardship,   gives_money: true,  proofs: "group_recognition.proof_of_de_facto_unraised" },
];

/// The flags that a change takes off a record though a recognition proves them, each with the group.
pub(crate) fn taken_off(
    before: &Model,
    after: &Model,
    recognised: &[i32],
) -> Vec<(&'static str, &'static str)> {
    let full_name = "junheng.registration.v1.GroupRecognition.Group";
    GROUPS
        .iter()
        .filter(|known| known.flag.is_set(before) && !known.flag.is_set(after))
        .filter(|known| recognised.contains(&(known.group as i32)))
        .map(|known| {
            (
                known.flag.field(),
                label::by_number(full_name, known.group as i32),
            )
        })
        .collect()
}

/// The group of a number that has passed its check.
pub(crate) fn known(number: i32) -> Option<&'static Known> {
    GROUPS.iter().find(|known| known.group as i32 == number)
}

// === impl Flag ===

impl Flag {
    /// Whether a record states it.
    pub(crate) fn is_set(self, student: &Model) -> bool {
        match self {
            Self::Migrant => student.migrant,
            Self::LeftBehind => student.left_behind,
            Self::Boarder => student.boarder,
            Self::Disability => student.disability != 0,
            Self::Hardship => student.hardship,
        }
    }

    /// The field of the record.
    fn field(self) -> &'static str {
        match self {
            Self::Migrant => "migrant",
            Self::LeftBehind => "left_behind",
            Self::Boarder => "boarder",
            Self::Disability => "disability",
            Self::Hardship => "hardship",
        }
    }

    /// Takes it off a record.
    pub(crate) fn clear(self, student: &mut Model) {
        match self {
            Self::Migrant => student.migrant = false,
            Self::LeftBehind => student.left_behind = false,
            Self::Boarder => student.boarder = false,
            Self::Disability => (student.disability, student.placement) = (0, 0),
            Self::Hardship => student.hardship = false,
        }
    }
}
