//! What places add to the rules of transfer (地方限制条件), set by the rule book: the regulation itself leaves conditions to the
//! provinces.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_proto::registration::v1::student::State;

use crate::promotion::rules::is_season;
use crate::rule_book::{RegionPath, Rule, RuleBook};
use crate::school_class::rules::last_grade;

/// A rule that can stand against a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// The pupil is on leave (休学期间).
    OnLeave,
    /// The pupil is in the last grade of the stage (毕业年级).
    LeavingGrade,
    /// The first term of the first grade of a stage (起始年级第一学期).
    EntryTerm,
    /// The class is of another grade than the pupil (跨年级).
    GradeChange,
    /// The class is full (班额已满).
    FullClass,
    /// Two schools claim the record (双重学籍). A rule of this system: it is always on.
    Disputed,
    /// Of the pupil's class and the one that is to take the pupil, one has been promoted and the other has not (年度升级未同步).
    /// Likewise always on: the grades of different school years cannot be compared.
    OutOfStep,
}

/// The blocks in the order in which they are looked at, with the rule of the book that sets each.
const BLOCKS: [(Block, &str); 5] = [
    (Block::OnLeave, "transfer.suspended_allowed"),
    (Block::LeavingGrade, "transfer.graduating_grade_allowed"),
    (Block::EntryTerm, "transfer.first_term_allowed"),
    (Block::GradeChange, "transfer.grade_change_allowed"),
    (Block::FullClass, "transfer.most_class_students"),
];

/// What the rules look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Today in China.
    pub today: NaiveDate,
    /// Whether the first term of the school year runs today at the place whose rules count.
    pub first_term: bool,
    /// The state of the record; enrolled for a newcomer.
    pub state: i32,
    /// The stage of the pupil, and of the class for a newcomer.
    pub stage: i32,
    /// The grade, likewise.
    pub grade: i32,
    /// The school year in which the grade holds; None for a newcomer.
    pub grade_year: Option<i32>,
    /// The class that is to take the pupil; None where it lies in another province.
    pub class: Option<ClassFact>,
}

/// The class that is to take the pupil.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassFact {
    /// The stage.
    pub stage: i32,
    /// The grade.
    pub grade: i32,
    /// The school year in which the grade holds.
    pub grade_year: i32,
    /// Who attends it now.
    pub students: i64,
}

/// The rule that stands against a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Which.
    pub block: Block,
    /// What it says, in English.
    pub why: String,
    /// The same in Chinese.
    pub why_zh: String,
    /// Where it comes from.
    pub source: &'static str,
}

/// What stands against the transfer of a record that two schools claim.
pub fn disputed() -> Blocked {
    Blocked {
        block: Block::Disputed,
        why: "the record is disputed; settle the case of double registration first".into(),
        why_zh: "该生存在双重学籍争议,请先办结".into(),
        source: "本系统规则",
    }
}

/// What stands against a transfer between a class that has been promoted this summer and one that has not: the pupil would
/// go up twice, or not at all.
fn out_of_step(facts: &Facts) -> Option<Blocked> {
    let (own, class) = (facts.grade_year?, facts.class?);
    let theirs = class.grade_year;
    let year = own.max(theirs);
    // A first grade in which nobody sits yet is that of the new year.
    let is_new = class.grade == 1 && class.students == 0 && theirs < own;
    if own == theirs || is_new || !is_season(year, facts.today) {
        return None;
    }
    let (side, side_zh) = match own < theirs {
        true => ("sending", "转出"),
        false => ("receiving", "转入"),
    };
    Some(Blocked {
        block: Block::OutOfStep,
        why: format!(
            "the {side} school has not been promoted into the school year {year} yet; that comes first"
        ),
        why_zh: format!("{side_zh}学校尚未办理{year}学年年度升级,请先办理升级"),
        source: "本系统规则",
    })
}

/// The first rule that stands against it.
pub fn judge(
    book: &'static RuleBook,
    path: &RegionPath,
    facts: &Facts,
) -> Result<Option<Blocked>, KernelError> {
    if let Some(blocked) = out_of_step(facts) {
        return Ok(Some(blocked));
    }
    for (block, id) in BLOCKS {
        let rule = book.rule(id, path, facts.today)?;
        if let Some((why, why_zh)) = against(block, rule, facts) {
            return Ok(Some(Blocked {
                block,
                why,
                why_zh,
                source: &rule.source,
            }));
        }
    }
    Ok(None)
}

fn against(block: Block, rule: &Rule, facts: &Facts) -> Option<(String, String)> {
    let said = |stands: bool, why: &str, why_zh: &str| {
        (stands && !rule.is_on()).then(|| (why.to_owned(), why_zh.to_owned()))
    };
    let class = facts.class;
    match block {
        Block::OnLeave => said(
            facts.state == State::Suspended as i32,
            "the student is on leave; transfer after the return",
            "休学期间不办理转学,请复学后申请",
        ),
        Block::LeavingGrade => said(
            facts.grade == last_grade(facts.stage),
            "the student is in the last grade of the stage",
            "毕业年级不办理转学",
        ),
        Block::EntryTerm => said(
            facts.grade == 1 && facts.first_term,
            "the first term of an entry grade",
            "起始年级第一学期不办理转学",
        ),
        Block::Disputed | Block::OutOfStep => None,
        Block::GradeChange => said(
            class.is_some_and(|class| (class.stage, class.grade) != (facts.stage, facts.grade)),
            "the class is of another grade; repeating and skipping are no transfer",
            "转入班级与学生年级不一致,转学不得跨年级",
        ),
        Block::FullClass => {
            let most = rule.value;
            let full = class.filter(|class| class.students >= most)?;
            Some((
                format!("the class has {} students of at most {most}", full.students),
                format!("转入班级已有{}人,班额上限{most}人", full.students),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_kernel::region::RegionTable;
    use junheng_proto::education::v1::Stage;

    const PRIMARY: i32 = Stage::Primary as i32;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn facts() -> Facts {
        Facts {
            today: day("2026-10-12"),
            first_term: true,
            state: State::Enrolled as i32,
            stage: PRIMARY,
            grade: 3,
            grade_year: Some(2026),
            class: Some(ClassFact {
                stage: PRIMARY,
                grade: 3,
                grade_year: 2026,
                students: 44,
            }),
        }
    }

    fn blocked(book: &'static RuleBook, facts: &Facts) -> Option<Block> {
        let path = RegionPath::of(&RegionTable::builtin(), "420106");
        let judged = judge(book, &path, facts).unwrap();
        judged.map(|blocked| blocked.block)
    }

    fn shipped() -> &'static RuleBook {
        RuleBook::builtin().unwrap()
    }

    /// The shipped rules with one of Hubei's from September 2020 on.
    fn province(id: &str, value: i64) -> &'static RuleBook {
        Box::leak(Box::new(RuleBook::with(&format!(
            "[[rule]]\nid = \"{id}\"\nregion = \"42\"\neffective_from = 2020-09-01\nvalue = {value}\n\
             source = \"鄂教规\"\ntrust = \"V\"\n"
        ))))
    }

    #[test]
    fn nothing_stands_against_an_ordinary_transfer() {
        assert_eq!(blocked(shipped(), &facts()), None);
    }

    #[test]
    fn who_is_on_leave_stays_until_the_return_unless_the_province_says_otherwise() {
        let mut facts = facts();
        facts.state = State::Suspended as i32;
        assert_eq!(blocked(shipped(), &facts), Some(Block::OnLeave));
        assert_eq!(
            blocked(province("transfer.suspended_allowed", 1), &facts),
            None
        );
        facts.today = day("2020-08-31");
        let dated = province("transfer.suspended_allowed", 1);
        assert_eq!(
            blocked(dated, &facts),
            Some(Block::OnLeave),
            "not yet in force"
        );
    }

    #[test]
    fn leaving_and_entry_grades_are_blocked_only_where_the_province_says_so() {
        let mut facts = facts();
        facts.grade = 6;
        facts.class = None;
        assert_eq!(blocked(shipped(), &facts), None);
        let leaving = province("transfer.graduating_grade_allowed", 0);
        assert_eq!(blocked(leaving, &facts), Some(Block::LeavingGrade));
        facts.grade = 1;
        assert_eq!(blocked(shipped(), &facts), None);
        let entry = province("transfer.first_term_allowed", 0);
        assert_eq!(blocked(entry, &facts), Some(Block::EntryTerm));
        facts.first_term = false;
        assert_eq!(blocked(entry, &facts), None, "the second term");
    }

    #[test]
    fn between_a_school_that_has_been_promoted_and_one_that_has_not_nobody_moves() {
        let mut facts = facts();
        let class = facts.class.unwrap();
        for (own, theirs, side) in [(2025, 2026, "转出"), (2026, 2025, "转入")] {
            facts.today = day("2026-08-05");
            facts.grade_year = Some(own);
            facts.class = Some(ClassFact {
                grade_year: theirs,
                ..class
            });
            assert_eq!(blocked(shipped(), &facts), Some(Block::OutOfStep));
            assert!(out_of_step(&facts).unwrap().why_zh.starts_with(side));
            facts.today = day("2026-10-12");
            assert_eq!(blocked(shipped(), &facts), None, "after the season");
        }
        facts.grade = 1;
        facts.today = day("2026-08-05");
        facts.class = Some(ClassFact {
            grade: 1,
            grade_year: 2025,
            students: 0,
            ..facts.class.unwrap()
        });
        assert_eq!(blocked(shipped(), &facts), None, "the new first grade");
    }

    #[test]
    fn a_transfer_neither_changes_the_grade_nor_fills_a_class_beyond_its_limit() {
        let mut facts = facts();
        let class = facts.class.unwrap();
        facts.class = Some(ClassFact { grade: 4, ..class });
        assert_eq!(blocked(shipped(), &facts), Some(Block::GradeChange));
        facts.class = Some(ClassFact {
            students: 64,
            ..class
        });
        assert_eq!(blocked(shipped(), &facts), None);
        facts.class = Some(ClassFact {
            students: 65,
            ..class
        });
        assert_eq!(blocked(shipped(), &facts), Some(Block::FullClass));
        facts.class = Some(ClassFact {
            students: 55,
            ..class
        });
        let strict = province("transfer.most_class_students", 55);
        assert_eq!(blocked(strict, &facts), Some(Block::FullClass));
    }
}
