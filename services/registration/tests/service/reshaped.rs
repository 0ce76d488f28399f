//! What reorganisations do to what runs in a school: it goes along, or the reorganisation waits for its end.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use junheng_kernel::digest::sm3;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::service::Link;
use junheng_proto::obstacle::v1::obstacle_service_server::ObstacleServiceServer;
use junheng_proto::registration::v1::class_draw_service_client::ClassDrawServiceClient;
use junheng_proto::registration::v1::duplicate_case::Outcome;
use junheng_proto::registration::v1::duplicate_case_service_client::DuplicateCaseServiceClient;
use junheng_proto::registration::v1::reorganisation::Kind;
use junheng_proto::registration::v1::reorganisation_service_client::ReorganisationServiceClient;
use junheng_proto::registration::v1::status_change::State;
use junheng_proto::registration::v1::*;
use junheng_registration::entity::{number_mismatch, relief_plan, school_class};
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _};
use tonic::{Response, Status};
use uuid::Uuid;

use crate::closing::{Keeps, approved, plan, refusal, step};
use crate::dropout::{done, evidence};
use crate::leaves::{self, leave};
use crate::support::{World, id};

const COUNTY: &str = "regions/630103";

fn uuid(name: &str) -> Uuid {
    name.rsplit('/').next().unwrap().parse().unwrap()
}

fn split(world: &World, school: &School, class: &SchoolClass, code: &str) -> Reorganisation {
    Reorganisation {
        new_school: Some(School {
            school_code: code.into(),
            display_name: "分设学校".into(),
            kind: 211,
            urban_rural: 111,
            sponsor: 7,
            ..School::default()
        }),
        school_classes: vec![class.name.clone()],
        ..plan(world, Kind::Split, school)
    }
}

async fn execute(world: &World, plan: &Reorganisation) -> Result<Response<Reorganisation>, Status> {
    let clerk = world.officer("county.clerk", COUNTY);
    let mut client = ReorganisationServiceClient::new(world.link.clone());
    client.execute_reorganisation(clerk.ask(step(plan))).await
}

#[tokio::test]
async fn a_closure_waits_for_claims_of_the_school_and_takes_leave_and_lists_along() {
    let (world, staffing, assets) = World::with_neighbours().await;
    let nothing = || -> Link {
        let served = ObstacleServiceServer::new(Keeps(Arc::new(AtomicI64::new(0))));
        world.context.guard(tonic::service::Routes::new(served))
    };
    staffing.fill(nothing());
    assets.fill(nothing());
    let mut county = world.officer("county.clerk", COUNTY);
    let closing = county.school("2163900001", "630103").await;
    let standing = county.school("2163900002", "630103").await;
    let third = county.school("2163900003", "630103").await;
    let class = county.class(&closing, 1, 1).await;
    let away = county.student(&class, 1).await.unwrap();
    let elsewhere = county.class(&third, 1, 1).await;
    county.student(&elsewhere, 2).await.unwrap();
    let leave = leave(&world, &away, &closing.name).await;
    let derived = world.context.store.derived();
    let mismatch = number_mismatch::Model {
        id: Uuid::now_v7(),
        student: uuid(&away.name),
        school: uuid(&closing.name),
        place: 630_103_000_000,
        personal: Vec::new(),
        check_date: "2018-09-01".into(),
    };
    let relief = relief_plan::Model {
        id: Uuid::now_v7(),
        school: uuid(&closing.name),
        place: 630_103_000_000,
        school_class: uuid(&class.name),
        measure: 1,
        statement: "新增一个班".into(),
        end_date: "2019-09-01".into(),
        state: 1,
        planned_student_count: 56,
        update_micros: 0,
        version: 1,
    };
    number_mismatch::Entity::insert(mismatch.clone().into_active_model())
        .exec_without_returning(derived)
        .await
        .unwrap();
    relief_plan::Entity::insert(relief.clone().into_active_model())
        .exec_without_returning(derived)
        .await
        .unwrap();

    let closure = Reorganisation {
        receiving_school: standing.name.clone(),
        ..plan(&world, Kind::Closure, &closing)
    };
    let closure = approved(&world, closure).await;
    let mut county = world.officer("county.clerk", COUNTY);
    // A child of the third school is claimed by the one that closes.
    let case = county.claim(&class, 2).await;
    let (_, reason, sentence) = refusal(execute(&world, &closure).await);
    assert_eq!(reason, "STEP_NOT_READY");
    assert!(sentence.contains("双重学籍1项"), "{sentence}");
    let mut cases = DuplicateCaseServiceClient::new(world.link.clone());
    let keeper = world.officer("school.clerk", &third.name);
    let request = keeper.ask(leaves::step(&case.name, &case.etag));
    let proved = done(cases.state_duplicate_evidence(request).await);
    let head = world.officer("county.approver", COUNTY);
    let request = head.ask(SettleDuplicateRequest {
        name: proved.name.clone(),
        etag: proved.etag.clone(),
        outcome: Outcome::StandingKeeps.into(),
        note: "学生实际在原校就读".into(),
        evidence: vec![evidence("核查表")],
        request_id: id(),
        ..SettleDuplicateRequest::default()
    });
    done(cases.settle_duplicate_case(request).await);
    done(execute(&world, &closure).await);

    let ours = world.officer("school.clerk", &standing.name);
    let runs = leaves::read(&world, &leave.name, &ours).await;
    assert_eq!(
        (runs.state(), &runs.school),
        (State::Effective, &standing.name)
    );
    let all = Scope::everything("a test looks at everything");
    let mismatches = number_mismatch::Entity::visible_to(&all);
    let moved = mismatches.one(derived).await.unwrap().unwrap();
    assert_eq!(moved.school, uuid(&standing.name), "the student's");
    let plans = relief_plan::Entity::visible_to(&all);
    let moved = plans.one(derived).await.unwrap().unwrap();
    assert_eq!(moved.school, uuid(&standing.name), "the class's");
}

/// A draw of the first grade with one pupil and its seed known.
async fn revealed(world: &World, school: &School) -> ClassDraw {
    let mut draws = ClassDrawServiceClient::new(world.link.clone());
    let clerk = world.officer("school.clerk", &school.name);
    let head = world.officer("school.approver", &school.name);
    let county = world.officer("county.approver", COUNTY);
    let request = clerk.ask(PrepareClassDrawRequest {
        parent: school.name.clone(),
        stage: 1,
        grade: 1,
        request_id: id(),
    });
    let draw = done(draws.prepare_class_draw(request).await);
    let parts = [
        "家长代表掷骰 6 2 5 1 4 3 3 6",
        "督学抽取的书页 117 203 045 388",
    ];
    let commit = |draw: &ClassDraw, part: &str| CommitSeedRequest {
        name: draw.name.clone(),
        etag: draw.etag.clone(),
        commitment: hex::encode(sm3(part.as_bytes())),
        request_id: id(),
    };
    let reveal = |draw: &ClassDraw, part: &str| RevealSeedRequest {
        name: draw.name.clone(),
        etag: draw.etag.clone(),
        part: part.into(),
        source: "当众".into(),
        request_id: id(),
    };
    let request = head.ask(commit(&draw, parts[0]));
    let draw = done(draws.commit_school_seed(request).await);
    let request = county.ask(commit(&draw, parts[1]));
    let draw = done(draws.commit_county_seed(request).await);
    let request = head.ask(reveal(&draw, parts[0]));
    let draw = done(draws.reveal_school_seed(request).await);
    let request = county.ask(reveal(&draw, parts[1]));
    done(draws.reveal_county_seed(request).await)
}

#[tokio::test]
async fn a_split_waits_for_a_draw_of_its_classes_and_a_draw_deals_out_no_class_that_is_gone() {
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let school = county.school("2163900001", "630103").await;
    let other = county.school("2163900002", "630103").await;
    let (first, second) = (
        county.class(&school, 1, 1).await,
        county.class(&school, 1, 2).await,
    );
    let upper = county.class(&school, 2, 1).await;
    let mut placed = county.student(&first, 1).await.unwrap();
    placed.school_class = String::new();
    let request = county.ask(UpdateStudentRequest {
        student: Some(placed),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["school_class".into()],
        }),
        request_id: id(),
    });
    done(county.students.update_student(request).await);
    let going = approved(&world, split(&world, &school, &second, "2163900003")).await;
    let draw = revealed(&world, &school).await;
    let (_, reason, sentence) = refusal(execute(&world, &going).await);
    assert_eq!(reason, "STEP_NOT_READY");
    assert!(sentence.contains("均衡分班1项"), "{sentence}");
    // A split that takes another class along does not wait for it.
    let mut client = ReorganisationServiceClient::new(world.link.clone());
    let clerk = world.officer("county.clerk", COUNTY);
    done(
        client
            .withdraw_reorganisation(clerk.ask(step(&going)))
            .await,
    );
    let going = approved(&world, split(&world, &school, &upper, "2163900004")).await;
    done(execute(&world, &going).await);

    // A class that left while the draw was held up.
    let gone = school_class::Entity::update_many()
        .col_expr(
            school_class::Column::School,
            sea_orm::sea_query::Expr::value(uuid(&other.name)),
        )
        .filter(school_class::Column::Id.eq(uuid(&second.name)))
        .exec(world.context.store.derived())
        .await
        .unwrap();
    assert_eq!(gone.rows_affected, 1);
    let mut draws = ClassDrawServiceClient::new(world.link.clone());
    let clerk = world.officer("school.clerk", &school.name);
    let request = clerk.ask(leaves::step(&draw.name, &draw.etag));
    let (_, reason, sentence) = refusal(draws.run_class_draw(request).await);
    assert_eq!(reason, "STEP_NOT_READY");
    assert!(sentence.contains("重新锁定名单"), "{sentence}");
}

#[tokio::test]
async fn a_school_of_another_kind_keeps_the_stages_in_which_it_has_somebody() {
    let world = World::new().await;
    let mut county = world.officer("county.clerk", COUNTY);
    let (held, empty) = (
        county.school("2163900001", "630103").await,
        county.school("2163900002", "630103").await,
    );
    county.class(&held, 1, 1).await;
    let junior = |school: &School, code: &str| Reorganisation {
        new_school: Some(School {
            school_code: code.into(),
            kind: 311,
            ..School::default()
        }),
        ..plan(&world, Kind::ChangeOfKind, school)
    };
    let mut client = ReorganisationServiceClient::new(world.link.clone());
    let request = county.ask(CreateReorganisationRequest {
        parent: COUNTY.into(),
        reorganisation: Some(junior(&held, "3163900001")),
        request_id: id(),
    });
    let (_, reason, sentence) = refusal(client.create_reorganisation(request).await);
    assert_eq!(reason, "FIELD_INVALID", "{sentence}");
    let changing = approved(&world, junior(&empty, "3163900002")).await;
    // Somebody comes after the plan was drafted.
    let mut county = world.officer("county.clerk", COUNTY);
    county.class(&empty, 1, 1).await;
    let (_, reason, sentence) = refusal(execute(&world, &changing).await);
    assert_eq!(reason, "FIELD_INVALID", "{sentence}");
}
