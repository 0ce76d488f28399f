//! Who may be listed, and what a plan may ask. Pure.

use std::collections::{BTreeSet, HashSet};
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::label;
use junheng_kernel::text::check_text;
use junheng_kernel::workflow::{Unmet, check_reason};
use junheng_proto::education::v1::{Sponsor, Stage};
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::admission_entry::{Kind, Outcome};
use junheng_proto::registration::v1::admission_plan::{Basis, Document};
use junheng_proto::registration::v1::{AdmissionPlan, AdmittedChild, AttendanceZone};
use uuid::Uuid;

use super::error::AdmissionError;
use super::workflow::{Guard, State, state_of};
use crate::attendance_zone::rules::{check_stage, span_of, zones_of};
use crate::entity::admission_entry::Model;
use crate::entity::admission_plan as plan;
use crate::school_year;
use crate::student::school_fields::{Contact, check_disability};

/// Places of a plan.
const PLACES: RangeInclusive<i32> = 1..=5_000;
/// Classes of a plan.
const CLASSES: RangeInclusive<i32> = 1..=99;

/// The limits of a class in pupils, as data has them on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassSizes {
    /// The standard size.
    pub standard: i64,
    /// From here on a class is a large class (大班额), which no plan may make.
    pub large_from: i64,
}

/// Pupils of the largest class when children are spread evenly.
pub fn largest_class(children: i64, classes: i64) -> i64 {
    if classes < 1 {
        return children;
    }
    (children + classes - 1) / classes
}

/// Judges a plan by law and by the dated rules of its county: no examination, no large class, no paper that may not be asked
/// for.
pub fn judge_plan(
    plan: &AdmissionPlan,
    school: &str,
    sizes: ClassSizes,
    documents: &BTreeSet<i32>,
) -> Result<(), AdmissionError> {
    if plan.basis == Basis::Examination as i32 {
        let school = school.to_owned();
        return Err(AdmissionError::Examination { school });
    }
    let size = largest_class(plan.place_count.into(), plan.class_count.into());
    if plan.class_count > 0 && size >= sizes.large_from {
        let most = sizes.large_from - 1;
        return Err(AdmissionError::ClassSize { size, most });
    }
    KernelError::unless_empty(check_plan(plan, sizes))?;
    let mut asked = plan.migrant_documents.iter();
    match asked.find(|document| !documents.contains(document)) {
        Some(beyond) => {
            let full_name = "junheng.registration.v1.AdmissionPlan.Document";
            let document = label::by_number(full_name, *beyond).to_owned();
            Err(AdmissionError::Document { document })
        }
        None => Ok(()),
    }
}

/// Whether children can arrive: the list is confirmed.
pub fn takes_arrivals(state: State) -> bool {
    matches!(state, State::Confirmed | State::Enrolled)
}

/// Why the place of a child cannot be given up, in English and in Chinese; `None` when it can.
pub fn not_releasable(plan: &plan::Model, entry: &Model) -> Option<(&'static str, &'static str)> {
    if !takes_arrivals(state_of(plan.state)) {
        return Some((
            "the list is not confirmed; a child leaves an open list by withdrawal",
            "名单尚未核准(登记中的名单请办理撤回)",
        ));
    }
    if entry.outcome != Outcome::Admitted as i32 {
        return Some(("the child holds no place", "该生未被录取,没有可释放的学位"));
    }
    entry.student.map(|_| {
        (
            "the child is registered; a transfer moves it",
            "该生已建籍,变更学校请办理转学",
        )
    })
}

/// The first of these children who is not among the admitted of the plan.
pub fn not_admitted(entries: &[Model], ids: &[Uuid]) -> Option<Uuid> {
    let admitted: HashSet<Uuid> = entries
        .iter()
        .filter(|entry| entry.outcome == Outcome::Admitted as i32)
        .map(|entry| entry.id)
        .collect();
    ids.iter().copied().find(|id| !admitted.contains(id))
}

/// Why a child is not recorded as arrived: it is not on the list, or holds no place.
pub fn not_coming(entries: &[Model], id: Uuid) -> KernelError {
    let name = format!("admissionEntries/{id}");
    let Some(entry) = entries.iter().find(|entry| entry.id == id) else {
        return KernelError::not_found(name);
    };
    let full_name = "junheng.registration.v1.AdmissionEntry.Outcome";
    let outcome = label::by_number(full_name, entry.outcome);
    KernelError::Fields(vec![Violation::invalid(
        "entries",
        format!("{name} is {outcome}; only who is admitted arrives"),
        format!("{name}为“{outcome}”,只有已录取的学生可以登记到校"),
    )])
}

/// Everything that is wrong with a plan as it is asked for, but for what has a reason of its own.
pub fn check_plan(plan: &AdmissionPlan, sizes: ClassSizes) -> Vec<Violation> {
    let mut wrong = Vec::from_iter(school_year::check("school_year", plan.school_year));
    wrong.extend(check_stage("stage", plan.stage));
    let full_name = "junheng.registration.v1.AdmissionPlan.Basis";
    wrong.extend(label::check("basis", full_name, plan.basis));
    if !PLACES.contains(&plan.place_count) {
        wrong.push(Violation::invalid(
            "place_count",
            "must be 1 to 5,000",
            "应为1至5000",
        ));
    }
    if !CLASSES.contains(&plan.class_count) {
        wrong.push(Violation::invalid(
            "class_count",
            "must be 1 to 99",
            "应为1至99",
        ));
    }
    for (index, document) in plan.migrant_documents.iter().enumerate() {
        let full_name = "junheng.registration.v1.AdmissionPlan.Document";
        let field = format!("migrant_documents[{index}]");
        wrong.extend(label::check(&field, full_name, *document));
    }
    let size = largest_class(plan.place_count.into(), plan.class_count.into());
    if wrong.is_empty() && size > sizes.standard {
        wrong.extend(check_reason(
            "over_standard_reason",
            &plan.over_standard_reason,
        ));
    }
    wrong
}

/// Every kind of document, with the rule of the book that tells whether it may be asked for.
#[rustfmt::skip]
pub const DOCUMENTS: [(Document, &str); 9] = [
    (Document::HouseholdRegister, "admission.document_household_register"),
    (Document::ResidencePermit,   "admission.document_residence_permit"),
    (Document::GuardianIdentity,  "admission.document_guardian_identity"),
    (Document::Housing,           "admission.document_housing"),
    (Document::Employment,        "admission.document_employment"),
    (Document::SocialInsurance,   "admission.document_social_insurance"),
    (Document::FamilyPlanning,    "admission.document_family_planning"),
    (Document::Origin,            "admission.document_origin"),
    (Document::Achievement,       "admission.document_achievement"),
];

/// What a child is judged by.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// The stage.
    pub stage: i32,
    /// The day on which the age counts: 31 August of the year of entry.
    pub age_date: NaiveDate,
    /// The age of entry in years.
    pub entry_age: i64,
    /// The highest age that needs no reason.
    pub latest_age: i64,
    /// The documents that may be asked for.
    pub documents: BTreeSet<i32>,
    /// The place numbers of the county.
    pub county: Vec<RangeInclusive<i64>>,
    /// Whether the school takes the children of its zones and no others.
    pub takes_zones: bool,
    /// The school, `schools/{id}`, and how it is called.
    pub school: (String, String),
    /// The zones that feed the school.
    pub zones: Vec<AttendanceZone>,
}

/// Whether a school takes the children of its zones and no others (就近入学, 义务教育法 12): where it admits by zone, and where it
/// draws, unless it is private. Public schools draw where several serve one zone.
pub fn takes_zones(basis: i32, sponsor: i32) -> bool {
    match Basis::try_from(basis) {
        Ok(Basis::Zone) => true,
        Ok(Basis::Draw) => sponsor != Sponsor::Private as i32,
        _ => false,
    }
}

/// The zones of a plan that feed a school.
pub fn feeding(zones: Vec<AttendanceZone>, school: &str) -> Vec<AttendanceZone> {
    let feeds = |zone: &AttendanceZone| zone.schools.iter().any(|fed| fed == school);
    zones.into_iter().filter(feeds).collect()
}

/// Everything that is wrong with a child on the list, beyond what is wrong with the person.
pub fn check_child(kind: i32, child: &AdmittedChild, conditions: &Conditions) -> Vec<Violation> {
    let full_name = "junheng.registration.v1.AdmissionEntry.Kind";
    let mut wrong = Vec::from_iter(label::check("kind", full_name, kind));
    let kind = Kind::try_from(kind).unwrap_or_default();
    wrong.extend(check_texts(child));
    wrong.extend(check_age(child, conditions));
    wrong.extend(check_hukou(kind, child, conditions));
    if kind == Kind::Migrant {
        wrong.extend(check_documents(child, conditions));
    }
    if conditions.takes_zones && kind != Kind::Policy {
        wrong.extend(check_zone(child, conditions));
    }
    wrong
}

fn check_texts(child: &AdmittedChild) -> Vec<Violation> {
    let mut wrong = Vec::new();
    if child.guardian_display_name.trim().is_empty() {
        wrong.push(Violation::required("child.guardian_display_name"));
    }
    let contact = Contact {
        guardian_display_name: &child.guardian_display_name,
        guardian_phone: &child.guardian_phone,
        residence: &child.residence,
    };
    wrong.extend(contact.check().into_iter().map(|wrong| Violation {
        field: format!("child.{}", wrong.field),
        ..wrong
    }));
    wrong.extend(check_disability("child.disability", child.disability));
    for (field, text, most) in [
        ("child.residence_area", &child.residence_area, 50),
        ("child.late_reason", &child.late_reason, 200),
    ] {
        if text.chars().count() > most {
            wrong.push(Violation::invalid(
                field,
                format!("must have at most {most} characters"),
                format!("不得超过{most}字"),
            ));
        }
        wrong.extend(check_text(field, text));
    }
    if !child.residence_place.is_empty() && span_of(&child.residence_place).is_none() {
        wrong.push(Violation::invalid(
            "child.residence_place",
            "must be a place code of 9 or 12 digits",
            "应为9或12位区划代码",
        ));
    }
    wrong
}

fn check_age(child: &AdmittedChild, conditions: &Conditions) -> Option<Violation> {
    if conditions.stage != Stage::Primary as i32 {
        return None;
    }
    let born = date_of(&child.birth_date)?;
    let date = conditions.age_date;
    let age = i64::from(date.years_since(born).unwrap_or(0));
    if age < conditions.entry_age {
        let least = conditions.entry_age;
        return Some(Violation {
            field: "child.birth_date".into(),
            reason: Reason::TooYoung,
            why: format!(
                "is {age} years on {date}; children enter at {least} (Compulsory Education Law 11)"
            ),
            why_zh: format!(
                "截至{date}为{age}周岁,未满{least}周岁,未达入学年龄(义务教育法第十一条)"
            ),
        });
    }
    let late = age > conditions.latest_age && child.disability == 0;
    (late && child.late_reason.trim().chars().count() < 2).then(|| Violation {
        field: "child.late_reason".into(),
        reason: Reason::FieldRequired,
        why: format!(
            "is required: the child is {age} and not disabled; say why it enters late, for example an approved deferral"
        ),
        why_zh: format!(
            "该儿童已满{age}周岁且非残疾,须说明超龄入学原因(如经批准的延缓入学,义务教育法第十一条)"
        ),
    })
}

fn check_hukou(kind: Kind, child: &AdmittedChild, conditions: &Conditions) -> Option<Violation> {
    let Some(span) = span_of(&child.hukou_place) else {
        return Some(Violation::invalid(
            "child.hukou_place",
            "must be a place code of 6, 9 or 12 digits",
            "应为6、9或12位区划代码",
        ));
    };
    let here = conditions
        .county
        .iter()
        .any(|county| county.contains(span.start()));
    match (kind, here) {
        (Kind::Local, false) => Some(Violation::invalid(
            "child.hukou_place",
            "lies in another county: the child is no local one; a migrant child is listed as such, by the same conditions",
            "户籍不在本县,不属户籍生;随迁子女应按随迁子女登记,条件相同",
        )),
        (Kind::Migrant, true) => Some(Violation::invalid(
            "child.hukou_place",
            "lies in this county: the child is a local one",
            "户籍在本县,属户籍生",
        )),
        _ => None,
    }
}

/// The documents asked for beyond those that may be.
pub fn check_documents(child: &AdmittedChild, conditions: &Conditions) -> Vec<Violation> {
    let allowed = |document: &&i32| !conditions.documents.contains(document);
    let beyond = child.documents.iter().filter(allowed);
    beyond
        .map(|document| {
            let full_name = "junheng.registration.v1.AdmissionPlan.Document";
            let named = label::by_number(full_name, *document);
            Violation {
                field: "child.documents".into(),
                reason: Reason::DocumentForbidden,
                why: format!(
                    "{named} may not be asked for; migrant children enter by the same conditions"
                ),
                why_zh: format!("不得要求提供{named};随迁子女同等条件入学(国发〔2016〕40号)"),
            }
        })
        .collect()
}

fn check_zone(child: &AdmittedChild, conditions: &Conditions) -> Option<Violation> {
    if child.residence_place.is_empty() && child.residence_area.trim().is_empty() {
        return Some(Violation::required("child.residence_place"));
    }
    if !child.residence_place.is_empty() && span_of(&child.residence_place).is_none() {
        // Said already.
        return None;
    }
    let (place, area) = (&child.residence_place, &child.residence_area);
    let inside = zones_of(&conditions.zones, place, area).next().is_some();
    let school = &conditions.school.1;
    (!inside).then(|| Violation {
        field: "child.residence_place".into(),
        reason: Reason::OutOfZone,
        why: format!(
            "lies in no zone that feeds {school}; LookUpZone tells which schools the place has"
        ),
        why_zh: format!("不在{school}的服务范围内,请按公布的划片方案查询对口学校"),
    })
}

/// What a step is judged by.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Children on the list.
    pub listed: i32,
    /// Places.
    pub places: i32,
    /// Where the seed comes from, empty when it is not named.
    pub seed_source: String,
    /// The seed, empty before the draw.
    pub seed: String,
    /// The last day of the notice.
    pub notice_end: Option<NaiveDate>,
    /// The first day on which children of the plan's school year arrive.
    pub first_arrival: NaiveDate,
    /// Children who arrived and are not registered.
    pub waiting: i32,
    /// Today.
    pub today: NaiveDate,
}

/// Whether a guard lets a step pass.
pub fn judge(guard: Guard, facts: &Facts) -> Result<(), Unmet> {
    let need = |holds: bool, why: &str, why_zh: &str| match holds {
        true => Ok(()),
        false => Err(Unmet::Missing(why.to_owned(), why_zh.to_owned())),
    };
    let too_many = facts.listed > facts.places;
    let drawn = !facts.seed.is_empty();
    match guard {
        Guard::SomebodyListed => need(
            facts.listed > 0,
            "nobody stands on the list",
            "名单中尚无儿童",
        ),
        Guard::SourceNamed => need(
            !too_many || !facts.seed_source.is_empty(),
            "there are more children than places: name the source of the draw's seed first",
            "报名人数超过招生计划,须先公布派位种子来源",
        ),
        Guard::DrawDue => need(
            too_many && !drawn,
            "there is nothing to draw: all have places, or the draw was made",
            "无需派位:人数未超计划或已派位",
        ),
        Guard::PlacesDecided => need(
            !too_many || drawn,
            "there are more children than places, and no draw was made",
            "报名人数超过招生计划,尚未派位",
        ),
        Guard::NoticeOver => match facts.notice_end {
            Some(end) if facts.today > end => Ok(()),
            Some(end) => Err(Unmet::NotBefore(end)),
            None => need(false, "the list was not published", "名单尚未公示"),
        },
        Guard::EntryNear => match facts.first_arrival.pred_opt() {
            Some(last) if facts.today <= last => Err(Unmet::NotBefore(last)),
            _ => Ok(()),
        },
        Guard::SomebodyArrived => need(
            facts.waiting > 0,
            "nobody has arrived who is not registered yet",
            "没有已报到而未建籍的学生",
        ),
    }
}

#[cfg(test)]
mod tests;
