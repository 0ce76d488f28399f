//! Lets rows in whose cause is mended, in the name of who imported them.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use junheng_kernel::admission::{Caller, Claims};
use junheng_kernel::bulk::{Importer, Refusal, SetOutcome};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault as _, Violation, reason_name};
use junheng_kernel::journal::Entry;
use junheng_kernel::name::Parent;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::bulk::v1::ImportResult;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::quarantine_cause::Kind;
use tokio::sync::Notify;
use uuid::Uuid;

use super::set_aside::{address, kind_of};
use super::{Collection, Origin, Sent, store};
use crate::entity::quarantined_row::Model;
use crate::school_class::import::Classes;
use crate::student::first_load::FirstLoad;
use crate::student::import::Students;

/// How often to look for what another replica has registered.
const INTERVAL: Duration = Duration::from_secs(30);

/// Rows of one transaction: few enough that every refused one of them has its verdicts in the report.
const BATCH: u64 = 150;

/// Drains until the process does.
pub(super) async fn keep_draining(context: &Context, load: &FirstLoad, wake: &Notify) {
    loop {
        if let Err(error) = drain(context, load).await {
            tracing::warn!(%error, "rows wait on; letting them in is tried again");
        }
        tokio::select! {
            () = context.stop.cancelled() => return,
            () = wake.notified() => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

/// Looks once at every row whose parent has come.
async fn drain(context: &Context, load: &FirstLoad) -> Result<(), KernelError> {
    let mut after = Uuid::nil();
    while !context.stop.is_cancelled() {
        let rows = store::mended(context.store.reader(), after, BATCH).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.id;
        for (origin, rows) in by_import(rows) {
            let count = rows.len();
            let outcome = let_in(context, load, rows).await;
            match outcome {
                Ok(()) => tracing::info!(count, parent = origin, "rows that waited were let in"),
                Err(error) => {
                    tracing::warn!(%error, parent = origin, "rows that waited could not be let in");
                }
            }
        }
    }
    Ok(())
}

/// Rows of one import, one post and one collection belong together.
fn by_import(rows: Vec<Model>) -> Vec<(String, Vec<Model>)> {
    let mut imports: Vec<(String, Vec<Model>)> = Vec::new();
    for row in rows {
        let same = |first: &Model| {
            (
                &first.account,
                &first.role,
                &first.organisation,
                &first.method,
            ) == (&row.account, &row.role, &row.organisation, &row.method)
                && (&first.parent, &first.request_id) == (&row.parent, &row.request_id)
        };
        let found = imports
            .iter_mut()
            .find(|(_, rows)| rows.first().is_some_and(same));
        match found {
            Some((_, rows)) => rows.push(row),
            None => imports.push((row.parent.clone(), vec![row])),
        }
    }
    imports
}

/// Judges rows of one import again and writes those that pass.
async fn let_in(context: &Context, load: &FirstLoad, rows: Vec<Model>) -> Result<(), KernelError> {
    let Some(first) = rows.first() else {
        return Ok(());
    };
    let caller = caller_of(context, first)?;
    let parent = Parent::of(&caller, &context.regions, "parent", &first.parent)?;
    let named = |collection: Collection| collection.name() == first.collection;
    if named(Collection::Students) {
        let origin = Origin::of_row(Collection::Students, caller.clone(), first);
        let importer = Students::new(context, load, caller.clone(), parent, origin, true)?;
        write(context, caller, importer, rows).await
    } else {
        let origin = Origin::of_row(Collection::Classes, caller.clone(), first);
        let importer = Classes::new(context, caller.clone(), parent, origin);
        write(context, caller, importer, rows).await
    }
}

async fn write<I>(
    context: &Context,
    caller: Caller,
    importer: I,
    rows: Vec<Model>,
) -> Result<(), KernelError>
where
    I: Importer,
    I::Row: Sent,
    I::Error: std::fmt::Display,
{
    let (mut sent, mut roster) = (Vec::with_capacity(rows.len()), I::Roster::default());
    let (mut checked, mut causes) = (Vec::new(), HashMap::new());
    for (row, number) in rows.iter().zip(0..) {
        let id = row.id.to_string();
        let opened = context
            .store
            .keys
            .open_message::<I::Row>(address(&id), &row.sealed);
        match opened {
            Ok(mut message) => {
                message.renumber(number);
                sent.push(message);
            }
            // The others of the group go in without it.
            Err(error) => {
                tracing::error!(row = %row.id, %error, "a row that waits cannot be opened");
                causes.insert(number, unreadable(&error));
            }
        }
    }
    importer.look_up(&mut roster, &sent).await?;
    for message in sent {
        let number = I::number(&message);
        match importer.judge(&roster, message) {
            Ok(row) => checked.push(row),
            Err(refusal) => {
                causes.insert(number, cause_of(&refusal));
            }
        }
    }
    let ready = importer.prepare(checked)?;
    let first = rows
        .first()
        .map(|row| (row.parent.clone(), row.place, row.school));
    let (parent, place, school) = first.unwrap_or_default();
    let note = rows.first().map_or_else(String::new, |row| {
        format!(
            "let in from the quarantine; imported with request {}",
            row.request_id
        )
    });
    let key = RequestKey::own(format!("quarantine/{}", Uuid::now_v7()));
    let written: Result<ImportResult, Failure<I::Error>> = context
        .store
        .write(&caller, key, move |tx| async move {
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            if store::hold(&*tx, ids.clone())
                .await
                .map_err(KernelError::from)?
                .len()
                < ids.len()
            {
                // Another replica was quicker.
                return Err(Failure::Kernel(KernelError::WriteConflict));
            }
            let outcome = importer.write(tx.clone(), ready).await;
            let SetOutcome { report, records } = outcome.map_err(Failure::Import)?;
            let result = report.finish();
            for verdict in &result.verdicts {
                let reason = reason_name(verdict.reason());
                let cause = (Kind::Row, format!("{}: {reason}", verdict.field));
                causes.entry(verdict.row).or_insert(cause);
            }
            settle(&tx, &rows, &causes).await?;
            let entry = Entry::about(parent, place, school, DataClass::Sensitive)
                .note(&note)
                .with_all(records);
            Ok((result, entry))
        })
        .await;
    written.map(drop).map_err(|failure| match failure {
        Failure::Kernel(error) => error,
        Failure::Import(error) => KernelError::Stored(error.to_string()),
    })
}

/// Takes out what went in, and leaves the rest under its cause.
async fn settle(
    tx: &Tx,
    rows: &[Model],
    causes: &HashMap<i64, (Kind, String)>,
) -> Result<(), KernelError> {
    let mut gone = Vec::new();
    for (row, number) in rows.iter().zip(0..) {
        match causes.get(&number) {
            None => gone.push(row.id),
            Some((kind, cause)) => {
                store::set_cause(&**tx, row.id, (*kind).into(), cause).await?;
            }
        }
    }
    store::delete(&**tx, &gone).await?;
    Ok(())
}

/// Under which cause a row waits now.
fn cause_of(refusal: &Refusal) -> (Kind, String) {
    match refusal {
        Refusal::MissingParent { key, wrong } => (kind_of(wrong.reason), key.clone()),
        Refusal::Wrong(violations) => {
            let named =
                |wrong: &Violation| format!("{}: {}", wrong.field, reason_name(wrong.reason));
            let fields: HashSet<String> = violations.iter().map(named).collect();
            let mut fields: Vec<String> = fields.into_iter().collect();
            fields.sort_unstable();
            (Kind::Row, fields.join(", "))
        }
    }
}

/// Under which cause a row waits that the keyring does not open: somebody has to import it again.
fn unreadable(error: &KernelError) -> (Kind, String) {
    (Kind::Row, format!("row: {}", reason_name(error.reason())))
}

/// The post as it was when the row was imported.
fn caller_of(context: &Context, row: &Model) -> Result<Caller, KernelError> {
    let claims = Claims {
        iss: context.name.to_owned(),
        aud: String::new(),
        sub: row.account.clone(),
        jti: row.request_id.clone(),
        iat: 0,
        nbf: 0,
        exp: i64::MAX,
        role: row.role.clone(),
        organisation: row.organisation.clone(),
        name: row.account_display_name.clone(),
        department: 0,
    };
    Caller::from_claims(&claims, &context.regions, &row.method, "").ok_or_else(|| {
        KernelError::Stored(format!("post {}@{} is none", row.role, row.organisation))
    })
}

/// Why a batch was not written.
enum Failure<E> {
    Kernel(KernelError),
    Import(E),
}

impl<E> From<KernelError> for Failure<E> {
    fn from(error: KernelError) -> Self {
        Self::Kernel(error)
    }
}
