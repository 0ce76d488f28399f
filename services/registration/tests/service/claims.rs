//! Claims on a record: each child that a school writes is claimed by itself, and who was told apart is not claimed again.

use junheng_proto::registration::v1::create_student_response::Outcome;
use junheng_proto::registration::v1::duplicate_case_service_client::DuplicateCaseServiceClient;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::dropout::{done, evidence, refused};
use crate::support::{Officer, World, child, id, row};

const COUNTY: &str = "regions/630103";
const PASSPORT: &str = "F22222222";

/// A child with a passport of that number.
fn holder(serial: u32) -> Student {
    Student {
        identity_type: 2,
        identity_number: PASSPORT.into(),
        ..child(serial)
    }
}

async fn register(
    officer: &mut Officer<'_>,
    class: &SchoolClass,
    student: Student,
) -> Result<Outcome, Status> {
    let message = CreateStudentRequest {
        parent: class.school.clone(),
        student: Some(Student {
            school_class: class.name.clone(),
            ..student
        }),
        request_id: id(),
    };
    officer.create(message).await
}

async fn claimed(
    officer: &mut Officer<'_>,
    class: &SchoolClass,
    student: Student,
) -> DuplicateCase {
    match register(officer, class, student).await.unwrap() {
        Outcome::DuplicateCase(case) => case,
        other => panic!("{other:?}"),
    }
}

/// A record with the passport in one school, and a class of another.
async fn two_schools(clerk: &mut Officer<'_>) -> SchoolClass {
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let registered = register(clerk, &class, holder(1)).await.unwrap();
    assert!(matches!(registered, Outcome::Student(_)), "{registered:?}");
    let other = clerk.school("2163000002", "630103").await;
    clerk.class(&other, 1, 1).await
}

fn names(case: &DuplicateCase) -> Vec<&str> {
    let names = case.claims.iter().map(|claim| claim.display_name.as_str());
    names.collect()
}

#[tokio::test]
async fn a_second_child_claimed_by_the_same_school_is_a_claim_of_its_own() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let class = two_schools(&mut clerk).await;
    let first = claimed(&mut clerk, &class, holder(2)).await;
    assert_eq!(names(&first), ["马2"]);
    let second = claimed(&mut clerk, &class, holder(5)).await;
    assert_eq!(second.name, first.name, "one case for one record");
    assert_eq!(names(&second), ["马2", "马5"]);
    let corrected = Student {
        display_name: "马五".into(),
        ..holder(5)
    };
    let third = claimed(&mut clerk, &class, corrected.clone()).await;
    assert_eq!(names(&third), ["马2", "马5", "马五"]);
    let again = claimed(&mut clerk, &class, corrected).await;
    assert_eq!(again, third, "the same child is claimed once");
}

#[tokio::test]
async fn a_child_who_was_told_apart_is_refused_with_the_way_out_and_not_claimed_again() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let class = two_schools(&mut clerk).await;
    let case = claimed(&mut clerk, &class, holder(2)).await;
    let mut cases = DuplicateCaseServiceClient::new(world.link.clone());
    let claimant = world.officer("school.clerk", &class.school);
    let proved = claimant.ask(StepRequest {
        name: case.name.clone(),
        etag: case.etag,
        note: "按规定办理".into(),
        evidence: vec![evidence("护照")],
        request_id: id(),
    });
    let proved = done(cases.state_duplicate_evidence(proved).await);
    let county = world.officer("county.approver", COUNTY);
    let settle = county.ask(SettleDuplicateRequest {
        name: proved.name.clone(),
        etag: proved.etag,
        outcome: duplicate_case::Outcome::OtherPerson.into(),
        claim: proved.claims[0].name.clone(),
        note: "不同国家护照号码相同".into(),
        evidence: Vec::new(),
        request_id: id(),
    });
    done(cases.settle_duplicate_case(settle).await);

    let again = register(&mut clerk, &class, holder(2)).await;
    let again = again.map(tonic::Response::new);
    let again = refused(again, Code::InvalidArgument, "FIELD_INVALID");
    let why = &again.get_details_error_info().unwrap().metadata["why"];
    assert!(why.contains(&case.name), "{why}");
    let imported = StudentRow {
        identity_type: 2,
        identity_number: PASSPORT.into(),
        ..row(1, "2163000002", 1, 1, 2)
    };
    let imported = clerk.import(COUNTY, vec![imported]).await;
    assert_eq!((imported.created_count, imported.rejected_count), (0, 1));
    assert!(imported.verdicts[0].message.contains(&case.name));
    let with_state = Student {
        identity_number: format!("JPN{PASSPORT}"),
        ..holder(2)
    };
    let registered = register(&mut clerk, &class, with_state).await.unwrap();
    assert!(matches!(registered, Outcome::Student(_)), "{registered:?}");

    // Another child with that number is nobody whom anybody has decided on.
    let other = claimed(&mut clerk, &class, holder(7)).await;
    assert_ne!(other.name, case.name);
}
