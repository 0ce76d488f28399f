//! The table of rates.

use junheng_proto::registration::v1::control_line::Side;
use junheng_proto::registration::v1::student_change::Kind;

/// Primary school.
pub const PRIMARY: i32 = 1;
/// Junior school.
pub const JUNIOR: i32 = 2;

/// A number that formulas take in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Input {
    /// Cases confirmed in the school year, of a stage.
    DroppedOut(i32),
    /// Who attended a stage when the school year began: from the roll and its changes as long as the roll is the year's, then
    /// from the yearbook.
    AtStart(i32),
    /// Who attends a stage: now as long as the roll is the year's, then by the yearbook.
    Enrolled(i32),
    /// Who attends the last grade of a stage: now as long as the roll is the year's, then as it was frozen.
    LastGrade(i32),
    /// Who attended the last grade of a stage in the school year, frozen.
    LastGradeFrozen(i32),
    /// Changes of a kind in the school year, of a stage; the number is the kind's.
    Changed(i32, i32),
    /// Who attended a stage when the year began, by the yearbook.
    Yearbook(i32),
    /// Who finished a stage in the school year.
    Graduated(i32),
    /// Who finished primary school in the school year before.
    PrimaryGraduates,
    /// Primary pupils who went straight on in a school of nine years.
    WentOn,
    /// Primary graduates whose junior school has confirmed them.
    Arrived,
    /// Changes of a kind in the cohort that finishes a stage this school year.
    OfCohort(i32, i32),
    /// How many the first grade had when that cohort entered, frozen.
    Entrants(i32),
    /// How many the first grade of primary school had eight school years before, frozen.
    NineYearEntrants,
    /// Children of these ages who attend this stage or a higher one; of 0 any of the compulsory ones.
    Aged(i32, i32, i32),
    /// Children of these ages who live here.
    Population(i32, i32),
    /// Disabled pupils in ordinary classes, in special schools, taught at home.
    Placed(&'static str),
    /// Disabled children of school age, with a record or without.
    Disabled,
}

/// A line that a rate should keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The dated rule; its unit is the end of its name, `permille` or `percent`.
    pub rule: &'static str,
    /// Which side is kept.
    pub side: Side,
}

/// One rate.
#[derive(Clone, Copy, Debug)]
pub struct Formula {
    /// `{theme}.{rate}`.
    pub id: &'static str,
    /// The term.
    pub label: &'static str,
    /// Above, with signs.
    pub numerator: &'static [(i64, Input)],
    /// Below, with signs.
    pub denominator: &'static [(i64, Input)],
    /// Whether a value above all is read as all.
    pub capped: bool,
    /// Whether it should be full, so that who is missing can be told.
    pub full: bool,
    /// The lines.
    pub lines: &'static [Line],
    /// The document.
    pub source: &'static str,
}

const CONTROL: &str = "国务院办公厅关于进一步加强控辍保学提高义务教育巩固水平的通知(国办发〔2017〕72号);辍学率=学年内辍学学生数/学年初在校学生数";
const RETENTION: &str = "县域义务教育优质均衡发展督导评估办法(教督〔2017〕6号):初中三年巩固率=(毕业-三年转入+三年转出)/(初一时在校-三年死亡)";
const SIX_YEARS: &str = "地方口径:小学六年巩固率=毕业/(招生+转入-转出),不超过100%";
const NINE_YEARS: &str = "九年巩固率=初中毕业班学生数/同批小学一年级入学人数";
const ENTRY: &str = "适龄人口入学率=已入学适龄人口/适龄人口总数;休学学生返校前不计";
const GROSS: &str = "毛入学率=该学段在校生(不限年龄)/该学段学龄人口";
const ONWARD: &str = "小升初入学率=初中招生/小学毕业,按毕业生本人的去向计";
const DISABLED: &str = "残疾儿童入学率=(随班就读+特教学校就读+送教上门)/适龄残疾儿童";

const IN: i32 = Kind::TransferredIn as i32;
const OUT: i32 = Kind::TransferredOut as i32;
const DIED: i32 = Kind::Deceased as i32;

const fn most(rule: &'static str) -> Line {
    Line {
        rule,
        side: Side::AtMost,
    }
}

const fn least(rule: &'static str) -> Line {
    Line {
        rule,
        side: Side::AtLeast,
    }
}

/// Every rate, in the order in which answers give them.
#[rustfmt::skip]
pub const FORMULAS: &[Formula] = {
    use Input::*;
    &[
        rate("dropout.primary",      "小学辍学率",         &[(1, DroppedOut(PRIMARY))], &[(1, AtStart(PRIMARY))], &[most("dropout.most_primary_permille")], CONTROL),
        rate("dropout.junior",       "初中辍学率",         &[(1, DroppedOut(JUNIOR))],  &[(1, AtStart(JUNIOR))],  &[most("dropout.most_junior_permille"), most("dropout.most_rural_junior_permille")], CONTROL),
        rate("retention.junior",     "初中三年巩固率",
            &[(1, Graduated(JUNIOR)), (-1, OfCohort(JUNIOR, IN)), (1, OfCohort(JUNIOR, OUT))],
            &[(1, Entrants(JUNIOR)), (-1, OfCohort(JUNIOR, DIED))],
            &[least("dropout.least_retention_percent")], RETENTION),
        Formula { capped: true, ..rate("retention.primary", "小学六年巩固率",
            &[(1, Graduated(PRIMARY))],
            &[(1, Entrants(PRIMARY)), (1, OfCohort(PRIMARY, IN)), (-1, OfCohort(PRIMARY, OUT))],
            &[], SIX_YEARS) },
        rate("retention.nine_years", "九年义务教育巩固率", &[(1, LastGrade(JUNIOR))], &[(1, NineYearEntrants)], &[least("dropout.least_retention_percent")], NINE_YEARS),
        full("entry.age_seven",      "七周岁入学率",       &[(1, Aged(7, 7, 0))],        &[(1, Population(7, 7))],   &[], ENTRY),
        full("entry.net_primary",    "小学净入学率",       &[(1, Aged(6, 11, 0))],       &[(1, Population(6, 11))],  &[], ENTRY),
        full("entry.net_junior",     "初中净入学率",       &[(1, Aged(12, 14, JUNIOR))], &[(1, Population(12, 14))], &[], ENTRY),
        rate("entry.gross_primary",  "小学毛入学率",       &[(1, Enrolled(PRIMARY))],    &[(1, Population(6, 11))],  &[], GROSS),
        rate("entry.gross_junior",   "初中毛入学率",       &[(1, Enrolled(JUNIOR))],     &[(1, Population(12, 14))], &[], GROSS),
        full("entry.junior",         "小升初入学率",       &[(1, Arrived), (1, WentOn)], &[(1, PrimaryGraduates), (1, WentOn)], &[], ONWARD),
        full("entry.disabled",       "残疾儿童少年入学率",
            &[(1, Placed("inclusive")), (1, Placed("special")), (1, Placed("home_taught"))],
            &[(1, Disabled)],
            &[least("dropout.least_disabled_entry_percent")], DISABLED),
    ]
};

/// Changes by which a pupil came since the school year began.
pub const CAME: [Kind; 4] = [
    Kind::TransferredIn,
    Kind::Returned,
    Kind::Restored,
    Kind::BroughtBack,
];

/// Changes by which a pupil went since the school year began.
pub const WENT: [Kind; 7] = [
    Kind::TransferredOut,
    Kind::Suspended,
    Kind::Deferred,
    Kind::Cancelled,
    Kind::Deceased,
    Kind::WentAbroad,
    Kind::DroppedOut,
];

// === impl Formula ===

impl Formula {
    /// The formula in words.
    pub fn text(&self) -> String {
        let cap = if self.capped { ", at most 1" } else { "" };
        let (above, below) = (words(self.numerator), words(self.denominator));
        format!("{above} / {below}{cap}")
    }
}

fn words(terms: &[(i64, Input)]) -> String {
    let mut text = String::new();
    for (sign, input) in terms {
        let joint = match (text.is_empty(), *sign < 0) {
            (true, _) => "",
            (false, true) => " - ",
            (false, false) => " + ",
        };
        text += joint;
        text += &input.id();
    }
    match terms.len() {
        1 => text,
        _ => format!("({text})"),
    }
}

const fn rate(
    id: &'static str,
    label: &'static str,
    numerator: &'static [(i64, Input)],
    denominator: &'static [(i64, Input)],
    lines: &'static [Line],
    source: &'static str,
) -> Formula {
    Formula {
        id,
        label,
        numerator,
        denominator,
        capped: false,
        full: false,
        lines,
        source,
    }
}

const fn full(
    id: &'static str,
    label: &'static str,
    numerator: &'static [(i64, Input)],
    denominator: &'static [(i64, Input)],
    lines: &'static [Line],
    source: &'static str,
) -> Formula {
    Formula {
        full: true,
        ..rate(id, label, numerator, denominator, lines, source)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::inputs;
    use super::*;
    use crate::rule_book::{RegionPath, RuleBook};
    use junheng_kernel::region::RegionTable;
    use std::collections::BTreeSet;

    #[test]
    fn every_rate_has_an_id_of_its_own_and_lines_that_are_rules() {
        let ids: BTreeSet<&str> = FORMULAS.iter().map(|formula| formula.id).collect();
        assert_eq!(ids.len(), FORMULAS.len());
        let regions = RegionTable::builtin();
        let path = RegionPath::of(&regions, "630103");
        let day = "2026-11-22".parse().unwrap();
        for line in FORMULAS.iter().flat_map(|formula| formula.lines) {
            let book = RuleBook::builtin().unwrap();
            assert!(book.number(line.rule, &path, day).is_ok(), "{}", line.rule);
            let unit = line.rule.rsplit('_').next().unwrap();
            assert!(["permille", "percent"].contains(&unit), "{}", line.rule);
        }
    }

    #[test]
    fn no_two_inputs_have_one_name() {
        for is_on_roll in [true, false] {
            let ids: Vec<String> = inputs(is_on_roll).into_iter().map(Input::id).collect();
            let different: BTreeSet<&String> = ids.iter().collect();
            assert_eq!(different.len(), ids.len(), "{ids:?}");
        }
    }

    #[test]
    fn a_formula_reads_as_the_document_writes_it() {
        let text = |id: &str| FORMULAS.iter().find(|one| one.id == id).unwrap().text();
        assert_eq!(
            text("retention.junior"),
            "(graduated.junior - cohort_transferred_in.junior + cohort_transferred_out.junior) / \
             (entrants.junior - cohort_deceased.junior)"
        );
        assert_eq!(
            text("dropout.primary"),
            "dropped_out.primary / enrolled_at_start.primary"
        );
    }
}
