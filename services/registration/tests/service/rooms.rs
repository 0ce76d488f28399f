//! Schools, classes and students together, over gRPC as officers call them.

use crate::support::{World, child, id, number, row};
use junheng_kernel::bulk::ImportResult;
use junheng_proto::error::v1::Reason;
use junheng_proto::evidence::v1::StreamMeasuresRequest;
use junheng_proto::evidence::v1::measure_service_client::MeasureServiceClient;
use junheng_proto::registration::v1::*;
use tonic::Code;
use tonic_types::StatusExt as _;

const COUNTY: &str = "regions/630103";

fn counts(result: &ImportResult) -> [i64; 4] {
    let ImportResult {
        created_count,
        updated_count,
        unchanged_count,
        rejected_count,
        ..
    } = result;
    [
        *created_count,
        *updated_count,
        *unchanged_count,
        *rejected_count,
    ]
}

fn reasons(result: &ImportResult) -> Vec<(i64, Reason)> {
    result
        .verdicts
        .iter()
        .map(|verdict| (verdict.row, verdict.reason()))
        .collect()
}

#[tokio::test]
async fn a_person_has_one_record_and_only_those_in_scope_learn_where() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 3, 2).await;
    assert_eq!(class.display_name, "三年级2班");
    let student = clerk.student(&class, 1).await.unwrap();
    assert!(student.student_number.starts_with("L***"), "temporary");
    assert_eq!((student.grade, student.display_name.as_str()), (3, "马1"));

    let again = clerk.student(&class, 1).await.unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists);
    let info = again.get_details_error_info().unwrap();
    assert_eq!(info.metadata["where"], "学校2163000001");

    let mut neighbour = world.officer("county.clerk", "regions/630104");
    let other = neighbour.school("2163000002", "630104").await;
    let class = neighbour.class(&other, 1, 1).await;
    let case = neighbour.claim(&class, 1).await;
    assert_eq!(case.student, student.name);
    assert_eq!(case.standing_school, school.name);
    assert_eq!(case.claims.len(), 1);
    assert_eq!(case.claims[0].differs, Vec::<String>::new());
    let same = neighbour.claim(&class, 1).await;
    assert_eq!(same.name, case.name, "one case, whoever asks again");
    assert_eq!((same.claims.len(), same.etag), (1, case.etag));
}

#[tokio::test]
async fn two_at_once_register_a_person_once() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let mut other = world.officer("county.clerk", COUNTY);
    let (one, two) = tokio::join!(clerk.student(&class, 7), other.student(&class, 7));
    let codes = [one, two].map(|result| result.err().map(|error| error.code()));
    assert!(
        codes.contains(&None) && codes.contains(&Some(Code::AlreadyExists)),
        "{codes:?}"
    );
}

#[tokio::test]
async fn the_wrong_check_digit_is_named_with_the_right_one() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let mut student = child(1);
    student.school_class = class.name;
    let last = student.identity_number.pop().unwrap();
    student
        .identity_number
        .push(if last == '0' { '1' } else { '0' });
    let request = clerk.ask(CreateStudentRequest {
        parent: school.name,
        student: Some(student),
        request_id: id(),
    });
    let error = clerk.students.create_student(request).await.unwrap_err();
    let info = error.get_details_error_info().unwrap();
    assert_eq!(info.reason, "CHECK_DIGIT_WRONG");
    assert_eq!(info.metadata["expected"], last.to_string());
}

#[tokio::test]
async fn the_school_changes_the_class_and_not_the_name() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let (first, second) = (
        clerk.class(&school, 1, 1).await,
        clerk.class(&school, 1, 2).await,
    );
    let higher = clerk.class(&school, 2, 1).await;
    let student = clerk.student(&first, 1).await.unwrap();
    let mut officer = world.officer("school.clerk", &school.name);
    let request = |student| UpdateStudentRequest {
        student: Some(student),
        update_mask: None,
        request_id: id(),
    };
    let promoted = Student {
        school_class: higher.name,
        ..student.clone()
    };
    let asked = officer.ask(request(promoted));
    let refused = officer.students.update_student(asked).await.unwrap_err();
    assert!(refused.message().contains("stage and grade"), "{refused}");

    let moved = Student {
        school_class: second.name.clone(),
        boarder: true,
        ..student.clone()
    };
    let asked = officer.ask(request(moved));
    let moved = officer
        .students
        .update_student(asked)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((&moved.school_class, moved.boarder), (&second.name, true));

    let stale = officer.ask(request(student.clone()));
    let stale = officer.students.update_student(stale).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);

    let renamed = officer.ask(request(Student {
        display_name: "马大".into(),
        ..moved.clone()
    }));
    let error = officer.students.update_student(renamed).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().contains("county"), "{}", error.message());

    let mut foreign = world.officer("county.clerk", "regions/630104");
    let request = foreign.ask(GetStudentRequest { name: moved.name });
    let error = foreign.students.get_student(request).await.unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
}

#[tokio::test]
async fn an_import_takes_good_rows_names_bad_ones_and_repeats_without_effect() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    clerk.class(&school, 1, 1).await;
    clerk.class(&school, 1, 2).await;
    let mut neighbour = world.officer("county.clerk", "regions/630104");
    neighbour.school("2163000002", "630104").await;

    let code = "2163000001";
    let mut wrong_name = row(6, code, 1, 1, 6);
    wrong_name.display_name = " 马".into();
    let mut nameless = row(8, code, 1, 2, 8);
    nameless.identity_type = 9;
    nameless.identity_number.clear();
    let rows = vec![
        row(1, code, 1, 1, 1),
        row(2, code, 1, 1, 1),
        row(3, "2163000009", 1, 1, 3),
        row(4, code, 3, 2, 4),
        row(5, "2163000002", 1, 1, 5),
        wrong_name,
        row(7, code, 1, 2, 7),
        nameless,
    ];
    let result = clerk.import(COUNTY, rows.clone()).await;
    assert_eq!(counts(&result), [3, 0, 0, 5]);
    let expected = [
        (2, Reason::RowDuplicate),
        (3, Reason::SchoolUnknown),
        (4, Reason::ClassUnknown),
        (5, Reason::RowOutOfParent),
        (6, Reason::FieldInvalid),
    ];
    assert_eq!(reasons(&result), expected);
    let keys: Vec<_> = result
        .missing_parents
        .iter()
        .map(|parent| parent.key.as_str())
        .collect();
    assert_eq!(keys, ["2163000009", "2163000001/PRIMARY/3/2"]);
    assert!(
        result.verdicts[2]
            .message_zh
            .contains("2163000001 小学三年级2班")
    );

    let mut rows = rows;
    assert_eq!(
        counts(&clerk.import(COUNTY, rows.clone()).await),
        [0, 0, 3, 5]
    );
    rows[0].class_number = 2;
    rows[1].identity_number = number(10);
    rows[6].display_name = "马七".into();
    let result = clerk.import(COUNTY, rows).await;
    assert_eq!(counts(&result)[..3], [0, 1, 1]);
    let renamed = result
        .verdicts
        .iter()
        .find(|verdict| verdict.row == 7)
        .unwrap();
    assert_eq!(renamed.field, "display_name");
}

#[tokio::test]
async fn an_import_does_not_move_a_child_from_another_school() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let first = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&first, 1, 1).await;
    clerk.student(&class, 1).await.unwrap();
    let second = clerk.school("2163000003", "630103").await;
    clerk.class(&second, 1, 1).await;
    let rows = vec![row(1, "2163000003", 1, 1, 1)];
    let mut officer = world.officer("school.clerk", &second.name);
    let result = officer.import(&second.name, rows.clone()).await;
    assert_eq!(reasons(&result), [(1, Reason::PersonRegistered)]);
    assert!(
        result.verdicts[0].message_zh.contains("其他学校"),
        "{:?}",
        result.verdicts
    );
    let result = clerk.import(COUNTY, rows).await;
    assert!(
        result.verdicts[0].message_zh.contains("学校2163000001"),
        "{:?}",
        result.verdicts
    );
}

#[tokio::test]
async fn lists_counts_and_measures_agree() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    clerk.class(&school, 1, 1).await;
    let second = clerk.class(&school, 1, 2).await;
    let rows = (0..130).map(|serial| {
        row(
            i64::from(serial),
            "2163000001",
            1,
            if serial < 100 { 1 } else { 2 },
            serial,
        )
    });
    let rows = Vec::from_iter(rows);
    assert_eq!(counts(&clerk.import(COUNTY, rows).await), [130, 0, 0, 0]);

    for (parent, school_class, expected) in [
        (COUNTY, "", 130),
        ("regions/630100", "", 0),
        (&school.name, second.name.as_str(), 30),
    ] {
        let (mut token, mut seen) = (String::new(), 0);
        loop {
            let request = clerk.ask(ListStudentsRequest {
                parent: parent.into(),
                school_class: school_class.into(),
                page_size: 40,
                page_token: token,
                ..ListStudentsRequest::default()
            });
            let page = match clerk.students.list_students(request).await {
                Ok(page) => page.into_inner(),
                Err(error) => {
                    assert_eq!(
                        error.code(),
                        Code::PermissionDenied,
                        "a county does not list the city"
                    );
                    break;
                }
            };
            seen += page.students.len();
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, expected, "{parent}");
    }

    let count = CountStudentsRequest {
        parent: school.name.clone(),
        grouping: count_students_request::Grouping::Class as i32,
    };
    let request = clerk.ask(count);
    let counted = clerk
        .students
        .count_students(request)
        .await
        .unwrap()
        .into_inner();
    let by_class: Vec<i64> = counted
        .counts
        .iter()
        .map(|count| count.student_count)
        .collect();
    assert_eq!((counted.total_count, by_class), (130, vec![100, 30]));

    let mut measures = MeasureServiceClient::new(world.link.clone());
    let request = clerk.ask(StreamMeasuresRequest {
        service: "registration".into(),
        parent: COUNTY.into(),
    });
    let mut stream = measures
        .stream_measures(request)
        .await
        .unwrap()
        .into_inner();
    let mut found = Vec::new();
    while let Some(measure) = stream.message().await.unwrap() {
        found.push((measure.measure, measure.value));
    }
    let expected = [
        ("pupils.total", 130),
        ("classes.total", 2),
        ("pupils.largest_class", 100),
    ];
    assert_eq!(
        found,
        expected.map(|(measure, value)| (measure.to_owned(), value))
    );
}

#[tokio::test]
async fn a_repeated_call_gets_the_first_answer_though_it_would_fail_now() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let create = CreateStudentRequest {
        parent: school.name.clone(),
        student: Some(Student {
            school_class: class.name.clone(),
            ..child(1)
        }),
        request_id: id(),
    };
    let request = clerk.ask(create.clone());
    let first = clerk
        .students
        .create_student(request)
        .await
        .unwrap()
        .into_inner();
    let request = clerk.ask(create.clone());
    let again = clerk
        .students
        .create_student(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first, "the person is registered now");

    let Some(create_student_response::Outcome::Student(student)) = first.outcome else {
        panic!("no student");
    };
    let update = UpdateStudentRequest {
        student: Some(Student {
            boarder: true,
            ..student
        }),
        update_mask: None,
        request_id: id(),
    };
    let request = clerk.ask(update.clone());
    let changed = clerk
        .students
        .update_student(request)
        .await
        .unwrap()
        .into_inner();
    let request = clerk.ask(update.clone());
    let again = clerk
        .students
        .update_student(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, changed, "the etag is old now");

    let other = CreateStudentRequest {
        student: create.student.clone().map(|student| Student {
            school_class: format!("classes/{}", id()),
            ..student
        }),
        ..create
    };
    let request = clerk.ask(other);
    let reused = clerk.students.create_student(request).await.unwrap_err();
    let info = reused.get_details_error_info().unwrap();
    assert_eq!(
        info.reason, "REQUEST_ID_REUSED",
        "though the class is unknown too"
    );
}
