//! The child that a case is about: a student, or a child without a record, a resident or an admitted one.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::privacy::{Keyring, mask};
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::admission_entry::Kind as AdmissionKind;
use junheng_proto::registration::v1::dropout_case::Group;
use junheng_proto::registration::v1::group_recognition::Group as Recognised;
use junheng_proto::registration::v1::student::State;
use sea_orm::{ColumnTrait as _, ConnectionTrait, QueryFilter as _};
use uuid::Uuid;

use crate::admission::child::Admitted;
use crate::entity::{school, student};
use crate::special_group;
use crate::student::person::Person;
use crate::{admission, comparison, school_year};

/// Whom a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A student (学籍).
    Student(Uuid),
    /// A resident of a partner's list (户籍).
    Resident(Uuid),
    /// A child on the list of an admission (招生名单) that has no record, whether a partner has listed it or not.
    Admitted {
        /// The entry.
        entry: Uuid,
        /// The child by its document: the resident, where a partner has listed it.
        person: Uuid,
    },
}

/// What cases show of a child, and where it belongs.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Child {
    /// The school of the record, or the one that admitted the child.
    pub school: Option<Uuid>,
    /// Its place, or that of the household.
    pub place: i64,
    /// The county's 6-digit code.
    pub region: String,
    /// The class of the record.
    pub school_class: Option<Uuid>,
    /// The stage of the record or of the admission; 0 where there is neither.
    pub stage: i32,
    /// The grade, alike.
    pub grade: i32,
    /// The school year in which it entered the stage, by the record; 0 where there is none.
    pub entry_year: i32,
    /// The state of the record; 0 where there is none.
    pub state: i32,
    /// Bit `n - 1` for group `n` of the contract.
    pub groups: i64,
    /// The name.
    pub display_name: String,
    /// The student number, masked.
    pub student_number: String,
    /// The identity number, masked.
    pub identity_number: String,
    /// The sex.
    pub sex: i32,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    /// `regions/{code}` of the household, or empty.
    pub household_region: String,
    /// Where the family lives, masked.
    pub residence: String,
    /// The guardian's name.
    pub guardian_display_name: String,
    /// The guardian's phone, masked.
    pub guardian_phone: String,
    /// Whether a partner has listed the child.
    pub is_listed: bool,
}

// === impl Subject ===

impl Subject {
    /// What keeps a second case of the child out: the student's id, or the resident's, listed or not.
    pub fn id(self) -> Uuid {
        match self {
            Self::Student(id) | Self::Resident(id) => id,
            Self::Admitted { person, .. } => person,
        }
    }

    /// The student, if it is one.
    pub fn student(self) -> Option<Uuid> {
        match self {
            Self::Student(id) => Some(id),
            Self::Resident(_) | Self::Admitted { .. } => None,
        }
    }

    /// The entry of an admission, if it is one.
    pub fn entry(self) -> Option<Uuid> {
        match self {
            Self::Admitted { entry, .. } => Some(entry),
            Self::Student(_) | Self::Resident(_) => None,
        }
    }

    /// The resource name.
    pub fn name(self) -> String {
        match self {
            Self::Student(id) => format!("students/{id}"),
            Self::Resident(id) => format!("residents/{id}"),
            Self::Admitted { entry, .. } => format!("admissionEntries/{entry}"),
        }
    }
}

// === impl Child ===

impl std::fmt::Debug for Child {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Child")
    }
}

impl Child {
    /// The earliest day that can have been its last at school: the first of the stage by its record, else that of its birth, else the
    /// first of which anything is kept.
    pub fn first_day(&self) -> NaiveDate {
        if self.entry_year > 0 {
            return school_year::first_day(self.entry_year);
        }
        date_of(&self.birth_date).unwrap_or(school_year::first_day(school_year::FIRST_YEAR))
    }

    /// Whether the child is to attend, as far as its record tells: it is alive, has a record that holds, has not left the
    /// province and has not finished the nine years. Whoever has finished primary school is to attend the next.
    pub fn is_obliged(&self) -> bool {
        match State::try_from(self.state).unwrap_or_default() {
            State::TransferredOut | State::Deceased | State::Cancelled => false,
            State::Graduated => self.stage == Stage::Primary as i32,
            _ => self.stage != Stage::Senior as i32,
        }
    }
}

/// The bit of a group.
pub fn bit(group: Group) -> i64 {
    match group as i32 {
        number @ 1..=62 => 1 << (number - 1),
        _ => 0,
    }
}

/// The mask of groups.
fn mask_of_groups(groups: impl IntoIterator<Item = Group>) -> i64 {
    groups.into_iter().map(bit).fold(0, |mask, bit| mask | bit)
}

/// The groups of a mask.
pub fn groups_of(mask: i64) -> Vec<Group> {
    (1..=62)
        .filter_map(|number| Group::try_from(number).ok())
        .filter(|group| mask & bit(*group) != 0)
        .collect()
}

/// The children of some subjects; who is unknown is left out. A few statements for all.
pub async fn children(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    subjects: &[Subject],
) -> Result<HashMap<Subject, Child>, KernelError> {
    let of = |wanted: fn(&Subject) -> bool| -> BTreeSet<Uuid> {
        subjects
            .iter()
            .filter(|subject| wanted(subject))
            .map(|subject| subject.id())
            .collect()
    };
    let students = of(|subject| matches!(subject, Subject::Student(_)));
    let residents = of(|subject| matches!(subject, Subject::Resident(_)));
    let mut found = HashMap::new();
    for (id, child) in students_of(database, keys, students).await? {
        found.insert(Subject::Student(id), child);
    }
    let entries = subjects.iter().filter_map(|subject| subject.entry());
    let admitted = admission::child::admitted(database, keys, entries.collect()).await?;
    let persons = subjects.iter().filter(|subject| subject.entry().is_some());
    let persons = persons.map(|subject| subject.id());
    let persons = residents.iter().copied().chain(persons).collect();
    let listed: HashMap<Uuid, Child> = residents_of(database, keys, persons)
        .await?
        .into_iter()
        .collect();
    for subject in subjects {
        let entry = subject.entry().and_then(|entry| admitted.get(&entry));
        if let Some(entry) = entry {
            found.insert(*subject, child_of(entry, listed.get(&subject.id())));
        }
    }
    let listed = listed.into_iter().filter(|(id, _)| residents.contains(id));
    found.extend(listed.map(|(id, child)| (Subject::Resident(id), child)));
    Ok(found)
}

/// A child on an admission list: the school that admitted it is to look for it, or the county where the school holds no place
/// for it. What a partner's list knows beyond that is told too.
fn child_of(admitted: &Admitted, listed: Option<&Child>) -> Child {
    let entry = &admitted.shown;
    let child = entry.child.clone().unwrap_or_default();
    let marks = [
        (child.left_behind, Group::LeftBehind),
        (child.disability != 0, Group::Disabled),
        (entry.kind == AdmissionKind::Migrant as i32, Group::Migrant),
    ];
    let own = marks.iter().filter(|(marked, _)| *marked);
    Child {
        school: admitted.school,
        place: admitted.place,
        region: admitted.region.clone(),
        stage: admitted.stage,
        grade: 1,
        groups: own.fold(
            listed.map_or(0, |listed| listed.groups),
            |mask, (_, group)| mask | bit(*group),
        ),
        display_name: child.display_name,
        identity_number: child.identity_number,
        sex: child.sex,
        birth_date: child.birth_date,
        household_region: listed.map_or_else(String::new, |listed| listed.household_region.clone()),
        residence: child.residence,
        guardian_display_name: child.guardian_display_name,
        guardian_phone: child.guardian_phone,
        is_listed: listed.is_some(),
        ..Child::default()
    }
}

async fn students_of(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    ids: BTreeSet<Uuid>,
) -> Result<Vec<(Uuid, Child)>, KernelError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let judged = Scope::everything("the cases of these students were found in the caller's scope");
    let rows = student::Entity::visible_to(&judged)
        .filter(student::Column::Id.is_in(ids.iter().copied()))
        .all(database)
        .await?;
    let schools: BTreeSet<Uuid> = rows.iter().map(|row| row.school).collect();
    let public = Scope::everything("the directory is public");
    let schools = school::Entity::visible_to(&public)
        .filter(school::Column::Id.is_in(schools))
        .all(database)
        .await?;
    let regions: HashMap<Uuid, String> = schools
        .into_iter()
        .map(|school| (school.id, school.region))
        .collect();
    let recognised = special_group::store::recognised(database, ids).await?;
    let documents: Vec<(Uuid, Vec<u8>)> = rows
        .iter()
        .map(|row| (row.id, row.identity_hash.clone()))
        .collect();
    let listed = comparison::groups_of_students(database, keys, &documents).await?;
    rows.iter()
        .map(|row| {
            let person = Person::of(keys, row)?;
            let groups = recognised.get(&row.id).map_or(&[][..], Vec::as_slice);
            let of_lists = listed.get(&row.id).into_iter().flatten();
            let child = Child {
                school: Some(row.school),
                place: row.place,
                region: regions.get(&row.school).cloned().unwrap_or_default(),
                school_class: row.school_class,
                stage: row.stage,
                grade: row.grade,
                entry_year: row.entry_year,
                state: row.state,
                groups: mask_of(row, groups) | mask_of_groups(of_lists.copied()),
                display_name: person.display_name,
                student_number: mask::identity_number(&person.student_number),
                identity_number: mask::identity_number(&person.identity_number),
                sex: row.sex,
                birth_date: person.birth_date,
                household_region: String::new(),
                residence: mask::address(&person.residence),
                guardian_display_name: person.guardian_display_name,
                guardian_phone: mask::phone(&person.guardian_phone),
                is_listed: false,
            };
            Ok((row.id, child))
        })
        .collect()
}

/// Children of other departments' lists, as the last list has each.
async fn residents_of(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    ids: BTreeSet<Uuid>,
) -> Result<Vec<(Uuid, Child)>, KernelError> {
    let known = comparison::known(database, keys, ids).await?;
    let child = |known: comparison::Known| Child {
        place: known.place,
        groups: mask_of_groups(known.groups),
        display_name: known.resident.display_name,
        identity_number: known.resident.identity_number,
        sex: known.resident.sex,
        birth_date: known.resident.birth_date,
        household_region: known.resident.region,
        guardian_display_name: known.resident.guardian_display_name,
        is_listed: true,
        region: known.region,
        ..Child::default()
    };
    Ok(known
        .into_iter()
        .map(|one| (one.person, child(one)))
        .collect())
}

/// What the record states, and what is recognised beyond it.
fn mask_of(student: &student::Model, recognised: &[i32]) -> i64 {
    let is = |group: Recognised| recognised.contains(&(group as i32));
    let marks = [
        (student.left_behind, Group::LeftBehind),
        (student.disability != 0, Group::Disabled),
        (student.hardship, Group::Hardship),
        (student.migrant, Group::Migrant),
        (is(Recognised::Orphan), Group::Orphan),
        (is(Recognised::DeFactoUnraised), Group::Unattended),
    ];
    marks
        .iter()
        .filter(|(marked, _)| *marked)
        .fold(0, |mask, (_, group)| mask | bit(*group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_finished_primary_school_is_still_to_attend_and_who_died_is_not() {
        let child = |state: State, stage: Stage| Child {
            state: state as i32,
            stage: stage as i32,
            ..Child::default()
        };
        assert!(child(State::Graduated, Stage::Primary).is_obliged());
        assert!(!child(State::Graduated, Stage::Junior).is_obliged());
        assert!(child(State::Enrolled, Stage::Junior).is_obliged());
        assert!(!child(State::Enrolled, Stage::Senior).is_obliged());
        assert!(!child(State::Deceased, Stage::Primary).is_obliged());
        assert!(!child(State::Cancelled, Stage::Primary).is_obliged());
        assert!(Child::default().is_obliged(), "a resident without a record");
    }

    #[test]
    fn a_mask_gives_back_the_groups_that_were_put_in() {
        let mask = bit(Group::Poverty) | bit(Group::InvolvedInCase);
        assert_eq!(
            groups_of(mask),
            [Group::Poverty, Group::InvolvedInCase],
            "each group has a bit of its own"
        );
        assert_eq!(groups_of(0), []);
    }
}
