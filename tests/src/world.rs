//! One installation and its officers.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::Context as _;
use junheng_proto::identity::v1::{
    Account, CreateAccountRequest, Department, Duty, GrantPostRequest, Level, Post, SignInRequest,
};
use sea_orm::DatabaseConnection;
use tokio::sync::OnceCell;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt as _;

use crate::binary;
use crate::database::{self, Database};
use crate::officer::Officer;
use crate::postgres::Postgres;
use crate::refusal::answered;
use crate::regions::{self, Place};
use crate::request_id;
use crate::server::{Server, Setup};

/// The province of every installation: 湖北省 has a hundred counties, and some directly under it without a city.
pub const PROVINCE: &str = "regions/420000";

/// Limits so high that no story meets them, no publicity period, and tokens that outlive the run.
const CONFIGURATION: [(&str, &str); 7] = [
    ("JUNHENG_REGION__PROVINCE", "42"),
    ("JUNHENG_INSPECTION__PUBLICITY_WORKING_DAYS", "0"),
    ("JUNHENG_SESSIONS__TOKEN_MINUTES", "240"),
    ("JUNHENG_LIMITS__CALLS_PER_MINUTE", "1000000"),
    ("JUNHENG_LIMITS__ANONYMOUS_CALLS_PER_MINUTE", "1000000"),
    ("JUNHENG_TELEMETRY__LOG", "warn"),
    ("RUST_BACKTRACE", "1"),
];

/// A role and its organisation.
type Seat = (String, String);

/// One installation.
pub struct World {
    /// What it stands on.
    pub database: Database,
    server: Server,
    channel: Channel,
    postgres: Option<Arc<Postgres>>,
    administrators: HashMap<String, String>,
    officers: Mutex<HashMap<Seat, Arc<OnceCell<Officer>>>>,
    counties: Mutex<VecDeque<Place>>,
    shared: OnceLock<Place>,
    databases: HashMap<&'static str, String>,
    _folder: tempfile::TempDir,
}

/// What an installation stands on before a process runs.
struct Ground {
    database: Database,
    postgres: Option<Arc<Postgres>>,
    setup: Setup,
    databases: HashMap<&'static str, String>,
    administrators: HashMap<String, String>,
    folder: tempfile::TempDir,
}

// === impl Ground ===

impl Ground {
    fn lay(
        database: Database,
        postgres: Option<Arc<Postgres>>,
        more: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("junheng-suite-")
            .tempdir()?;
        let mut setup = Setup {
            folder: folder.path().to_path_buf(),
            listen: String::new(),
            role: None,
            environment: Vec::new(),
        };
        for (key, value) in CONFIGURATION.iter().chain(more) {
            setup = setup.with(key, *value);
        }
        let databases = databases(&setup, postgres.as_deref())?;
        if database == Database::Postgres {
            for (name, url) in &databases {
                setup = setup.with(&format!("JUNHENG_DATABASE__{}", name.to_uppercase()), url);
            }
        }
        Ok(Self {
            database,
            postgres,
            administrators: bootstrap(&setup)?,
            setup,
            databases,
            folder,
        })
    }
}

// === impl World ===

impl World {
    /// Sets an installation up: its databases, the three administrators, one process with all roles.
    pub async fn start(
        database: Database,
        postgres: Option<Arc<Postgres>>,
        more: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let ground = Ground::lay(database, postgres, more)?;
        let server = Server::start(ground.setup.clone())?;
        Self::on(ground, server)
    }

    /// An installation whose processes the story starts itself: `start` is given the configuration and gives the gateway.
    pub fn divided(
        &self,
        more: &[(&str, &str)],
        start: impl FnOnce(&[(String, String)]) -> Server,
    ) -> anyhow::Result<Self> {
        let ground = Ground::lay(self.database, self.postgres.clone(), more)?;
        let gateway = start(&ground.setup.environment);
        Self::on(ground, gateway)
    }

    fn on(ground: Ground, server: Server) -> anyhow::Result<Self> {
        Ok(Self {
            database: ground.database,
            channel: connect(&server.url)?,
            server,
            postgres: ground.postgres,
            administrators: ground.administrators,
            officers: Mutex::default(),
            counties: Mutex::new(stage()),
            shared: OnceLock::new(),
            databases: ground.databases,
            _folder: ground.folder,
        })
    }

    /// Another installation on the same kind of database, for a story that kills or damages it.
    pub async fn of_its_own(&self, more: &[(&str, &str)]) -> Self {
        let postgres = self.postgres.clone();
        Self::start(self.database, postgres, more)
            .await
            .expect("an installation of its own")
    }

    /// Where it listens, `http://127.0.0.1:{port}`.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// A channel to it.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A connection that no other story shares, for callers whom the gateway may cut off.
    pub fn own_channel(&self) -> Channel {
        connect(&self.server.url).expect("the URL that the process named")
    }

    /// Its process.
    pub fn server(&mut self) -> &mut Server {
        &mut self.server
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// What its process was started with.
    pub fn setup(&self) -> &Setup {
        self.server.setup()
    }

    /// The database server, where there is one.
    pub fn postgres(&self) -> Option<&Postgres> {
        self.postgres.as_deref()
    }

    /// The URL of one of its databases.
    pub fn database_url(&self, name: &str) -> &str {
        &self.databases[name]
    }

    /// One of its databases, from outside the product.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn database_of(&self, name: &str) -> DatabaseConnection {
        let database = sea_orm::Database::connect(self.database_url(name)).await;
        database.expect("a connection")
    }

    /// Ends its process at once and starts it again; officers go on with [`World::again`].
    pub fn cut_power(&mut self) -> anyhow::Result<()> {
        self.server.kill()?;
        self.server.restart()?;
        self.channel = connect(&self.server.url)?;
        Ok(())
    }

    /// The same installation `days` later: its process is started again with its clock moved. Sessions have ended by then;
    /// everybody signs in anew.
    pub fn later(&mut self, days: i64) -> anyhow::Result<()> {
        const OFFSET: &str = "JUNHENG_CLOCK__OFFSET_SECONDS";
        let before = self
            .setup()
            .get(OFFSET)
            .and_then(|value| value.parse().ok());
        let offset: i64 = before.unwrap_or(0) + days * 86_400;
        self.again_with(OFFSET, offset.to_string())
    }

    /// The same installation with one setting changed: its process is started again, and everybody signs in anew.
    pub fn again_with(&mut self, key: &str, value: String) -> anyhow::Result<()> {
        self.server.kill()?;
        self.server = Server::start(self.setup().clone().with(key, value))?;
        self.channel = connect(&self.server.url)?;
        lock(&self.officers).clear();
        Ok(())
    }

    /// An officer who signed in before the process was restarted.
    pub fn again(&self, officer: &Officer) -> Officer {
        officer.over(self.channel())
    }

    /// Somebody who is not signed in.
    pub fn nobody(&self) -> Officer {
        Officer::nobody(self.channel())
    }

    /// A county that no other story plays in.
    ///
    /// # Panics
    /// When all are taken.
    pub fn place(&self) -> Place {
        let mut counties = lock(&self.counties);
        // From the far end, so that neighbours are left for those who need them.
        counties
            .pop_back()
            .expect("more stories than counties: take a larger province")
    }

    /// The county of all stories that look at nothing but their own schools.
    pub fn shared_place(&self) -> Place {
        self.shared.get_or_init(|| self.place()).clone()
    }

    /// Three counties that no other story plays in: two of one city, one of another.
    ///
    /// # Panics
    /// When there are none left.
    pub fn neighbours(&self) -> [Place; 3] {
        let mut counties = lock(&self.counties);
        let alike = |one: &Place, other: &Place| one.city == other.city && one != other;
        let mut take = |fits: &dyn Fn(&Place, &VecDeque<Place>) -> bool| {
            let index = counties.iter().position(|place| fits(place, &counties));
            counties
                .remove(index.expect("a county that fits"))
                .expect("found just now")
        };
        let first = take(&|place, all| all.iter().any(|other| alike(place, other)));
        let second = take(&|place, _| alike(place, &first));
        let third = take(&|place, _| place.city != first.city);
        [first, second, third]
    }

    /// The officer in a post, `county.clerk` at `regions/{code}`; the same one each time.
    pub async fn sign_in(&self, role: &str, organisation: &str) -> Officer {
        let key = (role.to_owned(), organisation.to_owned());
        let cell = lock(&self.officers).entry(key).or_default().clone();
        self.again(cell.get_or_init(|| self.another(role, organisation)).await)
    }

    /// One more officer in a post, with an account of their own.
    pub async fn another(&self, role: &str, organisation: &str) -> Officer {
        let sign_in_name = format!("{role}.{}", uuid::Uuid::now_v7().simple());
        self.appoint(&sign_in_name, &[(role, organisation)]).await;
        self.enter(&sign_in_name, PASSWORD, None).await
    }

    /// The system of a department, `county.partner` at `regions/{code}`, with an account of its own.
    pub async fn partner(&self, department: Department, role: &str, organisation: &str) -> Officer {
        let sign_in_name = format!("{role}.{}", uuid::Uuid::now_v7().simple());
        let post = Post {
            department: department.into(),
            ..post(role, organisation)
        };
        self.appoint_to(&sign_in_name, vec![post]).await;
        self.enter(&sign_in_name, PASSWORD, None).await
    }

    /// Creates an account kept by the province and gives it posts, as two administrators do.
    pub async fn appoint(&self, sign_in_name: &str, posts: &[(&str, &str)]) -> Account {
        let posts = posts
            .iter()
            .map(|(role, organisation)| post(role, organisation));
        self.appoint_to(sign_in_name, posts.collect()).await
    }

    async fn appoint_to(&self, sign_in_name: &str, posts: Vec<Post>) -> Account {
        let system = self.administrator("system").await;
        let security = self.administrator("security").await;
        let created = CreateAccountRequest {
            parent: PROVINCE.to_owned(),
            account: Some(Account {
                sign_in_name: sign_in_name.to_owned(),
                display_name: "测试人员".to_owned(),
                ..Account::default()
            }),
            password: PASSWORD.to_owned(),
            request_id: request_id(),
        };
        let mut account = answered(system.accounts().create_account(created).await);
        for post in posts {
            let grant = GrantPostRequest {
                name: account.name.clone(),
                post: Some(post),
                etag: account.etag.clone(),
                request_id: request_id(),
            };
            account = answered(security.accounts().grant_post(grant).await);
        }
        account
    }

    /// One of the three administrators, `system`, `security` or `audit`.
    pub async fn administrator(&self, duty: &str) -> Officer {
        let sign_in_name = format!("{duty}.42");
        let key = (sign_in_name.clone(), String::new());
        let cell = lock(&self.officers).entry(key).or_default().clone();
        let enter = async || {
            let password = &self.administrators[&sign_in_name];
            self.enter(&sign_in_name, password, None).await
        };
        self.again(cell.get_or_init(enter).await)
    }

    /// Signs in by name and password.
    pub async fn enter(&self, sign_in_name: &str, password: &str, post: Option<Post>) -> Officer {
        let nobody = self.nobody();
        let request = SignInRequest {
            sign_in_name: sign_in_name.to_owned(),
            password: password.to_owned(),
            post,
        };
        let mut sessions = nobody.sessions();
        let mut answer = sessions.sign_in(request.clone()).await;
        // Many stories sign in at once, each with a hash that is meant to take long: told to come again, one comes again.
        for _ in 0..30 {
            let told = answer
                .as_ref()
                .err()
                .filter(|one| one.code() == Code::Unavailable);
            let Some(delay) = told.and_then(|one| one.get_details_retry_info()?.retry_delay) else {
                break;
            };
            tokio::time::sleep(delay).await;
            answer = sessions.sign_in(request.clone()).await;
        }
        let session = answered(answer);
        let post = session.post.unwrap_or_default();
        Officer {
            account: session.account,
            sign_in_name: sign_in_name.to_owned(),
            password: password.to_owned(),
            token: session.access_token,
            role: role_of(&post),
            organisation: post.organisation,
            ..nobody
        }
    }
}

/// The password of every officer.
pub const PASSWORD: &str = "a long Password for tests 2018";

/// A post from `county.clerk` and its organisation; a partner is the system of the police.
pub fn post(role: &str, organisation: &str) -> Post {
    let (level, duty) = role.split_once('.').expect("a role has two parts");
    let level = Level::from_str_name(&format!("LEVEL_{}", level.to_uppercase()));
    let duty = Duty::from_str_name(&format!("DUTY_{}", duty.to_uppercase()));
    let duty = duty.expect("a duty");
    let department = match duty {
        Duty::Partner => Department::PublicSecurity,
        _ => Department::Unspecified,
    };
    Post {
        level: level.expect("a level").into(),
        duty: duty.into(),
        organisation: organisation.to_owned(),
        title: String::new(),
        department: department.into(),
    }
}

fn role_of(post: &Post) -> String {
    let part = |name: &str| {
        name.split_once('_')
            .map_or(String::new(), |(_, rest)| rest.to_lowercase())
    };
    format!(
        "{}.{}",
        part(post.level().as_str_name()),
        part(post.duty().as_str_name())
    )
}

fn stage() -> VecDeque<Place> {
    regions::counties("42")
        .into_iter()
        .filter(|place| place.city.is_some())
        .collect()
}

fn connect(url: &str) -> anyhow::Result<Channel> {
    Ok(Endpoint::from_shared(url.to_owned())?.connect_lazy())
}

fn databases(
    setup: &Setup,
    postgres: Option<&Postgres>,
) -> anyhow::Result<HashMap<&'static str, String>> {
    let Some(postgres) = postgres else {
        let urls = database::NAMES.map(|name| (name, database::sqlite_url(&setup.folder, name)));
        return Ok(urls.into());
    };
    let suffix = uuid::Uuid::now_v7().simple().to_string();
    let names = database::NAMES.map(|name| (name, format!("junheng_{name}_{suffix}")));
    postgres.create(&names.clone().map(|(_, database)| database))?;
    Ok(names
        .map(|(name, database)| (name, postgres.url(&database)))
        .into())
}

/// The passwords of the three administrators, as the command prints them.
fn bootstrap(setup: &Setup) -> anyhow::Result<HashMap<String, String>> {
    let folder = setup
        .folder
        .to_str()
        .context("the folder's name is no text")?;
    let command = ["accounts", "bootstrap", "--data-dir", folder];
    let printed = binary::run_well(&command, &setup.environment)?;
    ["system", "security", "audit"]
        .into_iter()
        .map(|duty| {
            let name = format!("{duty}.42");
            let mut words = printed
                .split_whitespace()
                .skip_while(|word| *word != name)
                .skip(1);
            let password = words
                .next()
                .with_context(|| format!("no password of {name} in\n{printed}"))?;
            Ok((name, password.to_owned()))
        })
        .collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
