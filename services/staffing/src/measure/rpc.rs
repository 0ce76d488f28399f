//! The gRPC face of the figures.

use std::vec;

use junheng_directory::Directory;
use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::fault::into_status;
use junheng_kernel::name::Parent;
use junheng_kernel::service::Context;
use junheng_proto::education::v1::Stage;
use junheng_proto::evidence::v1::measure_service_server::MeasureService;
use junheng_proto::evidence::v1::{Measure, StreamMeasuresRequest};
use tokio_stream::Iter;
use tonic::{Request, Response, Status};

use super::table::{self, FIGURES};
use crate::teacher::error::TeacherError;
use crate::teacher::store;

/// Serves the figures of teachers.
pub struct Rpc {
    /// The service.
    pub context: Context,
    /// Its copy of the school directory.
    pub directory: Directory,
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
    /// Every figure of every school for each stage that it runs, zero where nobody is counted.
    async fn measures(
        &self,
        request: Request<StreamMeasuresRequest>,
    ) -> Result<Vec<Measure>, TeacherError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let parent = Parent::of(&caller, &self.context.regions, "parent", &message.parent)?;
        let now = timestamp(self.context.clock.now_micros());
        let schools = self.directory.below(&parent, &caller.scope).await?;
        let database = self.context.store.reader();
        let teachers = store::full_time(database, &caller.scope, &parent).await?;
        let mut sums = table::count(&teachers);
        let mut measures = Vec::new();
        for school in schools {
            for stage in school.stages() {
                let tallies = sums.remove(&(school.id, stage as i32));
                let tallies = tallies.unwrap_or_else(table::empty);
                for (figure, tally) in FIGURES.iter().zip(tallies) {
                    let (value, source_digest) = tally.finish();
                    measures.push(Measure {
                        school: school.name(),
                        stage: stage as i32,
                        measure: figure.measure.to_owned(),
                        value,
                        source: source(&school.name(), stage),
                        source_digest,
                        as_of_time: Some(now),
                    });
                }
            }
        }
        Ok(measures)
    }
}

/// The list that was counted: `schools/{id}/teachers?stage=PRIMARY`.
fn source(school: &str, stage: Stage) -> String {
    let stage = stage.as_str_name().trim_start_matches("STAGE_");
    format!("{school}/teachers?stage={stage}")
}
