//! The table of formulas.

use junheng_proto::registration::v1::student_change::Kind;

/// What a formula counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// Students, by the column of the tally.
    Students(&'static str),
    /// Classes with pupils.
    Classes,
    /// Classes of a band, by its key.
    Band(&'static str),
    /// Classes above the size that their stage should have, of the stages that have one.
    AboveStandard,
    /// Classes of the stages for which there is a size that they should have.
    Judged,
    /// Changes of student records in the school year, of one kind.
    Changes(Kind),
}

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 人.
    Persons,
    /// 人次.
    Cases,
    /// 个.
    Classes,
    /// %.
    Percent,
    /// 人/班.
    PersonsPerClass,
}

/// One formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formula {
    /// `{theme}.{figure}`.
    pub id: &'static str,
    /// The term.
    pub label: &'static str,
    /// Above.
    pub numerator: Term,
    /// Below; nothing for a count.
    pub denominator: Option<Term>,
    /// The unit.
    pub unit: Unit,
    /// The document.
    pub source: &'static str,
}

/// Where the counts come from (R+).
const YEARBOOK: &str = "教育事业统计调查制度(基础教育学校综合表),学籍口径";
const DISABLED: &str = "残疾人教育条例(国务院令第674号)第七条、第十七条";
const MIGRANT: &str = "国务院关于基础教育改革与发展的决定(国发〔2001〕21号)第十二条,两为主";
const SIZES: &str = "国发〔2016〕40号;班额口径:56至65人为大班额,66人及以上为超大班额";
const CHANGES: &str = "中小学生学籍管理办法(教基一〔2013〕7号)第三章,学籍异动";

use Term::{AboveStandard, Band, Changes, Classes, Judged, Students};
use Unit::{Cases, Percent, Persons, PersonsPerClass};

/// Every formula, in the order in which answers give them.
#[rustfmt::skip]
pub const FORMULAS: &[Formula] = &[
    count("enrolment.enrolled",    "在校生数",           "enrolled", YEARBOOK),
    count("enrolment.girls",       "女生数",             "girls", YEARBOOK),
    count("enrolment.minority",    "少数民族学生数",     "minority", YEARBOOK),
    count("enrolment.boarders",    "寄宿生数",           "boarders", YEARBOOK),
    count("enrolment.migrants",    "随迁子女数",         "migrants", MIGRANT),
    count("enrolment.left_behind", "留守儿童数",         "left_behind", YEARBOOK),
    count("enrolment.disabled",    "残疾学生数",         "disabled", DISABLED),
    count("enrolment.inclusive",   "随班就读学生数",     "inclusive", DISABLED),
    count("enrolment.special",     "特教学校就读学生数", "special", DISABLED),
    count("enrolment.home_taught", "送教上门学生数",     "home_taught", DISABLED),
    count("enrolment.hardship",    "家庭经济困难学生数", "hardship", YEARBOOK),
    count("enrolment.hardship_boarders", "家庭经济困难寄宿生数", "hardship_boarders", YEARBOOK),
    count("enrolment.suspended",   "休学学生数",         "suspended", YEARBOOK),
    count("enrolment.abroad",      "出国(境)学生数",     "abroad", YEARBOOK),
    share("enrolment.girls_share",       "女生比例",             "girls",       "enrolled", YEARBOOK),
    share("enrolment.minority_share",    "少数民族学生比例",     "minority",    "enrolled", YEARBOOK),
    share("enrolment.boarders_share",    "寄宿生比例",           "boarders",    "enrolled", YEARBOOK),
    share("enrolment.migrants_share",    "随迁子女比例",         "migrants",    "enrolled", MIGRANT),
    share("enrolment.left_behind_share", "留守儿童比例",         "left_behind", "enrolled", YEARBOOK),
    share("enrolment.hardship_share",    "家庭经济困难学生比例", "hardship",    "enrolled", YEARBOOK),
    share("enrolment.disabled_share",    "残疾学生比例",         "disabled",    "enrolled", DISABLED),
    share("enrolment.inclusive_share",   "残疾学生随班就读比例", "inclusive",   "disabled", DISABLED),
    Formula { id: "classes.count",                label: "班级数",           numerator: Classes,            denominator: None,          unit: Unit::Classes,   source: YEARBOOK },
    Formula { id: "classes.average_size",         label: "平均班额",         numerator: Students("placed"), denominator: Some(Classes), unit: PersonsPerClass, source: YEARBOOK },
    Formula { id: "classes.large",                label: "大班额班级数",     numerator: Band("large"),      denominator: None,          unit: Unit::Classes,   source: SIZES },
    Formula { id: "classes.large_share",          label: "大班额比例",       numerator: Band("large"),      denominator: Some(Classes), unit: Percent,         source: SIZES },
    Formula { id: "classes.over_large",           label: "超大班额班级数",   numerator: Band("over_large"), denominator: None,          unit: Unit::Classes,   source: SIZES },
    Formula { id: "classes.over_large_share",     label: "超大班额比例",     numerator: Band("over_large"), denominator: Some(Classes), unit: Percent,         source: SIZES },
    Formula { id: "classes.above_standard_share", label: "超标准班额比例",   numerator: AboveStandard,      denominator: Some(Judged),  unit: Percent,         source: super::band::STANDARD_OF },
    flow("changes.enrolments", "入学人次",         Kind::Enrolled),
    flow("changes.transfers_in", "转入人次",         Kind::TransferredIn),
    flow("changes.transfers_out", "转出人次",         Kind::TransferredOut),
    flow("changes.suspensions", "休学人次",         Kind::Suspended),
    flow("changes.returns", "复学人次",         Kind::Returned),
    flow("changes.repeats", "留级人次",         Kind::Repeated),
    flow("changes.skips", "跳级人次",         Kind::Skipped),
    flow("changes.deferrals", "保留入学资格人次", Kind::Deferred),
    flow("changes.restorations", "恢复学籍人次",     Kind::Restored),
    flow("changes.cancellations", "取消学籍人次",     Kind::Cancelled),
    flow("changes.class_changes", "转班级人次",       Kind::ClassChanged),
    flow("changes.deaths", "死亡人次",         Kind::Deceased),
    flow("changes.promotions", "升级人次",         Kind::Promoted),
    flow("changes.advances", "升学人次",         Kind::Advanced),
    flow("changes.graduations", "毕业人次",         Kind::Graduated),
    flow("changes.departures_abroad", "出国(境)人次",     Kind::WentAbroad),
    flow("changes.reorganisations", "随校调整人次",     Kind::SchoolReorganised),
    flow("changes.key_field_changes", "关键信息变更人次", Kind::KeyFieldChanged),
    flow("changes.dropouts", "辍学人次",         Kind::DroppedOut),
    flow("changes.dropouts_brought_back", "辍学复学人次",     Kind::BroughtBack),
];

// === impl Formula ===

impl Formula {
    /// The figure: the id without its theme.
    pub fn figure(&self) -> &'static str {
        self.id
            .split_once('.')
            .map_or(self.id, |(_, figure)| figure)
    }

    /// The formula in words.
    pub fn text(&self) -> String {
        match self.denominator {
            None => self.numerator.text(),
            Some(denominator) => format!("{} / {}", self.numerator.text(), denominator.text()),
        }
    }
}

// === impl Term ===

impl Term {
    fn text(self) -> String {
        match self {
            Students(column) => column.to_owned(),
            Classes => "classes".to_owned(),
            Band(key) => format!("classes.{key}"),
            AboveStandard => "classes.above_standard".to_owned(),
            Judged => "classes with a standard".to_owned(),
            Changes(kind) => format!("changes.{}", kind.as_str_name().to_lowercase()),
        }
    }
}

// === impl Unit ===

impl Unit {
    /// The term.
    pub fn label(self) -> &'static str {
        match self {
            Persons => "人",
            Cases => "人次",
            Unit::Classes => "个",
            Percent => "%",
            PersonsPerClass => "人/班",
        }
    }

    /// By what the fraction is multiplied, and how many decimals reports give.
    pub fn scale(self) -> (i64, u32) {
        match self {
            Persons | Cases | Unit::Classes => (1, 0),
            Percent => (100, 2),
            PersonsPerClass => (1, 2),
        }
    }
}

const fn count(
    id: &'static str,
    label: &'static str,
    column: &'static str,
    source: &'static str,
) -> Formula {
    Formula {
        id,
        label,
        numerator: Students(column),
        denominator: None,
        unit: Persons,
        source,
    }
}

const fn share(
    id: &'static str,
    label: &'static str,
    column: &'static str,
    of: &'static str,
    source: &'static str,
) -> Formula {
    Formula {
        id,
        label,
        numerator: Students(column),
        denominator: Some(Students(of)),
        unit: Percent,
        source,
    }
}

const fn flow(id: &'static str, label: &'static str, kind: Kind) -> Formula {
    Formula {
        id,
        label,
        numerator: Changes(kind),
        denominator: None,
        unit: Cases,
        source: CHANGES,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tally::counted::{COUNTED, index_of};

    #[test]
    fn every_count_and_every_kind_of_change_has_a_figure() {
        let ids: BTreeSet<&str> = FORMULAS.iter().map(|formula| formula.id).collect();
        assert_eq!(ids.len(), FORMULAS.len(), "an id comes twice");
        let figures: BTreeSet<&str> = FORMULAS.iter().map(Formula::figure).collect();
        assert_eq!(figures.len(), FORMULAS.len(), "a figure comes twice");
        let used = |term: Term| {
            FORMULAS
                .iter()
                .any(|one| one.numerator == term || one.denominator == Some(term))
        };
        for counted in COUNTED {
            assert!(used(Students(counted.column)), "{}", counted.column);
        }
        for number in 1..200 {
            if let Ok(kind) = Kind::try_from(number) {
                assert!(used(Changes(kind)), "{kind:?}");
            }
        }
        for formula in FORMULAS {
            for term in std::iter::once(formula.numerator).chain(formula.denominator) {
                if let Students(column) = term {
                    assert!(index_of(column).is_some(), "{column}");
                }
            }
        }
    }
}
