//! Scene: two administrators let people in, the third watches (三员分立).

use junheng_proto::error::v1::Reason;
use junheng_proto::identity::v1::account_service_client::AccountServiceClient;
use junheng_proto::identity::v1::{Account, CreateAccountRequest, GrantPostRequest};

use super::cast::Person;
use super::story::{Story, new_id};
use super::tell;
use crate::client::{Progress, Refusal};

const SYSTEM: &str = "system.63";
const SECURITY: &str = "security.63";

/// Creates the accounts and gives each its post.
///
/// # Errors
/// A refusal.
pub async fn enter(story: &mut Story, people: Vec<Person>) -> anyhow::Result<()> {
    let progress = Progress::begin("accounts", people.len() as u64);
    for person in &people {
        let account = create(story, SYSTEM, person).await?;
        grant(story, SECURITY, &account, person).await?;
        progress.advance(1);
    }
    progress.end();
    tell::done(&format!(
        "{} 个账号及岗位 accounts, each with its post",
        people.len()
    ));
    story.people.extend(people);
    Ok(())
}

/// Creates one account and gives it two posts; the person then chooses one at each sign-in.
///
/// # Errors
/// A refusal.
pub async fn enter_in_two_posts(story: &Story, posts: &[Person; 2]) -> anyhow::Result<()> {
    let [first, second] = posts;
    let account = create(story, SYSTEM, first).await?;
    let account = grant(story, SECURITY, &account, first).await?;
    grant(story, SECURITY, &account, second).await?;
    Ok(())
}

/// Neither administrator can do the other's part.
///
/// # Errors
/// When one of them can.
pub async fn wrong_turns(story: &Story, somebody: &Person) -> anyhow::Result<()> {
    let made = create(story, SECURITY, somebody).await;
    tell::refused(
        "安全管理员自行开户 · the security administrator creates an account",
        made,
        Reason::RoleNotAllowed,
    )?;
    let account = create(
        story,
        SYSTEM,
        &Person {
            home: "regions/630100".into(),
            ..renamed(somebody)
        },
    )
    .await?;
    let granted = grant(story, SYSTEM, &account, somebody).await;
    tell::refused(
        "系统管理员自行授岗 · the system administrator grants a post",
        granted,
        Reason::RoleNotAllowed,
    )
}

fn renamed(person: &Person) -> Person {
    let mut other = person.clone();
    other.account.sign_in = format!("spare.{}", person.account.sign_in);
    other
}

async fn create(story: &Story, by: &str, person: &Person) -> anyhow::Result<Account> {
    let request = CreateAccountRequest {
        parent: person.home.clone(),
        account: Some(Account {
            sign_in_name: person.account.sign_in.clone(),
            display_name: person.display_name.clone(),
            ..Account::default()
        }),
        password: person.account.password.clone(),
        request_id: new_id(),
    };
    let mut client = AccountServiceClient::new(story.session(by).await?.channel());
    Ok(client
        .create_account(request)
        .await
        .map_err(Refusal::from)?
        .into_inner())
}

async fn grant(
    story: &Story,
    by: &str,
    account: &Account,
    person: &Person,
) -> anyhow::Result<Account> {
    let request = GrantPostRequest {
        name: account.name.clone(),
        post: person.post.clone(),
        etag: account.etag.clone(),
        request_id: new_id(),
    };
    let mut client = AccountServiceClient::new(story.session(by).await?.channel());
    Ok(client
        .grant_post(request)
        .await
        .map_err(Refusal::from)?
        .into_inner())
}
