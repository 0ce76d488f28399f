//! Parallel classes 均衡分班: drawn by a seed that nobody chose, and repeated by anybody.

use std::collections::HashMap;
use std::process::Command;

use junheng_proto::education::v1::{SchoolKind, Sex, Stage};
use junheng_proto::registration::v1::admission_entry::Kind;
use junheng_proto::registration::v1::class_draw::State;
use junheng_proto::registration::v1::draw_member::Group;
use junheng_proto::registration::v1::*;
use junheng_tests::binary::root;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{all_in, class_row, header, import_classes, numbered};
use junheng_tests::world::{PASSWORD, post};
use junheng_tests::{County, Officer, School, Story, World, request_id, story};
use serde_json::{Value, json};
use sm3::{Digest as _, Sm3};
use tonic::{Code, Response, Status};

use crate::admission::{admit, entrant, rows};
use crate::zones::step;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("classes are drawn even in numbers sexes and groups by a seed of two parts and anybody gets the same again", |world| Box::pin(whole_draw(world))),
];

const SCHOOL_PART: &str = "家长代表掷骰 6 2 5 1 4 3 3 6";
const COUNTY_PART: &str = "督学抽取的书页 117 203 045 388";

fn digest(text: &str) -> String {
    hex::encode(Sm3::digest(text.as_bytes()))
}

fn commit(draw: &ClassDraw, part: &str) -> CommitSeedRequest {
    CommitSeedRequest {
        name: draw.name.clone(),
        etag: draw.etag.clone(),
        commitment: digest(part),
        request_id: request_id(),
    }
}

fn reveal(draw: &ClassDraw, part: &str) -> RevealSeedRequest {
    RevealSeedRequest {
        name: draw.name.clone(),
        etag: draw.etag.clone(),
        part: part.to_owned(),
        source: "当众".to_owned(),
        request_id: request_id(),
    }
}

async fn prepare(clerk: &Officer, school: &School) -> Result<Response<ClassDraw>, Status> {
    let request = PrepareClassDrawRequest {
        parent: school.name.clone(),
        stage: Stage::Primary.into(),
        grade: 1,
        request_id: request_id(),
    };
    clerk.class_draws().prepare_class_draw(request).await
}

/// A school with 47 entrants in no class: disabled, migrant and boarding children among them.
async fn intake(world: &mut World) -> (County, School) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let mut children = Vec::new();
    for number in 0..47 {
        let mut child = entrant(&county);
        let kind = match number % 5 {
            0 => Kind::Migrant,
            _ => Kind::Local,
        };
        if kind == Kind::Migrant {
            child.hukou_place = "500101".to_owned();
        }
        child.disability = i32::from(number % 11 == 3);
        child.boarder = number % 4 == 1;
        children.push((kind, child));
    }
    admit(world, &county, &school, rows(children)).await;
    (county, school)
}

async fn whole_draw(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let (county, school) = intake(&mut world).await;
    let clerk = world.sign_in("school.clerk", &school.name).await;
    refused(
        prepare(&clerk, &school).await,
        Code::FailedPrecondition,
        "CLASS_UNKNOWN",
    );
    let classes = (1..=3).map(|number| class_row(&school, Stage::Primary, 1, number));
    let classes = numbered(classes, |row, number| row.row = number);
    all_in(answered(
        import_classes(&clerk, header(&school.name), classes).await,
    ));
    let draw = answered(prepare(&clerk, &school).await);
    assert_eq!((draw.state(), draw.members.len()), (State::Prepared, 47));
    let lines: String = draw
        .members
        .iter()
        .map(|one| format!("{}\t{}\t{}\n", one.student, one.sex, one.group))
        .collect();
    assert_eq!(
        draw.list_digest,
        digest(&lines),
        "the list is published before any seed"
    );
    let again = refused(
        prepare(&clerk, &school).await,
        Code::AlreadyExists,
        "PLAN_TAKEN",
    );
    assert_eq!(again.metadata["name"], draw.name);

    // Somebody with a post on either side cannot give both parts.
    let posts = [
        ("school.approver", school.name.as_str()),
        ("county.inspector", county.place.county.as_str()),
    ];
    world.appoint("both.sides", &posts).await;
    let side = |role: &str, organisation: &str| Some(post(role, organisation));
    let head = world
        .enter(
            "both.sides",
            PASSWORD,
            side("school.approver", &school.name),
        )
        .await;
    let same = side("county.inspector", &county.place.county);
    let same = world.enter("both.sides", PASSWORD, same).await;
    let inspector = world
        .sign_in("county.inspector", &county.place.county)
        .await;
    let stranger = world.place().county;
    let stranger = world.sign_in("county.inspector", &stranger).await;

    let early = inspector
        .class_draws()
        .commit_county_seed(commit(&draw, COUNTY_PART))
        .await;
    refused(early, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
    let draw = answered(
        head.class_draws()
            .commit_school_seed(commit(&draw, SCHOOL_PART))
            .await,
    );
    let own = same
        .class_draws()
        .commit_county_seed(commit(&draw, COUNTY_PART))
        .await;
    refused(own, Code::PermissionDenied, "SAME_PERSON");
    let foreign = stranger
        .class_draws()
        .commit_county_seed(commit(&draw, COUNTY_PART))
        .await;
    refused(foreign, Code::NotFound, "NOT_FOUND");
    let draw = answered(
        inspector
            .class_draws()
            .commit_county_seed(commit(&draw, COUNTY_PART))
            .await,
    );
    assert_eq!(draw.school_part, "", "told by nobody yet");

    let other = head
        .class_draws()
        .reveal_school_seed(reveal(&draw, "换一个对自己更有利的种子 0000"))
        .await;
    refused(other, Code::FailedPrecondition, "SEED_NOT_AS_COMMITTED");
    let unready = clerk
        .class_draws()
        .run_class_draw(step(&draw.name, &draw.etag))
        .await;
    refused(unready, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
    let draw = answered(
        head.class_draws()
            .reveal_school_seed(reveal(&draw, SCHOOL_PART))
            .await,
    );
    let draw = answered(
        inspector
            .class_draws()
            .reveal_county_seed(reveal(&draw, COUNTY_PART))
            .await,
    );
    assert_eq!(
        draw.seed,
        digest(&format!(
            "{SCHOOL_PART}\n{COUNTY_PART}\n{}",
            draw.list_digest
        ))
    );
    let drawn = answered(
        clerk
            .class_draws()
            .run_class_draw(step(&draw.name, &draw.etag))
            .await,
    );
    assert_eq!(drawn.state(), State::Drawn);
    let rerun = clerk
        .class_draws()
        .run_class_draw(step(&draw.name, &drawn.etag))
        .await;
    refused(rerun, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
    refused(
        prepare(&clerk, &school).await,
        Code::AlreadyExists,
        "PLAN_TAKEN",
    );

    even(&drawn);
    seated(&clerk, &drawn).await;
    let replay = ReplayClassDrawRequest {
        members: drawn.members.iter().rev().cloned().collect(),
        class_count: 3,
        school_part: SCHOOL_PART.to_owned(),
        county_part: COUNTY_PART.to_owned(),
    };
    let replayed = answered(stranger.class_draws().replay_class_draw(replay).await);
    assert_eq!(replayed.members, drawn.members);
    assert_eq!(
        (replayed.seed, replayed.list_digest),
        (drawn.seed.clone(), drawn.list_digest.clone())
    );

    let published = shown(&drawn);
    let (well, said) = in_python(&published).await;
    assert!(well, "{said}");
    let mut swapped = published;
    let class = |index: i64| if index == 1 { 2 } else { 1 };
    let first = &mut swapped["members"][0]["classIndex"];
    *first = json!(class(first.as_i64().unwrap_or(0)));
    let (well, said) = in_python(&swapped).await;
    assert!(!well && said.contains("classes: DIFFERENT"), "{said}");
}

/// Between any two classes all numbers differ by at most one.
fn even(draw: &ClassDraw) {
    let mut counts: HashMap<String, [i32; 3]> = HashMap::new();
    for one in &draw.members {
        let class = usize::try_from(one.class_index - 1).expect("a class");
        let keys = [
            "all".to_owned(),
            format!("sex {}", one.sex),
            format!("group {}", one.group),
            format!("sex {} group {}", one.sex, one.group),
        ];
        for key in keys {
            counts.entry(key).or_default()[class] += 1;
        }
    }
    for (key, counts) in &counts {
        let spread = counts.iter().max().unwrap_or(&0) - counts.iter().min().unwrap_or(&0);
        assert!(spread <= 1, "{key}: {counts:?}");
    }
    for group in [
        Group::Disabled,
        Group::Migrant,
        Group::Boarder,
        Group::Other,
    ] {
        assert!(
            counts.contains_key(&format!("group {}", group as i32)),
            "{group:?}"
        );
    }
    let figures: Vec<i32> = draw
        .drawn_classes
        .iter()
        .map(|one| one.student_count)
        .collect();
    assert_eq!(figures, counts["all"]);
}

/// Every student sits in the class that the draw gave.
async fn seated(clerk: &Officer, draw: &ClassDraw) {
    let request = ListStudentsRequest {
        parent: draw.school.clone(),
        page_size: 500,
        ..Default::default()
    };
    let students = answered(clerk.students().list_students(request).await).students;
    let classes: HashMap<&str, &str> = students
        .iter()
        .map(|student| (student.name.as_str(), student.school_class.as_str()))
        .collect();
    for one in &draw.members {
        let class = usize::try_from(one.class_index - 1).expect("a class");
        let name = format!("students/{}", one.student);
        assert_eq!(classes[name.as_str()], draw.school_classes[class]);
    }
}

/// The draw as the gateway shows it in JSON.
fn shown(draw: &ClassDraw) -> Value {
    let member = |one: &DrawMember| {
        let sex = Sex::try_from(one.sex).unwrap_or_default();
        json!({
            "student": one.student, "sex": sex.as_str_name(), "group": one.group().as_str_name(),
            "classIndex": one.class_index,
        })
    };
    json!({
        "algorithm": draw.algorithm, "members": draw.members.iter().map(member).collect::<Vec<_>>(),
        "listDigest": draw.list_digest, "schoolClasses": draw.school_classes,
        "schoolCommitment": draw.school_commitment, "countyCommitment": draw.county_commitment,
        "schoolPart": draw.school_part, "countyPart": draw.county_part, "seed": draw.seed,
    })
}

/// Repeats the draw without the product.
async fn in_python(draw: &Value) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("draw.json");
    std::fs::write(&file, draw.to_string()).expect("a file");
    let mut command = Command::new("python3");
    command
        .arg(root().join("tests/python/replay_class_draw.py"))
        .arg(&file);
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("the task");
    let output = output.expect("Python did not start");
    (
        output.status.success(),
        junheng_tests::binary::all_output(&output),
    )
}
