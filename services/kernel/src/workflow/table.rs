//! The table and its one rule: `next`.

use chrono::NaiveDate;
use junheng_proto::workflow::v1::{Transition, WorkflowTable};

use super::WorkflowError;
use crate::calendar::Due;
use crate::error::KernelError;
use crate::label::{self, Labelled};
use crate::post::{Level, Role};
use crate::region::RegionTable;
use crate::rule_book::{RegionPath, Rules};
use crate::service::Context;

/// What a refusal calls a step that this table does not have, and the states from which it starts.
const FOREIGN_STEP: &str = "该步骤(本流程未设)";
const FOREIGN_STATE: &str = "其他流程的相应";

/// One transition. `S` is the state enum of the contract, `G` the room's conditions. Written as [`Row::step`], with what else
/// there is behind it.
#[derive(Clone, Copy, Debug)]
pub struct Row<S: 'static, G: 'static> {
    /// The step: the name of the RPC that takes it.
    pub step: &'static str,
    /// The step in Chinese.
    pub label: &'static str,
    /// The states that it starts from.
    pub from: &'static [S],
    /// The state that it leads to.
    pub to: S,
    /// Who takes it.
    pub by: &'static [Role],
    /// The party (当事方) whose post takes it, for a record with several sides: `receiving`, `sending` …; empty for the post
    /// that covers the record.
    pub party: &'static str,
    /// The rule that says in how many working days from this step the next, the one out of `to`, is due; empty when none is.
    /// Another row that leads to the same state may name another.
    pub due: &'static str,
    /// What must hold, judged by the room's rules.
    pub guards: &'static [G],
    /// Steps whose last taker may not take this one (four eyes).
    pub not_by_taker_of: &'static [&'static str],
    /// Where the step leads instead when the record's place has no such level.
    pub without: Option<(Level, S)>,
}

/// A workflow.
#[derive(Debug)]
pub struct Workflow<S: 'static, G: 'static> {
    /// The record's collection in the singular, for example `campaign`.
    pub name: &'static str,
    /// The step that begins it, the name of its method, and that step in Chinese. It has no row, for it starts from nothing.
    pub begin: (&'static str, &'static str),
    /// The first state.
    pub start: S,
    /// The rules that the rows name.
    pub rules: fn() -> Result<&'static Rules, KernelError>,
    /// The transitions.
    pub rows: &'static [Row<S, G>],
}

/// A step that may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved<S> {
    /// The new state.
    pub to: S,
    /// The state passed over because its level does not exist here.
    pub skipped: Option<S>,
}

/// The label of a state; its name where the contract gives it no label.
fn label_of_state<S: Copy + Labelled>(state: S) -> &'static str {
    match label::of(state) {
        "" => label::name_of(state),
        label => label,
    }
}

/// The state that a row of the database holds; a number that the contract does not know is no state.
pub fn state_of<S: TryFrom<i32> + Default>(number: i32) -> S {
    S::try_from(number).unwrap_or_default()
}

// === impl Row ===

impl<S: Copy, G: Copy> Row<S, G> {
    /// A step that every post of these roles takes on a record that it covers, under no condition, after which nothing is due.
    pub const fn step(
        step: &'static str,
        label: &'static str,
        from: &'static [S],
        to: S,
        by: &'static [Role],
    ) -> Self {
        Self {
            step,
            label,
            from,
            to,
            by,
            party: "",
            due: "",
            guards: &[],
            not_by_taker_of: &[],
            without: None,
        }
    }

    /// Taken by this side.
    pub const fn party(self, party: &'static str) -> Self {
        Self { party, ..self }
    }

    /// The next step is due in the working days of this rule.
    pub const fn due(self, rule: &'static str) -> Self {
        Self { due: rule, ..self }
    }

    /// Only where these hold.
    pub const fn guards(self, guards: &'static [G]) -> Self {
        Self { guards, ..self }
    }

    /// Never by who took one of these steps.
    pub const fn not_by(self, steps: &'static [&'static str]) -> Self {
        Self {
            not_by_taker_of: steps,
            ..self
        }
    }

    /// Leads to this state where the record's place has no such level.
    pub const fn without(self, level: Level, instead: S) -> Self {
        Self {
            without: Some((level, instead)),
            ..self
        }
    }
}

// === impl Workflow ===

impl<S, G> Workflow<S, G>
where
    S: Copy + PartialEq + Labelled,
    G: Copy + PartialEq,
{
    /// The row of `step` from `state`, if `role` may take it; what it leads to with the levels that exist here.
    pub fn next(
        &self,
        name: &str,
        state: S,
        step: &str,
        role: Role,
        has_level: impl Fn(Level) -> bool,
    ) -> Result<(&Row<S, G>, Moved<S>), WorkflowError> {
        let of_step = || self.rows.iter().filter(|row| row.step == step);
        let label = of_step().next().map_or("", |row| row.label);
        let Some(row) = of_step().find(|row| row.from.contains(&state)) else {
            let from: Vec<&str> = of_step()
                .flat_map(|row| row.from)
                .map(|from| label_of_state(*from))
                .collect();
            // A step of another table of the same service has neither label nor states here.
            let is_foreign = of_step().next().is_none();
            return Err(WorkflowError::StepNotAllowed {
                name: name.to_owned(),
                step: if is_foreign { FOREIGN_STEP } else { label },
                method: step.to_owned(),
                state: label_of_state(state),
                state_name: label::name_of(state),
                from: if is_foreign {
                    FOREIGN_STATE.to_owned()
                } else {
                    from.join("、")
                },
            });
        };
        if !row.by.contains(&role) {
            let names: Vec<String> = row.by.iter().map(Role::to_string).collect();
            let labels: Vec<String> = row.by.iter().map(|role| role.label()).collect();
            return Err(WorkflowError::StepNotYours {
                name: name.to_owned(),
                step: label,
                method: step.to_owned(),
                by: names.join(", "),
                by_label: labels.join("、"),
            });
        }
        let moved = match row.without {
            Some((level, instead)) if !has_level(level) => Moved {
                to: instead,
                skipped: Some(row.to),
            },
            _ => Moved {
                to: row.to,
                skipped: None,
            },
        };
        Ok((row, moved))
    }

    /// The row that leads on from a state, for who waits to know whose step it is: the first that is none of `aside`.
    pub fn awaited(&self, state: S, aside: &[&str]) -> Option<&'static Row<S, G>> {
        let leads_on = |row: &&Row<S, G>| row.from.contains(&state) && !aside.contains(&row.step);
        self.rows.iter().find(leads_on)
    }

    /// In how many working days something is due by a rule that the table names, for a record of this region.
    pub(super) fn days(
        &self,
        regions: &RegionTable,
        rule: &str,
        region: &str,
        today: NaiveDate,
    ) -> Result<u32, KernelError> {
        if rule.is_empty() {
            return Ok(0);
        }
        let path = RegionPath::of(regions, region);
        (self.rules)()?.count(rule, &path, today)
    }

    /// By when the first step is due after the one that begins the process: counted from today by this rule.
    pub fn due(&self, context: &Context, rule: &str, region: &str) -> Result<Due, KernelError> {
        let today = context.clock.today();
        let days = self.days(&context.regions, rule, region, today)?;
        Ok(context.calendar.add_working_days(today, days))
    }

    /// The days of the nation's rule that has no end.
    fn standing_days(&self, rule: &str) -> i32 {
        let rules = (self.rules)().ok();
        let found = rules.and_then(|rules| rules.standing(rule));
        found.map_or(0, |rule| i32::try_from(rule.value).unwrap_or(i32::MAX))
    }

    /// The label of a step.
    pub fn label_of(&self, step: &str) -> &'static str {
        if step == self.begin.0 {
            return self.begin.1;
        }
        let row = self.rows.iter().find(|row| row.step == step);
        row.map_or("", |row| row.label)
    }

    /// The table as data, with its chart.
    pub fn describe(&self) -> WorkflowTable {
        let name = |state: &S| label::name_of(*state).to_owned();
        let transitions = self.rows.iter().map(|row| Transition {
            step: row.step.to_owned(),
            step_label: row.label.to_owned(),
            from: row.from.iter().map(name).collect(),
            to: name(&row.to),
            by: row.by.iter().map(Role::to_string).collect(),
            party: row.party.to_owned(),
            due_rule: row.due.to_owned(),
            due_working_days: self.standing_days(row.due),
            not_by_whom: row
                .not_by_taker_of
                .iter()
                .map(|step| (*step).to_owned())
                .collect(),
            skip_level: row
                .without
                .map_or_else(String::new, |(level, _)| level.as_str_name().to_owned()),
        });
        WorkflowTable {
            name: format!("workflows/{}", self.name),
            start: name(&self.start),
            begin: self.begin.0.to_owned(),
            transitions: transitions.collect(),
            mermaid: self.mermaid(),
        }
    }

    fn mermaid(&self) -> String {
        let name = label::name_of;
        let mut chart = format!("stateDiagram-v2\n    [*] --> {}\n", name(self.start));
        for row in self.rows {
            let by: Vec<String> = row.by.iter().map(Role::to_string).collect();
            for from in row.from {
                let party = if row.party.is_empty() { "" } else { " of " };
                let by = format!("{}{party}{}", by.join(", "), row.party);
                let from = name(*from);
                chart += &format!("    {from} --> {}: {} ({by})\n", name(row.to), row.step);
                if let Some((level, instead)) = row.without {
                    let level = level.as_str_name();
                    chart += &format!(
                        "    {from} --> {}: {} (no {level})\n",
                        name(instead),
                        row.step
                    );
                }
            }
        }
        chart
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use junheng_proto::identity::v1::Duty as State;

    use super::*;
    use crate::fault::Fault as _;
    use crate::post::COUNTY_APPROVER;

    /// A table over any enum of the contract.
    static TABLE: Workflow<State, ()> = Workflow {
        name: "thing",
        begin: ("CreateThing", "开始"),
        start: State::Clerk,
        rules,
        rows: &[
            Row::step(
                "ApproveThing",
                "批准",
                &[State::Clerk],
                State::Approver,
                &[COUNTY_APPROVER],
            )
            .due("thing.step_working_days")
            .not_by(&["CreateThing"]),
            Row::step(
                "EndThing",
                "办结",
                &[State::Approver],
                State::Partner,
                &[COUNTY_APPROVER],
            ),
        ],
    };

    static RULES: LazyLock<Rules> = LazyLock::new(|| {
        let entry = |region: &str, from: &str, days: u32| {
            format!(
                "[[rule]]\nid = \"thing.step_working_days\"\nregion = \"{region}\"\n\
                 effective_from = {from}\nvalue = {days}\nsource = \"示例\"\ntrust = \"V\"\n"
            )
        };
        let text = entry("", "2013-09-01", 10) + &entry("63", "2026-09-01", 7);
        Rules::parse(&text).unwrap()
    });

    fn rules() -> Result<&'static Rules, KernelError> {
        Ok(&RULES)
    }

    #[test]
    fn a_step_is_due_in_the_days_of_its_place_and_time() {
        let regions = RegionTable::builtin();
        let days = |rule: &str, region: &str, day: &str| {
            let day = day.parse().unwrap();
            TABLE.days(&regions, rule, region, day)
        };
        let rule = TABLE.rows[0].due;
        assert_eq!(days(rule, "630103", "2026-09-01").unwrap(), 7);
        assert_eq!(days(rule, "630103", "2026-08-31").unwrap(), 10);
        assert_eq!(days(rule, "420106", "2026-09-01").unwrap(), 10);
        assert_eq!(days(TABLE.rows[1].due, "630103", "2026-09-01").unwrap(), 0);
        assert!(days("thing.other_working_days", "630103", "2026-09-01").is_err());
    }

    #[test]
    fn a_table_shows_the_rule_and_the_days_of_the_nation() {
        let shown = TABLE.describe();
        let told = |row: usize| {
            let row: &Transition = &shown.transitions[row];
            (row.due_rule.clone(), row.due_working_days)
        };
        assert_eq!(told(0), ("thing.step_working_days".to_owned(), 10));
        assert_eq!(told(1), (String::new(), 0));
        assert_eq!(shown.start, "CLERK");
    }

    #[test]
    fn a_refusal_leaves_no_part_of_its_sentence_empty() {
        let refused = |state, step| TABLE.next("things/1", state, step, COUNTY_APPROVER, |_| true);
        for (state, step) in [
            (State::Partner, "EndThing"),
            (State::Unspecified, "EndThing"),
            (State::Clerk, "EndorseTransfer"),
        ] {
            let error = refused(state, step).unwrap_err();
            for (key, value) in error.metadata() {
                assert!(!value.is_empty(), "{key} of {step} in {state:?}");
            }
        }
    }
}
