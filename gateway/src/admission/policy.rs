//! The role policy as casbin reads it from the contract, and the decision table that it fills.
//!
//! casbin is the source: its model and its lines decide who may call what. It scans its lines for each question, so it is
//! asked once for every role and method when the gateway starts; the answers are compared cell by cell with the kernel's
//! own reading of the contract, and any difference keeps the gateway from starting. Calls look the answer up.

use std::collections::HashMap;

use anyhow::{Context as _, bail};
use casbin::{CoreApi as _, DefaultModel, Enforcer, MemoryAdapter, MgmtApi as _};
use futures_util::FutureExt as _;
use junheng_kernel::admission::{Access, AccessTable, Refusal};
use junheng_kernel::post::{Duty, Role};
use junheng_proto::POOL;
use prost_reflect::{MethodDescriptor, Value};

/// A line allows a method to a level × duty; `*` is every level, or every duty of an officer.
const MODEL: &str = r#"
[request_definition]
r = level, duty, officer, method

[policy_definition]
p = level, duty, method

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.method == p.method && (p.duty == "anyone" || ((p.level == "*" || p.level == r.level) && (p.duty == r.duty || (p.duty == "*" && r.officer == "yes"))))
"#;

/// Role × method, filled by casbin, equal to the contract.
#[derive(Debug)]
pub struct DecisionTable(HashMap<String, Vec<Role>>);

/// One line of the policy: level, duty, method.
pub type Line = [String; 3];

// === impl DecisionTable ===

impl DecisionTable {
    /// Loads the contract's policy into casbin, asks it about every cell and compares.
    ///
    /// Fails when casbin and `access` disagree about any role and method.
    pub fn load(access: &AccessTable) -> anyhow::Result<Self> {
        let mut methods = HashMap::new();
        for rule in access.iter() {
            let lines = lines_of(&rule.method);
            let allowed = ask(&rule.path, lines)?;
            for role in Role::all() {
                let expected = rule.anyone || rule.roles.contains(&role);
                if allowed.contains(&role) != expected {
                    bail!(
                        "the role policy and the contract disagree about {role} and {}",
                        rule.path
                    );
                }
            }
            methods.insert(rule.path.clone(), allowed);
        }
        Ok(Self(methods))
    }

    /// Whether `role` may call the method; `access` words the refusal.
    pub fn admit(&self, access: &AccessTable, path: &str, role: Role) -> Result<(), Refusal> {
        match self.0.get(path) {
            Some(allowed) if allowed.contains(&role) => Ok(()),
            Some(_) => Err(Refusal::RoleNotAllowed {
                method: path.to_owned(),
                role,
                allowed: access.get(path).map(Access::allowed).unwrap_or_default(),
            }),
            None => Err(Refusal::MethodUnknown {
                method: path.to_owned(),
            }),
        }
    }
}

/// The policy lines of one method, from its option in the descriptors.
pub fn lines_of(method: &MethodDescriptor) -> Vec<Line> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let Some(option) = POOL.get_extension_by_name("junheng.options.v1.policy") else {
        return Vec::new();
    };
    let options = method.options();
    let policy = options.get_extension(&option);
    let allow = policy
        .as_message()
        .and_then(|policy| policy.get_field_by_name("allow"));
    let patterns = match allow.as_deref() {
        Some(Value::List(patterns)) => patterns.clone(),
        _ => Vec::new(),
    };
    patterns
        .iter()
        .filter_map(Value::as_str)
        .map(|pattern| {
            let (level, duty) = pattern.split_once('.').unwrap_or(("*", pattern));
            [level.to_owned(), duty.to_owned(), path.clone()]
        })
        .collect()
}

/// The roles that casbin lets call `path` by `lines`.
fn ask(path: &str, lines: Vec<Line>) -> anyhow::Result<Vec<Role>> {
    let enforcer = enforcer(lines)?;
    let mut allowed = Vec::new();
    for role in Role::all() {
        let name = role.to_string();
        let (level, duty) = name.split_once('.').unwrap_or_default();
        let officer = if role.duty == Duty::Service {
            "no"
        } else {
            "yes"
        };
        if enforcer.enforce((level, duty, officer, path))? {
            allowed.push(role);
        }
    }
    Ok(allowed)
}

/// casbin with these lines. An enforcer for each method keeps the linear scan to that method's lines.
fn enforcer(lines: Vec<Line>) -> anyhow::Result<Enforcer> {
    let build = async {
        let model = DefaultModel::from_str(MODEL).await?;
        let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await?;
        let lines = lines.into_iter().map(Vec::from).collect();
        enforcer.add_policies(lines).await?;
        Ok::<_, casbin::Error>(enforcer)
    };
    // Memory only: nothing in it waits, so that it needs no runtime.
    let built = build
        .now_or_never()
        .context("casbin waited for something")?;
    Ok(built?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_kernel::post::Level;

    #[test]
    fn casbin_and_the_contract_agree_about_every_role_and_method() {
        let access = AccessTable::of_contract();
        let table = DecisionTable::load(&access).unwrap();
        let mut cells = 0;
        for rule in access.iter() {
            for role in Role::all() {
                let kernel = access.admit(&rule.path, role).is_ok();
                let ours = table.admit(&access, &rule.path, role).is_ok();
                assert_eq!(ours, kernel, "{role} {}", rule.path);
                cells += 1;
            }
        }
        assert_eq!(cells, access.iter().count() * 32);
    }

    #[test]
    fn a_line_too_many_in_casbin_lets_a_role_in_and_is_seen() {
        let path = "/junheng.inspection.v1.CampaignService/ReviewCampaign";
        let line = |level: &str| [level.to_owned(), "approver".to_owned(), path.to_owned()];
        let right = ask(path, vec![line("city")]).unwrap();
        assert_eq!(right, [Role::new(Level::City, Duty::Approver)]);
        let wrong = ask(path, vec![line("city"), line("county")]).unwrap();
        assert_eq!(wrong.len(), 2);
    }

    #[test]
    fn a_method_outside_the_contract_is_unknown() {
        let access = AccessTable::of_contract();
        let table = DecisionTable::load(&access).unwrap();
        let role = Role::new(Level::Province, Duty::System);
        let refusal = table.admit(&access, "/x.Y/Z", role).unwrap_err();
        assert!(matches!(refusal, Refusal::MethodUnknown { .. }));
    }
}
