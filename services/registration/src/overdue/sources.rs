//! What has due dates: one row for each table of processes, and for each state the step that it waits for, taken from the
//! workflow's own table.

use std::sync::LazyLock;

use junheng_kernel::label::Labelled;
use junheng_kernel::post::Role;
use junheng_kernel::workflow::{Row, Workflow};
use junheng_proto::registration::v1::status_change::Kind;
use junheng_proto::registration::v1::transfer::Route;

use crate::{
    access_grant, admission, attendance_zone, certificate, class_draw, dropout_case,
    dropout_report, duplicate_case, export, key_change, reorganisation, special_group,
    status_change, transfer,
};

/// A table whose rows have due dates.
pub(super) struct Source {
    /// The collection, `transfers`.
    pub(super) collection: &'static str,
    /// The table.
    pub(super) table: &'static str,
    /// The column of the place of whose turn it is.
    pub(super) place: &'static str,
    /// The column of the school, where rows belong to schools.
    pub(super) school: Option<&'static str>,
    /// The column, or what is computed of one, that says which workflow a row follows, where there are several.
    pub(super) kind: Option<&'static str>,
    /// What each state waits for.
    pub(super) cells: Vec<Cell>,
}

/// A state that waits for a step.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// The value of the column of kinds; 0 where there is none.
    pub(super) kind: i32,
    /// The state.
    pub(super) state: i32,
    /// The step.
    pub(super) step: &'static str,
    /// The step in Chinese.
    pub(super) label: &'static str,
    /// Who may take it.
    pub(super) by: &'static [Role],
}

/// Whether the closing of a case is asked for: then it waits for who decides, whatever its state.
const ASKED: &str = "CASE WHEN ground = 0 THEN 0 ELSE 1 END";

/// Every table of processes.
pub(super) static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(sources);

/// The highest number that a state of any workflow has.
const MOST_STATES: i32 = 40;

#[rustfmt::skip]
fn sources() -> Vec<Source> {
    let receiving = |party: &str| party == transfer::workflow::RECEIVING;
    vec![
        source("dropoutCases",      "dropout_cases",      "place",           Some("school"),           Some(ASKED),   dropout_cases()),
        source("dropoutReports",    "dropout_reports",    "place",           Some("school"),           Some("kind"),  reports()),
        // Each side of a transfer has its own place; another province's steps are the inner side's province's.
        source("transfers",         "transfers",          "receiving_place", Some("receiving_school"), Some("route"), transfers(|route, party| receiving(party) || (party == transfer::workflow::OUTSIDE && route == Route::FromOutside))),
        source("transfers",         "transfers",          "sending_place",   Some("sending_school"),   Some("route"), transfers(|route, party| !receiving(party) && (party != transfer::workflow::OUTSIDE || route == Route::ToOutside))),
        source("statusChanges",     "status_changes",     "place",           Some("school"),           Some("kind"),  status_changes()),
        // A decision that is overdue is the next level's to take.
        source("duplicateCases",    "duplicate_cases",    "standing_place",  Some("standing_school"),  None,          only(&duplicate_case::workflow::WORKFLOW, duplicate_case::workflow::DECIDE)),
        source("keyChanges",        "key_changes",        "place",           Some("school"),           None,          simple(&key_change::workflow::WORKFLOW)),
        source("groupRecognitions", "group_recognitions", "place",           Some("school"),           None,          simple(&special_group::workflow::WORKFLOW)),
        source("certificateLists",  "certificate_lists",  "place",           Some("school"),           None,          simple(&certificate::workflow::LIST)),
        source("admissionPlans",    "admission_plans",    "place",           Some("school"),           None,          simple(&admission::workflow::WORKFLOW)),
        source("classDraws",        "class_draws",        "place",           Some("school"),           None,          simple(&class_draw::workflow::WORKFLOW)),
        source("zonePlans",         "zone_plans",         "place",           None,                     None,          simple(&attendance_zone::workflow::WORKFLOW)),
        source("reorganisations",   "reorganisations",    "place",           Some("school"),           None,          simple(&reorganisation::workflow::WORKFLOW)),
        source("accessGrants",      "access_grants",      "place",           Some("school"),           None,          simple(&access_grant::workflow::WORKFLOW)),
        source("exports",           "exports",            "place",           Some("school"),           None,          simple(&export::workflow::WORKFLOW)),
    ]
}

fn source(
    collection: &'static str,
    table: &'static str,
    place: &'static str,
    school: Option<&'static str>,
    kind: Option<&'static str>,
    cells: Vec<Cell>,
) -> Source {
    Source {
        collection,
        table,
        place,
        school,
        kind,
        cells,
    }
}

/// The states of a workflow with the step that leads on from each: the first of the table that goes somewhere else.
fn simple<S, G>(workflow: &'static Workflow<S, G>) -> Vec<Cell>
where
    S: Copy + PartialEq + TryFrom<i32> + Labelled,
{
    cells(0, workflow, |_| true)
}

/// The same of one step alone.
fn only<S, G>(workflow: &'static Workflow<S, G>, step: &'static str) -> Vec<Cell>
where
    S: Copy + PartialEq + TryFrom<i32> + Labelled,
{
    cells(0, workflow, |row| row.step == step)
}

fn cells<S, G>(
    kind: i32,
    workflow: &'static Workflow<S, G>,
    only: impl Fn(&Row<S, G>) -> bool,
) -> Vec<Cell>
where
    S: Copy + PartialEq + TryFrom<i32> + Labelled,
{
    let states = (1..=MOST_STATES).filter_map(|number| Some((number, S::try_from(number).ok()?)));
    states
        .filter_map(|(number, state)| {
            let leads_on =
                |row: &&Row<S, G>| row.from.contains(&state) && row.to != state && only(row);
            let row = workflow.rows.iter().find(leads_on)?;
            Some(Cell {
                kind,
                state: number,
                step: row.step,
                label: row.label,
                by: row.by,
            })
        })
        .collect()
}

fn dropout_cases() -> Vec<Cell> {
    use dropout_case::workflow::{awaited, state_of};
    let cell = |(asked, state): (i32, i32)| {
        let row = awaited(state_of(state), asked != 0)?;
        Some(Cell {
            kind: asked,
            state,
            step: row.step,
            label: row.label,
            by: row.by,
        })
    };
    let states = |asked: i32| (1..=MOST_STATES).map(move |state| (asked, state));
    (0..=1).flat_map(states).filter_map(cell).collect()
}

fn transfers(turn: impl Fn(Route, &str) -> bool) -> Vec<Cell> {
    use transfer::workflow::{ASIDE, table_of};
    let routes = [
        Route::SameCounty,
        Route::SameProvince,
        Route::FromOutside,
        Route::ToOutside,
    ];
    let of_route = |route: Route| {
        let table = table_of(route as i32);
        let ahead = cells(route as i32, table, |row| !ASIDE.contains(&row.step));
        let party_of = |cell: &Cell| {
            let state = transfer::workflow::state_of(cell.state);
            table.awaited(state, ASIDE).map_or("", |row| row.party)
        };
        let ours = |cell: &Cell| turn(route, party_of(cell));
        ahead.into_iter().filter(ours).collect::<Vec<_>>()
    };
    routes.into_iter().flat_map(of_route).collect()
}

fn status_changes() -> Vec<Cell> {
    let numbers = (1..=MOST_STATES).filter(|number| Kind::try_from(*number).is_ok());
    let of_kind = |kind: i32| {
        let rule = status_change::rules::rule_of(kind);
        rule.map_or_else(Vec::new, |rule| cells(kind, rule.workflow, |_| true))
    };
    numbers.flat_map(of_kind).collect()
}

fn reports() -> Vec<Cell> {
    let tables = dropout_report::workflow::TABLES.iter();
    tables
        .flat_map(|(kind, table)| cells(*kind as i32, table, |_| true))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_table_with_a_due_date_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/migration");
        let mut with_days = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for table in text.split(".table(\"").skip(1) {
                let end = table.find(".to_owned()").unwrap_or(table.len());
                if table[..end].contains("string(\"due_date\")") {
                    with_days.insert(table.split('"').next().unwrap().to_owned());
                }
            }
        }
        let listed: BTreeSet<String> = SOURCES.iter().map(|one| one.table.to_owned()).collect();
        assert_eq!(listed, with_days);
    }

    #[test]
    fn nobody_is_late_with_a_penalty_that_few_places_have_a_basis_for() {
        let cases = SOURCES.iter().find(|one| one.table == "dropout_cases");
        let cells = &cases.unwrap().cells;
        assert!(
            cells
                .iter()
                .all(|cell| cell.step != dropout_case::workflow::PENALISE)
        );
        let ordered = dropout_case::workflow::State::Ordered as i32;
        let next = cells.iter().find(|cell| cell.state == ordered).unwrap();
        assert_eq!(next.step, dropout_case::workflow::SUE);
    }

    #[test]
    fn who_decides_about_a_closing_is_late_with_it_and_nobody_else() {
        use dropout_case::workflow::{CLOSE, REQUEST_CLOSING, State};
        let cases = SOURCES.iter().find(|one| one.table == "dropout_cases");
        let cells = &cases.unwrap().cells;
        let asked: Vec<&Cell> = cells.iter().filter(|cell| cell.kind == 1).collect();
        assert!(asked.len() > 8 && asked.iter().all(|cell| cell.step == CLOSE));
        let stable = cells
            .iter()
            .find(|cell| cell.kind == 0 && cell.state == State::Stable as i32);
        assert_eq!(stable.unwrap().step, REQUEST_CLOSING);
        assert!(
            cells
                .iter()
                .all(|cell| cell.kind == 1 || cell.step != CLOSE)
        );
    }

    #[test]
    fn every_source_waits_for_something_and_no_state_waits_twice() {
        for source in SOURCES.iter() {
            assert!(!source.cells.is_empty(), "{}", source.table);
            let states: BTreeSet<_> = source
                .cells
                .iter()
                .map(|one| (one.kind, one.state))
                .collect();
            assert_eq!(states.len(), source.cells.len(), "{}", source.table);
        }
        let of_transfers = SOURCES.iter().filter(|one| one.table == "transfers");
        let mut both = BTreeSet::new();
        for cell in of_transfers.flat_map(|one| &one.cells) {
            assert!(both.insert((cell.kind, cell.state)), "{cell:?}");
        }
        assert_eq!(
            both.len(),
            5 + 6 + 8 + 8,
            "each open state of each route once"
        );
    }
}
