//! How many pupils each class has: totals first, then schools, grades and classes, each share exact.

use super::apportion::apportion;
use super::plan::{CountyPlan, SchoolPlan, StagePlan};
use super::prng::Prng;
use super::rows::{ClassRow, STAGES, Stage};

/// Pupils of one stage in one school.
#[derive(Clone, Debug)]
pub struct Roll {
    /// Place of the school in the plan.
    pub school: usize,
    /// 学段.
    pub stage: Stage,
    /// Pupils of the stage in the school.
    pub pupils: u64,
    /// Class sizes by grade.
    pub grades: Vec<Vec<u64>>,
}

/// Above this a class is large (大班额 begins at 56).
const LARGEST_PLAIN_CLASS: u64 = 55;
/// Class size where the plan leaves the number of classes open.
const OPEN_CLASS_SIZE: u64 = 45;

/// The rolls of every school and stage, by school and stage.
pub fn draw(plan: &CountyPlan, seed: u64) -> Vec<Roll> {
    let mut rolls: Vec<Roll> = STAGES
        .iter()
        .zip(plan.pupils)
        .flat_map(|(&stage, total)| of_stage(plan, stage, total, seed))
        .collect();
    rolls.sort_by_key(|roll| (roll.school, roll.stage));
    crowd(&mut rolls, plan.crowded_classes);
    rolls
}

fn of_stage(plan: &CountyPlan, stage: Stage, total: u64, seed: u64) -> Vec<Roll> {
    let mut chance = Prng::fork(seed, "school sizes", stage as u64);
    let teaching: Vec<(usize, &StagePlan)> = plan
        .schools
        .iter()
        .enumerate()
        .filter_map(|(i, school)| Some((i, of_school(school, stage)?)))
        .collect();
    // One per cent either way: enough that seeds differ, little enough that the plan's classes still fit.
    let weights: Vec<u64> = teaching
        .iter()
        .map(|(_, part)| part.weight * (990 + chance.below(21)))
        .collect();
    let sizes = apportion(total, &weights);
    let roll = |((school, part), pupils): ((usize, &StagePlan), u64)| Roll {
        school,
        stage,
        pupils,
        grades: grades(stage, pupils, part.classes, &mut chance),
    };
    teaching.into_iter().zip(sizes).map(roll).collect()
}

fn of_school(school: &SchoolPlan, stage: Stage) -> Option<&StagePlan> {
    school.stages.iter().find(|part| part.stage == stage)
}

/// Divides a school's stage into grades and classes.
fn grades(stage: Stage, pupils: u64, classes: u32, chance: &mut Prng) -> Vec<Vec<u64>> {
    let weights: Vec<u64> = (0..stage.grades())
        .map(|_| 975 + chance.below(51))
        .collect();
    let mut sizes = apportion(pupils, &weights);
    let mut counts: Vec<u64> = match classes {
        0 => sizes
            .iter()
            .map(|size| size.div_ceil(OPEN_CLASS_SIZE))
            .collect(),
        _ => vec![1; sizes.len()],
    };
    // Each further class goes to the grade with the fullest classes.
    while counts.iter().sum::<u64>() < u64::from(classes) {
        let Some(fullest) = fullest(&sizes, &counts) else {
            break;
        };
        counts[fullest] += 1;
    }
    // A grade too full for its classes gives pupils to the grade of the school with the most room.
    while let Some(from) = fullest(&sizes, &counts) {
        let room = |i: &usize| (counts[*i] * LARGEST_PLAIN_CLASS).saturating_sub(sizes[*i]);
        let to = (0..sizes.len()).max_by_key(room).unwrap_or(from);
        if sizes[from] <= counts[from] * LARGEST_PLAIN_CLASS || room(&to) == 0 {
            break;
        }
        sizes[from] -= 1;
        sizes[to] += 1;
    }
    sizes
        .iter()
        .zip(&counts)
        .map(|(&size, &count)| apportion(size, &vec![1; count as usize]))
        .collect()
}

fn fullest(sizes: &[u64], counts: &[u64]) -> Option<usize> {
    // Thousandths of a pupil, so that the comparison stays in integers.
    (0..sizes.len()).max_by_key(|&i| sizes[i] * 1000 / counts[i].max(1))
}

/// Makes `count` primary classes large by filling the first class of a grade from its other classes.
fn crowd(rolls: &mut [Roll], count: usize) {
    let primary = rolls.iter_mut().filter(|roll| roll.stage == Stage::Primary);
    let mut grades: Vec<&mut Vec<u64>> = primary
        .flat_map(|roll| roll.grades.iter_mut())
        .filter(|grade| grade.len() > 1)
        .collect();
    grades.sort_by_key(|grade| {
        std::cmp::Reverse(grade.iter().sum::<u64>() * 1000 / grade.len() as u64)
    });
    for (i, grade) in grades.into_iter().take(count).enumerate() {
        let total: u64 = grade.iter().sum();
        let large = LARGEST_PLAIN_CLASS + 1 + i as u64 % 4;
        let others = grade.len() - 1;
        *grade = [large]
            .into_iter()
            .chain(apportion(total - large, &vec![1; others]))
            .collect();
    }
}

/// The classes as rows.
pub fn classes(plan: &CountyPlan, rolls: &[Roll]) -> Vec<ClassRow> {
    let mut rows = Vec::new();
    for roll in rolls {
        for (grade, sizes) in (1..).zip(&roll.grades) {
            rows.extend((1..).zip(sizes).map(|(number, &pupils)| ClassRow {
                school_code: plan.schools[roll.school].code10.clone(),
                stage: roll.stage,
                grade,
                number,
                pupils: pupils as u32,
            }));
        }
    }
    rows
}
