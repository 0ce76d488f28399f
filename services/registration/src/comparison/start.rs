//! Begins a comparison.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::journal::Entry;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::comparison::State;
use junheng_proto::registration::v1::resident_list::State as ListState;
use junheng_proto::registration::v1::{Comparison, RunComparisonRequest};
use tonic::Request;
use uuid::Uuid;

use super::error::ComparisonError;
use super::run::Phase;
use super::{encode, list, rules, store};
use crate::entity::comparison::Model;
use crate::rule_book::{RegionPath, RuleBook};

pub(super) async fn run(
    context: &Context,
    request: Request<RunComparisonRequest>,
) -> Result<Comparison, ComparisonError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let key = RequestKey::of(&message.request_id, &message)?;
    let (context_of_work, own) = (context.clone(), caller.clone());
    context
        .store
        .write(&caller, key, move |tx| async move {
            let context = context_of_work;
            let list = list::get(&*tx, &own, &message.name).await?;
            if list.state != ListState::Live as i32 {
                return Err(ComparisonError::NotLive {
                    name: message.name,
                    state: ListState::try_from(list.state).unwrap_or_default(),
                });
            }
            if let Some(running) = store::running_in(&*tx, &list.region).await? {
                let name = format!("comparisons/{}", running.id);
                return Err(ComparisonError::Running { name });
            }
            let path = RegionPath::of(&context.regions, &list.region);
            let age = rules::school_age(RuleBook::builtin()?, &path, context.clock.today())?;
            let previous = store::last_like(&*tx, &list).await?;
            let row = Model {
                id: Uuid::now_v7(),
                place: list.place,
                region: list.region,
                list: list.id,
                previous: previous.as_ref().map(|one| one.id),
                previous_account: previous.map_or_else(String::new, |one| one.account),
                account: list.account,
                source: list.source,
                kind: list.kind,
                state: State::Running as i32,
                phase: Phase::Matching as i32,
                cursor: Uuid::nil(),
                cursor_place: -1,
                born_after: age.born_after,
                born_until: age.born_until,
                row_count: list.row_count,
                compared: 0,
                suspected: 0,
                counts: Vec::new(),
                start_micros: context.clock.now_micros(),
                end_micros: 0,
                failure: 0,
                failure_zh: String::new(),
                version: 1,
            };
            store::insert_comparison(&*tx, row.clone()).await?;
            let shown = encode::comparison(&row)?;
            let entry = about(&row).change(None, &shown);
            let answer = match list::is_partner(&own) {
                true => encode::comparison_for_partner(&row)?,
                false => shown,
            };
            Ok((answer, entry))
        })
        .await
}

/// What the journal says of a comparison.
pub(super) fn about(row: &Model) -> Entry {
    let name = format!("comparisons/{}", row.id);
    Entry::about(name, row.place, None, DataClass::Internal)
}

/// The comparison as the journal tells it before and after a change.
pub(super) fn change(before: &Model, after: &Model) -> Result<Entry, KernelError> {
    let shown = encode::comparison(after)?;
    Ok(about(after).change(Some(&encode::comparison(before)?), &shown))
}
