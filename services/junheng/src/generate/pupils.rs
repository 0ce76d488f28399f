//! The pupils of a school.

use junheng_proto::education::v1::{Sex, Stage};
use junheng_proto::registration::v1::StudentRow;
use junheng_proto::registration::v1::student::{Disability, IdentityType, Placement};

use super::chance::Chance;
use super::county::School;
use super::identity::{Document, Numbers};
use super::names::Names;
use super::parameters::{Parameters, ShareByArea};
use super::plan::Plan;

/// Grades of primary school, which come before those of junior school.
const PRIMARY_GRADES: i32 = 6;

/// Kinds of disability, equally often (E).
const KINDS: [Disability; 4] = [
    Disability::Visual,
    Disability::Hearing,
    Disability::Intellectual,
    Disability::Other,
];

/// Draws pupils.
pub struct Pupils<'a> {
    parameters: &'a Parameters,
    seed: u64,
    numbers: Numbers,
    names: Names,
    west: bool,
}

/// Where a pupil sits.
struct Seat<'a> {
    school: &'a School,
    stage: Stage,
    grade: i32,
    class_number: i32,
}

// === impl Pupils ===

impl<'a> Pupils<'a> {
    /// Those of a plan.
    ///
    /// # Errors
    /// When the parameters name no minorities at all, which a test excludes.
    pub fn of(parameters: &'a Parameters, plan: &Plan) -> anyhow::Result<Self> {
        let groups = parameters.groups(&plan.province);
        let groups = groups.ok_or_else(|| anyhow::anyhow!("no minorities are given"))?;
        Ok(Self {
            parameters,
            seed: plan.seed,
            numbers: Numbers::new(plan.seed, plan.year),
            names: Names::of(groups),
            west: groups.west,
        })
    }

    /// All pupils of a school in the order of its classes, as rows without a number.
    pub fn draw(&self, school: &School) -> Vec<StudentRow> {
        // A school's first person is nobody else's first, so the stream is the school's own.
        let mut chance = Chance::fork(self.seed, "pupils", school.first_person);
        let mut rows = Vec::with_capacity(school.pupils() as usize);
        for section in &school.sections {
            for (grade, classes) in (1..).zip(&section.grades) {
                for (class_number, size) in (1..).zip(classes) {
                    let seat = Seat {
                        school,
                        stage: section.stage,
                        grade,
                        class_number,
                    };
                    for _ in 0..*size {
                        let person = school.first_person + rows.len() as u64;
                        rows.push(self.pupil(&seat, person, &mut chance));
                    }
                }
            }
        }
        rows
    }

    fn pupil(&self, seat: &Seat, person: u64, chance: &mut Chance) -> StudentRow {
        let shares = &self.parameters.pupil;
        let area = seat.school.area;
        let junior = seat.stage == Stage::Junior;
        let sex = match chance.happens(shares.sex.girls) {
            true => Sex::Female as i32,
            false => Sex::Male as i32,
        };
        let before = if junior { PRIMARY_GRADES } else { 0 };
        let Document { number, birth_date } =
            self.numbers.document(person, before + seat.grade, sex);
        let named = self.names.draw(sex, chance);
        let migrant = chance.happens(shares.migrant.of(area));
        let left_behind = chance.happens(shares.left_behind.of(area)) && !migrant;
        let boarding: &ShareByArea = match (junior, self.west) {
            (false, _) => &shares.boarding_primary,
            (true, false) => &shares.boarding_junior,
            (true, true) => &shares.boarding_junior_west,
        };
        let boarder = chance.happens(boarding.of(area));
        let (disability, placement) = match chance.happens(shares.disability.share) {
            false => (Disability::Unspecified, Placement::Unspecified),
            true if chance.happens(shares.disability.home_taught) => {
                (*chance.one_of(&KINDS), Placement::Home)
            }
            true => (*chance.one_of(&KINDS), Placement::Inclusive),
        };
        StudentRow {
            school_code: seat.school.code.clone(),
            stage: seat.stage as i32,
            grade: seat.grade,
            class_number: seat.class_number,
            display_name: named.name,
            identity_type: IdentityType::ResidentCard as i32,
            identity_number: number,
            sex,
            birth_date: birth_date.to_string(),
            ethnicity: named.ethnicity,
            boarder: Some(boarder && placement != Placement::Home),
            migrant: Some(migrant),
            left_behind: Some(left_behind),
            disability: Some(disability as i32),
            placement: Some(placement as i32),
            ..StudentRow::default()
        }
    }
}
