//! The table and its one rule: `next`.

use junheng_proto::workflow::v1::{Transition, WorkflowTable};

use super::WorkflowError;
use crate::label::{self, Labelled};
use crate::post::{Level, Role};

/// What a refusal calls a step that this table does not have, and the states from which it starts.
const FOREIGN_STEP: &str = "该步骤(本流程未设)";
const FOREIGN_STATE: &str = "其他流程的相应";

/// One transition. `S` is the state enum of the contract, `G` the room's conditions.
#[derive(Debug)]
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
    /// Working days from this step until the next, the one out of `to`, is due; 0 when none is. Another row that leads to
    /// the same state may give other days.
    pub due_working_days: u32,
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
    /// The name of a state without its prefix, for example `CITY_REVIEW`.
    pub state_name: fn(S) -> &'static str,
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
                .map(|from| self.label_of_state(*from))
                .collect();
            // A step of another table of the same service has neither label nor states here.
            let is_foreign = of_step().next().is_none();
            return Err(WorkflowError::StepNotAllowed {
                name: name.to_owned(),
                step: if is_foreign { FOREIGN_STEP } else { label },
                method: step.to_owned(),
                state: self.label_of_state(state),
                state_name: (self.state_name)(state),
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

    /// The label of a state; its name where the contract gives it no label.
    fn label_of_state(&self, state: S) -> &'static str {
        match label::of(state) {
            "" => (self.state_name)(state),
            label => label,
        }
    }

    /// The row that leads on from a state, for who waits to know whose step it is: the first that is none of `aside`.
    pub fn awaited(&self, state: S, aside: &[&str]) -> Option<&'static Row<S, G>> {
        let leads_on = |row: &&Row<S, G>| row.from.contains(&state) && !aside.contains(&row.step);
        self.rows.iter().find(leads_on)
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
        let name = |state: &S| (self.state_name)(*state).to_owned();
        let transitions = self.rows.iter().map(|row| Transition {
            step: row.step.to_owned(),
            step_label: row.label.to_owned(),
            from: row.from.iter().map(name).collect(),
            to: name(&row.to),
            by: row.by.iter().map(Role::to_string).collect(),
            party: row.party.to_owned(),
            due_working_days: i32::try_from(row.due_working_days).unwrap_or(i32::MAX),
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
        let name = self.state_name;
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
    use junheng_proto::registration::v1::transfer::State;

    use super::*;
    use crate::fault::Fault as _;
    use crate::post::Duty;

    const CLERK: Role = Role::new(Level::School, Duty::Clerk);

    static TABLE: Workflow<State, ()> = Workflow {
        name: "transfer",
        begin: ("CreateTransfer", "申请转学"),
        start: State::Applied,
        state_name: |state| state.as_str_name(),
        rows: &[Row {
            step: "SubmitTransfer",
            label: "转入校审核",
            from: &[State::Applied],
            to: State::Done,
            by: &[CLERK],
            party: "",
            due_working_days: 0,
            guards: &[],
            not_by_taker_of: &[],
            without: None,
        }],
    };

    #[test]
    fn a_refusal_leaves_no_part_of_its_sentence_empty() {
        let refused = |state, step| TABLE.next("transfers/1", state, step, CLERK, |_| true);
        for (state, step) in [
            (State::Done, "SubmitTransfer"),
            (State::Unspecified, "SubmitTransfer"),
            (State::Applied, "EndorseTransfer"),
        ] {
            let error = refused(state, step).unwrap_err();
            for (key, value) in error.metadata() {
                assert!(!value.is_empty(), "{key} of {step} in {state:?}");
            }
        }
    }
}
