//! The gRPC face of frameworks: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::page::Page;
use junheng_proto::inspection::v1::framework_service_server::FrameworkService;
use junheng_proto::inspection::v1::{
    EvaluateMeasuresRequest, EvaluateMeasuresResponse, Framework, GetFrameworkRequest,
    ListFrameworksRequest, ListFrameworksResponse,
};
use tonic::{Request, Response, Status};

use super::fault::FrameworkFault;
use super::{encode, request};
use crate::Inspection;
use crate::figure::county::County;

/// Serves frameworks.
pub struct Rpc {
    /// The service.
    pub inspection: Inspection,
}

#[tonic::async_trait]
impl FrameworkService for Rpc {
    async fn list_frameworks(
        &self,
        request: Request<ListFrameworksRequest>,
    ) -> Result<Response<ListFrameworksResponse>, Status> {
        self.list(request).map(Response::new).map_err(into_status)
    }

    async fn get_framework(
        &self,
        request: Request<GetFrameworkRequest>,
    ) -> Result<Response<Framework>, Status> {
        self.get(request).map(Response::new).map_err(into_status)
    }

    async fn evaluate_measures(
        &self,
        request: Request<EvaluateMeasuresRequest>,
    ) -> Result<Response<EvaluateMeasuresResponse>, Status> {
        let answer = self.evaluate(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    fn list(
        &self,
        request: Request<ListFrameworksRequest>,
    ) -> Result<ListFrameworksResponse, FrameworkFault> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let page = Page::of(&caller.method, message.page_size, &message.page_token, &[])?;
        let after: usize = page.after()?.unwrap_or(0);
        let all = self.inspection.catalog.all().iter().enumerate();
        let rows: Vec<_> = all
            .skip(after)
            .take(usize::try_from(page.limit()).unwrap_or(usize::MAX))
            .collect();
        let (rows, next_page_token) = page.cut(rows, |(index, _)| (index + 1).to_string());
        Ok(ListFrameworksResponse {
            frameworks: rows
                .into_iter()
                .map(|(_, one)| encode::framework(one))
                .collect(),
            next_page_token,
        })
    }

    fn get(&self, request: Request<GetFrameworkRequest>) -> Result<Framework, FrameworkFault> {
        Caller::of(&request)?;
        let name = request.into_inner().name;
        let id = name.strip_prefix("frameworks/");
        let found = id.and_then(|id| self.inspection.catalog.get(id).ok());
        let found = found.ok_or_else(|| KernelError::not_found(&name))?;
        Ok(encode::framework(found))
    }

    async fn evaluate(
        &self,
        request: Request<EvaluateMeasuresRequest>,
    ) -> Result<EvaluateMeasuresResponse, FrameworkFault> {
        Caller::of(&request)?;
        let message = request.into_inner();
        let regions = &self.inspection.context.regions;
        let code = message.region.strip_prefix("regions/").unwrap_or_default();
        let region = regions
            .require(code)
            .map_err(|_| KernelError::RegionUnknown {
                code: message.region.clone(),
            })?;
        let date = request::date("as_of_date", &message.as_of_date)?;
        let (schools, violations) = request::schools(&message.schools);
        KernelError::unless_empty(violations)?;
        let county = County {
            campaign: String::new(),
            framework: request::framework_id(&message.framework)?.to_owned(),
            region: region.code.clone(),
            date,
        };
        let judged = self.inspection.judge(county, schools).await?;
        Ok(judged.encode())
    }
}
