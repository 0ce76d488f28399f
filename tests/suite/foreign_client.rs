//! A system that is not ours: Python and grpcio, with stubs made from the `.proto` files.

use std::path::PathBuf;
use std::process::Command;

use junheng_proto::education::v1::SchoolKind;
use junheng_tests::binary::root;
use junheng_tests::{County, Story, World, story};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a Python client signs in lists schools watches changes and reads why it is refused", |world| Box::pin(partner(world))),
];

async fn partner(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let officer = world.sign_in("county.partner", &county.place.county).await;
    let script = root().join("tests/python/partner.py");
    let mut command = Command::new(python());
    command
        .arg(script)
        .args(["--target", world.url().trim_start_matches("http://")])
        .args([
            "--sign-in",
            &officer.sign_in_name,
            "--password",
            &officer.password,
        ])
        .args([
            "--region",
            &county.place.county,
            "--school-code",
            &school.code,
        ]);
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("the task");
    let output = output.expect("Python did not start; `bash tests/run` sets it up");
    assert!(
        output.status.success(),
        "{}",
        junheng_tests::binary::all_output(&output)
    );
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(&school.name), "{said}");
}

/// The interpreter of the environment that `tests/run` sets up.
fn python() -> PathBuf {
    let own = std::env::current_exe().expect("a path");
    let target = own.ancestors().nth(3).expect("the target folder");
    target.join("tests-python/bin/python")
}
