//! What is still in the way of a school that closes: here, and with the services that keep its teachers and its sites.
//!
//! From the approval on the school is marked as closing. The others learn that by the feed and take nothing new for the
//! school; an answer that they give once they know stays, so that nothing comes between it and the closing.

use std::time::Duration;

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::into_status;
use junheng_kernel::resource;
use junheng_kernel::service::{Context, Link};
use junheng_proto::obstacle::v1::obstacle_service_client::ObstacleServiceClient;
use junheng_proto::obstacle::v1::obstacle_service_server::ObstacleService;
use junheng_proto::obstacle::v1::{ListObstaclesRequest, ListObstaclesResponse, Obstacle};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::error::ReorganisationError;
use super::open::{Leaving, open_processes};
use super::rules;
use super::workflow::State;
use crate::entity::reorganisation::Entity;
use crate::school::parent;
use crate::school_year;

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The services that are asked before a school closes.
#[derive(Clone)]
pub struct Neighbours {
    /// Keeps the teachers.
    pub staffing: Link,
    /// Keeps the sites.
    pub assets: Link,
}

/// What the neighbours still hold for a school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Nobody was asked, since no school was about to close.
    NotAsked,
    /// So much; perhaps nothing. It stays so.
    Known(Vec<Obstacle>),
    /// This service did not answer.
    Unknown(&'static str),
}

// === impl Neighbours ===

impl Neighbours {
    /// Asks what is left of the school that this reorganisation closes, once it is approved.
    pub(super) async fn left(
        &self,
        context: &Context,
        caller: &Caller,
        reorganisation: Uuid,
    ) -> Result<Left, KernelError> {
        let reader = context.store.reader();
        let found = resource::get::<Entity>(reader, &caller.scope, reorganisation).await?;
        let (true, Some(school)) = (rules::closes(found.kind), found.school) else {
            return Ok(Left::NotAsked);
        };
        if found.state != State::Approved as i32 {
            return Ok(Left::NotAsked);
        }
        let (teachers, sites) = tokio::join!(
            ask(&self.staffing, "staffing", context, caller, school),
            ask(&self.assets, "assets", context, caller, school),
        );
        Ok(match (teachers, sites) {
            (Ok(teachers), Ok(sites)) => Left::Known([teachers, sites].concat()),
            (Err(service), _) | (_, Err(service)) => Left::Unknown(service),
        })
    }
}

async fn ask(
    link: &Link,
    service: &'static str,
    context: &Context,
    caller: &Caller,
    school: Uuid,
) -> Result<Vec<Obstacle>, &'static str> {
    let request = ListObstaclesRequest {
        service: service.to_owned(),
        school: format!("schools/{school}"),
        settled: true,
    };
    let request = context.request(&caller.identity, request);
    let mut client = ObstacleServiceClient::new(link.clone());
    let answer = tokio::time::timeout(PATIENCE, client.list_obstacles(request)).await;
    match answer {
        Ok(Ok(answer)) => Ok(answer.into_inner().obstacles),
        Ok(Err(status)) => {
            tracing::warn!(service, code = %status.code(), "what a closing school has left is not known");
            Err(service)
        }
        Err(_) => {
            tracing::warn!(
                service,
                "what a closing school has left is not known in time"
            );
            Err(service)
        }
    }
}

// === impl Left ===

impl Left {
    /// What is missing before the school closes, in English and in Chinese; `None` when nothing is known to be.
    pub(super) fn missing(&self) -> Option<(String, String)> {
        let Self::Known(obstacles) = self else {
            return None;
        };
        told(obstacles, "another place for", "妥善安置")
    }

    /// Fails unless the neighbours of a school that closes have answered.
    pub(super) fn require_known(&self) -> Result<(), ReorganisationError> {
        match self {
            Self::Known(_) => Ok(()),
            Self::Unknown(service) => Err(ReorganisationError::ObstaclesUnknown { service }),
            // It was approved a moment after the question.
            Self::NotAsked => Err(KernelError::WriteConflict.into()),
        }
    }
}

/// Obstacles as the person at the screen reads them; `None` for none.
pub(super) fn told(obstacles: &[Obstacle], en: &str, zh: &str) -> Option<(String, String)> {
    let some: Vec<&Obstacle> = obstacles.iter().filter(|one| one.count > 0).collect();
    if some.is_empty() {
        return None;
    }
    let join = |part: fn(&Obstacle) -> String| {
        let parts: Vec<String> = some.iter().map(|one| part(one)).collect();
        parts.join("、")
    };
    Some((
        format!("{en} {}", join(|one| format!("{} {}", one.count, one.kind))),
        format!(
            "{zh}{}",
            join(|one| format!("{}{}项", one.label, one.count))
        ),
    ))
}

/// Serves what registration itself has open for a school.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl ObstacleService for Rpc {
    async fn list_obstacles(
        &self,
        request: Request<ListObstaclesRequest>,
    ) -> Result<Response<ListObstaclesResponse>, Status> {
        let listed = self.list(request).await;
        listed.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn list(
        &self,
        request: Request<ListObstaclesRequest>,
    ) -> Result<ListObstaclesResponse, KernelError> {
        let caller = Caller::of(&request)?;
        let name = request.into_inner().school;
        let reader = self.context.store.reader();
        let regions = &self.context.regions;
        let school = parent::placed(reader, &caller, regions, "school", &name).await?;
        let school = school.parent.school();
        let school = school.ok_or_else(|| parent::not_a_school("school"))?;
        let school_year = school_year::of(self.context.clock.today());
        Ok(ListObstaclesResponse {
            obstacles: open_processes(reader, school, Leaving::Everybody, school_year).await?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(count: i64) -> Left {
        Left::Known(vec![Obstacle {
            kind: "teachers".into(),
            label: "教职工".into(),
            count,
            source: String::new(),
        }])
    }

    #[test]
    fn a_teacher_on_the_entry_is_told_and_silence_is_not_taken_for_nothing() {
        let (en, zh) = left(3).missing().unwrap();
        assert_eq!(en, "another place for 3 teachers");
        assert_eq!(zh, "妥善安置教职工3项");
        assert_eq!(left(0).missing(), None);
        assert!(left(0).require_known().is_ok());
        assert!(Left::Unknown("staffing").require_known().is_err());
        assert!(Left::NotAsked.require_known().is_err());
    }
}
