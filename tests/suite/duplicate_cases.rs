//! Double registration 双重学籍: one child, one record, one case, and how it is settled.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::create_student_response::Outcome as Answer;
use junheng_proto::registration::v1::duplicate_case::{Outcome, State};
use junheng_proto::registration::v1::duplicate_claim::Verdict;
use junheng_proto::registration::v1::{
    DuplicateCase, GetDuplicateCaseRequest, GetStudentRequest, ListDuplicateCasesRequest,
    SchoolClass, SettleDuplicateRequest, Student,
};
use junheng_proto::workflow::v1::StepRequest;
use junheng_tests::person::{Person, child};
use junheng_tests::pupils::{claim, proof, register, registration, school_with_class};
use junheng_tests::refusal::{Refused, answered, refused};
use junheng_tests::rolls::{header, import_students, student_row};
use junheng_tests::world::PROVINCE;
use junheng_tests::{County, Officer, School, Story, World, request_id, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a child whom six schools register sixty times at once has one record and one case", |world| Box::pin(raced(world))),
    story("within one county its approver settles a double registration by evidence", |world| Box::pin(one_county(world))),
    story("between two counties one proposes and the other agrees and the record moves", |world| Box::pin(two_counties(world))),
    story("when two counties of a city disagree the city decides and nobody else", |world| Box::pin(disputed(world))),
    story("when three counties are concerned the level above all of them decides at once", |world| Box::pin(three_counties(world))),
    story("an overdue double registration is listed and climbs to the level above", |world| Box::pin(overdue(world))),
    story("a file that registers a child of another school opens a case and says which", |world| Box::pin(imported(world))),
    story("a school learns of another claimant only that it claims", |world| Box::pin(discreet(world))),
];

/// How often each school tries.
const TRIES: usize = 10;

/// A child with a record, and a second school's claim.
struct Ground {
    standing: School,
    pupil: Person,
    student: Student,
    claimant: School,
    class: SchoolClass,
    case: DuplicateCase,
}

async fn ground(standing_in: &County, claimed_in: &County) -> Ground {
    let (standing, old_class) = school_with_class(standing_in, 2).await;
    let (claimant, class) = school_with_class(claimed_in, 2).await;
    let pupil = child();
    let student = register(&standing_in.clerk, &old_class, &pupil).await;
    let case = claim(&claimed_in.clerk, &class, &pupil).await;
    assert_eq!(case.state(), State::Opened);
    assert_eq!(case.student, student.name);
    Ground {
        standing,
        pupil,
        student,
        claimant,
        class,
        case,
    }
}

async fn raced(world: &World) {
    let shared = County::shared(world).await;
    let other = County::fresh(world).await;
    let pupil = child();
    let mut seats = Vec::new();
    for county in [&shared, &other] {
        for _ in 0..3 {
            let (school, class) = school_with_class(county, 2).await;
            seats.push((county.clerk.clone(), school, class));
        }
    }
    let tries = (0..TRIES)
        .flat_map(|_| &seats)
        .map(|(clerk, school, class)| {
            let request = registration(&school.name, class, &pupil);
            let mut students = clerk.students();
            async move { students.create_student(request).await }
        });
    let answers: Vec<_> = futures_util::stream::iter(tries)
        .buffer_unordered(TRIES * 6)
        .collect()
        .await;
    let (mut records, mut cases, mut own) = (Vec::new(), BTreeSet::new(), 0);
    for answer in answers {
        match answer.map(|answer| answer.into_inner().outcome) {
            Ok(Some(Answer::Student(student))) => records.push(student),
            Ok(Some(Answer::DuplicateCase(case))) => {
                cases.insert(case.name);
            }
            Ok(None) => panic!("an answer without outcome"),
            Err(status) => {
                assert_eq!(Refused::read(&status).reason, "PERSON_REGISTERED");
                own += 1;
            }
        }
    }
    assert_eq!(records.len(), 1, "one record");
    assert_eq!(cases.len(), 1, "one case: {cases:?}");
    assert_eq!(
        own,
        TRIES - 1,
        "the school that won is told that it has the child"
    );
    let province = world.sign_in("province.approver", PROVINCE).await;
    let case = get(&province, cases.first().expect("a case")).await;
    let claiming: BTreeSet<&str> = case.claims.iter().map(|one| one.school.as_str()).collect();
    assert_eq!(
        (claiming.len(), case.claims.len()),
        (5, 5),
        "a claim of each other school"
    );
    assert!(!claiming.contains(records[0].school.as_str()));
    assert_eq!(case.student, records[0].name);
}

async fn one_county(world: &World) {
    let county = County::shared(world).await;
    let home = &county.place.county;
    let ground = ground(&county, &county).await;
    let approver = world.sign_in("county.approver", home).await;
    let awaited = ground.case.awaited.clone().expect("the county is awaited");
    assert_eq!(
        (awaited.step.as_str(), &awaited.organisation),
        ("SettleDuplicateCase", home)
    );
    // Not without evidence of the side that it favours.
    let keeps = decision(&ground.case, Outcome::StandingKeeps);
    let answer = approver
        .duplicate_cases()
        .settle_duplicate_case(keeps)
        .await;
    let wrong = refused(answer, Code::FailedPrecondition, "STEP_NOT_READY");
    assert!(wrong.sentence.contains("证明材料"), "{}", wrong.sentence);
    let case = state_evidence(world, &ground.claimant, &ground.case).await;
    let keeps = decision(&case, Outcome::StandingKeeps);
    let answer = approver
        .duplicate_cases()
        .settle_duplicate_case(keeps)
        .await;
    refused(answer, Code::FailedPrecondition, "STEP_NOT_READY");
    let case = state_evidence(world, &ground.standing, &case).await;
    assert_eq!(
        (case.standing_evidence.len(), case.claims[0].evidence.len()),
        (1, 1)
    );
    // A claim that is none of the case's; two counties' steps where there is one.
    let foreign = SettleDuplicateRequest {
        claim: format!("duplicateClaims/{}", request_id()),
        ..decision(&case, Outcome::ClaimantTakes)
    };
    let answer = approver
        .duplicate_cases()
        .settle_duplicate_case(foreign)
        .await;
    refused(answer, Code::FailedPrecondition, "CLAIM_UNKNOWN");
    let answer = approver
        .duplicate_cases()
        .propose_duplicate_settlement(decision(&case, Outcome::StandingKeeps))
        .await;
    refused(answer, Code::PermissionDenied, "STEP_OF_ANOTHER_PARTY");
    let settled = answered(
        approver
            .duplicate_cases()
            .settle_duplicate_case(decision(&case, Outcome::StandingKeeps))
            .await,
    );
    assert_eq!(settled.state(), State::Settled);
    assert_eq!(settled.claims[0].verdict(), Verdict::Dismissed);
    assert!(settled.awaited.is_none() && settled.due_date.is_empty());
    let stands = get_student(&county.clerk, &ground.student.name).await;
    // Warnings come with the registration only.
    let registered = Student {
        warnings: Vec::new(),
        ..ground.student
    };
    assert_eq!(stands, registered, "untouched");
    // Settled is settled: evidence comes too late.
    let clerk = world.sign_in("school.clerk", &ground.claimant.name).await;
    let answer = clerk
        .duplicate_cases()
        .state_duplicate_evidence(asked(&settled))
        .await;
    refused(answer, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
}

async fn two_counties(world: &World) {
    let [one, two, third] = world.neighbours();
    let here = County::at(world, one).await;
    let there = County::at(world, two).await;
    let ground = ground(&here, &there).await;
    let case = state_evidence(world, &ground.claimant, &ground.case).await;
    let claimant = world.sign_in("county.approver", &there.place.county).await;
    let standing = world.sign_in("county.approver", &here.place.county).await;
    // Who is no party does not see it; each county takes its own step; none settles alone.
    let stranger = world.sign_in("county.approver", &third.county).await;
    let request = GetDuplicateCaseRequest {
        name: case.name.clone(),
    };
    let answer = stranger.duplicate_cases().get_duplicate_case(request).await;
    refused(answer, Code::NotFound, "NOT_FOUND");
    for officer in [&claimant, &standing] {
        assert_eq!(get(officer, &case.name).await.name, case.name);
        let answer = officer
            .duplicate_cases()
            .settle_duplicate_case(takes(&case))
            .await;
        refused(answer, Code::PermissionDenied, "STEP_OF_ANOTHER_PARTY");
    }
    let mut cases = standing.duplicate_cases();
    let answer = cases.propose_duplicate_settlement(takes(&case)).await;
    refused(answer, Code::PermissionDenied, "STEP_OF_ANOTHER_PARTY");
    let mut cases = claimant.duplicate_cases();
    let proposed = answered(cases.propose_duplicate_settlement(takes(&case)).await);
    assert_eq!(proposed.state(), State::Proposed);
    let answer = cases.agree_duplicate_settlement(asked(&proposed)).await;
    refused(answer, Code::PermissionDenied, "STEP_OF_ANOTHER_PARTY");
    // The superior waits while the counties have time.
    let city = world
        .sign_in("city.approver", here.place.city.as_ref().expect("a city"))
        .await;
    let answer = city
        .duplicate_cases()
        .decide_duplicate_case(takes(&proposed))
        .await;
    refused(answer, Code::FailedPrecondition, "STEP_TOO_EARLY");
    let second = world.another("county.approver", &here.place.county).await;
    let (mut mine, mut theirs) = (standing.duplicate_cases(), second.duplicate_cases());
    let (first, other) = tokio::join!(
        mine.agree_duplicate_settlement(asked(&proposed)),
        theirs.agree_duplicate_settlement(asked(&proposed)),
    );
    let (agreed, lost) = match (first, other) {
        (Ok(agreed), lost) | (lost, Ok(agreed)) => (agreed.into_inner(), lost),
        both => panic!("one counts, but {both:?}"),
    };
    refused(lost, Code::Aborted, "ETAG_MISMATCH");
    assert_eq!(agreed.state(), State::Settled);
    assert_eq!(agreed.claims[0].verdict(), Verdict::Taken);
    let moved = get_student(&there.clerk, &ground.student.name).await;
    assert_eq!(moved.school, ground.claimant.name, "the same record, moved");
    assert_eq!(moved.school_class, ground.class.name);
    let gone = GetStudentRequest {
        name: ground.student.name.clone(),
    };
    let answer = here.clerk.students().get_student(gone).await;
    refused(answer, Code::NotFound, "NOT_FOUND");
}

async fn disputed(world: &World) {
    let [one, two, _] = world.neighbours();
    let here = County::at(world, one).await;
    let there = County::at(world, two).await;
    let ground = ground(&here, &there).await;
    let case = state_evidence(world, &ground.claimant, &ground.case).await;
    let claimant = world.sign_in("county.approver", &there.place.county).await;
    let standing = world.sign_in("county.approver", &here.place.county).await;
    let proposed = claimant
        .duplicate_cases()
        .propose_duplicate_settlement(takes(&case))
        .await;
    let proposed = answered(proposed);
    let mut silent = asked(&proposed);
    silent.note.clear();
    let answer = standing
        .duplicate_cases()
        .dispute_duplicate_settlement(silent)
        .await;
    refused(answer, Code::InvalidArgument, "FIELD_INVALID");
    let disputed = standing
        .duplicate_cases()
        .dispute_duplicate_settlement(asked(&proposed))
        .await;
    let disputed = answered(disputed);
    assert_eq!(disputed.state(), State::Escalated);
    let city = here.place.city.clone().expect("a city");
    assert_eq!(
        disputed.awaited.as_ref().expect("awaited").organisation,
        city
    );
    let other_person = SettleDuplicateRequest {
        claim: disputed.claims[0].name.clone(),
        ..decision(&disputed, Outcome::OtherPerson)
    };
    let province = world.sign_in("province.approver", PROVINCE).await;
    let answer = province
        .duplicate_cases()
        .decide_duplicate_case(other_person.clone())
        .await;
    refused(answer, Code::PermissionDenied, "STEP_OF_ANOTHER_PARTY");
    let city = world.sign_in("city.approver", &city).await;
    let decided = answered(
        city.duplicate_cases()
            .decide_duplicate_case(other_person)
            .await,
    );
    assert_eq!(decided.state(), State::Settled);
    assert_eq!(decided.claims[0].verdict(), Verdict::OtherPerson);
    assert_eq!(
        get_student(&here.clerk, &ground.student.name).await.school,
        ground.standing.name
    );
}

async fn three_counties(world: &World) {
    let [one, two, third] = world.neighbours();
    let here = County::at(world, one).await;
    let (standing, old_class) = school_with_class(&here, 2).await;
    let pupil = child();
    let student = register(&here.clerk, &old_class, &pupil).await;
    let mut last = None;
    for place in [two, third] {
        let county = County::at(world, place).await;
        let (_, class) = school_with_class(&county, 2).await;
        last = Some((claim(&county.clerk, &class, &pupil).await, county));
    }
    let (case, county) = last.expect("a case");
    assert_eq!(case.claims.len(), 2);
    assert_eq!(
        case.awaited.as_ref().expect("awaited").organisation,
        PROVINCE,
        "two cities"
    );
    let case = state_evidence(world, &standing, &case).await;
    let approver = world.sign_in("county.approver", &county.place.county).await;
    let keeps = decision(&case, Outcome::StandingKeeps);
    let answer = approver
        .duplicate_cases()
        .propose_duplicate_settlement(keeps.clone())
        .await;
    refused(answer, Code::PermissionDenied, "STEP_OF_ANOTHER_PARTY");
    let province = world.sign_in("province.approver", PROVINCE).await;
    let decided = answered(
        province
            .duplicate_cases()
            .decide_duplicate_case(keeps)
            .await,
    );
    assert_eq!(decided.state(), State::Settled);
    assert!(
        decided
            .claims
            .iter()
            .all(|one| one.verdict() == Verdict::Dismissed)
    );
    assert_eq!(
        get_student(&here.clerk, &student.name).await.school,
        standing.name
    );
}

async fn overdue(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::shared(&world).await;
    let ground = ground(&county, &county).await;
    let case = state_evidence(&world, &ground.standing, &ground.case).await;
    assert_eq!(
        case.due_date, ground.case.due_date,
        "evidence moves no deadline"
    );
    let home = county.place.county.clone();
    let city = county.place.city.clone().expect("a city");
    let officer = world.sign_in("city.approver", &city).await;
    assert!(list(&officer, &home).await.is_empty());
    let keeps = decision(&case, Outcome::StandingKeeps);
    let answer = officer
        .duplicate_cases()
        .decide_duplicate_case(keeps.clone())
        .await;
    refused(answer, Code::FailedPrecondition, "STEP_TOO_EARLY");
    world.later(30).expect("a later day");
    let officer = world.sign_in("city.approver", &city).await;
    let listed = list(&officer, &home).await;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].overdue && listed[0].state() == State::Opened);
    assert_eq!(
        listed[0].awaited.as_ref().expect("awaited").organisation,
        city
    );
    let keeps = SettleDuplicateRequest {
        request_id: request_id(),
        ..keeps
    };
    let decided = answered(officer.duplicate_cases().decide_duplicate_case(keeps).await);
    assert_eq!(decided.state(), State::Settled);
}

async fn imported(world: &World) {
    let county = County::shared(world).await;
    let (_, old_class) = school_with_class(&county, 2).await;
    let pupil = child();
    let student = register(&county.clerk, &old_class, &pupil).await;
    let (second, _) = school_with_class(&county, 2).await;
    let rows = vec![student_row(&second, Stage::Primary, 2, 1, &pupil)];
    let result = import_students(&county.clerk, header(&county.place.county), rows).await;
    let result = answered(result);
    assert_eq!(result.verdicts.len(), 1, "{result:?}");
    let verdict = &result.verdicts[0];
    assert!(
        verdict.message_zh.contains("双重学籍"),
        "{}",
        verdict.message_zh
    );
    let request = ListDuplicateCasesRequest {
        parent: second.name.clone(),
        ..ListDuplicateCasesRequest::default()
    };
    let cases = county
        .clerk
        .duplicate_cases()
        .list_duplicate_cases(request)
        .await;
    let cases = answered(cases).duplicate_cases;
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].student, student.name);
    assert!(
        verdict.message_zh.contains(&cases[0].name),
        "{}",
        verdict.message_zh
    );
}

async fn discreet(world: &World) {
    let county = County::shared(world).await;
    let ground = ground(&county, &county).await;
    let (third, class) = school_with_class(&county, 2).await;
    let clerk = world.sign_in("school.clerk", &third.name).await;
    let pupil = Person {
        display_name: "王小误".to_owned(),
        ..ground.pupil.clone()
    };
    let case = claim(&clerk, &class, &pupil).await;
    assert_eq!(case.name, ground.case.name);
    assert_eq!(case.claims.len(), 2);
    for one in &case.claims {
        let own = one.school == third.name;
        assert_eq!(!one.display_name.is_empty(), own, "{one:?}");
        assert_eq!(!one.birth_date.is_empty(), own, "{one:?}");
    }
    let standing = world.sign_in("school.clerk", &ground.standing.name).await;
    let whole = get(&standing, &case.name).await;
    assert!(whole.claims.iter().all(|one| !one.display_name.is_empty()));
    let other = whole.claims.iter().find(|one| one.school == third.name);
    assert_eq!(other.expect("the claim").differs, ["display_name"]);
}

async fn state_evidence(world: &World, school: &School, case: &DuplicateCase) -> DuplicateCase {
    let clerk = world.sign_in("school.clerk", &school.name).await;
    let now = get(&clerk, &case.name).await;
    let mut bare = asked(&now);
    bare.evidence.clear();
    let answer = clerk.duplicate_cases().state_duplicate_evidence(bare).await;
    refused(answer, Code::FailedPrecondition, "STEP_NOT_READY");
    answered(
        clerk
            .duplicate_cases()
            .state_duplicate_evidence(asked(&now))
            .await,
    )
}

fn asked(case: &DuplicateCase) -> StepRequest {
    StepRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        note: "经核查".to_owned(),
        evidence: vec![proof("在校证明")],
        request_id: request_id(),
    }
}

fn decision(case: &DuplicateCase, outcome: Outcome) -> SettleDuplicateRequest {
    SettleDuplicateRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        outcome: outcome.into(),
        note: "经核查".to_owned(),
        request_id: request_id(),
        ..SettleDuplicateRequest::default()
    }
}

fn takes(case: &DuplicateCase) -> SettleDuplicateRequest {
    SettleDuplicateRequest {
        claim: case.claims[0].name.clone(),
        ..decision(case, Outcome::ClaimantTakes)
    }
}

async fn get(officer: &Officer, name: &str) -> DuplicateCase {
    let request = GetDuplicateCaseRequest {
        name: name.to_owned(),
    };
    answered(officer.duplicate_cases().get_duplicate_case(request).await)
}

async fn list(officer: &Officer, parent: &str) -> Vec<DuplicateCase> {
    let request = ListDuplicateCasesRequest {
        parent: parent.to_owned(),
        overdue_only: true,
        ..ListDuplicateCasesRequest::default()
    };
    let listed = officer
        .duplicate_cases()
        .list_duplicate_cases(request)
        .await;
    answered(listed).duplicate_cases
}

async fn get_student(officer: &Officer, name: &str) -> Student {
    let request = GetStudentRequest {
        name: name.to_owned(),
    };
    answered(officer.students().get_student(request).await)
}
