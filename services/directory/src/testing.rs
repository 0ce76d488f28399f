//! A small world for the tests of the services that keep a copy: a registration that is nothing but its feed, databases
//! in a folder that is removed at the end, and identities as the gateway would sign them.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use anyhow::Context as _;
use junheng_kernel::admission::{
    AccessTable, Caller, Claims, SERVICE_AUDIENCE, SigningKey, TrustedKeys, sign,
};
use junheng_kernel::calendar::Calendar;
use junheng_kernel::clock::Clock;
use junheng_kernel::journal::{Entry, JournalMigration, JournalRpc, run_migrations, spawn_sealer};
use junheng_kernel::privacy::Keyring;
use junheng_kernel::region::RegionTable;
use junheng_kernel::service::{Context, Link};
use junheng_kernel::store::{RequestKey, Store, connect};
use junheng_proto::education::v1::Stage;
use junheng_proto::journal::v1::journal_service_server::JournalServiceServer;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::School;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// Everybody who signs, with one key.
const ISSUERS: &[&str] = &[
    "gateway",
    "registration",
    "staffing",
    "assets",
    "inspection",
];

static REGIONS: LazyLock<Arc<RegionTable>> = LazyLock::new(|| Arc::new(RegionTable::builtin()));

/// The world of one test. Dropped, it stops what runs in the background.
pub struct World {
    folder: TempDir,
    signing: SigningKey,
    registration: Context,
    link: Link,
}

/// The schema of the registration that is only a feed.
struct FeedOnly;

impl MigratorTrait for FeedOnly {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(JournalMigration)]
    }
}

// === impl World ===

impl World {
    /// A world without schools.
    pub async fn new() -> anyhow::Result<Self> {
        let (folder, signing) = (TempDir::new()?, SigningKey::generate()?);
        let registration = context::<FeedOnly>("registration", &folder, &signing).await?;
        spawn_sealer(&registration);
        let journal = JournalServiceServer::new(JournalRpc {
            context: registration.clone(),
        });
        let link = registration.guard(Routes::new(journal));
        Ok(Self {
            folder,
            signing,
            registration,
            link,
        })
    }

    /// What a service of this world runs with; its database has the schema of `M`.
    pub async fn context<M: MigratorTrait>(&self, name: &'static str) -> anyhow::Result<Context> {
        let mut context = context::<M>(name, &self.folder, &self.signing).await?;
        context.stop = self.registration.stop.child_token();
        Ok(context)
    }

    /// The way to registration.
    pub fn registration(&self) -> Link {
        self.link.clone()
    }

    /// An identity of an officer, for example `county.clerk` of `regions/630103`.
    pub fn identity(&self, role: &str, organisation: &str) -> String {
        sign(&self.signing, &self.claims(role, organisation)).unwrap_or_default()
    }

    /// The folder of the databases.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A request of an officer, for example of `county.clerk` at `regions/630103`.
    pub fn request<T>(&self, role: &str, organisation: &str, message: T) -> tonic::Request<T> {
        let identity = self.identity(role, organisation);
        self.registration.request(&identity, message)
    }

    /// Registers a school that runs `stages`, in a county or in one of its towns (9 digits).
    pub async fn register(
        &self,
        school_code: &str,
        display_name: &str,
        region: &str,
        stages: &[Stage],
    ) -> anyhow::Result<Uuid> {
        let id = Uuid::now_v7();
        self.put(id, school_code, display_name, region, stages)
            .await?;
        Ok(id)
    }

    /// Registers a school under a known id, or changes it.
    pub async fn put(
        &self,
        id: Uuid,
        school_code: &str,
        display_name: &str,
        region: &str,
        stages: &[Stage],
    ) -> anyhow::Result<()> {
        let (county, town) = match region.len() {
            9 => (&region[..6], region),
            _ => (region, ""),
        };
        let school = School {
            name: format!("schools/{id}"),
            school_code: school_code.to_owned(),
            display_name: display_name.to_owned(),
            stages: stages.iter().map(|stage| *stage as i32).collect(),
            region: format!("regions/{county}"),
            town: town.to_owned(),
            state: junheng_proto::registration::v1::school::State::Open as i32,
            ..School::default()
        };
        let claims = self.claims("county.clerk", &format!("regions/{county}"));
        let caller = Caller::from_claims(&claims, &REGIONS, "/test/Put", "");
        let caller = caller.context("the county is not in the table")?;
        let key = RequestKey::of(&Uuid::now_v7().to_string(), &school)?;
        let place = REGIONS.place(region)?;
        let entry = Entry::about(&school.name, place, Some(id), DataClass::Public);
        self.registration
            .store
            .write(&caller, key, move |_| async move {
                let entry = entry.change(None, &school);
                Ok::<_, junheng_kernel::error::KernelError>((school, entry))
            })
            .await?;
        Ok(())
    }

    fn claims(&self, role: &str, organisation: &str) -> Claims {
        let now = self.registration.clock.now_micros() / 1_000_000;
        Claims {
            iss: "gateway".to_owned(),
            aud: SERVICE_AUDIENCE.to_owned(),
            sub: format!("accounts/{role}"),
            jti: Uuid::now_v7().to_string(),
            iat: now,
            nbf: now,
            exp: now + 3_600,
            role: role.to_owned(),
            organisation: organisation.to_owned(),
            name: "测试".to_owned(),
            department: 0,
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.registration.stop.cancel();
    }
}

/// The reason of a refused call, and the value of its metadata `key`, empty where there is none.
pub fn reason(status: &tonic::Status, key: &str) -> (String, String) {
    let details = status.get_error_details();
    details.error_info().map_or_else(Default::default, |info| {
        let value = info.metadata.get(key).cloned();
        (info.reason.clone(), value.unwrap_or_default())
    })
}

async fn context<M: MigratorTrait>(
    name: &'static str,
    folder: &TempDir,
    signing: &SigningKey,
) -> anyhow::Result<Context> {
    let url = format!(
        "sqlite://{}",
        folder.path().join(format!("{name}.db")).display()
    );
    let (_, writer) = connect(&url).await?;
    run_migrations::<M>(&writer).await?;
    writer.close().await?;
    let clock = Clock::default();
    let mut trusted = TrustedKeys::default();
    for issuer in ISSUERS {
        trusted.trust(issuer, signing.public());
    }
    Ok(Context {
        name,
        store: Store::open(&url, Arc::new(Keyring::generate()?), clock.clone()).await?,
        regions: REGIONS.clone(),
        calendar: Arc::new(Calendar::builtin()),
        clock,
        access: Arc::new(AccessTable::of_contract()),
        trusted: Arc::new(trusted),
        signing: signing.clone(),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
    })
}
