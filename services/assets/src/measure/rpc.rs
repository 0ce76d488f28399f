//! The gRPC face of the figures.

use std::vec;

use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::fault::into_status;
use junheng_kernel::name::Parent;
use junheng_kernel::service::Context;
use junheng_proto::evidence::v1::measure_service_server::MeasureService;
use junheng_proto::evidence::v1::{Measure, StreamMeasuresRequest};
use tokio_stream::Iter;
use tonic::{Request, Response, Status};

use super::table::{self, FIGURES};
use crate::site::error::SiteError;
use crate::site::store;

/// Serves the figures of sites.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl MeasureService for Rpc {
    type StreamMeasuresStream = Iter<vec::IntoIter<Result<Measure, Status>>>;

    async fn stream_measures(
        &self,
        request: Request<StreamMeasuresRequest>,
    ) -> Result<Response<Self::StreamMeasuresStream>, Status> {
        let measures = self.measures(request).await.map_err(into_status)?;
        let measures: Vec<_> = measures.into_iter().map(Ok).collect();
        Ok(Response::new(tokio_stream::iter(measures)))
    }
}

// === impl Rpc ===

impl Rpc {
    /// Every figure of every school that has a site, once for each stage that has sites of its own and once without a
    /// stage for those that are shared.
    async fn measures(
        &self,
        request: Request<StreamMeasuresRequest>,
    ) -> Result<Vec<Measure>, SiteError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let now = timestamp(self.context.clock.now_micros());
        let database = self.context.store.reader();
        let sites = store::all(database, &caller.scope, &parent).await?;
        let mut measures = Vec::new();
        for ((school, stage), group) in table::sum(&sites) {
            for (figure, tally) in FIGURES.iter().zip(group.tallies) {
                let (value, source_digest) = tally.finish();
                measures.push(Measure {
                    school: format!("schools/{school}"),
                    stage,
                    measure: figure.measure.to_owned(),
                    value,
                    source: group.source.clone(),
                    source_digest,
                    as_of_time: Some(now),
                });
            }
        }
        Ok(measures)
    }
}
