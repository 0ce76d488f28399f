//! Lists and counts of pupils at every level.

use std::collections::BTreeSet;

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::count_students_request::Grouping;
use junheng_proto::registration::v1::{
    CountStudentsRequest, GetStudentRequest, ListSchoolClassesRequest, ListStudentsRequest, Student,
};
use junheng_tests::person::Person;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{class_row, enrol, header, import_classes};
use junheng_tests::{County, Officer, School, Story, World, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("pupils are listed by school class county city and province each complete and without gaps", |world| Box::pin(levels(world))),
    story("pupils are counted by stage grade and class", |world| Box::pin(counts(world))),
    story("identity fields are masked in every answer", |world| Box::pin(masked(world))),
    story("a school sees its own pupils only", |world| Box::pin(own_school(world))),
];

async fn levels(world: &World) {
    let [first, second, third] = world.neighbours();
    let (city, province) = (first.city.clone().expect("a city"), first.province.clone());
    let first = County::at(world, first).await;
    let second = County::at(world, second).await;
    let third = County::at(world, third).await;
    let mut expected = Vec::new();
    for county in [&first, &second, &third] {
        let school = county.school(SchoolKind::NineYear).await;
        enrol(&county.clerk, &school, Stage::Primary, 43).await;
        enrol(&county.clerk, &school, Stage::Junior, 7).await;
        expected.push(school);
    }
    let ours = list_all(&first.clerk, &expected[0].name, "", 7).await;
    assert_eq!(ours.len(), 50);
    assert_eq!(
        list_all(&first.clerk, &first.place.county, "", 11).await,
        ours
    );
    let classes = ListSchoolClassesRequest {
        parent: expected[0].name.clone(),
        page_size: 0,
        page_token: String::new(),
    };
    let classes = answered(first.clerk.classes().list_school_classes(classes).await).school_classes;
    let mut by_class = Vec::new();
    for class in &classes {
        by_class.extend(list_all(&first.clerk, &expected[0].name, &class.name, 9).await);
    }
    assert_eq!(classes.len(), 3);
    assert_eq!(
        set(&by_class),
        set(&ours),
        "the classes together are the school"
    );
    let city_clerk = world.sign_in("city.clerk", &city).await;
    let in_city = list_all(&city_clerk, &city, "", 13).await;
    let province_clerk = world.sign_in("province.clerk", &province).await;
    let in_province = list_all(&province_clerk, &province, "", 500).await;
    let theirs = list_all(&second.clerk, &expected[1].name, "", 50).await;
    let far = list_all(&third.clerk, &expected[2].name, "", 50).await;
    assert!(set(&in_city).is_superset(&set(&[ours.clone(), theirs.clone()].concat())));
    assert!(
        set(&in_city).is_disjoint(&set(&far)),
        "another city's pupils"
    );
    assert!(set(&in_province).is_superset(&set(&[ours, theirs, far].concat())));
}

async fn counts(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::NineYear).await;
    enrol(&county.clerk, &school, Stage::Primary, 45).await;
    enrol(&county.clerk, &school, Stage::Junior, 12).await;
    let empty = vec![class_row(&school, Stage::Primary, 2, 1)];
    answered(import_classes(&county.clerk, header(&school.name), empty).await);
    let by = async |grouping: Grouping, parent: &str| {
        let request = CountStudentsRequest {
            parent: parent.to_owned(),
            grouping: grouping.into(),
        };
        answered(county.clerk.students().count_students(request).await)
    };
    let stages = by(Grouping::Stage, &county.place.county).await;
    let listed: Vec<_> = stages
        .counts
        .iter()
        .map(|count| (count.stage(), count.student_count))
        .collect();
    assert_eq!(listed, [(Stage::Primary, 45), (Stage::Junior, 12)]);
    assert_eq!(stages.total_count, 57);
    let grades = by(Grouping::Grade, &school.name).await;
    let listed: Vec<_> = grades
        .counts
        .iter()
        .filter(|count| count.student_count > 0)
        .map(|count| (count.stage(), count.grade, count.student_count))
        .collect();
    assert_eq!(listed, [(Stage::Primary, 1, 45), (Stage::Junior, 1, 12)]);
    let classes = by(Grouping::Class, &school.name).await;
    let mut listed: Vec<i64> = classes
        .counts
        .iter()
        .map(|count| count.student_count)
        .collect();
    listed.retain(|count| *count > 0);
    listed.sort_unstable();
    assert_eq!(listed, [5, 12, 40]);
    assert_eq!(classes.total_count, 57);
}

async fn masked(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let people = enrol(&county.clerk, &school, Stage::Primary, 3).await;
    let listed = pupils(&county.clerk, &school).await;
    for student in &listed {
        assert_masked(student, &people);
        let get = GetStudentRequest {
            name: student.name.clone(),
        };
        let read = answered(county.clerk.students().get_student(get).await);
        assert_masked(&read, &people);
    }
    assert_eq!(listed.len(), 3);
}

async fn own_school(world: &World) {
    let county = County::fresh(world).await;
    let ours = county.school(SchoolKind::Primary).await;
    let theirs = county.school(SchoolKind::Primary).await;
    for school in [&ours, &theirs] {
        enrol(&county.clerk, school, Stage::Primary, 4).await;
    }
    let clerk = world.sign_in("school.clerk", &ours.name).await;
    assert_eq!(list_all(&clerk, &ours.name, "", 3).await.len(), 4);
    let request = ListStudentsRequest {
        parent: theirs.name.clone(),
        ..ListStudentsRequest::default()
    };
    refused(
        clerk.students().list_students(request).await,
        Code::PermissionDenied,
        "OUT_OF_SCOPE",
    );
    let request = ListStudentsRequest {
        parent: county.place.county.clone(),
        ..ListStudentsRequest::default()
    };
    refused(
        clerk.students().list_students(request).await,
        Code::PermissionDenied,
        "OUT_OF_SCOPE",
    );
    let theirs = pupils(&county.clerk, &theirs).await;
    let get = GetStudentRequest {
        name: theirs[0].name.clone(),
    };
    refused(
        clerk.students().get_student(get).await,
        Code::NotFound,
        "NOT_FOUND",
    );
}

#[track_caller]
fn assert_masked(student: &Student, people: &[Person]) {
    let shown = &student.identity_number;
    let own = |person: &&Person| {
        shown.starts_with(&person.number[..1]) && shown.ends_with(&person.number[17..])
    };
    assert!(people.iter().any(|person| own(&person)), "{shown}");
    let digits = shown.chars().filter(char::is_ascii_alphanumeric).count();
    assert!(
        shown.contains('*') && digits <= 10,
        "at most six in front and four behind: {shown}"
    );
    let everything = format!("{student:?}");
    for person in people {
        assert!(!everything.contains(&person.number), "{everything}");
    }
}

async fn pupils(officer: &Officer, school: &School) -> Vec<Student> {
    let request = ListStudentsRequest {
        parent: school.name.clone(),
        page_size: 500,
        ..ListStudentsRequest::default()
    };
    answered(officer.students().list_students(request).await).students
}

fn set(names: &[String]) -> BTreeSet<String> {
    names.iter().cloned().collect()
}

/// All names in order; no page is longer than asked and no name comes twice.
async fn list_all(
    officer: &Officer,
    parent: &str,
    school_class: &str,
    page_size: i32,
) -> Vec<String> {
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListStudentsRequest {
            parent: parent.to_owned(),
            school_class: school_class.to_owned(),
            page_size,
            page_token,
            ..ListStudentsRequest::default()
        };
        let page = answered(officer.students().list_students(request).await);
        assert!(page.students.len() <= page_size as usize);
        names.extend(page.students.into_iter().map(|student| student.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            assert_eq!(set(&names).len(), names.len(), "a name came twice");
            return names;
        }
    }
}
