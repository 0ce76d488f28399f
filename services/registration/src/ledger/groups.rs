//! The groups to watch (重点关注群体), and how each is known of a student.

use junheng_proto::registration::v1::dropout_case::Group;
use junheng_proto::registration::v1::group_recognition::{Group as Recognised, State};

use crate::entity::student::Model;

/// How it is known that a student belongs to a group.
pub enum Known {
    /// A flag of the record: as a condition on the row, and of the row itself.
    Flag(&'static str, fn(&Model) -> bool),
    /// A recognition in force, of this group there.
    Recognition(Recognised),
    /// The child's case says so.
    Case,
}

/// Every group of the contract.
#[rustfmt::skip]
pub const GROUPS: [(Group, Known); 8] = [
    (Group::Poverty,        Known::Case),
    (Group::LeftBehind,     Known::Flag("left_behind", |student| student.left_behind)),
    (Group::Disabled,       Known::Flag("(disability <> 0 OR placement <> 0) AND disability <> 0", |student| student.disability != 0)),
    (Group::Orphan,         Known::Recognition(Recognised::Orphan)),
    (Group::Unattended,     Known::Recognition(Recognised::DeFactoUnraised)),
    (Group::Hardship,       Known::Flag("hardship", |student| student.hardship)),
    (Group::Migrant,        Known::Flag("migrant", |student| student.migrant)),
    (Group::InvolvedInCase, Known::Case),
];

/// The bit of a group in a case.
pub fn bit(group: i32) -> i64 {
    1 << (group - 1).clamp(0, 62)
}

/// The groups of the bits of a case.
pub fn of_bits(bits: i64) -> Vec<i32> {
    let groups = GROUPS.iter().map(|(group, _)| *group as i32);
    groups.filter(|group| bits & bit(*group) != 0).collect()
}

/// The students of a group, as a condition on their rows; of 0 those of any. Constants, so that partial indexes are found.
pub fn students_of(group: i32) -> String {
    let of = |known: &Known, number: i32| match known {
        Known::Flag(rows, _) => format!("({rows})"),
        Known::Recognition(kind) => format!(
            "id IN (SELECT student FROM group_recognitions WHERE state = {} AND kind = {})",
            State::Recognised as i32,
            *kind as i32
        ),
        Known::Case => in_cases(bit(number)),
    };
    let one = GROUPS.iter().find(|(known, _)| *known as i32 == group);
    if let Some((group, known)) = one {
        return of(known, *group as i32);
    }
    let flags = "((migrant OR left_behind OR boarder OR hardship OR disability <> 0) \
                 AND (migrant OR left_behind OR hardship OR disability <> 0))";
    let kinds = GROUPS.iter().filter_map(|(_, known)| match known {
        Known::Recognition(kind) => Some((*kind as i32).to_string()),
        Known::Flag(..) | Known::Case => None,
    });
    let recognised = format!(
        "id IN (SELECT student FROM group_recognitions WHERE state = {} AND kind IN ({}))",
        State::Recognised as i32,
        kinds.collect::<Vec<_>>().join(", ")
    );
    format!("({flags} OR {recognised} OR {})", in_cases(i64::MAX))
}

fn in_cases(bits: i64) -> String {
    format!(
        "id IN (SELECT student FROM dropout_cases WHERE student IS NOT NULL AND (\"groups\" & {bits}) <> 0)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_of_the_contract_is_known_somehow() {
        for number in 1..40 {
            if let Ok(group) = Group::try_from(number) {
                let known = GROUPS.iter().any(|(one, _)| *one == group);
                assert!(known, "{group:?}");
                assert_eq!(of_bits(bit(number)), [number]);
            }
        }
        assert_eq!(of_bits(0b1000_0001), [1, 8]);
    }
}
