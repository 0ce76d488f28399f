//! Rows of the four imports, and the imports themselves.

use junheng_proto::assets::v1::{ImportSitesRequest, SiteRow, import_sites_request as site_part};
use junheng_proto::bulk::v1::{ImportHeader, ImportResult};
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::{
    ImportSchoolClassesRequest, ImportStudentsRequest, SchoolClassRow, StudentRow,
    import_school_classes_request as class_part, import_students_request as student_part,
    student::IdentityType,
};
use junheng_proto::staffing::v1::{
    ImportTeachersRequest, TeacherRow, import_teachers_request as teacher_part,
    teacher::{Backbone, Education, Position, Subject, Title},
};
use tonic::{Response, Status};

use crate::county::School;
use crate::officer::Officer;
use crate::person::{Person, adult, child};
use crate::refusal::answered;
use crate::request_id;

/// What an import answers.
pub type Answer = Result<Response<ImportResult>, Status>;

/// The most pupils that a story puts into one class.
const CLASS: usize = 40;

/// The header of an import under `parent`.
pub fn header(parent: &str) -> ImportHeader {
    ImportHeader {
        parent: parent.to_owned(),
        request_id: request_id(),
        validate_only: false,
        ..ImportHeader::default()
    }
}

/// A class of a school.
pub fn class_row(school: &School, stage: Stage, grade: i32, number: i32) -> SchoolClassRow {
    SchoolClassRow {
        row: 2,
        school_code: school.code.clone(),
        stage: stage.into(),
        grade,
        number,
    }
}

/// A pupil in a class.
pub fn student_row(
    school: &School,
    stage: Stage,
    grade: i32,
    class_number: i32,
    person: &Person,
) -> StudentRow {
    StudentRow {
        row: 2,
        school_code: school.code.clone(),
        stage: stage.into(),
        grade,
        class_number,
        display_name: person.display_name.clone(),
        identity_type: IdentityType::ResidentCard.into(),
        identity_number: person.number.clone(),
        sex: person.sex.into(),
        birth_date: person.birth_date.clone(),
        ethnicity: "01".to_owned(),
        ..StudentRow::default()
    }
}

/// A full-time teacher with a bachelor's degree and a middle title.
pub fn teacher_row(school: &School, stage: Stage, person: &Person) -> TeacherRow {
    TeacherRow {
        row: 2,
        school_code: school.code.clone(),
        display_name: person.display_name.clone(),
        identity_number: person.number.clone(),
        sex: person.sex.into(),
        stage: stage.into(),
        position: Position::FullTime.into(),
        subject: Subject::Mathematics.into(),
        education: Education::Bachelor.into(),
        title: Title::First.into(),
        backbone: Backbone::None.into(),
        certified: true,
    }
}

/// A site that all stages of the school share.
pub fn site_row(school: &School, book_count: i32) -> SiteRow {
    SiteRow {
        row: 2,
        school_code: school.code.clone(),
        display_name: "本部".to_owned(),
        book_count,
        ..SiteRow::default()
    }
}

/// Imports classes.
pub async fn import_classes(
    officer: &Officer,
    header: ImportHeader,
    rows: Vec<SchoolClassRow>,
) -> Answer {
    let head = class_part::Part::Header(header);
    let parts = std::iter::once(head).chain(rows.into_iter().map(class_part::Part::Row));
    let messages = parts.map(|part| ImportSchoolClassesRequest { part: Some(part) });
    officer
        .classes()
        .import_school_classes(tokio_stream::iter(messages.collect::<Vec<_>>()))
        .await
}

/// Imports pupils.
pub async fn import_students(
    officer: &Officer,
    header: ImportHeader,
    rows: Vec<StudentRow>,
) -> Answer {
    let head = student_part::Part::Header(header);
    let parts = std::iter::once(head).chain(rows.into_iter().map(student_part::Part::Row));
    let messages = parts.map(|part| ImportStudentsRequest { part: Some(part) });
    officer
        .students()
        .import_students(tokio_stream::iter(messages.collect::<Vec<_>>()))
        .await
}

/// Imports teachers.
pub async fn import_teachers(
    officer: &Officer,
    header: ImportHeader,
    rows: Vec<TeacherRow>,
) -> Answer {
    let head = teacher_part::Part::Header(header);
    let parts = std::iter::once(head).chain(rows.into_iter().map(teacher_part::Part::Row));
    let messages = parts.map(|part| ImportTeachersRequest { part: Some(part) });
    officer
        .teachers()
        .import_teachers(tokio_stream::iter(messages.collect::<Vec<_>>()))
        .await
}

/// Imports sites.
pub async fn import_sites(officer: &Officer, header: ImportHeader, rows: Vec<SiteRow>) -> Answer {
    let head = site_part::Part::Header(header);
    let parts = std::iter::once(head).chain(rows.into_iter().map(site_part::Part::Row));
    let messages = parts.map(|part| ImportSitesRequest { part: Some(part) });
    officer
        .sites()
        .import_sites(tokio_stream::iter(messages.collect::<Vec<_>>()))
        .await
}

/// Fills a school with pupils of a stage, all in grade 1, in classes of at most 40.
///
/// # Panics
/// When a row is refused.
pub async fn enrol(officer: &Officer, school: &School, stage: Stage, pupils: usize) -> Vec<Person> {
    let people: Vec<Person> = (0..pupils).map(|_| child()).collect();
    let number = |index: usize| i32::try_from(index / CLASS + 1).expect("few classes");
    let classes =
        (0..pupils.div_ceil(CLASS)).map(|class| class_row(school, stage, 1, number(class * CLASS)));
    let opened = import_classes(
        officer,
        header(&school.name),
        numbered(classes, |row, n| row.row = n),
    )
    .await;
    all_in(answered(opened));
    let rows = people
        .iter()
        .enumerate()
        .map(|(index, person)| student_row(school, stage, 1, number(index), person));
    let entered = import_students(
        officer,
        header(&school.name),
        numbered(rows, |row, n| row.row = n),
    )
    .await;
    all_in(answered(entered));
    people
}

/// Gives a school full-time teachers of a stage.
///
/// # Panics
/// When a row is refused.
pub async fn employ(officer: &Officer, school: &School, stage: Stage, teachers: usize) {
    let rows = (0..teachers).map(|_| teacher_row(school, stage, &adult()));
    let rows = numbered(rows, |row, n| row.row = n);
    all_in(answered(
        import_teachers(officer, header(&school.name), rows).await,
    ));
}

/// Gives a school a site with books.
///
/// # Panics
/// When the row is refused.
pub async fn furnish(officer: &Officer, school: &School, books: i32) {
    let rows = vec![site_row(school, books)];
    all_in(answered(
        import_sites(officer, header(&school.name), rows).await,
    ));
}

/// Rows numbered as in a file whose header is row 1.
pub fn numbered<R>(rows: impl IntoIterator<Item = R>, set: impl Fn(&mut R, i64)) -> Vec<R> {
    let number = |(mut row, number): (R, i64)| {
        set(&mut row, number);
        row
    };
    rows.into_iter().zip(2..).map(number).collect()
}

/// Sees that no row was refused.
///
/// # Panics
/// When one was.
#[track_caller]
pub fn all_in(result: ImportResult) {
    assert_eq!(
        result.rejected_count,
        0,
        "{:?} {:?}",
        result.verdicts.first(),
        result.missing_parents
    );
    assert_eq!(
        result.row_count,
        result.created_count + result.updated_count + result.unchanged_count
    );
}
