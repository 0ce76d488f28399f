//! The first three administrators of an installation.

use junheng_kernel::admission::{Caller, Claims, SERVICE_AUDIENCE};
use junheng_kernel::journal::{Entry, record};
use junheng_kernel::label;
use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::identity::v1::ListAccountsResponse;
use junheng_proto::options::v1::DataClass;
use uuid::Uuid;

use crate::account::{self, AccountError};
use crate::entity::{account::Model, account_post};
use crate::session::{Passwords, random_password};

/// The three who let everybody else in, and exclude each other (三员).
const ADMINISTRATORS: [(&str, Duty); 3] = [
    ("system", Duty::System),
    ("security", Duty::Security),
    ("audit", Duty::Audit),
];

/// How one of the first administrators signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstSignIn {
    /// The name to sign in with, for example `system.63`.
    pub sign_in_name: String,
    /// The password, shown here and nowhere again.
    pub password: String,
    /// The post in words, for example 青海省·系统管理员.
    pub title: String,
}

/// Creates `system.NN`, `security.NN` and `audit.NN` of `province` (two or six digits) when there is no account yet, and
/// tells their passwords. Empty when there are accounts.
pub async fn bootstrap(context: &Context, province: &str) -> anyhow::Result<Vec<FirstSignIn>> {
    let store = &context.store;
    if account::store::count(store.reader()).await? > 0 {
        return Ok(Vec::new());
    }
    let region = context.regions.require(province)?;
    let organisation = account::of_region(&context.regions, Level::Province, &region.code)?;
    let passwords = Passwords::new()?;
    let digits = region.code.get(..2).unwrap_or_default();
    let (mut first, mut made) = (Vec::new(), Vec::new());
    for (name, duty) in ADMINISTRATORS {
        let password = random_password()?;
        let id = Uuid::now_v7();
        let account = Model {
            id,
            sign_in_name: format!("{name}.{digits}"),
            display_name: label::of(duty).to_owned(),
            region: region.code.clone(),
            place: organisation.place,
            password_hash: passwords.hash(password.clone()).await?,
            version: 1,
        };
        let post = account_post::Model {
            id: Uuid::now_v7(),
            account: id,
            level: Level::Province.into(),
            duty: duty.into(),
            organisation: organisation.name.clone(),
            place: organisation.place,
            title: organisation.title(duty),
            department: 0,
        };
        first.push(FirstSignIn {
            sign_in_name: account.sign_in_name.clone(),
            password,
            title: post.title.clone(),
        });
        made.push((account, post));
    }
    let ours: Vec<String> = made
        .iter()
        .map(|(account, _)| format!("accounts/{}", account.id))
        .collect();
    // One key for all who try: of two replicas that start at once one writes, and the other learns whose accounts won.
    let key = RequestKey::own("bootstrap");
    let place = organisation.place;
    let caller = gateway(context)?;
    let written = store.write(&caller, key, move |tx| async move {
        let (mut answer, mut records) = (ListAccountsResponse::default(), Vec::new());
        for (account, post) in made {
            account::store::insert(&*tx, account.clone()).await?;
            account::store::insert_post(&*tx, post.clone()).await?;
            let created = account::encode(&account, &[post]);
            records.push(record(&created.name, place, None, None, &created, true));
            answer.accounts.push(created);
        }
        let entry = Entry::about(&organisation.name, place, None, DataClass::Personal)
            .with_all(records)
            .note("the first three administrators");
        Ok::<_, AccountError>((answer, entry))
    });
    let written = written.await?;
    let won = written
        .accounts
        .iter()
        .map(|account| &account.name)
        .eq(&ours);
    Ok(if won { first } else { Vec::new() })
}

/// The gateway on its own behalf.
fn gateway(context: &Context) -> anyhow::Result<Caller> {
    let claims = Claims {
        iss: crate::NAME.to_owned(),
        aud: SERVICE_AUDIENCE.to_owned(),
        sub: format!("services/{}", crate::NAME),
        jti: String::new(),
        iat: 0,
        nbf: 0,
        exp: 0,
        role: Role::new(Level::Province, Duty::Service).to_string(),
        organisation: "regions/000000".to_owned(),
        name: crate::NAME.to_owned(),
        department: 0,
    };
    let method = "/junheng.identity.v1.AccountService/CreateAccount";
    Caller::from_claims(&claims, &context.regions, method, "")
        .ok_or_else(|| anyhow::anyhow!("the gateway's own claims make no caller"))
}
