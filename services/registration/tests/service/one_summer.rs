//! Everybody goes up once a summer, whatever becomes of the schools in it: none twice, and none not at all.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use junheng_kernel::service::Link;
use junheng_proto::obstacle::v1::obstacle_service_server::ObstacleServiceServer;
use junheng_proto::registration::v1::promotion_service_client::PromotionServiceClient;
use junheng_proto::registration::v1::reorganisation::Kind;
use junheng_proto::registration::v1::reorganisation_service_client::ReorganisationServiceClient;
use junheng_proto::registration::v1::student::State;
use junheng_proto::registration::v1::transfer_service_client::TransferServiceClient;
use junheng_proto::registration::v1::*;
use tonic::Code;

use crate::closing::{Keeps, approved, plan, refusal, step};
use crate::dropout::done;
use crate::dropout_roads::application;
use crate::support::{Officer, World, id};

const COUNTY: &str = "regions/630103";
const SUMMER: i32 = 2019;
/// From the start of the tests' autumn to 1 July.
const TO_SUMMER: i64 = 303 * 86_400;

/// A world in which no school keeps teachers or sites.
async fn world() -> World {
    let (world, staffing, assets) = World::with_neighbours().await;
    for neighbour in [staffing, assets] {
        let served = ObstacleServiceServer::new(Keeps(Arc::new(AtomicI64::new(0))));
        let link: Link = world.context.guard(tonic::service::Routes::new(served));
        neighbour.fill(link);
    }
    world
}

async fn promote(world: &World, school: &str) -> RunPromotionResponse {
    let head = world.officer("school.approver", school);
    let request = head.ask(RunPromotionRequest {
        parent: school.into(),
        school_year: SUMMER,
        request_id: id(),
    });
    let mut client = PromotionServiceClient::new(world.link.clone());
    let mut told = done(client.run_promotion(request).await);
    told.message().await.unwrap().unwrap()
}

async fn execute(world: &World, plan: &Reorganisation) -> Reorganisation {
    let clerk = world.officer("county.clerk", COUNTY);
    let mut client = ReorganisationServiceClient::new(world.link.clone());
    done(client.execute_reorganisation(clerk.ask(step(plan))).await)
}

async fn read(county: &mut Officer<'_>, student: &Student) -> Student {
    let name = student.name.clone();
    let request = county.ask(GetStudentRequest { name });
    done(county.students.get_student(request).await)
}

/// Two schools merge after one of them has been promoted.
async fn merge(is_first_promoted: bool) {
    let world = world().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let (from, to) = (
        county.school("2163900001", "630103").await,
        county.school("2163900002", "630103").await,
    );
    let (fifth, fourth) = (
        county.class(&from, 5, 1).await,
        county.class(&to, 4, 1).await,
    );
    let one = county.student(&fifth, 1).await.unwrap();
    let other = county.student(&fourth, 2).await.unwrap();
    world.context.clock.advance_seconds(TO_SUMMER);
    let merger = Reorganisation {
        receiving_school: to.name.clone(),
        ..plan(&world, Kind::Merger, &from)
    };
    let merger = approved(&world, merger).await;
    let promoted = if is_first_promoted { &from } else { &to };
    let told = promote(&world, &promoted.name).await;
    assert_eq!(told.school.unwrap().promoted_count, 1);
    execute(&world, &merger).await;

    let told = promote(&world, &to.name).await;
    assert!(!told.already_done);
    assert_eq!(told.school.unwrap().promoted_count, 1, "the other's pupil");
    let mut county = world.officer("county.clerk", COUNTY);
    let again = promote(&world, &to.name).await;
    assert!(again.already_done);
    let promoted = again.school.unwrap().promoted_count;
    assert_eq!(promoted, if is_first_promoted { 1 } else { 2 });
    for (student, grade) in [(&one, 6), (&other, 5)] {
        let now = read(&mut county, student).await;
        assert_eq!((now.grade, now.state()), (grade, State::Enrolled));
        assert_eq!(now.school, to.name);
        assert!(!now.school_class.is_empty(), "goes on with the class");
    }
}

#[tokio::test]
async fn pupils_of_a_promoted_school_that_merges_into_another_do_not_go_up_again_with_it() {
    merge(true).await;
}

#[tokio::test]
async fn pupils_who_had_not_gone_up_are_not_left_behind_by_a_merger_into_a_promoted_school() {
    merge(false).await;
}

#[tokio::test]
async fn a_class_that_has_gone_up_and_is_split_off_does_not_go_up_in_the_new_school() {
    let world = world().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163900001", "630103").await;
    let (fourth, second) = (
        county.class(&school, 4, 1).await,
        county.class(&school, 2, 1).await,
    );
    let split_off = county.student(&fourth, 1).await.unwrap();
    county.student(&second, 2).await.unwrap();
    world.context.clock.advance_seconds(TO_SUMMER);
    let split = Reorganisation {
        new_school: Some(School {
            school_code: "2163900003".into(),
            display_name: "分设学校".into(),
            kind: 211,
            urban_rural: 111,
            sponsor: 7,
            ..School::default()
        }),
        school_classes: vec![fourth.name.clone()],
        ..plan(&world, Kind::Split, &school)
    };
    let split = approved(&world, split).await;
    promote(&world, &school.name).await;
    let new = execute(&world, &split).await.created_school;
    let mut county = world.officer("county.clerk", COUNTY);
    // What is opened in the new school this summer is of the coming year as well.
    let opened = School {
        name: new.clone(),
        ..School::default()
    };
    let sixth = county.class(&opened, 6, 1).await;
    let late = county.student(&sixth, 3).await.unwrap();
    assert_eq!(late.entry_year, SUMMER - 5);
    let told = promote(&world, &new).await.school.unwrap();
    assert_eq!((told.promoted_count, told.graduated_count), (0, 0));
    assert_eq!(read(&mut county, &split_off).await.grade, 5);
    assert_eq!(read(&mut county, &late).await.state(), State::Enrolled);
}

#[tokio::test]
async fn a_pupil_who_has_gone_up_moves_to_another_school_when_that_has_been_promoted_too() {
    let world = world().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let (from, to) = (
        county.school("2163900001", "630103").await,
        county.school("2163900002", "630103").await,
    );
    let first = county.class(&from, 1, 1).await;
    let (below, same) = (county.class(&to, 1, 1).await, county.class(&to, 2, 1).await);
    county.student(&first, 1).await.unwrap();
    for (class, serial) in [(&below, 2), (&same, 3)] {
        county.student(class, serial).await.unwrap();
    }
    world.context.clock.advance_seconds(TO_SUMMER);
    promote(&world, &from.name).await;
    let mut client = TransferServiceClient::new(world.link.clone());
    let clerk = world.officer("school.clerk", &to.name);
    for class in [&below, &same] {
        let request = clerk.ask(application(&to, class));
        let (code, reason, sentence) = refusal(client.create_transfer(request).await);
        assert_eq!(code, Code::FailedPrecondition);
        assert_eq!(reason, "TRANSFER_BLOCKED");
        assert!(
            sentence.contains("转入学校尚未办理2019学年年度升级"),
            "{sentence}"
        );
    }
    promote(&world, &to.name).await;
    let request = clerk.ask(application(&to, &below));
    done(client.create_transfer(request).await);
}
