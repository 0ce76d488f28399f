//! Signing in and out.

use junheng_proto::identity::v1::{
    Duty, GetSessionRequest, Level, RefreshSessionRequest, SignInRequest, SignOutRequest,
};
use tonic::Code;

use super::fixture::{House, PASSWORD, bearer, post, reason};

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_the_same_answer_up_to_the_same_lock() {
    let house = House::open().await;
    let wrong = "not the right password";
    for attempt in 1..=7 {
        let known = house.sign_in("system.63", wrong).await.unwrap_err();
        let unknown = house.sign_in("system.64", wrong).await.unwrap_err();
        let expected = if attempt <= 5 {
            "SIGN_IN_REFUSED"
        } else {
            "SIGN_IN_LOCKED"
        };
        assert_eq!(reason(&known).1, expected, "attempt {attempt}");
        assert_eq!(reason(&known), reason(&unknown));
        if attempt <= 5 {
            assert_eq!(known.message(), unknown.message());
            assert_eq!(known.details(), unknown.details());
        }
    }
    // The right password does not open a locked name; time does.
    let password = house.first[0].password.clone();
    let locked = house.sign_in("system.63", &password).await.unwrap_err();
    assert_eq!(
        reason(&locked),
        (Code::ResourceExhausted, "SIGN_IN_LOCKED".into())
    );
    house.context.clock.advance_seconds(15 * 60 + 1);
    assert!(house.sign_in("system.63", &password).await.is_ok());
}

#[tokio::test]
async fn a_session_ends_when_signed_out_and_its_tokens_with_it() {
    let house = House::open().await;
    let token = house.administrator("audit").await;
    let refreshed = house
        .sessions()
        .refresh_session(bearer(&token, RefreshSessionRequest {}))
        .await;
    let refreshed = refreshed.unwrap().into_inner();
    assert!(!refreshed.access_token.is_empty());
    let whoami = async |token: &str| {
        house
            .sessions()
            .get_session(bearer(token, GetSessionRequest {}))
            .await
    };
    let told = whoami(&refreshed.access_token).await.unwrap().into_inner();
    assert_eq!(
        (told.access_token.as_str(), &told.post),
        ("", &refreshed.post)
    );
    house
        .sessions()
        .sign_out(bearer(&token, SignOutRequest {}))
        .await
        .unwrap();
    for token in [&token, &refreshed.access_token] {
        assert_eq!(reason(&whoami(token).await.unwrap_err()).1, "NOT_SIGNED_IN");
    }
}

#[tokio::test]
async fn a_token_lasts_minutes_and_a_session_hours_however_often_it_is_refreshed() {
    let house = House::open().await;
    let mut token = house.administrator("audit").await;
    let refresh = async |token: &str| {
        let request = bearer(token, RefreshSessionRequest {});
        let refreshed = house.sessions().refresh_session(request).await;
        refreshed.map(|session| session.into_inner().access_token)
    };
    let mut minutes = 0;
    loop {
        house.context.clock.advance_seconds(14 * 60);
        minutes += 14;
        match refresh(&token).await {
            Ok(next) => token = next,
            Err(ended) => {
                assert_eq!(reason(&ended).1, "NOT_SIGNED_IN");
                break;
            }
        }
    }
    assert_eq!(
        minutes,
        8 * 60 / 14 * 14 + 14,
        "the session ends after eight hours"
    );
    let token = house.administrator("audit").await;
    house.context.clock.advance_seconds(15 * 60);
    assert_eq!(
        reason(&refresh(&token).await.unwrap_err()).1,
        "NOT_SIGNED_IN"
    );
}

#[tokio::test]
async fn a_person_with_several_posts_chooses_one() {
    let house = House::open().await;
    let account = house.create("busy").await;
    let clerk = post(Level::County, Duty::Clerk, "regions/630103");
    let approver = post(Level::County, Duty::Approver, "regions/630104");
    let account = house.grant(&account, clerk).await.unwrap();
    house.grant(&account, approver.clone()).await.unwrap();
    let undecided = house.sign_in("busy", PASSWORD).await.unwrap_err();
    assert_eq!(
        reason(&undecided),
        (Code::FailedPrecondition, "POST_NOT_CHOSEN".into())
    );
    let request = SignInRequest {
        sign_in_name: "busy".into(),
        password: PASSWORD.into(),
        post: Some(approver),
    };
    let session = house
        .sessions()
        .sign_in(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(session.post.unwrap().organisation, "regions/630104");
    assert_eq!(session.posts.len(), 2);
}

#[tokio::test]
async fn neither_password_nor_token_stands_anywhere_in_the_database() {
    let house = House::open().await;
    let token = house
        .officer("secretive", Level::County, Duty::Clerk, "regions/630103")
        .await;
    house
        .sign_in("secretive", "a wrong password of tests")
        .await
        .unwrap_err();
    let files = std::fs::read_dir(house.folder.path()).unwrap();
    let bytes: Vec<u8> = files
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds("secretive"), "the search finds what is there");
    let signature = token.rsplit('.').next().unwrap();
    for secret in [PASSWORD, "a wrong password of tests", &token, signature] {
        assert!(!holds(secret));
    }
}
