//! The gRPC face of certificates: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::name::id_of;
use junheng_kernel::page::Page;
use junheng_kernel::privacy::mask;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::certificate_service_server::CertificateService;
use junheng_proto::registration::v1::verify_certificate_response::Verdict;
use junheng_proto::registration::v1::{
    Certificate, CertificateList, CreateCertificateListRequest, GetCertificateListRequest,
    ListCertificatesRequest, ListCertificatesResponse, PrintCertificateRequest,
    PrintCertificateResponse, VerifyCertificateRequest, VerifyCertificateResponse,
};
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Request, Response, Status};

use super::error::CertificateError;
use super::holder::Holder;
use super::issue::encode;
use super::workflow::{
    APPROVE, ASK_REISSUE, ASK_REVOCATION, KEEP, REISSUE, RETURN, REVOKE, SUBMIT, State, is_in_force,
};
use super::{code, lists, steps, store};
use crate::entity::{certificate, certificate_list};
use crate::school::parent::{self, PlacedParent};
use crate::school_year;

/// Serves certificates.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

type ListAnswer = Result<Response<CertificateList>, Status>;
type Answer = Result<Response<Certificate>, Status>;

#[tonic::async_trait]
impl CertificateService for Rpc {
    async fn create_certificate_list(
        &self,
        request: Request<CreateCertificateListRequest>,
    ) -> ListAnswer {
        let answer = lists::create(&self.context, request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_certificate_list(
        &self,
        request: Request<GetCertificateListRequest>,
    ) -> ListAnswer {
        let answer = self.get_list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn submit_certificate_list(&self, request: Request<StepRequest>) -> ListAnswer {
        self.list_step(request, SUBMIT).await
    }

    async fn approve_certificate_list(&self, request: Request<StepRequest>) -> ListAnswer {
        self.list_step(request, APPROVE).await
    }

    async fn return_certificate_list(&self, request: Request<StepRequest>) -> ListAnswer {
        self.list_step(request, RETURN).await
    }

    async fn list_certificates(
        &self,
        request: Request<ListCertificatesRequest>,
    ) -> Result<Response<ListCertificatesResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn request_certificate_revocation(&self, request: Request<StepRequest>) -> Answer {
        self.step(request, ASK_REVOCATION).await
    }

    async fn revoke_certificate(&self, request: Request<StepRequest>) -> Answer {
        self.step(request, REVOKE).await
    }

    async fn request_certificate_reissue(&self, request: Request<StepRequest>) -> Answer {
        self.step(request, ASK_REISSUE).await
    }

    async fn reissue_certificate(&self, request: Request<StepRequest>) -> Answer {
        self.step(request, REISSUE).await
    }

    async fn keep_certificate(&self, request: Request<StepRequest>) -> Answer {
        self.step(request, KEEP).await
    }

    async fn print_certificate(
        &self,
        request: Request<PrintCertificateRequest>,
    ) -> Result<Response<PrintCertificateResponse>, Status> {
        let answer = self.print(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn verify_certificate(
        &self,
        request: Request<VerifyCertificateRequest>,
    ) -> Result<Response<VerifyCertificateResponse>, Status> {
        let answer = self.verify(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn list_step(&self, request: Request<StepRequest>, step: &'static str) -> ListAnswer {
        let answer = lists::take(&self.context, request, step).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn step(&self, request: Request<StepRequest>, step: &'static str) -> Answer {
        let answer = steps::take(&self.context, request, step).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_list(
        &self,
        request: Request<GetCertificateListRequest>,
    ) -> Result<CertificateList, CertificateError> {
        let caller = Caller::of(&request)?;
        let id = id_of("certificateLists", &request.into_inner().name)?;
        let reader = self.context.store.reader();
        let list = resource::get::<certificate_list::Entity>(reader, &caller.scope, id).await?;
        Ok(lists::encode(&list))
    }

    async fn list(
        &self,
        request: Request<ListCertificatesRequest>,
    ) -> Result<ListCertificatesResponse, CertificateError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let store = &self.context.store;
        let reader = store.reader();
        let regions = &self.context.regions;
        let placed = parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
        let PlacedParent { parent, place } = placed;
        let wrong = school_year::check_filter("graduation_year", message.graduation_year);
        KernelError::unless_empty(wrong.into_iter().collect())?;
        let year = message.graduation_year.to_string();
        let fields = [message.parent.as_str(), &year];
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields,
        )?;
        let (rows, next_page_token) = resource::list_only::<certificate::Entity>(
            reader,
            &caller.scope,
            &parent,
            store::of_year(message.graduation_year),
            &page,
        )
        .await?;
        let school = parent.school();
        let entry = Entry::about(&message.parent, place, school, DataClass::Sensitive);
        store.record_read(&caller, entry).await?;
        let shown = rows.iter().map(|row| encode(&store.keys, row));
        Ok(ListCertificatesResponse {
            certificates: shown.collect::<Result<_, KernelError>>()?,
            next_page_token,
        })
    }

    async fn print(
        &self,
        request: Request<PrintCertificateRequest>,
    ) -> Result<PrintCertificateResponse, CertificateError> {
        let caller = Caller::of(&request)?;
        let id = id_of("certificates", &request.into_inner().name)?;
        let store = &self.context.store;
        let row = resource::get::<certificate::Entity>(store.reader(), &caller.scope, id).await?;
        store.record_read(&caller, steps::about(&row)).await?;
        let county = self.context.regions.get(&row.region);
        let county = county.map_or("", |county| county.name.as_str());
        let code = code::of(&store.keys, row.id)?;
        let text = Holder::of(&store.keys, &row)?.text(&row, &code, county);
        Ok(PrintCertificateResponse { text })
    }

    async fn verify(
        &self,
        request: Request<VerifyCertificateRequest>,
    ) -> Result<VerifyCertificateResponse, CertificateError> {
        let written = request.into_inner().verification_code;
        // A mistyped code never reaches the database, and what it might have been is not told.
        let Some(code) = code::read(&written) else {
            return Err(KernelError::Fields(vec![Violation::invalid(
                "verification_code",
                "is mistyped: its check characters do not fit",
                "输入有误,校验位不符,请核对证书上的查验码",
            )])
            .into());
        };
        let store = &self.context.store;
        let hash = code::hash(&store.keys, &code)?;
        let row = store::with_code(store.reader(), hash).await?;
        let row = row.ok_or_else(|| KernelError::not_found("certificate"))?;
        let holder = Holder::of(&store.keys, &row)?;
        let verdict = match row.state {
            state if is_in_force(state) => Verdict::Valid,
            state if state == State::Replaced as i32 => Verdict::Replaced,
            _ => Verdict::Revoked,
        };
        Ok(VerifyCertificateResponse {
            verdict: verdict.into(),
            masked_name: mask::name(&holder.display_name),
            school_display_name: holder.school_display_name,
            graduation_year: row.graduation_year,
        })
    }
}
