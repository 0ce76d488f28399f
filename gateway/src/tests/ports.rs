//! One port, three protocols, over a real socket.

use std::net::SocketAddr;

use bytes::Bytes;
use junheng_proto::identity::v1::{Duty, GetSessionRequest, Level, Session};
use junheng_proto::registration::v1::{ListSchoolsRequest, ListSchoolsResponse, School};
use prost::Message as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};

use super::fixture::{House, bearer, encoded};
use crate::Settings;
use junheng_proto::identity::v1::session_service_client::SessionServiceClient;

struct Open {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinHandle<anyhow::Result<()>>,
    token: String,
    _folder: TempDir,
}

async fn open(settings: Settings) -> Open {
    let answer = ListSchoolsResponse {
        schools: vec![School {
            display_name: "一中".into(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let house = House::with(settings, Bytes::from(answer.encode_to_vec())).await;
    let token = house
        .officer("clerk.1", Level::County, Duty::Clerk, "regions/630103")
        .await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let House {
        context,
        gateway,
        folder,
        ..
    } = house;
    Open {
        address: listener.local_addr().unwrap(),
        stop: context.stop,
        served: tokio::spawn(gateway.serve(listener)),
        token,
        _folder: folder,
    }
}

/// One HTTP/1.1 exchange: status, headers, body.
async fn exchange(open: &Open, head: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(open.address).await.unwrap();
    let head = format!(
        "{head}\r\nhost: test\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let split = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8(answer[..split].to_vec())
        .unwrap()
        .to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, answer[split + 4..].to_vec())
}

async fn json(open: &Open, request: &str, body: &str) -> (u16, Value) {
    let head = format!(
        "{request} HTTP/1.1\r\nauthorization: Bearer {}\r\ncontent-type: application/json",
        open.token
    );
    let (status, head, body) = exchange(open, &head, body.as_bytes()).await;
    assert!(head.contains("content-type: application/json"), "{head}");
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn json_is_answered_in_json_and_errors_keep_their_reason() {
    let open = open(Settings::default()).await;
    let (status, answer) = json(&open, "GET /v1/regions/630103/schools?pageSize=2", "").await;
    assert_eq!(
        (status, &answer["schools"][0]["displayName"]),
        (200, &json!("一中"))
    );

    for (request, body, expected, code, reason) in [
        (
            "GET /v1/regions/630104/schools",
            "",
            403,
            "PERMISSION_DENIED",
            "OUT_OF_SCOPE",
        ),
        (
            "GET /v1/regions/630103/schools?size=2",
            "",
            400,
            "INVALID_ARGUMENT",
            "FIELD_INVALID",
        ),
        (
            "GET /v1/nothing",
            "",
            404,
            "UNIMPLEMENTED",
            "METHOD_UNKNOWN",
        ),
        (
            "POST /v1/session:signIn",
            "{",
            400,
            "INVALID_ARGUMENT",
            "MESSAGE_UNREADABLE",
        ),
        (
            "POST /v1/session:signIn",
            "{}",
            401,
            "UNAUTHENTICATED",
            "SIGN_IN_REFUSED",
        ),
    ] {
        let (status, answer) = json(&open, request, body).await;
        let error = &answer["error"];
        assert_eq!(
            (status, &error["status"]),
            (expected, &json!(code)),
            "{request}"
        );
        assert_eq!(error["details"][0]["reason"], reason, "{request}");
    }
    let (status, answer) = json(&open, "GET /v1/session", "").await;
    assert_eq!(
        (status, &answer["post"]["level"]),
        (200, &json!("LEVEL_COUNTY"))
    );
}

#[tokio::test]
async fn grpc_web_passes_the_same_way() {
    let open = open(Settings::default()).await;
    let message = encoded(&ListSchoolsRequest {
        parent: "regions/630103".into(),
        ..Default::default()
    });
    let head = format!(
        "POST /junheng.registration.v1.SchoolService/ListSchools HTTP/1.1\r\nauthorization: Bearer {}\
         \r\ncontent-type: application/grpc-web+proto",
        open.token
    );
    let (status, head, body) = exchange(&open, &head, &message).await;
    let text = String::from_utf8_lossy(&body);
    assert_eq!(status, 200, "{head}");
    assert!(
        text.contains("一中") && text.contains("grpc-status:0"),
        "{text}"
    );
    assert!(
        !head.contains("access-control-allow-origin"),
        "no page may call by default"
    );
}

#[tokio::test]
async fn native_grpc_health_and_drain_on_one_connection() {
    let open = open(Settings::default()).await;
    let endpoint = Endpoint::from_shared(format!("http://{}", open.address)).unwrap();
    let channel = endpoint.connect().await.unwrap();
    let mut sessions = SessionServiceClient::new(channel.clone());
    let told = sessions
        .get_session(bearer(&open.token, GetSessionRequest {}))
        .await;
    let told: Session = told.unwrap().into_inner();
    assert_eq!(told.post.unwrap().organisation, "regions/630103");

    let mut health = HealthClient::new(channel);
    let mut watched = health
        .watch(HealthCheckRequest {
            service: String::new(),
        })
        .await
        .unwrap()
        .into_inner();
    let status = |message: Option<tonic_health::pb::HealthCheckResponse>| message.unwrap().status();
    assert_eq!(
        status(watched.message().await.unwrap()),
        ServingStatus::Serving
    );
    open.stop.cancel();
    assert_eq!(
        status(watched.message().await.unwrap()),
        ServingStatus::NotServing
    );
    drop((watched, health, sessions));
    open.served.await.unwrap().unwrap();
    assert!(TcpStream::connect(open.address).await.is_err());
}

#[tokio::test]
async fn a_connection_that_stays_silent_or_is_one_too_many_is_closed() {
    let mut settings = Settings::default();
    settings.limits.handshake_seconds = 0;
    settings.limits.connections = 1;
    let open = open(settings).await;
    let mut silent = TcpStream::connect(open.address).await.unwrap();
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap(), 0);
    let mut settings = Settings::default();
    settings.limits.connections = 0;
    let closed = super::ports::open(settings).await;
    let mut extra = TcpStream::connect(closed.address).await.unwrap();
    assert_eq!(extra.read(&mut [0; 1]).await.unwrap(), 0);
}
