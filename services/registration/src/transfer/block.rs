//! What places add to the rules of transfer (地方限制条件): dated data, one row for each rule, on or off by province. The
//! regulation itself leaves conditions to the provinces; every row here is V-LOCAL but the last.

use chrono::{Datelike as _, NaiveDate};
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::student::State;

use crate::school_year;

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
    /// Two schools claim the record (双重学籍). A rule of this system, without a row: it is always on.
    Disputed,
}

/// How a rule is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Not in force.
    Off,
    /// In force.
    On,
    /// In force with a number: pupils of a class.
    Limit(i64),
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The rule.
    pub block: Block,
    /// The region whose schools it is for; empty for every one that has no row of its own.
    pub region: &'static str,
    /// The first day, `YYYY-MM-DD`.
    pub from: &'static str,
    /// How it is set.
    pub setting: Setting,
    /// Where it comes from, with the trust in it.
    pub source: &'static str,
}

/// The rules. The nearest region counts, and of its rows the last that has begun.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    Rule { block: Block::OnLeave,      region: "", from: "2013-09-01", setting: Setting::On,        source: "各地学籍管理实施细则 V-LOCAL" },
    Rule { block: Block::LeavingGrade, region: "", from: "2013-09-01", setting: Setting::Off,       source: "各地学籍管理实施细则 V-LOCAL" },
    Rule { block: Block::EntryTerm,    region: "", from: "2013-09-01", setting: Setting::Off,       source: "各地学籍管理实施细则 V-LOCAL" },
    Rule { block: Block::GradeChange,  region: "", from: "2013-09-01", setting: Setting::On,        source: "各地学籍管理实施细则 V-LOCAL" },
    Rule { block: Block::FullClass,    region: "", from: "2014-07-18", setting: Setting::Limit(65), source: "教基一厅〔2014〕5号:不得有66人及以上的超大班额 V" },
];

/// What the rules look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Today in China.
    pub today: NaiveDate,
    /// The state of the record; enrolled for a newcomer.
    pub state: i32,
    /// The stage of the pupil, and of the class for a newcomer.
    pub stage: i32,
    /// The grade, likewise.
    pub grade: i32,
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

/// The first rule in force that stands against it. `path` are the codes of the region and of those above it, outwards.
pub fn judge(rules: &[Rule], path: &[String], facts: &Facts) -> Option<Blocked> {
    let all = [
        Block::OnLeave,
        Block::LeavingGrade,
        Block::EntryTerm,
        Block::GradeChange,
        Block::FullClass,
    ];
    all.into_iter().find_map(|block| {
        let rule = in_force(rules, block, path, facts.today)?;
        let (why, why_zh) = against(block, rule.setting, facts)?;
        Some(Blocked {
            block,
            why,
            why_zh,
            source: rule.source,
        })
    })
}

fn in_force<'a>(
    rules: &'a [Rule],
    block: Block,
    path: &[String],
    today: NaiveDate,
) -> Option<&'a Rule> {
    let today = today.to_string();
    let regions = path.iter().map(String::as_str).chain([""]);
    regions
        .filter_map(|region| {
            rules
                .iter()
                .filter(|rule| rule.block == block && rule.region == region)
                .filter(|rule| rule.from <= today.as_str())
                .max_by_key(|rule| rule.from)
        })
        .next()
}

fn against(block: Block, setting: Setting, facts: &Facts) -> Option<(String, String)> {
    if setting == Setting::Off {
        return None;
    }
    let said =
        |stands: bool, why: &str, why_zh: &str| stands.then(|| (why.to_owned(), why_zh.to_owned()));
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
            facts.grade == 1 && is_first_term(facts.today),
            "the first term of an entry grade",
            "起始年级第一学期不办理转学",
        ),
        Block::Disputed => None,
        Block::GradeChange => said(
            class.is_some_and(|class| (class.stage, class.grade) != (facts.stage, facts.grade)),
            "the class is of another grade; repeating and skipping are no transfer",
            "转入班级与学生年级不一致,转学不得跨年级",
        ),
        Block::FullClass => {
            let Setting::Limit(limit) = setting else {
                return None;
            };
            let full = class.filter(|class| class.students >= limit)?;
            Some((
                format!(
                    "the class has {} students of at most {limit}",
                    full.students
                ),
                format!("转入班级已有{}人,班额上限{limit}人", full.students),
            ))
        }
    }
}

fn last_grade(stage: i32) -> i32 {
    if stage == Stage::Primary as i32 { 6 } else { 3 }
}

/// From 1 September to the end of January (R: the province's school calendar differs by days).
fn is_first_term(today: NaiveDate) -> bool {
    let begun = school_year::first_day(school_year::of(today));
    today >= begun && (today.year() == begun.year() || today.month() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIMARY: i32 = Stage::Primary as i32;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn facts() -> Facts {
        Facts {
            today: day("2026-10-12"),
            state: State::Enrolled as i32,
            stage: PRIMARY,
            grade: 3,
            class: Some(ClassFact {
                stage: PRIMARY,
                grade: 3,
                students: 44,
            }),
        }
    }

    fn blocked(rules: &[Rule], facts: &Facts) -> Option<Block> {
        let path = ["420106", "420100", "420000", "000000"].map(String::from);
        judge(rules, &path, facts).map(|blocked| blocked.block)
    }

    fn province(block: Block, setting: Setting) -> Vec<Rule> {
        let row = Rule {
            block,
            region: "420000",
            from: "2020-09-01",
            setting,
            source: "鄂教规",
        };
        RULES.iter().copied().chain([row]).collect()
    }

    #[test]
    fn nothing_stands_against_an_ordinary_transfer() {
        assert_eq!(blocked(RULES, &facts()), None);
    }

    #[test]
    fn who_is_on_leave_stays_until_the_return_unless_the_province_says_otherwise() {
        let mut facts = facts();
        facts.state = State::Suspended as i32;
        assert_eq!(blocked(RULES, &facts), Some(Block::OnLeave));
        assert_eq!(
            blocked(&province(Block::OnLeave, Setting::Off), &facts),
            None
        );
        facts.today = day("2020-08-31");
        let dated = province(Block::OnLeave, Setting::Off);
        assert_eq!(
            blocked(&dated, &facts),
            Some(Block::OnLeave),
            "not yet in force"
        );
    }

    #[test]
    fn leaving_and_entry_grades_are_blocked_only_where_the_province_says_so() {
        let mut facts = facts();
        facts.grade = 6;
        facts.class = None;
        assert_eq!(blocked(RULES, &facts), None);
        let leaving = province(Block::LeavingGrade, Setting::On);
        assert_eq!(blocked(&leaving, &facts), Some(Block::LeavingGrade));
        facts.grade = 1;
        assert_eq!(blocked(RULES, &facts), None);
        let entry = province(Block::EntryTerm, Setting::On);
        assert_eq!(blocked(&entry, &facts), Some(Block::EntryTerm));
        facts.today = day("2027-01-31");
        assert_eq!(blocked(&entry, &facts), Some(Block::EntryTerm));
        facts.today = day("2027-02-20");
        assert_eq!(blocked(&entry, &facts), None, "the second term");
    }

    #[test]
    fn a_transfer_neither_changes_the_grade_nor_fills_a_class_beyond_its_limit() {
        let mut facts = facts();
        let class = facts.class.unwrap();
        facts.class = Some(ClassFact { grade: 4, ..class });
        assert_eq!(blocked(RULES, &facts), Some(Block::GradeChange));
        facts.class = Some(ClassFact {
            students: 64,
            ..class
        });
        assert_eq!(blocked(RULES, &facts), None);
        facts.class = Some(ClassFact {
            students: 65,
            ..class
        });
        assert_eq!(blocked(RULES, &facts), Some(Block::FullClass));
        facts.class = Some(ClassFact {
            students: 55,
            ..class
        });
        let strict = province(Block::FullClass, Setting::Limit(55));
        assert_eq!(blocked(&strict, &facts), Some(Block::FullClass));
    }
}
