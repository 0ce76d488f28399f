//! The made-up county as rows of the contract.

use junheng_kernel::label;
use junheng_proto::assets::v1::SiteRow as SiteMessage;
use junheng_proto::education::v1::{Sex, Stage as StageValue};
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::{SchoolClassRow, SchoolRow as SchoolMessage, StudentRow};
use junheng_proto::staffing::v1::TeacherRow as TeacherMessage;
use junheng_proto::staffing::v1::teacher::{
    Backbone as BackboneValue, Education as EducationValue, Position, Subject, Title as TitleValue,
};

use super::county::{
    Backbone, Certificate, ClassRow, Education, PupilRow, REGION, SchoolRow, SiteRow, Stage,
    TeacherRow, Title,
};

/// The contract's number of a stage.
pub fn stage(stage: Stage) -> i32 {
    let value = match stage {
        Stage::Primary => StageValue::Primary,
        Stage::Junior => StageValue::Junior,
        Stage::Senior => StageValue::Senior,
    };
    value as i32
}

/// A school.
pub fn school(row: i64, school: &SchoolRow) -> SchoolMessage {
    SchoolMessage {
        row,
        school_code: school.code10.clone(),
        display_name: school.display_name.clone(),
        kind: school.kind.into(),
        urban_rural: school.urban_rural.into(),
        sponsor: school.sponsor.into(),
        region: REGION.to_owned(),
        town: school.town_code.clone(),
    }
}

/// A class.
pub fn class(row: i64, class: &ClassRow) -> SchoolClassRow {
    SchoolClassRow {
        row,
        school_code: class.school_code.clone(),
        stage: stage(class.stage),
        grade: number(class.grade),
        number: number(class.number),
    }
}

/// A pupil.
pub fn student(row: i64, pupil: &PupilRow) -> StudentRow {
    StudentRow {
        row,
        school_code: pupil.school_code.clone(),
        stage: stage(pupil.stage),
        grade: number(pupil.grade),
        class_number: number(pupil.class_number),
        display_name: pupil.name.clone(),
        identity_type: IdentityType::ResidentCard as i32,
        identity_number: pupil.identity_number.clone(),
        sex: sex(pupil.sex),
        birth_date: pupil.birth_date.to_string(),
        ethnicity: pupil.ethnicity.to_owned(),
        boarder: Some(pupil.boarding),
        migrant: Some(pupil.migrant),
        left_behind: Some(pupil.left_behind),
        ..StudentRow::default()
    }
}

/// A teacher. Staff who do not teach full time count as administrators.
pub fn teacher(row: i64, teacher: &TeacherRow) -> TeacherMessage {
    let position = if teacher.full_time {
        Position::FullTime
    } else {
        Position::Administrator
    };
    let education = match teacher.education {
        Education::Secondary => EducationValue::Secondary,
        Education::College => EducationValue::College,
        Education::Bachelor => EducationValue::Bachelor,
        Education::Master => EducationValue::Master,
        Education::Doctor => EducationValue::Doctor,
    };
    let title = match teacher.title {
        Title::None => TitleValue::None,
        Title::Junior3 => TitleValue::Third,
        Title::Junior2 => TitleValue::Second,
        Title::First => TitleValue::First,
        Title::Senior => TitleValue::Senior,
        Title::ProfessorSenior => TitleValue::Professor,
    };
    let backbone = match teacher.backbone {
        Backbone::None => BackboneValue::None,
        Backbone::School => BackboneValue::School,
        Backbone::County => BackboneValue::County,
        Backbone::City => BackboneValue::City,
        Backbone::Province => BackboneValue::Province,
        Backbone::Nation => BackboneValue::Nation,
    };
    let needed = match teacher.stage {
        Stage::Primary => Certificate::Primary,
        Stage::Junior => Certificate::Junior,
        Stage::Senior => Certificate::Senior,
    };
    TeacherMessage {
        row,
        school_code: teacher.school_code.clone(),
        display_name: teacher.name.clone(),
        identity_number: teacher.identity_number.clone(),
        sex: sex(teacher.sex),
        stage: stage(teacher.stage),
        position: position as i32,
        subject: subject(teacher.subject),
        education: education as i32,
        title: title as i32,
        backbone: backbone as i32,
        certified: teacher.certificate >= needed,
    }
}

/// A site. The indicator of sports grounds counts the gymnasium too.
pub fn site(row: i64, site: &SiteRow) -> SiteMessage {
    let count = |value: i64| i32::try_from(value).unwrap_or(i32::MAX);
    SiteMessage {
        row,
        school_code: site.school_code.clone(),
        display_name: site.name.clone(),
        stage: site.stage.map_or(0, stage),
        teaching_auxiliary_area_centi_square_meters: site.teaching_auxiliary_area,
        indoor_sports_area_centi_square_meters: site.indoor_sports_area,
        sports_ground_area_centi_square_meters: site.sports_ground_area + site.indoor_sports_area,
        equipment_value_fen: site.equipment_value_fen,
        computer_count: count(site.computers),
        book_count: count(site.books),
        network_multimedia_room_count: count(site.network_multimedia_rooms),
    }
}

fn sex(code: u8) -> i32 {
    (if code == 1 { Sex::Male } else { Sex::Female }) as i32
}

/// Names of 2018 and what the contract, which follows the curriculum of 2022, calls them.
const RENAMED: &[(&str, Subject)] = &[
    ("英语", Subject::ForeignLanguage),
    ("信息技术", Subject::InformationTechnology),
    ("综合实践活动", Subject::Practice),
];

/// The subject of a Chinese name; one that the contract does not list is 其他.
fn subject(name: &str) -> i32 {
    if let Some((_, subject)) = RENAMED.iter().find(|(old, _)| *old == name) {
        return *subject as i32;
    }
    let term =
        |number: &i32| label::by_number("junheng.staffing.v1.Teacher.Subject", *number) == name;
    (1..100).find(term).unwrap_or(Subject::Other as i32)
}

fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::county::{County, SEED};
    use super::*;

    #[test]
    fn every_subject_of_the_county_is_one_of_the_contract() {
        let county = County::small(SEED, 4, 400);
        for row in &county.teachers {
            let known = subject(row.subject) != Subject::Other as i32 || row.subject == "其他";
            assert!(known, "{}", row.subject);
        }
        assert_eq!(subject("体育与健康"), Subject::PhysicalEducation as i32);
    }
}
