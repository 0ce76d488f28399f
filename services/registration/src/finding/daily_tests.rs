//! The day's rounds of a province of which one county cannot be gone through.

use std::sync::{Arc, LazyLock};

use junheng_kernel::admission::{AccessTable, SigningKey, TrustedKeys};
use junheng_kernel::calendar::Calendar;
use junheng_kernel::clock::Clock;
use junheng_kernel::journal::run_migrations;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::region::RegionTable;
use junheng_kernel::resource;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::service::Context;
use junheng_kernel::store::{Store, connect};
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::finding_round::{State, Trigger};
use sea_orm::{EntityTrait as _, IntoActiveModel as _};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{daily, round};
use crate::entity::finding_round::{Entity, Model};
use crate::entity::school;

static REGIONS: LazyLock<Arc<RegionTable>> = LazyLock::new(|| Arc::new(RegionTable::builtin()));

/// A service whose tasks are not started: the test looks itself.
async fn service(folder: &tempfile::TempDir) -> Context {
    let url = format!("sqlite://{}", folder.path().join("finding.db").display());
    let (_, writer) = connect(&url).await.unwrap();
    run_migrations::<crate::Migrator>(&writer).await.unwrap();
    writer.close().await.unwrap();
    let clock = Clock::default();
    let keys = Arc::new(Keyring::generate().unwrap());
    Context {
        name: crate::NAME,
        store: Store::open(&url, keys, clock.clone()).await.unwrap(),
        regions: REGIONS.clone(),
        calendar: Arc::new(Calendar::builtin()),
        clock,
        access: Arc::new(AccessTable::of_contract()),
        trusted: Arc::new(TrustedKeys::default()),
        signing: SigningKey::generate().unwrap(),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
    }
}

async fn add_school(context: &Context, number: u32, region: &str) {
    let row = school::Model {
        id: Uuid::now_v7(),
        school_code: format!("216300000{number}"),
        display_name: format!("学校{number}"),
        kind: 211,
        urban_rural: 111,
        sponsor: 7,
        region: region.to_owned(),
        town: String::new(),
        place: REGIONS.place(region).unwrap_or(0),
        state: 2,
        open_date: String::new(),
        close_date: String::new(),
        closing: None,
        version: 1,
    };
    let added = school::Entity::insert(row.into_active_model());
    added
        .exec_without_returning(context.store.derived())
        .await
        .unwrap();
}

async fn add_round(context: &Context, round: Model) -> Model {
    Entity::insert(round.clone().into_active_model())
        .exec_without_returning(context.store.derived())
        .await
        .unwrap();
    round
}

async fn rounds(context: &Context) -> Vec<Model> {
    let all = Scope::everything("a test looks at everything");
    Entity::visible_to(&all)
        .all(context.store.reader())
        .await
        .unwrap()
}

async fn daily_of(context: &Context, region: &str) -> Option<State> {
    let found = rounds(context).await.into_iter();
    let mut own =
        found.filter(|round| round.region == region && round.trigger == Trigger::Daily as i32);
    own.next()
        .map(|round| State::try_from(round.state).unwrap())
}

#[tokio::test]
async fn a_county_that_cannot_be_gone_through_keeps_no_other_from_its_round() {
    let folder = tempfile::tempdir().unwrap();
    let context = service(&folder).await;
    add_school(&context, 1, "630103").await;
    add_school(&context, 2, "630104").await;
    // Its schools wait to be recoded, and its round was under way when the code ended.
    add_school(&context, 3, "999999").await;
    let left = Model {
        region: "999999".into(),
        open_key: "999999".into(),
        ..round::begin(&context, "630105", Trigger::Demand).unwrap()
    };
    let left = add_round(&context, left).await;
    daily::take_up(&context).await;
    let ended = rounds(&context).await.remove(0);
    assert_eq!(ended.id, left.id);
    assert_eq!(ended.state, State::Failed as i32);
    let told = round::encode(&ended);
    assert_eq!(told.failure(), Reason::RegionUnknown);
    assert!(told.failure_zh.contains("999999"), "{}", told.failure_zh);
    assert!(told.done_time.is_some());

    let today = context.clock.today();
    assert!(daily::begin_day(&context, today).await);
    for county in ["630103", "630104"] {
        assert_eq!(daily_of(&context, county).await, Some(State::Done));
    }
    assert_eq!(daily_of(&context, "999999").await, None);
}

#[tokio::test]
async fn a_county_whose_own_round_runs_has_the_days_round_when_that_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let context = service(&folder).await;
    add_school(&context, 1, "630103").await;
    add_school(&context, 2, "630104").await;
    let driven = Model {
        holder: "another process".into(),
        holder_micros: i64::MAX,
        ..round::begin(&context, "630103", Trigger::Demand).unwrap()
    };
    let driven = add_round(&context, driven).await;
    let today = context.clock.today();
    assert!(!daily::begin_day(&context, today).await, "one waits");
    assert_eq!(daily_of(&context, "630103").await, None);
    assert_eq!(daily_of(&context, "630104").await, Some(State::Done));

    let done = Model {
        state: State::Done as i32,
        open_key: driven.id.to_string(),
        version: 2,
        ..driven
    };
    resource::replace::<Entity>(context.store.derived(), done, 1)
        .await
        .unwrap();
    assert!(daily::begin_day(&context, today).await);
    assert_eq!(daily_of(&context, "630103").await, Some(State::Done));
    assert!(daily::begin_day(&context, today).await);
    assert_eq!(rounds(&context).await.len(), 3, "one a day");
}
