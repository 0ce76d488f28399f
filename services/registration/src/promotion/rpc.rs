//! The gRPC face of promotion: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::ImportResult;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::Parent;
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::promotion_service_server::PromotionService;
use junheng_proto::registration::v1::{
    AssignJuniorPlacesRequest, ConfirmEnrolmentRequest, ListJuniorPlacesRequest,
    ListJuniorPlacesResponse, PreviewPromotionRequest, PreviewPromotionResponse,
    RunPromotionRequest, RunPromotionResponse, SchoolPromotion,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::error::PromotionError;
use super::plan::Plan;
use super::run::{SchoolRun, already, ids_of};
use super::{places, rules, store};
use crate::duplicate_case;
use crate::entity::{junior_place, school};
use crate::school::parent::{self, PlacedParent};
use crate::school::rules::stages_of;
use crate::school_class::store as classes;
use crate::school_year;
use crate::student::ledger::Pen;
use crate::student::person::Person;

/// Schools that may be told ahead of who listens.
const WAITING: usize = 8;

/// Serves promotion.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl PromotionService for Rpc {
    type RunPromotionStream = ReceiverStream<Result<RunPromotionResponse, Status>>;

    async fn preview_promotion(
        &self,
        request: Request<PreviewPromotionRequest>,
    ) -> Result<Response<PreviewPromotionResponse>, Status> {
        let answer = self.preview(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn run_promotion(
        &self,
        request: Request<RunPromotionRequest>,
    ) -> Result<Response<Self::RunPromotionStream>, Status> {
        let runs = self.prepare(request).await.map_err(into_status)?;
        let (told, stream) = mpsc::channel(WAITING);
        let stop = self.context.stop.clone();
        self.context.tasks.spawn(async move {
            tokio::select! {
                () = run(runs, told) => {}
                // What is not done is done by the next call.
                () = stop.cancelled() => {}
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn assign_junior_places(
        &self,
        request: Request<AssignJuniorPlacesRequest>,
    ) -> Result<Response<ImportResult>, Status> {
        let answer = self.assign(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_junior_places(
        &self,
        request: Request<ListJuniorPlacesRequest>,
    ) -> Result<Response<ListJuniorPlacesResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn confirm_enrolment(
        &self,
        request: Request<ConfirmEnrolmentRequest>,
    ) -> Result<Response<ImportResult>, Status> {
        let answer = self.confirm(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

/// Promotes school after school and tells after each; ends with the first fault, or when nobody listens any more.
async fn run(runs: Vec<SchoolRun>, told: mpsc::Sender<Result<RunPromotionResponse, Status>>) {
    let school_count = i64::try_from(runs.len()).unwrap_or(i64::MAX);
    for (done_count, run) in (1..).zip(runs) {
        let answer = run.run().await.map_err(into_status);
        let failed = answer.is_err();
        let answer = answer.map(|answer| RunPromotionResponse {
            done_count,
            school_count,
            ..answer
        });
        if told.send(answer).await.is_err() || failed {
            return;
        }
    }
}

// === impl Rpc ===

impl Rpc {
    async fn schools(
        &self,
        caller: &Caller,
        parent: &str,
    ) -> Result<Vec<school::Model>, PromotionError> {
        let reader = self.context.store.reader();
        let regions = &self.context.regions;
        let placed = parent::placed(reader, caller, regions, "parent", parent).await?;
        Ok(store::schools(reader, &caller.scope, &placed.parent).await?)
    }

    async fn preview(
        &self,
        request: Request<PreviewPromotionRequest>,
    ) -> Result<PreviewPromotionResponse, PromotionError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let schools = self.schools(&caller, &message.parent).await?;
        check_year(message.school_year)?;
        let reader = self.context.store.reader();
        let ids: Vec<Uuid> = schools.iter().map(|school| school.id).collect();
        let done = store::done(reader, &ids, message.school_year).await?;
        let mut answer = PreviewPromotionResponse::default();
        for school in schools {
            let told: SchoolPromotion = match done.get(&school.id) {
                Some(done) if !store::is_behind(reader, school.id, message.school_year).await? => {
                    already(done).school.unwrap_or_default()
                }
                done => {
                    let classes = classes::of_schools(reader, &[school.id]).await?;
                    let students = store::students(reader, school.id).await?;
                    let stages = stages_of(school.kind);
                    let ids = ids_of(&students);
                    let disputed = duplicate_case::store::disputed(reader, &ids).await?;
                    let year = message.school_year;
                    let plan = Plan::of(stages, classes, students, &disputed, year);
                    match done {
                        Some(done) if plan.is_empty() => already(done).school.unwrap_or_default(),
                        _ => plan.tell(school.id, true),
                    }
                }
            };
            answer.schools.push(told);
        }
        Ok(answer)
    }

    async fn prepare(
        &self,
        request: Request<RunPromotionRequest>,
    ) -> Result<Vec<SchoolRun>, PromotionError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let schools = self.schools(&caller, &message.parent).await?;
        check_year(message.school_year)?;
        rules::check_season(message.school_year, self.context.clock.today())?;
        let run_of = |school| SchoolRun {
            context: self.context.clone(),
            caller: caller.clone(),
            key: key.clone(),
            school,
            school_year: message.school_year,
        };
        Ok(schools.into_iter().map(run_of).collect())
    }

    async fn assign(
        &self,
        request: Request<AssignJuniorPlacesRequest>,
    ) -> Result<ImportResult, PromotionError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let today = self.context.clock.today();
        let wrong = school_year::check_planned("school_year", message.school_year, today);
        KernelError::unless_empty(wrong.into_iter().collect())?;
        places::check_length(message.rows.len())?;
        let now_micros = self.context.clock.now_micros();
        let store = &self.context.store;
        store
            .write(&caller, key, move |tx| async move {
                let year = message.school_year;
                let (result, records) =
                    places::assign(&tx, &parent, year, message.rows, now_micros).await?;
                let place = parent.place().unwrap_or_default();
                let school = parent.school();
                let entry = Entry::about(message.parent, place, school, DataClass::Sensitive);
                Ok::<_, PromotionError>((result, entry.with_all(records)))
            })
            .await
    }

    async fn list(
        &self,
        request: Request<ListJuniorPlacesRequest>,
    ) -> Result<ListJuniorPlacesResponse, PromotionError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let store = &self.context.store;
        let reader = store.reader();
        let regions = &self.context.regions;
        let placed = parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        let PlacedParent { parent, place } = placed;
        let wrong = school_year::check_filter("school_year", message.school_year);
        KernelError::unless_empty(wrong.into_iter().collect())?;
        let (year, state) = (message.school_year.to_string(), message.state.to_string());
        let side = message.primary_side_only.to_string();
        let fields = [message.parent.as_str(), &year, &state, &side];
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields,
        )?;
        let only = store::of(message.school_year, message.state)
            .add_option(message.primary_side_only.then(|| store::sent_by(&parent)));
        let (rows, next_page_token) = resource::list_only::<junior_place::Entity>(
            reader,
            &caller.scope,
            &parent,
            only,
            &page,
        )
        .await?;
        let students: Vec<Uuid> = rows.iter().map(|row| row.student).collect();
        let students = store::students_with(reader, &students).await?;
        let school = parent.school();
        let entry = Entry::about(&message.parent, place, school, DataClass::Sensitive);
        store.record_read(&caller, entry).await?;
        let name_of = |row: &junior_place::Model| -> Result<String, KernelError> {
            match students.get(&row.student) {
                Some(student) => Ok(Person::of(&store.keys, student)?.display_name),
                None => Ok(String::new()),
            }
        };
        let shown = rows
            .iter()
            .map(|row| Ok(places::encode(row, name_of(row)?)));
        Ok(ListJuniorPlacesResponse {
            junior_places: shown.collect::<Result<_, KernelError>>()?,
            next_page_token,
        })
    }

    async fn confirm(
        &self,
        request: Request<ConfirmEnrolmentRequest>,
    ) -> Result<ImportResult, PromotionError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let (store, regions) = (&self.context.store, &self.context.regions);
        let school =
            parent::school_of(store.reader(), &caller, regions, "parent", &message.parent).await?;
        places::check_length(message.rows.len())?;
        let context = self.context.clone();
        store
            .write(&caller, key, move |tx| async move {
                // Held, and open still: a school that closes meanwhile comes before, and takes nobody.
                let held = parent::hold_open(&*tx, [school.id]).await?;
                let place = held
                    .of(school.id)
                    .map_err(|closed| KernelError::Fields(vec![closed]))?;
                let rows = message.rows;
                let (result, records) =
                    places::confirm(&tx, Pen::of(&context), &school, place, rows).await?;
                let own = Some(school.id);
                let entry = Entry::about(message.parent, place, own, DataClass::Sensitive);
                Ok::<_, PromotionError>((result, entry.with_all(records)))
            })
            .await
    }
}

fn check_year(school_year: i32) -> Result<(), KernelError> {
    KernelError::unless_empty(
        school_year::check("school_year", school_year)
            .into_iter()
            .collect(),
    )
}
