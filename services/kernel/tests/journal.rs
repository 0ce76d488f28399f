//! What every write promises, and what the seal finds. On SQLite; the same promises are kept on PostgreSQL by the suite.
#![allow(missing_docs, reason = "tests")]

use std::sync::Arc;

use junheng_kernel::admission::{AccessTable, Caller, Claims, SigningKey, TrustedKeys};
use junheng_kernel::bulk::{self, Destination, ImportHeader, Importer, Part, Refusal, SetOutcome};
use junheng_kernel::calendar::Calendar;
use junheng_kernel::clock::Clock;
use junheng_kernel::digest::sm3;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::{
    Entry, Finding, JournalMigration, JournalRpc, run_migrations, seal_now, verify,
};
use junheng_kernel::privacy::Keyring;
use junheng_kernel::region::RegionTable;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Store, Tx, connect};
use junheng_proto::journal::v1::journal_service_server::JournalService as _;
use junheng_proto::journal::v1::{ChangeEvent, WatchChangesRequest};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::School;
use prost::Message as _;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tokio_stream::StreamExt as _;
use tonic::{Request, Status};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(JournalMigration)]
    }
}

/// A service of its own on a new SQLite file.
struct Bench {
    context: Context,
    caller: Caller,
    url: String,
    _folder: tempfile::TempDir,
}

/// Imports names and keeps none.
struct Names;

impl Importer for Names {
    type Row = ImportHeader;
    type Roster = ();
    type Checked = String;
    type Ready = String;
    type Error = KernelError;

    const KEY: &'static str = "name";

    fn number(_: &ImportHeader) -> i64 {
        0
    }

    async fn look_up(&self, (): &mut (), _: &[ImportHeader]) -> Result<(), KernelError> {
        Ok(())
    }

    fn judge(&self, (): &(), row: ImportHeader) -> Result<String, Refusal> {
        Ok(row.request_id)
    }

    fn key(name: &String) -> impl std::hash::Hash {
        name
    }

    fn prepare(&self, names: Vec<String>) -> Result<Vec<String>, KernelError> {
        Ok(names)
    }

    async fn write(&self, _: Tx, names: Vec<String>) -> Result<SetOutcome, KernelError> {
        let mut outcome = SetOutcome::default();
        names.iter().for_each(|_| outcome.report.created());
        Ok(outcome)
    }
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/bench.db", folder.path().display());
        let (_, writer) = connect(&url).await.unwrap();
        run_migrations::<Migrator>(&writer).await.unwrap();
        writer
            .execute_unprepared("CREATE TABLE things (name text PRIMARY KEY)")
            .await
            .unwrap();
        drop(writer);
        let clock = Clock::default();
        let keys = Arc::new(Keyring::generate().unwrap());
        let regions = Arc::new(RegionTable::builtin());
        let claims = Claims {
            iss: "gateway".into(),
            aud: "junheng-service".into(),
            sub: "accounts/1".into(),
            jti: "1".into(),
            iat: 0,
            nbf: 0,
            exp: i64::MAX,
            role: "county.clerk".into(),
            organisation: "regions/630103".into(),
            name: "经办".into(),
            department: 0,
        };
        let caller = Caller::from_claims(&claims, &regions, "/test/Make", "").unwrap();
        let context = Context {
            name: "bench",
            store: Store::open(&url, keys, clock.clone()).await.unwrap(),
            regions,
            calendar: Arc::new(Calendar::builtin()),
            clock,
            access: Arc::new(AccessTable::of_contract()),
            trusted: Arc::new(TrustedKeys::default()),
            signing: SigningKey::generate().unwrap(),
            tasks: tokio_util::task::TaskTracker::new(),
            stop: tokio_util::sync::CancellationToken::new(),
        };
        Self {
            context,
            caller,
            url,
            _folder: folder,
        }
    }

    /// Makes a thing, once for each request id.
    async fn make(&self, request_id: &str, name: &str) -> Result<School, KernelError> {
        let message = School {
            display_name: name.into(),
            ..School::default()
        };
        let key = RequestKey::of(request_id, &message)?;
        let insert = Statement::from_sql_and_values(
            DatabaseBackend::Sqlite,
            "INSERT INTO things (name) VALUES ($1)",
            [name.into()],
        );
        self.context
            .store
            .write(&self.caller, key, move |tx| async move {
                tx.execute_raw(insert).await?;
                let entry = Entry::about("things/1", 630_103_000_000, None, DataClass::Personal)
                    .change(None, &message);
                Ok::<_, KernelError>((message, entry))
            })
            .await
    }

    /// Imports one set of names under a parent; how many the answer says were created.
    async fn make_set(
        &self,
        request_id: &str,
        parent: &str,
        names: &[&str],
    ) -> Result<i64, KernelError> {
        let header = ImportHeader {
            parent: parent.into(),
            request_id: request_id.into(),
            validate_only: false,
            ..ImportHeader::default()
        };
        let destination = Destination {
            caller: self.caller.clone(),
            key: RequestKey::of(request_id, &header)?,
            parent: parent.into(),
            place: 630_000_000_000,
            school: None,
            data_class: DataClass::Personal,
        };
        let rows = names.iter().map(|name| ImportHeader {
            request_id: (*name).to_owned(),
            ..ImportHeader::default()
        });
        let messages: Vec<_> = std::iter::once(header).chain(rows).map(Ok).collect();
        let part = |message: ImportHeader| match message.parent.is_empty() {
            false => Part::Header(message),
            true => Part::Row(message),
        };
        let incoming = bulk::open(tokio_stream::iter(messages), part).await?;
        let result = bulk::run(&self.context.store, destination, incoming, Names).await?;
        Ok(result.created_count)
    }

    /// Request id and fingerprint of a row, as they are stored; the fingerprint in hexadecimal.
    async fn kept(&self, seq: i64) -> [String; 2] {
        let sql = format!("SELECT request_id, fingerprint FROM journal WHERE seq = {seq}");
        let statement = Statement::from_string(DatabaseBackend::Sqlite, sql);
        let reader = self.context.store.reader();
        let row = reader.query_one_raw(statement).await.unwrap().unwrap();
        let fingerprint: Vec<u8> = row.try_get("", "fingerprint").unwrap();
        [
            row.try_get("", "request_id").unwrap(),
            hex::encode(fingerprint),
        ]
    }

    /// The digest that the feed tells of the first record.
    async fn record_digest(&self) -> String {
        seal_now(&self.context).await.unwrap();
        self.next_after("").await.unwrap().digest
    }

    /// The event that the feed tells behind a cursor.
    async fn next_after(&self, cursor: &str) -> Result<ChangeEvent, Status> {
        let rpc = JournalRpc {
            context: self.context.clone(),
        };
        let mut request = Request::new(WatchChangesRequest {
            service: "bench".into(),
            parent: "regions/630103".into(),
            cursor: cursor.to_owned(),
            ..WatchChangesRequest::default()
        });
        request.extensions_mut().insert(self.caller.clone());
        let mut events = rpc.watch_changes(request).await?.into_inner();
        events.next().await.unwrap()
    }

    async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) AS n FROM {table}");
        let statement = Statement::from_string(DatabaseBackend::Sqlite, sql);
        let row = self
            .context
            .store
            .reader()
            .query_one_raw(statement)
            .await
            .unwrap();
        row.unwrap().try_get("", "n").unwrap()
    }

    /// What somebody does who has the file and no respect for the triggers.
    async fn tamper(&self, sql: &str) {
        let (_, writer) = connect(&self.url).await.unwrap();
        for table in ["journal", "journal_leaf", "journal_block"] {
            for verb in ["UPDATE", "DELETE"] {
                let drop = format!("DROP TRIGGER {table}_no_{verb}");
                writer.execute_unprepared(&drop).await.unwrap();
            }
        }
        writer.execute_unprepared(sql).await.unwrap();
    }

    async fn findings(&self, checkpoint: Option<&str>) -> Vec<Finding> {
        let public = self.context.signing.public();
        let reader = self.context.store.reader();
        verify(reader, &public, checkpoint, |_, _| {})
            .await
            .unwrap()
            .findings
    }

    async fn head(&self) -> String {
        let public = self.context.signing.public();
        let reader = self.context.store.reader();
        verify(reader, &public, None, |_, _| {}).await.unwrap().head
    }
}

fn id(number: u8) -> String {
    uuid::Uuid::from_bytes([number; 16]).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_twice_has_one_effect_and_one_answer() {
    let bench = Bench::new().await;
    let first = bench.make(&id(1), "甲").await.unwrap();
    let again = bench.make(&id(1), "甲").await.unwrap();
    assert_eq!(first, again);
    assert_eq!(bench.count("things").await, 1);
    assert_eq!(bench.count("journal").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_holds_as_long_as_the_journal_is_the_one_that_gave_it() {
    let bench = Bench::new().await;
    bench.make(&id(1), "甲").await.unwrap();
    bench.make(&id(2), "乙").await.unwrap();
    seal_now(&bench.context).await.unwrap();
    let first = bench.next_after("").await.unwrap();
    let second = bench.next_after(&first.cursor).await.unwrap();
    assert_ne!(first.cursor, second.cursor);
    let start = bench.next_after("bench:0.-1.-1.").await.unwrap();
    assert_eq!(start.cursor, first.cursor);
    for forged in [
        "bench:99999.0.0.00000000",
        "bench:1.99999.0.00000000",
        "bench:1.0.0.00000000",
        "bench:1.0.0",
    ] {
        let refused = bench.next_after(forged).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{forged}");
    }
    // Put back from a copy, and other rows sealed at the same places since.
    let sql = "UPDATE journal_leaf SET digest = zeroblob(32)";
    bench.tamper(sql).await;
    let lost = bench.next_after(&first.cursor).await.unwrap_err();
    assert_eq!(lost.code(), tonic::Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_at_once_with_one_request_id_have_one_effect() {
    let bench = Arc::new(Bench::new().await);
    let racers = (0..10).map(|_| {
        let bench = bench.clone();
        tokio::spawn(async move { bench.make(&id(1), "甲").await })
    });
    for racer in racers.collect::<Vec<_>>() {
        assert_eq!(racer.await.unwrap().unwrap().display_name, "甲");
    }
    assert_eq!(bench.count("things").await, 1);
    assert_eq!(bench.count("journal").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_belongs_to_its_request() {
    let bench = Bench::new().await;
    bench.make(&id(1), "甲").await.unwrap();
    let reused = bench.make(&id(1), "乙").await.unwrap_err();
    assert!(
        matches!(reused, KernelError::RequestIdReused { .. }),
        "{reused}"
    );
    assert!(bench.make("not a uuid", "丙").await.is_err());
    assert_eq!(bench.count("things").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_journal_keeps_of_a_request_and_of_a_person_cannot_be_guessed_without_the_key() {
    let (bench, other) = (Bench::new().await, Bench::new().await);
    let plain = School {
        display_name: "甲".into(),
        ..School::default()
    };
    let plain = hex::encode(sm3(&plain.encode_to_vec()));
    for bench in [&bench, &other] {
        bench.make(&id(1), "甲").await.unwrap();
        bench.make_set(&id(2), "regions/63", &["乙"]).await.unwrap();
    }
    let [_, fingerprint] = bench.kept(1).await;
    assert_ne!(fingerprint, plain);
    assert_ne!(fingerprint, other.kept(1).await[1]);
    let (set, elsewhere) = (bench.kept(2).await, other.kept(2).await);
    assert_ne!(set[0], elsewhere[0], "the part for the set is keyed too");
    assert_ne!(set[1], elsewhere[1]);
    assert_eq!(bench.record_digest().await.len(), 64);
    assert_ne!(bench.record_digest().await, plain);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_belongs_to_the_header_that_it_came_under() {
    let bench = Bench::new().await;
    let request = id(1);
    let first = bench.make_set(&request, "regions/63", &["甲", "乙"]);
    assert_eq!(first.await.unwrap(), 2);
    let again = bench.make_set(&request, "regions/63", &["甲", "乙"]);
    assert_eq!(again.await.unwrap(), 2);
    assert_eq!(bench.count("journal").await, 1);
    let elsewhere = bench.make_set(&request, "regions/6301", &["甲", "乙"]);
    let reused = elsewhere.await.unwrap_err();
    assert!(
        matches!(reused, KernelError::RequestIdReused { .. }),
        "{reused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_leaves_nothing() {
    let bench = Bench::new().await;
    bench.make(&id(1), "甲").await.unwrap();
    bench.make(&id(2), "甲").await.unwrap_err();
    assert_eq!(bench.count("journal").await, 1);
    bench.make(&id(2), "乙").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_goes_away_leaves_the_store_usable() {
    let bench = Arc::new(Bench::new().await);
    for number in 0..40_u8 {
        let racer = bench.clone();
        let call = tokio::spawn(async move { racer.make(&id(number), &number.to_string()).await });
        for _ in 0..number % 8 {
            tokio::task::yield_now().await;
        }
        call.abort();
    }
    bench.make(&id(200), "还在").await.unwrap();
    assert_eq!(bench.count("things").await, bench.count("journal").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_append_only() {
    let bench = Bench::new().await;
    bench.make(&id(1), "甲").await.unwrap();
    seal_now(&bench.context).await.unwrap();
    let (_, writer) = connect(&bench.url).await.unwrap();
    for table in ["journal", "journal_leaf", "journal_block"] {
        let refused = writer
            .execute_unprepared(&format!("DELETE FROM {table}"))
            .await;
        assert!(
            refused.unwrap_err().to_string().contains("append-only"),
            "{table}"
        );
    }
    let refused = writer
        .execute_unprepared("UPDATE journal SET note = 'x'")
        .await;
    assert!(refused.unwrap_err().to_string().contains("append-only"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untouched_journal_verifies() {
    let bench = Bench::new().await;
    for number in 1..=5 {
        bench.make(&id(number), &number.to_string()).await.unwrap();
        seal_now(&bench.context).await.unwrap();
    }
    assert_eq!(bench.findings(None).await, []);
    let head = bench.head().await;
    bench.make(&id(9), "后来").await.unwrap();
    seal_now(&bench.context).await.unwrap();
    assert_eq!(bench.findings(Some(&head)).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_row_is_named() {
    let bench = Bench::new().await;
    for number in 1..=3 {
        bench.make(&id(number), &number.to_string()).await.unwrap();
    }
    seal_now(&bench.context).await.unwrap();
    bench
        .tamper("UPDATE journal SET post = 'county.clerk@regions/630104' WHERE seq = 2")
        .await;
    let findings = bench.findings(None).await;
    assert!(
        matches!(
            &findings[..],
            [Finding::RowAltered {
                block: 1,
                position: 1,
                seq: 2,
                ..
            }]
        ),
        "{findings:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_altered_beyond_reading_is_named_and_the_others_are_still_checked() {
    let bench = Bench::new().await;
    for number in 1..=3 {
        bench.make(&id(number), &number.to_string()).await.unwrap();
    }
    seal_now(&bench.context).await.unwrap();
    bench
        .tamper("UPDATE journal SET display_name = CAST(x'ff41' AS text) WHERE seq = 2; UPDATE journal SET note = 'x' WHERE seq = 3")
        .await;
    let findings = bench.findings(None).await;
    assert!(
        matches!(
            &findings[..],
            [
                Finding::RowAltered { seq: 2, .. },
                Finding::RowAltered { seq: 3, .. }
            ]
        ),
        "{findings:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bounds_of_a_block_are_part_of_its_seal() {
    let bench = Bench::new().await;
    bench.make(&id(1), "甲").await.unwrap();
    seal_now(&bench.context).await.unwrap();
    bench
        .tamper("UPDATE journal_block SET upto_seq = upto_seq + 100")
        .await;
    assert_eq!(
        bench.findings(None).await,
        [Finding::SealBroken { block: 1 }]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_taken_out_with_its_leaf_is_found_in_its_block() {
    let bench = Bench::new().await;
    for number in 1..=3 {
        bench.make(&id(number), &number.to_string()).await.unwrap();
    }
    seal_now(&bench.context).await.unwrap();
    bench
        .tamper("DELETE FROM journal WHERE seq = 2; DELETE FROM journal_leaf WHERE seq = 2")
        .await;
    assert_eq!(
        bench.findings(None).await,
        [Finding::BlockBroken { block: 1 }]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_cut_off_at_its_end_misses_its_checkpoint() {
    let bench = Bench::new().await;
    for number in 1..=3 {
        bench.make(&id(number), &number.to_string()).await.unwrap();
        seal_now(&bench.context).await.unwrap();
    }
    let head = bench.head().await;
    bench
        .tamper("DELETE FROM journal_block WHERE number = 3; DELETE FROM journal_leaf WHERE block = 3; DELETE FROM journal WHERE seq = 3")
        .await;
    assert_eq!(bench.findings(None).await, []);
    assert_eq!(
        bench.findings(Some(&head)).await,
        [Finding::CheckpointMissing { hash: head }]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_refuses_a_keyring_that_it_was_not_sealed_with() {
    let bench = Bench::new().await;
    let clock = Clock::default();
    let own = bench.context.store.keys.clone();
    assert!(Store::open(&bench.url, own, clock.clone()).await.is_ok());
    let foreign = Arc::new(Keyring::generate().unwrap());
    let refused = Store::open(&bench.url, foreign, clock).await.err().unwrap();
    assert!(refused.to_string().contains("privacy.keyring"), "{refused}");
}
