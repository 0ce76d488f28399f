//! What a comparison found, read page by page.

use std::collections::HashMap;

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::Entry;
use junheng_kernel::label;
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{
    ComparisonResult, ComparisonVerdict as Verdict, ListComparisonResultsRequest,
    ListComparisonResultsResponse,
};
use tonic::Request;
use uuid::Uuid;

use super::error::ComparisonError;
use super::list::{is_own, is_partner};
use super::pages::{self, Position, Wanted};
use super::rules::{TOLD_PARTNERS, meant_by_partner, told_partner};
use super::{person, store};
use crate::entity::comparison_result::Model;
use crate::entity::{comparison, resident};

pub(super) async fn list(
    context: &Context,
    request: Request<ListComparisonResultsRequest>,
) -> Result<ListComparisonResultsResponse, ComparisonError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let database = context.store.reader();
    let parent = Parent::of(&caller, &context.regions, "parent", &message.parent)?;
    let Parent::Region { code, ranges } = &parent else {
        return Err(KernelError::not_found(&message.parent).into());
    };
    let run = store::comparison(database, id_of("comparisons", &message.comparison)?).await?;
    if !is_own(&caller, &run.account) || !reaches(context, &run, code) {
        return Err(KernelError::not_found(&message.comparison).into());
    }
    let mut verdicts = verdicts(is_partner(&caller), message.verdict)?;
    if !follows(&caller, &run) {
        // Of another sender's list.
        verdicts.retain(|verdict| *verdict != Verdict::NoLongerListed as i32);
    }
    let (verdict, changed) = (
        message.verdict.to_string(),
        message.changed_only.to_string(),
    );
    let fields = [&message.parent, &message.comparison, &verdict, &changed];
    let fields = fields.map(String::as_str);
    let page = Page::of(
        &caller.method,
        message.page_size,
        &message.page_token,
        &fields,
    )?;
    let wanted = Wanted {
        run: run.id,
        scope: &caller.scope,
        ranges,
        change: match (message.changed_only, is_partner(&caller)) {
            (false, _) => 0,
            // Everything is new in the first one.
            _ if !follows(&caller, &run) => 0,
            (true, false) => 1,
            // A child who moves from one school to another is no news for a partner.
            (true, true) => 2,
        },
        after: page.after()?,
        limit: page.limit(),
        verdicts,
    };
    // In an order by result a partner would see where one of its words ends and means another result.
    let rows = match is_partner(&caller) && wanted.verdicts.len() > 1 {
        true => pages::by_person(database, &wanted).await?,
        false => pages::by_verdict(database, &wanted).await?,
    };
    let (rows, next_page_token) = page.cut(rows, |row| Position::of(row).to_string());
    let place = parent.place().unwrap_or_default();
    let entry = Entry::about(&message.parent, place, None, DataClass::Sensitive);
    context.store.record_read(&caller, entry).await?;
    Ok(ListComparisonResultsResponse {
        results: encode(context, &caller, &run, rows).await?,
        next_page_token,
    })
}

/// Whether a comparison has to do with a region: it lies in the comparison's own, or the other way round.
fn reaches(context: &Context, run: &comparison::Model, code: &str) -> bool {
    let regions = &context.regions;
    regions.is_within(code, &run.region) || regions.is_within(&run.region, code)
}

/// Whether what a comparison says of the one before is the caller's to know: a partner's own list came before, or it is an
/// officer who asks.
fn follows(caller: &Caller, run: &comparison::Model) -> bool {
    run.previous.is_some() && is_own(caller, &run.previous_account)
}

/// The results that are asked for. Fails with `FIELD_INVALID` for a word that is not the caller's.
fn verdicts(is_partner: bool, verdict: i32) -> Result<Vec<i32>, KernelError> {
    let all = || TOLD_PARTNERS.iter().map(|(own, _)| *own as i32);
    if verdict == 0 {
        return Ok(all().collect());
    }
    let asked = Verdict::try_from(verdict).unwrap_or_default();
    let meant: Vec<i32> = match is_partner {
        true => meant_by_partner(asked)
            .iter()
            .map(|own| *own as i32)
            .collect(),
        false => all().filter(|own| *own == verdict).collect(),
    };
    if meant.is_empty() {
        let term = label::of(asked);
        return Err(KernelError::Fields(vec![Violation::invalid(
            "verdict",
            "is no result that this post is told",
            format!("{term}不是本岗位可以查询的比对结果"),
        )]));
    }
    Ok(meant)
}

async fn encode(
    context: &Context,
    caller: &Caller,
    run: &comparison::Model,
    rows: Vec<Model>,
) -> Result<Vec<ComparisonResult>, KernelError> {
    let (database, keys) = (context.store.reader(), &context.store.keys);
    let mut lists = vec![run.list];
    if let Some(previous) = run.previous.filter(|_| follows(caller, run)) {
        lists.push(store::comparison(database, previous).await?.list);
    }
    let persons = rows.iter().map(|row| row.person).collect();
    let mut residents: HashMap<Uuid, resident::Model> = HashMap::new();
    for resident in store::residents(database, &lists, persons).await? {
        // The newest comes first: that of this list, where it has the child.
        residents.entry(resident.person).or_insert(resident);
    }
    let for_partner = is_partner(caller);
    let seen = match for_partner {
        true => Vec::new(),
        false => pages::visible(database, &caller.scope, &rows).await?,
    };
    let told = |verdict: i32| match for_partner {
        true => told_partner(Verdict::try_from(verdict).unwrap_or_default()) as i32,
        false => verdict,
    };
    let mut results = Vec::with_capacity(rows.len());
    for row in rows {
        let resident = residents.get(&row.person);
        let student = row.student.filter(|id| seen.contains(id));
        results.push(ComparisonResult {
            resident: resident
                .map(|resident| person::encode(keys, resident))
                .transpose()?,
            verdict: told(row.verdict),
            previous_verdict: match follows(caller, run) {
                true => told(row.previous),
                false => Verdict::Unspecified as i32,
            },
            student: student.map_or_else(String::new, |id| format!("students/{id}")),
        });
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partner_cannot_ask_for_a_result_that_says_where_or_why() {
        for hidden in [
            Verdict::EnrolledHere,
            Verdict::EnrolledElsewhere,
            Verdict::Excused,
        ] {
            assert!(verdicts(true, hidden as i32).is_err(), "{hidden:?}");
            assert_eq!(verdicts(false, hidden as i32).unwrap(), [hidden as i32]);
        }
        assert_eq!(
            verdicts(true, Verdict::AccountedFor as i32).unwrap(),
            [1, 2, 4]
        );
        assert!(verdicts(false, Verdict::AccountedFor as i32).is_err());
        assert_eq!(verdicts(true, 0).unwrap().len(), 7);
        assert!(verdicts(false, 99).is_err());
    }
}
