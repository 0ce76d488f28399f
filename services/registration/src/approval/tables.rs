//! The three tables against the contract.

use std::collections::HashSet;
use std::fmt::Debug;

use junheng_kernel::admission::AccessTable;
use junheng_kernel::label::Labelled;
use junheng_kernel::post::Role;
use junheng_kernel::workflow::Workflow;
use junheng_proto::POOL;

use crate::{access_grant, export, special_group};

fn is_sound<S, G>(table: &Workflow<S, G>, guards: &[G])
where
    S: Labelled + TryFrom<i32> + PartialEq + Debug,
    G: Copy + PartialEq + Debug,
{
    every_state_is_reachable(table);
    every_step_is_a_method_of_its_roles(table);
    for guard in guards {
        let used = table.rows.iter().any(|row| row.guards.contains(guard));
        assert!(used, "{}: {guard:?}", table.name);
    }
    for earlier in table.rows.iter().flat_map(|row| row.not_by_taker_of) {
        assert!(!table.label_of(earlier).is_empty(), "{earlier}");
    }
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
            }
        }
    }
    let found = POOL.get_enum_by_name(S::FULL_NAME).unwrap();
    let numbers = found.values().map(|value| value.number());
    for state in numbers.filter(|number| *number != 0) {
        let state = S::try_from(state).ok().unwrap();
        assert!(reached.contains(&state), "{}: {state:?}", table.name);
    }
}

fn every_step_is_a_method_of_its_roles<S: Debug, G>(table: &Workflow<S, G>) {
    let access = AccessTable::of_contract();
    for row in table.rows {
        let end = format!("/{}", row.step);
        let mut methods = access.iter().filter(|one| one.path.ends_with(&end));
        let method = methods.next();
        let method = method.unwrap_or_else(|| panic!("{} is no method", row.step));
        let of_step = table.rows.iter().filter(|other| other.step == row.step);
        let taken_by: HashSet<Role> = of_step.flat_map(|row| row.by).copied().collect();
        assert_eq!(taken_by, method.roles, "{}", row.step);
        assert!(!row.label.is_empty());
    }
    let begin = format!("/{}", table.begin.0);
    assert!(
        access.iter().any(|one| one.path.ends_with(&begin)),
        "{begin}"
    );
}

#[test]
fn every_state_is_reachable_every_step_a_method_and_every_guard_used() {
    use access_grant::workflow as grants;
    is_sound(&grants::WORKFLOW, &[grants::Guard::ReasonGiven]);
    use export::workflow as exports;
    let guards = [exports::Guard::ReasonGiven, exports::Guard::WrittenApproval];
    is_sound(&exports::WORKFLOW, &guards);
    use special_group::workflow as groups;
    let guards = [
        groups::Guard::ReasonGiven,
        groups::Guard::CountyWhereMoney,
        groups::Guard::TimeOver,
    ];
    is_sound(&groups::WORKFLOW, &guards);
}
