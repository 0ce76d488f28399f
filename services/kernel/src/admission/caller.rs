//! Who calls.

use tonic::Request;

use super::token::Claims;
use crate::error::KernelError;
use crate::name::written_id;
use crate::post::{Department, Duty, Level, Role};
use crate::region::{RegionLevel, RegionTable};
use crate::scope::Scope;

/// The caller of a method, in the one post that the session acts in. Only admission makes one.
#[derive(Clone, Debug)]
pub struct Caller {
    /// `accounts/{id}`, or `services/{name}` for a service on its own behalf.
    pub account: String,
    /// The name of the person or system.
    pub display_name: String,
    /// The role.
    pub role: Role,
    /// `regions/{code}` or `schools/{id}`.
    pub organisation: String,
    /// The department whose system a partner is; unspecified for everybody else.
    pub department: Department,
    /// What the post covers.
    pub scope: Scope,
    /// The method called, as its gRPC path.
    pub method: String,
    /// The signed identity, for calls to other services on the caller's behalf.
    pub identity: String,
    /// When the identity ends, seconds since 1970: a stream must not outlive it.
    pub expire_seconds: i64,
    _admitted: Admitted,
}

/// Nobody outside this module can make one, and so nobody can make a [`Caller`] from nothing.
#[derive(Clone, Copy, Debug)]
struct Admitted;

// === impl Caller ===

impl Caller {
    /// The caller that admission put into the request.
    pub fn of<T>(request: &Request<T>) -> Result<Self, KernelError> {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .ok_or(KernelError::NotAdmitted)
    }

    /// The post as the journal writes it: `county.approver@regions/630103`.
    pub fn post(&self) -> String {
        format!("{}@{}", self.role, self.organisation)
    }

    /// Whether the caller is a service of the suite.
    pub fn is_service(&self) -> bool {
        self.role.duty == Duty::Service
    }

    /// A caller from verified claims. `None` when the organisation does not fit the level, or a table here does not know
    /// it: a post that covers nothing definite covers nothing.
    pub fn from_claims(
        claims: &Claims,
        regions: &RegionTable,
        method: &str,
        identity: &str,
    ) -> Option<Self> {
        let role = Role::parse(&claims.role)?;
        let scope = scope_of(role, &claims.organisation, regions)?;
        Some(Self {
            account: claims.sub.clone(),
            display_name: claims.name.clone(),
            role,
            organisation: claims.organisation.clone(),
            department: Department::try_from(claims.department).unwrap_or_default(),
            scope,
            method: method.to_owned(),
            identity: identity.to_owned(),
            expire_seconds: claims.exp,
            _admitted: Admitted,
        })
    }
}

fn scope_of(role: Role, organisation: &str, regions: &RegionTable) -> Option<Scope> {
    if role.duty == Duty::Service {
        return Some(Scope::everything(
            "a service of the suite keeps copies for everybody",
        ));
    }
    if role.level == Level::School {
        let id = organisation.strip_prefix("schools/")?;
        return Some(Scope::school(written_id(id)?));
    }
    let code = organisation.strip_prefix("regions/")?;
    let level = match role.level {
        Level::County => RegionLevel::County,
        Level::City => RegionLevel::City,
        Level::Province => RegionLevel::Province,
        Level::School | Level::Unspecified => return None,
    };
    if !regions.get(code)?.acts_as(level) {
        return None;
    }
    Some(Scope::places(regions.ranges(code).ok()?))
}
