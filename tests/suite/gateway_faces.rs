//! The faces of the gateway: JSON, gRPC-Web, health, reflection, and what it does with garbage.

use hyper::{Method, StatusCode};
use junheng_proto::education::v1::SchoolKind;
use junheng_proto::evidence::v1::StreamMeasuresRequest;
use junheng_proto::registration::v1::{GetSchoolRequest, ListSchoolsRequest, School};
use junheng_proto::workflow::v1::GetWorkflowRequest;
use junheng_tests::bytes_codec::BytesCodec;
use junheng_tests::http::{json, send, web};
use junheng_tests::refusal::{Refused, answered, refused};
use junheng_tests::{County, Story, World, request_id, story};
use prost::Message as _;
use serde_json::{Value, json};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("the same call over gRPC JSON and gRPC-Web gives the same answer", |world| Box::pin(three_faces(world))),
    story("a record is created read and changed over JSON alone", |world| Box::pin(over_json(world))),
    story("an unknown JSON field is named", |world| Box::pin(unknown_field(world))),
    story("a refusal over JSON carries code reason and the Chinese sentence", |world| Box::pin(json_refusal(world))),
    story("health answers for the process and reflection lists every service", |world| Box::pin(health_and_reflection(world))),
    story("garbage instead of a message is refused with a fixed sentence", |world| Box::pin(garbage(world))),
    story("damage behind the field that the gateway reads is refused in the same words", |world| Box::pin(damage_further_on(world))),
    story("a method that the named service has not is refused by name", |world| Box::pin(not_of_this_service(world))),
    story("a message beyond the limit is refused and the connection goes on", |world| Box::pin(oversized(world))),
    story("a method that does not exist is refused by name", |world| Box::pin(unknown_method(world))),
];

async fn three_faces(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let token = &county.clerk.token;
    let get = GetSchoolRequest {
        name: school.name.clone(),
    };
    let over_grpc = answered(county.clerk.schools().get_school(get.clone()).await);
    let url = format!("{}/v1/{}", world.url(), school.name);
    let (status, over_json) = json(Method::GET, &url, token, &Value::Null)
        .await
        .expect("answered");
    assert_eq!(status, StatusCode::OK, "{over_json}");
    assert_eq!(over_json["schoolCode"], over_grpc.school_code);
    assert_eq!(over_json["name"], over_grpc.name);
    assert_eq!(over_json["stages"], json!(["STAGE_PRIMARY"]));
    let method = "junheng.registration.v1.SchoolService/GetSchool";
    let over_web = web(world.url(), token, method, &get.encode_to_vec())
        .await
        .expect("answered");
    assert_eq!(
        School::decode(over_web.messages[0].clone()).expect("a school"),
        over_grpc
    );
    assert!(
        over_web.trailers.contains("grpc-status: 0") || over_web.trailers.contains("grpc-status:0"),
        "{over_web:?}"
    );
    let missing = GetSchoolRequest {
        name: format!("schools/{}", request_id()),
    };
    let over_web = web(world.url(), token, method, &missing.encode_to_vec())
        .await
        .expect("answered");
    assert!(over_web.messages.is_empty());
    assert!(
        over_web.trailers.replace(' ', "").contains("grpc-status:5"),
        "{over_web:?}"
    );
}

async fn over_json(world: &World) {
    let county = County::fresh(world).await;
    let entry = county.entry(SchoolKind::Primary);
    let token = &county.clerk.token;
    let body = json!({
        "school": {
            "displayName": "网上小学",
            "schoolCode": entry.school_code,
            "kind": "SCHOOL_KIND_PRIMARY",
            "urbanRural": "URBAN_RURAL_MAIN_URBAN",
            "sponsor": "SPONSOR_COUNTY_EDUCATION",
            "stages": ["STAGE_PRIMARY"],
        },
        "requestId": request_id(),
    });
    let url = format!("{}/v1/{}/schools", world.url(), county.place.county);
    let (status, created) = json(Method::POST, &url, token, &body)
        .await
        .expect("answered");
    assert_eq!(status, StatusCode::OK, "{created}");
    let (_, again) = json(Method::POST, &url, token, &body)
        .await
        .expect("answered");
    assert_eq!(again, created, "the same request again");
    let (_, listed) = json(
        Method::GET,
        &format!("{url}?pageSize=1"),
        token,
        &Value::Null,
    )
    .await
    .expect("answered");
    assert_eq!(listed["schools"], json!([created]));
    let name = created["name"].as_str().expect("a name");
    let change = json!({
        "school": { "sponsor": "SPONSOR_PRIVATE", "etag": created["etag"] },
        "updateMask": "sponsor",
        "requestId": request_id(),
    });
    let one = format!("{}/v1/{name}", world.url());
    let (status, changed) = json(Method::PATCH, &one, token, &change)
        .await
        .expect("answered");
    assert_eq!(status, StatusCode::OK, "{changed}");
    assert_eq!(changed["sponsor"], "SPONSOR_PRIVATE");
}

async fn unknown_field(world: &World) {
    let county = County::fresh(world).await;
    let url = format!("{}/v1/{}/schools", world.url(), county.place.county);
    let body = json!({ "shcool": {}, "requestId": request_id() });
    let (status, answer) = json(Method::POST, &url, &county.clerk.token, &body)
        .await
        .expect("answered");
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer.to_string().contains("shcool"), "{answer}");
    let query = format!("{url}?pagesize=3");
    let (status, answer) = json(Method::GET, &query, &county.clerk.token, &Value::Null)
        .await
        .expect("answered");
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer.to_string().contains("pagesize"), "{answer}");
}

async fn json_refusal(world: &World) {
    let url = format!("{}/v1/regions/420106/schools", world.url());
    let (status, answer) = json(Method::GET, &url, "", &Value::Null)
        .await
        .expect("answered");
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{answer}");
    let text = answer.to_string();
    assert!(
        text.contains("NOT_SIGNED_IN") && text.contains("junheng") && text.contains("未登录"),
        "{text}"
    );
    let body = json!({ "signInName": "system.42", "password": "certainly not this" });
    let sign_in = format!("{}/v1/session:signIn", world.url());
    let (status, answer) = json(Method::POST, &sign_in, "", &body)
        .await
        .expect("answered");
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(answer.to_string().contains("SIGN_IN_REFUSED"), "{answer}");
    let nowhere = format!("{}/v1/nowhere", world.url());
    let (status, _) = json(Method::GET, &nowhere, "", &Value::Null)
        .await
        .expect("answered");
    assert_eq!(status, StatusCode::NOT_FOUND);
}

async fn health_and_reflection(world: &World) {
    let mut health = HealthClient::new(world.channel());
    let answer = health
        .check(HealthCheckRequest {
            service: String::new(),
        })
        .await;
    assert_eq!(answered(answer).status(), ServingStatus::Serving);
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(world.channel());
    let stream = reflection
        .server_reflection_info(tokio_stream::once(request))
        .await;
    let message = answered(stream)
        .message()
        .await
        .expect("answered")
        .expect("a message");
    let Some(MessageResponse::ListServicesResponse(list)) = message.message_response else {
        panic!("no list: {message:?}");
    };
    let listed: Vec<&str> = list
        .service
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    for service in junheng_proto::POOL.services() {
        assert!(
            listed.contains(&service.full_name()),
            "{} is not listed",
            service.full_name()
        );
    }
}

async fn garbage(world: &World) {
    let county = County::fresh(world).await;
    let path = "/junheng.registration.v1.SchoolService/ListSchools";
    let mut client = tonic::client::Grpc::new(county.clerk.link());
    client.ready().await.expect("connected");
    let noise = bytes::Bytes::from_static(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x01]);
    let answer = client
        .unary(
            tonic::Request::new(noise),
            path.parse().expect("a path"),
            BytesCodec,
        )
        .await;
    let refused = refused(answer, Code::InvalidArgument, "MESSAGE_UNREADABLE");
    assert!(
        !refused.message.contains("ListSchoolsRequest."),
        "no inner names: {}",
        refused.message
    );
    let url = format!("{}/v1/{}/schools", world.url(), county.place.county);
    for body in ["{", "[1,2", "\u{0}", "null null"] {
        let answer = send(
            Method::POST,
            &url,
            &county.clerk.token,
            "application/json",
            body,
        )
        .await;
        let answer = answer.expect("answered");
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {answer:?}");
    }
}

/// Field 1 is the region, which the gateway reads and finds right; field 2 is a number that breaks off.
async fn damage_further_on(world: &World) {
    let county = County::fresh(world).await;
    let path = "/junheng.registration.v1.SchoolService/ListSchools";
    let whole = ListSchoolsRequest {
        parent: county.place.county.clone(),
        ..ListSchoolsRequest::default()
    };
    // A text where a number belongs, a text that is no UTF-8, a number in a field whose type is text.
    for damage in [&[0x12, 0x01, 0x61][..], &[0x1a, 0x01, 0xff], &[0x18, 0x01]] {
        let message = [whole.encode_to_vec(), damage.to_vec()].concat();
        let mut client = tonic::client::Grpc::new(county.clerk.link());
        client.ready().await.expect("connected");
        let request = tonic::Request::new(bytes::Bytes::from(message));
        let path = path.parse().expect("a path");
        let answer = client.unary(request, path, BytesCodec).await;
        let refused = refused(answer, Code::InvalidArgument, "MESSAGE_UNREADABLE");
        for inner in ["ListSchoolsRequest", "page_", "wire type", "UTF-8"] {
            assert!(!refused.message.contains(inner), "{}", refused.message);
        }
    }
}

async fn not_of_this_service(world: &World) {
    let county = County::fresh(world).await;
    let workflow = GetWorkflowRequest {
        service: "accounts".to_owned(),
        name: "workflows/campaign".to_owned(),
    };
    let answer = county.clerk.workflows().get_workflow(workflow).await;
    let unknown = refused(answer, Code::Unimplemented, "METHOD_UNKNOWN");
    assert!(
        unknown.metadata["method"].ends_with("WorkflowService/GetWorkflow"),
        "{unknown:?}"
    );
    let measures = StreamMeasuresRequest {
        service: "accounts".to_owned(),
        parent: county.place.county.clone(),
    };
    let answer = county.clerk.measures().stream_measures(measures).await;
    refused(answer, Code::Unimplemented, "METHOD_UNKNOWN");
}

async fn oversized(world: &World) {
    let county = County::fresh(world).await;
    let big = ListSchoolsRequest {
        parent: county.place.county.clone(),
        page_size: 1,
        page_token: "x".repeat(5 * 1024 * 1024),
    };
    let status = county
        .clerk
        .schools()
        .list_schools(big.clone())
        .await
        .expect_err("too large");
    let known = [
        Code::OutOfRange,
        Code::ResourceExhausted,
        Code::InvalidArgument,
    ];
    assert!(known.contains(&status.code()), "{status:?}");
    let small = ListSchoolsRequest {
        page_token: String::new(),
        ..big
    };
    answered(county.clerk.schools().list_schools(small).await);
    let url = format!("{}/v1/{}/schools", world.url(), county.place.county);
    let body = "x".repeat(5 * 1024 * 1024);
    let answer = send(
        Method::POST,
        &url,
        &county.clerk.token,
        "application/json",
        body,
    )
    .await;
    if let Ok(answer) = answer {
        assert!(answer.status.is_client_error(), "{:?}", answer.status);
    }
}

async fn unknown_method(world: &World) {
    let officer = world
        .sign_in("province.clerk", junheng_tests::world::PROVINCE)
        .await;
    for path in [
        "/junheng.registration.v1.SchoolService/Explode",
        "/no.such.Service/At",
    ] {
        let mut client = tonic::client::Grpc::new(officer.link());
        client.ready().await.expect("connected");
        let empty = tonic::Request::new(bytes::Bytes::new());
        let answer = client
            .unary(empty, path.parse().expect("a path"), BytesCodec)
            .await;
        let status = answer.expect_err(path);
        assert_eq!(status.code(), Code::Unimplemented, "{status:?}");
        assert_eq!(Refused::read(&status).reason, "METHOD_UNKNOWN");
    }
}
