//! The gRPC face of supervision.

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::name::Parent;
use junheng_kernel::page::Page;
use junheng_kernel::post::Level;
use junheng_kernel::service::Context;
use junheng_proto::registration::v1::overdue_service_server::OverdueService;
use junheng_proto::registration::v1::{
    ListOverdueStepsRequest, ListOverdueStepsResponse, OverdueStep,
};
use tonic::{Request, Response, Status};

use super::rules;
use super::sources::{Cell, SOURCES};
use super::store::{self, Position, Step};
use crate::approval::region_of;
use crate::rule_book::{RegionPath, RuleBook};
use crate::school::parent;

/// The rule of how long a step shows at one level.
const STRETCH: &str = "overdue.climb_working_days";

/// Steps read by one statement, at least: it looks into every table of processes, whatever the size of a page.
const AT_ONCE: u64 = 500;
/// Statements of one call. A page for which they find too little is short.
const MOST_READS: usize = 20;

/// Serves supervision.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl OverdueService for Rpc {
    async fn list_overdue_steps(
        &self,
        request: Request<ListOverdueStepsRequest>,
    ) -> Result<Response<ListOverdueStepsResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn list(
        &self,
        request: Request<ListOverdueStepsRequest>,
    ) -> Result<ListOverdueStepsResponse, KernelError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let context = &self.context;
        let (reader, regions) = (context.store.reader(), &context.regions);
        let placed = parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        let below = message.include_below.to_string();
        let fields = [message.parent.as_str(), &below];
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &fields)?;
        let view = View {
            context,
            today: context.clock.today(),
            level: match message.include_below {
                true => Level::School,
                false => self.level_of(&placed.parent),
            },
        };
        let as_of_time = timestamp(context.clock.now_micros());
        let (steps, next_page_token) = view.page(&placed.parent, &page).await?;
        Ok(ListOverdueStepsResponse {
            overdue_steps: steps.into_iter().map(|(_, shown)| shown).collect(),
            next_page_token,
            as_of_time: Some(as_of_time),
        })
    }

    fn level_of(&self, parent: &Parent) -> Level {
        match parent {
            Parent::School(_) => Level::School,
            Parent::Region { code, .. } => {
                let region = self.context.regions.get(code);
                region.map_or(Level::Province, rules::level_of)
            }
        }
    }
}

/// What somebody at a level sees today.
struct View<'a> {
    context: &'a Context,
    today: NaiveDate,
    level: Level,
}

// === impl View ===

impl View<'_> {
    /// The steps of a page and the token of the next. What the statement lets through because of the shortest way up is looked
    /// at one by one; a page may be short, or empty, because of that.
    async fn page(
        &self,
        parent: &Parent,
        page: &Page,
    ) -> Result<(Vec<(Step, OverdueStep)>, String), KernelError> {
        let book = RuleBook::builtin()?;
        let shortest = book.least(STRETCH, self.today)?;
        let before = |cell: &Cell| {
            let highest = cell.by.iter().map(|role| role.level);
            let highest = highest.max_by_key(|level| *level as i32);
            let climbs = rules::fewest_climbs(highest.unwrap_or(Level::School), self.level);
            let calendar = &self.context.calendar;
            rules::not_climbed_from(calendar, self.today, climbs, shortest).to_string()
        };
        let key = |(step, _): &(Step, OverdueStep)| Position::of(step).to_string();
        let (wanted, at_once) = (page.limit(), page.limit().max(AT_ONCE));
        let (mut after, mut found) = (page.after::<Position>()?, Vec::new());
        for _ in 0..MOST_READS {
            let reader = self.context.store.reader();
            let rows = store::next(reader, parent, before, after.as_ref(), at_once).await?;
            let is_last = (rows.len() as u64) < at_once;
            after = rows.last().map(Position::of);
            for row in rows {
                if let Some(shown) = self.shown(book, &row)? {
                    found.push((row, shown));
                }
                if found.len() as u64 >= wanted {
                    return Ok(page.cut(found, key));
                }
            }
            if is_last {
                return Ok((found, String::new()));
            }
        }
        let read = after.map_or_else(String::new, |after| page.token(&after.to_string()));
        Ok((found, read))
    }

    /// The step as it shows, unless it has not climbed to this level.
    fn shown(&self, book: &RuleBook, step: &Step) -> Result<Option<OverdueStep>, KernelError> {
        let source = usize::try_from(step.source)
            .ok()
            .and_then(|at| SOURCES.get(at));
        let Some(source) = source else {
            return Ok(None);
        };
        let same = |cell: &&Cell| {
            (source.kind.is_none() || cell.kind == step.kind) && cell.state == step.state
        };
        let (Some(cell), Ok(due)) = (source.cells.iter().find(same), step.due_date.parse()) else {
            return Ok(None);
        };
        let regions = &self.context.regions;
        let code = region_of(step.place);
        let has_city = regions.city_of(&code).is_some();
        let record = match step.school {
            Some(_) => Level::School,
            None => regions.get(&code).map_or(Level::County, rules::level_of),
        };
        let own = rules::own_level(cell.by, record, has_city);
        let past = self.context.calendar.working_days_between(due, self.today);
        let stretch = book.number(STRETCH, &RegionPath::of(regions, &code), self.today)?;
        let level = rules::shown_at(own, rules::climbs(past, stretch), has_city);
        if !rules::reaches(level, self.level) {
            return Ok(None);
        }
        let awaited_organisation = match (own, step.school) {
            (Level::School, Some(school)) => format!("schools/{school}"),
            (Level::City, _) => self.named(regions.city_of(&code)),
            (Level::Province, _) => self.named(regions.province_of(&code)),
            _ => self.named(regions.county_of(&code)),
        };
        let roles = cell.by.iter().filter(|role| role.level == own);
        Ok(Some(OverdueStep {
            record: format!("{}/{}", source.collection, step.id),
            step: cell.step.to_owned(),
            step_label: cell.label.to_owned(),
            awaited_roles: roles.map(ToString::to_string).collect(),
            awaited_organisation,
            school: step
                .school
                .map_or_else(String::new, |id| format!("schools/{id}")),
            region: format!("regions/{code}"),
            due_date: step.due_date.clone(),
            working_days_past: i32::try_from(past).unwrap_or(i32::MAX),
            own_level: own.into(),
            level: level.into(),
        }))
    }

    fn named(&self, region: Option<&junheng_kernel::region::Region>) -> String {
        region.map_or_else(String::new, |region| format!("regions/{}", region.code))
    }
}
