//! The measures: the names under which other services report a school's figures.
//!
//! The names are a contract between services and never reused. Every value is an integer of the unit named here.

/// One measure (原始指标).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// The name in the contract.
    pub name: &'static str,
    /// The Chinese name.
    pub zh: &'static str,
    /// The unit of the integer value, in Chinese.
    pub unit: &'static str,
    /// The service that reports it.
    pub reporter: Reporter,
    /// A measure of the same school and stage that this one is a part of and cannot exceed.
    pub part_of: Option<&'static str>,
}

/// The service that owns a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reporter {
    /// 学籍
    Registration,
    /// 师资, per stage actually taught.
    Staffing,
    /// 办学条件, for one stage or shared by the whole school.
    Assets,
}

/// Pupils on the roll, the denominator of all indicators and the weight of the coefficient.
pub const PUPILS: &str = "pupils.total";

/// All measures.
#[rustfmt::skip]
pub const MEASURES: &[Measure] = {
    use Reporter::{Assets, Registration, Staffing};
    &[
        //  name                               Chinese                    unit        reporter      part of
        row(PUPILS,                            "在校学生数",              "人",       Registration, None),
        row("classes.total",                   "班级数",                  "个",       Registration, None),
        row("pupils.largest_class",            "最大班额",                "人",       Registration, Some(PUPILS)),
        row("teachers.full_time",              "专任教师数",              "人",       Staffing,     None),
        row("teachers.full_time.college_up",   "专科及以上学历专任教师数", "人",      Staffing,     Some("teachers.full_time")),
        row("teachers.full_time.bachelor_up",  "本科及以上学历专任教师数", "人",      Staffing,     Some("teachers.full_time")),
        row("teachers.full_time.backbone_county_up", "县级及以上骨干教师数", "人",    Staffing,     Some("teachers.full_time")),
        row("teachers.full_time.sports_arts",  "体育、艺术专任教师数",    "人",       Staffing,     Some("teachers.full_time")),
        row("teachers.full_time.mid_title_up", "中级及以上职称专任教师数", "人",      Staffing,     Some("teachers.full_time")),
        row("area.teaching_auxiliary",         "教学及辅助用房面积",      "百分之一平方米", Assets, None),
        row("area.indoor_sports",              "室内体育用房面积",        "百分之一平方米", Assets, Some("area.teaching_auxiliary")),
        row("area.sports_ground",              "体育运动场馆面积",        "百分之一平方米", Assets, None),
        row("equipment.value",                 "教学仪器设备值",          "分",       Assets,       None),
        row("computers.count",                 "计算机台数",              "台",       Assets,       None),
        row("books.count",                     "图书册数",                "册",       Assets,       None),
        row("rooms.network_multimedia.count",  "网络多媒体教室数",        "间",       Assets,       None),
    ]
};

const fn row(
    name: &'static str,
    zh: &'static str,
    unit: &'static str,
    reporter: Reporter,
    part_of: Option<&'static str>,
) -> Measure {
    Measure {
        name,
        zh,
        unit,
        reporter,
        part_of,
    }
}

/// The measure of that name.
pub fn measure(name: &str) -> Option<&'static Measure> {
    MEASURES.iter().find(|measure| measure.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_has_its_own_name_and_its_whole_exists() {
        for (index, row) in MEASURES.iter().enumerate() {
            assert_eq!(
                measure(row.name),
                Some(&MEASURES[index]),
                "{} twice",
                row.name
            );
            if let Some(whole) = row.part_of {
                assert!(measure(whole).is_some(), "{whole} is no measure");
            }
        }
    }
}
