//! The rates of dropout control: the 2018 self-assessment report of 城中区 comes out when its population is loaded.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::junior_place::State as PlaceState;
use junheng_proto::registration::v1::rate_input::Rows;
use junheng_proto::registration::v1::{
    AssignJuniorPlacesRequest, BirthCount, ConfirmEnrolmentRequest, DropoutRate,
    GetDropoutRatesRequest, ListJuniorPlacesRequest, ListLedgerRequest, ListSchoolClassesRequest,
    RecordBirthsRequest, assign_junior_places_request, confirm_enrolment_request,
};
use junheng_tests::person::{Person, child, with_check_digit};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{
    all_in, class_row, header, import_classes, import_students, numbered, student_row,
};
use junheng_tests::school_year::{in_summer, summer_year};
use junheng_tests::{County, Officer, School, Story, World, request_id, story};
use tonic::Code;

use super::promotion::promote;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("seven children of seven without a record leave an entry rate of 98 93 percent", |world| Box::pin(seven_year_olds(world))),
    story("seven primary graduates who did not arrive leave an onward rate of 99 78 percent", |world| Box::pin(onward(world))),
    story("rates of a foreign county and of a year to come are refused", |world| Box::pin(wrong_turns(world))),
];

/// Children of seven who live in the county, and those of them who have no record yet.
const SEVEN: (i32, i32) = (654, 7);
/// Primary graduates, and those of them who did not arrive.
const GRADUATES: (usize, usize) = (3_182, 7);
/// Rows of one call.
const SET: usize = 500;

async fn seven_year_olds(world: &World) {
    let world = in_summer(world).await;
    let county = County::fresh(&world).await;
    // It is July: the school year under way began last autumn.
    let year = summer_year() - 1;
    let births = RecordBirthsRequest {
        parent: county.place.county.clone(),
        births: [year - 8, year - 7]
            .into_iter()
            .map(|birth_year| BirthCount {
                place: county.code().to_owned(),
                birth_year,
                birth_count: SEVEN.0,
                resident_count: Some(SEVEN.0),
                yearly_migration: 0,
                as_of_year: year,
                source: "2018年自查自评报告".to_owned(),
            })
            .collect(),
        request_id: request_id(),
    };
    answered(county.clerk.forecasts().record_births(births).await);
    let school = county.school(SchoolKind::Primary).await;
    let people: Vec<Person> = (0..SEVEN.0 - SEVEN.1)
        .map(|n| aged_seven(year, n))
        .collect();
    load(&county.clerk, &school, 2, &people).await;
    let rates = rates(&county.clerk, &county.place.county).await;
    let rate = &rates["entry.age_seven"];
    assert_eq!(
        (rate.value.as_str(), rate.missing_count),
        ("98.93", 7),
        "{rate:?}"
    );
    assert_eq!((rate.numerator, rate.denominator), (647, 654));
    let Some(Rows::Ledger(rows)) = &rate.inputs[0].rows else {
        panic!("no list behind {:?}", rate.inputs[0]);
    };
    assert_eq!(listed(&county.clerk, rows).await, 647);
}

async fn onward(world: &World) {
    let world = in_summer(world).await;
    let county = County::fresh(&world).await;
    let (clerk, parent) = (&county.clerk, &county.place.county);
    let primary = county.school(SchoolKind::Primary).await;
    let people: Vec<Person> = (0..GRADUATES.0).map(|_| child()).collect();
    load(clerk, &primary, 6, &people).await;
    let junior = county.school(SchoolKind::Junior).await;
    let class = vec![class_row(&junior, Stage::Junior, 1, 1)];
    all_in(answered(
        import_classes(clerk, header(&junior.name), class).await,
    ));
    let head = world.sign_in("county.approver", parent).await;
    promote(&head, parent).await;
    let graduates = graduates(clerk, &primary).await;
    assert_eq!(graduates.len(), GRADUATES.0);
    for some in graduates.chunks(SET) {
        let rows = some
            .iter()
            .zip(2..)
            .map(|(student, row)| assign_junior_places_request::Row {
                row,
                student: student.clone(),
                junior_school: junior.name.clone(),
            });
        let request = AssignJuniorPlacesRequest {
            parent: parent.clone(),
            school_year: summer_year(),
            rows: rows.collect(),
            request_id: request_id(),
        };
        all_in(answered(
            clerk.promotions().assign_junior_places(request).await,
        ));
    }
    let arrived = GRADUATES.0 - GRADUATES.1;
    let places = places(clerk, &junior).await;
    let classes = ListSchoolClassesRequest {
        parent: junior.name.clone(),
        ..Default::default()
    };
    let classes = answered(clerk.classes().list_school_classes(classes).await).school_classes;
    let school = world.sign_in("school.clerk", &junior.name).await;
    for some in places[..arrived].chunks(SET) {
        let rows = some
            .iter()
            .zip(2..)
            .map(|(place, row)| confirm_enrolment_request::Row {
                row,
                junior_place: place.clone(),
                school_class: classes[0].name.clone(),
            });
        let request = ConfirmEnrolmentRequest {
            parent: junior.name.clone(),
            rows: rows.collect(),
            request_id: request_id(),
        };
        all_in(answered(
            school.promotions().confirm_enrolment(request).await,
        ));
    }
    // The school year begins on 1 September.
    let mut world = world;
    world.later(60).expect("the process starts again");
    let clerk = world.sign_in("county.clerk", parent).await;
    let rate = &rates(&clerk, parent).await["entry.junior"];
    assert_eq!(
        (rate.value.as_str(), rate.missing_count),
        ("99.78", 7),
        "{rate:?}"
    );
    assert_eq!((rate.numerator, rate.denominator), (3_175, 3_182));
}

async fn wrong_turns(world: &World) {
    let [own, near, _] = world.neighbours();
    let own = County::at(world, own).await;
    let ask = |parent: &str, school_year: i32| GetDropoutRatesRequest {
        parent: parent.to_owned(),
        school_year,
        as_of_date: String::new(),
    };
    let mut client = own.clerk.dropout_rates();
    let foreign = client.get_dropout_rates(ask(&near.county, 0)).await;
    refused(foreign, Code::PermissionDenied, "OUT_OF_SCOPE");
    let future = client.get_dropout_rates(ask(&own.place.county, 2099)).await;
    let refusal = refused(future, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(refusal.fields, ["school_year"]);
}

/// A child who is seven at the end of August in which a school year begins.
fn aged_seven(school_year: i32, number: i32) -> Person {
    let first = NaiveDate::from_ymd_opt(school_year - 8, 9, 1).expect("a date");
    let birth = first + Days::new(u64::try_from(number % 360).expect("a day"));
    let serial = 2 * (number / 360) + 1;
    let body = format!("630111{}{serial:03}", birth.format("%Y%m%d"));
    Person {
        number: with_check_digit(&body),
        birth_date: birth.to_string(),
        ..Person {
            sex: junheng_proto::education::v1::Sex::Male,
            ..child()
        }
    }
}

/// Loads pupils of a grade into classes of forty.
pub(crate) async fn load(officer: &Officer, school: &School, grade: i32, people: &[Person]) {
    let class_of = |index: usize| i32::try_from(index / 40 + 1).expect("few classes");
    let classes = (1..=class_of(people.len() - 1))
        .map(|number| class_row(school, Stage::Primary, grade, number));
    let classes = numbered(classes, |row, number| row.row = number);
    all_in(answered(
        import_classes(officer, header(&school.name), classes).await,
    ));
    let rows = people
        .iter()
        .enumerate()
        .map(|(index, person)| student_row(school, Stage::Primary, grade, class_of(index), person));
    let rows = numbered(rows, |row, number| row.row = number);
    all_in(answered(
        import_students(officer, header(&school.name), rows).await,
    ));
}

async fn rates(officer: &Officer, parent: &str) -> BTreeMap<String, DropoutRate> {
    let request = GetDropoutRatesRequest {
        parent: parent.to_owned(),
        ..Default::default()
    };
    let told = answered(officer.dropout_rates().get_dropout_rates(request).await);
    let named = told
        .dropout_rates
        .into_iter()
        .map(|rate| (rate.formula_id.clone(), rate));
    named.collect()
}

async fn listed(officer: &Officer, rows: &ListLedgerRequest) -> usize {
    let (mut token, mut count) = (String::new(), 0);
    loop {
        let request = ListLedgerRequest {
            page_size: 500,
            page_token: token,
            ..rows.clone()
        };
        let page = answered(officer.ledgers().list_ledger(request).await);
        count += page.ledger_entries.len();
        token = page.next_page_token;
        if token.is_empty() {
            return count;
        }
    }
}

async fn graduates(officer: &Officer, school: &School) -> Vec<String> {
    use junheng_proto::registration::v1::{ListStudentsRequest, student::State};
    let (mut token, mut names) = (String::new(), Vec::new());
    loop {
        let request = ListStudentsRequest {
            parent: school.name.clone(),
            state: State::Graduated.into(),
            page_size: 500,
            page_token: token,
            ..Default::default()
        };
        let page = answered(officer.students().list_students(request).await);
        names.extend(page.students.into_iter().map(|student| student.name));
        token = page.next_page_token;
        if token.is_empty() {
            return names;
        }
    }
}

async fn places(officer: &Officer, school: &School) -> Vec<String> {
    let (mut token, mut names) = (String::new(), Vec::new());
    loop {
        let request = ListJuniorPlacesRequest {
            parent: school.name.clone(),
            state: PlaceState::Assigned.into(),
            page_size: 500,
            page_token: token,
            ..Default::default()
        };
        let page = answered(officer.promotions().list_junior_places(request).await);
        names.extend(page.junior_places.into_iter().map(|place| place.name));
        token = page.next_page_token;
        if token.is_empty() {
            return names;
        }
    }
}
