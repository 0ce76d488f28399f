//! Which full-time teachers a figure counts, and the counting.

use std::collections::HashMap;

use junheng_kernel::tally::Tally;
use junheng_proto::staffing::v1::teacher::{Backbone, Education, Subject, Title};
use uuid::Uuid;

use crate::teacher::store::Counted;

/// One figure: its name and the teachers that it counts.
pub struct Figure {
    /// The name in the contract.
    pub measure: &'static str,
    /// Whether a full-time teacher counts.
    pub counts: fn(&Counted) -> bool,
}

/// Sports and arts (体育、艺术): indicator L3 of quality balance counts physical education, music, fine arts and arts.
const SPORTS_ARTS: &[Subject] = &[
    Subject::PhysicalEducation,
    Subject::Music,
    Subject::FineArts,
    Subject::Arts,
];

/// The figures, as the indicators of basic balance (2012) and quality balance (2017) define them.
#[rustfmt::skip]
pub const FIGURES: &[Figure] = &[
    // 专任教师
    figure("teachers.full_time",                    |_| true),
    // 专科及以上
    figure("teachers.full_time.college_up",         |teacher| at_least(teacher.education, Education::College)),
    // 本科及以上
    figure("teachers.full_time.bachelor_up",        |teacher| at_least(teacher.education, Education::Bachelor)),
    // 县级及以上骨干
    figure("teachers.full_time.backbone_county_up", |teacher| teacher.backbone >= Backbone::County as i32),
    // 体育、艺术
    figure("teachers.full_time.sports_arts",        |teacher| SPORTS_ARTS.iter().any(|subject| *subject as i32 == teacher.subject)),
    // 中级及以上职称: first class is the intermediate title
    figure("teachers.full_time.mid_title_up",       |teacher| teacher.title >= Title::First as i32),
];

const fn figure(measure: &'static str, counts: fn(&Counted) -> bool) -> Figure {
    Figure { measure, counts }
}

/// The contract numbers education from the highest down.
fn at_least(education: i32, lowest: Education) -> bool {
    (1..=lowest as i32).contains(&education)
}

/// The sums of one school and stage, in the order of [`FIGURES`].
pub type Sums = Vec<Tally>;

/// Sums of nothing.
pub fn empty() -> Sums {
    FIGURES.iter().map(|_| Tally::default()).collect()
}

/// Counts full-time teachers, which come in the order of ids, by school and stage.
pub fn count(teachers: &[Counted]) -> HashMap<(Uuid, i32), Sums> {
    let mut sums = HashMap::new();
    for teacher in teachers {
        let tallies = sums
            .entry((teacher.school, teacher.stage))
            .or_insert_with(empty);
        for (tally, figure) in tallies.iter_mut().zip(FIGURES) {
            if (figure.counts)(teacher) {
                tally.add(teacher.id, teacher.version, 1);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(change: impl Fn(&mut Counted)) -> Vec<i64> {
        let mut teacher = Counted {
            id: Uuid::from_u128(1),
            school: Uuid::from_u128(2),
            stage: 1,
            subject: Subject::Chinese as i32,
            education: Education::Secondary as i32,
            title: Title::Second as i32,
            backbone: Backbone::School as i32,
            version: 1,
        };
        change(&mut teacher);
        let mut sums = count(&[teacher]);
        let sums = sums.remove(&(Uuid::from_u128(2), 1)).unwrap();
        sums.into_iter().map(|tally| tally.finish().0).collect()
    }

    #[test]
    fn a_teacher_counts_where_the_threshold_is_reached_and_not_below() {
        assert_eq!(values(|_| {}), [1, 0, 0, 0, 0, 0]);
        assert_eq!(
            values(|one| one.education = Education::College as i32),
            [1, 1, 0, 0, 0, 0]
        );
        assert_eq!(
            values(|one| one.education = Education::Bachelor as i32),
            [1, 1, 1, 0, 0, 0]
        );
        assert_eq!(
            values(|one| one.education = Education::Doctor as i32),
            [1, 1, 1, 0, 0, 0]
        );
        assert_eq!(
            values(|one| one.backbone = Backbone::County as i32),
            [1, 0, 0, 1, 0, 0]
        );
        assert_eq!(
            values(|one| one.backbone = Backbone::Nation as i32),
            [1, 0, 0, 1, 0, 0]
        );
        assert_eq!(
            values(|one| one.subject = Subject::Music as i32),
            [1, 0, 0, 0, 1, 0]
        );
        assert_eq!(
            values(|one| one.title = Title::First as i32),
            [1, 0, 0, 0, 0, 1]
        );
        assert_eq!(
            values(|one| one.title = Title::Professor as i32),
            [1, 0, 0, 0, 0, 1]
        );
    }

    #[test]
    fn sports_and_arts_are_four_subjects() {
        let counted = |subject: i32| values(|one| one.subject = subject)[4] == 1;
        let subjects: Vec<i32> = (1..100).filter(|subject| counted(*subject)).collect();
        assert_eq!(subjects, [11, 12, 13, 14]);
    }
}
