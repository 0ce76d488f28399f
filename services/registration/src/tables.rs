//! The workflow tables of every room against the contract and against themselves.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Debug;

use junheng_kernel::admission::AccessTable;
use junheng_kernel::label::Labelled;
use junheng_kernel::post::Role;
use junheng_kernel::workflow::{Row, Workflow};
use junheng_proto::POOL;

/// Runs a check over every room: its tables, which share states and steps, and all its guards. One line for each room.
macro_rules! every_room {
    ($check:ident) => {
        $check(
            &[
                &crate::transfer::workflow::SAME_COUNTY,
                &crate::transfer::workflow::SAME_PROVINCE,
                &crate::transfer::workflow::FROM_OUTSIDE,
                &crate::transfer::workflow::TO_OUTSIDE,
            ],
            crate::transfer::workflow::GUARDS,
        );
        $check(
            &[&crate::dropout_case::workflow::WORKFLOW],
            crate::dropout_case::workflow::GUARDS,
        );
        $check(
            &[
                &crate::dropout_report::workflow::MONTHLY,
                &crate::dropout_report::workflow::QUARTERLY,
                &crate::dropout_report::workflow::TERM,
                &crate::dropout_report::workflow::YEARLY,
            ],
            crate::dropout_report::workflow::GUARDS,
        );
        $check(
            &[&crate::duplicate_case::workflow::WORKFLOW],
            crate::duplicate_case::workflow::GUARDS,
        );
        $check(
            &[&crate::reorganisation::workflow::WORKFLOW],
            crate::reorganisation::workflow::GUARDS,
        );
        $check(
            &[&crate::class_size::workflow::WORKFLOW],
            crate::class_size::workflow::GUARDS,
        );
        $check(
            &[&crate::key_change::workflow::WORKFLOW],
            crate::key_change::workflow::GUARDS,
        );
        $check(
            &[&crate::attendance_zone::workflow::WORKFLOW],
            crate::attendance_zone::workflow::GUARDS,
        );
        $check(
            &[&crate::admission::workflow::WORKFLOW],
            crate::admission::workflow::GUARDS,
        );
        $check(
            &[&crate::class_draw::workflow::WORKFLOW],
            crate::class_draw::workflow::GUARDS,
        );
        $check(
            &[
                &crate::status_change::workflow::LEAVE,
                &crate::status_change::workflow::RETURN,
                &crate::status_change::workflow::LASTING,
                &crate::status_change::workflow::CANCELLATION,
            ],
            crate::status_change::workflow::GUARDS,
        );
        $check(
            &[&crate::certificate::workflow::LIST],
            crate::certificate::workflow::GUARDS,
        );
        $check(&[&crate::certificate::workflow::CERTIFICATE], &[]);
        $check(
            &[&crate::access_grant::workflow::WORKFLOW],
            crate::access_grant::workflow::GUARDS,
        );
        $check(
            &[&crate::export::workflow::WORKFLOW],
            crate::export::workflow::GUARDS,
        );
        $check(
            &[&crate::special_group::workflow::WORKFLOW],
            crate::special_group::workflow::GUARDS,
        );
    };
}

/// Tables of one room.
type Tables<'a, S, G> = &'a [&'static Workflow<S, G>];

fn rows<S: 'static, G: 'static>(
    tables: Tables<'_, S, G>,
) -> impl Iterator<Item = &'static Row<S, G>> {
    tables.iter().flat_map(|table| table.rows)
}

/// The states of an enum of the contract, without its zero.
fn states<S: Labelled + TryFrom<i32>>() -> Vec<S> {
    let found = POOL.get_enum_by_name(S::FULL_NAME).unwrap();
    let numbers = found.values().map(|value| value.number());
    numbers
        .filter(|number| *number != 0)
        .filter_map(|number| S::try_from(number).ok())
        .collect()
}

/// Every state of the contract is reached by one of the tables, and a table goes only on from states that it reaches.
fn reachable<S, G>(tables: Tables<'_, S, G>, _: &[G])
where
    S: Labelled + TryFrom<i32> + PartialEq + Debug + Copy,
{
    let mut by_any = Vec::new();
    for table in tables {
        let mut reached = vec![table.start];
        for _ in table.rows {
            for row in table.rows {
                if row.from.iter().any(|from| reached.contains(from)) {
                    reached.push(row.to);
                    reached.extend(row.without.map(|(_, instead)| instead));
                }
            }
        }
        for row in table.rows {
            for from in row.from {
                assert!(reached.contains(from), "{}: {from:?}", table.name);
            }
        }
        by_any.extend(reached);
    }
    for state in states::<S>() {
        assert!(by_any.contains(&state), "{}: {state:?}", tables[0].name);
    }
}

/// Every step is a method of the contract, taken by exactly the roles that the contract admits.
fn steps_are_methods<S: Debug, G>(tables: Tables<'_, S, G>, _: &[G]) {
    let access = AccessTable::of_contract();
    let method_of = |step: &str| {
        let end = format!("/{step}");
        let ours =
            |path: &str| path.starts_with("/junheng.registration.v1.") && path.ends_with(&end);
        let found = access.iter().find(|one| ours(&one.path));
        found.unwrap_or_else(|| panic!("{step} is no method"))
    };
    for table in tables {
        method_of(table.begin.0);
    }
    for row in rows(tables) {
        let method = method_of(row.step);
        let of_step = rows(tables).filter(|other| other.step == row.step);
        let taken_by: HashSet<Role> = of_step.flat_map(|row| row.by).copied().collect();
        assert_eq!(taken_by, method.roles, "{}", row.step);
        assert!(!row.label.is_empty(), "{}", row.step);
    }
}

fn guards_guard<S, G: PartialEq + Debug>(tables: Tables<'_, S, G>, guards: &[G]) {
    for guard in guards {
        let used = rows(tables).any(|row| row.guards.contains(guard));
        assert!(used, "{}: {guard:?}", tables[0].name);
    }
    for row in rows(tables) {
        for guard in row.guards {
            assert!(guards.contains(guard), "{}: {guard:?}", row.step);
        }
    }
}

/// Four eyes look at steps of the same table, or at the one that begins it.
fn eyes_see_steps<S: Debug, G>(tables: Tables<'_, S, G>, _: &[G]) {
    for table in tables {
        for row in table.rows {
            for earlier in row.not_by_taker_of {
                let exists = table.rows.iter().any(|row| row.step == *earlier);
                assert!(exists || *earlier == table.begin.0, "{earlier}");
            }
        }
    }
}

/// A state that somebody waits in has a day by which; the last states have none.
fn ends_are_not_due<S: PartialEq + Debug + Copy, G>(tables: Tables<'_, S, G>, _: &[G]) {
    for table in tables {
        for row in table.rows {
            let goes_on = table.rows.iter().any(|next| next.from.contains(&row.to));
            assert!(
                goes_on || row.due.is_empty(),
                "{}: {} ends in {:?}",
                table.name,
                row.step,
                row.to
            );
        }
    }
}

/// What names a rule of days names one of the book.
fn days_are_in_the_book<S, G>(tables: Tables<'_, S, G>, _: &[G]) {
    for table in tables {
        let book = (table.rules)().unwrap();
        for row in table.rows.iter().filter(|row| !row.due.is_empty()) {
            let rule = book.standing(row.due);
            let days = rule.and_then(|rule| rule.count().ok());
            assert!(days.is_some_and(|days| days > 0), "{}", row.due);
        }
    }
}

thread_local! {
    static NAMES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn name_them<S, G>(tables: Tables<'_, S, G>, _: &[G]) {
    let names = tables
        .iter()
        .map(|table| format!("workflows/{}", table.name));
    NAMES.with_borrow_mut(|all| all.extend(names));
}

#[test]
fn every_state_of_the_contract_is_reachable() {
    every_room!(reachable);
}

#[test]
fn every_step_is_a_method_and_its_roles_are_the_methods() {
    every_room!(steps_are_methods);
}

#[test]
fn every_guard_guards_something() {
    every_room!(guards_guard);
}

#[test]
fn four_eyes_look_at_steps_that_exist() {
    every_room!(eyes_see_steps);
}

#[test]
fn nothing_is_due_after_the_end() {
    every_room!(ends_are_not_due);
}

#[test]
fn every_deadline_is_a_rule_of_the_book() {
    every_room!(days_are_in_the_book);
}

#[test]
fn every_table_that_is_shown_is_checked_here() {
    every_room!(name_them);
    let checked: HashSet<String> = NAMES.take().into_iter().collect();
    let shown: HashSet<String> = crate::workflows()
        .into_iter()
        .map(|table| table.name)
        .collect();
    assert_eq!(checked, shown);
}

#[test]
fn every_table_has_a_name_of_its_own() {
    let names: Vec<String> = crate::workflows()
        .into_iter()
        .map(|table| table.name)
        .collect();
    let different: HashSet<&String> = names.iter().collect();
    assert_eq!(different.len(), names.len(), "{names:?}");
}
