//! The rows of a made-up county, as plain values. Codes are those of the standards named at each field.

use chrono::NaiveDate;

/// A stage of schooling (学段).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// 小学, grades 1 to 6.
    Primary,
    /// 初中, grades 1 to 3 (七年级 to 九年级).
    Junior,
    /// 高中, grades 1 to 3.
    Senior,
}

/// The stages in order.
pub const STAGES: [Stage; 3] = [Stage::Primary, Stage::Junior, Stage::Senior];

impl Stage {
    /// How many grades the stage has.
    pub fn grades(self) -> u32 {
        match self {
            Self::Primary => 6,
            Self::Junior | Self::Senior => 3,
        }
    }
}

/// Highest degree (学历), lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Education {
    /// 高中阶段 or below (中师).
    Secondary,
    /// 大学专科.
    College,
    /// 大学本科.
    Bachelor,
    /// 硕士研究生.
    Master,
    /// 博士研究生.
    Doctor,
}

/// Professional title (专业技术职务), lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Title {
    /// 未定职级.
    None,
    /// 三级教师.
    Junior3,
    /// 二级教师.
    Junior2,
    /// 一级教师, the middle title (中级).
    First,
    /// 高级教师 (副高).
    Senior,
    /// 正高级教师.
    ProfessorSenior,
}

/// Highest level at which a teacher is named backbone teacher (骨干教师), lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Backbone {
    /// Not a backbone teacher.
    None,
    /// 校级.
    School,
    /// 县级.
    County,
    /// 市级.
    City,
    /// 省级.
    Province,
    /// 国家级.
    Nation,
}

/// Teaching certificate (教师资格), by the stage that it allows to teach; a higher one covers the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certificate {
    /// No certificate.
    None,
    /// 小学教师资格.
    Primary,
    /// 初级中学教师资格.
    Junior,
    /// 高级中学教师资格.
    Senior,
}

/// A school (学校).
#[derive(Clone, Debug, PartialEq)]
pub struct SchoolRow {
    /// 学校(机构)标识码: kind 21, 31 or 34, province 63, six-digit serial from 990001, which no school has.
    pub code10: String,
    /// 学校名称.
    pub display_name: String,
    /// 办学类型: 211, 312, 311 or 341.
    pub kind: u16,
    /// 举办者: 5 (地教育部门) or 7 (县教育部门).
    pub sponsor: u8,
    /// 城乡分类: 111, 112, 121 or 122.
    pub urban_rural: u16,
    /// Nine-digit town code of the ministry of civil affairs (民政部), within the county.
    pub town_code: String,
    /// The stages taught, lowest first.
    pub stages: Vec<Stage>,
}

/// A class (班级).
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRow {
    /// 学校标识码.
    pub school_code: String,
    /// 学段.
    pub stage: Stage,
    /// 年级 within the stage, from 1.
    pub grade: u32,
    /// 班号 within the grade, from 1.
    pub number: u32,
    /// Pupils in the class.
    pub pupils: u32,
}

/// A pupil (学生).
#[derive(Clone, Debug, PartialEq)]
pub struct PupilRow {
    /// 学校标识码.
    pub school_code: String,
    /// 学段.
    pub stage: Stage,
    /// 年级 within the stage, from 1.
    pub grade: u32,
    /// 班号 within the grade, from 1.
    pub class_number: u32,
    /// 姓名.
    pub name: String,
    /// GB/T 2261.1: 1 male, 2 female.
    pub sex: u8,
    /// 出生日期.
    pub birth_date: NaiveDate,
    /// 民族, GB/T 3304, two digits.
    pub ethnicity: &'static str,
    /// 身份证件类型: always 1, 居民身份证.
    pub identity_type: u8,
    /// 身份证件号: valid in form, issued to nobody (see [`super::identity`]).
    pub identity_number: String,
    /// 户籍 or living place: the town code of the home, in the county.
    pub residence: String,
    /// 寄宿生.
    pub boarding: bool,
    /// 进城务工人员随迁子女.
    pub migrant: bool,
    /// 农村留守儿童.
    pub left_behind: bool,
}

/// A teacher (教师).
#[derive(Clone, Debug, PartialEq)]
pub struct TeacherRow {
    /// 学校标识码.
    pub school_code: String,
    /// The stage taught (任教学段).
    pub stage: Stage,
    /// 姓名.
    pub name: String,
    /// GB/T 2261.1: 1 male, 2 female.
    pub sex: u8,
    /// 出生日期.
    pub birth_date: NaiveDate,
    /// 身份证件号: valid in form, issued to nobody (see [`super::identity`]).
    pub identity_number: String,
    /// 学历.
    pub education: Education,
    /// 专业技术职务.
    pub title: Title,
    /// 骨干教师级别.
    pub backbone: Backbone,
    /// 任教学科, its Chinese name.
    pub subject: &'static str,
    /// 专任教师; the totals of the report count only these.
    pub full_time: bool,
    /// 教师资格.
    pub certificate: Certificate,
}

/// A site (校区) with what inspection counts on it.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteRow {
    /// 学校标识码.
    pub school_code: String,
    /// 校区名称.
    pub name: String,
    /// The only stage that uses the site; `None` when several do, so that its assets are divided.
    pub stage: Option<Stage>,
    /// 教学及辅助用房面积 with indoor sports rooms, hundredths of a square metre.
    pub teaching_auxiliary_area: i64,
    /// 室内体育用房面积 (体育馆), hundredths of a square metre.
    pub indoor_sports_area: i64,
    /// 运动场地面积 outdoors, hundredths of a square metre.
    pub sports_ground_area: i64,
    /// 教学仪器设备值, book value in fen.
    pub equipment_value_fen: i64,
    /// 计算机台数.
    pub computers: i64,
    /// 图书册数.
    pub books: i64,
    /// 网络多媒体教室间数.
    pub network_multimedia_rooms: i64,
}
