//! Counts as callers ask for them.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::name::Parent;
use junheng_proto::registration::v1::StudentCount;
use junheng_proto::registration::v1::count_students_request::Grouping;

use super::store::Count;

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

/// Sums up counts by stage and grade, lowest first, to what was asked for.
pub(super) fn group(grouping: Grouping, counts: Vec<Count>) -> Vec<StudentCount> {
    let mut grouped: Vec<StudentCount> = Vec::with_capacity(counts.len());
    for (stage, grade, count, class) in counts {
        let grade = if grouping == Grouping::Stage {
            0
        } else {
            grade
        };
        match grouped.last_mut() {
            Some(last) if class.is_none() && (last.stage, last.grade) == (stage, grade) => {
                last.student_count += count;
            }
            _ => grouped.push(StudentCount {
                stage,
                grade,
                school_class: class.map(|id| format!("classes/{id}")).unwrap_or_default(),
                student_count: count,
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
        let counts = vec![(1, 1, 40, None), (1, 2, 41, None), (2, 1, 50, None)];
        let stages: Vec<_> = group(Grouping::Stage, counts.clone())
            .into_iter()
            .map(|count| (count.stage, count.grade, count.student_count))
            .collect();
        assert_eq!(stages, [(1, 0, 81), (2, 0, 50)]);
        assert_eq!(group(Grouping::Grade, counts).len(), 3);
        let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
        let classes = vec![(1, 1, 40, Some(one)), (1, 1, 41, Some(other))];
        assert_eq!(group(Grouping::Class, classes).len(), 2);
    }
}
