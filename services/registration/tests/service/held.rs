//! What has a way of its own is not changed by the way: a school's name, code and kind, a pupil's number and year of entry.

use junheng_kernel::bulk::{ImportHeader, ImportResult};
use junheng_proto::registration::v1::*;
use prost_types::FieldMask;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

use crate::dropout::done;
use crate::support::{Officer, World, id};

const COUNTY: &str = "regions/630103";

fn mask(paths: &[&str]) -> Option<FieldMask> {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    Some(FieldMask { paths })
}

async fn update(
    county: &mut Officer<'_>,
    school: School,
    paths: &[&str],
) -> Result<Response<School>, Status> {
    let request = county.ask(UpdateSchoolRequest {
        school: Some(school),
        update_mask: mask(paths),
        request_id: id(),
    });
    county.schools.update_school(request).await
}

fn fields<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> Vec<String> {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    let found = details.bad_request().unwrap().field_violations.iter();
    found.map(|one| one.field.clone()).collect()
}

async fn import(county: &mut Officer<'_>, school: &School, display_name: &str) -> ImportResult {
    use import_schools_request::Part;
    let header = Part::Header(ImportHeader {
        parent: COUNTY.into(),
        request_id: id(),
        ..ImportHeader::default()
    });
    let row = Part::Row(SchoolRow {
        row: 1,
        school_code: school.school_code.clone(),
        display_name: display_name.into(),
        kind: school.kind,
        urban_rural: school.urban_rural,
        sponsor: school.sponsor,
        region: "630103".into(),
        ..SchoolRow::default()
    });
    let messages = [header, row].map(|part| ImportSchoolsRequest { part: Some(part) });
    let request = county.ask(tokio_stream::iter(messages));
    done(county.schools.import_schools(request).await)
}

#[tokio::test]
async fn a_school_is_renamed_and_changes_its_kind_by_a_reorganisation_only() {
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163000001", "630103").await;
    let other = School {
        display_name: "改名学校".into(),
        kind: 312,
        stages: vec![1, 2],
        ..school.clone()
    };
    for paths in [&["display_name"][..], &["kind", "stages"], &["*"]] {
        let refused = fields(update(&mut county, other.clone(), paths).await);
        let named = |field: &String| paths.contains(&field.as_str()) || paths == ["*"];
        assert!(refused.iter().all(named), "{refused:?}");
    }
    let refused = import(&mut county, &school, "改名学校").await;
    assert_eq!(refused.verdicts[0].field, "display_name", "{refused:?}");
    let same = import(&mut county, &school, &school.display_name).await;
    assert_eq!(same.unchanged_count, 1);
    // What changes nothing is no change.
    let paths = ["display_name", "sponsor"];
    let same = done(update(&mut county, school.clone(), &paths).await);
    assert_eq!(same, school);
}

#[tokio::test]
async fn an_update_of_a_pupil_says_so_when_it_cannot_change_the_number_or_the_year_of_entry() {
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163000001", "630103").await;
    let class = county.class(&school, 1, 1).await;
    let student = county.student(&class, 1).await.unwrap();
    let other = Student {
        student_number: "G620422201403150019".into(),
        entry_year: 2010,
        ..student.clone()
    };
    for field in ["student_number", "entry_year"] {
        let request = county.ask(UpdateStudentRequest {
            student: Some(other.clone()),
            update_mask: mask(&[field]),
            request_id: id(),
        });
        let answer = county.students.update_student(request).await;
        assert_eq!(fields(answer), [field]);
    }
}
