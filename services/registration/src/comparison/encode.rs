//! Lists and comparisons as callers see them.

use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_proto::registration::v1::comparison::State;
use junheng_proto::registration::v1::{
    Comparison, ComparisonCount, ComparisonVerdict as Verdict, ResidentList,
};
use prost::Message as _;

use super::rules;
use crate::entity::{comparison, resident_list};

/// A list.
pub(super) fn list(row: &resident_list::Model) -> ResidentList {
    ResidentList {
        name: format!("residentLists/{}", row.id),
        region: format!("regions/{}", row.region),
        source: row.source,
        kind: row.kind,
        as_of_date: row.as_of.clone(),
        state: row.state,
        row_count: row.row_count,
        sender: row.account.clone(),
        sender_post: row.post.clone(),
        create_time: Some(timestamp(row.create_micros)),
    }
}

/// A comparison, for officers.
pub(super) fn comparison(row: &comparison::Model) -> Result<Comparison, KernelError> {
    let counted = Comparison::decode(row.counts.as_slice());
    let counted = counted.map_err(|error| KernelError::Stored(error.to_string()))?;
    let has_ended = row.state != State::Running as i32;
    Ok(Comparison {
        name: format!("comparisons/{}", row.id),
        resident_list: format!("residentLists/{}", row.list),
        region: format!("regions/{}", row.region),
        state: row.state,
        row_count: row.row_count,
        compared_count: row.compared,
        counts: counted.counts,
        suspected_count: row.suspected,
        previous: row
            .previous
            .map_or_else(String::new, |id| format!("comparisons/{id}")),
        sender: row.account.clone(),
        start_time: Some(timestamp(row.start_micros)),
        end_time: has_ended.then(|| timestamp(row.end_micros)),
        failure: row.failure,
        failure_zh: row.failure_zh.clone(),
    })
}

/// A comparison, for the partner who sent the list: counts in its own words, and nothing of what was done about them.
pub(super) fn comparison_for_partner(row: &comparison::Model) -> Result<Comparison, KernelError> {
    let mut whole = comparison(row)?;
    let follows_own = row.previous_account == row.account;
    if !follows_own {
        whole.previous.clear();
        // Children of another sender's list.
        whole
            .counts
            .retain(|count| count.verdict() != Verdict::NoLongerListed);
    }
    let mut counts: Vec<ComparisonCount> = Vec::new();
    for count in &whole.counts {
        let verdict = rules::told_partner(count.verdict()) as i32;
        match counts.iter_mut().find(|told| told.verdict == verdict) {
            Some(told) => told.count += count.count,
            None => counts.push(ComparisonCount {
                verdict,
                count: count.count,
                changed_count: 0,
            }),
        }
    }
    Ok(Comparison {
        counts,
        suspected_count: 0,
        ..whole
    })
}

/// A comparison of a larger region, for who reads a part of its results.
pub(super) fn comparison_from_below(row: &comparison::Model) -> Result<Comparison, KernelError> {
    Ok(Comparison {
        counts: Vec::new(),
        suspected_count: 0,
        row_count: 0,
        compared_count: 0,
        ..comparison(row)?
    })
}

/// Counts as they are stored.
pub(super) fn counts(counts: Vec<(i32, i64, i64)>) -> Vec<u8> {
    let mut counts: Vec<ComparisonCount> = counts
        .into_iter()
        .map(|(verdict, count, changed_count)| ComparisonCount {
            verdict,
            count,
            changed_count,
        })
        .collect();
    counts.sort_by_key(|count| count.verdict);
    let counted = Comparison {
        counts,
        ..Comparison::default()
    };
    counted.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_partner_reads_one_sum_of_those_who_are_accounted_for_and_nothing_of_suspicions() {
        let verdicts = [
            (Verdict::EnrolledHere as i32, 5, 1),
            (Verdict::Excused as i32, 2, 2),
            (Verdict::NotEnrolled as i32, 1, 1),
        ];
        let row = comparison::Model {
            id: Uuid::now_v7(),
            place: 0,
            region: "630103".into(),
            list: Uuid::now_v7(),
            previous: None,
            previous_account: String::new(),
            account: "accounts/1".into(),
            source: 1,
            kind: 1,
            state: State::Done as i32,
            phase: 0,
            cursor: Uuid::nil(),
            cursor_place: 0,
            born_after: 0,
            born_until: 0,
            row_count: 8,
            compared: 8,
            suspected: 1,
            counts: counts(verdicts.to_vec()),
            start_micros: 0,
            end_micros: 0,
            failure: 0,
            failure_zh: String::new(),
            version: 1,
        };
        let told = comparison_for_partner(&row).unwrap();
        let counts = told
            .counts
            .iter()
            .map(|count| (count.verdict(), count.count));
        let expected = [(Verdict::AccountedFor, 7), (Verdict::NotEnrolled, 1)];
        assert_eq!(counts.collect::<Vec<_>>(), expected);
        assert!(told.counts.iter().all(|count| count.changed_count == 0));
        assert_eq!(told.suspected_count, 0);
        assert_eq!(comparison(&row).unwrap().suspected_count, 1);
    }
}
