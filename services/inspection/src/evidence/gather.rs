//! Gathers the measures of one school over the links to the other services.

use std::time::Duration;

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::service::{Context, Link};
use junheng_proto::evidence::v1::StreamMeasuresRequest;
use junheng_proto::evidence::v1::measure_service_client::MeasureServiceClient;
use tonic::Status;
use uuid::Uuid;

use super::{Measure, MeasureSet};

/// More measures of one school than this are not an answer but a fault.
const MOST_MEASURES: usize = 1_000;

/// How long one service may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The services that hold evidence.
#[derive(Clone)]
pub struct Evidence {
    context: Context,
    links: [(&'static str, Link); 3],
}

/// Why a service's measures are missing, for the log.
#[derive(Debug, thiserror::Error)]
enum Gap {
    #[error("it answers {}", .0.code())]
    Refused(#[from] Status),
    #[error("it took too long")]
    Late,
    #[error("it has more than {MOST_MEASURES} measures of one school")]
    TooMany,
}

// === impl Evidence ===

impl Evidence {
    /// Reaches the services over these links.
    pub fn new(context: Context, registration: Link, staffing: Link, assets: Link) -> Self {
        Self {
            context,
            links: [
                ("registration", registration),
                ("staffing", staffing),
                ("assets", assets),
            ],
        }
    }

    /// What the three services hold about a school now, as the caller may see it.
    ///
    /// Fails with `EVIDENCE_UNAVAILABLE` when one of them does not answer: a set with a hole would look like a school
    /// without books.
    pub async fn of_school(
        &self,
        caller: &Caller,
        school: Uuid,
    ) -> Result<MeasureSet, KernelError> {
        let [one, two, three] = &self.links;
        let (one, two, three) = tokio::join!(
            self.of_service(one, caller, school),
            self.of_service(two, caller, school),
            self.of_service(three, caller, school),
        );
        Ok(MeasureSet::of([one?, two?, three?].concat()))
    }

    async fn of_service(
        &self,
        (service, link): &(&'static str, Link),
        caller: &Caller,
        school: Uuid,
    ) -> Result<Vec<Measure>, KernelError> {
        let school = format!("schools/{school}");
        let stream = self.stream(service, link, caller, &school);
        let measures = tokio::time::timeout(PATIENCE, stream).await;
        measures.unwrap_or(Err(Gap::Late)).map_err(|gap| {
            tracing::warn!(service, %gap, "evidence is not available");
            KernelError::Upstream {
                service: (*service).to_owned(),
            }
        })
    }

    async fn stream(
        &self,
        service: &'static str,
        link: &Link,
        caller: &Caller,
        school: &str,
    ) -> Result<Vec<Measure>, Gap> {
        let request = StreamMeasuresRequest {
            service: service.to_owned(),
            parent: school.to_owned(),
        };
        let request = self.context.request(&caller.identity, request);
        let mut client = MeasureServiceClient::new(link.clone());
        let mut stream = client.stream_measures(request).await?.into_inner();
        let mut measures = Vec::new();
        while let Some(found) = stream.message().await? {
            if measures.len() == MOST_MEASURES {
                return Err(Gap::TooMany);
            }
            if found.school != school {
                continue;
            }
            let time = found.as_of_time.unwrap_or_default();
            measures.push(Measure {
                service: service.to_owned(),
                measure: found.measure,
                stage: found.stage,
                value: found.value,
                source: found.source,
                source_digest: found.source_digest,
                as_of_micros: time.seconds * 1_000_000 + i64::from(time.nanos / 1_000),
            });
        }
        Ok(measures)
    }
}
