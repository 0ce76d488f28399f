//! What a recognition must say, and which flags follow: pure.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::post::Level;
use junheng_kernel::workflow::{Unmet, check_evidence};
use junheng_proto::registration::v1::GroupRecognition;
use junheng_proto::registration::v1::group_recognition::Group;
use junheng_proto::registration::v1::student::Disability;
use junheng_proto::workflow::v1::Evidence;

use super::groups::{Flag, GROUPS, known};
use super::workflow::Guard;
use crate::approval;
use crate::entity::{group_recognition, student};
use crate::rule_book::{RegionPath, RuleBook};

/// What a guard judges by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// The number of the group.
    pub(crate) kind: i32,
    /// The last day, or empty.
    pub(crate) valid_until: &'a str,
    /// The level of who takes the step.
    pub(crate) level: Level,
    /// The step's note.
    pub(crate) note: &'a str,
    /// Today.
    pub(crate) today: NaiveDate,
}

/// Whether a guard lets a step pass.
pub(crate) fn judge(guard: Guard, facts: &Facts<'_>) -> Result<(), Unmet> {
    match guard {
        Guard::ReasonGiven => approval::reason_given(facts.note),
        Guard::CountyWhereMoney => {
            let money = known(facts.kind).is_none_or(|known| known.gives_money);
            if money && facts.level == Level::School {
                return Err(Unmet::Missing(
                    "the county confirms what gives money (教财〔2018〕16号)".into(),
                    "涉及资助待遇的认定由县级教育部门确认(教财〔2018〕16号)".into(),
                ));
            }
            Ok(())
        }
        Guard::TimeOver => {
            let last: Option<NaiveDate> = facts.valid_until.parse().ok();
            match last {
                Some(last) if last < facts.today => Ok(()),
                Some(last) => Err(Unmet::NotBefore(last)),
                None => Err(Unmet::Missing(
                    "the recognition has no last day".into(),
                    "该认定未设截止日期".into(),
                )),
            }
        }
    }
}

/// Everything that is wrong with a recognition as it is filed.
pub(crate) fn check(given: &GroupRecognition, today: NaiveDate) -> Vec<Violation> {
    let at = |field: &str| format!("group_recognition.{field}");
    let name = |short: &str| format!("junheng.registration.v1.{short}");
    let mut wrong = Vec::new();
    wrong.extend(label::check(
        &at("group"),
        &name("GroupRecognition.Group"),
        given.group,
    ));
    wrong.extend(check_evidence(&at("evidence"), &given.evidence));
    if given.evidence.is_empty() {
        wrong.push(Violation::required(&at("evidence")));
    }
    wrong.extend(check_days(given, today));
    let is = |group: Group| given.group == group as i32;
    let levels = name("GroupRecognition.HardshipLevel");
    wrong.extend(only_of(
        &at("hardship_level"),
        is(Group::Hardship),
        given.hardship_level,
        &levels,
    ));
    let disabled = is(Group::Disability);
    let kinds = name("Student.Disability");
    wrong.extend(only_of(
        &at("disability"),
        disabled,
        given.disability,
        &kinds,
    ));
    let grades = if disabled { 1..=4 } else { 0..=0 };
    if !grades.contains(&given.disability_grade) {
        wrong.push(Violation::invalid(
            &at("disability_grade"),
            "must be 1 to 4 for a disability, else 0",
            "残疾等级应为1至4级,其他群体不填",
        ));
    }
    if given.placement != 0 {
        let full_name = name("Student.Placement");
        wrong.extend(label::check(&at("placement"), &full_name, given.placement));
    }
    if !disabled && (given.placement != 0 || !given.certificate_number.is_empty()) {
        wrong.push(Violation::invalid(
            &at("placement"),
            "placement and certificate belong to a disability",
            "就读方式与残疾人证号仅用于残疾认定",
        ));
    }
    if disabled && !given.certificate_number.is_empty() {
        wrong.extend(
            check_certificate(given)
                .map(|why| Violation::invalid(&at("certificate_number"), why.0, why.1)),
        );
    }
    wrong
}

/// What is wrong with a recognition for this child: no piece of evidence is of a kind that proves the group by the dated rules,
/// or it begins before the child was born.
pub(crate) fn check_for(
    given: &GroupRecognition,
    birth_date: &str,
    path: &RegionPath,
    today: NaiveDate,
) -> Result<Vec<Violation>, KernelError> {
    let mut wrong = Vec::new();
    let Some(known) = known(given.group) else {
        return Ok(wrong);
    };
    let kinds = RuleBook::builtin()?.list(known.proofs, path, today)?;
    let proves = |piece: &Evidence| piece.kind != 0 && kinds.contains(&piece.kind.into());
    if !given.evidence.iter().any(proves) {
        let labels: Vec<&str> = kinds
            .iter()
            .filter_map(|kind| i32::try_from(*kind).ok())
            .map(|kind| label::by_number("junheng.workflow.v1.Evidence.Kind", kind))
            .collect();
        let full_name = "junheng.registration.v1.GroupRecognition.Group";
        let group = label::by_number(full_name, given.group);
        let labels = labels.join("、");
        wrong.push(Violation::invalid(
            "group_recognition.evidence",
            format!("needs a document that proves {group}, by its kind one of {labels}"),
            format!("缺少{group}的证明材料,材料类别应为{labels}之一"),
        ));
    }
    // Both are written YYYY-MM-DD.
    if given.valid_from.as_str() < birth_date {
        wrong.push(Violation::invalid(
            "group_recognition.valid_from",
            format!("must not lie before the child's birth, {birth_date}"),
            format!("不得早于学生出生日期{birth_date}"),
        ));
    }
    Ok(wrong)
}

fn check_days(given: &GroupRecognition, today: NaiveDate) -> Vec<Violation> {
    let from = approval::day_of("group_recognition.valid_from", &given.valid_from);
    let mut wrong: Vec<Violation> = from.clone().err().into_iter().collect();
    if from.as_ref().is_ok_and(|from| *from > today) {
        wrong.push(Violation::invalid(
            "group_recognition.valid_from",
            "must not lie after today",
            "不得晚于今日",
        ));
    }
    if given.valid_until.is_empty() {
        return wrong;
    }
    match approval::day_of("group_recognition.valid_until", &given.valid_until) {
        Err(misshapen) => wrong.push(misshapen),
        Ok(until) if until < today || from.as_ref().is_ok_and(|from| until < *from) => {
            wrong.push(Violation::invalid(
                "group_recognition.valid_until",
                "must not lie before today or before the first day",
                "不得早于今日和起始日",
            ));
        }
        Ok(_) => {}
    }
    wrong
}

/// A value that one group requires and the others must not have.
fn only_of(field: &str, required: bool, number: i32, full_name: &str) -> Option<Violation> {
    match (required, number) {
        (true, _) => label::check(field, full_name, number),
        (false, 0) => None,
        (false, _) => Some(Violation::invalid(
            field,
            "does not belong to this group",
            "与所选群体不符",
        )),
    }
}

/// A certificate's number is the identity number, a digit of kind and a digit of grade, and two characters more where it was
/// issued again (残疾人证编号规则 R+).
fn check_certificate(given: &GroupRecognition) -> Option<(String, String)> {
    let number = given.certificate_number.as_str();
    let shape =
        [20, 22].contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !shape {
        return Some((
            "must have 20 or 22 letters and digits".into(),
            "应为20位或22位".into(),
        ));
    }
    let kind = match &number[18..19] {
        "1" => Disability::Visual,
        "2" => Disability::Hearing,
        "5" => Disability::Intellectual,
        "3" | "4" | "6" | "7" => Disability::Other,
        _ => Disability::Unspecified,
    };
    let grade: i32 = number[19..20].parse().unwrap_or(0);
    if kind as i32 == given.disability && grade == given.disability_grade {
        return None;
    }
    Some((
        "says another kind or grade of disability: characters 19 and 20".into(),
        "第19、20位与所填残疾类别或等级不符".into(),
    ))
}

/// The student's record when a recognition comes into force.
pub(crate) fn with(student: &student::Model, proven: &group_recognition::Model) -> student::Model {
    let mut after = student.clone();
    let Some(known) = known(proven.kind) else {
        return after;
    };
    match known.flag {
        Flag::Migrant => after.migrant = true,
        Flag::LeftBehind => after.left_behind = true,
        Flag::Boarder => after.boarder = true,
        Flag::Hardship => after.hardship = true,
        Flag::Disability => {
            after.disability = proven.disability;
            if proven.placement != 0 {
                after.placement = proven.placement;
            }
        }
    }
    after
}

/// The record when a recognition ends; `standing` are the groups that are still recognised.
pub(crate) fn without(student: &student::Model, ended: i32, standing: &[i32]) -> student::Model {
    let mut after = student.clone();
    let Some(ended) = known(ended) else {
        return after;
    };
    let still = standing
        .iter()
        .filter_map(|number| known(*number))
        .any(|known| known.flag == ended.flag);
    if !still {
        ended.flag.clear(&mut after);
    }
    after
}

/// The groups that a record states and no recognition proves: the first group of each flag stands for it.
pub(crate) fn unproven(student: &student::Model, recognised: &[i32]) -> Vec<i32> {
    let proven = |flag: Flag| {
        let of_flag = GROUPS.iter().filter(|known| known.flag == flag);
        of_flag
            .map(|known| known.group as i32)
            .any(|group| recognised.contains(&group))
    };
    let mut told: Vec<Flag> = Vec::new();
    let mut groups = Vec::new();
    for known in &GROUPS {
        let open = known.flag.is_set(student) && !proven(known.flag);
        if open && !told.contains(&known.flag) {
            told.push(known.flag);
            groups.push(known.group as i32);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_proto::registration::v1::group_recognition::HardshipLevel;
    use junheng_proto::workflow::v1::evidence::Kind;

    fn given(group: Group) -> GroupRecognition {
        GroupRecognition {
            group: group as i32,
            evidence: vec![Evidence {
                title: "低保证".into(),
                digest: "ab".repeat(32),
                ..Evidence::default()
            }],
            valid_from: "2026-03-01".into(),
            ..GroupRecognition::default()
        }
    }

    fn wrong(given: &GroupRecognition) -> Vec<String> {
        let found = check(given, "2026-03-01".parse().unwrap()).into_iter();
        found
            .map(|wrong| wrong.field.replace("group_recognition.", ""))
            .collect()
    }

    fn disabled() -> GroupRecognition {
        GroupRecognition {
            disability: Disability::Visual as i32,
            disability_grade: 2,
            certificate_number: "62042220140315001912".into(),
            ..given(Group::Disability)
        }
    }

    #[test]
    fn each_group_says_what_belongs_to_it_and_proves_it() {
        for group in [
            Group::Migrant,
            Group::LeftBehind,
            Group::Boarder,
            Group::Orphan,
        ] {
            assert!(wrong(&given(group)).is_empty(), "{group:?}");
        }
        assert_eq!(wrong(&given(Group::Hardship)), ["hardship_level"]);
        let mut hard = given(Group::Hardship);
        hard.hardship_level = HardshipLevel::Special as i32;
        assert!(wrong(&hard).is_empty());
        hard.evidence.clear();
        assert_eq!(wrong(&hard), ["evidence"]);
        assert_eq!(
            wrong(&given(Group::Disability)),
            ["disability", "disability_grade"]
        );
        assert!(wrong(&disabled()).is_empty());
        let mut migrant = given(Group::Migrant);
        migrant.hardship_level = 1;
        migrant.disability_grade = 1;
        migrant.certificate_number = "1".into();
        assert_eq!(
            wrong(&migrant),
            ["hardship_level", "disability_grade", "placement"]
        );
    }

    #[test]
    fn a_group_is_proved_by_documents_of_its_kinds_and_not_before_the_child_was_born() {
        let today = "2026-03-01".parse().unwrap();
        let judged = |group: Group, kind: Kind, born: &str| -> Vec<String> {
            let mut one = given(group);
            one.evidence[0].kind = kind as i32;
            let found = check_for(&one, born, &RegionPath::nation(), today).unwrap();
            found.into_iter().map(|wrong| wrong.field).collect()
        };
        let evidence = ["group_recognition.evidence"];
        for (group, right, wrong) in [
            (
                Group::Migrant,
                Kind::ResidencePermit,
                Kind::MedicalCertificate,
            ),
            (
                Group::LeftBehind,
                Kind::GuardianStatement,
                Kind::DisabilityCard,
            ),
            (
                Group::Disability,
                Kind::DisabilityCard,
                Kind::CivilAffairsCertificate,
            ),
            (
                Group::Boarder,
                Kind::SchoolRecord,
                Kind::CivilAffairsCertificate,
            ),
            (
                Group::Hardship,
                Kind::CivilAffairsCertificate,
                Kind::BirthCertificate,
            ),
            (
                Group::Orphan,
                Kind::CivilAffairsCertificate,
                Kind::GuardianStatement,
            ),
            (
                Group::DeFactoUnraised,
                Kind::OfficialRecord,
                Kind::SchoolRecord,
            ),
        ] {
            assert!(judged(group, right, "2014-03-15").is_empty(), "{group:?}");
            assert_eq!(judged(group, wrong, "2014-03-15"), evidence, "{group:?}");
            assert_eq!(judged(group, Kind::Unspecified, "2014-03-15"), evidence);
        }
        let early = judged(Group::Migrant, Kind::ResidencePermit, "2026-03-02");
        assert_eq!(early, ["group_recognition.valid_from"]);
    }

    #[test]
    fn a_certificate_says_the_same_kind_and_grade() {
        for (number, right) in [
            ("62042220140315001912", true),
            ("62042220140315001912B1", true),
            ("62042220140315001913", false),
            ("62042220140315001922", false),
            ("6204222014031500191", false),
        ] {
            let mut one = disabled();
            one.certificate_number = number.into();
            assert_eq!(wrong(&one).is_empty(), right, "{number}");
        }
    }

    #[test]
    fn a_recognition_has_begun_and_not_ended() {
        for (from, until, right) in [
            ("2026-03-01", "", true),
            ("2025-09-01", "2026-03-01", true),
            ("2026-03-02", "", false),
            ("2025-09-01", "2026-02-28", false),
            ("", "", false),
        ] {
            let mut one = given(Group::Migrant);
            (one.valid_from, one.valid_until) = (from.into(), until.into());
            assert_eq!(wrong(&one).is_empty(), right, "{from} to {until}");
        }
    }

    #[test]
    fn money_is_the_countys_to_confirm() {
        let judged = |group: Group, level| {
            let facts = Facts {
                kind: group as i32,
                valid_until: "2026-03-01",
                level,
                note: "",
                today: "2026-03-02".parse().unwrap(),
            };
            assert!(judge(Guard::TimeOver, &facts).is_ok());
            let yet = Facts {
                today: "2026-03-01".parse().unwrap(),
                ..facts
            };
            assert!(matches!(
                judge(Guard::TimeOver, &yet),
                Err(Unmet::NotBefore(_))
            ));
            judge(Guard::CountyWhereMoney, &facts).is_ok()
        };
        for known in &GROUPS {
            assert!(judged(known.group, Level::County));
            assert_eq!(judged(known.group, Level::School), !known.gives_money);
        }
    }
}
