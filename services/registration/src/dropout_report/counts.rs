//! Counts the items of a report from the records.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::NaiveDate;
use junheng_kernel::clock::micros;
use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_proto::registration::v1::dropout_report_item::{Rows, State};
use junheng_proto::registration::v1::list_ledger_request::Event;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::{DropoutReportItem, ListStudentsRequest};
use sea_orm::{ConnectionTrait, DbErr};

use super::rules::{LINES, Line, Measure};
use crate::ledger::cases::{self, Count};
use crate::ledger::events;
use crate::ledger::groups::GROUPS;
use crate::ledger::rules::Asked as Ledger;
use crate::tally::read;

/// The stages of compulsory education, with the end of an item's code.
const STAGES: [(i32, &str); 2] = [(1, "primary"), (2, "junior")];

/// What a report is counted of.
pub(super) struct Of<'a> {
    /// As requests name it.
    pub(super) name: &'a str,
    pub(super) parent: &'a Parent,
    /// What was entered in this time is counted …
    pub(super) entered: Entered,
    /// … but for items with a time of their own, by code.
    pub(super) own: BTreeMap<String, Entered>,
    /// The last day of it.
    pub(super) until: NaiveDate,
}

/// After the first moment and not after the second, microseconds since 1970.
pub(super) type Entered = (i64, i64);

/// The time of which an item was counted; None for one that tells how things stand.
pub(super) fn entered(item: &DropoutReportItem) -> Option<Entered> {
    let Some(Rows::Ledger(rows)) = &item.rows else {
        return None;
    };
    Some((
        rows.entered_after_time.map(micros)?,
        rows.entered_until_time.map(micros)?,
    ))
}

/// Every item, counted now.
pub(super) async fn items(
    database: &impl ConnectionTrait,
    of: &Of<'_>,
) -> Result<Vec<DropoutReportItem>, KernelError> {
    // One statement: a report is drawn in a write, which sees what is folded meanwhile.
    let enrolled = read::enrolled(database, of.parent).await?;
    let mut items = Vec::new();
    for line in LINES {
        let mut counted: BTreeMap<Entered, Vec<Count>> = BTreeMap::new();
        for (code, stage, group) in cells(line) {
            let time = of.own.get(&code).copied().unwrap_or(of.entered);
            let counts = match counted.entry(time) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    new.insert(of.counts(database, &enrolled, line.measure, time).await?)
                }
            };
            items.push(of.item(line, code, counts, (stage, group), time));
        }
    }
    Ok(items)
}

/// The items of a line: code, stage and group; 0 for all.
fn cells(line: &Line) -> Vec<(String, i32, i32)> {
    let mut cells = Vec::new();
    // Of those who attend only the compulsory stages are told.
    if line.measure != Measure::Enrolled {
        cells.push((line.code.to_owned(), 0, 0));
    }
    for (stage, end) in STAGES.into_iter().filter(|_| line.by_stage) {
        cells.push((format!("{}.{end}", line.code), stage, 0));
    }
    for (group, _) in GROUPS.iter().filter(|_| line.by_group) {
        let end = group.as_str_name().trim_start_matches("GROUP_");
        let code = format!("{}.{}", line.code, end.to_lowercase());
        cells.push((code, 0, *group as i32));
    }
    cells
}

// === impl Of ===

impl Of<'_> {
    async fn counts(
        &self,
        database: &impl ConnectionTrait,
        enrolled: &[(i32, i32, i64)],
        measure: Measure,
        time: Entered,
    ) -> Result<Vec<Count>, DbErr> {
        let in_all = |count: u64| {
            vec![Count {
                stage: 0,
                groups: 0,
                count: i64::try_from(count).unwrap_or(i64::MAX),
            }]
        };
        match measure {
            Measure::Enrolled => Ok(STAGES
                .into_iter()
                .map(|(stage, _)| {
                    let of_stage = enrolled.iter().filter(|(own, ..)| *own == stage);
                    Count {
                        stage,
                        groups: 0,
                        count: of_stage.map(|(.., count)| count).sum(),
                    }
                })
                .collect()),
            Measure::Visits | Measure::Notices => match self.ledger(measure, time) {
                Some(ledger) => Ok(in_all(events::times(database, self.parent, &ledger).await?)),
                None => Ok(Vec::new()),
            },
            measure => match self.ledger(measure, time) {
                Some(ledger) => cases::counts(database, self.parent, &ledger).await,
                None => Ok(Vec::new()),
            },
        }
    }

    fn ledger(&self, measure: Measure, time: Entered) -> Option<Ledger> {
        let happened = |event: Event| Ledger::entered(event, time, self.until);
        Some(match measure {
            Measure::Enrolled => return None,
            Measure::Happened(event, finding) => Ledger {
                finding: finding.into(),
                ..happened(event)
            },
            Measure::Open(kind) => Ledger::stood(kind, time.1, self.until),
            Measure::Visits => happened(Event::Visited),
            Measure::Notices => happened(Event::Noticed),
        })
    }

    fn item(
        &self,
        line: &Line,
        code: String,
        counts: &[Count],
        (stage, group): (i32, i32),
        time: Entered,
    ) -> DropoutReportItem {
        let rows = match self.ledger(line.measure, time) {
            Some(ledger) => {
                let ledger = Ledger {
                    stage,
                    group,
                    ..ledger
                };
                Rows::Ledger(ledger.request(self.name))
            }
            None => Rows::Students(ListStudentsRequest {
                parent: self.name.to_owned(),
                state: StudentState::Enrolled.into(),
                stage,
                ..ListStudentsRequest::default()
            }),
        };
        DropoutReportItem {
            code,
            label: line.label.to_owned(),
            stage,
            group,
            value: cases::sum(counts, stage, group),
            state: State::Counted.into(),
            return_reason: String::new(),
            rows: Some(rows),
        }
    }
}
