//! Where each method goes, from the descriptors.

use std::collections::HashMap;

use anyhow::Context as _;
use junheng_kernel::admission::{Access, AccessTable};
use junheng_kernel::service::Link;

use super::field::FieldPath;

/// Which service implements the methods of a package. Packages that several implement name theirs in a field.
const SERVICE_OF_PACKAGE: &[(&str, &str)] = &[
    ("junheng.identity.v1", crate::NAME),
    ("junheng.registration.v1", "registration"),
    ("junheng.staffing.v1", "staffing"),
    ("junheng.assets.v1", "assets"),
    ("junheng.inspection.v1", "inspection"),
];

/// Every method of the contract with its way.
pub struct Routes(HashMap<String, Route>);

/// One method.
pub struct Route {
    /// Its rule.
    pub access: Access,
    /// The field that names the organisation or record.
    pub scope: Option<FieldPath>,
    /// Who answers.
    pub target: Target,
}

/// Who answers a method.
pub enum Target {
    /// The one service that implements it.
    Service(Upstream),
    /// The service that the field names.
    Named(FieldPath),
}

/// A service and the way to it.
#[derive(Clone)]
pub struct Upstream {
    /// Its name.
    pub name: &'static str,
    /// The way.
    pub link: Link,
}

// === impl Routes ===

impl Routes {
    /// The routes of the contract. Fails when a method has none, so that it is seen at start.
    pub fn of(access: &AccessTable, upstreams: &[Upstream]) -> anyhow::Result<Self> {
        let mut routes = HashMap::new();
        for rule in access.iter() {
            let input = rule.method.input();
            let field = |name: &str| FieldPath::of(&input, name);
            let target = match field(&rule.route_field) {
                Some(field) => Target::Named(field),
                None => Target::Service(
                    upstream_of(rule, upstreams)
                        .with_context(|| format!("no service implements {}", rule.path))?,
                ),
            };
            let route = Route {
                access: rule.clone(),
                scope: field(&rule.scope_field),
                target,
            };
            routes.insert(rule.path.clone(), route);
        }
        Ok(Self(routes))
    }

    /// The route of a gRPC path.
    pub fn get(&self, path: &str) -> Option<&Route> {
        self.0.get(path)
    }
}

fn upstream_of(rule: &Access, upstreams: &[Upstream]) -> Option<Upstream> {
    let package = rule.method.parent_service().package_name().to_owned();
    let (_, name) = SERVICE_OF_PACKAGE
        .iter()
        .find(|(found, _)| *found == package)?;
    upstreams
        .iter()
        .find(|upstream| upstream.name == *name)
        .cloned()
}
