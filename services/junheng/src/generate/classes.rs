//! Divides the pupils of a section into grades and classes.

use super::chance::Chance;
use super::parameters::{Crowded, Targets};
use crate::demo::county::apportion::apportion;

/// Pupils of 大班额 and of 超大班额 classes (班额 bands of the statistics: 56 to 65, 66 and more).
const LARGE: (u64, u64) = (56, 65);
const OVERSIZE: (u64, u64) = (66, 70);
/// A class that others are filled from keeps so many.
const KEPT: u64 = 20;
/// Classes of a grade are numbered to 99.
const MOST_CLASSES: u64 = 99;

/// Pupils of each class of each grade.
pub fn divide(
    pupils: u64,
    shares: &[f64],
    targets: &Targets,
    crowded: &Crowded,
    chance: &mut Chance,
) -> Vec<Vec<u64>> {
    let target = targets.of(pupils);
    // Grades differ a little from school to school.
    let weights: Vec<u64> = shares
        .iter()
        .map(|share| (share * (0.9 + 0.2 * chance.fraction()) * 1e6) as u64)
        .collect();
    apportion(pupils, &weights)
        .into_iter()
        .map(|grade| {
            let count = ((grade as f64 / target).round() as u64).clamp(1, MOST_CLASSES);
            let mut classes: Vec<u64> = apportion(grade, &vec![1; count as usize]);
            classes.retain(|class| *class > 0);
            crowd(&mut classes, crowded, chance);
            classes
        })
        .collect()
}

/// Makes some classes too large, at the cost of the others of their grade.
fn crowd(classes: &mut [u64], crowded: &Crowded, chance: &mut Chance) {
    for at in 0..classes.len() {
        let drawn = chance.fraction();
        let (least, most) = match () {
            () if drawn < crowded.oversize => OVERSIZE,
            () if drawn < crowded.oversize + crowded.large => LARGE,
            () => continue,
        };
        let wanted = least + chance.below(most - least + 1);
        let spare = |class: u64| class.saturating_sub(KEPT);
        let others = (0..classes.len()).filter(|other| *other != at);
        let free: u64 = others.map(|other| spare(classes[other])).sum();
        let mut missing = wanted.saturating_sub(classes[at]);
        if missing > free {
            continue;
        }
        classes[at] += missing;
        let mut other = 0;
        while missing > 0 {
            if other != at && classes[other] > KEPT {
                classes[other] -= 1;
                missing -= 1;
            }
            other = (other + 1) % classes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::parameters::Parameters;

    #[test]
    fn nobody_is_lost_and_some_classes_are_too_large() {
        let parameters = Parameters::builtin().unwrap();
        let (grade, class) = (&parameters.grade, &parameters.class);
        let mut chance = Chance::fork(1, "classes", 0);
        let (mut all, mut large) = (0, 0);
        for pupils in (10..4_000).step_by(7) {
            let grades = divide(
                pupils,
                &grade.primary,
                &class.primary,
                &class.crowded,
                &mut chance,
            );
            assert_eq!(grades.iter().flatten().sum::<u64>(), pupils);
            all += grades.iter().flatten().count();
            large += grades.iter().flatten().filter(|size| **size >= 56).count();
        }
        let share = large as f64 / all as f64;
        assert!((0.008..0.018).contains(&share), "{share}");
    }
}
