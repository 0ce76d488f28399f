//! The table against the dated rules and against the law's order.

use super::*;

fn states() -> impl Iterator<Item = State> {
    (1..=12).map(|number| State::try_from(number).unwrap())
}

#[test]
fn the_law_s_order_cannot_be_skipped() {
    let into = |state: State| -> Vec<State> {
        let rows = WORKFLOW.rows.iter().filter(|row| row.to == state);
        let moving = rows.flat_map(|row| row.from).filter(|from| **from != state);
        moving.copied().collect()
    };
    assert_eq!(into(State::Persuading), [State::Confirmed]);
    assert_eq!(into(State::Reported), [State::Persuading]);
    assert_eq!(into(State::Ordered), [State::Reported]);
    assert_eq!(into(State::Penalty), [State::Ordered]);
    assert_eq!(into(State::Urged), [State::Penalty]);
    let court = [State::Ordered, State::Penalty, State::Urged];
    assert_eq!(into(State::Court), court);
    assert_eq!(into(State::Stable), [State::Returned]);
}

#[test]
fn a_penalty_always_asks_for_its_legal_basis_and_for_hearing() {
    for row in WORKFLOW
        .rows
        .iter()
        .filter(|row| row.to == State::Penalty && row.step == PENALISE)
    {
        for guard in [
            Guard::LegalBasis,
            Guard::OrderExpired,
            Guard::Heard,
            Guard::InTime,
        ] {
            assert!(row.guards.contains(&guard), "{guard:?}");
        }
    }
}

#[test]
fn nobody_closes_without_proof_or_alone() {
    let closing: Vec<_> = WORKFLOW
        .rows
        .iter()
        .filter(|row| row.to == State::Closed)
        .collect();
    assert!(!closing.is_empty());
    for row in closing {
        assert!(row.guards.contains(&Guard::GroundProven));
        assert!(row.guards.contains(&Guard::ClosingRequested));
        assert_eq!(row.not_by_taker_of, [REQUEST_CLOSING]);
        assert_eq!(row.by, [COUNTY_APPROVER]);
    }
}

#[test]
fn every_open_state_has_a_day_and_no_other() {
    for state in states() {
        assert_eq!(days_rule(state).is_empty(), is_ended(state), "{state:?}");
    }
}
