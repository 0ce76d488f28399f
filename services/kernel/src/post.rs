//! Posts 岗位: level × duty gives the role by which access is decided.

use std::fmt;

pub use junheng_proto::identity::v1::{Department, Duty, Level, Post};

/// The administrative levels, lowest first.
pub const LEVELS: [Level; 4] = [Level::School, Level::County, Level::City, Level::Province];

/// Every duty, `service` last: accounts may hold any but that one.
pub const DUTIES: [Duty; 8] = [
    Duty::Clerk,
    Duty::Approver,
    Duty::Inspector,
    Duty::Partner,
    Duty::System,
    Duty::Security,
    Duty::Audit,
    Duty::Service,
];

/// What access is decided by: `county.approver`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Role {
    /// The level of the caller's organisation.
    pub level: Level,
    /// The caller's duty there.
    pub duty: Duty,
}

/// `school.clerk`.
pub const SCHOOL_CLERK: Role = Role::new(Level::School, Duty::Clerk);
/// `school.approver`.
pub const SCHOOL_APPROVER: Role = Role::new(Level::School, Duty::Approver);
/// `county.clerk`.
pub const COUNTY_CLERK: Role = Role::new(Level::County, Duty::Clerk);
/// `county.approver`.
pub const COUNTY_APPROVER: Role = Role::new(Level::County, Duty::Approver);
/// `city.clerk`.
pub const CITY_CLERK: Role = Role::new(Level::City, Duty::Clerk);
/// `city.approver`.
pub const CITY_APPROVER: Role = Role::new(Level::City, Duty::Approver);
/// `province.clerk`.
pub const PROVINCE_CLERK: Role = Role::new(Level::Province, Duty::Clerk);
/// `province.approver`.
pub const PROVINCE_APPROVER: Role = Role::new(Level::Province, Duty::Approver);
/// `county.inspector`.
pub const COUNTY_INSPECTOR: Role = Role::new(Level::County, Duty::Inspector);
/// `province.service`: what a service does by itself.
pub const SERVICE: Role = Role::new(Level::Province, Duty::Service);

// === impl Role ===

impl Role {
    /// A role from its parts.
    pub const fn new(level: Level, duty: Duty) -> Self {
        Self { level, duty }
    }

    /// Every role there is, 4 levels × 8 duties.
    pub fn all() -> impl Iterator<Item = Self> {
        LEVELS
            .into_iter()
            .flat_map(|level| DUTIES.into_iter().map(move |duty| Self { level, duty }))
    }

    /// Reads `county.approver`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::all().find(|role| role.to_string() == text)
    }

    /// Whether a pattern of the contract (`county.approver`, `*.clerk`, `city.*`) means this role. `*` never means the
    /// duty `service`: no officer's rule may let a service in by accident.
    pub fn matches(self, pattern: &str) -> bool {
        let Some((level, duty)) = pattern.split_once('.') else {
            return false;
        };
        (level == "*" || level == level_name(self.level))
            && (duty == duty_name(self.duty) || duty == "*" && self.duty != Duty::Service)
    }

    /// The role in Chinese, for example 县级负责人.
    pub fn label(self) -> String {
        format!(
            "{}{}",
            crate::label::of(self.level),
            crate::label::of(self.duty)
        )
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}.{}",
            level_name(self.level),
            duty_name(self.duty)
        )
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Unspecified => "unspecified",
        Level::School => "school",
        Level::County => "county",
        Level::City => "city",
        Level::Province => "province",
    }
}

fn duty_name(duty: Duty) -> &'static str {
    match duty {
        Duty::Unspecified => "unspecified",
        Duty::Clerk => "clerk",
        Duty::Approver => "approver",
        Duty::Inspector => "inspector",
        Duty::Partner => "partner",
        Duty::System => "system",
        Duty::Security => "security",
        Duty::Audit => "audit",
        Duty::Service => "service",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_for_every_duty_does_not_let_services_in() {
        let service = Role::new(Level::Province, Duty::Service);
        assert!(!service.matches("*.*"));
        assert!(service.matches("province.service"));
        assert!(Role::new(Level::City, Duty::Audit).matches("*.*"));
        assert!(!Role::new(Level::City, Duty::Audit).matches("county.*"));
    }

    #[test]
    fn every_role_reads_back_from_its_name() {
        for role in Role::all() {
            assert_eq!(Role::parse(&role.to_string()), Some(role));
        }
        assert_eq!(Role::parse("nation.clerk"), None);
    }
}
