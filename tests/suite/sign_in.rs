//! Signing in 登录 and the three administrators 三员.

use std::time::Duration;

use junheng_proto::identity::v1::{
    ChangePasswordRequest, GetAccountRequest, GetSessionRequest, GrantPostRequest,
    ListAccountsRequest, RefreshSessionRequest, RevokePostRequest, SignInRequest, SignOutRequest,
};
use junheng_proto::journal::v1::{ChangeEvent, WatchChangesRequest};
use junheng_proto::registration::v1::ListSchoolsRequest;
use junheng_tests::refusal::{Refused, answered, refused};
use junheng_tests::world::{PASSWORD, PROVINCE, post};
use junheng_tests::{Story, World, request_id, story};
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};

/// Longer than the gateway takes to look at a stream's session, and shorter than any identity holds.
const PATIENCE: Duration = Duration::from_secs(15);

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a wrong password and an unknown name are refused alike", |world| Box::pin(refused_alike(world))),
    story("after five failures a name is locked even for the right password", |world| Box::pin(locked(world))),
    story("who changes the password goes on here, is signed out elsewhere and signs in with the new one only", |world| Box::pin(another_password(world))),
    story("a wrong present password is counted like a failed sign-in", |world| Box::pin(guessed(world))),
    story("an account without a post cannot sign in", |world| Box::pin(without_post(world))),
    story("with several posts one is chosen and the session acts in it alone", |world| Box::pin(several_posts(world))),
    story("a session that was signed out is refused", |world| Box::pin(signed_out(world))),
    story("taking a post away ends its sessions at once", |world| Box::pin(revoked(world))),
    story("a feed ends when the session is signed out or the post revoked", |world| Box::pin(feeds_end(world))),
    story("an account opens so many feeds and one more when one has ended", |world| Box::pin(many_feeds(world))),
    story("an administrator holds no other duty", |world| Box::pin(three_administrators(world))),
    story("a post outside the own region cannot be given", |world| Box::pin(outside(world))),
    story("a token with one changed character is refused", |world| Box::pin(forged(world))),
    story("a refreshed session has a new token and stays the same", |world| Box::pin(refreshed(world))),
];

async fn refused_alike(world: &World) {
    let account = unique("alike");
    world
        .appoint(&account, &[("province.clerk", PROVINCE)])
        .await;
    let wrong = sign_in(world, &account, "not the password at all").await;
    let unknown = sign_in(world, &unique("nobody"), "not the password at all").await;
    let wrong = refused(wrong, Code::Unauthenticated, "SIGN_IN_REFUSED");
    let unknown = refused(unknown, Code::Unauthenticated, "SIGN_IN_REFUSED");
    assert_eq!(
        (wrong.message, wrong.sentence),
        (unknown.message, unknown.sentence)
    );
    assert_eq!(wrong.metadata.len(), unknown.metadata.len());
}

async fn locked(world: &World) {
    let account = unique("locked");
    world
        .appoint(&account, &[("province.clerk", PROVINCE)])
        .await;
    for _ in 0..5 {
        let answer = sign_in(world, &account, "a wrong password again").await;
        refused(answer, Code::Unauthenticated, "SIGN_IN_REFUSED");
    }
    let answer = sign_in(world, &account, PASSWORD).await;
    let refused = refused(answer, Code::ResourceExhausted, "SIGN_IN_LOCKED");
    let seconds: u32 = refused.metadata["retry_seconds"].parse().expect("seconds");
    assert!((1..=900).contains(&seconds), "{seconds}");
}

async fn another_password(world: &World) {
    const NEW: &str = "another Password for tests 2026";
    let account = unique("renewed");
    world
        .appoint(&account, &[("province.clerk", PROVINCE)])
        .await;
    let here = world.enter(&account, PASSWORD, None).await;
    let elsewhere = world.enter(&account, PASSWORD, None).await;
    answered(elsewhere.schools().list_schools(list()).await);
    let change = change(PASSWORD, NEW);
    let changed = answered(here.sessions().change_password(change.clone()).await);
    let again = answered(here.sessions().change_password(change.clone()).await);
    assert_eq!(changed, again, "it was done once");
    let another = ChangePasswordRequest {
        password: NEW.to_owned(),
        new_password: "a third Password for tests".to_owned(),
        ..change
    };
    let another = here.sessions().change_password(another).await;
    refused(another, Code::InvalidArgument, "REQUEST_ID_REUSED");
    answered(here.schools().list_schools(list()).await);
    let gone = elsewhere.schools().list_schools(list()).await;
    refused(gone, Code::Unauthenticated, "NOT_SIGNED_IN");
    let with_old = sign_in(world, &account, PASSWORD).await;
    refused(with_old, Code::Unauthenticated, "SIGN_IN_REFUSED");
    answered(sign_in(world, &account, NEW).await);
}

async fn guessed(world: &World) {
    let account = unique("guessed");
    world
        .appoint(&account, &[("province.clerk", PROVINCE)])
        .await;
    let officer = world.enter(&account, PASSWORD, None).await;
    let ask = async |present: &str, new: &str| {
        let change = change(present, new);
        officer.sessions().change_password(change).await
    };
    let same = ask(PASSWORD, PASSWORD).await;
    let same = refused(same, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(same.fields, ["new_password"]);
    for _ in 0..5 {
        let wrong = ask("not the password at all", "another Password 2026").await;
        let wrong = refused(wrong, Code::InvalidArgument, "FIELD_INVALID");
        assert_eq!(wrong.fields, ["password"]);
    }
    let locked = ask(PASSWORD, "another Password 2026").await;
    refused(locked, Code::ResourceExhausted, "SIGN_IN_LOCKED");
    let locked = sign_in(world, &account, PASSWORD).await;
    refused(locked, Code::ResourceExhausted, "SIGN_IN_LOCKED");
}

fn change(present: &str, new: &str) -> ChangePasswordRequest {
    ChangePasswordRequest {
        password: present.to_owned(),
        new_password: new.to_owned(),
        request_id: request_id(),
    }
}

async fn without_post(world: &World) {
    let account = unique("postless");
    world.appoint(&account, &[]).await;
    refused(
        sign_in(world, &account, PASSWORD).await,
        Code::Unauthenticated,
        "SIGN_IN_REFUSED",
    );
}

async fn several_posts(world: &World) {
    let account = unique("several");
    let place = world.place();
    let posts = [
        ("county.clerk", place.county.as_str()),
        ("county.inspector", place.county.as_str()),
    ];
    world.appoint(&account, &posts).await;
    let answer = sign_in(world, &account, PASSWORD).await;
    let refused = refused(answer, Code::FailedPrecondition, "POST_NOT_CHOSEN");
    assert!(
        refused.metadata["posts"].contains("county.inspector"),
        "{refused:?}"
    );
    let inspector = world
        .enter(
            &account,
            PASSWORD,
            Some(post("county.inspector", &place.county)),
        )
        .await;
    let session = answered(inspector.sessions().get_session(GetSessionRequest {}).await);
    assert_eq!(session.posts.len(), 2);
    assert!(session.access_token.is_empty());
    let title = session.post.expect("a post").title;
    assert!(title.contains("督学"), "{title}");
    let request = junheng_proto::registration::v1::CreateSchoolRequest {
        parent: place.county.clone(),
        school: None,
        request_id: request_id(),
    };
    let as_clerk = inspector.schools().create_school(request).await;
    self::refused(as_clerk, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
}

async fn signed_out(world: &World) {
    let officer = world.another("province.clerk", PROVINCE).await;
    answered(officer.schools().list_schools(list()).await);
    let ended = answered(officer.sessions().sign_out(SignOutRequest {}).await);
    assert!(ended.end_time.is_some());
    refused(
        officer.schools().list_schools(list()).await,
        Code::Unauthenticated,
        "NOT_SIGNED_IN",
    );
}

async fn revoked(world: &World) {
    let name = unique("revoked");
    let account = world.appoint(&name, &[("province.clerk", PROVINCE)]).await;
    let officer = world.enter(&name, PASSWORD, None).await;
    answered(officer.schools().list_schools(list()).await);
    let security = world.administrator("security").await;
    let request = RevokePostRequest {
        name: account.name.clone(),
        post: Some(post("province.clerk", PROVINCE)),
        etag: account.etag,
        request_id: request_id(),
    };
    let account = answered(security.accounts().revoke_post(request).await);
    assert!(account.posts.is_empty());
    refused(
        officer.schools().list_schools(list()).await,
        Code::Unauthenticated,
        "NOT_SIGNED_IN",
    );
}

async fn feeds_end(world: &World) {
    let name = unique("listener");
    let account = world
        .appoint(&name, &[("province.partner", PROVINCE)])
        .await;
    let leaver = world.another("province.partner", PROVINCE).await;
    let loser = world.enter(&name, PASSWORD, None).await;
    let stayer = world.another("province.partner", PROVINCE).await;
    let mut feeds = [
        answered(leaver.journal().watch_changes(watch()).await),
        answered(loser.journal().watch_changes(watch()).await),
    ];
    let mut going_on = answered(stayer.journal().watch_changes(watch()).await);
    answered(leaver.sessions().sign_out(SignOutRequest {}).await);
    let security = world.administrator("security").await;
    let request = RevokePostRequest {
        name: account.name.clone(),
        post: Some(post("province.partner", PROVINCE)),
        etag: account.etag,
        request_id: request_id(),
    };
    answered(security.accounts().revoke_post(request).await);
    for feed in &mut feeds {
        let ended = timeout(PATIENCE, last(feed)).await;
        let ended = ended.expect("the feed ends soon");
        let told = Refused::read(&ended);
        assert_eq!(
            (told.code, told.reason.as_str()),
            (Code::Unavailable, "STREAM_ENDED")
        );
    }
    for officer in [leaver, loser] {
        let again = officer.journal().watch_changes(watch()).await;
        refused(again, Code::Unauthenticated, "NOT_SIGNED_IN");
    }
    let silence = timeout(PATIENCE / 5, last(&mut going_on)).await;
    assert!(silence.is_err(), "another account's feed goes on");
}

async fn many_feeds(world: &World) {
    let officer = world.another("province.partner", PROVINCE).await;
    let mut feeds = Vec::new();
    for _ in 0..20 {
        feeds.push(answered(officer.journal().watch_changes(watch()).await));
    }
    let answer = officer.journal().watch_changes(watch()).await;
    let refused = refused(answer, Code::ResourceExhausted, "RATE_LIMITED");
    assert!(
        refused.metadata.contains_key("retry_seconds"),
        "{refused:?}"
    );
    answered(officer.sessions().get_session(GetSessionRequest {}).await);
    feeds.pop();
    // The gateway learns of it when the connection tells it.
    let again = async {
        while officer.journal().watch_changes(watch()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, again).await.expect("one more is taken");
}

/// Reads a feed until it ends, and gives the status it ended with.
async fn last(feed: &mut Streaming<ChangeEvent>) -> Status {
    loop {
        match feed.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a feed has no good end"),
            Err(status) => return status,
        }
    }
}

fn watch() -> WatchChangesRequest {
    WatchChangesRequest {
        service: "registration".to_owned(),
        parent: PROVINCE.to_owned(),
        cursor: String::new(),
        // Few events: the feed is mostly silent.
        collection: "nothing".to_owned(),
    }
}

async fn three_administrators(world: &World) {
    let name = unique("three");
    let account = world.appoint(&name, &[("province.audit", PROVINCE)]).await;
    let security = world.administrator("security").await;
    for role in ["province.system", "province.security", "province.clerk"] {
        let request = GrantPostRequest {
            name: account.name.clone(),
            post: Some(post(role, PROVINCE)),
            etag: account.etag.clone(),
            request_id: request_id(),
        };
        let answer = security.accounts().grant_post(request).await;
        refused(answer, Code::FailedPrecondition, "POSTS_EXCLUDE_EACH_OTHER");
    }
    let system = world.administrator("system").await;
    let grant = GrantPostRequest {
        name: account.name.clone(),
        post: Some(post("province.audit", PROVINCE)),
        etag: account.etag.clone(),
        request_id: request_id(),
    };
    let answer = system.accounts().grant_post(grant).await;
    refused(answer, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
    let get = GetAccountRequest {
        name: account.name.clone(),
    };
    let read = answered(system.accounts().get_account(get).await);
    assert_eq!(read, account);
    let list = ListAccountsRequest {
        parent: PROVINCE.to_owned(),
        page_size: 3,
        page_token: String::new(),
    };
    let listed = answered(system.accounts().list_accounts(list).await);
    assert_eq!(listed.accounts.len(), 3);
    assert!(
        !format!("{listed:?}").contains("argon2"),
        "no password hash is shown"
    );
}

async fn outside(world: &World) {
    let name = unique("outside");
    let account = world.appoint(&name, &[]).await;
    let [here, there, _] = world.neighbours();
    let security = world.sign_in("county.security", &here.county).await;
    let request = |organisation: &str| GrantPostRequest {
        name: account.name.clone(),
        post: Some(post("county.clerk", organisation)),
        etag: account.etag.clone(),
        request_id: request_id(),
    };
    let answer = security.accounts().grant_post(request(&here.county)).await;
    refused(answer, Code::NotFound, "NOT_FOUND");
    let security = world.administrator("security").await;
    let answer = security
        .accounts()
        .grant_post(request("regions/630103"))
        .await;
    refused(answer, Code::PermissionDenied, "OUT_OF_SCOPE");
    let mut misfit = request(&there.county);
    misfit.post = Some(post("city.clerk", &there.county));
    let answer = security.accounts().grant_post(misfit).await;
    refused(answer, Code::InvalidArgument, "FIELD_INVALID");
}

async fn forged(world: &World) {
    let officer = world.sign_in("province.clerk", PROVINCE).await;
    for place in [5, officer.token.len() / 2, officer.token.len() - 2] {
        let mut forged = officer.clone();
        let other = if officer.token[place..].starts_with('A') {
            "B"
        } else {
            "A"
        };
        forged.token.replace_range(place..=place, other);
        let answer = forged.schools().list_schools(list()).await;
        refused(answer, Code::Unauthenticated, "NOT_SIGNED_IN");
    }
}

async fn refreshed(world: &World) {
    let officer = world.another("province.clerk", PROVINCE).await;
    let before = answered(officer.sessions().get_session(GetSessionRequest {}).await);
    let session = answered(
        officer
            .sessions()
            .refresh_session(RefreshSessionRequest {})
            .await,
    );
    assert!(!session.access_token.is_empty());
    assert_eq!(
        (&session.account, &session.post),
        (&before.account, &before.post)
    );
    let mut renewed = officer.clone();
    renewed.token = session.access_token;
    answered(renewed.schools().list_schools(list()).await);
    answered(officer.schools().list_schools(list()).await);
}

async fn sign_in(
    world: &World,
    name: &str,
    password: &str,
) -> Result<tonic::Response<junheng_proto::identity::v1::Session>, tonic::Status> {
    let request = SignInRequest {
        sign_in_name: name.to_owned(),
        password: password.to_owned(),
        post: None,
    };
    world.nobody().sessions().sign_in(request).await
}

fn list() -> ListSchoolsRequest {
    ListSchoolsRequest {
        parent: PROVINCE.to_owned(),
        page_size: 1,
        page_token: String::new(),
    }
}

fn unique(name: &str) -> String {
    format!("{name}.{}", uuid::Uuid::now_v7().simple())
}
