//! What a promotion does to one school, worked out before anything is written. Pure.

use std::collections::{BTreeSet, HashMap, HashSet};

use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::student::State;
use junheng_proto::registration::v1::student_change::Kind as Happened;
use junheng_proto::registration::v1::{
    ClassPromotion, SchoolPromotion, StayReason, StayingStudent,
};
use uuid::Uuid;

use super::rules::{self, Next};
use crate::entity::{school_class, student};

/// More students who stay than this are counted, not named.
const MOST_STAYING: usize = 500;

/// What happens to a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ClassMove {
    /// It moves to this stage, grade and number.
    To(i32, i32, i32),
    /// It ends.
    Ends,
}

/// What happens to one school.
#[derive(Debug)]
pub(super) struct Plan {
    /// Classes that move, in the order in which their places become free.
    pub(super) classes: Vec<(school_class::Model, ClassMove)>,
    /// Students who move.
    pub(super) students: Vec<StudentMove>,
    /// Students whose class goes on without them.
    pub(super) left_behind: Vec<student::Model>,
    /// Classes of the new first grade, which stay and are the coming year's from now on.
    pub(super) entering: Vec<Uuid>,
    staying: Vec<(Uuid, StayReason)>,
}

/// A student before and after.
#[derive(Debug)]
pub(super) struct StudentMove {
    /// As the record stands.
    pub(super) before: student::Model,
    /// As it will stand.
    pub(super) after: student::Model,
    /// What happened.
    pub(super) happened: Happened,
}

// === impl Plan ===

impl Plan {
    /// Works out what the promotion into `school_year` does to a school with these stages, classes and students.
    pub(super) fn of(
        stages: &[Stage],
        classes: Vec<school_class::Model>,
        students: Vec<student::Model>,
        disputed: &HashSet<Uuid>,
        school_year: i32,
    ) -> Self {
        let stays = |student: &student::Model| {
            let is_claimed = student.grade_year < school_year && disputed.contains(&student.id);
            let claimed = is_claimed
                .then(|| rules::next(stages, student.stage, student.grade))
                .filter(|next| *next == Next::Graduates);
            rules::stays(student.state, student.entry_year, school_year)
                // Who goes up within the school does so in either school; who graduates would leave it.
                .or(claimed.map(|_| StayReason::Disputed))
        };
        // Who came from a school that was promoted before has gone up already.
        let goes = |one: &student::Model| {
            one.state == State::Enrolled as i32
                && one.grade_year < school_year
                && stays(one).is_none()
        };
        let moving: Vec<_> = students.iter().filter(|one| goes(one)).collect();
        let with_movers: BTreeSet<Uuid> =
            moving.iter().filter_map(|one| one.school_class).collect();
        let (classes, entering) = class_moves(stages, classes, &with_movers, school_year);
        let moved: HashSet<Uuid> = classes.iter().map(|(class, _)| class.id).collect();
        let goes_on = |one: &student::Model| one.school_class.is_some_and(|id| moved.contains(&id));
        let left_behind = students
            .iter()
            .filter(|one| !goes(one) && goes_on(one))
            .cloned()
            .collect();
        let staying = students
            .iter()
            .filter_map(|one| Some((one.id, stays(one)?)))
            .collect();
        let students = moving
            .into_iter()
            .map(|one| {
                let mut gone_up = student_move(stages, one, school_year);
                if !goes_on(one) {
                    // Another year's class stays where it is.
                    gone_up.after.school_class = None;
                }
                gone_up
            })
            .collect();
        Self {
            classes,
            students,
            left_behind,
            entering,
            staying,
        }
    }

    /// Whether nobody and nothing is left to move.
    pub(super) fn is_empty(&self) -> bool {
        self.students.is_empty() && self.classes.is_empty() && self.entering.is_empty()
    }

    fn count(&self, happened: Happened) -> i64 {
        let moves = self.students.iter();
        count(moves.filter(|one| one.happened == happened).count())
    }

    /// The plan as it is told, with classes and names where asked.
    pub(super) fn tell(&self, school: Uuid, whole: bool) -> SchoolPromotion {
        let mut told = SchoolPromotion {
            school: format!("schools/{school}"),
            done: false,
            promoted_count: self.count(Happened::Promoted),
            advanced_count: self.count(Happened::Advanced),
            graduated_count: self.count(Happened::Graduated),
            staying_count: count(self.staying.len()),
            ..SchoolPromotion::default()
        };
        if whole {
            told.classes = self.tell_classes();
            let named = self.staying.iter().take(MOST_STAYING);
            let tell = |(id, reason): &(Uuid, StayReason)| StayingStudent {
                student: format!("students/{id}"),
                reason: (*reason).into(),
            };
            told.staying = named.map(tell).collect();
        }
        told
    }

    fn tell_classes(&self) -> Vec<ClassPromotion> {
        let mut movers: HashMap<Option<Uuid>, i64> = HashMap::new();
        for one in &self.students {
            *movers.entry(one.before.school_class).or_default() += 1;
        }
        let tell = |(class, to): &(school_class::Model, ClassMove)| {
            let (to_stage, to_grade) = match to {
                ClassMove::To(stage, grade, _) => (*stage, *grade),
                ClassMove::Ends => (0, 0),
            };
            ClassPromotion {
                school_class: format!("classes/{}", class.id),
                from_stage: class.stage,
                from_grade: class.grade,
                to_stage,
                to_grade,
                student_count: movers.get(&Some(class.id)).copied().unwrap_or(0),
            }
        };
        self.classes.iter().map(tell).collect()
    }
}

/// The classes that move, from the highest grade down, and those of the new first grade. A class that has been promoted into
/// the school year stays, and so does one of a first grade in which nobody moves: it is that of the new year.
fn class_moves(
    stages: &[Stage],
    mut classes: Vec<school_class::Model>,
    with_movers: &BTreeSet<Uuid>,
    school_year: i32,
) -> (Vec<(school_class::Model, ClassMove)>, Vec<Uuid>) {
    classes.sort_by_key(|class| (-class.stage, -class.grade, class.number));
    let is_of_before = |class: &school_class::Model| class.grade_year < school_year;
    let (moving, staying): (Vec<_>, Vec<_>) = classes.into_iter().partition(|class| {
        is_of_before(class) && (class.grade > 1 || with_movers.contains(&class.id))
    });
    let entering = staying.iter().filter(|class| is_of_before(class));
    let entering = entering.map(|class| class.id).collect();
    let mut taken: BTreeSet<(i32, i32, i32)> = staying
        .iter()
        .map(|class| (class.stage, class.grade, class.number))
        .collect();
    let mut moves = Vec::with_capacity(moving.len());
    for class in moving {
        let to = match rules::next(stages, class.stage, class.grade) {
            Next::Graduates => ClassMove::Ends,
            Next::Up(stage, grade) | Next::On(stage, grade) => {
                let free = |number: &i32| !taken.contains(&(stage, grade, *number));
                let number = std::iter::once(class.number).chain(1..).find(free);
                let number = number.unwrap_or(class.number);
                taken.insert((stage, grade, number));
                ClassMove::To(stage, grade, number)
            }
        };
        moves.push((class, to));
    }
    (moves, entering)
}

fn student_move(stages: &[Stage], before: &student::Model, school_year: i32) -> StudentMove {
    let mut after = before.clone();
    after.grade_year = school_year;
    let happened = match rules::next(stages, before.stage, before.grade) {
        Next::Up(_, grade) => {
            after.grade = grade;
            Happened::Promoted
        }
        Next::On(stage, grade) => {
            (after.stage, after.grade) = (stage, grade);
            after.entry_year = school_year;
            Happened::Advanced
        }
        Next::Graduates => {
            after.state = State::Graduated as i32;
            after.school_class = None;
            Happened::Graduated
        }
    };
    StudentMove {
        before: before.clone(),
        after,
        happened,
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Stage::{Junior, Primary};

    fn class(stage: Stage, grade: i32, number: i32) -> school_class::Model {
        school_class::Model {
            id: Uuid::now_v7(),
            school: Uuid::nil(),
            place: 0,
            stage: stage as i32,
            grade,
            grade_year: 2025,
            number,
            version: 1,
        }
    }

    fn pupil(class: &school_class::Model, entry_year: i32, state: State) -> student::Model {
        student::Model {
            school: class.school,
            school_class: Some(class.id),
            stage: class.stage,
            grade: class.grade,
            grade_year: entry_year.max(2025),
            entry_year,
            state: state as i32,
            ..student::Model::sample()
        }
    }

    fn moves(plan: &Plan) -> Vec<(i32, i32, ClassMove)> {
        let classes = plan.classes.iter();
        classes
            .map(|(class, to)| (class.stage, class.grade, to.clone()))
            .collect()
    }

    #[test]
    fn classes_move_from_the_top_down_so_that_every_place_is_free_when_it_is_taken() {
        let classes = vec![
            class(Primary, 1, 1),
            class(Primary, 5, 1),
            class(Primary, 6, 1),
        ];
        let pupils = vec![pupil(&classes[0], 2025, State::Enrolled)];
        let plan = Plan::of(&[Primary], classes, pupils, &HashSet::new(), 2026);
        let expected = [
            (1, 6, ClassMove::Ends),
            (1, 5, ClassMove::To(1, 6, 1)),
            (1, 1, ClassMove::To(1, 2, 1)),
        ];
        assert_eq!(moves(&plan), expected);
    }

    #[test]
    fn primary_of_a_nine_year_school_takes_the_next_free_number_in_junior() {
        let classes = vec![
            class(Primary, 6, 1),
            class(Junior, 1, 1),
            class(Junior, 3, 1),
        ];
        // The junior class of grade 1 is that of the new year.
        let pupils = vec![pupil(&classes[1], 2026, State::Enrolled)];
        let plan = Plan::of(&[Primary, Junior], classes, pupils, &HashSet::new(), 2026);
        let expected = [(2, 3, ClassMove::Ends), (1, 6, ClassMove::To(2, 1, 2))];
        assert_eq!(moves(&plan), expected);
    }

    #[test]
    fn who_stays_is_named_and_does_not_go_with_the_class() {
        let classes = vec![class(Primary, 3, 1)];
        let pupils = vec![
            pupil(&classes[0], 2023, State::Enrolled),
            pupil(&classes[0], 2023, State::Suspended),
            pupil(&classes[0], 2023, State::Deceased),
        ];
        let suspended = pupils[1].id;
        let plan = Plan::of(&[Primary], classes, pupils, &HashSet::new(), 2026);
        let told = plan.tell(Uuid::nil(), true);
        assert_eq!((told.promoted_count, told.staying_count), (1, 1));
        assert_eq!(told.staying[0].student, format!("students/{suspended}"));
        assert_eq!(told.classes[0].student_count, 1);
        assert_eq!(plan.left_behind.len(), 2);
    }

    #[test]
    fn the_last_grade_graduates_and_leaves_its_class() {
        let classes = vec![class(Junior, 3, 1)];
        let pupils = vec![pupil(&classes[0], 2023, State::Enrolled)];
        let plan = Plan::of(&[Junior], classes, pupils, &HashSet::new(), 2026);
        let after = &plan.students[0].after;
        assert_eq!(after.state, State::Graduated as i32);
        assert_eq!((after.grade, after.school_class), (3, None));
        assert_eq!(plan.tell(Uuid::nil(), false).graduated_count, 1);
    }

    #[test]
    fn who_has_gone_up_elsewhere_does_not_go_up_again_and_nobody_else_is_left_behind() {
        let ours = class(Primary, 2, 1);
        let theirs = school_class::Model {
            grade_year: 2026,
            ..class(Primary, 3, 1)
        };
        let pupils = vec![
            pupil(&ours, 2024, State::Enrolled),
            student::Model {
                grade_year: 2026,
                ..pupil(&theirs, 2024, State::Enrolled)
            },
            // One of ours who was put into their class, and one of theirs who was put into ours.
            student::Model {
                school_class: Some(theirs.id),
                ..pupil(&ours, 2024, State::Enrolled)
            },
            student::Model {
                grade_year: 2026,
                ..pupil(&ours, 2024, State::Enrolled)
            },
        ];
        let ids: Vec<Uuid> = pupils.iter().map(|one| one.id).collect();
        let plan = Plan::of(
            &[Primary],
            vec![ours, theirs],
            pupils,
            &HashSet::new(),
            2026,
        );
        let gone_up: Vec<_> = plan.students.iter().map(|one| one.before.id).collect();
        assert_eq!(gone_up, [ids[0], ids[2]]);
        assert!(plan.students.iter().all(|one| one.after.grade_year == 2026));
        assert!(plan.students[0].after.school_class.is_some());
        assert_eq!(plan.students[1].after.school_class, None);
        assert_eq!(moves(&plan), [(1, 2, ClassMove::To(1, 3, 2))]);
        let left: Vec<_> = plan.left_behind.iter().map(|one| one.id).collect();
        assert_eq!(left, [ids[3]]);
        assert_eq!(plan.staying, [], "who has gone up does not stay");
    }

    #[test]
    fn who_is_disputed_goes_up_but_does_not_graduate() {
        let classes = vec![class(Primary, 6, 1), class(Primary, 5, 1)];
        let leaver = pupil(&classes[0], 2020, State::Enrolled);
        let other = pupil(&classes[1], 2021, State::Enrolled);
        let disputed = HashSet::from([leaver.id, other.id]);
        let pupils = vec![leaver.clone(), other.clone()];
        let plan = Plan::of(&[Primary], classes, pupils, &disputed, 2026);
        assert_eq!(plan.staying, [(leaver.id, StayReason::Disputed)]);
        let moved: Vec<_> = plan.students.iter().map(|one| one.before.id).collect();
        assert_eq!(moved, [other.id]);
    }
}
