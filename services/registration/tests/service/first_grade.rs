//! Who enters the first grade: at the age of the law, and in the year in which the school said so.

use junheng_kernel::identity_number::check_character;
use junheng_proto::registration::v1::quarantine_service_client::QuarantineServiceClient;
use junheng_proto::registration::v1::*;
use tonic::Code;

use crate::dropout::{done, refused};
use crate::support::{Officer, World, id, row};

const COUNTY: &str = "regions/630103";

/// A child born on this day, written `YYYYMMDD`.
fn born(day: &str) -> Student {
    let digits = format!("630103{day}001");
    Student {
        display_name: "马新生".into(),
        identity_type: 1,
        identity_number: format!("{digits}{}", check_character(&digits).unwrap()),
        sex: 1,
        birth_date: format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]),
        ethnicity: "03".into(),
        ..Student::default()
    }
}

fn request(class: &SchoolClass, child: Student) -> CreateStudentRequest {
    CreateStudentRequest {
        parent: class.school.clone(),
        student: Some(Student {
            school_class: class.name.clone(),
            ..child
        }),
        request_id: id(),
    }
}

async fn created(county: &mut Officer<'_>, class: &SchoolClass, child: Student) -> Student {
    match county.create(request(class, child)).await.unwrap() {
        create_student_response::Outcome::Student(student) => student,
        other => panic!("{other:?}"),
    }
}

fn warned(student: &Student) -> bool {
    let of_age = |warning: &Warning| warning.field == "birth_date";
    student.warnings.iter().any(of_age)
}

#[tokio::test]
async fn nobody_is_registered_in_the_first_grade_below_six_and_a_roll_is_taken_as_it_stands() {
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163000001", "630103").await;
    let (first, second) = (
        county.class(&school, 1, 1).await,
        county.class(&school, 2, 1).await,
    );
    for day in ["20120901", "20150301"] {
        let asked = county.ask(request(&first, born(day)));
        let answer = county.students.create_student(asked).await;
        refused(answer, Code::FailedPrecondition, "TOO_YOUNG");
    }
    assert!(!warned(
        &created(&mut county, &first, born("20120831")).await
    ));
    assert!(!warned(
        &created(&mut county, &second, born("20120902")).await
    ));
    let old = created(&mut county, &first, born("19990301")).await;
    assert!(warned(&old), "may be a deferral or a slip");

    let child = born("20130301");
    let attends = StudentRow {
        identity_number: child.identity_number,
        birth_date: child.birth_date,
        sex: 1,
        ..row(1, &school.school_code, 1, 1, 1)
    };
    let result = county.import(COUNTY, vec![attends]).await;
    assert_eq!(result.created_count, 1, "{result:?}");
    let list = county.ask(ListStudentsRequest {
        parent: school.name.clone(),
        ..ListStudentsRequest::default()
    });
    let listed = done(county.students.list_students(list).await).students;
    let imported = listed.iter().find(|one| one.birth_date == "2013-03-01");
    let name = imported.unwrap().name.clone();
    let get = county.ask(GetStudentRequest { name });
    let shown = done(county.students.get_student(get).await);
    assert!(
        shown.warnings[0].message_zh.contains("未满6周岁"),
        "{shown:?}"
    );
}

/// The one row that waits, once it has been judged again.
async fn judged_again(world: &World) -> QuarantinedRow {
    let mut quarantine = QuarantineServiceClient::new(world.link.clone());
    for _ in 0..200 {
        let county = world.officer("county.clerk", COUNTY);
        let request = county.ask(ListQuarantinedRowsRequest {
            parent: COUNTY.into(),
            ..ListQuarantinedRowsRequest::default()
        });
        let listed = done(quarantine.list_quarantined_rows(request).await);
        let row = listed.quarantined_rows.into_iter().next().unwrap();
        if row.kind() == quarantine_cause::Kind::Row {
            return row;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("nobody looked again");
}

#[tokio::test]
async fn a_row_that_waited_over_the_turn_of_a_school_year_is_not_let_into_a_grade_that_was_not_meant()
 {
    const CODE: &str = "2163000001";
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let waiting = county.import(COUNTY, vec![row(1, CODE, 1, 1, 1)]).await;
    assert_eq!(waiting.quarantined_count, 1);
    world.context.clock.advance_seconds(369 * 86_400);
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school(CODE, "630103").await;
    county.class(&school, 1, 1).await;
    let waits = judged_again(&world).await;
    assert_eq!(waits.cause, "grade: FIELD_INVALID");
    // Sent again, it is what it says today.
    let sent = county.import(COUNTY, vec![row(1, CODE, 1, 1, 1)]).await;
    assert_eq!(sent.created_count, 1, "{sent:?}");
}
