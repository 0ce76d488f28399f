//! Imports of pupils and classes over gRPC: row verdicts, missing parents, repetition.

use std::collections::HashMap;

use chrono::NaiveDate;
use junheng_proto::education::v1::{SchoolKind, Sex, Stage};
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::{
    CountStudentsRequest, ImportStudentsRequest, StudentRow, import_students_request::Part,
};
use junheng_tests::person::{child, with_wrong_check_digit};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{
    class_row, header, import_classes, import_students, numbered, student_row,
};
use junheng_tests::{County, School, Story, World, story};
use tonic::Code;

const VECTORS: &str = include_str!("../data/identity_numbers.json");

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a bad row is named with field reason and remedy and the good rows go in", |world| Box::pin(bad_rows(world))),
    story("every identity number of the test vectors is judged as two other libraries judge it", |world| Box::pin(vectors(world))),
    story("a class that nobody has opened is reported once with the rows that wait for it", |world| Box::pin(missing_class(world))),
    story("the same pupil in two rows goes in once and the second row names the first", |world| Box::pin(twice_in_a_file(world))),
    story("a student number that is another pupil's is a verdict on the row and the other rows go in", |world| Box::pin(taken_number(world))),
    story("a grade that the stage does not have is said to be none and nobody waits for its class", |world| Box::pin(impossible_grade(world))),
    story("a repeated import changes nothing", |world| Box::pin(repeated(world))),
    story("a check of an import writes nothing", |world| Box::pin(check_only(world))),
    story("an import without a header is refused and writes nothing", |world| Box::pin(no_header(world))),
    story("a row of another county is refused in an import for this one", |world| Box::pin(row_out_of_parent(world))),
];

async fn bad_rows(world: &World) {
    let (county, school) = prepared(world).await;
    let people: Vec<_> = (0..6).map(|_| child()).collect();
    let rows = people
        .iter()
        .map(|person| student_row(&school, Stage::Primary, 1, 1, person));
    let mut rows = numbered(rows, |row, number| row.row = number);
    rows[1].identity_number = with_wrong_check_digit(&people[1].number);
    rows[3].display_name = String::new();
    rows[4].ethnicity = "77".to_owned();
    let answer = import_students(&county.clerk, header(&school.name), rows).await;
    let result = answered(answer);
    assert_eq!(
        (result.created_count, result.rejected_count),
        (3, 3),
        "{:?}",
        result.verdicts
    );
    let verdicts: Vec<_> = result
        .verdicts
        .iter()
        .map(|verdict| (verdict.row, verdict.field.as_str(), verdict.reason()))
        .collect();
    assert_eq!(verdicts[0], (3, "identity_number", Reason::CheckDigitWrong));
    assert_eq!(verdicts[1], (5, "display_name", Reason::FieldRequired));
    assert_eq!(verdicts[2], (6, "ethnicity", Reason::FieldInvalid));
    for verdict in &result.verdicts {
        assert!(
            !verdict.message.is_empty() && !verdict.message_zh.is_empty(),
            "{verdict:?}"
        );
        assert!(
            !verdict.message.contains(&people[1].number[..17]),
            "no number in a message"
        );
    }
    assert!(
        result.verdicts[0].message.contains(&people[1].number[17..]),
        "{:?}",
        result.verdicts[0]
    );
    assert_eq!(count(&county, &school.name).await, 3);
}

async fn vectors(world: &World) {
    let (county, school) = prepared(world).await;
    let vectors: Vec<serde_json::Value> = serde_json::from_str(VECTORS).expect("the vectors");
    let mut expected: HashMap<String, bool> = HashMap::new();
    for vector in &vectors {
        let number = vector["id"].as_str().expect("a number").to_owned();
        expected.insert(number, vector["id_validator"].as_bool().expect("a verdict"));
    }
    let rows = expected.keys().map(|number| row_of(&school, number));
    let rows = numbered(rows, |row, number| row.row = number);
    let by_row: HashMap<i64, String> = rows
        .iter()
        .map(|row| (row.row, row.identity_number.clone()))
        .collect();
    let mut header = header(&school.name);
    header.validate_only = true;
    let result = answered(import_students(&county.clerk, header, rows).await);
    let refused: HashMap<&str, String> = result
        .verdicts
        .iter()
        .map(|verdict| (by_row[&verdict.row].as_str(), verdict.message.clone()))
        .collect();
    let otherwise: Vec<_> = expected
        .iter()
        .filter(|(number, valid)| refused.contains_key(number.as_str()) == **valid)
        .map(|(number, valid)| (number, valid, refused.get(number.as_str())))
        .collect();
    assert!(otherwise.is_empty(), "judged otherwise: {otherwise:#?}");
    let invalid = expected.values().filter(|valid| !**valid).count();
    assert_eq!(result.rejected_count, i64::try_from(invalid).expect("few"));
}

async fn missing_class(world: &World) {
    let (county, school) = prepared(world).await;
    let rows = (0..30).map(|index| {
        let class = if index % 3 == 0 { 9 } else { 1 };
        student_row(&school, Stage::Primary, 1, class, &child())
    });
    let rows = numbered(rows, |row, number| row.row = number);
    let waiting: Vec<i64> = rows
        .iter()
        .filter(|row| row.class_number == 9)
        .map(|row| row.row)
        .collect();
    let result = answered(import_students(&county.clerk, header(&school.name), rows).await);
    assert_eq!((result.created_count, result.rejected_count), (20, 10));
    assert_eq!(
        result.missing_parents.len(),
        1,
        "{:?}",
        result.missing_parents
    );
    let missing = &result.missing_parents[0];
    assert_eq!((missing.row_count, &missing.rows), (10, &waiting));
    assert!(missing.key.contains(&school.code), "{missing:?}");
}

async fn twice_in_a_file(world: &World) {
    let (county, school) = prepared(world).await;
    let person = child();
    let rows = (0..2).map(|_| student_row(&school, Stage::Primary, 1, 1, &person));
    let rows = numbered(rows, |row, number| row.row = number);
    let result = answered(import_students(&county.clerk, header(&school.name), rows).await);
    assert_eq!(
        (result.created_count, result.rejected_count),
        (1, 1),
        "{result:?}"
    );
    let verdict = &result.verdicts[0];
    assert_eq!((verdict.row, verdict.reason()), (3, Reason::RowDuplicate));
    assert!(
        verdict.message.contains('2'),
        "names row 2: {}",
        verdict.message
    );
}

async fn taken_number(world: &World) {
    let (county, school) = prepared(world).await;
    let [one, two, three] = [child(), child(), child()];
    let number = format!("G{}", one.number);
    let row = |person| StudentRow {
        student_number: number.clone(),
        ..student_row(&school, Stage::Primary, 1, 1, person)
    };
    let rows = numbered([row(&one), row(&two)], |row, n| row.row = n);
    let result = answered(import_students(&county.clerk, header(&school.name), rows).await);
    assert_eq!(result.created_count, 1, "{result:?}");
    let later = [
        row(&three),
        student_row(&school, Stage::Primary, 1, 1, &child()),
        row(&one),
    ];
    let later = numbered(later, |row, n| row.row = n);
    let second = answered(import_students(&county.clerk, header(&school.name), later).await);
    let counts = (second.created_count, second.unchanged_count);
    assert_eq!(counts, (1, 1), "{second:?}");
    let expected = [(&result, 3), (&second, 2)];
    for (result, row) in expected {
        let verdicts: Vec<_> = result
            .verdicts
            .iter()
            .map(|verdict| (verdict.row, verdict.field.as_str(), verdict.reason()))
            .collect();
        let taken = (row, "student_number", Reason::StudentNumberTaken);
        assert_eq!(verdicts, [taken], "{result:?}");
        assert!(
            !result.verdicts[0].message.contains(&one.number),
            "no number in a message"
        );
    }
    assert_eq!(count(&county, &school.name).await, 2);
}

async fn impossible_grade(world: &World) {
    let (county, school) = prepared(world).await;
    let rows = [(7, 1), (1, 100)].map(|(grade, class)| {
        let mut row = student_row(&school, Stage::Primary, 1, 1, &child());
        (row.grade, row.class_number) = (grade, class);
        row
    });
    let rows = numbered(rows, |row, n| row.row = n);
    let result = answered(import_students(&county.clerk, header(&school.name), rows).await);
    let verdicts: Vec<_> = result
        .verdicts
        .iter()
        .map(|verdict| (verdict.row, verdict.field.as_str(), verdict.reason()))
        .collect();
    let expected = [
        (2, "grade", Reason::FieldInvalid),
        (3, "class_number", Reason::FieldInvalid),
    ];
    assert_eq!(verdicts, expected);
    assert_eq!(result.missing_parents, []);
}

async fn repeated(world: &World) {
    let (county, school) = prepared(world).await;
    let rows = (0..50).map(|_| student_row(&school, Stage::Primary, 1, 1, &child()));
    let rows = numbered(rows, |row, number| row.row = number);
    let head = header(&school.name);
    let first = answered(import_students(&county.clerk, head.clone(), rows.clone()).await);
    assert_eq!(first.created_count, 50);
    let same = answered(import_students(&county.clerk, head, rows.clone()).await);
    assert_eq!(same.rejected_count, 0, "the same request again: {same:?}");
    let fresh = answered(import_students(&county.clerk, header(&school.name), rows).await);
    assert_eq!(
        (
            fresh.created_count,
            fresh.updated_count,
            fresh.unchanged_count
        ),
        (0, 0, 50)
    );
    assert_eq!(count(&county, &school.name).await, 50);
}

async fn check_only(world: &World) {
    let (county, school) = prepared(world).await;
    let rows = vec![student_row(&school, Stage::Primary, 1, 1, &child())];
    let mut head = header(&school.name);
    head.validate_only = true;
    let result = answered(import_students(&county.clerk, head, rows).await);
    assert!(result.validated_only);
    assert_eq!(result.rejected_count, 0);
    assert_eq!(count(&county, &school.name).await, 0);
}

async fn no_header(world: &World) {
    let (county, school) = prepared(world).await;
    let row = student_row(&school, Stage::Primary, 1, 1, &child());
    let messages = vec![ImportStudentsRequest {
        part: Some(Part::Row(row)),
    }];
    let stream = tokio_stream::iter(messages);
    let status = county
        .clerk
        .students()
        .import_students(stream)
        .await
        .expect_err("no header");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let empty = tokio_stream::iter(Vec::<ImportStudentsRequest>::new());
    let status = county
        .clerk
        .students()
        .import_students(empty)
        .await
        .expect_err("nothing at all");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert_eq!(count(&county, &school.name).await, 0);
}

async fn row_out_of_parent(world: &World) {
    let (here, ours) = prepared(world).await;
    let there = County::fresh(world).await;
    let theirs = there.school(SchoolKind::Primary).await;
    let rows = [&ours, &theirs].map(|school| student_row(school, Stage::Primary, 1, 1, &child()));
    let rows = numbered(rows, |row, number| row.row = number);
    let result =
        answered(import_students(&here.clerk, header(&here.place.county), rows.clone()).await);
    assert_eq!(
        (result.created_count, result.rejected_count),
        (1, 1),
        "{result:?}"
    );
    assert_eq!(count(&there, &theirs.name).await, 0);
    let outside = import_students(&here.clerk, header(&there.place.county), rows).await;
    refused(outside, Code::PermissionDenied, "OUT_OF_SCOPE");
}

/// A school with class 1 of grade 1.
async fn prepared(world: &World) -> (County, School) {
    let county = County::shared(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let rows = vec![class_row(&school, Stage::Primary, 1, 1)];
    let result = answered(import_classes(&county.clerk, header(&school.name), rows).await);
    assert_eq!(result.created_count, 1, "{result:?}");
    (county, school)
}

/// A row whose sex and date of birth follow from the number, as far as it is one.
fn row_of(school: &School, number: &str) -> StudentRow {
    let mut row = student_row(school, Stage::Primary, 1, 1, &child());
    row.identity_number = number.to_owned();
    // A number of this shape tells by its beginning which document it is of.
    row.identity_type = match number.get(..2) {
        Some("81" | "82" | "83") => IdentityType::ResidencePermit,
        Some(area) if area.starts_with('9') => IdentityType::ForeignerCard,
        _ => IdentityType::ResidentCard,
    }
    .into();
    let birth = number
        .get(6..14)
        .and_then(|text| NaiveDate::parse_from_str(text, "%Y%m%d").ok());
    if let Some(birth) = birth {
        row.birth_date = birth.to_string();
    }
    let serial = number
        .get(16..17)
        .and_then(|digit| digit.parse::<u32>().ok())
        .unwrap_or(1);
    row.sex = if serial % 2 == 1 {
        Sex::Male
    } else {
        Sex::Female
    }
    .into();
    row
}

async fn count(county: &County, parent: &str) -> i64 {
    let request = CountStudentsRequest {
        parent: parent.to_owned(),
        grouping: 0,
    };
    answered(county.clerk.students().count_students(request).await).total_count
}
