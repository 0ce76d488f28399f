//! What new pupils bring along: numbers that are nobody else's, and the year in which they enter.

use crate::support::{Officer, World, child, id, number, row};
use junheng_kernel::bulk::{ImportHeader, ImportResult};
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::forecast_service_client::ForecastServiceClient;
use junheng_proto::registration::v1::number_verdict_row::Verdict;
use junheng_proto::registration::v1::statistics_service_client::StatisticsServiceClient;
use junheng_proto::registration::v1::student_change::Kind;
use junheng_proto::registration::v1::student_change_service_client::StudentChangeServiceClient;
use junheng_proto::registration::v1::student_number_service_client::StudentNumberServiceClient;
use junheng_proto::registration::v1::*;
use sea_orm::ConnectionTrait as _;

const COUNTY: &str = "regions/630103";
const PROVINCE: &str = "regions/630000";
const CODE: &str = "2163000001";
const DAY: i64 = 86_400;

fn verdicts(result: &ImportResult) -> Vec<(i64, &str, Reason)> {
    let told = result.verdicts.iter();
    told.map(|one| (one.row, one.field.as_str(), one.reason()))
        .collect()
}

#[tokio::test]
async fn a_number_made_of_another_childs_document_is_refused_by_an_import_as_by_a_call() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school(CODE, "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    clerk.student(&class, 1).await.unwrap();
    let bringing = |line: i64, serial: u32, of: u32| StudentRow {
        student_number: format!("G{}", number(of)),
        ..row(line, CODE, 1, 1, serial)
    };
    let rows = vec![
        bringing(2, 2, 1),
        bringing(3, 3, 3),
        // The other child comes in the same file.
        bringing(4, 4, 5),
        row(5, CODE, 1, 1, 5),
        // Nobody has this one; it is kept though it is not the child's own.
        bringing(6, 6, 77),
    ];
    let result = clerk.import(COUNTY, rows).await;
    let taken = |line| (line, "student_number", Reason::StudentNumberTaken);
    assert_eq!(verdicts(&result), [taken(2), taken(4)]);
    assert_eq!(result.created_count, 3);
    let called = CreateStudentRequest {
        parent: school.name.clone(),
        student: Some(Student {
            school_class: class.name.clone(),
            student_number: format!("G{}", number(1)),
            ..child(2)
        }),
        request_id: id(),
    };
    clerk.create(called).await.unwrap_err();
}

async fn issue(
    world: &World,
    officer: &Officer<'_>,
    rows: Vec<NumberVerdictRow>,
) -> IssueFormalNumbersResponse {
    use issue_formal_numbers_request::Part;
    let header = Part::Header(ImportHeader {
        parent: PROVINCE.into(),
        request_id: id(),
        ..ImportHeader::default()
    });
    let parts = std::iter::once(header).chain(rows.into_iter().map(Part::Row));
    let messages: Vec<_> = parts
        .map(|part| IssueFormalNumbersRequest { part: Some(part) })
        .collect();
    let mut service = StudentNumberServiceClient::new(world.link.clone());
    let request = officer.ask(tokio_stream::iter(messages));
    let issued = service.issue_formal_numbers(request).await;
    issued.unwrap().into_inner()
}

#[tokio::test]
async fn a_pupil_named_once_by_id_and_once_by_number_is_one_pupil() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school(CODE, "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let brought = "L12345678901234567X";
    let student = CreateStudentRequest {
        parent: school.name.clone(),
        student: Some(Student {
            school_class: class.name.clone(),
            student_number: brought.into(),
            ..child(1)
        }),
        request_id: id(),
    };
    let created = clerk.create(student).await.unwrap();
    let create_student_response::Outcome::Student(student) = created else {
        panic!("{created:?}")
    };
    let province = world.officer("province.approver", PROVINCE);
    for (verdict, note) in [(Verdict::Mismatch, "姓名不一致"), (Verdict::Matched, "")] {
        let line = |row: i64| NumberVerdictRow {
            row,
            verdict: verdict.into(),
            note: note.into(),
            ..NumberVerdictRow::default()
        };
        let rows = vec![
            NumberVerdictRow {
                student: student.name.clone(),
                ..line(2)
            },
            NumberVerdictRow {
                student_number: brought.into(),
                ..line(3)
            },
        ];
        let told = issue(&world, &province, rows).await;
        let again: Vec<_> = told
            .verdicts
            .iter()
            .map(|one| (one.row, one.reason()))
            .collect();
        assert_eq!(again, [(3, Reason::RowDuplicate)], "{verdict:?}");
        assert_eq!(told.mismatch_count + told.issued_count, 1);
    }
}

async fn entry_years(clerk: &mut Officer<'_>) -> Vec<(String, i32)> {
    let request = clerk.ask(ListStudentsRequest {
        parent: COUNTY.into(),
        ..ListStudentsRequest::default()
    });
    let listed = clerk.students.list_students(request).await.unwrap();
    let students = listed.into_inner().students.into_iter();
    students
        .map(|one| (one.display_name, one.entry_year))
        .collect()
}

#[tokio::test]
async fn who_is_imported_before_september_can_be_given_the_year_that_comes() {
    let world = World::new().await;
    // 20 August 2019.
    world.context.clock.advance_seconds(353 * DAY);
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school(CODE, "630103").await;
    clerk.class(&school, 1, 1).await;
    let entering = |line: i64, serial: u32, entry_year: i32| StudentRow {
        entry_year,
        ..row(line, CODE, 1, 1, serial)
    };
    let rows = vec![
        entering(2, 1, 2019),
        entering(3, 2, 0),
        entering(4, 3, 2031),
    ];
    let result = clerk.import(COUNTY, rows).await;
    assert_eq!(verdicts(&result), [(4, "entry_year", Reason::FieldInvalid)]);
    let expected = [("马1".to_owned(), 2019), ("马2".to_owned(), 2018)];
    assert_eq!(entry_years(&mut clerk).await, expected);
    // The same again is nothing new; another year is refused, not passed over.
    let again = vec![entering(2, 1, 2019), entering(3, 2, 2019)];
    let again = clerk.import(COUNTY, again).await;
    assert_eq!(again.unchanged_count, 1);
    assert_eq!(verdicts(&again), [(3, "entry_year", Reason::FieldInvalid)]);
    assert_eq!(entry_years(&mut clerk).await, expected);
}

#[tokio::test]
async fn who_is_registered_in_august_counts_in_the_year_and_cohort_that_the_pupil_enters() {
    let world = World::new().await;
    world.context.clock.advance_seconds(353 * DAY);
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school(CODE, "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    for (serial, entry_year) in [(1, 2019), (2, 2018)] {
        let request = CreateStudentRequest {
            parent: school.name.clone(),
            student: Some(Student {
                school_class: class.name.clone(),
                entry_year,
                ..child(serial)
            }),
            request_id: id(),
        };
        clerk.create(request).await.unwrap();
    }
    let mut changes = StudentChangeServiceClient::new(world.link.clone());
    for (entry_year, school_year) in [(2019, 2019), (2018, 2018)] {
        let request = ListStudentChangesRequest {
            parent: COUNTY.into(),
            kind: Kind::Enrolled.into(),
            entry_year,
            ..ListStudentChangesRequest::default()
        };
        let listed = changes.list_student_changes(clerk.ask(request)).await;
        let told = listed.unwrap().into_inner().student_changes;
        let told: Vec<_> = told
            .iter()
            .map(|one| (one.school_year, one.effective_date.as_str()))
            .collect();
        assert_eq!(told, [(school_year, "2019-08-20")]);
        let request = GetStatisticsRequest {
            parent: COUNTY.into(),
            school_year,
            ..GetStatisticsRequest::default()
        };
        let mut statistics = StatisticsServiceClient::new(world.link.clone());
        let told = statistics.get_statistics(clerk.ask(request)).await.unwrap();
        let told = told.into_inner().statistics.into_iter();
        let mut enrolled = told.filter(|one| one.formula_id == "changes.enrolments");
        assert_eq!(enrolled.next().unwrap().numerator, 1, "{school_year}");
    }
}

#[tokio::test]
async fn cohorts_frozen_again_leave_nothing_of_a_school_whose_pupils_have_gone() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school(CODE, "630103").await;
    let gone = clerk.school("2163000002", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    clerk.student(&class, 1).await.unwrap();
    let freeze = async || {
        let clerk = world.officer("county.clerk", COUNTY);
        let request = FreezeCohortsRequest {
            parent: COUNTY.into(),
            request_id: id(),
        };
        let mut service = ForecastServiceClient::new(world.link.clone());
        service.freeze_cohorts(clerk.ask(request)).await.unwrap();
    };
    freeze().await;
    // As it was frozen before a merger.
    let database = world.context.store.derived();
    let other = gone.name["schools/".len()..].replace('-', "");
    let before = format!("UPDATE cohort_counts SET school = X'{other}'");
    database.execute_unprepared(&before).await.unwrap();
    freeze().await;
    let left = "DELETE FROM cohort_counts WHERE 1 = 1";
    let left = database.execute_unprepared(left).await.unwrap();
    assert_eq!(left.rows_affected(), 1);
}
