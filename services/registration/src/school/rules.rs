//! What a school's entry must look like.

use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::text::check_text;
use junheng_proto::education::v1::{SchoolKind, Sponsor, Stage, UrbanRural};
use junheng_proto::registration::v1::School;

/// A kind of school, the two digits that its identification code starts with, and the stages that it runs.
pub struct KindRule {
    /// The kind (办学类型).
    pub kind: SchoolKind,
    /// The first two digits of the code (学校标识码).
    pub code_prefix: &'static str,
    /// The stages, lowest first.
    pub stages: &'static [Stage],
}

/// The kinds that compulsory education knows. Codes as the ministry's statistics forms publish them.
#[rustfmt::skip]
pub const KINDS: &[KindRule] = {
    use SchoolKind as K;
    use Stage::{Junior, Primary, Senior};
    &[
        kind(K::Primary,            "21", &[Primary]),
        kind(K::TeachingPoint,      "21", &[Primary]),
        kind(K::Junior,             "31", &[Junior]),
        kind(K::NineYear,           "31", &[Primary, Junior]),
        kind(K::VocationalJunior,   "32", &[Junior]),
        kind(K::CompleteSecondary,  "34", &[Junior, Senior]),
        kind(K::TwelveYear,         "34", &[Primary, Junior, Senior]),
        kind(K::Reform,             "37", &[Primary, Junior]),
        kind(K::Blind,              "51", &[Primary, Junior, Senior]),
        kind(K::Deaf,               "51", &[Primary, Junior, Senior]),
        kind(K::LearningDisability, "51", &[Primary, Junior, Senior]),
        kind(K::OtherSpecial,       "51", &[Primary, Junior, Senior]),
    ]
};

const fn kind(kind: SchoolKind, code_prefix: &'static str, stages: &'static [Stage]) -> KindRule {
    KindRule {
        kind,
        code_prefix,
        stages,
    }
}

/// What `UpdateSchool` changes.
pub const CHANGEABLE: &[&str] = &["urban_rural", "sponsor", "town"];

/// A field's name, its value as text, and by what it changes instead, in English and in Chinese.
pub type HeldField = (
    &'static str,
    fn(&School) -> String,
    &'static str,
    &'static str,
);

/// The fields that say which school it is: a reorganisation changes them, which is published, approved and endorsed, and keeps
/// what was.
#[rustfmt::skip]
pub const HELD_FIELDS: [HeldField; 4] = [
    ("display_name", |school| school.display_name.trim().to_owned(), "a renaming (KIND_RENAMING)",              "学校更名"),
    ("school_code",  |school| school.school_code.clone(),            "a change of kind (KIND_CHANGE_OF_KIND)", "办学类型变更"),
    ("kind",         |school| school.kind.to_string(),               "a change of kind (KIND_CHANGE_OF_KIND)", "办学类型变更"),
    ("stages",       |school| format!("{:?}", school.stages),        "a change of kind (KIND_CHANGE_OF_KIND)", "办学类型变更"),
];

/// The held fields in which `wanted` differs from `current`, each with what to do instead.
pub fn check_held(current: &School, wanted: &School) -> Vec<Violation> {
    HELD_FIELDS
        .iter()
        .filter(|(_, value, ..)| value(current) != value(wanted))
        .map(|(field, _, instead, instead_zh)| held(field, instead, instead_zh))
        .collect()
}

/// What is wrong with another name for a school that stands.
pub fn check_name_held(current: &str, wanted: &str) -> Option<Violation> {
    let (field, _, instead, instead_zh) = HELD_FIELDS[0];
    (current != wanted).then(|| held(field, instead, instead_zh))
}

fn held(field: &str, instead: &str, instead_zh: &str) -> Violation {
    Violation::invalid(
        field,
        format!("is changed by {instead}, a reorganisation"),
        format!("须按{instead_zh}程序办理,不能直接修改"),
    )
}

/// A school as it is to be registered, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The identification code.
    pub school_code: String,
    /// The full name.
    pub display_name: String,
    /// The kind.
    pub kind: i32,
    /// The urban-rural class.
    pub urban_rural: i32,
    /// The sponsor.
    pub sponsor: i32,
    /// The county's 6-digit code, known to the region table.
    pub region: String,
    /// The town's 9-digit code, or empty.
    pub town: String,
}

/// The stages that a kind runs; none for an unknown kind.
pub fn stages_of(kind: i32) -> &'static [Stage] {
    rule_of(kind).map_or(&[], |rule| rule.stages)
}

/// What is wrong with the stages that a caller names: they follow from the kind, and may be left out.
pub fn check_stages(kind: i32, named: &[i32]) -> Option<Violation> {
    let right: Vec<i32> = stages_of(kind).iter().map(|stage| *stage as i32).collect();
    if named.is_empty() || named == right {
        return None;
    }
    let labels: Vec<&str> = stages_of(kind)
        .iter()
        .map(|stage| label::of(*stage))
        .collect();
    Some(Violation::invalid(
        "stages",
        "must be those of the kind, lowest first, or be left out",
        format!("应与办学类型一致({}),或不填", labels.join("、")),
    ))
}

fn rule_of(kind: i32) -> Option<&'static KindRule> {
    KINDS.iter().find(|rule| rule.kind as i32 == kind)
}

/// Everything that is wrong with a draft.
pub fn check(draft: &Draft) -> Vec<Violation> {
    let mut wrong = Vec::new();
    check_code(draft, &mut wrong);
    let length = draft.display_name.trim().chars().count();
    if !(2..=60).contains(&length) {
        wrong.push(Violation::invalid(
            "display_name",
            "must have 2 to 60 characters",
            "应为2至60个字",
        ));
    }
    wrong.extend(check_text("display_name", &draft.display_name));
    if rule_of(draft.kind).is_none() {
        wrong.push(Violation::invalid(
            "kind",
            format!(
                "{} is no kind of school; for example 211, 311 or 312",
                draft.kind
            ),
            format!("{}不是办学类型代码,例如211、311、312", draft.kind),
        ));
    }
    if UrbanRural::try_from(draft.urban_rural).unwrap_or_default() == UrbanRural::Unspecified {
        wrong.push(Violation::invalid(
            "urban_rural",
            "is no urban-rural code; one of 111, 112, 121, 122, 123, 210, 220",
            "不是城乡分类代码,应为111、112、121、122、123、210或220",
        ));
    }
    if Sponsor::try_from(draft.sponsor).unwrap_or_default() == Sponsor::Unspecified {
        wrong.push(Violation::invalid(
            "sponsor",
            "is no sponsor code; 1 to 10",
            "不是举办者代码,应为1至10",
        ));
    }
    if !draft.town.is_empty() && !draft.town.starts_with(&draft.region) {
        wrong.push(Violation::invalid(
            "town",
            format!("{} does not lie in county {}", draft.town, draft.region),
            format!("{}不在{}内", draft.town, draft.region),
        ));
    }
    wrong
}

fn check_code(draft: &Draft, wrong: &mut Vec<Violation>) {
    let code = &draft.school_code;
    let mut refuse = |why: String, why_zh: String| {
        wrong.push(Violation::invalid("school_code", why, why_zh));
    };
    if code.len() != 10 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return refuse(
            "must be 10 digits: kind, province, serial".into(),
            "应为10位数字:类别2位、省2位、顺序号6位".into(),
        );
    }
    if let Some(rule) = rule_of(draft.kind)
        && !code.starts_with(rule.code_prefix)
    {
        refuse(
            format!("must start with {} for this kind", rule.code_prefix),
            format!("该办学类型的标识码应以{}开头", rule.code_prefix),
        );
    }
    if let Some(province) = draft.region.get(..2)
        && code.get(2..4) != Some(province)
    {
        refuse(
            format!("digits 3 and 4 must be the province, {province}"),
            format!("第3、4位应为省份代码{province}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            school_code: "2163000001".into(),
            display_name: "观门街小学".into(),
            kind: 211,
            urban_rural: 111,
            sponsor: 7,
            region: "630103".into(),
            town: "630103001".into(),
        }
    }

    fn fields(draft: &Draft) -> Vec<String> {
        check(draft).into_iter().map(|wrong| wrong.field).collect()
    }

    #[test]
    fn a_whole_entry_passes() {
        assert_eq!(check(&draft()), []);
    }

    #[test]
    fn each_wrong_field_is_named() {
        let broken = Draft {
            school_code: "3142000001".into(),
            display_name: "小".into(),
            urban_rural: 999,
            sponsor: 11,
            town: "630104001".into(),
            ..draft()
        };
        assert_eq!(
            fields(&broken),
            [
                "school_code",
                "school_code",
                "display_name",
                "urban_rural",
                "sponsor",
                "town"
            ]
        );
        assert_eq!(
            fields(&Draft {
                school_code: "21".into(),
                ..draft()
            }),
            ["school_code"]
        );
        assert_eq!(
            fields(&Draft {
                kind: 999,
                ..draft()
            }),
            ["kind"]
        );
    }

    #[test]
    fn a_name_with_a_control_character_is_refused() {
        let unstorable = Draft {
            display_name: "观门街\u{0}小学".into(),
            ..draft()
        };
        assert_eq!(fields(&unstorable), ["display_name"]);
    }

    #[test]
    fn stages_that_the_kind_does_not_run_are_refused() {
        assert_eq!(check_stages(312, &[]), None);
        assert_eq!(check_stages(312, &[1, 2]), None);
        for wrong in [&[2, 1][..], &[1], &[1, 2, 3], &[99]] {
            assert!(check_stages(312, wrong).is_some(), "{wrong:?}");
        }
    }

    #[test]
    fn every_kind_of_the_contract_has_a_rule() {
        for code in 1..1_000 {
            if SchoolKind::try_from(code).is_ok() {
                assert!(!stages_of(code).is_empty(), "{code}");
            }
        }
    }
}
