//! The change feed: the sealed journal, read forward.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use junheng_proto::journal::v1::{ChangeEvent, Record};
use junheng_proto::options::v1::DataClass;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use tokio::sync::mpsc;
use tonic::Status;
use uuid::Uuid;

use super::entity::{leaf, row};
use super::insert::open_records;
use crate::admission::Caller;
use crate::clock::timestamp;
use crate::digest::sm3;
use crate::error::KernelError;
use crate::fault::into_status;
use crate::name::Parent;
use crate::post::Duty;
use crate::scope::{Scope, Scoped as _};
use crate::service::Context;

/// Rows read at once.
const BATCH: u64 = 200;
/// How long to wait for a block sealed by another process before looking again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Bytes of a leaf's digest that a cursor carries.
const PRINT: usize = 4;

/// A place in the feed of one service: block, place in the block, record inside the row, and by what the row is known again. A journal
/// that was put back from a copy may seal other rows at the same places: who read the lost ones must not go on behind the new ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    service: String,
    block: i64,
    position: i32,
    record: i64,
    /// The first bytes of the leaf's digest, in hexadecimal digits; empty at the start.
    print: String,
}

/// What a reader asked for.
pub(super) struct Watch {
    pub(super) caller: Caller,
    pub(super) parent: Parent,
    /// Whether the parent is the caller's own organisation.
    pub(super) asks_for_own: bool,
    pub(super) collection: String,
    pub(super) cursor: Cursor,
}

// === impl Cursor ===

impl Cursor {
    /// Before the first event of a service.
    pub fn start(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            block: 0,
            position: -1,
            record: -1,
            print: String::new(),
        }
    }

    /// At a record of a row.
    fn at(service: &str, leaf: &leaf::Model, record: i64) -> Self {
        Self {
            service: service.to_owned(),
            block: leaf.block,
            position: leaf.position,
            record,
            print: print(leaf),
        }
    }

    /// Behind the last record of a row.
    fn behind(service: &str, leaf: &leaf::Model) -> Self {
        Self::at(service, leaf, i64::MAX - 1)
    }

    /// The service that gave it.
    pub fn service(&self) -> &str {
        &self.service
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            service,
            block,
            position,
            record,
            print,
        } = self;
        write!(formatter, "{service}:{block}.{position}.{record}.{print}")
    }
}

fn print(leaf: &leaf::Model) -> String {
    hex::encode(leaf.digest.get(..PRINT).unwrap_or_default())
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (service, place) = text.split_once(':').ok_or(())?;
        let (place, print) = place.rsplit_once('.').ok_or(())?;
        let mut parts = place.split('.');
        let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok());
        let (block, position, record) = (
            number().ok_or(())?,
            number().ok_or(())?,
            number().ok_or(())?,
        );
        Ok(Self {
            service: service.to_owned(),
            block,
            position: i32::try_from(position).map_err(|_| ())?,
            record,
            print: print.to_owned(),
        })
    }
}

/// Whether a cursor is a place of the sealed journal as it is.
pub(super) async fn is_known(context: &Context, cursor: &Cursor) -> Result<bool, KernelError> {
    if *cursor == Cursor::start(&cursor.service) {
        return Ok(true);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "leaves belong to no region; the reader learns whether its own word holds"
    )]
    let leaf = leaf::Entity::find()
        .filter(leaf::Column::Block.eq(cursor.block))
        .filter(leaf::Column::Position.eq(cursor.position))
        .one(context.store.reader())
        .await?;
    Ok(leaf.is_some_and(|leaf| print(&leaf) == cursor.print))
}

/// Sends events until the reader goes away or the process drains.
pub(super) async fn run(
    context: Context,
    mut watch: Watch,
    events: mpsc::Sender<Result<ChangeEvent, Status>>,
) {
    let mut sealed = context.store.sealed.subscribe();
    loop {
        // A caller who has signed out or lost the post gets no new identity: the stream must end with the old one.
        if context.clock.now_micros() / 1_000_000 >= watch.caller.expire_seconds {
            let _gone = events
                .send(Err(into_status(KernelError::StreamEnded)))
                .await;
            return;
        }
        match send_batch(&context, &mut watch, &events).await {
            Ok(Progress::More) => continue,
            Ok(Progress::Drained) => {}
            Ok(Progress::ReaderGone) => return,
            Err(error) => {
                // The reader resumes from its last cursor; nothing is skipped.
                let _gone = events.send(Err(into_status(error))).await;
                return;
            }
        }
        tokio::select! {
            _ = sealed.changed() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = context.stop.cancelled() => return,
            () = events.closed() => return,
        }
    }
}

enum Progress {
    More,
    Drained,
    ReaderGone,
}

async fn send_batch(
    context: &Context,
    watch: &mut Watch,
    events: &mpsc::Sender<Result<ChangeEvent, Status>>,
) -> Result<Progress, KernelError> {
    let rows = rows_from(context, watch).await?;
    let full = rows.len() as u64 == BATCH;
    let (from, mut told) = (watch.cursor.clone(), false);
    for (leaf, row) in rows {
        let Some(row) = row else {
            watch.cursor = Cursor::behind(context.name, &leaf);
            continue;
        };
        let records = open_records(&context.store.keys, &row)?.records;
        let (block, position) = (watch.cursor.block, watch.cursor.position);
        let resumed = (leaf.block, leaf.position) == (block, position);
        let skip = if resumed { watch.cursor.record + 1 } else { 0 };
        for (index, record) in (0_i64..)
            .zip(records)
            .skip(usize::try_from(skip).unwrap_or(0))
        {
            let cursor = Cursor::at(context.name, &leaf, index);
            if let Some(event) = visible(watch, &row, record, &cursor) {
                told = true;
                if events.send(Ok(event)).await.is_err() {
                    return Ok(Progress::ReaderGone);
                }
            }
        }
        watch.cursor = Cursor::behind(context.name, &leaf);
    }
    // A service that follows one collection keeps its place although nothing in the batch concerned it.
    if !told && watch.cursor != from && watch.caller.is_service() {
        let moved = ChangeEvent {
            cursor: watch.cursor.to_string(),
            ..ChangeEvent::default()
        };
        if events.send(Ok(moved)).await.is_err() {
            return Ok(Progress::ReaderGone);
        }
    }
    Ok(if full {
        Progress::More
    } else {
        Progress::Drained
    })
}

/// The event of a record that the reader may see, with the content that it may see.
fn visible(
    watch: &Watch,
    row: &row::Model,
    record: Record,
    cursor: &Cursor,
) -> Option<ChangeEvent> {
    let wanted = watch.collection.is_empty()
        || record
            .name
            .strip_prefix(watch.collection.as_str())
            .is_some_and(|rest| rest.starts_with('/'));
    let (record, digest, name, kind) = match wanted.then(|| reach(watch, &record))? {
        Reach::Nothing => return None,
        Reach::Shared => {
            let digest = record.shared.as_ref().map(|shared| sm3(&shared.value));
            let digest = digest.map_or(Vec::new(), |digest| digest.to_vec());
            (record.shared, digest, record.name, record.kind)
        }
        Reach::Whole => {
            let may_read = row.data_class < DataClass::Personal as i32 || watch.caller.is_service();
            let after = record.after.filter(|_| may_read);
            (after, record.digest, record.name, record.kind)
        }
    };
    Some(ChangeEvent {
        cursor: cursor.to_string(),
        entry: format!("entries/{}", row.id),
        subject: name,
        kind,
        commit_time: Some(timestamp(row.time_micros)),
        record,
        digest: hex::encode(digest),
    })
}

/// How much of a record a reader may be told.
#[derive(Debug, PartialEq, Eq)]
enum Reach {
    Nothing,
    /// What its audience shares in.
    Shared,
    /// Everything, as far as the class of the data allows.
    Whole,
}

/// What a partner sent stays its own wherever the record lies by now: a child moves to the next county, and its case with it.
fn reach(watch: &Watch, record: &Record) -> Reach {
    let caller = &watch.caller;
    let school = Uuid::try_parse(&record.school).ok();
    let below = watch.parent.contains(record.place, school);
    if record.restricted && caller.role.duty == Duty::Partner {
        let is_own = record.audience == caller.account;
        return match is_own && (below || watch.asks_for_own) {
            true => Reach::Shared,
            false => Reach::Nothing,
        };
    }
    match below && caller.scope.covers(record.place, school) {
        true => Reach::Whole,
        false => Reach::Nothing,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "leaves belong to no region; their rows are filtered one by one"
)]
async fn rows_from(
    context: &Context,
    watch: &Watch,
) -> Result<Vec<(leaf::Model, Option<row::Model>)>, KernelError> {
    let (database, cursor) = (context.store.reader(), &watch.cursor);
    let leaves = leaf::Entity::find()
        // As one comparison of rows, for which the database goes into the index at the cursor; two joined by OR it would answer
        // by reading the journal from its beginning.
        .filter(
            Expr::tuple([
                Expr::col(leaf::Column::Block),
                Expr::col(leaf::Column::Position),
            ])
            .gte(Expr::tuple([
                Expr::val(cursor.block),
                Expr::val(cursor.position),
            ])),
        )
        .order_by_asc(leaf::Column::Block)
        .order_by_asc(leaf::Column::Position)
        .limit(BATCH)
        .all(database)
        .await?;
    let all = Scope::everything("records are filtered one by one");
    // Most rows concern other collections than the one that is followed; they stay where they are.
    let concerned = |collections: &str| {
        watch.collection.is_empty() || collections.contains(&format!(",{},", watch.collection))
    };
    let concerns: Vec<(i64, String)> = row::Entity::visible_to(&all)
        .select_only()
        .columns([row::Column::Seq, row::Column::Collections])
        .filter(row::Column::Seq.is_in(leaves.iter().map(|leaf| leaf.seq)))
        .into_tuple()
        .all(database)
        .await?;
    let concerns: HashMap<i64, bool> = concerns
        .into_iter()
        .map(|(seq, collections)| (seq, concerned(&collections)))
        .collect();
    let wanted: Vec<i64> = concerns
        .iter()
        .filter_map(|(seq, concerned)| concerned.then_some(*seq))
        .collect();
    let rows = match wanted.is_empty() {
        true => Vec::new(),
        false => {
            row::Entity::visible_to(&all)
                .filter(row::Column::Seq.is_in(wanted))
                .all(database)
                .await?
        }
    };
    let mut by_seq: HashMap<i64, row::Model> = rows.into_iter().map(|row| (row.seq, row)).collect();
    let place = |leaf: leaf::Model| {
        let row = by_seq.remove(&leaf.seq);
        if row.is_none() && concerns.get(&leaf.seq) != Some(&false) {
            let missing = format!("journal row {} is sealed and missing", leaf.seq);
            return Err(KernelError::Stored(missing));
        }
        Ok((leaf, row))
    };
    leaves.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let cursor = Cursor {
            service: "registration".into(),
            block: 12,
            position: 3,
            record: -1,
            print: "0a1b2c3d".into(),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let start = Cursor::start("registration");
        assert_eq!(start.to_string().parse(), Ok(start));
        assert_eq!("registration:1.2".parse::<Cursor>(), Err(()));
        assert_eq!("registration:1.2.3".parse::<Cursor>(), Err(()));
        assert_eq!("1.2.3".parse::<Cursor>(), Err(()));
    }
}
