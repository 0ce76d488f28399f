//! Changes of key fields 关键信息变更: the clerk files, the school endorses, the county approves.

use junheng_proto::education::v1::Sex;
use junheng_proto::registration::v1::key_change::State;
use junheng_proto::registration::v1::search_students_request::Key;
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::student_number::{Kind, Why};
use junheng_proto::registration::v1::{
    CreateKeyChangeRequest, KeyChange, KeyFields, ListDuplicateCasesRequest, ListKeyChangesRequest,
    ListStudentNumbersRequest, SearchStudentsRequest, Student,
};
use junheng_proto::workflow::v1::evidence::Kind as EvidenceKind;
use junheng_proto::workflow::v1::{Evidence, StepRequest};
use junheng_tests::classroom::Classroom;
use junheng_tests::person::{child, with_wrong_check_digit};
use junheng_tests::pupils::{household_proof, proof};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::world::{PASSWORD, post};
use junheng_tests::{Officer, Story, World, request_id, story};
use tonic::{Code, Response, Status};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a name is changed when clerk school and county have each done their part", |world| Box::pin(renamed(world))),
    story("key fields are not changed without proof of the household register", |world| Box::pin(no_proof(world))),
    story("who files a change of key fields does not endorse or approve it", |world| Box::pin(same_person(world))),
    story("the county does not approve what the school has not endorsed", |world| Box::pin(school_skipped(world))),
    story("new key fields must agree with each other and with nobody else's", |world| Box::pin(contradictions(world))),
    story("a document that somebody was registered with meanwhile is not approved", |world| Box::pin(taken_meanwhile(world))),
    story("a pupil without a document gets a formal number when the document comes", |world| Box::pin(exchanged(world))),
    story("a record that a change of key fields makes a childs second opens a case once", |world| Box::pin(second_record(world))),
    story("a pupil has one change of key fields at a time and a rejection says why", |world| Box::pin(one_at_a_time(world))),
];

/// The three who take part.
struct Posts {
    clerk: Officer,
    head: Officer,
    county: Officer,
}

// === impl Posts ===

impl Posts {
    async fn of(world: &World, room: &Classroom) -> Self {
        Self {
            clerk: world.sign_in("school.clerk", &room.school.name).await,
            head: world.sign_in("school.approver", &room.school.name).await,
            county: world
                .sign_in("county.approver", &room.county.place.county)
                .await,
        }
    }

    /// Files, endorses and approves.
    async fn through(&self, student: &Student, wanted: KeyFields) -> KeyChange {
        let filed = answered(file(&self.clerk, student, wanted).await);
        let endorsed = answered(endorse(&self.head, &filed).await);
        answered(approve(&self.county, &endorsed).await)
    }
}

async fn renamed(world: &World) {
    let room = Classroom::shared(world).await;
    let posts = Posts::of(world, &room).await;
    let person = child();
    let student = room.register(&person).await;
    let name = format!("{}改", person.display_name);
    let wanted = KeyFields {
        display_name: name.clone(),
        ethnicity: "30".into(),
        ..KeyFields::default()
    };
    let filed = answered(file(&posts.clerk, &student, wanted).await);
    assert_eq!(filed.state(), State::Filed);
    assert!(!filed.due_date.is_empty());
    let shown: Vec<_> = filed
        .changes
        .iter()
        .map(|change| {
            (
                change.field_label.as_str(),
                change.before.as_str(),
                change.after.as_str(),
            )
        })
        .collect();
    let before = person.display_name.as_str();
    assert_eq!(
        shown,
        [("姓名", before, name.as_str()), ("民族", "01", "30")]
    );
    let endorsed = answered(endorse(&posts.head, &filed).await);
    assert_eq!(endorsed.state(), State::Endorsed);
    assert_eq!(
        room.student(&student.name).await,
        plain(&student),
        "not before the county"
    );
    let open = ListKeyChangesRequest {
        parent: room.school.name.clone(),
        state: State::Endorsed.into(),
        ..ListKeyChangesRequest::default()
    };
    let open = answered(posts.county.key_changes().list_key_changes(open).await).key_changes;
    assert_eq!(open, std::slice::from_ref(&endorsed));

    let done = answered(approve(&posts.county, &endorsed).await);
    assert_eq!(done.state(), State::Done);
    assert_eq!(done.due_date, "");
    let changed = room.student(&student.name).await;
    assert_eq!(
        (changed.display_name.as_str(), changed.ethnicity.as_str()),
        (name.as_str(), "30")
    );
    assert_eq!(
        changed.student_number, student.student_number,
        "kept for life"
    );
    let find = async |name: &str| {
        let request = SearchStudentsRequest {
            parent: room.school.name.clone(),
            key: Some(Key::DisplayName(name.to_owned())),
            ..SearchStudentsRequest::default()
        };
        answered(posts.clerk.students().search_students(request).await)
            .students
            .len()
    };
    assert_eq!((find(&name).await, find(before).await), (1, 0));
    let again = approve(&posts.county, &done).await;
    refused(again, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
}

async fn no_proof(world: &World) {
    let room = Classroom::shared(world).await;
    let posts = Posts::of(world, &room).await;
    let student = room.register(&child()).await;
    let mut request = filing(&student, named("新名"));
    request.evidence.clear();
    let answer = posts.clerk.key_changes().create_key_change(request).await;
    let found = refused(answer, Code::FailedPrecondition, "PROOF_MISSING");
    assert!(found.sentence.contains("户籍证明"), "{found:?}");
    // What the paper is called proves nothing; what it is does.
    let mut request = filing(&student, named("新名"));
    request.evidence = vec![Evidence {
        kind: EvidenceKind::GuardianStatement.into(),
        ..proof("户籍证明、户口簿")
    }];
    let answer = posts.clerk.key_changes().create_key_change(request).await;
    let found = refused(answer, Code::FailedPrecondition, "PROOF_MISSING");
    assert!(
        found.sentence.contains("姓名的证明材料:居民户口簿"),
        "{found:?}"
    );
    let same = named(&student.display_name);
    let answer = file(&posts.clerk, &student, same).await;
    let found = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(found.fields, ["wanted"]);
    let stale = Student {
        etag: "\"7\"".into(),
        ..student
    };
    let answer = file(&posts.clerk, &stale, named("新名")).await;
    refused(answer, Code::Aborted, "ETAG_MISMATCH");
}

async fn same_person(world: &World) {
    let room = Classroom::shared(world).await;
    let student = room.register(&child()).await;
    let name = format!("both.{}", uuid::Uuid::now_v7().simple());
    let school = room.school.name.as_str();
    let posts = [("school.clerk", school), ("school.approver", school)];
    world.appoint(&name, &posts).await;
    let enter = async |role: &str| world.enter(&name, PASSWORD, Some(post(role, school))).await;
    let (clerk, head) = (enter("school.clerk").await, enter("school.approver").await);
    let filed = answered(file(&clerk, &student, named("改名")).await);
    refused(
        endorse(&head, &filed).await,
        Code::PermissionDenied,
        "SAME_PERSON",
    );
    let other = world.sign_in("school.approver", school).await;
    answered(endorse(&other, &filed).await);
}

async fn school_skipped(world: &World) {
    let room = Classroom::shared(world).await;
    let posts = Posts::of(world, &room).await;
    let student = room.register(&child()).await;
    let filed = answered(file(&posts.clerk, &student, named("改名")).await);
    let early = approve(&posts.county, &filed).await;
    refused(early, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
    let own = approve(&posts.head, &filed).await;
    refused(own, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
    let rejected = step(&posts.county, "reject", &filed, "材料不全").await;
    refused(rejected, Code::PermissionDenied, "STEP_NOT_YOURS");
    assert_eq!(room.student(&student.name).await, plain(&student));
}

async fn contradictions(world: &World) {
    let room = Classroom::shared(world).await;
    let posts = Posts::of(world, &room).await;
    let (person, other) = (child(), child());
    let student = room.register(&person).await;
    room.register(&other).await;
    let sex = match person.sex {
        Sex::Male => Sex::Female,
        _ => Sex::Male,
    };
    let wanted = KeyFields {
        sex: sex.into(),
        ..KeyFields::default()
    };
    let found = file(&posts.clerk, &student, wanted).await;
    let found = refused(found, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(found.fields, ["sex"], "the number tells another");
    let wanted = KeyFields {
        identity_number: with_wrong_check_digit(&child().number),
        ..KeyFields::default()
    };
    let found = file(&posts.clerk, &student, wanted).await;
    refused(found, Code::InvalidArgument, "CHECK_DIGIT_WRONG");
    let wanted = KeyFields {
        identity_number: other.number.clone(),
        sex: other.sex.into(),
        birth_date: other.birth_date.clone(),
        ..KeyFields::default()
    };
    let found = file(&posts.clerk, &student, wanted).await;
    let found = refused(found, Code::AlreadyExists, "PERSON_REGISTERED");
    assert!(!format!("{found:?}").contains(&other.number), "{found:?}");
}

async fn taken_meanwhile(world: &World) {
    let room = Classroom::shared(world).await;
    let posts = Posts::of(world, &room).await;
    let (student, other) = (room.register(&child()).await, child());
    let wanted = KeyFields {
        identity_number: other.number.clone(),
        sex: other.sex.into(),
        birth_date: other.birth_date.clone(),
        ..KeyFields::default()
    };
    let filed = answered(file(&posts.clerk, &student, wanted).await);
    let endorsed = answered(endorse(&posts.head, &filed).await);
    room.register(&other).await;
    let late = approve(&posts.county, &endorsed).await;
    refused(late, Code::AlreadyExists, "PERSON_REGISTERED");
    assert_eq!(room.student(&student.name).await, plain(&student));
}

async fn exchanged(world: &World) {
    let room = Classroom::shared(world).await;
    let posts = Posts::of(world, &room).await;
    let person = child();
    let student = room
        .register_with(&person, |student| {
            student.identity_type = IdentityType::None.into();
            student.identity_number = String::new();
        })
        .await;
    assert!(student.student_number.starts_with("J***"));
    let wanted = KeyFields {
        identity_type: IdentityType::ResidentCard.into(),
        identity_number: person.number.clone(),
        ..KeyFields::default()
    };
    posts.through(&student, wanted).await;
    let changed = room.student(&student.name).await;
    let last = &person.number[17..];
    assert_eq!(changed.student_number, format!("G***{last}"));
    let request = ListStudentNumbersRequest {
        student: student.name.clone(),
    };
    let numbers = answered(
        posts
            .clerk
            .student_numbers()
            .list_student_numbers(request)
            .await,
    )
    .student_numbers;
    let kinds: Vec<Kind> = numbers.iter().map(|number| number.kind()).collect();
    assert_eq!(kinds, [Kind::WithoutIdentity, Kind::Formal]);
    assert_eq!(numbers[0].replaced_why(), Why::KeyChange);
    // The document is now the record's: who registers it again is told so.
    let again = room.request(&person);
    let again = room.county.clerk.students().create_student(again).await;
    refused(again, Code::AlreadyExists, "PERSON_REGISTERED");
}

async fn second_record(world: &World) {
    let room = Classroom::shared(world).await;
    let posts = Posts::of(world, &room).await;
    for is_older_changed in [false, true] {
        let person = child();
        let by_card = room.register(&person);
        let misspelt = room.register_with(&person, |student| {
            student.display_name.push('错');
            student.identity_type = IdentityType::None.into();
            student.identity_number.clear();
        });
        let (older, newer) = if is_older_changed {
            let older = misspelt.await;
            (older, by_card.await)
        } else {
            let older = by_card.await;
            (older, misspelt.await)
        };
        assert_eq!(
            claimed_on(&posts.county, &older).await,
            Vec::<String>::new()
        );
        let changed = [&newer, &older][usize::from(is_older_changed)];
        let name = KeyFields {
            display_name: person.display_name.clone(),
            ..KeyFields::default()
        };
        posts.through(changed, name).await;
        assert_eq!(
            claimed_on(&posts.county, &older).await,
            [newer.name.as_str()]
        );
        let ethnicity = KeyFields {
            ethnicity: "30".into(),
            ..KeyFields::default()
        };
        let changed = room.student(&changed.name).await;
        posts.through(&changed, ethnicity).await;
        assert_eq!(
            claimed_on(&posts.county, &older).await,
            [newer.name.as_str()]
        );
        assert_eq!(
            claimed_on(&posts.county, &newer).await,
            Vec::<String>::new()
        );
    }
}

/// The second records that cases on a student name.
async fn claimed_on(officer: &Officer, student: &Student) -> Vec<String> {
    let request = ListDuplicateCasesRequest {
        parent: officer.organisation.clone(),
        page_size: 1_000,
        ..ListDuplicateCasesRequest::default()
    };
    let listed = officer
        .duplicate_cases()
        .list_duplicate_cases(request)
        .await;
    let cases = answered(listed).duplicate_cases.into_iter();
    let claims = cases
        .filter(|case| case.student == student.name)
        .flat_map(|case| case.claims);
    claims.map(|claim| claim.student).collect()
}

async fn one_at_a_time(world: &World) {
    let room = Classroom::shared(world).await;
    let posts = Posts::of(world, &room).await;
    let student = room.register(&child()).await;
    let filed = answered(file(&posts.clerk, &student, named("改名")).await);
    let second = file(&posts.clerk, &student, named("另名")).await;
    let second = refused(second, Code::AlreadyExists, "KEY_CHANGE_OPEN");
    assert_eq!(second.metadata["name"], filed.name);
    let withdrawn = answered(step(&posts.clerk, "withdraw", &filed, "").await);
    assert_eq!(withdrawn.state(), State::Withdrawn);
    let (mut one, mut two) = (posts.clerk.key_changes(), posts.clerk.key_changes());
    let (first, second) = tokio::join!(
        one.create_key_change(filing(&student, named("另名"))),
        two.create_key_change(filing(&student, named("又名"))),
    );
    let (won, lost) = if first.is_ok() {
        (first, second)
    } else {
        (second, first)
    };
    let filed = answered(won);
    refused(lost, Code::AlreadyExists, "KEY_CHANGE_OPEN");
    let silent = step(&posts.head, "reject", &filed, "").await;
    let silent = refused(silent, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(silent.fields, ["note"]);
    let rejected = answered(step(&posts.head, "reject", &filed, "户口簿复印件不清").await);
    assert_eq!(rejected.state(), State::Rejected);
    assert_eq!(rejected.reject_reason, "户口簿复印件不清");
}

fn named(name: &str) -> KeyFields {
    KeyFields {
        display_name: name.to_owned(),
        ..KeyFields::default()
    }
}

/// As it is read: warnings are told on creation only.
fn plain(student: &Student) -> Student {
    Student {
        warnings: Vec::new(),
        ..student.clone()
    }
}

fn filing(student: &Student, wanted: KeyFields) -> CreateKeyChangeRequest {
    CreateKeyChangeRequest {
        student: student.name.clone(),
        etag: student.etag.clone(),
        wanted: Some(wanted),
        note: "户籍信息变更".into(),
        evidence: vec![household_proof("户籍证明")],
        request_id: request_id(),
    }
}

type Answer = Result<Response<KeyChange>, Status>;

async fn file(officer: &Officer, student: &Student, wanted: KeyFields) -> Answer {
    let request = filing(student, wanted);
    officer.key_changes().create_key_change(request).await
}

async fn endorse(officer: &Officer, change: &KeyChange) -> Answer {
    step(officer, "endorse", change, "").await
}

async fn approve(officer: &Officer, change: &KeyChange) -> Answer {
    step(officer, "approve", change, "").await
}

async fn step(officer: &Officer, step: &str, change: &KeyChange, note: &str) -> Answer {
    let request = StepRequest {
        name: change.name.clone(),
        etag: change.etag.clone(),
        note: note.to_owned(),
        evidence: Vec::new(),
        request_id: request_id(),
    };
    let mut changes = officer.key_changes();
    match step {
        "endorse" => changes.endorse_key_change(request).await,
        "approve" => changes.approve_key_change(request).await,
        "reject" => changes.reject_key_change(request).await,
        _ => changes.withdraw_key_change(request).await,
    }
}
