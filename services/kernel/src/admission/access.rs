//! The access rules of the contract as a table: method × role.

use std::collections::{BTreeMap, HashSet};

use junheng_proto::POOL;
use junheng_proto::error::v1::Reason;
use junheng_proto::options::v1::{Audit, DataClass};
use prost_reflect::{DynamicMessage, MethodDescriptor, Value};

use crate::fault::Fault;
use crate::post::Role;

/// The rule of one method.
#[derive(Clone, Debug)]
pub struct Access {
    /// The gRPC path, `/{service}/{method}`.
    pub path: String,
    /// Whether it needs no sign-in.
    pub anyone: bool,
    /// The roles that may call.
    pub roles: HashSet<Role>,
    /// The request field that names the organisation or record, with dots; empty when there is none.
    pub scope_field: String,
    /// The request field that names the service meant; empty for a method that one service implements.
    pub route_field: String,
    /// The most sensitive data in the answer.
    pub data_class: DataClass,
    /// What the journal keeps.
    pub audit: Audit,
    /// The method's descriptor.
    pub method: MethodDescriptor,
}

/// Every method of the contract with its rule.
#[derive(Clone, Debug)]
pub struct AccessTable(BTreeMap<String, Access>);

/// Why a role may not call a method.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The contract has no such method.
    #[error("there is no method {method}")]
    MethodUnknown {
        /// The path called.
        method: String,
    },
    /// Another role may.
    #[error("{role} may not call {method}; these may: {allowed}")]
    RoleNotAllowed {
        /// The path called.
        method: String,
        /// The caller's role.
        role: Role,
        /// The roles that may.
        allowed: String,
    },
}

// === impl AccessTable ===

impl AccessTable {
    /// Reads the rules from the descriptors that were compiled with the contract.
    pub fn of_contract() -> Self {
        let methods = POOL.services().flat_map(|service| {
            let methods: Vec<_> = service.methods().collect();
            methods
        });
        Self(
            methods
                .filter_map(|method| Some((path_of(&method), read(method)?)))
                .collect(),
        )
    }

    /// The rule of a method.
    pub fn get(&self, path: &str) -> Option<&Access> {
        self.0.get(path)
    }

    /// Every rule, by path.
    pub fn iter(&self) -> impl Iterator<Item = &Access> {
        self.0.values()
    }

    /// The rule of a method that `role` may call, or why it may not.
    pub fn admit(&self, path: &str, role: Role) -> Result<&Access, Refusal> {
        let access = self.get(path).ok_or_else(|| Refusal::MethodUnknown {
            method: path.to_owned(),
        })?;
        if access.anyone || access.roles.contains(&role) {
            return Ok(access);
        }
        Err(Refusal::RoleNotAllowed {
            method: path.to_owned(),
            role,
            allowed: access.allowed(),
        })
    }
}

impl Access {
    /// The roles that may call, for people: `county.approver, city.approver`.
    pub fn allowed(&self) -> String {
        let mut roles: Vec<Role> = self.roles.iter().copied().collect();
        roles.sort();
        let names: Vec<String> = roles.iter().map(Role::to_string).collect();
        names.join(", ")
    }
}

impl Fault for Refusal {
    fn reason(&self) -> Reason {
        match self {
            Self::MethodUnknown { .. } => Reason::MethodUnknown,
            Self::RoleNotAllowed { .. } => Reason::RoleNotAllowed,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::MethodUnknown { method } => vec![("method", method.clone())],
            Self::RoleNotAllowed {
                method,
                role,
                allowed,
            } => vec![
                ("method", method.clone()),
                ("role", role.to_string()),
                ("allowed", allowed.clone()),
            ],
        }
    }
}

fn path_of(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

fn read(method: MethodDescriptor) -> Option<Access> {
    let option = POOL.get_extension_by_name("junheng.options.v1.policy")?;
    let options = method.options();
    let value = options.get_extension(&option).into_owned();
    let policy = value.as_message()?;
    let allow: Vec<String> = match policy.get_field_by_name("allow")?.as_ref() {
        Value::List(roles) => roles
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => return None,
    };
    Some(Access {
        path: path_of(&method),
        anyone: allow.iter().any(|role| role == "anyone"),
        roles: Role::all()
            .filter(|role| allow.iter().any(|pattern| role.matches(pattern)))
            .collect(),
        scope_field: text(policy, "scope_field"),
        route_field: text(policy, "route_field"),
        data_class: DataClass::try_from(number(policy, "data_class")).ok()?,
        audit: Audit::try_from(number(policy, "audit")).ok()?,
        method,
    })
}

fn text(policy: &DynamicMessage, field: &str) -> String {
    policy
        .get_field_by_name(field)
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn number(policy: &DynamicMessage, field: &str) -> i32 {
    policy
        .get_field_by_name(field)
        .and_then(|value| value.as_enum_number())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::{Duty, Level};

    #[test]
    fn every_method_of_the_contract_has_a_rule() {
        let table = AccessTable::of_contract();
        let methods: usize = POOL
            .services()
            .map(|service| service.methods().count())
            .sum();
        assert_eq!(table.iter().count(), methods);
        for access in table.iter() {
            assert!(access.anyone || !access.roles.is_empty(), "{}", access.path);
        }
    }

    #[test]
    fn the_refusal_names_the_roles_that_may() {
        let table = AccessTable::of_contract();
        let path = "/junheng.inspection.v1.CampaignService/ReviewCampaign";
        let refusal = table
            .admit(path, Role::new(Level::County, Duty::Approver))
            .unwrap_err();
        assert!(refusal.to_string().contains("city.approver"), "{refusal}");
        assert!(
            table
                .admit(path, Role::new(Level::City, Duty::Approver))
                .is_ok()
        );
    }
}
