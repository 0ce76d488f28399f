//! Many schools register one child at the same time: one record, and one case where the contract knows cases.

use std::collections::BTreeMap;
use std::sync::Arc;

use junheng_proto::POOL;
use junheng_proto::registration::v1::create_student_response::Outcome;
use junheng_tests::bytes_codec::BytesCodec;
use junheng_tests::world;
use junheng_tests::{Officer, refusal::Refused};
use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};
use serde_json::json;
use tokio::sync::Barrier;

use crate::child;
use crate::stages::{Province, Scene};

/// Connections that the racers share.
const CONNECTIONS: usize = 10;

/// How a racer tells that it won.
const REGISTERED: &str = "registered";

/// How a racer tells that its school stands in the case.
const CLAIMED: &str = "a claim in the case";

/// What a racer may be told: that it won, that it claims the child, that its school has won or claims it already, or that another's
/// write came between and it may try again.
const MEANT: [&str; 4] = [REGISTERED, CLAIMED, "PERSON_REGISTERED", "WRITE_CONFLICT"];

/// So many callers, each for the next school.
pub async fn run(scene: &mut Scene<'_>, province: Province<'_>) -> anyhow::Result<()> {
    let ground = province.ground;
    let (racers, report) = (scene.arguments.racers, &mut *scene.report);
    let mut seats = ground.seats(100_000).await?;
    seats.sort_by_key(|seat| seat.school);
    seats.dedup_by_key(|seat| seat.school);
    let clerk = ground.clerk(&seats[0].region).await;
    let child = child::next();
    let before = ground.students().await?;
    let start = Arc::new(Barrier::new(racers));
    let connections: Vec<_> = (0..CONNECTIONS)
        .map(|_| ground.world.own_channel())
        .collect();
    let mut calls = tokio::task::JoinSet::new();
    for racer in 0..racers {
        let clerk = clerk.over(connections[racer % CONNECTIONS].clone());
        let request = child::request(&child, &seats[racer % seats.len()]);
        let start = Arc::clone(&start);
        calls.spawn(async move {
            start.wait().await;
            match clerk.students().create_student(request).await {
                Ok(answer) => match answer.into_inner().outcome {
                    Some(Outcome::Student(_)) => REGISTERED.to_owned(),
                    Some(Outcome::DuplicateCase(_)) => CLAIMED.to_owned(),
                    None => "nothing".to_owned(),
                },
                Err(status) => Refused::read(&status).reason,
            }
        });
    }
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(answer) = calls.join_next().await {
        *answers.entry(answer?).or_default() += 1;
    }
    let made = ground.students().await? - before;
    let won = answers.get(REGISTERED) == Some(&1);
    let detail = json!({ "answers": answers, "records": made, "schools": seats.len() });
    report.hold(
        &format!("{racers} racing registrations of one child make one record"),
        made == 1 && won,
        detail.clone(),
    );
    report.hold(
        &format!("{racers} racing registrations of one child are all told what became of it"),
        answers
            .keys()
            .all(|answer| MEANT.contains(&answer.as_str())),
        detail,
    );
    let reader = ground
        .world
        .sign_in("province.clerk", world::PROVINCE)
        .await;
    if let Some(cases) = cases(&reader).await? {
        report.hold(
            &format!("{racers} racing registrations of one child open one case"),
            cases == 1,
            json!({ "cases": cases }),
        );
    }
    Ok(())
}

/// How many cases of double registration the province sees; nothing where the contract knows none. The contract is asked
/// itself, so that this needs no generated code.
async fn cases(reader: &Officer) -> anyhow::Result<Option<usize>> {
    let service = POOL.get_service_by_name("junheng.registration.v1.DuplicateCaseService");
    let method = service.and_then(|service| {
        let mut methods = service.methods();
        methods.find(|method| method.name() == "ListDuplicateCases")
    });
    let Some(method) = method else {
        return Ok(None);
    };
    let mut request = DynamicMessage::new(method.input());
    request.set_field_by_name("parent", Value::String(world::PROVINCE.to_owned()));
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let mut grpc = tonic::client::Grpc::new(reader.link());
    grpc.ready().await?;
    let message = tonic::Request::new(request.encode_to_vec().into());
    let answer = grpc.unary(message, path.parse()?, BytesCodec).await?;
    let answer = DynamicMessage::decode(method.output(), answer.into_inner())?;
    let listed = answer.fields().find_map(|(_, value)| match value {
        Value::List(cases) => Some(cases.len()),
        _ => None,
    });
    Ok(Some(listed.unwrap_or(0)))
}
