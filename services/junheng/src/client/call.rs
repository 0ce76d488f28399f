//! `call`: any method of the contract by its descriptors, JSON in and JSON out.

use std::io::Read as _;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use junheng_proto::POOL;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor, SerializeOptions};
use tokio_stream::StreamExt as _;

use super::kind::path_of;
use super::refusal::Refusal;
use super::session::Session;
use crate::cli::CallArgs;
use crate::config::Config;

/// Calls and prints the answer; `false` when the call was refused, which is printed too.
///
/// # Errors
/// A method that the contract does not have, JSON that does not fit, nobody at the address.
pub async fn call(config: &Config, args: &CallArgs) -> anyhow::Result<bool> {
    let method = find(&args.method)?;
    let requests = requests(&method, &args.json)?;
    let session = Session::open(config, &args.sign_in).await?;
    match exchange(&session, &method, requests).await? {
        Ok(()) => Ok(true),
        Err(refusal) => {
            eprintln!("{refusal}");
            Ok(false)
        }
    }
}

async fn exchange(
    session: &Session,
    method: &MethodDescriptor,
    mut requests: Vec<Bytes>,
) -> anyhow::Result<Result<(), Refusal>> {
    let path = path_of(method)?;
    let answer = if method.is_client_streaming() {
        session.send(path, tokio_stream::iter(requests)).await
    } else {
        let request = requests.pop().unwrap_or_default();
        if method.is_server_streaming() {
            return print_all(session, method, request).await;
        }
        session.unary(path, request).await
    };
    Ok(match answer {
        Ok(bytes) => {
            println!("{:#}", json(&method.output(), bytes)?);
            Ok(())
        }
        Err(refusal) => Err(refusal),
    })
}

/// One line of JSON for each message of a stream.
async fn print_all(
    session: &Session,
    method: &MethodDescriptor,
    request: Bytes,
) -> anyhow::Result<Result<(), Refusal>> {
    let mut stream = match session.stream(path_of(method)?, request).await {
        Ok(stream) => stream,
        Err(refusal) => return Ok(Err(refusal)),
    };
    while let Some(message) = stream.next().await {
        match message {
            Ok(bytes) => println!("{}", json(&method.output(), bytes)?),
            Err(status) => return Ok(Err(status.into())),
        }
    }
    Ok(Ok(()))
}

/// `Service/Method` or `Service.Method`, with as much of the package as one likes.
fn find(name: &str) -> anyhow::Result<MethodDescriptor> {
    let wanted = name.trim_start_matches('/').replace('/', ".");
    let methods = POOL
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>());
    let fits = |method: &MethodDescriptor| {
        let full = method.full_name();
        full == wanted
            || full
                .strip_suffix(&wanted)
                .is_some_and(|before| before.ends_with('.'))
    };
    let mut found: Vec<MethodDescriptor> = methods.filter(fits).collect();
    match (found.pop(), found.is_empty()) {
        (Some(method), true) => Ok(method),
        (Some(_), false) => bail!("{name} could be several methods; add the service's name"),
        (None, _) => {
            bail!("the contract has no method {name}; it should be like SchoolService/ListSchools")
        }
    }
}

fn requests(method: &MethodDescriptor, text: &str) -> anyhow::Result<Vec<Bytes>> {
    let mut from_input = String::new();
    let text = if text == "-" {
        std::io::stdin().read_to_string(&mut from_input)?;
        from_input.as_str()
    } else {
        text
    };
    let value: serde_json::Value = serde_json::from_str(text).context("the request is no JSON")?;
    let values = match value {
        serde_json::Value::Array(values) if method.is_client_streaming() => values,
        value => vec![value],
    };
    let encode = |value: serde_json::Value| {
        let message = DynamicMessage::deserialize(method.input(), value)
            .with_context(|| format!("the request is no {}", method.input().full_name()))?;
        Ok(message.encode_to_vec().into())
    };
    values.into_iter().map(encode).collect()
}

fn json(descriptor: &MessageDescriptor, bytes: Bytes) -> anyhow::Result<serde_json::Value> {
    let message = DynamicMessage::decode(descriptor.clone(), bytes)?;
    let options = SerializeOptions::new()
        .skip_default_fields(false)
        .stringify_64_bit_integers(true);
    Ok(message.serialize_with_options(serde_json::value::Serializer, &options)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_found_by_any_unambiguous_end_of_its_name() {
        for name in [
            "SchoolService/ListSchools",
            "ListSchools",
            "junheng.registration.v1.SchoolService.ListSchools",
            "/junheng.registration.v1.SchoolService/ListSchools",
        ] {
            assert_eq!(find(name).unwrap().name(), "ListSchools", "{name}");
        }
        assert!(find("Schools").is_err());
        assert!(find("SchoolService/Nothing").is_err());
    }

    #[test]
    fn a_request_that_does_not_fit_says_which_message_it_should_be() {
        let method = find("ListSchools").unwrap();
        let refusal = format!("{:#}", requests(&method, r#"{"paren": "x"}"#).unwrap_err());
        assert!(
            refusal.contains("ListSchoolsRequest") && refusal.contains("paren"),
            "{refusal}"
        );
        assert_eq!(
            requests(&method, r#"{"parent": "regions/63"}"#)
                .unwrap()
                .len(),
            1
        );
        let import = find("ImportSchools").unwrap();
        assert_eq!(
            requests(&import, r#"[{"header": {}}, {"row": {}}]"#)
                .unwrap()
                .len(),
            2
        );
    }
}
