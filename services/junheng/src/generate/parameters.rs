//! What a province is drawn from: sizes, shares and distributions, each with what it rests on. Data, not code.

use serde::Deserialize;

const TEXT: &str = include_str!("../../data/province/parameters.toml");

/// What a figure rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Basis {
    /// A published statistic.
    S,
    /// Derived from published statistics.
    D,
    /// An estimate of ours; never to be shown as fact.
    E,
}

/// All parameters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// How unlike in size counties are.
    pub county_weight: CountyWeight,
    /// Where a county's pupils live.
    pub area: AreaShares,
    /// Pupils by kind of school.
    pub division: Division,
    /// Sizes of schools.
    pub school: SchoolSizes,
    /// Sizes of classes.
    pub class: ClassSizes,
    /// Shares of the grades.
    pub grade: GradeShares,
    /// What pupils are like.
    pub pupil: PupilShares,
    /// Minorities.
    pub ethnic_groups: EthnicGroups,
}

/// Of lognormal weights.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountyWeight {
    /// What it rests on.
    pub basis: Basis,
    /// Of the logarithm.
    pub sigma: f64,
}

/// Pupils of a county by area.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaShares {
    /// What it rests on.
    pub basis: Basis,
    /// Of the Beta distribution of the urban share.
    pub urban_alpha: usize,
    /// Likewise.
    pub urban_beta: usize,
    /// No county has less.
    pub urban_least: f64,
    /// No county has more.
    pub urban_most: f64,
    /// 镇区 among those outside 城区.
    pub town_of_rest: f64,
}

/// Pupils by kind of school; the rest is in primary schools.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Division {
    /// What it rests on.
    pub basis: Basis,
    /// In 教学点.
    pub teaching_point: f64,
    /// In 初中.
    pub junior: f64,
}

/// A size drawn from a lognormal distribution.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Pupils.
    pub mean: f64,
    /// Of the logarithm.
    pub sigma: f64,
    /// No school is smaller, unless its county is.
    pub least: u64,
    /// No school is larger.
    pub most: u64,
}

/// Sizes by area.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SizesByArea {
    /// What they rest on.
    pub basis: Basis,
    /// 城区.
    pub urban: Size,
    /// 镇区.
    pub town: Size,
    /// 乡村.
    pub rural: Size,
}

/// 教学点.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointSize {
    /// What it rests on.
    pub basis: Basis,
    /// Pupils.
    pub mean: f64,
    /// Of the logarithm.
    pub sigma: f64,
    /// No point is smaller, unless its county is.
    pub least: u64,
    /// No point is larger.
    pub most: u64,
}

/// 九年一贯制.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NineYear {
    /// What it rests on.
    pub basis: Basis,
    /// Among schools with junior classes.
    pub share_of_junior: f64,
}

/// Sizes of schools by kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchoolSizes {
    /// 小学.
    pub primary: SizesByArea,
    /// 初中.
    pub junior: SizesByArea,
    /// 教学点.
    pub teaching_point: PointSize,
    /// 九年一贯制.
    pub nine_year: NineYear,
}

/// What classes aim at in a section with fewer pupils than `below`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Pupils of the section.
    pub below: u64,
    /// Pupils of a class.
    pub target: f64,
}

/// Targets by size of section.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// What they rest on.
    pub basis: Basis,
    /// Smallest sections first.
    pub targets: Vec<Target>,
}

/// Shares of classes that are too large.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crowded {
    /// What they rest on.
    pub basis: Basis,
    /// 大班额.
    pub large: f64,
    /// 超大班额.
    pub oversize: f64,
}

/// Sizes of classes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassSizes {
    /// 小学.
    pub primary: Targets,
    /// 初中.
    pub junior: Targets,
    /// Too large.
    pub crowded: Crowded,
}

/// Shares of the grades, lowest first.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradeShares {
    /// What they rest on.
    pub basis: Basis,
    /// 小学.
    pub primary: Vec<f64>,
    /// 初中.
    pub junior: Vec<f64>,
    /// 教学点.
    pub teaching_point: Vec<f64>,
}

/// A share by area.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareByArea {
    /// What it rests on.
    pub basis: Basis,
    /// 城区.
    pub urban: f64,
    /// 镇区.
    pub town: f64,
    /// 乡村.
    pub rural: f64,
}

/// Girls and boys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sexes {
    /// What it rests on.
    pub basis: Basis,
    /// The share of girls.
    pub girls: f64,
}

/// Disabled pupils in ordinary schools.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disability {
    /// What it rests on.
    pub basis: Basis,
    /// Among all pupils.
    pub share: f64,
    /// 送教上门, among the disabled.
    pub home_taught: f64,
}

/// What pupils are like.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PupilShares {
    /// Girls and boys.
    pub sex: Sexes,
    /// 随迁子女.
    pub migrant: ShareByArea,
    /// 留守儿童.
    pub left_behind: ShareByArea,
    /// 寄宿 in 小学.
    pub boarding_primary: ShareByArea,
    /// 寄宿 in 初中.
    pub boarding_junior: ShareByArea,
    /// 寄宿 in 初中 of the west.
    pub boarding_junior_west: ShareByArea,
    /// 残疾.
    pub disability: Disability,
}

/// The minorities of one province.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvinceGroups {
    /// Two digits; empty for all others.
    pub province: String,
    /// The share of minorities.
    pub minority: f64,
    /// Whether boarding is as in the west.
    pub west: bool,
    /// Codes of GB/T 3304 with weights.
    pub groups: Vec<(String, u64)>,
}

/// The minorities of each province.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EthnicGroups {
    /// What they rest on.
    pub basis: Basis,
    /// The last is for all provinces that are not named.
    pub provinces: Vec<ProvinceGroups>,
}

/// An area of a county (城乡).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// 城区.
    Urban,
    /// 镇区.
    Town,
    /// 乡村.
    Rural,
}

// === impl Parameters ===

impl Parameters {
    /// Those that are built in.
    ///
    /// # Errors
    /// When the file is broken, which a test excludes.
    pub fn builtin() -> anyhow::Result<Self> {
        Ok(toml::from_str(TEXT)?)
    }

    /// The minorities of a province, two digits.
    pub fn groups(&self, province: &str) -> Option<&ProvinceGroups> {
        let all = &self.ethnic_groups.provinces;
        all.iter()
            .find(|one| one.province == province)
            .or_else(|| all.last())
    }

    /// What is an estimate of ours.
    pub fn estimates(&self) -> Vec<&'static str> {
        let pupil = &self.pupil;
        [
            (self.county_weight.basis, "sizes of counties"),
            (self.area.basis, "urban, town and rural shares"),
            (self.division.basis, "pupils by kind of school"),
            (self.school.primary.basis, "sizes of primary schools"),
            (self.school.junior.basis, "sizes of junior schools"),
            (self.school.teaching_point.basis, "sizes of teaching points"),
            (self.school.nine_year.basis, "nine-year schools"),
            (self.class.primary.basis, "primary class sizes"),
            (self.class.junior.basis, "junior class sizes"),
            (self.class.crowded.basis, "crowded classes"),
            (self.grade.basis, "grades"),
            (pupil.sex.basis, "sexes"),
            (pupil.migrant.basis, "migrant children by area"),
            (pupil.left_behind.basis, "left-behind children by area"),
            (pupil.boarding_primary.basis, "boarding in primary schools"),
            (pupil.boarding_junior.basis, "boarding in junior schools"),
            (pupil.boarding_junior_west.basis, "boarding in the west"),
            (pupil.disability.basis, "disabled children"),
            (self.ethnic_groups.basis, "minorities"),
        ]
        .into_iter()
        .filter(|(basis, _)| *basis == Basis::E)
        .map(|(_, what)| what)
        .collect()
    }
}

// === impl PointSize ===

impl PointSize {
    /// The size to draw from.
    pub fn size(&self) -> Size {
        Size {
            mean: self.mean,
            sigma: self.sigma,
            least: self.least,
            most: self.most,
        }
    }
}

// === impl SizesByArea ===

impl SizesByArea {
    /// That of an area.
    pub fn of(&self, area: Area) -> Size {
        match area {
            Area::Urban => self.urban,
            Area::Town => self.town,
            Area::Rural => self.rural,
        }
    }
}

// === impl ShareByArea ===

impl ShareByArea {
    /// That of an area.
    pub fn of(&self, area: Area) -> f64 {
        match area {
            Area::Urban => self.urban,
            Area::Town => self.town,
            Area::Rural => self.rural,
        }
    }
}

// === impl Targets ===

impl Targets {
    /// What the classes of a section with so many pupils aim at.
    pub fn of(&self, pupils: u64) -> f64 {
        let found = self.targets.iter().find(|target| pupils < target.below);
        found
            .or(self.targets.last())
            .map_or(45.0, |target| target.target)
    }
}
