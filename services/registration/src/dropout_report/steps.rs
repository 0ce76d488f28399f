//! Drafts a report and takes its steps.

use std::collections::BTreeMap;

use junheng_kernel::admission::Caller;
use junheng_kernel::calendar::start_of_day_in_china;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::{Asked, Standing, check_note, check_reason};
use junheng_kernel::{label, resource};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::dropout_report_item::State as ItemState;
use junheng_proto::registration::v1::return_dropout_report_request::Item as GivenBack;
use junheng_proto::registration::v1::{
    DraftDropoutReportRequest, DropoutReport, DropoutReportItem, ReturnDropoutReportRequest,
};
use junheng_proto::workflow::v1::StepRequest;
use sea_orm::ConnectionTrait;
use tonic::Request;
use uuid::Uuid;

use super::counts::{self, Entered};
use super::encode::{encode, items_of, kept, name_of};
use super::error::DropoutReportError;
use super::period::{Period, Span};
use super::rules::{self, Facts};
use super::store;
use super::workflow::{
    DRAFT, Kind, RECOUNT, RETURN, SIGN, State, level_of, state_name, state_of, table_of,
};
use crate::approval::region_of;
use crate::dropout_case::history;
use crate::entity::dropout_report::{Entity, Model};
use crate::rule_book::{RegionPath, RuleBook};
use crate::school::parent::{self, PlacedParent};

type Outcome = Result<DropoutReport, DropoutReportError>;

/// Drafts a report.
pub(super) async fn draft(
    context: &Context,
    request: Request<DraftDropoutReportRequest>,
) -> Outcome {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let key = RequestKey::of(&message.request_id, &message)?;
    let (reader, regions) = (context.store.reader(), &context.regions);
    let placed = parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
    let (kind, period) = read(message.kind, &message.period)?;
    let own = check_maker(context, &placed.parent, kind)?;
    if caller.role.level != own {
        return Err(DropoutReportError::NotYours {
            kind: label::of(kind),
            level: label::of(own),
        });
    }
    let region = match &placed.parent {
        Parent::Region { code, .. } => code.clone(),
        Parent::School(_) => region_of(placed.place),
    };
    let today = context.clock.today();
    let span = span_of(context, period, &region)?;
    if today < span.first {
        return Err(DropoutReportError::NotBegun {
            period: message.period,
            from_date: span.first.to_string(),
        });
    }
    let (context, caller_of_write) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(&caller_of_write, key, move |tx| async move {
            let PlacedParent { parent, place } = placed;
            let place = parent::hold_place(&*tx, parent.school(), place).await?;
            let region = match &parent {
                Parent::Region { code, .. } => code.clone(),
                Parent::School(_) => region_of(place),
            };
            let known = store::of_period(&*tx, &message.parent, kind, &message.period).await?;
            if let Some(known) = known {
                return Err(DropoutReportError::Exists {
                    name: name_of(&known),
                    period: known.period,
                });
            }
            let before = store::before(&*tx, &message.parent, kind, span.last).await?;
            let until = today.min(span.last);
            // A report begins where the one before ended, whatever day that was; the first of all with its period.
            let from = before
                .as_ref()
                .and_then(|before| before.until_date.succ_opt());
            let from = from.unwrap_or(span.first).min(until);
            // Nobody enters anything while it is counted: what is entered after this moment is in the next report.
            history::stand_still(&*tx).await?;
            let now = context.clock.now_micros();
            let next = store::next_begins(&*tx, &message.parent, kind, span.last).await?;
            let until_micros = now.min(end_of(&span)).min(next.unwrap_or(i64::MAX));
            let first = || start_of_day_in_china(span.first) - 1;
            let after_micros = before.as_ref().map_or_else(first, |one| one.until_micros);
            let after_micros = after_micros.min(until_micros);
            let items_before = before.as_ref().map(items_of).transpose()?;
            let own = items_before.iter().flatten().filter_map(|item| {
                let (_, until) = counts::entered(item)?;
                Some((item.code.clone(), (until.min(until_micros), until_micros)))
            });
            let of = counts::Of {
                name: &message.parent,
                parent: &parent,
                entered: (after_micros, until_micros),
                own: own.collect(),
                until,
            };
            let items = counts::items(&*tx, &of).await?;
            let row = Model {
                id: Uuid::now_v7(),
                kind: kind.into(),
                organisation: message.parent.clone(),
                school: parent.school(),
                place,
                region,
                period: message.period,
                from_date: from,
                until_date: until,
                after_micros,
                until_micros,
                state: table_of(kind.into()).start.into(),
                items: kept(items),
                digest: String::new(),
                due_date: span.due.date.to_string(),
                due_provisional: span.due.provisional,
                count_micros: now,
                update_micros: now,
                version: 1,
            };
            store::insert(&*tx, row.clone()).await?;
            let answer = encode(&row, today)?;
            let start = state_name(State::Draft);
            let entry = about(&row).change(None, &answer).step(DRAFT, "", start);
            Ok((answer, entry))
        })
        .await
}

/// Takes a step that needs nothing but the step.
pub(super) async fn take(
    context: &Context,
    request: Request<StepRequest>,
    step: &'static str,
) -> Outcome {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let asked = Asked::of(step, &message)?;
    let key = RequestKey::of(&message.request_id, &message)?;
    run(context, caller, asked, Vec::new(), key).await
}

/// Gives items back.
pub(super) async fn give_back(
    context: &Context,
    request: Request<ReturnDropoutReportRequest>,
) -> Outcome {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let key = RequestKey::of(&message.request_id, &message)?;
    let mut wrong = check_note("note", &message.note);
    if message.items.is_empty() {
        wrong.push(Violation::required("items"));
    }
    for (index, item) in message.items.iter().enumerate() {
        wrong.extend(check_reason(
            &format!("items[{index}].reason"),
            &item.reason,
        ));
        if message.items[..index]
            .iter()
            .any(|one| one.code == item.code)
        {
            wrong.push(Violation::invalid(
                &format!("items[{index}].code"),
                "is named twice",
                "重复列出",
            ));
        }
    }
    KernelError::unless_empty(wrong)?;
    let asked = Asked {
        step: RETURN,
        name: message.name,
        etag: message.etag,
        note: message.note,
        evidence: Vec::new(),
    };
    run(context, caller, asked, message.items, key).await
}

async fn run(
    context: &Context,
    caller: Caller,
    asked: Asked,
    back: Vec<GivenBack>,
    key: RequestKey,
) -> Outcome {
    let id = id_of("dropoutReports", &asked.name)?;
    let (context, caller_of_write) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(&caller_of_write, key, move |tx| async move {
            let before = parent::held::<Entity>(&*tx, &caller.scope, id).await?;
            let standing = Standing {
                state: state_of(before.state),
                version: before.version,
                region: &before.region,
            };
            let table = table_of(before.kind);
            let taken = table
                .take(&tx, &context, &caller, &asked, standing, |_| true)
                .await?;
            let today = context.clock.today();
            let (kind, period) = read(before.kind, &before.period)?;
            let span = span_of(&context, period, &before.region)?;
            let items = items_of(&before)?;
            let locked = items.iter().any(|item| item.state() == ItemState::Signed)
                || before.state == State::Returned as i32;
            let mut after = before.clone();
            let mut own = own_times(&items);
            let next = store::next_begins(&*tx, &before.organisation, kind, span.last).await?;
            // What the next report has begun to count is not this one's any more.
            if asked.step == RECOUNT && next.is_none() {
                history::stand_still(&*tx).await?;
                let now = context.clock.now_micros();
                // What was given back is counted with what has been mended since, the end of the period notwithstanding.
                let until = match locked {
                    true => now,
                    false => now.min(end_of(&span)),
                };
                after.until_micros = until.max(before.until_micros);
                for time in own.values_mut() {
                    time.1 = after.until_micros;
                }
                if !locked {
                    after.until_date = today.min(span.last).max(before.from_date);
                }
            }
            let counted = match asked.step {
                RECOUNT | SIGN => count(&*tx, &context, &after, own).await?,
                _ => Vec::new(),
            };
            let book = RuleBook::builtin()?;
            let path = RegionPath::of(&context.regions, &before.region);
            let early = book.count("dropout.report_early_working_days", &path, today)?;
            let facts = Facts {
                today,
                first: rules::first_to_sign(&context.calendar, span.last, early),
                as_counted: rules::same_count(&items, &counted),
            };
            taken.pass(&asked, |guard| rules::judge(guard, &facts))?;
            after.state = taken.to.into();
            after.version += 1;
            after.update_micros = context.clock.now_micros();
            match asked.step {
                RECOUNT => {
                    after.items = kept(rules::recounted(items, counted));
                    after.count_micros = after.update_micros;
                }
                SIGN => {
                    let (items, digest) = rules::signed(items);
                    (after.items, after.digest) = (kept(items), digest);
                }
                RETURN => {
                    let items = rules::given_back(items, &back);
                    let items = items.map_err(|code| DropoutReportError::ItemUnknown { code })?;
                    after.items = kept(items);
                }
                _ => {}
            }
            // On its way to the level above it is due on the day of the report, or by which what was given back is to be mended.
            if ![RECOUNT, SIGN].contains(&asked.step) {
                let due = taken.due;
                after.due_date = due.map_or_else(String::new, |due| due.date.to_string());
                after.due_provisional = due.is_some_and(|due| due.provisional);
            }
            resource::replace::<Entity>(&*tx, after.clone(), before.version).await?;
            let (told, answer) = (encode(&before, today)?, encode(&after, today)?);
            let entry = about(&after).change(Some(&told), &answer);
            Ok((answer, taken.entry(entry, &asked)))
        })
        .await
}

/// A journal entry about a report.
pub(super) fn about(row: &Model) -> Entry {
    Entry::about(name_of(row), row.place, row.school, DataClass::Internal)
}

/// Reads kind and period. Fails with `FIELD_INVALID`.
pub(super) fn read(kind: i32, period: &str) -> Result<(Kind, Period), KernelError> {
    let wrong = label::check("kind", "junheng.registration.v1.DropoutReport.Kind", kind);
    KernelError::unless_empty(wrong.into_iter().collect())?;
    let kind = Kind::try_from(kind).unwrap_or_default();
    let period = Period::parse(kind, period).ok_or_else(|| {
        KernelError::Fields(vec![Violation::invalid(
            "period",
            "must be a period of this kind: 2026-10, 2026-Q4, 2026-autumn, 2027-spring or 2026",
            "应为该类报告的报告期,如2026-10、2026-Q4、2026-autumn、2027-spring、2026",
        )])
    })?;
    Ok((kind, period))
}

/// The days of a period by the rules of a region.
pub(super) fn span_of(
    context: &Context,
    period: Period,
    region: &str,
) -> Result<Span, KernelError> {
    let path = RegionPath::of(&context.regions, region);
    let place = context.regions.place(region);
    let place = place.map_err(|_| KernelError::RegionUnknown {
        code: region.to_owned(),
    })?;
    period.span(RuleBook::builtin()?, &path, place, &context.calendar)
}

/// The level that makes a kind, which must be the parent's. Fails with `FIELD_INVALID`.
fn check_maker(
    context: &Context,
    parent: &Parent,
    kind: Kind,
) -> Result<junheng_kernel::post::Level, KernelError> {
    use junheng_kernel::post::Level;
    use junheng_kernel::region::RegionLevel;
    let own = level_of(kind);
    let fits = match parent {
        Parent::School(_) => own == Level::School,
        Parent::Region { code, .. } => {
            let region = context.regions.get(code);
            region.is_some_and(|region| match own {
                Level::County => region.acts_as_county(),
                Level::City => region.level == RegionLevel::City,
                Level::Province => region.level == RegionLevel::Province,
                _ => false,
            })
        }
    };
    if fits {
        return Ok(own);
    }
    Err(KernelError::Fields(vec![Violation::invalid(
        "parent",
        "must be the school of a month, the county of a quarter, the city of a term, the province of a school year",
        "月报告应为学校,季度复核应为县,学期摸排应为市,学年评估应为省",
    )]))
}

async fn count(
    database: &impl ConnectionTrait,
    context: &Context,
    row: &Model,
    own: BTreeMap<String, Entered>,
) -> Result<Vec<DropoutReportItem>, KernelError> {
    let parent = match row.school {
        Some(id) => Parent::School(id),
        None => {
            let ranges = context.regions.ranges(&row.region);
            let unknown = |_| KernelError::RegionUnknown {
                code: row.region.clone(),
            };
            Parent::Region {
                code: row.region.clone(),
                ranges: ranges.map_err(unknown)?,
            }
        }
    };
    let of = counts::Of {
        name: &row.organisation,
        parent: &parent,
        entered: (row.after_micros, row.until_micros),
        own,
        until: row.until_date,
    };
    counts::items(database, &of).await
}

/// The times of which items were counted, by code.
fn own_times(items: &[DropoutReportItem]) -> BTreeMap<String, Entered> {
    let own = items.iter();
    own.filter_map(|item| Some((item.code.clone(), counts::entered(item)?)))
        .collect()
}

/// The last moment of a period.
fn end_of(span: &Span) -> i64 {
    let after = span.last.succ_opt().unwrap_or(span.last);
    start_of_day_in_china(after) - 1
}
