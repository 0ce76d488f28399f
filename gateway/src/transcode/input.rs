//! From a URL and a JSON body to the encoded request.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::table::{Body, Rule};
use super::template::{Bound, decode};
use crate::error::GatewayError;

/// The encoded request that path, query and body make together. What the path binds wins.
///
/// Fails with `FIELD_INVALID` for every field that the request does not have or whose value is of another kind, and with
/// `MESSAGE_UNREADABLE` for a body that is no JSON object.
pub fn encode(
    rule: &Rule,
    bound: Bound,
    query: Option<&str>,
    body: &[u8],
) -> Result<Vec<u8>, GatewayError> {
    let message = rule.method.input();
    let mut fields = match (&rule.body, body) {
        (Body::None, _) | (_, []) => Map::new(),
        (Body::Whole, body) => object(body)?,
        (Body::Field(name), body) => Map::from_iter([(name.clone(), Value::Object(object(body)?))]),
    };
    let mut violations = Vec::new();
    if rule.body != Body::Whole {
        for (name, value) in pairs(query.unwrap_or_default())? {
            put_query(&mut fields, &message, &name, value, &mut violations);
        }
    }
    for (name, value) in bound {
        put(&mut fields, &message, &name, Value::String(value));
    }
    check(&message, &fields, "", &mut violations);
    KernelError::unless_empty(violations)?;
    let unreadable = |_| GatewayError::Unreadable {
        why: "a field's value is not of its kind; compare it with the contract",
    };
    let request =
        DynamicMessage::deserialize(message, Value::Object(fields)).map_err(unreadable)?;
    Ok(request.encode_to_vec())
}

fn object(body: &[u8]) -> Result<Map<String, Value>, GatewayError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(GatewayError::Unreadable {
            why: "its body is no JSON object",
        }),
    }
}

/// `name=value&…` of a query.
fn pairs(query: &str) -> Result<Vec<(String, String)>, GatewayError> {
    let damaged = GatewayError::Unreadable {
        why: "its query cannot be read",
    };
    let pairs = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = value
                .replace('+', " ")
                .replace("%2F", "/")
                .replace("%2f", "/");
            Some((decode(name)?, decode(&value)?))
        });
    pairs.collect::<Option<_>>().ok_or(damaged)
}

/// Finds a field by either of its names.
fn field_of(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    message
        .get_field_by_json_name(name)
        .or_else(|| message.get_field_by_name(name))
}

/// Puts a value at a dotted path, over whatever stands there under either name.
fn put(fields: &mut Map<String, Value>, message: &MessageDescriptor, path: &str, value: Value) {
    let (head, rest) = match path.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (path, None),
    };
    let Some(field) = field_of(message, head) else {
        fields.insert(head.to_owned(), value);
        return;
    };
    let other = if fields.contains_key(field.name()) {
        field.name()
    } else {
        field.json_name()
    };
    let slot = fields.entry(other.to_owned()).or_insert(Value::Null);
    match (rest, field.kind().as_message()) {
        (Some(rest), Some(inner)) => {
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            if let Value::Object(fields) = slot {
                put(fields, inner, rest, value);
            }
        }
        _ => *slot = value,
    }
}

/// Puts a query parameter; a repeated field takes it as one more value.
fn put_query(
    fields: &mut Map<String, Value>,
    message: &MessageDescriptor,
    path: &str,
    text: String,
    violations: &mut Vec<Violation>,
) {
    let mut current = Some(message.clone());
    let mut found = None;
    for part in path.split('.') {
        found = current.and_then(|message| field_of(&message, part));
        current = found
            .as_ref()
            .and_then(|field| field.kind().as_message().cloned());
    }
    let Some(field) = found else {
        violations.push(unknown(path));
        return;
    };
    let value = match (field.kind(), text.as_str()) {
        (Kind::Bool, "true") => Value::Bool(true),
        (Kind::Bool, "false") => Value::Bool(false),
        (Kind::Enum(_), number) if number.parse::<i32>().is_ok() => {
            number.parse::<i32>().map_or(Value::Null, Value::from)
        }
        _ => Value::String(text),
    };
    if !field.is_list() {
        put(fields, message, path, value);
        return;
    }
    let pointer = format!("/{}", path.replace('.', "/"));
    let mut values = match fields.get(pointer.trim_start_matches('/')) {
        Some(Value::Array(values)) => values.clone(),
        _ => Vec::new(),
    };
    values.push(value);
    put(fields, message, path, Value::Array(values));
}

fn unknown(path: &str) -> Violation {
    Violation::invalid(path, "is no field of this request", "不是该请求的字段")
}

/// Every field that the message does not have, and every value of another kind.
fn check(
    message: &MessageDescriptor,
    fields: &Map<String, Value>,
    above: &str,
    violations: &mut Vec<Violation>,
) {
    for (name, value) in fields {
        let path = format!("{above}{name}");
        let Some(field) = field_of(message, name) else {
            violations.push(unknown(&path));
            continue;
        };
        match value {
            Value::Null => {}
            Value::Array(values) if field.is_list() => {
                for value in values {
                    check_value(&field, value, &path, violations);
                }
            }
            _ if field.is_list() => violations.push(wrong(&path, "an array", "数组")),
            _ if field.is_map() => {}
            value => check_value(&field, value, &path, violations),
        }
    }
}

fn check_value(
    field: &FieldDescriptor,
    value: &Value,
    path: &str,
    violations: &mut Vec<Violation>,
) {
    let is_number = |value: &Value| {
        value.is_number()
            || value
                .as_str()
                .is_some_and(|text| text.parse::<f64>().is_ok())
    };
    let (right, what, what_zh) = match field.kind() {
        Kind::String | Kind::Bytes => (value.is_string(), "a string", "字符串"),
        Kind::Bool => (value.is_boolean(), "true or false", "true 或 false"),
        Kind::Enum(values) => {
            let known = match value {
                Value::String(name) => values.get_value_by_name(name).is_some(),
                other => other.as_i64().is_some(),
            };
            (known, "a value of its enum", "该枚举的取值")
        }
        Kind::Message(inner) if inner.package_name() == "google.protobuf" => return,
        Kind::Message(inner) => match value {
            Value::Object(fields) => return check(&inner, fields, &format!("{path}."), violations),
            _ => (false, "an object", "对象"),
        },
        _ => (is_number(value), "a number", "数字"),
    };
    if !right {
        violations.push(wrong(path, what, what_zh));
    }
}

fn wrong(path: &str, what: &str, what_zh: &str) -> Violation {
    Violation::invalid(path, format!("must be {what}"), format!("应为{what_zh}"))
}

#[cfg(test)]
mod tests {
    use super::super::table::Table;
    use super::*;
    use http::Method;
    use junheng_kernel::fault::Fault as _;
    use junheng_proto::identity::v1::{CreateAccountRequest, ListAccountsRequest, SignInRequest};
    use junheng_proto::registration::v1::UpdateSchoolRequest;

    fn run(verb: Method, path: &str, query: &str, body: &str) -> Result<Vec<u8>, GatewayError> {
        let table = Table::of_contract().unwrap();
        let (rule, bound) = table.find(&verb, path).unwrap();
        encode(rule, bound, Some(query), body.as_bytes())
    }

    #[test]
    fn path_query_and_body_make_one_request() {
        let bytes = run(
            Method::GET,
            "/v1/regions/630103/accounts",
            "page_size=7&pageToken=a%2Bb%2Fc",
            "",
        );
        let request = ListAccountsRequest::decode(bytes.unwrap().as_slice()).unwrap();
        assert_eq!(request.parent, "regions/630103");
        assert_eq!(
            (request.page_size, request.page_token.as_str()),
            (7, "a+b/c")
        );

        let body = r#"{"parent":"regions/42","account":{"signInName":"a.b"},"request_id":"1"}"#;
        let bytes = run(Method::POST, "/v1/regions/63/accounts", "", body).unwrap();
        let request = CreateAccountRequest::decode(bytes.as_slice()).unwrap();
        assert_eq!(request.parent, "regions/63", "the path wins");
        assert_eq!(request.account.unwrap().sign_in_name, "a.b");

        let body = r#"{"school":{"displayName":"一中"},"updateMask":"displayName"}"#;
        let bytes = run(Method::PATCH, "/v1/schools/7", "", body).unwrap();
        let request = UpdateSchoolRequest::decode(bytes.as_slice()).unwrap();
        let school = request.school.unwrap();
        assert_eq!(
            (school.name.as_str(), school.display_name.as_str()),
            ("schools/7", "一中")
        );
        assert_eq!(request.update_mask.unwrap().paths, ["display_name"]);
    }

    #[test]
    fn an_enum_may_be_given_by_name_or_number() {
        for level in ["\"LEVEL_CITY\"", "3"] {
            let body = format!(r#"{{"post":{{"level":{level}}}}}"#);
            let bytes = run(Method::POST, "/v1/session:signIn", "", &body).unwrap();
            let request = SignInRequest::decode(bytes.as_slice()).unwrap();
            assert_eq!(request.post.unwrap().level, 3);
        }
    }

    #[test]
    fn a_field_that_is_not_there_or_of_another_kind_is_named() {
        for (verb, path, query, body, field) in [
            (Method::GET, "/v1/regions/63/accounts", "size=7", "", "size"),
            (
                Method::GET,
                "/v1/regions/63/accounts",
                "page_size=x",
                "",
                "pageSize",
            ),
            (
                Method::POST,
                "/v1/session:signIn",
                "",
                r#"{"user":"x"}"#,
                "user",
            ),
            (
                Method::POST,
                "/v1/session:signIn",
                "",
                r#"{"password":7}"#,
                "password",
            ),
            (
                Method::POST,
                "/v1/session:signIn",
                "",
                r#"{"post":{"l":1}}"#,
                "post.l",
            ),
            (
                Method::POST,
                "/v1/session:signIn",
                "",
                r#"{"post":{"duty":"X"}}"#,
                "post.duty",
            ),
        ] {
            let error = run(verb, path, query, body).unwrap_err();
            assert_eq!(error.violations()[0].field, field, "{error}");
        }
    }

    #[test]
    fn broken_json_is_refused_without_internals() {
        for body in ["{", "[]", "7", "{\"password\": \"\\ud800\"}"] {
            let error = run(Method::POST, "/v1/session:signIn", "", body).unwrap_err();
            assert!(
                error.to_string().starts_with("the request cannot be read"),
                "{error}"
            );
        }
    }
}
