//! What every family of workflow tables is held against: the contract, and itself.

use std::collections::HashSet;
use std::fmt::Debug;

use junheng_kernel::admission::AccessTable;
use junheng_kernel::label::Labelled;
use junheng_kernel::post::Role;
use junheng_kernel::workflow::Workflow;
use junheng_proto::POOL;

/// Every state of the contract is reached by one of the tables.
pub(crate) fn every_state_is_reached<S, G>(tables: &[&Workflow<S, G>])
where
    S: Labelled + TryFrom<i32> + PartialEq + Debug,
{
    let mut reached: Vec<S> = tables.iter().map(|table| table.start).collect();
    let rows: Vec<_> = tables.iter().flat_map(|table| table.rows).collect();
    for _ in &rows {
        for row in &rows {
            if row.from.iter().any(|from| reached.contains(from)) {
                reached.push(row.to);
            }
        }
    }
    let found = POOL.get_enum_by_name(S::FULL_NAME).unwrap();
    let numbers = found.values().map(|value| value.number());
    for number in numbers.filter(|number| *number != 0) {
        let state = S::try_from(number).ok().unwrap();
        assert!(reached.contains(&state), "{state:?}");
    }
}

/// Every step is a method, and the roles of its rows are those that the contract admits.
pub(crate) fn every_step_is_a_method<S: Debug, G>(tables: &[&Workflow<S, G>], begin: &str) {
    let access = AccessTable::of_contract();
    let method_of = |step: &str| {
        let end = format!("/{step}");
        let found = access.iter().find(|one| one.path.ends_with(&end));
        found.unwrap_or_else(|| panic!("{step} is no method"))
    };
    method_of(begin);
    let rows: Vec<_> = tables.iter().flat_map(|table| table.rows).collect();
    for row in &rows {
        let of_step = rows.iter().filter(|other| other.step == row.step);
        let taken_by: HashSet<Role> = of_step.flat_map(|row| row.by).copied().collect();
        assert_eq!(taken_by, method_of(row.step).roles, "{}", row.step);
        assert!(!row.label.is_empty(), "{}", row.step);
    }
}

/// Every guard stands in some row.
pub(crate) fn every_guard_is_used<S, G: PartialEq + Debug>(
    tables: &[&Workflow<S, G>],
    guards: &[G],
) {
    for guard in guards {
        let mut rows = tables.iter().flat_map(|table| table.rows);
        assert!(rows.any(|row| row.guards.contains(guard)), "{guard:?}");
    }
}

/// Four eyes look at steps of the same table.
pub(crate) fn four_eyes_exist<S, G>(tables: &[&Workflow<S, G>]) {
    for table in tables {
        for earlier in table.rows.iter().flat_map(|row| row.not_by_taker_of) {
            let stands = table.rows.iter().any(|row| row.step == *earlier);
            assert!(
                stands || *earlier == table.begin.0,
                "{}: {earlier}",
                table.name
            );
        }
    }
}
