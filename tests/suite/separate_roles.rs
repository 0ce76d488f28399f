//! Five processes, one for each service and the gateway, each with its own keys and database.

use std::collections::HashMap;

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::inspection::v1::campaign::State;
use junheng_proto::registration::v1::ListSchoolsRequest;
use junheng_tests::binary::run_well;
use junheng_tests::campaign::{BASIC, Inspection};
use junheng_tests::database::Database;
use junheng_tests::refusal::refused;
use junheng_tests::rolls::{employ, enrol, furnish};
use junheng_tests::server::{Server, Setup};
use junheng_tests::{County, Officer, Story, World, story};
use tonic::Code;
use tonic::transport::Endpoint;

const SERVICES: [&str; 4] = ["registration", "staffing", "assets", "inspection"];

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("five processes on five databases carry a campaign to its publication and refuse calls past the gateway", |world| Box::pin(five_processes(world))).on(&[Database::Postgres]),
];

async fn five_processes(world: &World) {
    let keys = keys();
    let base = tempfile::tempdir().expect("a folder");
    let mut services = Vec::new();
    let start_all = |environment: &[(String, String)]| {
        // Known before any starts: registration asks those that follow it.
        let addresses: Vec<(&'static str, String)> =
            SERVICES.into_iter().zip(free_addresses()).collect();
        let url = |(role, address): &(&'static str, String)| {
            let name = format!("JUNHENG_SERVICES__{}", role.to_uppercase());
            (name, format!("http://{address}"))
        };
        let urls: Vec<(String, String)> = addresses.iter().map(url).collect();
        for (role, address) in &addresses {
            services.push(start(base.path(), role, address, environment, &keys, &urls));
        }
        start(base.path(), "gateway", "", environment, &keys, &urls)
    };
    let own = keys["gateway"].iter();
    let own: Vec<(&str, &str)> = own
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    let divided = world.divided(&own, start_all).expect("an installation");
    for (role, server) in SERVICES.iter().zip(&services) {
        past_the_gateway(role, &server.url, &divided).await;
    }
    let county = County::fresh(&divided).await;
    let school = county.school(SchoolKind::Primary).await;
    enrol(&county.clerk, &school, Stage::Primary, 10).await;
    employ(&county.clerk, &school, Stage::Primary, 1).await;
    furnish(&county.clerk, &school, 200).await;
    let mut inspection = Inspection::issued(&divided, &county, BASIC).await;
    inspection.up_to_submitted(&divided).await;
    inspection.review().await;
    inspection.evaluate().await;
    inspection.publish().await;
    assert_eq!(inspection.campaign.state(), State::Published);
    let verdict = inspection.verdict().await;
    assert_eq!(verdict.stages[0].school_count, 1);
    for server in &services {
        let log = std::fs::read_to_string(server.setup().log()).expect("a log");
        assert!(!log.contains("panicked"), "{log}");
    }
}

/// A call straight to a service, as nobody and with a session token that the gateway would take.
async fn past_the_gateway(role: &str, url: &str, world: &World) {
    let officer = world
        .sign_in("province.clerk", junheng_tests::world::PROVINCE)
        .await;
    let channel = Endpoint::from_shared(url.to_owned())
        .expect("a URL")
        .connect_lazy();
    for caller in [Officer::nobody(channel.clone()), officer.over(channel)] {
        let request = ListSchoolsRequest {
            parent: junheng_tests::world::PROVINCE.to_owned(),
            ..ListSchoolsRequest::default()
        };
        if role == "registration" {
            refused(
                caller.schools().list_schools(request).await,
                Code::Unauthenticated,
                "NOT_ADMITTED",
            );
        } else {
            let request = junheng_proto::journal::v1::ListEntriesRequest {
                service: role.to_owned(),
                parent: junheng_tests::world::PROVINCE.to_owned(),
                subject: "schools/1".to_owned(),
                ..Default::default()
            };
            refused(
                caller.journal().list_entries(request).await,
                Code::Unauthenticated,
                "NOT_ADMITTED",
            );
        }
    }
}

fn start(
    base: &std::path::Path,
    role: &'static str,
    listen: &str,
    environment: &[(String, String)],
    keys: &HashMap<String, Vec<(String, String)>>,
    urls: &[(String, String)],
) -> Server {
    let folder = base.join(role);
    std::fs::create_dir(&folder).expect("a folder");
    let own = keys.get(role).expect("keys of the role");
    let setup = Setup {
        folder,
        listen: listen.to_owned(),
        role: Some(role),
        environment: [environment, own.as_slice(), urls].concat(),
    };
    Server::start(setup).expect("the role starts")
}

/// Addresses that were free a moment ago, one for each service.
fn free_addresses() -> Vec<String> {
    let listeners: Vec<std::net::TcpListener> = SERVICES
        .iter()
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("a free port"))
        .collect();
    let address = |listener: &std::net::TcpListener| {
        let address = listener.local_addr().expect("an address");
        address.to_string()
    };
    listeners.iter().map(address).collect()
}

/// The environment lines that `junheng keys` prints for each role.
fn keys() -> HashMap<String, Vec<(String, String)>> {
    let printed = run_well(&["keys"], &[]).expect("keys");
    let (mut keys, mut role) = (
        HashMap::<String, Vec<(String, String)>>::new(),
        String::new(),
    );
    for line in printed.lines() {
        if let Some(name) = line.strip_prefix("# ") {
            role = name.trim().to_owned();
        } else if let Some((key, value)) = line.split_once('=') {
            keys.entry(role.clone())
                .or_default()
                .push((key.to_owned(), value.to_owned()));
        }
    }
    keys
}
