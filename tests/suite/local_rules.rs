//! Local rules 地方政策参数: what a place has decided for itself counts there, and a file that says something else keeps the process
//! from starting.

use junheng_proto::registration::v1::dropout_notice::Kind;
use junheng_tests::binary::{all_output, run};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::school_year::today;
use junheng_tests::{County, Story, World, story};
use tonic::Code;

use crate::dropout_cases::{Ground, step};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a penalty is there where the place has entered its legal basis and nowhere else", |world| Box::pin(legal_basis(world))),
    story("a file of local rules that names no rule region or source keeps the process from starting", |world| Box::pin(judged(world))),
];

const SETTING: &str = "JUNHENG_REGISTRATION__RULES_FILE";

fn fine(region: &str, source: &str) -> String {
    format!(
        "[[rule]]\nid = \"dropout.most_fine_fen\"\nregion = \"{region}\"\neffective_from = 2018-01-01\nvalue = 50000\n\
         source = \"{source}\"\ntrust = \"DESIGN\"\n"
    )
}

async fn legal_basis(world: &World) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rules.toml");
    std::fs::write(&file, fine("42", "某省义务教育条例第五十条")).expect("written");
    let file = file.to_str().expect("a text");
    let with_basis = world.of_its_own(&[(SETTING, file)]).await;
    for (world, reason) in [
        (world, "PENALTY_WITHOUT_BASIS"),
        // What is missing there is the service of the order.
        (&with_basis, "NOTICE_WITHOUT_GROUND"),
    ] {
        let ground = Ground::of(world, &County::fresh(world).await).await;
        let case = ground.escalated(today()).await;
        answered(ground.draw(&ground.county, &case, Kind::Order).await);
        let mut approver = ground.approver.dropout_cases();
        let case = answered(approver.order_dropout_return(step(&case, "")).await);
        let prior = ground.draw(&ground.county, &case, Kind::PenaltyPriorNotice);
        refused(prior.await, Code::FailedPrecondition, reason);
    }
}

async fn judged(world: &World) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rules.toml");
    let data = folder.path().join("data");
    let text = |path: &std::path::Path| path.to_str().expect("a text").to_owned();
    for (rules, names) in [
        (fine("639999", "某省义务教育条例"), "639999"),
        (fine("42", ""), "source"),
        (
            fine("42", "某省义务教育条例").replace("most_fine_fen", "fine"),
            "dropout.fine ",
        ),
    ] {
        std::fs::write(&file, rules).expect("written");
        let mut environment = world.setup().environment.clone();
        environment.retain(|(key, _)| !key.starts_with("JUNHENG_DATABASE__"));
        environment.push((SETTING.to_owned(), text(&file)));
        let serve = [
            "serve",
            "--data-dir",
            &text(&data),
            "--listen",
            "127.0.0.1:0",
        ];
        let output = run(&serve, &environment).expect("ran");
        let told = all_output(&output);
        assert!(!output.status.success(), "{told}");
        assert!(
            told.contains("registration.rules_file") && told.contains(names),
            "{told}"
        );
    }
}
