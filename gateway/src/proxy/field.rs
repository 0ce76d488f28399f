//! Reads one string field out of an encoded message by field numbers, without decoding the rest.

use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_reflect::{Kind, MessageDescriptor};

use crate::error::GatewayError;

/// A string field by the numbers on the way to it: `header.parent` is `[1, 1]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath {
    /// The path as the contract writes it.
    pub name: String,
    numbers: Vec<u32>,
}

// === impl FieldPath ===

impl FieldPath {
    /// The path `name` in messages of `message`. `None` unless it ends at a string that is not repeated.
    pub fn of(message: &MessageDescriptor, name: &str) -> Option<Self> {
        let mut numbers = Vec::new();
        let mut current = Some(message.clone());
        let mut is_string = false;
        for part in name.split('.') {
            let field = current?.get_field_by_name(part)?;
            numbers.push(field.number());
            is_string = field.kind() == Kind::String && !field.is_list();
            current = field.kind().as_message().cloned();
        }
        is_string.then(|| Self {
            name: name.to_owned(),
            numbers,
        })
    }

    /// The field's value in an encoded message; empty when it is absent. Where a field stands twice the last one counts,
    /// as it does for every decoder.
    pub fn read(&self, message: &[u8]) -> Result<String, GatewayError> {
        let mut value = None;
        walk(message, &self.numbers, &mut value).ok_or(UNREADABLE)?;
        Ok(value.unwrap_or_default())
    }
}

const UNREADABLE: GatewayError = GatewayError::Unreadable {
    why: "it is no message of this method; compare it with the contract",
};

fn walk(mut message: &[u8], numbers: &[u32], value: &mut Option<String>) -> Option<()> {
    let (first, rest) = numbers.split_first()?;
    while message.has_remaining() {
        let (number, wire_type) = decode_key(&mut message).ok()?;
        if number != *first {
            skip_field(wire_type, number, &mut message, DecodeContext::default()).ok()?;
            continue;
        }
        if wire_type != WireType::LengthDelimited {
            return None;
        }
        let length = usize::try_from(decode_varint(&mut message).ok()?).ok()?;
        let (content, after) = message.split_at_checked(length)?;
        if rest.is_empty() {
            *value = Some(std::str::from_utf8(content).ok()?.to_owned());
        } else {
            walk(content, rest, value)?;
        }
        message = after;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_proto::POOL;
    use junheng_proto::bulk::v1::ImportHeader;
    use junheng_proto::registration::v1::{
        ImportSchoolsRequest, ListSchoolsRequest, SchoolRow, import_schools_request::Part,
    };
    use prost::Message as _;

    fn path(message: &str, name: &str) -> FieldPath {
        FieldPath::of(&POOL.get_message_by_name(message).unwrap(), name).unwrap()
    }

    #[test]
    fn a_field_is_read_at_any_depth_and_nothing_else_is_decoded() {
        let list = path("junheng.registration.v1.ListSchoolsRequest", "parent");
        let message = ListSchoolsRequest {
            parent: "regions/630103".into(),
            page_size: 7,
            page_token: "页".into(),
        };
        assert_eq!(
            list.read(&message.encode_to_vec()).unwrap(),
            "regions/630103"
        );

        let import = path(
            "junheng.registration.v1.ImportSchoolsRequest",
            "header.parent",
        );
        let header = ImportSchoolsRequest {
            part: Some(Part::Header(ImportHeader {
                parent: "regions/63".into(),
                ..Default::default()
            })),
        };
        assert_eq!(import.read(&header.encode_to_vec()).unwrap(), "regions/63");
        let row = ImportSchoolsRequest {
            part: Some(Part::Row(SchoolRow::default())),
        };
        assert_eq!(import.read(&row.encode_to_vec()).unwrap(), "");
    }

    #[test]
    fn the_last_of_two_counts_as_it_does_for_the_service() {
        let list = path("junheng.registration.v1.ListSchoolsRequest", "parent");
        let parent = |parent: &str| ListSchoolsRequest {
            parent: parent.into(),
            ..Default::default()
        };
        let mut bytes = parent("regions/630103").encode_to_vec();
        bytes.extend(parent("regions/420000").encode_to_vec());
        assert_eq!(list.read(&bytes).unwrap(), "regions/420000");
        let decoded = ListSchoolsRequest::decode(bytes.as_slice()).unwrap();
        assert_eq!(decoded.parent, "regions/420000");
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let list = path("junheng.registration.v1.ListSchoolsRequest", "parent");
        for bytes in [
            &[0x0a, 0x7f, b'r'][..],
            &[0x08, 0x01],
            &[0x0a, 0x01, 0xff],
            &[0xff; 11],
        ] {
            assert!(list.read(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn every_scope_and_route_field_of_the_contract_can_be_read() {
        let access = junheng_kernel::admission::AccessTable::of_contract();
        for rule in access.iter() {
            for name in [&rule.scope_field, &rule.route_field] {
                let found = FieldPath::of(&rule.method.input(), name);
                assert_eq!(found.is_some(), !name.is_empty(), "{} {name}", rule.path);
            }
        }
    }
}
