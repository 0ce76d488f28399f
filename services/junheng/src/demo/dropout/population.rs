//! The children of whom the two rates speak, made up: pure.
//!
//! The 2018 self-assessment report of 城中区 says 七周岁入学率 98.93 %, seven without a record, and 小升初入学率 99.78 %, seven who
//! did not arrive. The smallest populations that give these figures are 654 and 3,182.

use chrono::NaiveDate;
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::{ResidentRow, SchoolClassRow, SchoolRow};

use super::super::county::apportion::apportion;
use super::super::county::identity::Issuer;
use super::super::county::names::Namer;
use super::super::county::prng::Prng;
use super::super::county::pupils::birth_date;
use super::super::county::{PupilRow, Stage};
use super::super::rows;

/// Children who are seven when the school year begins, and those of them who have no record.
pub const SEVEN: (u64, u64) = (654, 7);
/// Primary graduates, and those of them who do not arrive in a junior school.
pub const GRADUATES: (u64, u64) = (3_182, 7);

/// The district's code.
const REGION: &str = "630104";
const SEED: u64 = 20_190_901;
const PRIMARY_SCHOOLS: u64 = 8;
const JUNIOR_SCHOOLS: u64 = 3;
/// Pupils of a class.
const CLASS: u64 = 45;
/// The grades of primary school that are filled: the seven-year-olds-to-be, and who will graduate.
const FIRST: u32 = 1;
const LAST: u32 = 6;

/// The district as it is loaded in summer.
pub struct Population {
    /// Primary schools, then junior ones.
    pub schools: Vec<SchoolRow>,
    /// Classes of the primary schools.
    pub classes: Vec<SchoolClassRow>,
    /// Their pupils.
    pub pupils: Vec<PupilRow>,
    /// What the police know: everybody who is seven in autumn.
    pub residents: Vec<ResidentRow>,
}

/// Draws everybody; nobody has a number of those in `taken`.
pub fn draw(taken: &[PupilRow]) -> Population {
    let mut drawing = Drawing {
        numbers: Issuer::new(),
        namer: Namer::new(),
        chance: Prng::fork(SEED, "dropout", 0),
    };
    for pupil in taken {
        drawing.numbers.remember(&pupil.identity_number);
    }
    let schools = schools();
    let even = [1; PRIMARY_SCHOOLS as usize];
    let (mut classes, mut pupils) = (Vec::new(), Vec::new());
    for (grade, count) in [(FIRST, SEVEN.0 - SEVEN.1), (LAST, GRADUATES.0)] {
        for (school, size) in schools.iter().zip(apportion(count, &even)) {
            let code = &school.school_code;
            classes.extend((1..=size.div_ceil(CLASS)).map(|number| SchoolClassRow {
                row: 0,
                school_code: code.clone(),
                stage: rows::stage(Stage::Primary),
                grade: whole(grade.into()),
                number: whole(number),
            }));
            for index in 0..size {
                pupils.push(drawing.pupil(code, grade, index / CLASS + 1));
            }
        }
    }
    let without_record: Vec<PupilRow> = (0..SEVEN.1).map(|_| drawing.pupil("", FIRST, 0)).collect();
    let seven = pupils.iter().filter(|pupil| pupil.grade == FIRST);
    let residents = seven.chain(&without_record).map(resident).collect();
    Population {
        schools: numbered(schools, |row, number| row.row = number),
        classes: numbered(classes, |row, number| row.row = number),
        pupils,
        residents: numbered(residents, |row, number| row.row = number),
    }
}

/// First-grade classes of a junior school that takes so many.
pub fn junior_classes(school_code: &str, pupils: usize) -> Vec<SchoolClassRow> {
    let pupils = u64::try_from(pupils).unwrap_or(u64::MAX);
    let class = |number| SchoolClassRow {
        row: 0,
        school_code: school_code.to_owned(),
        stage: rows::stage(Stage::Junior),
        grade: 1,
        number: whole(number),
    };
    (1..=pupils.div_ceil(CLASS)).map(class).collect()
}

/// Which class of its school the pupil of an index sits in, from 0.
pub fn class_of(index: usize) -> usize {
    index / CLASS as usize
}

/// Rows numbered as a spreadsheet would, below the header.
pub fn numbered<R>(mut rows: Vec<R>, set: impl Fn(&mut R, i64)) -> Vec<R> {
    for (row, number) in rows.iter_mut().zip(2..) {
        set(row, number);
    }
    rows
}

fn schools() -> Vec<SchoolRow> {
    let school = |kind: u16, prefix: &str, serial: u64, name: String| SchoolRow {
        row: 0,
        school_code: format!("{prefix}63{:06}", 991_000 + serial),
        display_name: name,
        kind: kind.into(),
        urban_rural: 111,
        sponsor: 7,
        region: REGION.to_owned(),
        town: format!("{REGION}001"),
    };
    let primary = (1..=PRIMARY_SCHOOLS).map(|n| school(211, "21", n, format!("城西演示第{n}小学")));
    let junior =
        (1..=JUNIOR_SCHOOLS).map(|n| school(311, "31", n, format!("城西演示第{n}初级中学")));
    primary.chain(junior).collect()
}

fn resident(pupil: &PupilRow) -> ResidentRow {
    ResidentRow {
        row: 0,
        display_name: pupil.name.clone(),
        identity_type: IdentityType::ResidentCard.into(),
        identity_number: pupil.identity_number.clone(),
        birth_date: pupil.birth_date.to_string(),
        sex: pupil.sex.into(),
        region: REGION.to_owned(),
        ..ResidentRow::default()
    }
}

fn whole(value: u64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

struct Drawing {
    numbers: Issuer,
    namer: Namer,
    chance: Prng,
}

// === impl Drawing ===

impl Drawing {
    fn pupil(&mut self, school_code: &str, grade: u32, class_number: u64) -> PupilRow {
        let sex = if self.chance.chance(500) { 2 } else { 1 };
        // A grade of autumn 2018, which ends in the summer in which the story begins.
        let birth_date: NaiveDate = birth_date(Stage::Primary, grade, &mut self.chance);
        let named = self.namer.draw(sex, &mut self.chance);
        PupilRow {
            school_code: school_code.to_owned(),
            stage: Stage::Primary,
            grade,
            class_number: u32::try_from(class_number).unwrap_or(u32::MAX),
            name: named.name,
            sex,
            birth_date,
            ethnicity: named.ethnicity,
            identity_type: 1,
            identity_number: self.numbers.issue(birth_date, sex, &mut self.chance),
            residence: format!("{REGION}001"),
            boarding: false,
            migrant: false,
            left_behind: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_populations_give_the_figures_of_the_report() {
        let hundredths = |(all, missing): (u64, u64)| {
            let all = all as f64;
            ((all - missing as f64) / all * 10_000.0).round()
        };
        assert_eq!(
            (hundredths(SEVEN), hundredths(GRADUATES)),
            (9_893.0, 9_978.0)
        );
    }

    #[test]
    fn everybody_has_a_number_of_their_own_and_the_police_know_seven_more_than_the_schools() {
        let first = draw(&[]);
        let second = draw(&first.pupils);
        let numbers = first.pupils.iter().chain(&second.pupils);
        let distinct: HashSet<&str> = numbers.map(|one| one.identity_number.as_str()).collect();
        assert_eq!(distinct.len(), 2 * (647 + 3_182));
        assert_eq!(first.residents.len(), 654);
        let known: HashSet<&str> = first
            .pupils
            .iter()
            .map(|one| one.identity_number.as_str())
            .collect();
        let unknown = |one: &&ResidentRow| !known.contains(one.identity_number.as_str());
        assert_eq!(first.residents.iter().filter(unknown).count(), 7);
        let ages = first.residents.iter().map(|one| one.birth_date.as_str());
        assert!(ages.clone().min() >= Some("2011-09-01") && ages.max() < Some("2012-09-01"));
    }
}
