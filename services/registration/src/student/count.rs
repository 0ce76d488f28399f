//! Counts as callers ask for them.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::name::Parent;
use junheng_kernel::store::Store;
use junheng_proto::registration::v1::StudentCount;
use junheng_proto::registration::v1::count_students_request::Grouping;

use crate::tally::Cell;
use crate::tally::counted::{Counts, ENROLLED};
use crate::tally::read::{self, Reach};

/// What to count by. Fails with `FIELD_INVALID` for an unknown number, and for classes of more than one school.
pub(super) fn grouping_of(number: i32, parent: &Parent) -> Result<Grouping, KernelError> {
    let invalid = |why: &str, why_zh: &str| {
        KernelError::Fields(vec![Violation::invalid("grouping", why, why_zh)])
    };
    match Grouping::try_from(number) {
        Err(_) => Err(invalid(
            "is no grouping; 1 by stage, 2 by grade, 3 by class",
            "应为1按学段、2按年级或3按班级",
        )),
        Ok(Grouping::Class) if parent.school().is_none() => Err(invalid(
            "by class counts one school; name it as parent",
            "按班级统计只适用于一所学校,请以学校为范围",
        )),
        Ok(Grouping::Unspecified) => Ok(Grouping::Stage),
        Ok(grouping) => Ok(grouping),
    }
}

/// The students below `parent` who attend, lowest stage and grade first; a class, grade or stage without any is left out.
pub(super) async fn read(
    store: &Store,
    parent: &Parent,
    grouping: Grouping,
) -> Result<Vec<StudentCount>, KernelError> {
    if let (Grouping::Class, Some(school)) = (grouping, parent.school()) {
        let cells = read::cells(store.reader(), &Reach::School(school)).await?;
        return Ok(by_class(cells));
    }
    let enrolled = read::enrolled(store.reader(), parent).await?;
    Ok(group(grouping, enrolled))
}

fn by_class(mut cells: Vec<(Cell, Counts)>) -> Vec<StudentCount> {
    cells.sort_by_key(|(cell, _)| (cell.stage, cell.grade, cell.school_class));
    let counted = cells
        .into_iter()
        .filter(|(_, counts)| counts[ENROLLED] != 0);
    let count = |(cell, counts): (Cell, Counts)| StudentCount {
        stage: cell.stage,
        grade: cell.grade,
        school_class: match cell.school_class.is_nil() {
            true => String::new(),
            false => format!("classes/{}", cell.school_class),
        },
        student_count: counts[ENROLLED],
    };
    counted.map(count).collect()
}

fn group(grouping: Grouping, enrolled: Vec<(i32, i32, i64)>) -> Vec<StudentCount> {
    let mut grouped: Vec<StudentCount> = Vec::with_capacity(enrolled.len());
    for (stage, grade, student_count) in enrolled {
        let grade = match grouping {
            Grouping::Stage => 0,
            _ => grade,
        };
        match grouped.last_mut() {
            Some(last) if (last.stage, last.grade) == (stage, grade) => {
                last.student_count += student_count;
            }
            _ => grouped.push(StudentCount {
                stage,
                grade,
                school_class: String::new(),
                student_count,
            }),
        }
    }
    grouped
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn region() -> Parent {
        Parent::Region {
            code: "630103".into(),
            ranges: vec![],
        }
    }

    #[test]
    fn classes_are_counted_for_one_school_only() {
        let school = Parent::School(Uuid::now_v7());
        assert!(grouping_of(3, &region()).is_err());
        assert_eq!(grouping_of(3, &school).unwrap(), Grouping::Class);
        assert_eq!(grouping_of(0, &region()).unwrap(), Grouping::Stage);
        assert!(grouping_of(4, &school).is_err());
    }

    #[test]
    fn grades_add_up_to_stages_and_classes_stay_apart() {
        let counts = |enrolled| {
            let mut counts = Counts::default();
            counts[ENROLLED] = enrolled;
            counts
        };
        let enrolled = vec![(1, 1, 40), (1, 2, 41), (2, 1, 50)];
        let stages: Vec<_> = group(Grouping::Stage, enrolled.clone())
            .into_iter()
            .map(|count| (count.stage, count.grade, count.student_count))
            .collect();
        assert_eq!(stages, [(1, 0, 81), (2, 0, 50)]);
        assert_eq!(group(Grouping::Grade, enrolled).len(), 3);
        let cell = |school_class| Cell {
            school: Uuid::from_u128(1),
            school_class,
            place: 630_103_000_000,
            stage: 1,
            grade: 1,
        };
        let (one, other) = (cell(Uuid::from_u128(2)), cell(Uuid::from_u128(3)));
        let cells = vec![
            (other, counts(41)),
            (one, counts(40)),
            (cell(Uuid::nil()), counts(0)),
        ];
        let listed: Vec<i64> = by_class(cells)
            .iter()
            .map(|count| count.student_count)
            .collect();
        assert_eq!(listed, [40, 41]);
    }
}
