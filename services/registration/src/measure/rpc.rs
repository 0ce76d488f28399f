//! The gRPC face of measures.

use std::pin::Pin;

use junheng_kernel::admission::Caller;
use junheng_kernel::clock::timestamp;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::name::Parent;
use junheng_kernel::service::Context;
use junheng_proto::evidence::v1::measure_service_server::MeasureService;
use junheng_proto::evidence::v1::{Measure, StreamMeasuresRequest};
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::store;
use crate::school::parent;

/// Measures that wait for a slow reader.
const WAITING: usize = 256;

/// Serves measures.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl MeasureService for Rpc {
    type StreamMeasuresStream = Pin<Box<dyn Stream<Item = Result<Measure, Status>> + Send>>;

    async fn stream_measures(
        &self,
        request: Request<StreamMeasuresRequest>,
    ) -> Result<Response<Self::StreamMeasuresStream>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        let parent = self
            .parent_of(&caller, &request.into_inner())
            .await
            .map_err(into_status)?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let context = self.context.clone();
        // A task of its own: a caller who goes away must not leave a transaction open.
        tokio::spawn(async move {
            match measures(&context, &caller, &parent).await {
                Ok(measures) => {
                    for measure in measures {
                        if sender.send(Ok(measure)).await.is_err() {
                            return;
                        }
                    }
                }
                Err(error) => drop(sender.send(Err(into_status(error))).await),
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

// === impl Rpc ===

impl Rpc {
    async fn parent_of(
        &self,
        caller: &Caller,
        message: &StreamMeasuresRequest,
    ) -> Result<Parent, KernelError> {
        if message.service != crate::NAME {
            return Err(KernelError::Fields(vec![Violation::invalid(
                "service",
                format!("must be {} here", crate::NAME),
                format!("此处应为{}", crate::NAME),
            )]));
        }
        let reader = self.context.store.reader();
        let regions = &self.context.regions;
        let placed = parent::placed(reader, caller, regions, "parent", &message.parent).await?;
        Ok(placed.parent)
    }
}

/// Every measure of every school below `parent`, all of one moment.
async fn measures(
    context: &Context,
    caller: &Caller,
    parent: &Parent,
) -> Result<Vec<Measure>, KernelError> {
    let snapshot = context.store.snapshot().await?;
    let as_of_time = timestamp(context.clock.now_micros());
    let schools = store::schools(&snapshot, &caller.scope, parent).await?;
    let mut counted = store::count(&snapshot, &caller.scope, parent).await?;
    let of_school = |school| counted.measures_of(school, as_of_time);
    Ok(schools.iter().flat_map(of_school).collect())
}
