//! Rows whose texts hold what no text may hold, U+0000 first: a verdict on the row, and the others go in.

use junheng_proto::assets::v1::SiteRow;
use junheng_proto::bulk::v1::ImportResult;
use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::{
    ImportSchoolsRequest, SchoolClassRow, SchoolRow, StudentRow, import_schools_request::Part,
};
use junheng_proto::staffing::v1::TeacherRow;
use junheng_tests::person::{adult, child};
use junheng_tests::refusal::answered;
use junheng_tests::rolls::{
    class_row, header, import_classes, import_sites, import_students, import_teachers, numbered,
    site_row, student_row, teacher_row,
};
use junheng_tests::{County, School, Story, World, story};

/// A character that a database refuses, one that rings a bell, and one that reverses what follows it.
const STRAY: [char; 3] = ['\0', '\u{7}', '\u{202E}'];

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a control character in a row of an import of schools is a verdict on that row", |world| Box::pin(schools(world))),
    story("a control character in a row of an import of classes is a verdict on that row", |world| Box::pin(classes(world))),
    story("a control character in a row of an import of pupils is a verdict on that row", |world| Box::pin(students(world))),
    story("a control character in a row of an import of teachers is a verdict on that row", |world| Box::pin(teachers(world))),
    story("a control character in a row of an import of sites is a verdict on that row", |world| Box::pin(sites(world))),
];

/// A text field of a row.
type Field<R> = (&'static str, fn(&mut R) -> &mut String);

#[rustfmt::skip]
const SCHOOLS: &[Field<SchoolRow>] = &[
    ("school_code",  |row| &mut row.school_code),
    ("display_name", |row| &mut row.display_name),
    ("region",       |row| &mut row.region),
    ("town",         |row| &mut row.town),
];

async fn schools(world: &World) {
    let county = County::fresh(world).await;
    let row = || {
        let entry = county.entry(SchoolKind::Primary);
        SchoolRow {
            row: 0,
            school_code: entry.school_code,
            display_name: entry.display_name,
            kind: entry.kind,
            urban_rural: entry.urban_rural,
            sponsor: entry.sponsor,
            region: county.code().to_owned(),
            town: String::new(),
        }
    };
    let (rows, expected) = strayed(SCHOOLS, row, |row, number| row.row = number);
    let head = Part::Header(header(&county.place.county));
    let parts = std::iter::once(head).chain(rows.into_iter().map(Part::Row));
    let messages: Vec<_> = parts
        .map(|part| ImportSchoolsRequest { part: Some(part) })
        .collect();
    let stream = tokio_stream::iter(messages);
    judged(
        answered(county.clerk.schools().import_schools(stream).await),
        &expected,
    );
}

async fn classes(world: &World) {
    let (county, school) = prepared(world).await;
    let mut number = 1;
    let row = || {
        number += 1;
        class_row(&school, Stage::Primary, 1, number)
    };
    let fields: &[Field<SchoolClassRow>] = &[("school_code", |row| &mut row.school_code)];
    let (rows, expected) = strayed(fields, row, |row, number| row.row = number);
    let answer = import_classes(&county.clerk, header(&county.place.county), rows).await;
    judged(answered(answer), &expected);
}

async fn students(world: &World) {
    let (county, school) = prepared(world).await;
    let row = || student_row(&school, Stage::Primary, 1, 1, &child());
    let fields: &[Field<StudentRow>] = &[
        ("school_code", |row| &mut row.school_code),
        ("display_name", |row| &mut row.display_name),
        ("identity_number", |row| &mut row.identity_number),
        ("birth_date", |row| &mut row.birth_date),
        ("ethnicity", |row| &mut row.ethnicity),
    ];
    let (rows, expected) = strayed(fields, row, |row, number| row.row = number);
    let answer = import_students(&county.clerk, header(&county.place.county), rows).await;
    judged(answered(answer), &expected);
}

async fn teachers(world: &World) {
    let (county, school) = prepared(world).await;
    let row = || teacher_row(&school, Stage::Primary, &adult());
    let fields: &[Field<TeacherRow>] = &[
        ("school_code", |row| &mut row.school_code),
        ("display_name", |row| &mut row.display_name),
        ("identity_number", |row| &mut row.identity_number),
    ];
    let (rows, expected) = strayed(fields, row, |row, number| row.row = number);
    let answer = import_teachers(&county.clerk, header(&county.place.county), rows).await;
    judged(answered(answer), &expected);
}

async fn sites(world: &World) {
    let (county, school) = prepared(world).await;
    let mut number = 0;
    let row = || {
        number += 1;
        let mut row = site_row(&school, 100);
        row.display_name = format!("校区{number}");
        row
    };
    let fields: &[Field<SiteRow>] = &[
        ("school_code", |row| &mut row.school_code),
        ("display_name", |row| &mut row.display_name),
    ];
    let (rows, expected) = strayed(fields, row, |row, number| row.row = number);
    let answer = import_sites(&county.clerk, header(&county.place.county), rows).await;
    judged(answered(answer), &expected);
}

/// Two good rows around bad ones, each with one stray character in the middle of one field; and the verdicts that they
/// must get.
fn strayed<R>(
    fields: &[Field<R>],
    mut good: impl FnMut() -> R,
    set: impl Fn(&mut R, i64),
) -> (Vec<R>, Vec<(i64, String)>) {
    let mut rows = vec![good()];
    let mut expected = Vec::new();
    for (name, field) in fields {
        for stray in STRAY {
            let mut row = good();
            let text = field(&mut row);
            let middle = text.chars().count() / 2;
            *text = text.chars().take(middle).collect::<String>()
                + &stray.to_string()
                + &text.chars().skip(middle).collect::<String>();
            rows.push(row);
            let number = i64::try_from(rows.len() + 1).expect("few rows");
            expected.push((number, (*name).to_owned()));
        }
    }
    rows.push(good());
    (numbered(rows, set), expected)
}

#[track_caller]
fn judged(result: ImportResult, expected: &[(i64, String)]) {
    assert_eq!(result.missing_parents, [], "nobody waits for such a school");
    let verdicts: Vec<(i64, String)> = result
        .verdicts
        .iter()
        .map(|verdict| (verdict.row, verdict.field.clone()))
        .collect();
    assert_eq!(verdicts, expected, "{:?}", result.verdicts);
    let known = [Reason::FieldInvalid, Reason::RegionUnknown];
    assert!(
        result
            .verdicts
            .iter()
            .all(|verdict| known.contains(&verdict.reason())),
        "{:?}",
        result.verdicts
    );
    assert_eq!(result.created_count, 2, "the good rows");
}

/// A school with class 1 of grade 1.
async fn prepared(world: &World) -> (County, School) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let rows = vec![class_row(&school, Stage::Primary, 1, 1)];
    let result = answered(import_classes(&county.clerk, header(&school.name), rows).await);
    assert_eq!(result.created_count, 1, "{result:?}");
    (county, school)
}
