//! The URLs of the contract, from its `google.api.http` options.

use http::Method;
use junheng_proto::POOL;
use prost_reflect::{DynamicMessage, ExtensionDescriptor, MethodDescriptor, Value};

use super::template::{Bound, Template};

/// Every method that is offered over JSON.
pub struct Table(Vec<Rule>);

/// One method's URL.
pub struct Rule {
    /// The gRPC path.
    pub path: String,
    /// The method.
    pub method: MethodDescriptor,
    /// What the body is.
    pub body: Body,
    verb: Method,
    template: Template,
}

/// What the body of a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// There is none; fields come from the query.
    None,
    /// Every field that the path does not bind.
    Whole,
    /// This field.
    Field(String),
}

// === impl Table ===

impl Table {
    /// Reads the contract. Fails on a template that this module does not understand.
    pub fn of_contract() -> anyhow::Result<Self> {
        let Some(option) = POOL.get_extension_by_name("google.api.http") else {
            anyhow::bail!("the contract has no HTTP options");
        };
        let mut rules = Vec::new();
        for service in POOL.services() {
            for method in service.methods() {
                if method.options().has_extension(&option) {
                    let name = method.full_name().to_owned();
                    let rule = Rule::read(&option, method);
                    rules.push(rule.ok_or_else(|| {
                        anyhow::anyhow!("the HTTP option of {name} cannot be read")
                    })?);
                }
            }
        }
        Ok(Self(rules))
    }

    /// The rule of a request and what its path binds.
    pub fn find(&self, verb: &Method, path: &str) -> Option<(&Rule, Bound)> {
        self.0
            .iter()
            .filter(|rule| rule.verb == *verb)
            .find_map(|rule| Some((rule, rule.template.bind(path)?)))
    }
}

// === impl Rule ===

impl Rule {
    fn read(option: &ExtensionDescriptor, method: MethodDescriptor) -> Option<Self> {
        let options = method.options();
        let value = options.get_extension(option);
        let http = value.as_message()?;
        let text = |field: &str| {
            let value = http.get_field_by_name(field);
            value
                .as_deref()
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (verb, template) = pattern(http)?;
        let body = match text("body") {
            none if none.is_empty() => Body::None,
            whole if whole == "*" => Body::Whole,
            field => Body::Field(field),
        };
        let template = Template::parse(&template)?;
        Some(Self {
            path: format!("/{}/{}", method.parent_service().full_name(), method.name()),
            body,
            verb,
            template,
            method,
        })
    }
}

fn pattern(http: &DynamicMessage) -> Option<(Method, String)> {
    [
        ("get", Method::GET),
        ("put", Method::PUT),
        ("post", Method::POST),
        ("delete", Method::DELETE),
        ("patch", Method::PATCH),
    ]
    .into_iter()
    .find_map(|(field, verb)| {
        let value = http.get_field_by_name(field)?;
        let template = value.as_str().filter(|template| !template.is_empty())?;
        Some((verb, template.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_url_of_the_contract_leads_to_its_own_method_and_binds_fields_that_exist() {
        let table = Table::of_contract().unwrap();
        assert!(table.0.len() > 20);
        for rule in &table.0 {
            let path = rule.template.sample();
            let (found, bound) = table.find(&rule.verb, &path).unwrap();
            assert_eq!(found.path, rule.path, "{path}");
            for (field, _) in bound {
                let found = crate::proxy::FieldPath::of(&rule.method.input(), &field);
                assert!(found.is_some(), "{} {field}", rule.path);
            }
        }
    }
}
