//! What the state of a record (学籍状态) says of the student, in one table that every room reads.

use std::sync::LazyLock;

use junheng_proto::registration::v1::student::State;

/// What a state says.
#[derive(Clone, Copy, Debug)]
struct Standing {
    state: State,
    /// The school keeps the record (在籍): the child attends it, is away with leave, or is to be brought back to it.
    is_live: bool,
    /// The child stands on the roll of a class and is called each day; who dropped out is, to be marked when back.
    is_on_roll: bool,
    /// The record can go to another school. Who is on leave for illness may where the place allows it; a child who dropped out
    /// and wants to go to school elsewhere may (义务教育法 12), and its case goes with it.
    may_move: bool,
}

#[rustfmt::skip]
const STANDINGS: [Standing; 9] = [
    //                      live   on roll  may move
    row(State::Enrolled,       true,  true,  true),
    row(State::Suspended,      true,  false, true),
    row(State::Deferred,       true,  false, false),
    row(State::Abroad,         true,  false, false),
    row(State::DroppedOut,     true,  true,  true),
    row(State::TransferredOut, false, false, false),
    row(State::Graduated,      false, false, false),
    row(State::Deceased,       false, false, false),
    row(State::Cancelled,      false, false, false),
];

/// The states in which the school keeps the record.
pub(crate) const LIVE: [State; 5] = {
    let mut live = [State::Unspecified; 5];
    let (mut at, mut found) = (0, 0);
    while at < STANDINGS.len() {
        if STANDINGS[at].is_live {
            live[found] = STANDINGS[at].state;
            found += 1;
        }
        at += 1;
    }
    assert!(found == live.len(), "as many as the table has");
    live
};

/// The records that a school keeps, as a condition on their rows.
pub(crate) static LIVE_ROWS: LazyLock<String> = LazyLock::new(|| rows_in(LIVE));

/// The rows in some states, in SQL. Written with constants: a bound value would hide from the planner the indexes that hold
/// some rows only.
pub(crate) fn rows_in(states: impl IntoIterator<Item = State>) -> String {
    let states = states.into_iter().map(|state| (state as i32).to_string());
    format!("state IN ({})", states.collect::<Vec<_>>().join(", "))
}

/// Whether the school keeps the record.
pub(crate) fn is_live(state: i32) -> bool {
    standing(state).is_some_and(|standing| standing.is_live)
}

/// Whether the child stands on the roll of a class.
pub(crate) fn is_on_roll(state: i32) -> bool {
    standing(state).is_some_and(|standing| standing.is_on_roll)
}

/// The states of who stands on the roll of a class.
pub(crate) fn on_roll() -> impl Iterator<Item = i32> {
    let called = STANDINGS.iter().filter(|standing| standing.is_on_roll);
    called.map(|standing| standing.state as i32)
}

/// Whether the record can go to another school.
pub(crate) fn may_move(state: i32) -> bool {
    standing(state).is_some_and(|standing| standing.may_move)
}

const fn row(state: State, is_live: bool, is_on_roll: bool, may_move: bool) -> Standing {
    Standing {
        state,
        is_live,
        is_on_roll,
        may_move,
    }
}

fn standing(state: i32) -> Option<&'static Standing> {
    STANDINGS
        .iter()
        .find(|standing| standing.state as i32 == state)
}

#[cfg(test)]
mod tests {
    use junheng_proto::POOL;

    use super::*;

    #[test]
    fn every_state_of_the_contract_has_its_row() {
        let states = POOL.get_enum_by_name("junheng.registration.v1.Student.State");
        for state in states.unwrap().values().filter(|state| state.number() != 0) {
            assert!(standing(state.number()).is_some(), "{}", state.name());
        }
    }

    #[test]
    fn a_child_who_dropped_out_is_still_with_the_school_and_one_who_left_is_not() {
        assert!(is_live(State::DroppedOut as i32));
        assert!(is_on_roll(State::DroppedOut as i32));
        assert!(may_move(State::DroppedOut as i32));
        assert!(!is_live(State::TransferredOut as i32));
        assert!(!is_live(State::Unspecified as i32));
        assert!(!is_on_roll(State::Suspended as i32));
    }

    #[test]
    fn the_rows_that_are_live_are_those_of_the_table() {
        let of_table = STANDINGS.iter().filter(|one| one.is_live);
        assert_eq!(*LIVE_ROWS, rows_in(of_table.map(|one| one.state)));
        assert!(LIVE_ROWS.contains('9'), "{}", *LIVE_ROWS);
    }

    #[test]
    fn who_is_on_a_roll_or_may_move_is_with_a_school() {
        for one in STANDINGS {
            assert!(one.is_live || !(one.is_on_roll || one.may_move), "{one:?}");
        }
    }
}
