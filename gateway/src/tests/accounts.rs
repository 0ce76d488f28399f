//! Two administrators let somebody in, and the three exclude each other.

use bytes::Bytes;
use junheng_proto::education::v1::Stage;
use junheng_proto::identity::v1::{
    Duty, GetAccountRequest, GetSessionRequest, GrantPostRequest, Level, ListAccountsRequest,
    RevokePostRequest,
};
use junheng_proto::registration::v1::School;
use prost::Message as _;
use tonic::Code;
use uuid::Uuid;

use super::fixture::{House, PASSWORD, bearer, post, reason};
use crate::bootstrap;

#[tokio::test]
async fn it_takes_two_administrators_to_let_somebody_in() {
    let house = House::open().await;
    let account = house.create("newcomer").await;
    let refused = house.sign_in("newcomer", PASSWORD).await.unwrap_err();
    assert_eq!(
        reason(&refused).1,
        "SIGN_IN_REFUSED",
        "an account without a post"
    );

    let wanted = post(Level::County, Duty::Approver, "regions/630103");
    let alone = GrantPostRequest {
        name: account.name.clone(),
        post: Some(wanted.clone()),
        etag: account.etag.clone(),
        request_id: Uuid::now_v7().to_string(),
    };
    let system = house.administrator("system").await;
    let alone = house
        .accounts()
        .grant_post(bearer(&system, alone))
        .await
        .unwrap_err();
    assert_eq!(reason(&alone).1, "ROLE_NOT_ALLOWED");

    let granted = house.grant(&account, wanted).await.unwrap();
    assert_eq!(granted.posts[0].title, "西宁市城中区·负责人");
    assert_ne!(granted.etag, account.etag);
    let session = house.sign_in("newcomer", PASSWORD).await.unwrap();
    assert_eq!(session.post.unwrap(), granted.posts[0]);
}

#[tokio::test]
async fn a_post_is_given_inside_the_own_region_to_somebody_else_who_may_hold_it() {
    let house = House::open().await;
    let account = house.create("candidate").await;
    let give = async |level, duty, organisation: &str| {
        let refused = house.grant(&account, post(level, duty, organisation)).await;
        reason(&refused.unwrap_err())
    };
    use Code::{InvalidArgument, PermissionDenied};
    use Level::{City, County};
    for (level, duty, organisation, code, why) in [
        (
            County,
            Duty::Clerk,
            "regions/429004",
            PermissionDenied,
            "OUT_OF_SCOPE",
        ),
        (
            City,
            Duty::Clerk,
            "regions/630103",
            InvalidArgument,
            "FIELD_INVALID",
        ),
        (
            County,
            Duty::Service,
            "regions/630103",
            InvalidArgument,
            "FIELD_INVALID",
        ),
        (
            County,
            Duty::Clerk,
            "classes/1",
            InvalidArgument,
            "FIELD_INVALID",
        ),
    ] {
        assert_eq!(
            give(level, duty, organisation).await,
            (code, why.into()),
            "{organisation}"
        );
    }
    let clerk = house
        .grant(&account, post(County, Duty::Clerk, "regions/630103"))
        .await
        .unwrap();
    let audit = house
        .grant(&clerk, post(County, Duty::Audit, "regions/630103"))
        .await
        .unwrap_err();
    assert_eq!(
        reason(&audit),
        (Code::FailedPrecondition, "POSTS_EXCLUDE_EACH_OTHER".into())
    );
    let stale = house
        .grant(&account, post(County, Duty::Approver, "regions/630103"))
        .await;
    assert_eq!(
        reason(&stale.unwrap_err()),
        (Code::Aborted, "ETAG_MISMATCH".into())
    );

    let token = house.administrator("security").await;
    let me = house
        .sessions()
        .get_session(bearer(&token, GetSessionRequest {}))
        .await;
    let me = GetAccountRequest {
        name: me.unwrap().into_inner().account,
    };
    let me = house
        .accounts()
        .get_account(bearer(&token, me))
        .await
        .unwrap()
        .into_inner();
    let own = house
        .grant(&me, post(County, Duty::Security, "regions/630103"))
        .await;
    assert_eq!(reason(&own.unwrap_err()).1, "SAME_PERSON");
}

#[tokio::test]
async fn where_a_school_lies_is_registrations_to_tell() {
    let school = |region: &str| School {
        name: format!("schools/{}", Uuid::nil()),
        display_name: "水井巷小学".into(),
        region: region.into(),
        stages: vec![Stage::Primary.into()],
        ..Default::default()
    };
    let answer = Bytes::from(school("regions/630103").encode_to_vec());
    let house = House::with(Default::default(), answer).await;
    let account = house.create("headmaster").await;
    let at_school = post(
        Level::School,
        Duty::Approver,
        &format!("schools/{}", Uuid::nil()),
    );
    let granted = house.grant(&account, at_school.clone()).await.unwrap();
    assert_eq!(granted.posts[0].title, "水井巷小学·负责人");
    let asked = house.last_seen().unwrap();
    assert_eq!(
        asked.path,
        "/junheng.registration.v1.SchoolService/GetSchool"
    );

    let answer = Bytes::from(school("regions/429004").encode_to_vec());
    let house = House::with(Default::default(), answer).await;
    let account = house.create("headmaster").await;
    let foreign = house.grant(&account, at_school).await.unwrap_err();
    assert_eq!(reason(&foreign).1, "OUT_OF_SCOPE");
}

#[tokio::test]
async fn a_post_taken_ends_its_sessions_at_once() {
    let house = House::open().await;
    let token = house
        .officer("leaver", Level::County, Duty::Clerk, "regions/630103")
        .await;
    let whoami = async || {
        house
            .sessions()
            .get_session(bearer(&token, GetSessionRequest {}))
            .await
    };
    let name = whoami().await.unwrap().into_inner().account;
    let security = house.administrator("security").await;
    let get = GetAccountRequest { name };
    let account = house
        .accounts()
        .get_account(bearer(&security, get))
        .await
        .unwrap()
        .into_inner();
    let request = RevokePostRequest {
        name: account.name,
        post: Some(post(Level::County, Duty::Clerk, "regions/630103")),
        etag: account.etag,
        request_id: Uuid::now_v7().to_string(),
    };
    let revoke = async || {
        house
            .accounts()
            .revoke_post(bearer(&security, request.clone()))
            .await
    };
    assert!(revoke().await.unwrap().into_inner().posts.is_empty());
    assert_eq!(reason(&whoami().await.unwrap_err()).1, "NOT_SIGNED_IN");
    // The same request again is the same step once.
    assert!(revoke().await.unwrap().into_inner().posts.is_empty());
}

#[tokio::test]
async fn a_taken_name_is_refused_and_lists_show_what_lies_below() {
    let house = House::open().await;
    house.create("first.one").await;
    let system = house.administrator("system").await;
    let again = junheng_proto::identity::v1::CreateAccountRequest {
        parent: "regions/630103".into(),
        account: Some(junheng_proto::identity::v1::Account {
            sign_in_name: "first.one".into(),
            display_name: "另一人".into(),
            ..Default::default()
        }),
        password: PASSWORD.into(),
        request_id: Uuid::now_v7().to_string(),
    };
    let taken = house
        .accounts()
        .create_account(bearer(&system, again))
        .await
        .unwrap_err();
    assert_eq!(
        reason(&taken),
        (Code::AlreadyExists, "SIGN_IN_NAME_TAKEN".into())
    );
    let list = async |parent: &str| {
        let request = ListAccountsRequest {
            parent: parent.into(),
            ..Default::default()
        };
        let listed = house
            .accounts()
            .list_accounts(bearer(&system, request))
            .await;
        listed.unwrap().into_inner().accounts.len()
    };
    assert_eq!(list("regions/630000").await, 4);
    assert_eq!(list("regions/630103").await, 0);
}

#[tokio::test]
async fn the_first_three_are_made_once() {
    let house = House::open().await;
    let names: Vec<_> = house
        .first
        .iter()
        .map(|first| first.sign_in_name.as_str())
        .collect();
    assert_eq!(names, ["system.63", "security.63", "audit.63"]);
    assert!(bootstrap(&house.context, "63").await.unwrap().is_empty());
}
