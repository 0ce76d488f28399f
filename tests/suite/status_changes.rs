//! Changes of a pupil's status 学籍异动.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::status_change::{Kind, State};
use junheng_proto::registration::v1::status_proof::Kind as Proof;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::{
    CreateStatusChangeRequest, GetStatusChangeRequest, GetStudentRequest, ListLeaveEndsRequest,
    ListSchoolClassesRequest, ListStatusChangesRequest, ListStudentsRequest, SchoolClass,
    StatusChange, StatusProof, Student,
};
use junheng_proto::workflow::v1::{Evidence, StepRequest};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{
    all_in, class_row, enrol, header, import_classes, import_students, numbered, student_row,
};
use junheng_tests::school_year::in_days;
use junheng_tests::world::{PASSWORD, post};
use junheng_tests::{County, Officer, School, Story, World, request_id, story};
use tonic::{Code, Response, Status};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a leave climbs from the school to the county and ends with the pupil back in a class", |world| Box::pin(leave_and_return(world))),
    story("leaving school for good and expulsion are refused with the article", |world| Box::pin(no_leaving(world))),
    story("repeating and skipping are refused while the province does not allow them", |world| Box::pin(repeating(world))),
    story("a pupil who is not on leave cannot come back from one", |world| Box::pin(return_before_leave(world))),
    story("who files a change does not agree to it", |world| Box::pin(same_person(world))),
    story("leave ends after two years in a row at the latest and more of it is asked for in time", |world| Box::pin(too_long(world))),
    story("a leave without three months by a county hospital is refused and the proof is named", |world| Box::pin(proofs(world))),
    story("a pupil has one change under way at a time", |world| Box::pin(one_at_a_time(world))),
    story("who is not back after the last day of a leave stands on a list", |world| Box::pin(hanging(world))),
    story("a change of another county is neither seen nor decided", |world| Box::pin(foreign_county(world))),
    story("a mistaken record is cancelled by the county and the child can be registered truly", |world| Box::pin(cancellation(world))),
    story("going abroad keeps the record and death closes it", |world| Box::pin(abroad_and_death(world))),
];

/// A school with one class of a grade, its pupils and its officers.
pub(crate) struct Ground {
    pub(crate) county: County,
    school: School,
    class: SchoolClass,
    pub(crate) students: Vec<Student>,
    clerk: Officer,
    head: Officer,
    county_head: Officer,
}

impl Ground {
    async fn of(world: &World, pupils: usize) -> Self {
        let county = County::shared(world).await;
        Self::at(world, county, pupils).await
    }

    pub(crate) async fn at(world: &World, county: County, pupils: usize) -> Self {
        let school = county.school(SchoolKind::Primary).await;
        if pupils == 0 {
            let rows = vec![class_row(&school, Stage::Primary, 1, 1)];
            let opened = import_classes(&county.clerk, header(&school.name), rows).await;
            all_in(answered(opened));
        } else {
            enrol(&county.clerk, &school, Stage::Primary, pupils).await;
        }
        let list = ListStudentsRequest {
            parent: school.name.clone(),
            ..Default::default()
        };
        let students = answered(county.clerk.students().list_students(list).await).students;
        let list = ListSchoolClassesRequest {
            parent: school.name.clone(),
            ..Default::default()
        };
        let classes = answered(county.clerk.classes().list_school_classes(list).await);
        Self {
            clerk: world.sign_in("school.clerk", &school.name).await,
            head: world.sign_in("school.approver", &school.name).await,
            county_head: world.sign_in("county.approver", &county.place.county).await,
            class: classes.school_classes[0].clone(),
            county,
            school,
            students,
        }
    }

    async fn file(&self, change: StatusChange) -> Result<Response<StatusChange>, Status> {
        let request = CreateStatusChangeRequest {
            parent: self.school.name.clone(),
            status_change: Some(change),
            request_id: request_id(),
        };
        self.clerk
            .status_changes()
            .create_status_change(request)
            .await
    }

    /// Files, agrees and approves.
    pub(crate) async fn through(&self, change: StatusChange) -> StatusChange {
        let filed = answered(self.file(change).await);
        assert_eq!(filed.state(), State::Filed);
        assert!(!filed.due_date.is_empty());
        let head = self
            .head
            .status_changes()
            .agree_status_change(step(&filed))
            .await;
        let agreed = answered(head);
        assert_eq!(agreed.state(), State::Agreed);
        let county = self.county_head.status_changes();
        let effective = answered(county.clone().approve_status_change(step(&agreed)).await);
        assert_eq!(effective.state(), State::Effective);
        effective
    }

    async fn student(&self, index: usize) -> Student {
        let name = self.students[index].name.clone();
        let get = GetStudentRequest { name };
        answered(self.county.clerk.students().get_student(get).await)
    }

    async fn change(&self, change: &StatusChange) -> StatusChange {
        let get = GetStatusChangeRequest {
            name: change.name.clone(),
        };
        let county = self.county.clerk.status_changes();
        answered(county.clone().get_status_change(get).await)
    }

    pub(crate) fn leave(&self, index: usize, from: i64, until: i64) -> StatusChange {
        asked(
            &self.students[index],
            Kind::Suspension,
            from,
            Some(until),
            &[Proof::GuardianApplication, Proof::Medical],
        )
    }

    fn back(&self, index: usize) -> StatusChange {
        StatusChange {
            school_class: self.class.name.clone(),
            ..asked(
                &self.students[index],
                Kind::Return,
                0,
                None,
                &[Proof::GuardianApplication, Proof::Recovery],
            )
        }
    }
}

fn asked(
    student: &Student,
    kind: Kind,
    from: i64,
    until: Option<i64>,
    proofs: &[Proof],
) -> StatusChange {
    let proof = |kind: &Proof| StatusProof {
        kind: (*kind).into(),
        document: Some(Evidence {
            title: "材料扫描件".to_owned(),
            digest: "ab".repeat(32),
            ..Evidence::default()
        }),
        rest_months: 3,
        county_hospital: true,
    };
    StatusChange {
        student: student.name.clone(),
        kind: kind.into(),
        effective_date: in_days(from),
        until_date: until.map(in_days).unwrap_or_default(),
        reason: "因病须休养".to_owned(),
        proofs: proofs.iter().map(proof).collect(),
        ..StatusChange::default()
    }
}

fn step(change: &StatusChange) -> StepRequest {
    StepRequest {
        name: change.name.clone(),
        etag: change.etag.clone(),
        note: "已核实".to_owned(),
        evidence: Vec::new(),
        request_id: request_id(),
    }
}

async fn leave_and_return(world: &World) {
    let ground = Ground::of(world, 1).await;
    let leave = ground.through(ground.leave(0, 0, 180)).await;
    let student = ground.student(0).await;
    assert_eq!(student.state(), StudentState::Suspended);
    assert_eq!(student.school_class, "", "no seat is kept");
    let filed = answered(ground.file(ground.back(0)).await);
    assert_eq!(filed.leave, leave.name);
    let agreed = ground
        .head
        .status_changes()
        .agree_status_change(step(&filed))
        .await;
    let back = answered(agreed);
    assert_eq!(
        back.state(),
        State::Effective,
        "handled by the school at once"
    );
    let student = ground.student(0).await;
    assert_eq!(student.state(), StudentState::Enrolled);
    assert_eq!(student.school_class, ground.class.name);
    assert_eq!(ground.change(&leave).await.state(), State::Closed);
    let county = ground.county.clerk.status_changes();
    let registered = answered(county.clone().register_status_change(step(&back)).await);
    assert_eq!(registered.state(), State::Closed);
}

async fn no_leaving(world: &World) {
    let ground = Ground::of(world, 1).await;
    for kind in [Kind::Withdrawal, Kind::Expulsion] {
        let change = asked(
            &ground.students[0],
            kind,
            0,
            None,
            &[Proof::GuardianApplication],
        );
        let found = refused(
            ground.file(change).await,
            Code::FailedPrecondition,
            "NO_LEAVING_SCHOOL",
        );
        assert!(found.sentence.contains("义务教育法"), "{found:?}");
    }
    assert_eq!(ground.student(0).await.state(), StudentState::Enrolled);
}

async fn repeating(world: &World) {
    let ground = Ground::of(world, 1).await;
    for kind in [Kind::Repeating, Kind::Skipping] {
        let change = StatusChange {
            school_class: ground.class.name.clone(),
            ..asked(
                &ground.students[0],
                kind,
                0,
                None,
                &[Proof::GuardianApplication],
            )
        };
        let found = refused(
            ground.file(change).await,
            Code::FailedPrecondition,
            "NOT_ALLOWED_IN_PROVINCE",
        );
        assert!(found.metadata["rule"].contains("教基一"), "{found:?}");
    }
}

async fn return_before_leave(world: &World) {
    let ground = Ground::of(world, 1).await;
    let found = refused(
        ground.file(ground.back(0)).await,
        Code::FailedPrecondition,
        "STATUS_CHANGE_NOT_APPLICABLE",
    );
    assert_eq!(found.metadata["state"], "在读");
    assert!(found.metadata["from"].contains("休学"), "{found:?}");
}

async fn same_person(world: &World) {
    let ground = Ground::of(world, 1).await;
    let school = ground.school.name.as_str();
    let name = format!("both.{}", uuid::Uuid::now_v7().simple());
    let posts = [("school.clerk", school), ("school.approver", school)];
    world.appoint(&name, &posts).await;
    let clerk = world
        .enter(&name, PASSWORD, Some(post("school.clerk", school)))
        .await;
    let head = world
        .enter(&name, PASSWORD, Some(post("school.approver", school)))
        .await;
    let request = CreateStatusChangeRequest {
        parent: ground.school.name.clone(),
        status_change: Some(ground.leave(0, 0, 100)),
        request_id: request_id(),
    };
    let filed = answered(clerk.status_changes().create_status_change(request).await);
    refused(
        head.status_changes()
            .agree_status_change(step(&filed))
            .await,
        Code::PermissionDenied,
        "SAME_PERSON",
    );
    let agreed = ground
        .head
        .status_changes()
        .agree_status_change(step(&filed))
        .await;
    let agreed = answered(agreed);
    // The school does not approve for the county.
    refused(
        ground
            .head
            .status_changes()
            .approve_status_change(step(&agreed))
            .await,
        Code::PermissionDenied,
        "ROLE_NOT_ALLOWED",
    );
}

async fn too_long(world: &World) {
    let ground = Ground::of(world, 2).await;
    let long = ground.file(ground.leave(0, 0, 370)).await;
    let found = refused(long, Code::FailedPrecondition, "LEAVE_TOO_LONG");
    assert!(found.sentence.contains("最迟"), "{found:?}");
    let leave = ground.through(ground.leave(0, 0, 360)).await;
    let more = |until: i64| {
        let proofs = [Proof::GuardianApplication, Proof::Medical];
        asked(
            &ground.students[0],
            Kind::Extension,
            0,
            Some(until),
            &proofs,
        )
    };
    refused(
        ground.file(more(740)).await,
        Code::FailedPrecondition,
        "LEAVE_TOO_LONG",
    );
    ground.through(more(720)).await;
    let leave = ground.change(&leave).await;
    assert_eq!(leave.until_date, in_days(720));
    refused(
        ground.file(more(740)).await,
        Code::FailedPrecondition,
        "LEAVE_TOO_LONG",
    );
    // The other pupil asks when the leave is almost over.
    ground.through(ground.leave(1, -90, 10)).await;
    let proofs = [Proof::GuardianApplication, Proof::Medical];
    let late = asked(&ground.students[1], Kind::Extension, 0, Some(100), &proofs);
    let found = refused(
        ground.file(late).await,
        Code::FailedPrecondition,
        "EXTENSION_TOO_LATE",
    );
    assert!(found.metadata["last_day"] < in_days(0), "{found:?}");
}

async fn proofs(world: &World) {
    let ground = Ground::of(world, 1).await;
    let mut change = ground.leave(0, 0, 100);
    change.proofs[1].rest_months = 2;
    let short = ground.file(change.clone()).await;
    let found = refused(short, Code::FailedPrecondition, "PROOF_MISSING");
    assert!(found.sentence.contains("县级以上医院"), "{found:?}");
    change.proofs.remove(0);
    let without = ground.file(change).await;
    let found = refused(without, Code::FailedPrecondition, "PROOF_MISSING");
    assert!(found.sentence.contains("监护人书面申请"), "{found:?}");
}

async fn one_at_a_time(world: &World) {
    let ground = Ground::of(world, 1).await;
    let (one, two) = tokio::join!(
        ground.file(ground.leave(0, 0, 100)),
        ground.file(ground.leave(0, 0, 101)),
    );
    let (won, lost) = if one.is_ok() { (one, two) } else { (two, one) };
    let filed = answered(won);
    let status = lost.expect_err("one of two filed at once loses");
    assert!(
        [Code::AlreadyExists, Code::Aborted].contains(&status.code()),
        "{status:?}"
    );
    let found = refused(
        ground.file(ground.leave(0, 0, 102)).await,
        Code::AlreadyExists,
        "STATUS_CHANGE_UNDER_WAY",
    );
    assert_eq!(found.metadata["name"], filed.name);
    let clerk = ground.clerk.status_changes();
    let gone = answered(clerk.clone().withdraw_status_change(step(&filed)).await);
    assert_eq!(gone.state(), State::Withdrawn);
    let again = answered(ground.file(ground.leave(0, 0, 102)).await);
    let no = StepRequest {
        note: String::new(),
        ..step(&again)
    };
    let silent = ground.head.status_changes().reject_status_change(no).await;
    refused(silent, Code::InvalidArgument, "FIELD_INVALID");
    let no = ground
        .head
        .status_changes()
        .reject_status_change(step(&again))
        .await;
    assert_eq!(answered(no).state(), State::Rejected);
}

async fn hanging(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::fresh(&world).await;
    let ground = Ground::at(&world, county, 2).await;
    let past = ground.file(ground.leave(0, -200, -1)).await;
    let past = refused(past, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(past.fields, ["status_change.until_date"]);
    let over = ground.through(ground.leave(0, -200, 5)).await;
    ground.through(ground.leave(1, -10, 30)).await;
    world.later(6).expect("a later day");
    let county_clerk = &ground.county.clerk;
    let county_clerk = world
        .enter(&county_clerk.sign_in_name, &county_clerk.password, None)
        .await;
    let list = |by_date: String| ListLeaveEndsRequest {
        parent: ground.county.place.county.clone(),
        by_date,
        ..Default::default()
    };
    let county = county_clerk.status_changes();
    let ends = answered(county.clone().list_leave_ends(list(String::new())).await);
    let [hanging] = ends.status_changes.as_slice() else {
        panic!("{ends:?}")
    };
    assert_eq!(hanging.name, over.name);
    assert!(hanging.hangs);
    let soon = answered(county.clone().list_leave_ends(list(in_days(60))).await);
    assert_eq!(soon.status_changes.len(), 2);
    let of_kind = ListStatusChangesRequest {
        parent: ground.school.name.clone(),
        kind: Kind::Suspension.into(),
        state: State::Effective.into(),
        ..Default::default()
    };
    let of_kind = answered(
        county_clerk
            .status_changes()
            .list_status_changes(of_kind)
            .await,
    );
    assert_eq!(of_kind.status_changes.len(), 2);
}

async fn foreign_county(world: &World) {
    let ground = Ground::of(world, 1).await;
    let there = County::fresh(world).await;
    let filed = answered(ground.file(ground.leave(0, 0, 100)).await);
    let get = GetStatusChangeRequest {
        name: filed.name.clone(),
    };
    let clerk = there.clerk.status_changes();
    refused(
        clerk.clone().get_status_change(get).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    let head = world.sign_in("county.approver", &there.place.county).await;
    refused(
        head.status_changes()
            .approve_status_change(step(&filed))
            .await,
        Code::NotFound,
        "NOT_FOUND",
    );
    // The own county cannot pass over the school.
    let county = ground.county_head.status_changes();
    let early = county.clone().approve_status_change(step(&filed)).await;
    refused(early, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
}

async fn cancellation(world: &World) {
    let ground = Ground::of(world, 0).await;
    let person = junheng_tests::person::child();
    let row = student_row(&ground.school, Stage::Primary, 1, 1, &person);
    let rows = numbered([row], |row, number| row.row = number);
    let clerk = &ground.county.clerk;
    all_in(answered(
        import_students(clerk, header(&ground.school.name), rows.clone()).await,
    ));
    let list = ListStudentsRequest {
        parent: ground.school.name.clone(),
        ..Default::default()
    };
    let students = answered(clerk.students().list_students(list).await).students;
    let change = asked(&students[0], Kind::Cancellation, 0, None, &[Proof::Finding]);
    let by_school = ground.file(change.clone()).await;
    refused(by_school, Code::PermissionDenied, "STEP_NOT_YOURS");
    let request = CreateStatusChangeRequest {
        parent: ground.school.name.clone(),
        status_change: Some(change),
        request_id: request_id(),
    };
    let filed = answered(clerk.status_changes().create_status_change(request).await);
    let county = ground.county_head.status_changes();
    answered(county.clone().approve_status_change(step(&filed)).await);
    let again = import_students(clerk, header(&ground.school.name), rows).await;
    let again = answered(again);
    assert_eq!(again.created_count, 1, "{again:?}");
}

async fn abroad_and_death(world: &World) {
    let ground = Ground::of(world, 2).await;
    let proofs = [Proof::GuardianApplication, Proof::StudyAbroad];
    let abroad = asked(&ground.students[0], Kind::GoingAbroad, 0, None, &proofs);
    ground.through(abroad).await;
    assert_eq!(ground.student(0).await.state(), StudentState::Abroad);
    let filed = answered(ground.file(ground.back(0)).await);
    let back = ground
        .head
        .status_changes()
        .agree_status_change(step(&filed))
        .await;
    answered(back);
    assert_eq!(ground.student(0).await.state(), StudentState::Enrolled);
    let death = asked(&ground.students[1], Kind::Death, -3, None, &[Proof::Death]);
    ground.through(death).await;
    assert_eq!(ground.student(1).await.state(), StudentState::Deceased);
    refused(
        ground.file(ground.leave(1, 0, 100)).await,
        Code::FailedPrecondition,
        "STATUS_CHANGE_NOT_APPLICABLE",
    );
}
