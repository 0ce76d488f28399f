//! A made-up county for the demo: 西宁市城中区 (630103) in autumn 2018.
//!
//! The totals are those of the 2018 self-assessment report of 城中区: 26 schools (19 小学, 2 九年一贯制,
//! 4 初级中学, 1 完全中学), 18,430 primary and 8,138 junior pupils, 1,025 and 611 full-time teachers,
//! 379 primary classes of which 15 hold 56 pupils or more, 30 junior classes in the nine-year schools.
//! Everything below these totals — which school has how many, every person, every figure of a school — is
//! invented. Some school names occur in the report; nothing said of them here is true of them.
//!
//! The same seed gives the same county to the byte, on every machine.
//!
//! Order of making: [`plan`] (which schools) → [`rolls`] (pupils of each class) → [`pupils`] and
//! [`teachers`] (persons, with [`names`] and [`identity`]) → [`sites`] (buildings and equipment).

pub mod apportion;
pub mod identity;
pub mod names;
pub mod plan;
pub mod prng;
pub mod pupils;
pub mod real;
pub mod rolls;
pub mod rows;
pub mod sites;
pub mod teachers;
#[cfg(test)]
mod tests;

pub use rows::{
    Backbone, Certificate, ClassRow, Education, PupilRow, SchoolRow, SiteRow, Stage, TeacherRow,
    Title,
};

use plan::CountyPlan;

/// The county's GB/T 2260 code: 西宁市城中区.
pub const REGION: &str = "630103";

/// The seed of the county that the demo shows.
pub const SEED: u64 = 20_180_901;

/// Everything that the demo imports.
#[derive(Clone, Debug, PartialEq)]
pub struct County {
    /// Schools, in the order of the plan.
    pub schools: Vec<SchoolRow>,
    /// Classes by school, stage, grade and number.
    pub classes: Vec<ClassRow>,
    /// Pupils in the order of their classes.
    pub pupils: Vec<PupilRow>,
    /// Teachers by school and stage, full-time ones first.
    pub teachers: Vec<TeacherRow>,
    /// Sites by school.
    pub sites: Vec<SiteRow>,
}

impl County {
    /// 城中区 with the totals of the report. [`SEED`] gives the county that the demo's text speaks of.
    pub fn chengzhong(seed: u64) -> Self {
        Self::of(&CountyPlan::chengzhong(), seed)
    }

    /// A county of any size, for tests: one nine-year school, then a junior school for every three primary
    /// ones. `pupils` counts primary (70 %) and junior pupils together and is met exactly.
    #[cfg(test)]
    pub fn small(seed: u64, schools: usize, pupils: u64) -> Self {
        Self::of(&CountyPlan::small(schools, pupils), seed)
    }

    fn of(plan: &CountyPlan, seed: u64) -> Self {
        let rolls = rolls::draw(plan, seed);
        let mut numbers = identity::Issuer::new();
        Self {
            schools: plan.rows(),
            classes: rolls::classes(plan, &rolls),
            pupils: pupils::draw(plan, &rolls, &mut numbers, seed),
            teachers: teachers::draw(plan, &rolls, &mut numbers, seed),
            sites: sites::draw(plan, &rolls, seed),
        }
    }
}
