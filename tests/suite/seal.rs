//! The seal of the journals 存证: proofs that fold, and altered bytes that are named.

use std::time::Duration;

use junheng_proto::education::v1::SchoolKind;
use junheng_proto::journal::v1::{
    Entry, GetInclusionProofRequest, InclusionProof, ListEntriesRequest,
};
use junheng_tests::binary::{all_output, run};
use junheng_tests::database::{Database, attack, open};
use junheng_tests::refusal::answered;
use junheng_tests::{County, Officer, School, Story, World, story};
use sea_orm::{ConnectionTrait as _, Statement};
use sm3::{Digest as _, Sm3};

/// Rows are sealed several times a second; this is far beyond it.
const PATIENCE: Duration = Duration::from_secs(30);

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("the proof of an entry folds to the root of its block", |world| Box::pin(proof(world))),
    story("an untouched journal verifies beside the running service and with its checkpoint", |world| Box::pin(untouched(world))),
    story("one altered byte of a journal row is named with its row", |world| Box::pin(altered(world))),
    story("a journal row that was taken out is named", |world| Box::pin(taken_out(world))),
    story("after a restore into a new database cluster sealing goes on", |world| Box::pin(restored(world))).on(&[Database::Postgres]),
    story("the database itself refuses to alter or delete a journal row", |world| Box::pin(append_only(world))),
];

async fn proof(world: &World) {
    let county = County::fresh(world).await;
    let schools =
        futures_util::future::join_all((0..6).map(|_| county.school(SchoolKind::Primary))).await;
    let auditor = world.sign_in("county.audit", &county.place.county).await;
    for school in &schools {
        let entry = sealed_entry(&auditor, school).await;
        let request = GetInclusionProofRequest {
            service: "registration".to_owned(),
            parent: county.place.county.clone(),
            name: entry.name.clone(),
        };
        let proof = answered(auditor.journal().get_inclusion_proof(request).await);
        assert_eq!(hex::encode(fold(&proof)), proof.root);
        assert_eq!(proof.entry.as_ref(), Some(&entry));
        assert_eq!((proof.signature.len(), proof.public_key.len()), (128, 64));
        let mut forged = proof;
        forged.leaf.replace_range(
            0..2,
            if forged.leaf.starts_with("00") {
                "01"
            } else {
                "00"
            },
        );
        assert_ne!(hex::encode(fold(&forged)), forged.root);
    }
}

async fn untouched(world: &World) {
    let world = world.of_its_own(&[]).await;
    let (county, _) = written(&world).await;
    let (sound, report) = verify(&world, &[]);
    assert!(sound, "{report}");
    let checkpoint = report
        .lines()
        .find_map(|line| line.trim().strip_prefix("checkpoint registration:"))
        .expect("a checkpoint of registration");
    let noted = format!("registration:{checkpoint}");
    county.school(SchoolKind::Primary).await;
    let (sound, report) = verify(&world, &["--checkpoint", &noted]);
    assert!(sound, "the chain grew on from the checkpoint: {report}");
    let invented = format!("registration:{}", "ab".repeat(32));
    let (sound, report) = verify(&world, &["--checkpoint", &invented]);
    assert!(
        !sound && report.contains("ab"),
        "a checkpoint that is not there: {report}"
    );
}

async fn altered(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let (_, seq) = written(&world).await;
    world.server().kill().expect("killed");
    let statements = without_guards(
        &world,
        &format!(
            "UPDATE journal SET subject = replace(subject, 'schools/', 'schoolz/') WHERE seq = {seq}"
        ),
    );
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    attack(world.database_url("registration"), &statements)
        .await
        .expect("altered");
    let (sound, report) = verify(&world, &[]);
    assert!(!sound, "{report}");
    assert!(
        report.contains(&format!("row {seq} ")) && report.contains("altered"),
        "{report}"
    );
    let others = report
        .lines()
        .filter(|line| line.trim_start().starts_with("row "))
        .count();
    assert_eq!(others, 1, "this row and no other: {report}");
}

async fn taken_out(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let (_, seq) = written(&world).await;
    world.server().kill().expect("killed");
    let statements = without_guards(&world, &format!("DELETE FROM journal WHERE seq = {seq}"));
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    attack(world.database_url("registration"), &statements)
        .await
        .expect("deleted");
    let (sound, report) = verify(&world, &[]);
    assert!(!sound, "{report}");
    assert!(
        report.contains(&format!("row {seq} ")) && report.contains("missing"),
        "{report}"
    );
}

async fn append_only(world: &World) {
    let county = County::fresh(world).await;
    county.school(SchoolKind::Primary).await;
    for statement in [
        "UPDATE journal SET note = 'x'",
        "DELETE FROM journal",
        "UPDATE journal_leaf SET position = position + 1",
        "DELETE FROM journal_block",
    ] {
        let refused = attack(world.database_url("registration"), &[statement]).await;
        assert!(refused.is_err(), "{statement}");
    }
}

/// A county with entries, and the number of a sealed row about a school.
async fn written(world: &World) -> (County, i64) {
    let county = County::fresh(world).await;
    let mut last = None;
    for _ in 0..3 {
        last = Some(county.school(SchoolKind::Primary).await);
    }
    let school = last.expect("three schools");
    let auditor = world.sign_in("county.audit", &county.place.county).await;
    sealed_entry(&auditor, &school).await;
    let database = open(world.database_url("registration"))
        .await
        .expect("opened");
    let backend = database.get_database_backend();
    let found = "SELECT seq FROM journal WHERE subject = $1";
    let statement = Statement::from_sql_and_values(backend, found, [school.name.into()]);
    let row = database
        .query_one_raw(statement)
        .await
        .expect("asked")
        .expect("a row");
    (county, row.try_get("", "seq").expect("a number"))
}

/// The statement with the triggers out of the way, as somebody with all rights on the database would.
fn without_guards(world: &World, statement: &str) -> Vec<String> {
    match world.database {
        Database::Postgres => vec![
            "ALTER TABLE journal DISABLE TRIGGER USER".to_owned(),
            statement.to_owned(),
        ],
        Database::Sqlite => {
            let mut statements: Vec<String> = TRIGGERS
                .map(|name| format!("DROP TRIGGER IF EXISTS {name}"))
                .into();
            statements.push(statement.to_owned());
            statements
        }
    }
}

const TRIGGERS: [&str; 2] = ["journal_no_update", "journal_no_delete"];

/// A dump brings blocks that name transactions which the new cluster has yet to reach.
async fn restored(world: &World) {
    let world = world.of_its_own(&[]).await;
    let (county, _) = written(&world).await;
    let auditor = world.sign_in("county.audit", &county.place.county).await;
    sealed_entry(&auditor, &county.school(SchoolKind::Primary).await).await;
    let from_another_cluster = "INSERT INTO journal_block (number, previous, root, leaf_count, sealed_micros, \
        upto_seq, upto_transaction, hash, signature) SELECT number + 1, hash, root, 0, sealed_micros, upto_seq, \
        upto_transaction + 1000000000, hash, signature FROM journal_block ORDER BY number DESC LIMIT 1";
    let database = open(world.database_url("registration"))
        .await
        .expect("a connection");
    database
        .execute_unprepared(from_another_cluster)
        .await
        .expect("a block");
    sealed_entry(&auditor, &county.school(SchoolKind::Primary).await).await;
}

async fn sealed_entry(auditor: &Officer, school: &School) -> Entry {
    let wait = async {
        loop {
            let request = ListEntriesRequest {
                service: "registration".to_owned(),
                parent: school.county.clone(),
                subject: school.name.clone(),
                page_size: 10,
                page_token: String::new(),
            };
            let entries = answered(auditor.journal().list_entries(request).await).entries;
            assert_eq!(entries.len(), 1, "{entries:?}");
            if entries[0].block > 0 {
                return entries[0].clone();
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("the entry was not sealed")
}

fn verify(world: &World, more: &[&str]) -> (bool, String) {
    let folder = world.setup().folder.to_str().expect("a text").to_owned();
    let mut arguments = vec!["audit", "verify", "--data-dir", &folder];
    arguments.extend(more);
    let output = run(&arguments, &world.setup().environment).expect("ran");
    (output.status.success(), all_output(&output))
}

/// Folds a proof as its documentation says, without the product's code.
fn fold(proof: &InclusionProof) -> Vec<u8> {
    let bytes = |text: &str| hex::decode(text).expect("hexadecimal");
    let start = digest(&[b"leaf", &bytes(&proof.leaf)]);
    proof
        .path
        .iter()
        .fold(start, |below, sibling| match sibling.strip_prefix('<') {
            Some(left) => digest(&[b"node", &bytes(left), &below]),
            None => digest(&[b"node", &below, &bytes(sibling)]),
        })
}

/// SM3 over parts, each preceded by its length as eight bytes, highest first.
fn digest(parts: &[&[u8]]) -> Vec<u8> {
    let mut digest = Sm3::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().to_vec()
}
