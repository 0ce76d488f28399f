//! What reaches a service, and what does not.

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use junheng_kernel::admission::{IDENTITY_HEADER, SERVICE_AUDIENCE, TrustedKeys, verify};
use junheng_proto::bulk::v1::ImportHeader;
use junheng_proto::identity::v1::{Duty, Level, SignInRequest};
use junheng_proto::inspection::v1::ReviewCampaignRequest;
use junheng_proto::journal::v1::WatchChangesRequest;
use junheng_proto::registration::v1::import_schools_request::Part;
use junheng_proto::registration::v1::{ImportSchoolsRequest, ListSchoolsRequest};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::ServiceExt as _;

use super::fixture::{House, encoded, framed, reason};
use crate::admission::Callers;

const LIST: &str = "/junheng.registration.v1.SchoolService/ListSchools";
const IMPORT: &str = "/junheng.registration.v1.SchoolService/ImportSchools";
const REVIEW: &str = "/junheng.inspection.v1.CampaignService/ReviewCampaign";
const SIGN_IN: &str = "/junheng.identity.v1.SessionService/SignIn";
const WATCH: &str = "/junheng.journal.v1.JournalService/WatchChanges";

/// Sends `chunks` as they are and gives the answer's bytes.
async fn send(
    house: &House,
    path: &str,
    headers: &[(&'static str, &str)],
    chunks: &[Bytes],
) -> Result<Bytes, Status> {
    let frames: Vec<Result<_, Status>> = chunks
        .iter()
        .map(|chunk| Ok(Frame::data(chunk.clone())))
        .collect();
    let body = Body::new(StreamBody::new(tokio_stream::iter(frames)));
    let mut request = Request::post(path).header("content-type", "application/grpc");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body).unwrap();
    let response = house.gateway.link().oneshot(request).await.unwrap();
    let status = |headers: &HeaderMap| Status::from_header_map(headers);
    if let Some(status) = status(response.headers()) {
        return Err(status);
    }
    let collected = response.into_body().collect().await?;
    let ended = status(collected.trailers().unwrap()).unwrap();
    assert_eq!(ended.code(), Code::Ok);
    Ok(collected.to_bytes())
}

fn list(parent: &str) -> Bytes {
    encoded(&ListSchoolsRequest {
        parent: parent.into(),
        ..Default::default()
    })
}

async fn refused(house: &House, path: &str, token: &str, message: Bytes) -> (Code, String) {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str())];
    let before = house.seen.lock().unwrap().len();
    let refused = send(house, path, &headers, &[message]).await.unwrap_err();
    assert_eq!(
        house.seen.lock().unwrap().len(),
        before,
        "a service was asked"
    );
    reason(&refused)
}

#[tokio::test]
async fn bytes_go_through_untouched_and_the_identity_is_the_gateways_own() {
    let house = House::with(Default::default(), Bytes::from_static(b"\x0a\x01x")).await;
    let token = house
        .officer("clerk.1", Level::County, Duty::Clerk, "regions/630103")
        .await;
    let header = ImportSchoolsRequest {
        part: Some(Part::Header(ImportHeader {
            parent: "regions/630103".into(),
            ..Default::default()
        })),
    };
    // Frames cut anywhere, a field that nobody knows, and a second message that the gateway does not look at.
    let sent = [
        &encoded(&header)[..],
        &framed(b"\xfa\x3f\x03abc"),
        &framed(b"not protobuf"),
    ]
    .concat();
    let chunks: Vec<Bytes> = sent.chunks(7).map(Bytes::copy_from_slice).collect();
    let authorization = format!("Bearer {token}");
    let answer = send(
        &house,
        IMPORT,
        &[
            ("authorization", &authorization),
            (IDENTITY_HEADER, "forged"),
            (IDENTITY_HEADER, "forged again"),
            ("x-request-note", "kept"),
        ],
        &chunks,
    )
    .await;
    assert_eq!(answer.unwrap(), framed(b"\x0a\x01x"));

    let seen = house.last_seen().unwrap();
    assert_eq!((seen.service, seen.path.as_str()), ("registration", IMPORT));
    assert_eq!(seen.body, sent);
    assert_eq!(seen.headers["x-request-note"], "kept");
    assert!(seen.headers.contains_key("traceparent"));
    assert!(
        !seen.headers.contains_key("authorization"),
        "the token stays at the gateway"
    );
    let identities: Vec<_> = seen.headers.get_all(IDENTITY_HEADER).iter().collect();
    assert_eq!(identities.len(), 1);
    let mut trusted = TrustedKeys::default();
    trusted.trust("gateway", house.context.signing.public());
    let identity = identities[0].to_str().unwrap();
    let claims = verify(identity, &trusted, SERVICE_AUDIENCE, &house.context.clock).unwrap();
    assert_eq!(
        (claims.role.as_str(), claims.organisation.as_str()),
        ("county.clerk", "regions/630103")
    );
}

#[tokio::test]
async fn who_may_not_call_is_told_why_and_no_service_is_asked() {
    let house = House::open().await;
    let county = house
        .officer(
            "approver.1",
            Level::County,
            Duty::Approver,
            "regions/630103",
        )
        .await;
    let check = async |path, token: &str, message| refused(&house, path, token, message).await;
    let own = || list("regions/630103");
    let expect = |code, reason: &str| (code, reason.to_owned());

    let anonymous = send(&house, LIST, &[], &[own()]).await.unwrap_err();
    assert_eq!(
        reason(&anonymous),
        expect(Code::Unauthenticated, "NOT_SIGNED_IN")
    );
    assert_eq!(
        check(LIST, "nonsense", own()).await,
        expect(Code::Unauthenticated, "NOT_SIGNED_IN")
    );
    let review = encoded(&ReviewCampaignRequest::default());
    let city_only = check(REVIEW, &county, review).await;
    assert_eq!(
        city_only,
        expect(Code::PermissionDenied, "ROLE_NOT_ALLOWED")
    );
    for (parent, code, why) in [
        ("regions/630104", Code::PermissionDenied, "OUT_OF_SCOPE"),
        ("regions/630000", Code::PermissionDenied, "OUT_OF_SCOPE"),
        ("regions/639999", Code::InvalidArgument, "REGION_UNKNOWN"),
    ] {
        assert_eq!(
            check(LIST, &county, list(parent)).await,
            expect(code, why),
            "{parent}"
        );
    }
    let unknown = check(
        "/junheng.registration.v1.SchoolService/Drop",
        &county,
        own(),
    )
    .await;
    assert_eq!(unknown, expect(Code::Unimplemented, "METHOD_UNKNOWN"));
    let damaged = check(LIST, &county, framed(b"\x0a\x7f")).await;
    assert_eq!(damaged, expect(Code::InvalidArgument, "MESSAGE_UNREADABLE"));
    let missing = check(LIST, &county, Bytes::new()).await;
    assert_eq!(missing, expect(Code::InvalidArgument, "MESSAGE_UNREADABLE"));
}

#[tokio::test]
async fn a_caller_without_a_session_may_sign_in_and_nothing_else() {
    let house = House::open().await;
    let first = &house.first[0];
    let request = encoded(&SignInRequest {
        sign_in_name: first.sign_in_name.clone(),
        password: first.password.clone(),
        post: None,
    });
    // A stale token does not keep its holder from signing in anew.
    for headers in [&[][..], &[("authorization", "Bearer stale")]] {
        send(&house, SIGN_IN, headers, std::slice::from_ref(&request))
            .await
            .unwrap();
    }
    let open: Vec<_> = house
        .context
        .access
        .iter()
        .filter(|rule| rule.anyone)
        .collect();
    // Besides signing in, only the verification of a certificate by its code needs no sign-in.
    let public = "/junheng.registration.v1.CertificateService/VerifyCertificate";
    assert!(
        open.iter()
            .all(|rule| [SIGN_IN, public].contains(&rule.path.as_str()))
    );

    let nobody = Callers::new(&house.context).unwrap().nobody();
    assert!(!nobody.caller().scope.covers(630_103_000_000, None));
    let now = house.context.clock.now_micros() / 1_000_000;
    let identity = nobody.identity(&house.context.signing, now).unwrap();
    let mut trusted = TrustedKeys::default();
    trusted.trust("gateway", house.context.signing.public());
    let claims = verify(&identity, &trusted, SERVICE_AUDIENCE, &house.context.clock).unwrap();
    assert_eq!(claims.sub, "accounts/nobody");
    // The same key signs both, yet an identity is no session.
    let refusal = refused(&house, LIST, &identity, list("regions/630000")).await;
    assert_eq!(refusal.1, "NOT_SIGNED_IN");
}

#[tokio::test]
async fn a_common_service_is_found_by_the_name_in_the_request() {
    let house = House::open().await;
    let audit = house.administrator("audit").await;
    let authorization = format!("Bearer {audit}");
    let headers = [("authorization", authorization.as_str())];
    let watch = |service: &str| {
        encoded(&WatchChangesRequest {
            service: service.into(),
            parent: "regions/630000".into(),
            ..Default::default()
        })
    };
    for service in ["registration", "staffing", "assets", "inspection"] {
        send(&house, WATCH, &headers, &[watch(service)])
            .await
            .unwrap();
        assert_eq!(house.last_seen().unwrap().service, service);
    }
    for unknown in ["payroll", ""] {
        let refused = send(&house, WATCH, &headers, &[watch(unknown)])
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{unknown}");
    }
}

#[tokio::test]
async fn an_account_that_calls_too_often_is_told_to_wait() {
    let mut settings = crate::Settings::default();
    settings.limits.calls_per_minute = 3;
    let house = House::with(settings, Bytes::new()).await;
    let token = house.administrator("audit").await;
    let mut answers = Vec::new();
    let authorization = format!("Bearer {token}");
    for _ in 0..4 {
        let headers = [("authorization", authorization.as_str())];
        answers.push(send(&house, LIST, &headers, &[list("regions/630000")]).await);
    }
    let refused = answers.pop().unwrap().unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::ResourceExhausted, "RATE_LIMITED".into())
    );
    assert!(answers.iter().all(Result::is_ok));
}
