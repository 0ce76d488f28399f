use junheng_kernel::region::RegionTable;
use junheng_proto::POOL;

use super::*;
use crate::rule_book::{RegionPath, RuleBook};

fn child(birth_date: &str) -> AdmittedChild {
    AdmittedChild {
        birth_date: birth_date.into(),
        hukou_place: "420106001".into(),
        residence_place: "420106001002".into(),
        guardian_display_name: "苗大".into(),
        ..AdmittedChild::default()
    }
}

fn conditions() -> Conditions {
    let zone = AttendanceZone {
        number: 1,
        places: vec!["420106001".into()],
        areas: vec!["翠园小区".into()],
        schools: vec!["schools/a".into()],
        ..AttendanceZone::default()
    };
    Conditions {
        stage: 1,
        age_date: "2026-08-31".parse().unwrap(),
        entry_age: 6,
        latest_age: 7,
        documents: [1, 2].into(),
        county: vec![420_106_000_000..=420_106_999_999],
        takes_zones: true,
        school: ("schools/a".into(), "甲小学".into()),
        zones: feeding(vec![zone], "schools/a"),
    }
}

fn reasons(kind: Kind, child: &AdmittedChild) -> Vec<Reason> {
    let wrong = check_child(kind as i32, child, &conditions());
    wrong.into_iter().map(|wrong| wrong.reason).collect()
}

#[test]
fn a_public_school_takes_the_children_of_its_zones_also_where_it_draws() {
    use junheng_proto::education::v1::Sponsor::{CountyEducation, Private};
    for (basis, sponsor, takes) in [
        (Basis::Zone, CountyEducation, true),
        (Basis::Zone, Private, true),
        (Basis::Draw, CountyEducation, true),
        (Basis::Draw, Private, false),
        (Basis::Assigned, CountyEducation, false),
    ] {
        let found = takes_zones(basis as i32, sponsor as i32);
        assert_eq!(found, takes, "{basis:?} {sponsor:?}");
    }
}

#[test]
fn a_child_enters_at_six_on_the_last_day_of_august() {
    assert_eq!(reasons(Kind::Local, &child("2020-08-31")), []);
    assert_eq!(
        reasons(Kind::Local, &child("2020-09-01")),
        [Reason::TooYoung]
    );
    let mut junior = conditions();
    junior.stage = 2;
    assert!(check_child(1, &child("2020-09-01"), &junior).is_empty());
}

#[test]
fn who_enters_late_says_why_unless_disabled() {
    assert_eq!(reasons(Kind::Local, &child("2018-09-01")), [], "seven");
    let late = child("2018-08-31");
    assert_eq!(reasons(Kind::Local, &late), [Reason::FieldRequired]);
    let disabled = AdmittedChild {
        disability: 2,
        ..late.clone()
    };
    assert_eq!(reasons(Kind::Local, &disabled), []);
    let deferred = AdmittedChild {
        late_reason: "经批准延缓入学".into(),
        ..late
    };
    assert_eq!(reasons(Kind::Local, &deferred), []);
}

#[test]
fn a_migrant_child_enters_by_the_same_conditions_and_shows_no_more_than_the_list_has() {
    let mut migrant = child("2020-01-01");
    migrant.hukou_place = "500101".into();
    migrant.documents = vec![1, 2];
    assert_eq!(reasons(Kind::Migrant, &migrant), []);
    assert_eq!(reasons(Kind::Local, &migrant), [Reason::FieldInvalid]);
    migrant.documents.push(Document::SocialInsurance as i32);
    assert_eq!(
        reasons(Kind::Migrant, &migrant),
        [Reason::DocumentForbidden]
    );
    migrant.documents.clear();
    migrant.residence_place = "420106002".into();
    assert_eq!(reasons(Kind::Migrant, &migrant), [Reason::OutOfZone]);
}

#[test]
fn the_zone_counts_and_law_may_go_beyond_it() {
    let mut outside = child("2020-01-01");
    outside.residence_place = "420106002".into();
    assert_eq!(reasons(Kind::Local, &outside), [Reason::OutOfZone]);
    assert_eq!(reasons(Kind::Policy, &outside), []);
    outside.residence_place.clear();
    outside.residence_area = "翠园小区".into();
    assert_eq!(reasons(Kind::Local, &outside), []);
    outside.residence_area.clear();
    assert_eq!(reasons(Kind::Local, &outside), [Reason::FieldRequired]);
}

#[test]
fn classes_are_of_the_standard_size_or_somebody_says_why() {
    let sizes = ClassSizes {
        standard: 45,
        large_from: 56,
    };
    let plan = |places, reason: &str| AdmissionPlan {
        school_year: 2026,
        stage: 1,
        basis: Basis::Assigned as i32,
        place_count: places,
        class_count: 2,
        over_standard_reason: reason.into(),
        ..AdmissionPlan::default()
    };
    let fields = |plan| -> Vec<String> {
        let wrong = check_plan(&plan, sizes);
        wrong.into_iter().map(|wrong| wrong.field).collect()
    };
    assert_eq!(fields(plan(90, "")), Vec::<String>::new());
    assert_eq!(fields(plan(91, "")), ["over_standard_reason"]);
    assert_eq!(fields(plan(91, "新校舍明年投用")), Vec::<String>::new());
    assert_eq!(largest_class(111, 2), 56);
    assert_eq!(largest_class(110, 2), 55);
}

#[test]
fn more_children_than_places_need_a_named_source_and_a_draw() {
    let facts = |listed, source: &str, seed: &str| Facts {
        listed,
        places: 2,
        seed_source: source.into(),
        seed: seed.into(),
        notice_end: None,
        first_arrival: "2026-07-01".parse().unwrap(),
        waiting: 0,
        today: "2026-07-01".parse().unwrap(),
    };
    assert!(judge(Guard::SomebodyListed, &facts(0, "", "")).is_err());
    assert!(judge(Guard::EntryNear, &facts(1, "", "")).is_ok());
    let early = Facts {
        today: "2026-06-30".parse().unwrap(),
        ..facts(1, "", "")
    };
    assert_eq!(
        judge(Guard::EntryNear, &early),
        Err(Unmet::NotBefore(early.today))
    );
    assert!(judge(Guard::SourceNamed, &facts(2, "", "")).is_ok());
    assert!(judge(Guard::SourceNamed, &facts(3, "", "")).is_err());
    assert!(judge(Guard::PlacesDecided, &facts(3, "s", "")).is_err());
    assert!(judge(Guard::DrawDue, &facts(3, "s", "")).is_ok());
    assert!(judge(Guard::DrawDue, &facts(3, "s", "seed")).is_err());
    assert!(judge(Guard::PlacesDecided, &facts(3, "s", "seed")).is_ok());
}

#[test]
fn no_plan_examines_makes_a_large_class_or_asks_for_a_paper_that_is_not_on_the_list() {
    let sizes = ClassSizes {
        standard: 45,
        large_from: 56,
    };
    let judged = |plan: AdmissionPlan| {
        let documents = BTreeSet::from([Document::HouseholdRegister as i32]);
        judge_plan(&plan, "第一小学", sizes, &documents)
    };
    let plan = AdmissionPlan {
        school_year: 2026,
        stage: 1,
        basis: Basis::Assigned as i32,
        place_count: 90,
        class_count: 2,
        migrant_documents: vec![Document::HouseholdRegister as i32],
        ..AdmissionPlan::default()
    };
    assert!(judged(plan.clone()).is_ok());
    let examines = AdmissionPlan {
        basis: Basis::Examination as i32,
        ..plan.clone()
    };
    let refused = judged(examines);
    assert!(matches!(refused, Err(AdmissionError::Examination { .. })));
    let large = AdmissionPlan {
        place_count: 111,
        ..plan.clone()
    };
    let refused = judged(large);
    assert!(matches!(
        refused,
        Err(AdmissionError::ClassSize { size: 56, most: 55 })
    ));
    let curious = AdmissionPlan {
        migrant_documents: vec![Document::SocialInsurance as i32],
        ..plan
    };
    assert!(matches!(
        judged(curious),
        Err(AdmissionError::Document { .. })
    ));
}

#[test]
fn children_arrive_when_the_list_is_confirmed() {
    let takes = [State::Confirmed, State::Enrolled];
    for state in [
        State::Draft,
        State::Closed,
        State::Published,
        State::Confirmed,
        State::Enrolled,
    ] {
        assert_eq!(takes_arrivals(state), takes.contains(&state), "{state:?}");
    }
}

#[test]
fn every_kind_of_document_has_its_rule_in_the_book() {
    let kinds = POOL.get_enum_by_name("junheng.registration.v1.AdmissionPlan.Document");
    let kinds = kinds.unwrap();
    let known = kinds.values().map(|kind| kind.number());
    let known: Vec<i32> = known.filter(|number| *number != 0).collect();
    assert_eq!(DOCUMENTS.map(|(kind, _)| kind as i32)[..], known[..]);
    let (book, path) = (
        RuleBook::builtin().unwrap(),
        RegionPath::of(&RegionTable::builtin(), "630103"),
    );
    for (_, rule) in DOCUMENTS {
        assert!(
            book.rule(rule, &path, conditions().age_date).is_ok(),
            "{rule}"
        );
    }
}
