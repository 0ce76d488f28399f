//! Figures at every level: equal to the rows behind them, which are one call away.

use std::collections::BTreeMap;

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::create_student_response::Outcome;
use junheng_proto::registration::v1::list_students_request::Group;
use junheng_proto::registration::v1::statistic::Rows;
use junheng_proto::registration::v1::student::{Disability, Placement, State};
use junheng_proto::registration::v1::student_change::Kind;
use junheng_proto::registration::v1::{
    CreateStudentRequest, GetStatisticsRequest, ListClassSizesRequest, ListSchoolClassesRequest,
    ListStudentChangesRequest, ListStudentsRequest, Statistic, Student, UpdateSchoolRequest,
    UpdateStudentRequest, student::IdentityType,
};
use junheng_tests::person::{Person, child};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::regions::place;
use junheng_tests::rolls::enrol;
use junheng_tests::{County, Officer, School, Story, World, request_id, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("every figure is as large as the list behind it after registrations imports updates and a move", |world| Box::pin(behind(world))),
    story("a city that runs a county outside its code lists and counts all of it and no neighbour", |world| Box::pin(irregular(world))),
    story("a students history is listed by student school and region and by kind", |world| Box::pin(history(world))),
    story("statistics of a foreign region are refused", |world| Box::pin(foreign(world))),
];

/// The city of the second county runs the first, whose digits are another city's.
const REGIONS: &str = "code\tname\tparent\tlevel\tkind\treplaces\n420191\t试验区\t420200\tcounty\tdevelopment_zone\t\n";

async fn behind(world: &World) {
    let county = County::fresh(world).await;
    let (clerk, code) = (&county.clerk, county.code().to_owned());
    let first = county.school(SchoolKind::NineYear).await;
    let second = county.school(SchoolKind::Primary).await;
    enrol(clerk, &first, Stage::Primary, 44).await;
    enrol(clerk, &first, Stage::Junior, 6).await;
    enrol(clerk, &second, Stage::Primary, 12).await;
    let class = classes(clerk, &first).await.remove(0);
    let boarder = register(clerk, &first, &class, |student| {
        student.boarder = true;
        student.ethnicity = "03".to_owned();
    })
    .await;
    register(clerk, &first, &class, |student| {
        student.disability = Disability::Visual.into();
        student.placement = Placement::Inclusive.into();
        student.hardship = true;
    })
    .await;
    let request = UpdateStudentRequest {
        student: Some(Student {
            migrant: true,
            boarder: false,
            ..boarder
        }),
        update_mask: None,
        request_id: request_id(),
    };
    answered(clerk.students().update_student(request).await);
    let parents = [
        county.place.county.clone(),
        first.name.clone(),
        second.name.clone(),
    ];
    for parent in &parents {
        compare(clerk, parent, Stage::Unspecified).await;
    }
    compare(clerk, &county.place.county, Stage::Junior).await;
    let before = figures(clerk, &county.place.county, Stage::Unspecified).await;
    assert_eq!(before["enrolment.enrolled"].numerator, 64);
    assert_eq!(before["enrolment.minority"].numerator, 1);
    assert_eq!(before["enrolment.migrants"].numerator, 1);
    assert_eq!(before["enrolment.inclusive_share"].value, "100.00");
    assert_eq!(
        before["changes.enrolments"].numerator, 2,
        "imports tell no history"
    );
    let moved = UpdateSchoolRequest {
        school: Some(junheng_proto::registration::v1::School {
            town: town_of(&code),
            ..first.entry.clone()
        }),
        update_mask: None,
        request_id: request_id(),
    };
    answered(clerk.schools().update_school(moved).await);
    let after = figures(clerk, &county.place.county, Stage::Unspecified).await;
    for (id, figure) in &before {
        assert_eq!(after[id].numerator, figure.numerator, "{id}");
    }
    let town = format!("regions/{}", town_of(&code));
    compare(clerk, &town, Stage::Unspecified).await;
    assert_eq!(
        figures(clerk, &town, Stage::Unspecified).await["enrolment.enrolled"].numerator,
        52
    );
    for parent in &parents {
        compare(clerk, parent, Stage::Unspecified).await;
    }
}

async fn irregular(world: &World) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("regions.tsv");
    std::fs::write(&file, REGIONS).expect("written");
    let setting = ("JUNHENG_REGION__EXTRA_FILE", file.to_str().expect("a text"));
    let world = world.of_its_own(&[setting]).await;
    let zone = junheng_tests::regions::Place {
        county: "regions/420191".to_owned(),
        city: Some("regions/420200".to_owned()),
        province: "regions/420000".to_owned(),
    };
    let zone = County::at(&world, zone).await;
    let beside = County::at(&world, place("420102").expect("a county")).await;
    let within = County::at(&world, place("420202").expect("a county")).await;
    let mut names = BTreeMap::new();
    for (county, pupils) in [(&zone, 11), (&beside, 5), (&within, 8)] {
        let school = county.school(SchoolKind::Primary).await;
        enrol(&county.clerk, &school, Stage::Primary, pupils).await;
        names.insert(
            county.code().to_owned(),
            list(&county.clerk, &school.name, 50).await,
        );
    }
    let city = world.sign_in("city.clerk", "regions/420200").await;
    let mut expected = [names["420191"].clone(), names["420202"].clone()].concat();
    expected.sort();
    for size in [3, 50] {
        let mut listed = list(&city, "regions/420200", size).await;
        listed.sort();
        assert_eq!(listed, expected, "pages of {size}");
    }
    compare(&city, "regions/420200", Stage::Unspecified).await;
    let figures = figures(&city, "regions/420200", Stage::Unspecified).await;
    assert_eq!(figures["enrolment.enrolled"].numerator, 19);
}

async fn history(world: &World) {
    let county = County::fresh(world).await;
    let clerk = &county.clerk;
    let school = county.school(SchoolKind::Primary).await;
    enrol(clerk, &school, Stage::Primary, 1).await;
    let class = classes(clerk, &school).await.remove(0);
    let one = register(clerk, &school, &class, |_| ()).await;
    let other = register(clerk, &school, &class, |_| ()).await;
    let ask = |parent: &str, kind: Kind| ListStudentChangesRequest {
        parent: parent.to_owned(),
        kind: kind.into(),
        page_size: 1,
        ..ListStudentChangesRequest::default()
    };
    let told = answered(
        clerk
            .changes()
            .list_student_changes(ask(&one.name, Kind::Unspecified))
            .await,
    )
    .student_changes;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].kind(), &told[0].student),
        (Kind::Enrolled, &one.name)
    );
    for parent in [&school.name, &county.place.county] {
        let changes = changes(clerk, ask(parent, Kind::Enrolled)).await;
        let mut students: Vec<_> = changes.into_iter().map(|change| change.student).collect();
        students.sort();
        assert_eq!(students, [one.name.clone(), other.name.clone()], "{parent}");
    }
    assert!(
        changes(clerk, ask(&school.name, Kind::Deceased))
            .await
            .is_empty()
    );
    let stranger = County::fresh(world).await;
    refused(
        stranger
            .clerk
            .changes()
            .list_student_changes(ask(&one.name, Kind::Unspecified))
            .await,
        Code::NotFound,
        "NOT_FOUND",
    );
}

async fn foreign(world: &World) {
    let [own, near, _] = world.neighbours();
    let own = County::at(world, own).await;
    let request = GetStatisticsRequest {
        parent: near.county,
        ..GetStatisticsRequest::default()
    };
    let answer = own.clerk.statistics().get_statistics(request).await;
    refused(answer, Code::PermissionDenied, "OUT_OF_SCOPE");
    let request = ListStudentsRequest {
        parent: own.place.county.clone(),
        state: State::Graduated.into(),
        group: Group::Girls.into(),
        ..ListStudentsRequest::default()
    };
    let answer = own.clerk.students().list_students(request).await;
    refused(answer, Code::InvalidArgument, "FIELD_INVALID");
}

/// Follows every figure of a parent to its rows.
async fn compare(officer: &Officer, parent: &str, stage: Stage) {
    for (id, figure) in figures(officer, parent, stage).await {
        let rows = match figure.rows {
            Some(Rows::Students(request)) => count_students(officer, request).await,
            Some(Rows::Classes(request)) => count_classes(officer, request).await,
            Some(Rows::Changes(request)) => changes(officer, request).await.len() as i64,
            None => panic!("{id} shows no rows"),
        };
        assert_eq!(rows, figure.numerator, "{id} of {parent}");
    }
}

async fn figures(officer: &Officer, parent: &str, stage: Stage) -> BTreeMap<String, Statistic> {
    let request = GetStatisticsRequest {
        parent: parent.to_owned(),
        stage: stage.into(),
        school_year: 0,
    };
    let told = answered(officer.statistics().get_statistics(request).await);
    let by_id = |figure: Statistic| (figure.formula_id.clone(), figure);
    told.statistics.into_iter().map(by_id).collect()
}

async fn count_students(officer: &Officer, mut request: ListStudentsRequest) -> i64 {
    let mut count = 0;
    loop {
        request.page_size = 20;
        let page = answered(officer.students().list_students(request.clone()).await);
        count += page.students.len() as i64;
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return count;
        }
    }
}

async fn count_classes(officer: &Officer, mut request: ListClassSizesRequest) -> i64 {
    let mut count = 0;
    loop {
        request.page_size = 2;
        let page = answered(officer.statistics().list_class_sizes(request.clone()).await);
        count += page.class_sizes.len() as i64;
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return count;
        }
    }
}

async fn changes(
    officer: &Officer,
    mut request: ListStudentChangesRequest,
) -> Vec<junheng_proto::registration::v1::StudentChange> {
    let mut found = Vec::new();
    loop {
        let page = answered(
            officer
                .changes()
                .list_student_changes(request.clone())
                .await,
        );
        found.extend(page.student_changes);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return found;
        }
    }
}

async fn list(officer: &Officer, parent: &str, page_size: i32) -> Vec<String> {
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListStudentsRequest {
            parent: parent.to_owned(),
            page_size,
            page_token,
            ..ListStudentsRequest::default()
        };
        let page = answered(officer.students().list_students(request).await);
        names.extend(page.students.into_iter().map(|student| student.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return names;
        }
    }
}

async fn classes(officer: &Officer, school: &School) -> Vec<String> {
    let request = ListSchoolClassesRequest {
        parent: school.name.clone(),
        ..ListSchoolClassesRequest::default()
    };
    let listed = answered(officer.classes().list_school_classes(request).await);
    listed
        .school_classes
        .into_iter()
        .map(|class| class.name)
        .collect()
}

async fn register(
    officer: &Officer,
    school: &School,
    class: &str,
    change: impl FnOnce(&mut Student),
) -> Student {
    let person: Person = child();
    let mut student = Student {
        school_class: class.to_owned(),
        display_name: person.display_name,
        identity_type: IdentityType::ResidentCard.into(),
        identity_number: person.number,
        sex: person.sex.into(),
        birth_date: person.birth_date,
        ethnicity: "01".to_owned(),
        ..Student::default()
    };
    change(&mut student);
    let request = CreateStudentRequest {
        parent: school.name.clone(),
        student: Some(student),
        request_id: request_id(),
    };
    let answer = answered(officer.students().create_student(request).await);
    match answer.outcome {
        Some(Outcome::Student(student)) => student,
        other => panic!("not registered: {other:?}"),
    }
}

/// The first town of a county in the ministry's table.
fn town_of(county: &str) -> String {
    const TOWNS: &str = include_str!("../../services/kernel/data/regions/mca_2026_town_42.tsv");
    let mut codes = TOWNS.lines().filter_map(|line| line.split('\t').next());
    let town = codes.find(|code| code.starts_with(county));
    town.expect("a town").to_owned()
}
