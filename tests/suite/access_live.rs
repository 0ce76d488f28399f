//! The whole access matrix, called: every role × every method × own, below, above and foreign organisation.

#[path = "access_calls.rs"]
mod calls;
#[path = "access_ground.rs"]
mod ground;
#[path = "access_records.rs"]
mod records;

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use junheng_proto::POOL;
use junheng_tests::{Officer, Story, World, story};
use prost_reflect::MethodDescriptor;

use crate::access::{roles, table};
use calls::{Outcome, Request, call};
use ground::{Ground, Target};

/// Calls under way at once.
const AT_ONCE: usize = 48;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("every role is admitted by every method exactly as the access table says at home below above and abroad", |world| Box::pin(matrix(world))),
    story("nobody is admitted anywhere without a sign-in", |world| Box::pin(anonymous(world))),
];

/// One cell of the matrix.
struct Cell {
    method: MethodDescriptor,
    officer: Officer,
    request: Request,
    target: Option<Target>,
    expected: Expected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    RoleRefused,
    ScopeRefused,
    Admitted,
}

async fn matrix(world: &World) {
    let ground = Ground::prepare(world).await;
    let officers = futures_util::future::join_all(roles().into_iter().map(async |role| {
        let home = ground.home(&role);
        // Feeds that are opened and given up count on a connection, so each role has its own.
        let officer = world.another(&role, &home).await;
        officer.over(world.own_channel())
    }))
    .await;
    let mut by_officer: Vec<_> = officers
        .iter()
        .map(|officer| cells_of(&ground, officer).into_iter())
        .collect();
    // One call of each officer after the other, because an account may keep only so many feeds open.
    let mut cells: Vec<Cell> = Vec::new();
    while let Some(last) = by_officer.last()
        && last.len() > 0
    {
        cells.extend(by_officer.iter_mut().filter_map(Iterator::next));
    }
    let called: BTreeSet<String> = cells
        .iter()
        .map(|cell| cell.method.full_name().to_owned())
        .collect();
    let left_out = 1 + ground::WITHOUT_RECORDS.len();
    assert_eq!(
        called.len() + left_out,
        table().len(),
        "all but SignOut and those"
    );
    assert!(cells.len() > 5_000, "{} calls", cells.len());
    let wrong: Vec<String> = futures_util::stream::iter(cells)
        .map(check)
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    let first: Vec<&String> = wrong.iter().take(40).collect();
    assert!(
        wrong.is_empty(),
        "{} cells are wrong, among them {first:#?}",
        wrong.len()
    );
    // Signing out is every role's right and ends the session, so it comes last.
    for officer in officers {
        let ended = officer
            .sessions()
            .sign_out(junheng_proto::identity::v1::SignOutRequest {})
            .await;
        assert!(ended.is_ok(), "{}: {ended:?}", officer.role);
    }
}

async fn anonymous(world: &World) {
    for method in methods() {
        let name = path_of(&method);
        let request = Request::of(&method, None, "registration");
        let outcome = call(&world.nobody(), &method, request).await;
        let open = [
            "SessionService/SignIn",
            "CertificateService/VerifyCertificate",
        ]
        .iter()
        .any(|open| name.ends_with(open));
        let refused =
            matches!(&outcome, Outcome::Refused { reason, .. } if reason == "NOT_SIGNED_IN");
        assert_eq!(refused, !open, "{name}: {outcome:?}");
    }
}

/// The cells of one officer.
fn cells_of(ground: &Ground, officer: &Officer) -> Vec<Cell> {
    let table = table();
    let mut cells = Vec::new();
    for method in methods().filter(|method| method.name() != "SignOut") {
        let row = &table[&path_of(&method)];
        let allowed = row.roles.contains(&officer.role);
        let cell = |target: Option<Target>, service: &str| {
            let foreign = officer.role.ends_with(".partner")
                && ground::REPORTERS_ONLY.contains(&method.name());
            let covered = !foreign
                && target
                    .as_ref()
                    .is_none_or(|target| ground.covers(&officer.role, target));
            Cell {
                request: Request::of(
                    &method,
                    target.as_ref().map(|target| (row.scope.as_str(), target)),
                    service,
                ),
                method: method.clone(),
                officer: officer.clone(),
                target,
                expected: match (allowed, covered) {
                    (false, _) => Expected::RoleRefused,
                    (true, false) => Expected::ScopeRefused,
                    (true, true) => Expected::Admitted,
                },
            }
        };
        for service in calls::services_of(&method) {
            if row.scope.is_empty() {
                cells.push(cell(None, service));
            }
            let targets = ground.targets(&method, &row.scope);
            cells.extend(
                targets
                    .into_iter()
                    .map(|target| cell(Some(target), service)),
            );
        }
    }
    cells
}

/// What is wrong with the answer, if anything is.
async fn check(cell: Cell) -> Option<String> {
    let outcome = call(&cell.officer, &cell.method, cell.request.clone()).await;
    let named = cell.target.as_ref().map(|target| target.value.as_str());
    let found = match &outcome {
        Outcome::Refused { reason, .. } if reason == "ROLE_NOT_ALLOWED" => Expected::RoleRefused,
        Outcome::Refused { reason, .. } if reason == "OUT_OF_SCOPE" => Expected::ScopeRefused,
        // A school abroad is refused by name, or by the name of what is looked for in it.
        Outcome::Refused { reason, name }
            if reason == "NOT_FOUND"
                && (named == Some(name.as_str())
                    || cell.expected == Expected::ScopeRefused && named.is_some_and(is_school)) =>
        {
            Expected::ScopeRefused
        }
        Outcome::Refused { reason, .. }
            if reason == "NOT_SIGNED_IN" || reason == "NOT_ADMITTED" =>
        {
            return Some(describe(&cell, &outcome));
        }
        // A list of a school abroad may also be answered with nothing in it.
        Outcome::Nothing
            if cell.expected == Expected::ScopeRefused && named.is_some_and(is_school) =>
        {
            Expected::ScopeRefused
        }
        _ => Expected::Admitted,
    };
    (found != cell.expected).then(|| describe(&cell, &outcome))
}

fn is_school(name: &str) -> bool {
    name.starts_with("schools/")
}

fn describe(cell: &Cell, outcome: &Outcome) -> String {
    let target = cell.target.as_ref().map_or("", |target| target.label);
    format!(
        "{} {} {target}: expected {:?}, was {outcome:?}",
        cell.officer.role,
        path_of(&cell.method),
        cell.expected
    )
}

fn methods() -> impl Iterator<Item = MethodDescriptor> {
    POOL.services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
}

fn path_of(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().full_name(), method.name())
}
