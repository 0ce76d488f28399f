//! The gRPC face of class draws: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::label;
use junheng_kernel::name::{etag, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::{Asked, WorkflowError};
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::class_draw_service_server::ClassDrawService;
use junheng_proto::registration::v1::{
    ClassDraw, CommitSeedRequest, DrawMember, GetClassDrawRequest, ListClassDrawsRequest,
    ListClassDrawsResponse, PrepareClassDrawRequest, ReplayClassDrawRequest,
    ReplayClassDrawResponse, RevealSeedRequest,
};
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::algorithm::{self, Traits};
use super::error::DrawError;
use super::steps::{self, Given};
use super::store;
use super::workflow::{
    CANCEL, COMMIT_COUNTY, COMMIT_SCHOOL, PREPARE, REVEAL_COUNTY, REVEAL_SCHOOL, RUN, State,
};
use crate::admission::rules::largest_class;
use crate::entity::class_draw::{Entity, Model};
use crate::entity::student;
use crate::school::parent::{self, PlacedParent};
use crate::school_class::rules::{self as places, Place};
use crate::school_year;
use crate::statistic::band;

/// The most members of a replay.
const MOST_MEMBERS: usize = 5_000;
/// The most classes of a replay.
const MOST_CLASSES: i32 = 99;

/// Serves class draws.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

fn answer<T>(done: Result<T, DrawError>) -> Result<Response<T>, Status> {
    done.map(Response::new).map_err(into_status)
}

#[tonic::async_trait]
impl ClassDrawService for Rpc {
    async fn prepare_class_draw(
        &self,
        request: Request<PrepareClassDrawRequest>,
    ) -> Result<Response<ClassDraw>, Status> {
        answer(self.prepare(request).await)
    }

    async fn commit_school_seed(
        &self,
        request: Request<CommitSeedRequest>,
    ) -> Result<Response<ClassDraw>, Status> {
        answer(self.commit(COMMIT_SCHOOL, request).await)
    }

    async fn commit_county_seed(
        &self,
        request: Request<CommitSeedRequest>,
    ) -> Result<Response<ClassDraw>, Status> {
        answer(self.commit(COMMIT_COUNTY, request).await)
    }

    async fn reveal_school_seed(
        &self,
        request: Request<RevealSeedRequest>,
    ) -> Result<Response<ClassDraw>, Status> {
        answer(self.reveal(REVEAL_SCHOOL, request).await)
    }

    async fn reveal_county_seed(
        &self,
        request: Request<RevealSeedRequest>,
    ) -> Result<Response<ClassDraw>, Status> {
        answer(self.reveal(REVEAL_COUNTY, request).await)
    }

    async fn run_class_draw(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<ClassDraw>, Status> {
        answer(self.step(RUN, request).await)
    }

    async fn cancel_class_draw(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<ClassDraw>, Status> {
        answer(self.step(CANCEL, request).await)
    }

    async fn get_class_draw(
        &self,
        request: Request<GetClassDrawRequest>,
    ) -> Result<Response<ClassDraw>, Status> {
        answer(self.get(request).await)
    }

    async fn list_class_draws(
        &self,
        request: Request<ListClassDrawsRequest>,
    ) -> Result<Response<ListClassDrawsResponse>, Status> {
        answer(self.list(request).await)
    }

    async fn replay_class_draw(
        &self,
        request: Request<ReplayClassDrawRequest>,
    ) -> Result<Response<ReplayClassDrawResponse>, Status> {
        answer(replay(request.into_inner()))
    }
}

// === impl Rpc ===

impl Rpc {
    async fn prepare(
        &self,
        request: Request<PrepareClassDrawRequest>,
    ) -> Result<ClassDraw, DrawError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (store, regions) = (&self.context.store, &self.context.regions);
        let key = RequestKey::of(&message.request_id, &message)?;
        let parent = &message.parent;
        let school = parent::school_of(store.reader(), &caller, regions, "parent", parent).await?;
        let (stage, grade) = (message.stage, message.grade);
        let place = Place {
            stage,
            grade,
            number: 1,
        };
        KernelError::unless_empty(places::check(place))?;
        let clock = &self.context.clock;
        let (today, now) = (clock.today(), clock.now_micros());
        let large_from = band::large_from(today)?;
        store
            .write(&caller, key, move |tx| async move {
                let school = parent::hold_school(&*tx, school.id).await?;
                let classes = store::classes(&*tx, school.id, stage, grade).await?;
                if classes.is_empty() {
                    let class = format!("{} {}", school.school_code, place.full_name());
                    return Err(DrawError::NoClass { class });
                }
                let roll = store::roll(&*tx, school.id, stage, grade).await?;
                let members: Vec<DrawMember> = roll.iter().map(member_of).collect();
                let (members, list_digest) = algorithm::list(&members);
                let size = largest_class(count(members.len()), count(classes.len()));
                if size >= large_from {
                    let most = large_from - 1;
                    return Err(DrawError::ClassSize { size, most });
                }
                let empty = String::new;
                let draw = Model {
                    id: Uuid::now_v7(),
                    school: school.id,
                    place: school.place,
                    region: school.region,
                    school_year: school_year::of(today),
                    stage,
                    grade,
                    cancel_micros: 0,
                    state: State::Prepared as i32,
                    content: store::pack(members, &classes),
                    list_digest,
                    school_commitment: empty(),
                    county_commitment: empty(),
                    school_part: empty(),
                    school_source: empty(),
                    county_part: empty(),
                    county_source: empty(),
                    seed: empty(),
                    due_date: empty(),
                    due_provisional: false,
                    version: 1,
                    update_micros: now,
                };
                if let Some(standing) = store::standing(&*tx, &draw).await? {
                    let name = name_of(&standing);
                    return Err(DrawError::Taken { name });
                }
                if roll.is_empty() {
                    let zh = "该年级没有待分班的在读学生";
                    return Err(not_ready(
                        &message.parent,
                        "nobody attends the grade without a class",
                        zh,
                    ));
                }
                if store::seated(&*tx, &classes).await? > 0 {
                    let zh = "该年级班级中已有学生,分班须在编班之前";
                    return Err(not_ready(
                        &message.parent,
                        "the classes of the grade have students already",
                        zh,
                    ));
                }
                if store::insert_missing(&*tx, draw.clone()).await?.is_empty() {
                    let name = name_of(&draw);
                    return Err(DrawError::Taken { name });
                }
                let entry = about(&draw)
                    .change(None, &encode(&draw, false)?)
                    .step(PREPARE, "", "PREPARED");
                Ok((encode(&draw, true)?, entry))
            })
            .await
    }

    async fn commit(
        &self,
        step: &'static str,
        request: Request<CommitSeedRequest>,
    ) -> Result<ClassDraw, DrawError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let asked = asked(step, message.name, message.etag);
        let given = Given::Commitment(message.commitment);
        steps::take(&self.context, caller, asked, key, given).await
    }

    async fn reveal(
        &self,
        step: &'static str,
        request: Request<RevealSeedRequest>,
    ) -> Result<ClassDraw, DrawError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let asked = asked(step, message.name, message.etag);
        let given = Given::Part(message.part, message.source);
        steps::take(&self.context, caller, asked, key, given).await
    }

    async fn step(
        &self,
        step: &'static str,
        request: Request<StepRequest>,
    ) -> Result<ClassDraw, DrawError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let asked = Asked::of(step, &message)?;
        let key = RequestKey::of(&message.request_id, &message)?;
        steps::take(&self.context, caller, asked, key, Given::Nothing).await
    }

    async fn get(&self, request: Request<GetClassDrawRequest>) -> Result<ClassDraw, DrawError> {
        let caller = Caller::of(&request)?;
        let id = id_of("classDraws", &request.into_inner().name)?;
        let store = &self.context.store;
        let draw = resource::get::<Entity>(store.reader(), &caller.scope, id).await?;
        store.record_read(&caller, about(&draw)).await?;
        Ok(encode(&draw, true)?)
    }

    async fn list(
        &self,
        request: Request<ListClassDrawsRequest>,
    ) -> Result<ListClassDrawsResponse, DrawError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let reader = self.context.store.reader();
        let regions = &self.context.regions;
        let placed = parent::placed(reader, &caller, regions, "parent", &message.parent);
        let PlacedParent { parent, .. } = placed.await?;
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &[&message.parent])?;
        let (rows, next_page_token) =
            resource::list::<Entity>(reader, &caller.scope, &parent, &page).await?;
        let shown = rows.iter().map(|row| encode(row, false));
        Ok(ListClassDrawsResponse {
            class_draws: shown.collect::<Result<_, KernelError>>()?,
            next_page_token,
        })
    }
}

/// Computes a draw from what was published.
fn replay(message: ReplayClassDrawRequest) -> Result<ReplayClassDrawResponse, DrawError> {
    let mut wrong = Vec::new();
    if message.members.is_empty() || message.members.len() > MOST_MEMBERS {
        wrong.push(Violation::invalid(
            "members",
            "must be 1 to 5,000",
            "应为1至5000名",
        ));
    }
    if !(1..=MOST_CLASSES).contains(&message.class_count) {
        wrong.push(Violation::invalid(
            "class_count",
            "must be 1 to 99",
            "应为1至99",
        ));
    }
    for (index, member) in message.members.iter().enumerate().take(MOST_MEMBERS) {
        let field = |name: &str| format!("members[{index}].{name}");
        let sexes = "junheng.education.v1.Sex";
        let groups = "junheng.registration.v1.DrawMember.Group";
        wrong.extend(label::check(&field("sex"), sexes, member.sex));
        wrong.extend(label::check(&field("group"), groups, member.group));
    }
    KernelError::unless_empty(wrong)?;
    let (mut members, list_digest) = algorithm::list(&message.members);
    let seed = algorithm::seed(&message.school_part, &message.county_part, &list_digest);
    let classes = usize::try_from(message.class_count).unwrap_or(1);
    let dealt = algorithm::deal(&members, classes, &seed);
    for (member, class) in members.iter_mut().zip(dealt) {
        member.class_index = class;
    }
    Ok(ReplayClassDrawResponse {
        drawn_classes: algorithm::figures(&members, classes),
        list_digest,
        seed,
        members,
    })
}

fn member_of(student: &student::Model) -> DrawMember {
    let traits = Traits {
        disabled: student.disability != 0,
        migrant: student.migrant,
        left_behind: student.left_behind,
        hardship: student.hardship,
        boarder: student.boarder,
    };
    DrawMember {
        student: student.id.to_string(),
        sex: student.sex,
        group: traits.group() as i32,
        class_index: 0,
    }
}

fn not_ready(name: &str, missing: &str, missing_zh: &str) -> DrawError {
    WorkflowError::NotReady {
        name: name.to_owned(),
        step: "锁定分班名单",
        method: PREPARE.to_owned(),
        missing: missing.to_owned(),
        missing_zh: missing_zh.to_owned(),
    }
    .into()
}

fn asked(step: &'static str, name: String, etag: String) -> Asked {
    Asked {
        step,
        name,
        etag,
        note: String::new(),
        evidence: Vec::new(),
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A journal entry about a draw.
pub(super) fn about(draw: &Model) -> Entry {
    let name = name_of(draw);
    Entry::about(name, draw.place, Some(draw.school), DataClass::Sensitive)
}

/// The resource name.
pub(super) fn name_of(draw: &Model) -> String {
    format!("classDraws/{}", draw.id)
}

/// The draw as callers see it, with its list or without.
pub(super) fn encode(draw: &Model, whole: bool) -> Result<ClassDraw, KernelError> {
    let content = store::content_of(draw)?;
    let drawn = draw.state == State::Drawn as i32;
    let drawn_classes = match drawn {
        true => algorithm::figures(&content.members, content.school_classes.len()),
        false => Vec::new(),
    };
    Ok(ClassDraw {
        name: name_of(draw),
        school: format!("schools/{}", draw.school),
        school_year: draw.school_year,
        stage: draw.stage,
        grade: draw.grade,
        state: draw.state,
        algorithm: algorithm::NAME.to_owned(),
        members: if whole { content.members } else { Vec::new() },
        list_digest: draw.list_digest.clone(),
        school_classes: content.school_classes,
        school_commitment: draw.school_commitment.clone(),
        county_commitment: draw.county_commitment.clone(),
        school_part: draw.school_part.clone(),
        school_source: draw.school_source.clone(),
        county_part: draw.county_part.clone(),
        county_source: draw.county_source.clone(),
        seed: draw.seed.clone(),
        drawn_classes,
        etag: etag(draw.version),
        due_date: draw.due_date.clone(),
        due_provisional: draw.due_provisional,
    })
}
