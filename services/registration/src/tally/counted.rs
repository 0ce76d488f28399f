//! What is counted of students, one row each.

use junheng_proto::registration::v1::student::{Placement, State};

use crate::entity::student::Model;
use crate::student::standing::{LIVE, rows_in};

/// One count: its column, its Chinese name, which students it counts, and the same as a condition on their rows.
pub struct Counted {
    /// The column.
    pub column: &'static str,
    /// The term.
    pub label: &'static str,
    /// Whether it counts the student.
    pub counts: fn(&Model) -> bool,
    /// The students counted, in SQL. Written with constants: only then does a database find the index that holds just
    /// such rows.
    pub rows: &'static str,
}

/// How many counts there are.
pub const LENGTH: usize = 15;

/// One number for each row of [`COUNTED`].
pub type Counts = [i64; LENGTH];

/// The counts. All but the last two count who attends.
#[rustfmt::skip]
pub const COUNTED: [Counted; LENGTH] = [
    Counted { column: "enrolled",    label: "在校生",           counts: enrolled,                                                                 rows: "state = 1" },
    Counted { column: "placed",      label: "在班学生",         counts: |s| enrolled(s) && s.school_class.is_some(),                              rows: "state = 1 AND school_class IS NOT NULL" },
    Counted { column: "girls",       label: "女生",             counts: |s| enrolled(s) && s.sex == 2,                                            rows: "state = 1 AND sex = 2" },
    Counted { column: "minority",    label: "少数民族学生",     counts: |s| enrolled(s) && s.ethnicity != "01",                                   rows: "state = 1 AND ethnicity <> '01'" },
    Counted { column: "boarders",    label: "寄宿生",           counts: |s| enrolled(s) && s.boarder,                                             rows: "state = 1 AND boarder" },
    Counted { column: "migrants",    label: "随迁子女",         counts: |s| enrolled(s) && s.migrant,                                             rows: "state = 1 AND migrant" },
    Counted { column: "left_behind", label: "留守儿童",         counts: |s| enrolled(s) && s.left_behind,                                         rows: "state = 1 AND left_behind" },
    Counted { column: "disabled",    label: "残疾学生",         counts: |s| enrolled(s) && s.disability != 0,                                     rows: "state = 1 AND disability <> 0" },
    Counted { column: "inclusive",   label: "随班就读学生",     counts: |s| enrolled(s) && s.placement == Placement::Inclusive as i32,            rows: "state = 1 AND placement <> 0 AND placement = 1" },
    Counted { column: "special",     label: "特教学校就读学生", counts: |s| enrolled(s) && s.placement == Placement::Special as i32,              rows: "state = 1 AND placement <> 0 AND placement = 2" },
    Counted { column: "home_taught", label: "送教上门学生",     counts: |s| enrolled(s) && s.placement == Placement::Home as i32,                 rows: "state = 1 AND placement <> 0 AND placement = 3" },
    Counted { column: "hardship",    label: "家庭经济困难学生", counts: |s| enrolled(s) && s.hardship,                                            rows: "state = 1 AND hardship" },
    Counted { column: "hardship_boarders", label: "家庭经济困难寄宿生", counts: |s| enrolled(s) && s.hardship && s.boarder,                             rows: "state = 1 AND hardship AND boarder" },
    Counted { column: "suspended",   label: "休学学生",         counts: |s| s.state == State::Suspended as i32,                                   rows: "state <> 1 AND state = 2" },
    Counted { column: "abroad",      label: "出国(境)学生",     counts: |s| s.state == State::Abroad as i32,                                      rows: "state <> 1 AND state = 4" },
];

/// The states that are counted whole, with their columns.
pub const BY_STATE: [(State, &str); 3] = [
    (State::Enrolled, "enrolled"),
    (State::Suspended, "suspended"),
    (State::Abroad, "abroad"),
];

/// Who attends.
pub const ENROLLED: usize = 0;
/// Who attends and is in a class: the size of a class.
pub const PLACED: usize = 1;

/// The place of a column in [`COUNTED`].
pub fn index_of(column: &str) -> Option<usize> {
    COUNTED.iter().position(|counted| counted.column == column)
}

/// The rows of live records that no column of [`BY_STATE`] counts: few, and in the words of the index
/// `students_not_enrolled`.
pub fn live_but_not_counted() -> String {
    let counted = |state: &State| BY_STATE.iter().any(|(counted, _)| counted == state);
    let rest = LIVE.into_iter().filter(|state| !counted(state));
    format!("state <> 1 AND {}", rows_in(rest))
}

fn enrolled(student: &Model) -> bool {
    student.state == State::Enrolled as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::student::standing::is_live;

    #[test]
    fn who_is_counted_by_state_has_an_open_record_and_the_rest_of_them_is_named() {
        for (state, column) in BY_STATE {
            let counted = &COUNTED[index_of(column).unwrap()];
            assert!(is_live(state as i32), "{column}");
            let condition = format!("state = {}", state as i32);
            assert!(counted.rows.ends_with(&condition), "{column}");
        }
        assert_eq!(live_but_not_counted(), "state <> 1 AND state IN (3, 9)");
    }
}
