//! Counts the items of a report from the records.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_proto::registration::v1::dropout_report_item::{Rows, State};
use junheng_proto::registration::v1::list_ledger_request::Event;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::{DropoutReportItem, ListStudentsRequest};
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, PaginatorTrait as _, QueryFilter as _};

use super::rules::{LINES, Line, Measure};
use crate::entity::{dropout_notice, dropout_visit};
use crate::ledger::cases::{self, Count};
use crate::ledger::groups::GROUPS;
use crate::ledger::rules::Asked as Ledger;
use crate::school_year;
use crate::tally::counted::ENROLLED;
use crate::tally::read::{self, Reading};

/// The stages of compulsory education, with the end of an item's code.
const STAGES: [(i32, &str); 2] = [(1, "primary"), (2, "junior")];

/// What a report is counted of.
pub(super) struct Of<'a> {
    /// As requests name it.
    pub(super) name: &'a str,
    pub(super) parent: &'a Parent,
    pub(super) from: NaiveDate,
    pub(super) until: NaiveDate,
}

/// Every item, counted now.
pub(super) async fn items(
    database: &impl ConnectionTrait,
    of: &Of<'_>,
) -> Result<Vec<DropoutReportItem>, KernelError> {
    let reading = read::reading(database, of.parent).await?;
    let mut items = Vec::new();
    for line in LINES {
        let counts = of.counts(database, &reading, line.measure).await?;
        // Of those who attend only the compulsory stages are told.
        if line.measure != Measure::Enrolled {
            items.push(of.item(line, line.code.to_owned(), &counts, 0, 0));
        }
        for (stage, end) in STAGES.into_iter().filter(|_| line.by_stage) {
            items.push(of.item(line, format!("{}.{end}", line.code), &counts, stage, 0));
        }
        for (group, _) in GROUPS.iter().filter(|_| line.by_group) {
            let end = group.as_str_name().trim_start_matches("GROUP_");
            let code = format!("{}.{}", line.code, end.to_lowercase());
            items.push(of.item(line, code, &counts, 0, *group as i32));
        }
    }
    Ok(items)
}

// === impl Of ===

impl Of<'_> {
    async fn counts(
        &self,
        database: &impl ConnectionTrait,
        reading: &Reading,
        measure: Measure,
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
                .map(|(stage, _)| Count {
                    stage,
                    groups: 0,
                    count: reading.total(|one, _| one == stage).counts[ENROLLED],
                })
                .collect()),
            Measure::Visits => {
                use dropout_visit::{Column, Entity};
                let visits = Entity::visible_to(&judged())
                    .filter(self.parent.condition::<Entity>())
                    .filter(Column::Date.between(self.from, self.until));
                Ok(in_all(visits.count(database).await?))
            }
            Measure::Notices => {
                use dropout_notice::{Column, Entity};
                let notices = Entity::visible_to(&judged())
                    .filter(self.parent.condition::<Entity>())
                    .filter(Column::DrawnDate.between(self.from, self.until));
                Ok(in_all(notices.count(database).await?))
            }
            measure => match self.ledger(measure) {
                Some(ledger) => cases::counts(database, self.parent, &ledger).await,
                None => Ok(Vec::new()),
            },
        }
    }

    fn ledger(&self, measure: Measure) -> Option<Ledger> {
        let happened = |event: Event| Ledger::happened(event, self.from, self.until);
        Some(match measure {
            Measure::Enrolled => return None,
            Measure::Happened(event, finding) => Ledger {
                finding: finding.into(),
                ..happened(event)
            },
            Measure::Open(kind) => Ledger {
                open_only: true,
                ..Ledger::all(kind, school_year::of(self.until))
            },
            Measure::Visits => happened(Event::Visited),
            Measure::Notices => happened(Event::Noticed),
        })
    }

    fn item(
        &self,
        line: &Line,
        code: String,
        counts: &[Count],
        stage: i32,
        group: i32,
    ) -> DropoutReportItem {
        let rows = match self.ledger(line.measure) {
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

fn judged() -> Scope {
    Scope::everything("the report's organisation was judged against the scope before")
}
