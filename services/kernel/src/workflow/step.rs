//! Taking a step: what every workflow checks alike, and what it leaves in the record and in the history.

use chrono::NaiveDate;
use junheng_proto::workflow::v1::{Evidence, StepRequest};

use super::{Row, Workflow, WorkflowError};
use crate::admission::Caller;
use crate::calendar::Due;
use crate::error::KernelError;
use crate::fault::Violation;
use crate::journal::{Entry, last_taker};
use crate::label::{self, Labelled};
use crate::name::check_etag;
use crate::post::Level;
use crate::service::Context;
use crate::store::Tx;
use crate::text::{check_lines, check_text};

/// The longest note.
const MOST_NOTE: usize = 1_000;
/// The longest reason.
const MOST_REASON: usize = 500;
/// The longest title of a piece of evidence.
const MOST_TITLE: usize = 100;
/// The most pieces of evidence beside one step.
const MOST_EVIDENCE: usize = 20;

/// A step as it is asked for, its note and evidence checked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The step: the name of its method.
    pub step: &'static str,
    /// The record.
    pub name: String,
    /// What the caller has read.
    pub etag: String,
    /// The note.
    pub note: String,
    /// The evidence as the history keeps it: `{title} sm3:{digest}`.
    pub evidence: Vec<String>,
}

/// The record that the step is about, as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a, S> {
    /// The state.
    pub state: S,
    /// The version.
    pub version: i64,
    /// The county whose levels count, 6 digits.
    pub region: &'a str,
}

/// A step that the table, the roles, the party and four eyes let pass. Its guards are still to be asked: [`Taken::pass`].
#[derive(Debug)]
pub struct Taken<S: 'static, G: 'static> {
    /// The table's row.
    pub row: &'static Row<S, G>,
    /// The state before.
    pub from: S,
    /// The state after.
    pub to: S,
    /// The state passed over because its level does not exist here.
    pub skipped: Option<S>,
    /// In how many working days the step after this one is due; 0 when none is.
    pub due_working_days: u32,
    /// When the step after this one is due, where it is.
    pub due: Option<Due>,
}

/// Why a guard does not let a step pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmet {
    /// Something must be done first: in English and in Chinese.
    Missing(String, String),
    /// The step can be taken after this day.
    NotBefore(NaiveDate),
}

// === impl Asked ===

impl Asked {
    /// Reads a request. Fails with `FIELD_INVALID` for a note or evidence that is not acceptable.
    pub fn of(step: &'static str, request: &StepRequest) -> Result<Self, KernelError> {
        let mut wrong = check_note("note", &request.note);
        wrong.extend(check_evidence("evidence", &request.evidence));
        KernelError::unless_empty(wrong)?;
        Ok(Self {
            step,
            name: request.name.clone(),
            etag: request.etag.clone(),
            note: request.note.clone(),
            evidence: kept(&request.evidence),
        })
    }
}

// === impl Workflow ===

impl<S, G> Workflow<S, G>
where
    S: Copy + PartialEq + Labelled,
    G: Copy + PartialEq,
{
    /// Checks etag, state, role, party and four eyes. `is_party` tells whether the caller's post covers that side of the
    /// record. Runs in the write's transaction.
    pub async fn take(
        &'static self,
        tx: &Tx,
        context: &Context,
        caller: &Caller,
        asked: &Asked,
        standing: Standing<'_, S>,
        is_party: impl Fn(&str) -> bool,
    ) -> Result<Taken<S, G>, KernelError> {
        check_etag(&asked.name, &asked.etag, standing.version)?;
        let has_level =
            |level| level != Level::City || context.regions.city_of(standing.region).is_some();
        let (row, moved) = self.next(
            &asked.name,
            standing.state,
            asked.step,
            caller.role,
            has_level,
        )?;
        if !row.party.is_empty() && !is_party(row.party) {
            return Err(WorkflowError::NotParty {
                name: asked.name.clone(),
                step: row.label,
                method: asked.step.to_owned(),
                party: row.party,
            }
            .into());
        }
        for earlier in row.not_by_taker_of {
            if last_taker(&**tx, &asked.name, earlier).await?.as_ref() == Some(&caller.account) {
                return Err(WorkflowError::SamePerson {
                    name: asked.name.clone(),
                    step: row.label,
                    method: row.step.to_owned(),
                    earlier: self.label_of(earlier),
                }
                .into());
            }
        }
        let today = context.clock.today();
        let days = self.days(&context.regions, row.due, standing.region, today)?;
        Ok(Taken {
            row,
            from: standing.state,
            to: moved.to,
            skipped: moved.skipped,
            due_working_days: days,
            due: (days > 0).then(|| context.calendar.add_working_days(today, days)),
        })
    }
}

// === impl Taken ===

impl<S: Copy + Labelled, G: Copy> Taken<S, G> {
    /// Asks every guard of the row; the first that is not met refuses the step.
    pub fn pass(
        &self,
        asked: &Asked,
        judge: impl Fn(G) -> Result<(), Unmet>,
    ) -> Result<(), WorkflowError> {
        let unmet = self.row.guards.iter().find_map(|guard| judge(*guard).err());
        let (name, step, method) = (asked.name.clone(), self.row.label, asked.step.to_owned());
        match unmet {
            None => Ok(()),
            Some(Unmet::NotBefore(day)) => Err(WorkflowError::TooEarly {
                name,
                step,
                method,
                not_before: day.to_string(),
            }),
            Some(Unmet::Missing(missing, missing_zh)) => Err(WorkflowError::NotReady {
                name,
                step,
                method,
                missing,
                missing_zh,
            }),
        }
    }

    /// When the next step is due, `YYYY-MM-DD` or empty, and whether that day may still move.
    pub fn due_date(&self) -> (String, bool) {
        self.due.map_or_else(
            || (String::new(), false),
            |due| (due.date.to_string(), due.provisional),
        )
    }

    /// The journal entry with the step, its note and its evidence. A level passed over is named, so that nobody wonders who
    /// did not sign.
    pub fn entry(&self, entry: Entry, asked: &Asked) -> Entry {
        let mut note = asked.note.clone();
        if let Some(skipped) = self.skipped {
            if !note.is_empty() {
                note.push('\n');
            }
            note += &format!(
                "跳过{}:该县不设市级 (passes over {}: the county has no city)",
                label::of(skipped),
                label::name_of(skipped)
            );
        }
        entry
            .step(
                self.row.step,
                label::name_of(self.from),
                label::name_of(self.to),
            )
            .note(&note)
            .evidence(&asked.evidence)
    }
}

/// Everything that is wrong with a note, which may be empty.
pub fn check_note(field: &str, note: &str) -> Vec<Violation> {
    let mut wrong: Vec<_> = check_lines(field, note).into_iter().collect();
    if note.chars().count() > MOST_NOTE {
        wrong.push(Violation::invalid(
            field,
            format!("must have at most {MOST_NOTE} characters"),
            format!("不得超过{MOST_NOTE}字"),
        ));
    }
    wrong
}

/// Everything that is wrong with a reason, which must be given.
pub fn check_reason(field: &str, reason: &str) -> Vec<Violation> {
    let mut wrong: Vec<_> = check_lines(field, reason).into_iter().collect();
    if !(2..=MOST_REASON).contains(&reason.trim().chars().count()) {
        wrong.push(Violation::invalid(
            field,
            format!("must give the reason in 2 to {MOST_REASON} characters"),
            format!("应以2至{MOST_REASON}字说明理由"),
        ));
    }
    wrong
}

/// Everything that is wrong with pieces of evidence.
pub fn check_evidence(field: &str, evidence: &[Evidence]) -> Vec<Violation> {
    let mut wrong = Vec::new();
    if evidence.len() > MOST_EVIDENCE {
        wrong.push(Violation::invalid(
            field,
            format!("must be at most {MOST_EVIDENCE}"),
            format!("不得超过{MOST_EVIDENCE}件"),
        ));
    }
    for (index, one) in evidence.iter().enumerate() {
        let title = format!("{field}[{index}].title");
        wrong.extend(check_text(&title, &one.title));
        if !(1..=MOST_TITLE).contains(&one.title.trim().chars().count()) {
            wrong.push(Violation::invalid(
                &title,
                format!("must have 1 to {MOST_TITLE} characters"),
                format!("应为1至{MOST_TITLE}字"),
            ));
        }
        if one.digest.len() != 64 || !one.digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            wrong.push(Violation::invalid(
                &format!("{field}[{index}].digest"),
                "must be SM3 over the document, 64 hexadecimal digits",
                "应为材料的SM3摘要,64位十六进制数",
            ));
        }
    }
    wrong
}

/// Evidence as the history keeps it.
pub fn kept(evidence: &[Evidence]) -> Vec<String> {
    let line = |one: &Evidence| {
        format!(
            "{} sm3:{}",
            one.title.trim(),
            one.digest.to_ascii_lowercase()
        )
    };
    evidence.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(title: &str, digest: &str) -> Evidence {
        Evidence {
            title: title.into(),
            digest: digest.into(),
        }
    }

    #[test]
    fn a_remark_is_of_visible_characters_and_not_too_long() {
        assert!(check_note("note", "").is_empty());
        assert!(check_note("note", "一\n二").is_empty());
        assert_eq!(check_note("note", "一\0二").len(), 1);
        assert_eq!(check_note("note", &"字".repeat(1_001)).len(), 1);
        assert!(check_reason("reason", "请核实").is_empty());
        assert_eq!(check_reason("reason", " 核 ").len(), 1);
        assert_eq!(check_reason("reason", "请\0核实").len(), 1);
    }

    #[test]
    fn evidence_has_a_title_and_a_digest() {
        let digest = "ab".repeat(32);
        assert!(check_evidence("evidence", &[piece("户口簿", &digest)]).is_empty());
        let wrong = check_evidence("evidence", &[piece("", &digest), piece("户口簿", "ab")]);
        let fields: Vec<_> = wrong.iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(fields, ["evidence[0].title", "evidence[1].digest"]);
        let many = vec![piece("户口簿", &digest); 21];
        assert_eq!(check_evidence("evidence", &many).len(), 1);
    }
}
