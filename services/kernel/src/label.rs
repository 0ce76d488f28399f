//! The Chinese terms of enum values, read from the contract so that they stand in one place.

use std::collections::HashMap;
use std::sync::LazyLock;

use junheng_proto::POOL;

use crate::fault::Violation;

/// An enum of the contract whose values carry Chinese terms.
pub trait Labelled: Copy + Into<i32> {
    /// The enum's full name, for example `junheng.identity.v1.Level`.
    const FULL_NAME: &'static str;
}

/// The Chinese term of a value, empty for one that the contract does not know.
pub fn of<E: Labelled>(value: E) -> &'static str {
    by_number(E::FULL_NAME, value.into())
}

/// The Chinese term of value `number` of the enum `full_name`.
pub fn by_number(full_name: &str, number: i32) -> &'static str {
    LABELS
        .get(full_name)
        .and_then(|labels| labels.get(&number))
        .map_or("", String::as_str)
}

/// The name of a value without its prefix, for example `CITY_REVIEW` of `STATE_CITY_REVIEW`; empty for one that the contract
/// does not know.
pub fn name_of<E: Labelled>(value: E) -> &'static str {
    NAMES
        .get(E::FULL_NAME)
        .and_then(|names| names.get(&value.into()))
        .map_or("", String::as_str)
}

/// What is wrong with `number` as a value of the enum `full_name`: zero is a field left empty, and a number that the
/// contract gives no term is no code. The remedy lists the codes.
pub fn check(field: &str, full_name: &str, number: i32) -> Option<Violation> {
    if number == 0 {
        return Some(Violation::required(field));
    }
    let labels = LABELS.get(full_name)?;
    if labels.contains_key(&number) {
        return None;
    }
    let mut codes: Vec<_> = labels
        .iter()
        .filter(|(_, label)| !label.is_empty())
        .collect();
    codes.sort();
    let codes: Vec<String> = codes
        .iter()
        .map(|(code, label)| format!("{code} {label}"))
        .collect();
    Some(Violation::invalid(
        field,
        format!("{number} is no code; one of {}", codes.join(", ")),
        format!("{number}不是有效代码,应为:{}", codes.join("、")),
    ))
}

/// The same of a value by which a list is narrowed; 0 does not narrow it.
pub fn check_filter(field: &str, full_name: &str, number: i32) -> Option<Violation> {
    (number != 0)
        .then(|| check(field, full_name, number))
        .flatten()
}

/// Names the contract's enums, so that their values can be shown in Chinese.
#[macro_export]
macro_rules! labelled {
    ($($type:ty => $name:literal),* $(,)?) => {
        $(impl $crate::label::Labelled for $type {
            const FULL_NAME: &'static str = $name;
        })*
    };
}

static LABELS: LazyLock<HashMap<String, HashMap<i32, String>>> = LazyLock::new(|| {
    let Some(option) = POOL.get_extension_by_name("junheng.options.v1.label") else {
        return HashMap::new();
    };
    POOL.all_enums()
        .map(|found| {
            let labels = found
                .values()
                .filter_map(|value| {
                    let options = value.options();
                    let label = options.get_extension(&option);
                    Some((value.number(), label.as_str()?.to_owned()))
                })
                .collect();
            (found.full_name().to_owned(), labels)
        })
        .collect()
});

/// The prefix of an enum's values is what its zero has before `UNSPECIFIED`.
static NAMES: LazyLock<HashMap<String, HashMap<i32, String>>> = LazyLock::new(|| {
    POOL.all_enums()
        .map(|found| {
            let zero = found.default_value();
            let prefix = zero.name().trim_end_matches("UNSPECIFIED").to_owned();
            let names = found
                .values()
                .map(|value| {
                    let name = value.name();
                    let short = name.strip_prefix(&prefix).unwrap_or(name);
                    (value.number(), short.to_owned())
                })
                .collect();
            (found.full_name().to_owned(), names)
        })
        .collect()
});

labelled! {
    junheng_proto::identity::v1::Level => "junheng.identity.v1.Level",
    junheng_proto::identity::v1::Duty => "junheng.identity.v1.Duty",
    junheng_proto::identity::v1::Department => "junheng.identity.v1.Department",
    junheng_proto::registration::v1::access_grant::State => "junheng.registration.v1.AccessGrant.State",
    junheng_proto::registration::v1::export::State => "junheng.registration.v1.Export.State",
    junheng_proto::registration::v1::group_recognition::State => "junheng.registration.v1.GroupRecognition.State",
    junheng_proto::education::v1::Stage => "junheng.education.v1.Stage",
    junheng_proto::registration::v1::transfer::State => "junheng.registration.v1.Transfer.State",
    junheng_proto::registration::v1::ComparisonVerdict => "junheng.registration.v1.ComparisonVerdict",
    junheng_proto::registration::v1::resident_list::State => "junheng.registration.v1.ResidentList.State",
    junheng_proto::registration::v1::resident_list::Source => "junheng.registration.v1.ResidentList.Source",
    junheng_proto::registration::v1::dropout_case::State => "junheng.registration.v1.DropoutCase.State",
    junheng_proto::registration::v1::dropout_case::Ground => "junheng.registration.v1.DropoutCase.Ground",
    junheng_proto::registration::v1::dropout_case::Reason => "junheng.registration.v1.DropoutCase.Reason",
    junheng_proto::registration::v1::dropout_notice::Kind => "junheng.registration.v1.DropoutNotice.Kind",
    junheng_proto::registration::v1::dropout_notice::State => "junheng.registration.v1.DropoutNotice.State",
    junheng_proto::registration::v1::dropout_report::State => "junheng.registration.v1.DropoutReport.State",
    junheng_proto::registration::v1::dropout_report::Kind => "junheng.registration.v1.DropoutReport.Kind",
    junheng_proto::registration::v1::duplicate_case::State => "junheng.registration.v1.DuplicateCase.State",
    junheng_proto::registration::v1::school::State => "junheng.registration.v1.School.State",
    junheng_proto::registration::v1::relief_plan::State => "junheng.registration.v1.ReliefPlan.State",
    junheng_proto::registration::v1::reorganisation::State => "junheng.registration.v1.Reorganisation.State",
    junheng_proto::inspection::v1::campaign::State => "junheng.inspection.v1.Campaign.State",
    junheng_proto::inspection::v1::school_report::State => "junheng.inspection.v1.SchoolReport.State",
    junheng_proto::registration::v1::zone_plan::State => "junheng.registration.v1.ZonePlan.State",
    junheng_proto::registration::v1::admission_plan::State => "junheng.registration.v1.AdmissionPlan.State",
    junheng_proto::registration::v1::class_draw::State => "junheng.registration.v1.ClassDraw.State",
    junheng_proto::inspection::v1::evidence_item::State => "junheng.inspection.v1.EvidenceItem.State",
    junheng_proto::registration::v1::key_change::State => "junheng.registration.v1.KeyChange.State",
    junheng_proto::registration::v1::status_change::State => "junheng.registration.v1.StatusChange.State",
    junheng_proto::registration::v1::status_change::Kind => "junheng.registration.v1.StatusChange.Kind",
    junheng_proto::registration::v1::status_proof::Kind => "junheng.registration.v1.StatusProof.Kind",
    junheng_proto::registration::v1::certificate_list::State => "junheng.registration.v1.CertificateList.State",
    junheng_proto::registration::v1::certificate::State => "junheng.registration.v1.Certificate.State",
}

#[cfg(test)]
mod tests {
    use junheng_proto::identity::v1::Level;

    #[test]
    fn a_number_without_a_term_is_refused_with_the_codes_that_are_right() {
        let check = |number| super::check("stage", "junheng.education.v1.Stage", number);
        assert_eq!(check(1), None);
        assert_eq!(check(0).unwrap().why, "is required");
        assert_eq!(
            check(9).unwrap().why,
            "9 is no code; one of 1 小学, 2 初中, 3 高中"
        );
    }

    #[test]
    fn labels_come_from_the_contract() {
        assert_eq!(super::of(Level::County), "县级");
        assert_eq!(super::of(Level::Unspecified), "");
    }

    #[test]
    fn names_come_from_the_contract_without_their_prefix() {
        use junheng_proto::inspection::v1::campaign::State;
        assert_eq!(super::name_of(State::CityReview), "CITY_REVIEW");
        assert_eq!(super::name_of(Level::County), "COUNTY");
        assert_eq!(super::name_of(Level::Unspecified), "UNSPECIFIED");
    }
}
