//! Shows the tables over gRPC.

use junheng_proto::workflow::v1::workflow_service_server::WorkflowService;
use junheng_proto::workflow::v1::{GetWorkflowRequest, WorkflowTable};
use tonic::{Request, Response, Status};

use crate::error::KernelError;
use crate::fault::into_status;

/// Serves the workflow tables of one service.
pub struct WorkflowRpc {
    /// The tables.
    pub tables: Vec<WorkflowTable>,
}

#[tonic::async_trait]
impl WorkflowService for WorkflowRpc {
    async fn get_workflow(
        &self,
        request: Request<GetWorkflowRequest>,
    ) -> Result<Response<WorkflowTable>, Status> {
        let name = request.into_inner().name;
        let table = self.tables.iter().find(|table| table.name == name);
        table
            .cloned()
            .map(Response::new)
            .ok_or_else(|| into_status(KernelError::not_found(name)))
    }
}
