//! Registration, staffing and assets as a test sets them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use junheng_kernel::admission::Caller;
use junheng_proto::evidence::v1::measure_service_server::MeasureService;
use junheng_proto::evidence::v1::{Measure, StreamMeasuresRequest};
use tokio_stream::{Iter, iter};
use tonic::{Request, Response, Status};

/// What the sources hold about every school: 100 pupils of each stage, and this many books.
#[derive(Clone)]
pub struct FakeSources {
    pub books: Arc<AtomicI64>,
    pub down: Arc<AtomicBool>,
}

pub struct FakeSource {
    name: &'static str,
    sources: FakeSources,
}

impl Default for FakeSources {
    fn default() -> Self {
        Self {
            books: Arc::new(AtomicI64::new(500)),
            down: Arc::default(),
        }
    }
}

impl FakeSources {
    pub fn serving(&self, name: &'static str) -> FakeSource {
        FakeSource {
            name,
            sources: self.clone(),
        }
    }
}

#[tonic::async_trait]
impl MeasureService for FakeSource {
    type StreamMeasuresStream = Iter<std::vec::IntoIter<Result<Measure, Status>>>;

    async fn stream_measures(
        &self,
        request: Request<StreamMeasuresRequest>,
    ) -> Result<Response<Self::StreamMeasuresStream>, Status> {
        let caller = Caller::of(&request).expect("the caller is passed on");
        let message = request.into_inner();
        assert_eq!(message.service, self.name);
        assert_eq!(caller.organisation, message.parent, "asked as the school");
        if self.sources.down.load(Ordering::SeqCst) && self.name == "staffing" {
            return Err(Status::unavailable("draining"));
        }
        let books = self.sources.books.load(Ordering::SeqCst);
        let measures: Vec<(&str, i32, i64)> = match self.name {
            // Every school has both stages, a primary school as attached junior classes (附设初中班).
            "registration" => vec![("pupils.total", 1, 100), ("pupils.total", 2, 100)],
            "staffing" => [1, 2]
                .into_iter()
                .flat_map(|stage| {
                    [
                        ("teachers.full_time", stage, 9),
                        ("teachers.full_time.college_up", stage, 8),
                        ("teachers.full_time.bachelor_up", stage, 7),
                        ("teachers.full_time.mid_title_up", stage, 4),
                    ]
                })
                .collect(),
            _ => vec![
                ("area.teaching_auxiliary", 0, 120_000),
                ("area.sports_ground", 0, 150_000),
                ("equipment.value", 0, 40_000_000),
                ("computers.count", 0, 30),
                ("books.count", 0, books),
            ],
        };
        let measure = |(name, stage, value): (&str, i32, i64)| {
            Ok(Measure {
                school: message.parent.clone(),
                stage,
                measure: name.into(),
                value,
                source: format!("{}/{name}", message.parent),
                source_digest: format!("{value:064x}"),
                as_of_time: Some(prost_types::Timestamp::default()),
            })
        };
        let answers: Vec<_> = measures.into_iter().map(measure).collect();
        Ok(Response::new(iter(answers)))
    }
}
