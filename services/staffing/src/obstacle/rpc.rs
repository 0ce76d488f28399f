//! The gRPC face of what is in a closing school's way.

use junheng_directory::Directory;
use junheng_kernel::admission::Caller;
use junheng_kernel::fault::into_status;
use junheng_kernel::service::Context;
use junheng_proto::obstacle::v1::obstacle_service_server::ObstacleService;
use junheng_proto::obstacle::v1::{ListObstaclesRequest, ListObstaclesResponse, Obstacle};
use tonic::{Request, Response, Status};

use crate::teacher::error::TeacherError;
use crate::teacher::store;

/// Serves the obstacles.
pub struct Rpc {
    /// The service.
    pub context: Context,
    /// Its copy of the school directory.
    pub directory: Directory,
}

#[tonic::async_trait]
impl ObstacleService for Rpc {
    async fn list_obstacles(
        &self,
        request: Request<ListObstaclesRequest>,
    ) -> Result<Response<ListObstaclesResponse>, Status> {
        self.list(request)
            .await
            .map(Response::new)
            .map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn list(
        &self,
        request: Request<ListObstaclesRequest>,
    ) -> Result<ListObstaclesResponse, TeacherError> {
        let caller = Caller::of(&request)?;
        let asked = request.into_inner();
        let school = self.directory.obstructed(&caller, &asked).await?;
        let count = store::count_of(self.context.store.reader(), school.id).await?;
        let found = (count > 0).then(|| Obstacle {
            kind: "teachers".to_owned(),
            label: "教职工".to_owned(),
            count: i64::try_from(count).unwrap_or(i64::MAX),
            source: format!("{}/teachers", school.name()),
        });
        Ok(ListObstaclesResponse {
            obstacles: found.into_iter().collect(),
        })
    }
}
