//! The gRPC face of dropout cases: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::label;
use junheng_kernel::name::id_of;
use junheng_kernel::page::Page;
use junheng_kernel::post::Duty;
use junheng_kernel::resource;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::dropout_case::Group;
use junheng_proto::registration::v1::dropout_case_service_server::DropoutCaseService;
use junheng_proto::registration::v1::{
    AssignDropoutCaseRequest, ConfirmDropoutCaseRequest, DropoutCase, GetDropoutCaseRequest,
    ListDropoutCasesRequest, ListDropoutCasesResponse, RecordDropoutVisitRequest,
    ReportDropoutSuspicionRequest, RequestDropoutClosingRequest, ReturnDropoutCaseRequest,
};
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Request, Response, Status};

use super::child;
use super::encode::{about, encode, shown_to_reporter};
use super::error::DropoutCaseError;
use super::opening::subject_of;
use super::steps::{self, Step};
use super::workflow::{
    CLEAR, CLOSE, ESCALATE, ORDER, PENALISE, REFUSE_CLOSING, RELAPSE, SETTLE, SUE, URGE,
};
use super::{asked, report, store};
use crate::entity::dropout_case::{Entity, Model};
use crate::school::parent::{self, PlacedParent};

/// The highest grade that a list can be narrowed to.
const MOST_GRADE: i32 = 9;

/// Serves dropout cases.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

type Answer = Result<Response<DropoutCase>, Status>;

#[tonic::async_trait]
impl DropoutCaseService for Rpc {
    async fn report_dropout_suspicion(
        &self,
        request: Request<ReportDropoutSuspicionRequest>,
    ) -> Answer {
        let reported: Result<_, DropoutCaseError> = async {
            let caller = Caller::of(&request)?;
            report::report(&self.context, caller, request.into_inner()).await
        }
        .await;
        reported.map(Response::new).map_err(into_status)
    }

    async fn get_dropout_case(&self, request: Request<GetDropoutCaseRequest>) -> Answer {
        let answer = self.get(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_dropout_cases(
        &self,
        request: Request<ListDropoutCasesRequest>,
    ) -> Result<Response<ListDropoutCasesResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn clear_dropout_case(&self, request: Request<StepRequest>) -> Answer {
        self.plain(CLEAR, request).await
    }

    async fn escalate_dropout_case(&self, request: Request<StepRequest>) -> Answer {
        self.plain(ESCALATE, request).await
    }

    async fn order_dropout_return(&self, request: Request<StepRequest>) -> Answer {
        self.plain(ORDER, request).await
    }

    async fn penalise_dropout_case(&self, request: Request<StepRequest>) -> Answer {
        self.plain(PENALISE, request).await
    }

    async fn urge_dropout_case(&self, request: Request<StepRequest>) -> Answer {
        self.plain(URGE, request).await
    }

    async fn sue_dropout_case(&self, request: Request<StepRequest>) -> Answer {
        self.plain(SUE, request).await
    }

    async fn settle_dropout_case(&self, request: Request<StepRequest>) -> Answer {
        self.plain(SETTLE, request).await
    }

    async fn relapse_dropout_case(&self, request: Request<StepRequest>) -> Answer {
        self.plain(RELAPSE, request).await
    }

    async fn refuse_dropout_closing(&self, request: Request<StepRequest>) -> Answer {
        self.plain(REFUSE_CLOSING, request).await
    }

    async fn close_dropout_case(&self, request: Request<StepRequest>) -> Answer {
        self.plain(CLOSE, request).await
    }

    async fn confirm_dropout_case(&self, request: Request<ConfirmDropoutCaseRequest>) -> Answer {
        self.step(request, asked::confirm).await
    }

    async fn assign_dropout_case(&self, request: Request<AssignDropoutCaseRequest>) -> Answer {
        self.step(request, asked::assign).await
    }

    async fn record_dropout_visit(&self, request: Request<RecordDropoutVisitRequest>) -> Answer {
        self.step(request, asked::visit).await
    }

    async fn return_dropout_case(&self, request: Request<ReturnDropoutCaseRequest>) -> Answer {
        self.step(request, asked::back).await
    }

    async fn request_dropout_closing(
        &self,
        request: Request<RequestDropoutClosingRequest>,
    ) -> Answer {
        self.step(request, asked::closing).await
    }
}

// === impl Rpc ===

impl Rpc {
    async fn plain(&self, step: &'static str, request: Request<StepRequest>) -> Answer {
        self.step(request, |message| asked::plain(step, message))
            .await
    }

    async fn step<M>(
        &self,
        request: Request<M>,
        read: impl FnOnce(&M) -> Result<Step, KernelError>,
    ) -> Answer {
        let taken: Result<_, DropoutCaseError> = async {
            let caller = Caller::of(&request)?;
            let step = read(request.get_ref())?;
            steps::take(&self.context, caller, step).await
        }
        .await;
        taken.map(Response::new).map_err(into_status)
    }

    async fn get(
        &self,
        request: Request<GetDropoutCaseRequest>,
    ) -> Result<DropoutCase, DropoutCaseError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let id = id_of("dropoutCases", &message.name)?;
        let store = &self.context.store;
        let is_partner = caller.role.duty == Duty::Partner;
        // Of a child that it reported a partner follows the case wherever the child goes: that it went it does not learn.
        let scope = match is_partner {
            true => Scope::everything("whose report it was is judged below"),
            false => caller.scope.clone(),
        };
        let case = resource::get::<Entity>(store.reader(), &scope, id).await?;
        if is_partner && case.reporter.as_ref() != Some(&caller.account) {
            return Err(KernelError::not_found(message.name).into());
        }
        store.record_read(&caller, about(&case)).await?;
        let mut shown = self.shown(std::slice::from_ref(&case)).await?;
        let whole = shown.pop().unwrap_or_default();
        if is_partner {
            let other = store::ended_in(store.reader(), &case).await?;
            let mut other = self.shown(other.as_slice()).await?;
            return Ok(shown_to_reporter(whole, other.pop()));
        }
        let visits = store::visits_of(store.reader(), id).await?;
        Ok(DropoutCase {
            visits: super::encode::visits(&store.keys, &visits)?,
            ..whole
        })
    }

    async fn list(
        &self,
        request: Request<ListDropoutCasesRequest>,
    ) -> Result<ListDropoutCasesResponse, DropoutCaseError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (store, regions) = (&self.context.store, &self.context.regions);
        let PlacedParent { parent, place } =
            parent::placed(store.reader(), &caller, regions, "parent", &message.parent).await?;
        let enums = [
            ("state", "DropoutCase.State", message.state),
            ("finding", "DropoutCase.Finding", message.finding),
            ("group", "DropoutCase.Group", message.group),
            ("reason", "DropoutCase.Reason", message.reason),
        ];
        let mut wrong: Vec<Violation> = enums
            .iter()
            .filter_map(|(field, name, number)| {
                let name = format!("junheng.registration.v1.{name}");
                label::check_filter(field, &name, *number)
            })
            .collect();
        let stage = label::check_filter("stage", "junheng.education.v1.Stage", message.stage);
        wrong.extend(stage);
        if !(0..=MOST_GRADE).contains(&message.grade) {
            wrong.push(Violation::invalid(
                "grade",
                format!("must be 1 to {MOST_GRADE}, or 0 for every grade"),
                format!("应为1至{MOST_GRADE},0表示不限"),
            ));
        }
        KernelError::unless_empty(wrong)?;
        let numbers = [
            message.state,
            message.finding,
            message.group,
            message.reason,
            message.stage,
            message.grade,
            i32::from(message.overdue_only),
            i32::from(message.closing_requested_only),
        ];
        let filters = numbers.map(|number| number.to_string()).join(",");
        let fields = [message.parent.as_str(), &filters];
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields,
        )?;
        let only = store::Only {
            state: message.state,
            finding: message.finding,
            group_bit: Group::try_from(message.group).map_or(0, child::bit),
            reason: message.reason,
            stage: message.stage,
            grade: message.grade,
            overdue_on: message.overdue_only.then(|| self.context.clock.today()),
            closing_requested: message.closing_requested_only,
        };
        let (rows, next_page_token) = resource::list_only::<Entity>(
            store.reader(),
            &caller.scope,
            &parent,
            only.condition(),
            &page,
        )
        .await?;
        let entry = Entry::about(
            &message.parent,
            place,
            parent.school(),
            DataClass::Sensitive,
        );
        store.record_read(&caller, entry).await?;
        Ok(ListDropoutCasesResponse {
            dropout_cases: self.shown(&rows).await?,
            next_page_token,
        })
    }

    async fn shown(&self, rows: &[Model]) -> Result<Vec<DropoutCase>, KernelError> {
        let store = &self.context.store;
        let subjects: Vec<_> = rows.iter().filter_map(subject_of).collect();
        let children = child::children(store.reader(), &store.keys, &subjects).await?;
        let today = self.context.clock.today();
        rows.iter()
            .map(|row| {
                let child = subject_of(row).and_then(|subject| children.get(&subject));
                encode(&store.keys, row, child, &[], today)
            })
            .collect()
    }
}
