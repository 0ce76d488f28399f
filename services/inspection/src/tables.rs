//! The three tables against the contract and against each other.

use std::collections::HashSet;
use std::fmt::Debug;

use junheng_kernel::admission::AccessTable;
use junheng_kernel::label::Labelled;
use junheng_kernel::post::{Level, Role};
use junheng_kernel::workflow::Workflow;
use junheng_proto::POOL;

use crate::campaign::workflow::{self as campaign, skipped_states};
use crate::{evidence_item, school_report};

/// The states of an enum of the contract, without its zero.
fn states<S: Labelled + TryFrom<i32>>() -> Vec<S> {
    let found = POOL.get_enum_by_name(S::FULL_NAME).unwrap();
    let numbers = found.values().map(|value| value.number());
    numbers
        .filter(|number| *number != 0)
        .filter_map(|number| S::try_from(number).ok())
        .collect()
}

fn every_state_is_reachable<S, G>(table: &Workflow<S, G>)
where
    S: Labelled + TryFrom<i32> + PartialEq + Debug,
{
    let mut reached = vec![table.start];
    for _ in table.rows {
        for row in table.rows {
            if row.from.iter().any(|from| reached.contains(from)) {
                reached.push(row.to);
                reached.extend(row.without.map(|(_, instead)| instead));
            }
        }
    }
    for state in states::<S>() {
        assert!(reached.contains(&state), "{}: {state:?}", table.name);
    }
}

/// The roles that may take each step by the table, against those that the contract admits.
fn every_step_is_a_method_of_its_roles<S: Debug, G>(table: &Workflow<S, G>) {
    let access = AccessTable::of_contract();
    for row in table.rows {
        let end = format!("/{}", row.step);
        let mut methods = access.iter().filter(|one| one.path.ends_with(&end));
        let method = methods.next();
        let method = method.unwrap_or_else(|| panic!("{} is no method", row.step));
        assert!(
            method.path.starts_with("/junheng.inspection.v1."),
            "{}",
            method.path
        );
        let of_step = table.rows.iter().filter(|other| other.step == row.step);
        let taken_by: HashSet<Role> = of_step.flat_map(|row| row.by).copied().collect();
        assert_eq!(taken_by, method.roles, "{}", row.step);
        assert!(!row.label.is_empty());
    }
}

fn every_guard_is_used<S, G: PartialEq + Debug>(table: &Workflow<S, G>, guards: &[G]) {
    for guard in guards {
        let used = table.rows.iter().any(|row| row.guards.contains(guard));
        assert!(used, "{}: {guard:?}", table.name);
    }
}

#[test]
fn every_state_of_the_contract_is_reachable() {
    every_state_is_reachable(&campaign::WORKFLOW);
    every_state_is_reachable(&school_report::workflow::WORKFLOW);
    every_state_is_reachable(&evidence_item::workflow::WORKFLOW);
}

#[test]
fn every_step_is_a_method_and_its_roles_are_the_methods() {
    every_step_is_a_method_of_its_roles(&campaign::WORKFLOW);
    every_step_is_a_method_of_its_roles(&school_report::workflow::WORKFLOW);
    every_step_is_a_method_of_its_roles(&evidence_item::workflow::WORKFLOW);
}

#[test]
fn every_guard_guards_something() {
    use campaign::Guard as C;
    use school_report::workflow::Guard as R;
    let all = [
        C::SchoolsToInspect,
        C::AllReportsConfirmed,
        C::AllItemsAnswered,
        C::NoVeto,
        C::NothingReturnedOpen,
        C::PublicityOver,
    ];
    every_guard_is_used(&campaign::WORKFLOW, &all);
    let all = [R::CampaignOpen, R::FiguresUnchanged];
    every_guard_is_used(&school_report::workflow::WORKFLOW, &all);
    let all = [evidence_item::workflow::Guard::CampaignWithCounty];
    every_guard_is_used(&evidence_item::workflow::WORKFLOW, &all);
}

#[test]
fn four_eyes_look_at_steps_that_exist() {
    for row in campaign::WORKFLOW.rows {
        for earlier in row.not_by_taker_of {
            let exists = campaign::WORKFLOW
                .rows
                .iter()
                .any(|row| row.step == *earlier);
            assert!(exists || *earlier == campaign::CREATE, "{earlier}");
        }
    }
}

#[test]
fn a_county_without_a_city_passes_over_the_citys_review_and_nothing_else() {
    let no_city = skipped_states(|level| level != Level::City);
    assert_eq!(no_city, [campaign::State::CityReview]);
    assert!(skipped_states(|_| true).is_empty());
    let submitted = campaign::WORKFLOW
        .next(
            "campaigns/x",
            campaign::State::CountySelfAssessment,
            campaign::SUBMIT,
            Role::parse("county.approver").unwrap(),
            |level| level != Level::City,
        )
        .unwrap();
    assert_eq!(submitted.1.to, campaign::State::ProvinceEvaluation);
    assert_eq!(submitted.1.skipped, Some(campaign::State::CityReview));
}

#[test]
fn after_every_step_but_the_last_the_next_is_due_and_every_return_goes_down() {
    for row in campaign::WORKFLOW.rows {
        let ended = row.to == campaign::State::Published;
        assert_eq!(row.due.is_empty(), ended, "{}", row.step);
        if !ended {
            let rule = crate::rule_book::rules().unwrap().standing(row.due);
            assert!(
                rule.is_some_and(|rule| rule.count().unwrap() > 0),
                "{}",
                row.due
            );
        }
    }
    let returns = campaign::WORKFLOW.rows.iter();
    for row in returns.filter(|row| row.step == campaign::RETURN) {
        assert!(row.from.iter().all(|from| (row.to as i32) < *from as i32));
    }
}

#[test]
fn every_rule_of_the_book_is_named_by_a_step_and_has_a_source() {
    for rule in crate::rule_book::rules().unwrap().all() {
        let named = campaign::WORKFLOW.rows.iter().any(|row| row.due == rule.id);
        assert!(named && !rule.source.is_empty(), "{}", rule.id);
    }
}

#[test]
fn the_readme_shows_the_tables_as_they_run() {
    let readme = include_str!("../README.md");
    for table in crate::workflows() {
        let chart = format!("```mermaid\n{}```", table.mermaid);
        assert!(
            readme.contains(&chart),
            "{} should read:\n{chart}",
            table.name
        );
    }
}
