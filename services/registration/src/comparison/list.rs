//! Lists: they begin with their stream and stand when it has ended whole.

use chrono::TimeDelta;
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::id_of;
use junheng_kernel::post::Duty;
use junheng_kernel::region::RegionTable;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::{journal, resource};
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::ResidentList;
use junheng_proto::registration::v1::resident_list::State;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::error::ComparisonError;
use super::{encode, store};
use crate::entity::resident_count;
use crate::entity::resident_list::{Entity, Model};

/// The method that the journal names for the end of a list whose stream broke off.
const METHOD: &str = "/junheng.registration.v1.ComparisonService/ImportResidents";
/// How long a list waits for its stream, or for the request that takes it up again. No text gives a time.
const TAKEN_UP_WITHIN: TimeDelta = TimeDelta::hours(24);

/// What is known of a list before its first child.
pub(super) struct Description {
    pub(super) caller: Caller,
    pub(super) region: String,
    pub(super) place: i64,
    pub(super) source: i32,
    pub(super) kind: i32,
    pub(super) as_of: String,
}

/// Begins a list; the same request again gives the same list.
pub(super) async fn begin(
    context: &Context,
    key: RequestKey,
    description: Description,
) -> Result<Uuid, ComparisonError> {
    let caller = description.caller.clone();
    let clock = context.clock.clone();
    let list: ResidentList = context
        .store
        .write(&caller, key, move |tx| async move {
            let row = Model {
                id: Uuid::now_v7(),
                place: description.place,
                region: description.region,
                account: description.caller.account.clone(),
                post: description.caller.post(),
                source: description.source,
                kind: description.kind,
                as_of: description.as_of,
                state: State::Arriving as i32,
                row_count: 0,
                create_micros: clock.now_micros(),
                version: 1,
            };
            store::insert_list(&*tx, row.clone()).await?;
            let shown = encode::list(&row);
            let entry = about(&row).change(None, &shown);
            Ok::<_, ComparisonError>((shown, entry))
        })
        .await?;
    Ok(id_of("residentLists", &list.name)?)
}

/// The list, held until the transaction ends, as long as it takes children. Fails with `REQUEST_ID_REUSED` once it has ended: who
/// sends other children under the id of its request sends another request.
pub(super) async fn arriving(
    database: &impl ConnectionTrait,
    id: Uuid,
    request_id: &str,
) -> Result<Model, ComparisonError> {
    let list = store::hold_list(database, id).await?;
    match State::try_from(list.state).unwrap_or_default() {
        State::Arriving => Ok(list),
        State::BrokenOff => Err(ComparisonError::BrokenOff {
            name: format!("residentLists/{id}"),
        }),
        _ => Err(reused(request_id)),
    }
}

fn reused(request_id: &str) -> ComparisonError {
    let request_id = request_id.to_owned();
    KernelError::RequestIdReused { request_id }.into()
}

/// Ends a list whose stream has ended whole: it is live, in place of the one before; behind it at once, where that one shows a later
/// day. Fails with `REQUEST_ID_REUSED` when it has other children than the `sent` ones of this stream.
pub(super) async fn complete(
    context: &Context,
    caller: &Caller,
    key: RequestKey,
    id: Uuid,
    (request_id, sent): (&str, i64),
) -> Result<(), ComparisonError> {
    let (regions, own_id) = (context.regions.clone(), request_id.to_owned());
    let list: ResidentList = context
        .store
        .write(caller, key, move |tx| async move {
            let before = arriving(&*tx, id, &own_id).await?;
            let counts = counted(&*tx, &regions, id).await?;
            let row_count = counts.iter().map(|count| count.resident_count).sum();
            if row_count != sent {
                return Err(reused(&own_id));
            }
            store::keep_counts(&*tx, counts).await?;
            let live = store::live_like(&*tx, &before).await?;
            // Days are written so that they sort.
            let is_late = live.iter().any(|live| live.as_of > before.as_of);
            let (state, replaced) = match is_late {
                true => (State::Replaced, Vec::new()),
                false => (State::Live, replace(&*tx, live).await?),
            };
            let after = Model {
                state: state.into(),
                row_count,
                version: before.version + 1,
                ..before.clone()
            };
            resource::replace::<Entity>(&*tx, after.clone(), before.version).await?;
            let shown = encode::list(&after);
            let entry = about(&after).change(Some(&encode::list(&before)), &shown);
            Ok::<_, ComparisonError>((shown, entry.with_all(replaced)))
        })
        .await?;
    // What the request was answered before is not asked how many came now.
    match list.row_count == sent {
        true => Ok(()),
        false => Err(reused(request_id)),
    }
}

/// Ends a list of which no child was taken.
pub(super) async fn refuse(
    context: &Context,
    caller: &Caller,
    key: RequestKey,
    id: Uuid,
    request_id: &str,
) -> Result<(), ComparisonError> {
    let ending = (State::Refused, reused(request_id));
    end(context, caller, key, id, ending).await
}

/// Ends the lists whose streams broke off and were not taken up in time, so that their senders see that nothing came of them.
pub(super) async fn end_broken_off(context: &Context) -> Result<(), ComparisonError> {
    let limit = context.clock.now_micros() - TAKEN_UP_WITHIN.num_microseconds().unwrap_or(i64::MAX);
    let caller = context.own_caller(METHOD)?;
    for id in store::arriving_since(context.store.reader(), limit).await? {
        let key = RequestKey::own(format!("residentLists/{id}/broken-off"));
        // It may end otherwise in the same moment.
        let ending = (State::BrokenOff, KernelError::WriteConflict.into());
        end(context, &caller, key, id, ending).await?;
        tracing::warn!(list = %id, "a list ends whose stream broke off");
    }
    Ok(())
}

/// Ends a list that arrives, or fails as told when it has ended.
async fn end(
    context: &Context,
    caller: &Caller,
    key: RequestKey,
    id: Uuid,
    (state, has_ended): (State, ComparisonError),
) -> Result<(), ComparisonError> {
    let _list: ResidentList = context
        .store
        .write(caller, key, move |tx| async move {
            let before = store::hold_list(&*tx, id).await?;
            if before.state != State::Arriving as i32 {
                return Err(has_ended);
            }
            let after = Model {
                state: state.into(),
                version: before.version + 1,
                ..before.clone()
            };
            resource::replace::<Entity>(&*tx, after.clone(), before.version).await?;
            let shown = encode::list(&after);
            let entry = about(&after).change(Some(&encode::list(&before)), &shown);
            Ok::<_, ComparisonError>((shown, entry))
        })
        .await?;
    Ok(())
}

async fn counted(
    database: &impl ConnectionTrait,
    regions: &RegionTable,
    list: Uuid,
) -> Result<Vec<resident_count::Model>, KernelError> {
    let counts = store::count_residents(database, list).await?.into_iter();
    let count = |(region, birth_month, resident_count): (String, i32, i64)| {
        let place = regions.place(&region);
        Ok(resident_count::Model {
            list,
            place: place.map_err(|_| KernelError::RegionUnknown {
                code: region.clone(),
            })?,
            code: region.clone(),
            region,
            birth_month,
            resident_count,
        })
    };
    counts.map(count).collect()
}

/// A later list has taken the place of these.
async fn replace(
    database: &impl ConnectionTrait,
    lists: Vec<Model>,
) -> Result<Vec<Record>, KernelError> {
    let mut records = Vec::new();
    for before in lists {
        let after = Model {
            state: State::Replaced as i32,
            version: before.version + 1,
            ..before.clone()
        };
        resource::replace::<Entity>(database, after.clone(), before.version).await?;
        let (before, shown) = (encode::list(&before), encode::list(&after));
        let place = after.place;
        records.push(journal::record(
            &shown.name,
            place,
            None,
            Some(&before),
            &shown,
            true,
        ));
    }
    Ok(records)
}

/// The list, if the caller may know of it: a partner of its own lists only.
pub(super) async fn get(
    database: &impl ConnectionTrait,
    caller: &Caller,
    name: &str,
) -> Result<Model, KernelError> {
    let id = id_of("residentLists", name)?;
    let list = resource::get::<Entity>(database, &caller.scope, id).await?;
    match is_own(caller, &list.account) {
        true => Ok(list),
        false => Err(KernelError::not_found(name)),
    }
}

/// Whether the caller is another department's system.
pub(super) fn is_partner(caller: &Caller) -> bool {
    caller.role.duty == Duty::Partner
}

/// Whether the caller is no partner, or the partner who sent it.
pub(super) fn is_own(caller: &Caller, sender: &str) -> bool {
    !is_partner(caller) || caller.account == sender
}

fn about(list: &Model) -> Entry {
    let name = format!("residentLists/{}", list.id);
    Entry::about(name, list.place, None, DataClass::Internal)
}
