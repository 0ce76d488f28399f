//! Update masks (AIP-134): absent means every field that is set, `*` every changeable one.

use junheng_proto::POOL;
use prost::{Message, Name};
use prost_reflect::{DynamicMessage, MessageDescriptor};

use crate::error::KernelError;
use crate::fault::Violation;

/// `current` with the fields of `given` that the mask names. `changeable` lists the fields that this method changes;
/// others of the message are output only and ignored; a path that the message does not have is refused.
pub fn apply<T: Message + Name + Default>(
    current: &T,
    given: &T,
    mask: Option<&prost_types::FieldMask>,
    changeable: &[&str],
) -> Result<T, KernelError> {
    let descriptor = POOL
        .get_message_by_name(&T::full_name())
        .ok_or_else(|| KernelError::Stored(format!("{} is not in the contract", T::full_name())))?;
    let mut merged = dynamic(&descriptor, current)?;
    let given = dynamic(&descriptor, given)?;
    let paths: Vec<&str> = mask.map_or(Vec::new(), |mask| {
        mask.paths.iter().map(String::as_str).collect()
    });
    let unknown: Vec<Violation> = paths
        .iter()
        .filter(|path| **path != "*" && descriptor.get_field_by_name(path).is_none())
        .map(|path| {
            Violation::invalid(
                "update_mask",
                format!("{path} is no field of {}", T::NAME),
                format!("{path}不是{}的字段", T::NAME),
            )
        })
        .collect();
    KernelError::unless_empty(unknown)?;
    for name in changeable {
        let Some(field) = descriptor.get_field_by_name(name) else {
            continue;
        };
        let named = paths.contains(name) || paths.contains(&"*");
        if named || (paths.is_empty() && given.has_field(&field)) {
            merged.set_field(&field, given.get_field(&field).into_owned());
        }
    }
    merged
        .transcode_to()
        .map_err(|error| KernelError::Stored(error.to_string()))
}

fn dynamic(
    descriptor: &MessageDescriptor,
    message: &impl Message,
) -> Result<DynamicMessage, KernelError> {
    DynamicMessage::decode(descriptor.clone(), message.encode_to_vec().as_slice())
        .map_err(|error| KernelError::Stored(error.to_string()))
}

#[cfg(test)]
mod tests {
    use junheng_proto::registration::v1::School;

    use super::*;

    fn merged(given: School, paths: &[&str]) -> Result<School, KernelError> {
        let current = School {
            display_name: "旧".into(),
            town: "630103001".into(),
            school_code: "2163000001".into(),
            ..School::default()
        };
        let mask = prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        };
        let mask = (!paths.is_empty()).then_some(&mask);
        apply(&current, &given, mask, &["display_name", "town"])
    }

    #[test]
    fn without_a_mask_every_field_that_is_set_changes() {
        let given = School {
            display_name: "新".into(),
            school_code: "9".into(),
            ..School::default()
        };
        let school = merged(given, &[]).unwrap();
        assert_eq!(school.display_name, "新");
        assert_eq!(school.town, "630103001");
        assert_eq!(school.school_code, "2163000001", "not changeable");
    }

    #[test]
    fn a_mask_can_empty_a_field_and_an_unknown_path_is_refused() {
        assert_eq!(merged(School::default(), &["town"]).unwrap().town, "");
        assert!(merged(School::default(), &["colour"]).is_err());
        assert_eq!(merged(School::default(), &["*"]).unwrap().display_name, "");
    }
}
