//! The schools of a county: how many, of which kind and size, with how many pupils in each class.

use junheng_proto::education::v1::{SchoolKind, Sponsor, Stage, UrbanRural};
use junheng_proto::registration::v1::{SchoolClassRow, SchoolRow};

use super::chance::Chance;
use super::classes;
use super::parameters::{Area, Parameters, Size};
use super::plan::{County, Plan};

/// The serials of a county's schools begin here, so many apart: no county has more schools.
const FIRST_SERIAL: u64 = 100_000;
const SERIALS_OF_A_COUNTY: u64 = 5_000;

/// A school with its classes.
#[derive(Clone, Debug)]
pub struct School {
    /// 学校标识码: kind, province, serial. Made up.
    pub code: String,
    /// 学校名称. Made up.
    pub name: String,
    /// 办学类型.
    pub kind: SchoolKind,
    /// Where it stands.
    pub area: Area,
    /// 城乡分类.
    pub urban_rural: UrbanRural,
    /// By stage, lowest first.
    pub sections: Vec<Section>,
    /// The count of its first person in the province.
    pub first_person: u64,
}

/// The classes of one stage.
#[derive(Clone, Debug)]
pub struct Section {
    /// The stage.
    pub stage: Stage,
    /// Pupils of each class of each grade, lowest grade first.
    pub grades: Vec<Vec<u64>>,
}

/// What is left to be put into schools.
struct Draft<'a> {
    parameters: &'a Parameters,
    chance: Chance,
    /// Kind, area, pupils of the primary and of the junior section.
    schools: Vec<(SchoolKind, Area, u64, u64)>,
}

/// The schools of a county, always the same for the same plan.
pub fn schools(parameters: &Parameters, plan: &Plan, county: &County) -> Vec<School> {
    let mut draft = Draft {
        parameters,
        chance: Chance::fork(plan.seed, "schools", county.index),
        schools: Vec::new(),
    };
    draft.divide(county.pupils);
    let Draft {
        mut chance,
        schools,
        ..
    } = draft;
    let mut first_person = county.first_person;
    (1..)
        .zip(schools)
        .map(|(number, (kind, area, primary, junior))| {
            let school = School {
                code: code(plan, county, kind, number),
                name: name(county, kind, number),
                kind,
                area,
                urban_rural: urban_rural(kind, area, &mut chance),
                sections: sections(parameters, kind, [primary, junior], &mut chance),
                first_person,
            };
            first_person += primary + junior;
            school
        })
        .collect()
}

// === impl Draft ===

impl Draft<'_> {
    /// Divides a county's pupils into schools.
    fn divide(&mut self, pupils: u64) {
        let (division, area) = (&self.parameters.division, &self.parameters.area);
        let points = part(pupils, division.teaching_point);
        let junior = part(pupils, division.junior);
        let primary = pupils - points - junior;
        let drawn = self.chance.beta(area.urban_alpha, area.urban_beta);
        let urban = drawn.clamp(area.urban_least, area.urban_most);
        let town = (1.0 - urban) * area.town_of_rest;
        let by_area = |all: u64| {
            let (urban, town) = (part(all, urban), part(all, town));
            [
                (Area::Urban, urban),
                (Area::Town, town),
                (Area::Rural, all - urban - town),
            ]
        };
        for ((area, junior), (_, primary)) in by_area(junior).into_iter().zip(by_area(primary)) {
            self.fill(area, primary, junior);
        }
        let size = self.parameters.school.teaching_point.size();
        for size in self.cut(points, &size) {
            self.schools
                .push((SchoolKind::TeachingPoint, Area::Rural, size, 0));
        }
    }

    /// Primary, junior and nine-year schools of an area.
    fn fill(&mut self, area: Area, mut primary: u64, junior: u64) {
        let sizes = &self.parameters.school;
        let (of_primary, of_junior) = (sizes.primary.of(area), sizes.junior.of(area));
        for size in self.cut(junior, &of_junior) {
            let nine_year = self.chance.happens(sizes.nine_year.share_of_junior);
            let with = self.chance.size(&of_primary);
            if nine_year && with <= primary {
                primary -= with;
                self.schools.push((SchoolKind::NineYear, area, with, size));
            } else {
                self.schools.push((SchoolKind::Junior, area, 0, size));
            }
        }
        for size in self.cut(primary, &of_primary) {
            self.schools.push((SchoolKind::Primary, area, size, 0));
        }
    }

    /// Cuts pupils into schools. What would be too small for a school of its own goes to the one before.
    fn cut(&mut self, mut pupils: u64, size: &Size) -> Vec<u64> {
        let mut schools: Vec<u64> = Vec::new();
        while pupils > 0 {
            let next = self.chance.size(size).min(pupils);
            match schools.last_mut() {
                Some(last) if next < size.least => *last += next,
                _ => schools.push(next),
            }
            pupils -= next;
        }
        schools
    }
}

// === impl School ===

impl School {
    /// All pupils.
    pub fn pupils(&self) -> u64 {
        let grades = self.sections.iter().flat_map(|section| &section.grades);
        grades.flatten().sum()
    }

    /// Its row; `row` is its number in the file.
    pub fn row(&self, row: i64, county: &County) -> SchoolRow {
        SchoolRow {
            row,
            school_code: self.code.clone(),
            display_name: self.name.clone(),
            kind: self.kind as i32,
            urban_rural: self.urban_rural as i32,
            sponsor: Sponsor::CountyEducation as i32,
            region: county.code.clone(),
            town: String::new(),
        }
    }

    /// Its classes, as rows without a number.
    pub fn class_rows(&self) -> impl Iterator<Item = SchoolClassRow> + '_ {
        self.sections.iter().flat_map(move |section| {
            (1..)
                .zip(&section.grades)
                .flat_map(move |(grade, classes)| {
                    (1..).zip(classes).map(move |(number, _)| SchoolClassRow {
                        row: 0,
                        school_code: self.code.clone(),
                        stage: section.stage as i32,
                        grade,
                        number,
                    })
                })
        })
    }
}

/// A share of a number, rounded.
fn part(all: u64, share: f64) -> u64 {
    ((all as f64 * share).round() as u64).min(all)
}

fn sections(
    parameters: &Parameters,
    kind: SchoolKind,
    pupils: [u64; 2],
    chance: &mut Chance,
) -> Vec<Section> {
    let (grades, class) = (&parameters.grade, &parameters.class);
    let primary = match kind {
        SchoolKind::TeachingPoint => &grades.teaching_point,
        _ => &grades.primary,
    };
    let stages = [
        (Stage::Primary, primary, &class.primary),
        (Stage::Junior, &grades.junior, &class.junior),
    ];
    stages
        .into_iter()
        .zip(pupils)
        .filter(|(_, pupils)| *pupils > 0)
        .map(|((stage, shares, targets), pupils)| Section {
            stage,
            grades: classes::divide(pupils, shares, targets, &class.crowded, chance),
        })
        .collect()
}

/// Two digits of kind, two of province, six of serial.
fn code(plan: &Plan, county: &County, kind: SchoolKind, number: u64) -> String {
    let prefix = match kind {
        SchoolKind::Primary | SchoolKind::TeachingPoint => "21",
        _ => "31",
    };
    let serial = FIRST_SERIAL + county.index * SERIALS_OF_A_COUNTY + number;
    format!("{prefix}{}{serial:06}", plan.province)
}

fn name(county: &County, kind: SchoolKind, number: u64) -> String {
    let kind = match kind {
        SchoolKind::TeachingPoint => "教学点",
        SchoolKind::Junior => "初级中学",
        SchoolKind::NineYear => "九年一贯制学校",
        _ => "小学",
    };
    format!("{}第{number}{kind}", county.name)
}

fn urban_rural(kind: SchoolKind, area: Area, chance: &mut Chance) -> UrbanRural {
    let codes = match (kind, area) {
        (SchoolKind::TeachingPoint, _) => [UrbanRural::Village, UrbanRural::Village],
        (_, Area::Urban) => [UrbanRural::MainUrban, UrbanRural::UrbanFringe],
        (_, Area::Town) => [UrbanRural::TownCentre, UrbanRural::TownFringe],
        (_, Area::Rural) => [UrbanRural::TownshipCentre, UrbanRural::Village],
    };
    *chance.one_of(&codes)
}
