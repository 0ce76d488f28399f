//! The pupils of each class: age by grade, sex, name, number and the circumstances that statistics ask for.

use chrono::{Days, NaiveDate};

use super::REGION;
use super::identity::Issuer;
use super::names::{Named, Namer};
use super::plan::{CountyPlan, SchoolPlan};
use super::prng::Prng;
use super::rolls::Roll;
use super::rows::{PupilRow, Stage};

/// First day of birth of a child who enters grade 1 of primary school in autumn 2018: six years old by 31
/// August (义务教育法, article 11).
const FIRST_GRADE_BORN_FROM: (i32, u32, u32) = (2011, 9, 1);

/// Shares in a thousand, in schools of the main urban area (城乡分类 111) and in the others.
/// Estimates, but for the female share among pupils and the sum of migrants.
struct Shares {
    female: u64,
    migrant: u64,
    left_behind: u64,
    /// By stage.
    boarding: [u64; 3],
}

const INNER: Shares = Shares {
    female: 467,
    migrant: 220,
    left_behind: 15,
    boarding: [0, 20, 300],
};
const EDGE: Shares = Shares {
    female: 467,
    migrant: 120,
    left_behind: 105,
    boarding: [20, 250, 300],
};

/// Every pupil of the county.
pub fn draw(plan: &CountyPlan, rolls: &[Roll], numbers: &mut Issuer, seed: u64) -> Vec<PupilRow> {
    let namer = Namer::new();
    let mut rows = Vec::new();
    for roll in rolls {
        let school = &plan.schools[roll.school];
        let place = (roll.school * 3) as u64 + roll.stage as u64;
        let mut chance = Prng::fork(seed, "pupils", place);
        for (grade, sizes) in (1..).zip(&roll.grades) {
            for (class_number, &size) in (1..).zip(sizes) {
                let seat = Seat {
                    school,
                    stage: roll.stage,
                    grade,
                    class_number,
                };
                rows.extend((0..size).map(|_| pupil(&seat, &namer, numbers, &mut chance)));
            }
        }
    }
    name_hard_ones(&mut rows, &namer.hard());
    rows
}

/// Where a pupil sits.
struct Seat<'a> {
    school: &'a SchoolPlan,
    stage: Stage,
    grade: u32,
    class_number: u32,
}

fn pupil(seat: &Seat, namer: &Namer, numbers: &mut Issuer, chance: &mut Prng) -> PupilRow {
    let shares = if seat.school.urban_rural == 111 {
        &INNER
    } else {
        &EDGE
    };
    let sex = if chance.chance(shares.female) { 2 } else { 1 };
    let birth_date = birth_date(seat.stage, seat.grade, chance);
    let Named { name, ethnicity } = namer.draw(sex, chance);
    let migrant = chance.chance(shares.migrant);
    PupilRow {
        school_code: seat.school.code10.clone(),
        stage: seat.stage,
        grade: seat.grade,
        class_number: seat.class_number,
        name,
        sex,
        birth_date,
        ethnicity,
        identity_type: 1,
        identity_number: numbers.issue(birth_date, sex, chance),
        residence: format!("{REGION}{}", seat.school.town),
        boarding: chance.chance(shares.boarding[super::plan::place(seat.stage)]),
        migrant,
        // A child taken along is not left behind.
        left_behind: chance.chance(shares.left_behind) && !migrant,
    }
}

/// A birth date that fits the grade: one school year of births for each grade.
pub fn birth_date(stage: Stage, grade: u32, chance: &mut Prng) -> NaiveDate {
    let before = match stage {
        Stage::Primary => 0,
        Stage::Junior => 6,
        Stage::Senior => 9,
    };
    let (year, month, day) = FIRST_GRADE_BORN_FROM;
    let from = year - (before + grade as i32 - 1);
    let first = NaiveDate::from_ymd_opt(from, month, day).unwrap_or_default();
    let next = NaiveDate::from_ymd_opt(from + 1, month, day).unwrap_or_default();
    let days = (next - first).num_days().unsigned_abs();
    first + Days::new(chance.below(days))
}

/// Spreads the rare-character names over the county, one pupil each.
fn name_hard_ones(rows: &mut [PupilRow], hard: &[Named]) {
    let step = rows.len() / hard.len().max(1);
    for (i, named) in hard.iter().enumerate() {
        if let Some(row) = rows.get_mut(i * step) {
            (row.name, row.ethnicity) = (named.name.clone(), named.ethnicity);
        }
    }
}
