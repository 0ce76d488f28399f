//! A made-up province through the real `junheng generate`: every row is taken, and a second run writes nothing.

use std::path::Path;

use junheng_proto::registration::v1::{CountStudentsRequest, ListSchoolsRequest};
use junheng_tests::binary::{all_output, run};
use junheng_tests::refusal::answered;
use junheng_tests::{County, Story, World, story};
use serde_json::Value;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a made-up county of three thousand pupils goes in whole and a second run changes nothing", |world| Box::pin(sent_twice(world))),
    story("the files of a made-up county are imported like those of an office", |world| Box::pin(files(world))),
];

const PUPILS: i64 = 3_000;

async fn sent_twice(world: &World) {
    let county = County::fresh(world).await;
    let folder = tempfile::tempdir().expect("a folder");
    for run in [1, 2] {
        let report = folder.path().join(format!("{run}.json"));
        let said = generate(
            &county,
            &[
                "--into",
                world.url(),
                "--report",
                text(&report),
                "--persons-from",
                "0",
            ],
        )
        .await;
        let report = std::fs::read_to_string(&report).unwrap_or_else(|_| panic!("{said}"));
        let report: Value = serde_json::from_str(&report).expect("JSON");
        let students = &report["students"];
        assert_eq!(students["rows"], PUPILS, "{said}");
        // A repeat is answered as the first time, or told that all stand: nothing is written in either case.
        let taken = ["created", "unchanged"].map(|count| students[count].as_i64().unwrap_or(0));
        assert_eq!(taken.iter().sum::<i64>(), PUPILS, "{said}");
        for kind in ["schools", "classes", "students"] {
            assert_eq!(report[kind]["rejected"], 0, "{kind}: {said}");
        }
        assert_eq!(count(&county).await, PUPILS, "after run {run}");
    }
}

async fn files(world: &World) {
    let county = County::fresh(world).await;
    let folder = tempfile::tempdir().expect("a folder");
    let said = generate(
        &county,
        // Others than the pupils of the other story.
        &[
            "--out",
            text(folder.path()),
            "--rows-per-request",
            "2000",
            "--persons-from",
            "3000",
        ],
    )
    .await;
    let folder = folder.path().join(county.code());
    for (kind, file) in [
        ("schools", "schools.csv"),
        ("classes", "classes.csv"),
        ("students", "students-01.csv"),
        ("students", "students-02.csv"),
    ] {
        let file = folder.join(file);
        let arguments = [
            "import",
            kind,
            text(&file),
            "--parent",
            &county.place.county,
            "--endpoint",
            world.url(),
            "--sign-in",
            &county.clerk.sign_in_name,
        ];
        command(&arguments, &county.clerk.password, &said).await;
    }
    assert_eq!(count(&county).await, PUPILS);
    let request = ListSchoolsRequest {
        parent: county.place.county.clone(),
        ..ListSchoolsRequest::default()
    };
    let schools = answered(county.clerk.schools().list_schools(request).await).schools;
    assert!(schools.len() > 2, "{schools:?}");
}

async fn generate(county: &County, more: &[&str]) -> String {
    let pupils = PUPILS.to_string();
    let mut arguments = vec![
        "generate",
        "--province",
        "42",
        "--counties",
        county.code(),
        "--pupils",
        &pupils,
        // Born later than the children of other stories, for one child has one record in the whole province.
        "--year",
        "2029",
        "--sign-in",
        &county.clerk.sign_in_name,
    ];
    arguments.extend(more);
    command(&arguments, &county.clerk.password, "").await
}

async fn command(arguments: &[&str], password: &str, before: &str) -> String {
    let owned: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    let environment = vec![("JUNHENG_CLIENT__PASSWORD".to_owned(), password.to_owned())];
    let ran = tokio::task::spawn_blocking(move || {
        let words: Vec<&str> = owned.iter().map(String::as_str).collect();
        run(&words, &environment).expect("ran")
    });
    let output = ran.await.expect("the task");
    let said = all_output(&output);
    assert!(output.status.success(), "{arguments:?}: {before}\n{said}");
    said
}

async fn count(county: &County) -> i64 {
    let request = CountStudentsRequest {
        parent: county.place.county.clone(),
        grouping: 0,
    };
    answered(county.clerk.students().count_students(request).await).total_count
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a text")
}
