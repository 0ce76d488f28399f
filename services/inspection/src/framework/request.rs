//! Measures that a request holds, checked and decoded. Pure.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_proto::education::v1 as education;
use junheng_proto::inspection::v1::{MeasureValue, SchoolMeasures};

use super::fault::FrameworkFault;
use super::measure::measure;
use super::{Reported, School, Stage};

/// The most schools of one county.
pub const MOST_SCHOOLS: usize = 2_000;
/// The most measures of one school.
pub const MOST_MEASURES: usize = 200;

/// A civil date, `YYYY-MM-DD`.
pub fn date(field: &str, text: &str) -> Result<NaiveDate, KernelError> {
    if text.is_empty() {
        return Err(KernelError::Fields(vec![Violation::required(field)]));
    }
    let parsed = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let parsed = parsed.filter(|date| date.format("%Y-%m-%d").to_string() == text);
    parsed.ok_or_else(|| {
        KernelError::Fields(vec![Violation::invalid(
            field,
            "must be a date, YYYY-MM-DD",
            "应为日期,格式为 YYYY-MM-DD",
        )])
    })
}

/// The id of `frameworks/{id}`.
pub fn framework_id(name: &str) -> Result<&str, FrameworkFault> {
    let id = name.strip_prefix("frameworks/");
    id.ok_or_else(|| FrameworkFault::Unknown {
        id: name.to_owned(),
    })
}

/// The schools with everything that is wrong about them.
pub fn schools(given: &[SchoolMeasures]) -> (Vec<School>, Vec<Violation>) {
    let mut wrong = Vec::new();
    if given.len() > MOST_SCHOOLS {
        wrong.push(Violation::invalid(
            "schools",
            format!("has {} schools, at most {MOST_SCHOOLS}", given.len()),
            format!("共{}所学校,至多{MOST_SCHOOLS}所", given.len()),
        ));
        return (Vec::new(), wrong);
    }
    let mut keys = BTreeSet::new();
    for (index, school) in given.iter().enumerate() {
        let field = format!("schools[{index}]");
        if school.school.is_empty() {
            wrong.push(Violation::required(&format!("{field}.school")));
        } else if !keys.insert(&school.school) {
            wrong.push(Violation::invalid(
                &format!("{field}.school"),
                format!("{} is given twice", school.school),
                format!("{}重复出现", school.school),
            ));
        }
        check_codes(&field, school, &mut wrong);
        check_measures(&field, &school.measures, &mut wrong);
    }
    (given.iter().map(decode).collect(), wrong)
}

fn check_codes(field: &str, school: &SchoolMeasures, wrong: &mut Vec<Violation>) {
    let mut check = |name: &str, full_name: &str, number: i32| {
        wrong.extend(label::check(&format!("{field}.{name}"), full_name, number));
    };
    check("kind", "junheng.education.v1.SchoolKind", school.kind);
    check("sponsor", "junheng.education.v1.Sponsor", school.sponsor);
    // No rule of the resource test reads the class, so that it may be left out.
    if school.urban_rural != 0 {
        let class = school.urban_rural;
        check("urban_rural", "junheng.education.v1.UrbanRural", class);
    }
}

fn check_measures(field: &str, measures: &[MeasureValue], wrong: &mut Vec<Violation>) {
    if measures.len() > MOST_MEASURES {
        wrong.push(Violation::invalid(
            &format!("{field}.measures"),
            format!("has {} measures, at most {MOST_MEASURES}", measures.len()),
            format!("共{}项数据,至多{MOST_MEASURES}项", measures.len()),
        ));
        return;
    }
    for (index, value) in measures.iter().enumerate() {
        let field = format!("{field}.measures[{index}]");
        if measure(&value.measure).is_none() {
            wrong.push(Violation::invalid(
                &format!("{field}.measure"),
                format!("there is no measure {}", value.measure),
                format!("没有数据项{}", value.measure),
            ));
        }
        if education::Stage::try_from(value.stage).is_err() {
            let full_name = "junheng.education.v1.Stage";
            wrong.extend(label::check(
                &format!("{field}.stage"),
                full_name,
                value.stage,
            ));
        }
        if value.value < 0 {
            wrong.push(Violation::invalid(
                &format!("{field}.value"),
                "must not be negative",
                "不得为负数",
            ));
        }
    }
}

fn decode(school: &SchoolMeasures) -> School {
    let measures = school.measures.iter().map(|one| Reported {
        measure: one.measure.clone(),
        stage: Stage::of_contract(one.stage),
        value: one.value,
    });
    School {
        key: school.school.clone(),
        kind: school.kind.to_string(),
        sponsor: school.sponsor.to_string(),
        urban_rural: school.urban_rural.to_string(),
        measures: measures.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn school(key: &str) -> SchoolMeasures {
        SchoolMeasures {
            school: key.into(),
            kind: 211,
            sponsor: 7,
            urban_rural: 111,
            measures: vec![MeasureValue {
                measure: "books.count".into(),
                stage: 0,
                value: 279,
            }],
        }
    }

    fn fields(given: &[SchoolMeasures]) -> Vec<String> {
        let (_, wrong) = schools(given);
        wrong.into_iter().map(|one| one.field).collect()
    }

    #[test]
    fn codes_become_those_of_the_framework() {
        let (schools, wrong) = schools(&[school("a")]);
        assert_eq!(wrong, []);
        assert_eq!(schools[0].kind, "211");
        assert_eq!(schools[0].sponsor, "7");
        assert_eq!(schools[0].measures[0].stage, None);
    }

    #[test]
    fn each_wrong_place_is_named() {
        let mut broken = school("a");
        broken.kind = 999;
        broken.sponsor = 0;
        broken.measures[0].measure = "books".into();
        broken.measures[0].stage = 9;
        broken.measures[0].value = -1;
        assert_eq!(
            fields(&[school("a"), broken]),
            [
                "schools[1].school",
                "schools[1].kind",
                "schools[1].sponsor",
                "schools[1].measures[0].measure",
                "schools[1].measures[0].stage",
                "schools[1].measures[0].value",
            ]
        );
    }

    #[test]
    fn more_schools_than_a_county_has_are_refused_as_a_whole() {
        let many: Vec<_> = (0..=MOST_SCHOOLS).map(|n| school(&n.to_string())).collect();
        assert_eq!(fields(&many), ["schools"]);
    }

    #[test]
    fn a_date_is_written_in_one_way() {
        assert!(date("d", "2018-09-01").is_ok());
        for text in ["", "2018-9-1", "2018-02-30", "20180901", " 2018-09-01"] {
            assert!(date("d", text).is_err(), "{text:?}");
        }
    }
}
