//! Follows another service's change feed: every event is applied once, in order, together with the cursor after it.

use std::future::Future;
use std::time::Duration;

use junheng_proto::journal::v1::journal_service_client::JournalServiceClient;
use junheng_proto::journal::v1::{ChangeEvent, WatchChangesRequest};
use sea_orm::{ConnectionTrait, Statement};
use tokio::sync::watch;
use tonic::{Code, Streaming};

use crate::error::KernelError;
use crate::service::{Context, Link};
use crate::store::Tx;

/// Events applied in one transaction at most.
const MOST_EVENTS: usize = 500;
/// How long to wait before the feed is asked again after it broke off.
const RETRY: Duration = Duration::from_millis(300);

/// A feed to follow.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The service whose journal it is.
    pub service: &'static str,
    /// The collection of interest.
    pub collection: &'static str,
}

/// Follows `feed` in the background until the process drains. `apply` gets the events of one transaction; what it writes
/// and the new cursor commit together, so that an event is applied once. No journal row is written: the change stands in
/// the journal of the service that made it.
///
/// A feed that knows the cursor no more, because its journal was put back from a copy, is read again from the start: `apply` must
/// come to the same rows then.
///
/// The answer counts the batches applied, for those who wait for one.
pub fn follow<F, Work>(context: &Context, feed: Feed, link: Link, apply: F) -> watch::Receiver<u64>
where
    F: Fn(Tx, Vec<ChangeEvent>) -> Work + Clone + Send + Sync + 'static,
    Work: Future<Output = Result<(), KernelError>> + Send + 'static,
{
    let (applied, receiver) = watch::channel(0);
    let context = context.clone();
    context.tasks.clone().spawn(async move {
        let mut failures = Failures::default();
        while !context.stop.is_cancelled() {
            let run = run(&context, &feed, link.clone(), &apply, &applied);
            let outcome = tokio::select! {
                outcome = run => outcome,
                () = context.stop.cancelled() => return,
            };
            if let Err(why) = outcome {
                failures.tell(why, context.name, &feed);
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                () = context.stop.cancelled() => return,
            }
        }
    });
    receiver
}

/// Why a feed broke off, and how often in a row for the same reason.
#[derive(Default)]
struct Failures {
    last: String,
    count: u32,
}

// === impl Failures ===

impl Failures {
    /// Once is the ordinary end of a stream; again and again for one reason, an event cannot be applied and the copy
    /// stands still.
    fn tell(&mut self, why: String, service: &str, feed: &Feed) {
        self.count = if why == self.last { self.count + 1 } else { 1 };
        self.last = why;
        let (why, count, feed) = (&self.last, self.count, feed.service);
        if count >= 3 {
            tracing::warn!(why, count, service, feed, "the feed keeps breaking off");
        } else {
            tracing::debug!(why, count, service, feed, "the feed broke off");
        }
    }
}

async fn run<F, Work>(
    context: &Context,
    feed: &Feed,
    link: Link,
    apply: &F,
    applied: &watch::Sender<u64>,
) -> Result<(), String>
where
    F: Fn(Tx, Vec<ChangeEvent>) -> Work + Clone + Send + 'static,
    Work: Future<Output = Result<(), KernelError>> + Send + 'static,
{
    let mut cursor = cursor_of(context, feed)
        .await
        .map_err(|error| error.to_string())?;
    let request = WatchChangesRequest {
        service: feed.service.to_owned(),
        parent: format!("regions/{}", crate::region::NATION),
        cursor: cursor.clone(),
        collection: feed.collection.to_owned(),
    };
    let mut client = JournalServiceClient::new(link);
    let request = context.request(&context.own_identity(), request);
    let answer = client.watch_changes(request).await;
    if let Err(status) = &answer
        && status.code() == Code::InvalidArgument
        && !cursor.is_empty()
    {
        // One of the two journals was put back from a copy.
        let service = feed.service;
        tracing::warn!(
            cursor,
            service,
            "the feed knows the cursor no more and is read again"
        );
        forget(context, feed, cursor.clone())
            .await
            .map_err(|error| error.to_string())?;
    }
    let mut events = answer.map_err(|status| status.to_string())?.into_inner();
    while let Some(batch) = next_batch(&mut events).await? {
        let reached = batch
            .last()
            .map_or(String::new(), |event| event.cursor.clone());
        let step = (cursor, reached.clone());
        commit_batch(context, feed, step, batch, apply.clone()).await?;
        cursor = reached;
        applied.send_modify(|count| *count += 1);
    }
    Ok(())
}

/// Goes back to the start, unless another replica has moved the cursor.
async fn forget(context: &Context, feed: &Feed, cursor: String) -> Result<(), KernelError> {
    let statement = Statement::from_sql_and_values(
        context.store.backend(),
        "UPDATE followed_feeds SET cursor = '' WHERE service = $1 AND collection = $2 AND cursor = $3",
        [feed.service.into(), feed.collection.into(), cursor.into()],
    );
    let store = &context.store;
    store
        .upkeep(move |tx| async move {
            tx.execute_raw(statement).await?;
            Ok(())
        })
        .await
}

/// Waits for an event and takes what is there with it.
async fn next_batch(
    events: &mut Streaming<ChangeEvent>,
) -> Result<Option<Vec<ChangeEvent>>, String> {
    let Some(first) = events
        .message()
        .await
        .map_err(|status| status.to_string())?
    else {
        return Ok(None);
    };
    let mut batch = vec![first];
    while batch.len() < MOST_EVENTS {
        match tokio::time::timeout(Duration::from_millis(2), events.message()).await {
            Ok(Ok(Some(event))) => batch.push(event),
            // What broke off shows again at the next call; what is here is applied first.
            _ => break,
        }
    }
    Ok(Some(batch))
}

/// Applies a batch and moves the cursor from where this follower believes it to stand. When another replica has moved it
/// meanwhile, nothing is written: an older event must never overwrite a newer one. Runs in a task of its own, like every
/// transaction.
async fn commit_batch<F, Work>(
    context: &Context,
    feed: &Feed,
    (from, to): (String, String),
    batch: Vec<ChangeEvent>,
    apply: F,
) -> Result<(), String>
where
    F: Fn(Tx, Vec<ChangeEvent>) -> Work + Send + 'static,
    Work: Future<Output = Result<(), KernelError>> + Send + 'static,
{
    let (store, feed) = (context.store.clone(), feed.clone());
    let task = tokio::spawn(async move {
        let tx = store.begin().await?;
        let statement = Statement::from_sql_and_values(
            store.backend(),
            "INSERT INTO followed_feeds (service, collection, cursor) VALUES ($1, $2, $3) \
             ON CONFLICT (service, collection) DO UPDATE SET cursor = excluded.cursor \
             WHERE followed_feeds.cursor = $4",
            [
                feed.service.into(),
                feed.collection.into(),
                to.into(),
                from.into(),
            ],
        );
        // First, so that its row lock orders the replicas before either reads or writes anything else.
        if tx.execute_raw(statement).await?.rows_affected() == 0 {
            return Ok(false);
        }
        apply(tx.clone(), batch).await?;
        crate::store::commit(tx).await?;
        Ok::<_, KernelError>(true)
    });
    match task.await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err("another replica has moved the cursor".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

async fn cursor_of(context: &Context, feed: &Feed) -> Result<String, KernelError> {
    let statement = Statement::from_sql_and_values(
        context.store.backend(),
        "SELECT cursor FROM followed_feeds WHERE service = $1 AND collection = $2",
        [feed.service.into(), feed.collection.into()],
    );
    match context.store.reader().query_one_raw(statement).await? {
        Some(row) => Ok(row.try_get("", "cursor")?),
        None => Ok(String::new()),
    }
}
