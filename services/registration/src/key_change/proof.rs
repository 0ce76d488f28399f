//! Which documents prove which key field, by dated rules (教基一〔2013〕7号: 户籍证明). Pure.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::label;
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::workflow::v1::Evidence;

use super::error::KeyChangeError;
use super::fields::Asked;
use crate::rule_book::{RegionPath, RuleBook};

/// The kinds of evidence.
const KINDS: &str = "junheng.workflow.v1.Evidence.Kind";

/// Who holds one of these is in no household register: the document itself proves what stands in it.
const FOREIGN: &[IdentityType] = &[
    IdentityType::Passport,
    IdentityType::HongKongMacaoPermit,
    IdentityType::TaiwanPermit,
    IdentityType::ResidencePermit,
    IdentityType::ForeignerCard,
    IdentityType::HongKongPassport,
    IdentityType::MacaoPassport,
];

/// Cards of military service.
const SERVICE: &[IdentityType] = &[
    IdentityType::OfficerCard,
    IdentityType::SoldierCard,
    IdentityType::CivilCadreCard,
    IdentityType::RetiredCard,
];

/// The rule with the kinds that prove a field of who holds this document after the change.
fn rule_of(field: &str, document: IdentityType) -> &'static str {
    let of_document = ["identity_type", "identity_number"].contains(&field);
    match document {
        document if FOREIGN.contains(&document) => "key_change.proof_of_foreigner",
        document if SERVICE.contains(&document) && of_document => "key_change.proof_of_service",
        IdentityType::None | IdentityType::Other => "key_change.proof_without_register",
        _ => match field {
            "display_name" => "key_change.proof_of_name",
            "sex" => "key_change.proof_of_sex",
            "birth_date" => "key_change.proof_of_birth_date",
            "ethnicity" => "key_change.proof_of_ethnicity",
            _ => "key_change.proof_of_document",
        },
    }
}

/// Refuses a change of which a field is not proved by any piece of evidence.
pub(super) fn check(
    asked: &Asked,
    evidence: &[Evidence],
    path: &RegionPath,
    today: NaiveDate,
) -> Result<(), KeyChangeError> {
    let document = IdentityType::try_from(asked.after.identity_type).unwrap_or_default();
    for change in asked.changes() {
        let kinds = RuleBook::builtin()?.list(rule_of(&change.field, document), path, today)?;
        let proves = |piece: &Evidence| piece.kind != 0 && kinds.contains(&piece.kind.into());
        if !evidence.iter().any(proves) {
            return Err(missing(&change.field, &change.field_label, kinds)?);
        }
    }
    Ok(())
}

fn missing(field: &str, term: &str, kinds: &[i64]) -> Result<KeyChangeError, KernelError> {
    let labels: Vec<&str> = kinds
        .iter()
        .filter_map(|kind| i32::try_from(*kind).ok())
        .map(|kind| label::by_number(KINDS, kind))
        .collect();
    if labels.is_empty() {
        return Err(KernelError::Stored(format!("no document proves {field}")));
    }
    let labels = labels.join("、");
    Ok(KeyChangeError::ProofMissing {
        missing: format!("a document that proves {field}: {labels}"),
        missing_zh: format!("{term}的证明材料:{labels}"),
    })
}

#[cfg(test)]
mod tests {
    use junheng_kernel::fault::Fault as _;
    use junheng_proto::workflow::v1::evidence::Kind;

    use super::*;

    fn judged(change: impl Fn(&mut Asked), kind: Kind) -> Option<String> {
        let mut asked = Asked::default();
        asked.before.identity_type = IdentityType::ResidentCard as i32;
        asked.after.identity_type = IdentityType::ResidentCard as i32;
        change(&mut asked);
        let piece = Evidence {
            title: "户口簿、户籍证明".into(),
            digest: "ab".repeat(32),
            kind: kind.into(),
        };
        let today = "2026-11-22".parse().unwrap();
        let answer = check(&asked, &[piece], &RegionPath::nation(), today);
        answer.err().map(|error| {
            let told = error.metadata();
            let told = told.iter().find(|(key, _)| *key == "missing_zh");
            told.unwrap().1.clone()
        })
    }

    fn renamed(asked: &mut Asked) {
        asked.after.display_name = "张四".into();
    }

    #[test]
    fn the_kind_proves_a_field_and_the_title_does_not() {
        for kind in [Kind::HouseholdRegister, Kind::PoliceCertificate] {
            assert_eq!(judged(renamed, kind), None);
        }
        for kind in [
            Kind::Unspecified,
            Kind::MedicalCertificate,
            Kind::GuardianStatement,
        ] {
            let told = judged(renamed, kind).unwrap();
            assert_eq!(told, "姓名的证明材料:居民户口簿、公安机关户籍证明");
        }
    }

    #[test]
    fn who_is_in_no_register_proves_with_the_document_held() {
        let foreign = |asked: &mut Asked| {
            asked.after.identity_type = IdentityType::Passport as i32;
            asked.after.identity_number = "E12345678".into();
        };
        assert_eq!(judged(foreign, Kind::TravelDocument), None);
        assert!(judged(foreign, Kind::HouseholdRegister).is_some());
        let without = |asked: &mut Asked| {
            asked.after.identity_type = IdentityType::None as i32;
            asked.after.birth_date = "2014-03-15".into();
        };
        assert_eq!(judged(without, Kind::BirthCertificate), None);
        let officer =
            |asked: &mut Asked| asked.after.identity_type = IdentityType::OfficerCard as i32;
        assert_eq!(judged(officer, Kind::MilitaryCard), None);
        assert!(judged(officer, Kind::ResidentCard).is_some());
    }

    #[test]
    fn every_field_has_its_proof_whoever_holds_what() {
        let today = "2026-11-22".parse().unwrap();
        for document in (1..=15).filter_map(|number| IdentityType::try_from(number).ok()) {
            for field in [
                "display_name",
                "identity_type",
                "identity_number",
                "sex",
                "birth_date",
                "ethnicity",
            ] {
                let rule = rule_of(field, document);
                let book = RuleBook::builtin().unwrap();
                let kinds = book.list(rule, &RegionPath::nation(), today).unwrap();
                let known = |kind: &i64| Kind::try_from(i32::try_from(*kind).unwrap()).is_ok();
                assert!(!kinds.is_empty() && kinds.iter().all(known), "{rule}");
            }
        }
    }
}
