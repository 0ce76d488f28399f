//! The rules that every element of the contract keeps.

use std::collections::HashSet;

use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, FileDescriptor, MessageDescriptor,
    MethodDescriptor, Value,
};

const LEVELS: [&str; 5] = ["*", "school", "county", "city", "province"];
const DUTIES: [&str; 9] = [
    "*",
    "clerk",
    "approver",
    "inspector",
    "partner",
    "system",
    "security",
    "audit",
    "service",
];

/// What is wrong with the contract, one line each.
pub fn check(pool: &DescriptorPool) -> Vec<String> {
    let mut broken = Vec::new();
    let ours = |file: &FileDescriptor| file.package_name().starts_with("junheng");
    for file in pool.files().filter(ours) {
        check_comments(&file, &mut broken);
    }
    for service in pool.services() {
        for method in service.methods() {
            if let Err(why) = check_policy(pool, &method) {
                broken.push(format!("{}: {why}", method.full_name()));
            }
        }
    }
    for found in pool.all_enums() {
        let told = found.full_name().starts_with("junheng.options");
        if found.full_name().starts_with("junheng") && !told {
            check_labels(pool, &found, &mut broken);
        }
    }
    broken
}

fn check_policy(pool: &DescriptorPool, method: &MethodDescriptor) -> Result<(), String> {
    let option = pool
        .get_extension_by_name("junheng.options.v1.policy")
        .ok_or("the policy option is missing from the contract")?;
    let options = method.options();
    if !options.has_extension(&option) {
        return Err("declares no policy: nobody could say who may call it".into());
    }
    let value = options.get_extension(&option).into_owned();
    let policy = value.as_message().ok_or("the policy is no message")?;
    let allow: Vec<String> = match policy.get_field_by_name("allow").as_deref() {
        Some(Value::List(roles)) => roles
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    };
    if allow.is_empty() {
        return Err("its policy allows nobody".into());
    }
    if let Some(wrong) = allow.iter().find(|role| !is_role(role)) {
        return Err(format!("{wrong} is no role"));
    }
    for number in ["data_class", "audit"] {
        if policy
            .get_field_by_name(number)
            .and_then(|value| value.as_enum_number())
            == Some(0)
        {
            return Err(format!("its policy chooses no {number}"));
        }
    }
    let (scope, unscoped) = (text(policy, "scope_field"), text(policy, "unscoped"));
    if scope.is_empty() == unscoped.is_empty() {
        return Err("its policy needs a scope_field or the reason for having none".into());
    }
    for path in [scope, text(policy, "route_field")] {
        if !path.is_empty() && !has_path(&method.input(), &path) {
            return Err(format!("its request has no field {path}"));
        }
    }
    Ok(())
}

fn is_role(role: &str) -> bool {
    role == "anyone"
        || role
            .split_once('.')
            .is_some_and(|(level, duty)| LEVELS.contains(&level) && DUTIES.contains(&duty))
}

fn text(message: &DynamicMessage, field: &str) -> String {
    message
        .get_field_by_name(field)
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn has_path(message: &MessageDescriptor, path: &str) -> bool {
    let (head, rest) = path.split_once('.').unwrap_or((path, ""));
    let Some(field) = message.get_field_by_name(head) else {
        return false;
    };
    match field.kind().as_message() {
        Some(inner) => has_path(inner, rest),
        None => rest.is_empty(),
    }
}

fn check_labels(pool: &DescriptorPool, found: &EnumDescriptor, broken: &mut Vec<String>) {
    let label = pool.get_extension_by_name("junheng.options.v1.label");
    let fault = pool.get_extension_by_name("junheng.error.v1.fault");
    for value in found.values().filter(|value| value.number() != 0) {
        let options = value.options();
        let told = [&label, &fault]
            .into_iter()
            .flatten()
            .any(|option| options.has_extension(option));
        if !told {
            broken.push(format!("{} has no Chinese term", value.full_name()));
        }
    }
}

fn check_comments(file: &FileDescriptor, broken: &mut Vec<String>) {
    let proto = file.file_descriptor_proto();
    let commented: HashSet<Vec<i32>> = proto
        .source_code_info
        .iter()
        .flat_map(|info| &info.location)
        .filter(|location| location.leading_comments.is_some())
        .map(|location| location.path.clone())
        .collect();
    let mut need = |path: &[i32], name: &str| {
        if !commented.contains(path) {
            broken.push(format!("{name} has no comment"));
        }
    };
    for message in file.messages() {
        message_comments(&message, &mut need);
    }
    for found in file.enums() {
        enum_comments(&found, &mut need);
    }
    for extension in file.extensions() {
        need(extension.path(), extension.full_name());
    }
    for service in file.services() {
        need(service.path(), service.full_name());
        for method in service.methods() {
            need(method.path(), method.full_name());
        }
    }
}

fn message_comments(message: &MessageDescriptor, need: &mut impl FnMut(&[i32], &str)) {
    need(message.path(), message.full_name());
    for field in message.fields() {
        need(field.path(), field.full_name());
    }
    for inner in message.child_messages() {
        message_comments(&inner, need);
    }
    for found in message.child_enums() {
        enum_comments(&found, need);
    }
}

fn enum_comments(found: &EnumDescriptor, need: &mut impl FnMut(&[i32], &str)) {
    need(found.path(), found.full_name());
    for value in found.values() {
        need(value.path(), value.full_name());
    }
}
