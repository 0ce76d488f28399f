//! Transfers 转学: three routes from the guardian's request to the moved record, and every turn that is wrong.

use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::transfer::{Route, State};
use junheng_proto::registration::v1::{
    CreateTransferRequest, GetTransferRequest, Transfer, TransferApplicant,
};
use junheng_tests::person::child;
use junheng_tests::pupils::{open_class, register, school_with_class};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::regions::place;
use junheng_tests::world::{PASSWORD, PROVINCE, post};
use junheng_tests::{County, Story, World, request_id, story};
use tonic::Code;

use crate::transfer_ground::{
    Ground, Way, applicant, application, asked, begin, get_student, ground, list, take, walk,
};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("within one county a transfer goes to both schools and once to the county and the record stays until the file has come", |world| Box::pin(same_county(world))),
    story("between counties a transfer goes receiving school receiving county sending school sending county", |world| Box::pin(same_province(world))),
    story("counties without a city transfer like others", |world| Box::pin(without_city(world))),
    story("a pupil from another province gets a record when the file has come and not before", |world| Box::pin(from_outside(world))),
    story("a pupil who goes to another province leaves when it has the file", |world| Box::pin(to_outside(world))),
    story("a transfer is taken by nobody but whose step it is and never out of order", |world| Box::pin(wrong_turns(world))),
    story("one person does not sign for a school twice", |world| Box::pin(four_eyes(world))),
    story("no school orders a pupil away and who asks must know the pupil", |world| Box::pin(wrong_beginnings(world))),
    story("a transfer that is refused or withdrawn says why and leaves the pupil free to ask again", |world| Box::pin(refused_and_withdrawn(world))),
    story("of two approvals of a transfer at once one counts", |world| Box::pin(at_once(world))),
    story("an overdue transfer is listed as such and never approved by silence", |world| Box::pin(overdue(world))),
];

async fn same_county(world: &World) {
    let county = County::shared(world).await;
    let ground = ground(&county, &county).await;
    let begun = begin(world, &ground).await;
    assert_eq!(begun.route(), Route::SameCounty);
    let home = county.place.county.clone();
    let way: Way<'_> = vec![
        (
            "SubmitTransfer",
            "school.approver",
            &ground.receiving.name,
            State::OutSchool,
        ),
        (
            "ReleaseTransfer",
            "school.approver",
            &ground.sending.name,
            State::OutAuthority,
        ),
        ("ApproveTransfer", "county.approver", &home, State::FileDue),
        (
            "HandOverTransfer",
            "school.clerk",
            &ground.sending.name,
            State::FileTransferred,
        ),
        (
            "CompleteTransfer",
            "school.clerk",
            &ground.receiving.name,
            State::Done,
        ),
    ];
    let done = walk(world, &ground, begun, &way).await;
    assert!(done.due_date.is_empty() && done.awaited.is_none());
    assert_eq!(done.papers.len(), 1, "{:?}", done.papers);
}

async fn same_province(world: &World) {
    let [one, two, third] = world.neighbours();
    let from = County::at(world, one).await;
    let to = County::at(world, two).await;
    let ground = ground(&from, &to).await;
    let begun = begin(world, &ground).await;
    assert_eq!(begun.route(), Route::SameProvince);
    // Who is no party does not even learn that it exists.
    let stranger = world.sign_in("county.approver", &third.county).await;
    let request = GetTransferRequest {
        name: begun.name.clone(),
    };
    let answer = stranger.transfers().get_transfer(request).await;
    refused(answer, Code::NotFound, "NOT_FOUND");
    walk_province(world, &ground, begun).await;
}

async fn without_city(world: &World) {
    let county = |code: &str| place(code).expect("a county");
    let from = County::at(world, county("429004")).await;
    let to = County::at(world, county("429005")).await;
    let ground = ground(&from, &to).await;
    let begun = begin(world, &ground).await;
    assert_eq!(begun.route(), Route::SameProvince);
    walk_province(world, &ground, begun).await;
}

async fn walk_province(world: &World, ground: &Ground, begun: Transfer) {
    let (from, to) = (&ground.sending.county, &ground.receiving.county);
    let way: Way<'_> = vec![
        (
            "SubmitTransfer",
            "school.approver",
            &ground.receiving.name,
            State::InAuthority,
        ),
        ("AdmitTransfer", "county.approver", to, State::OutSchool),
        (
            "ReleaseTransfer",
            "school.approver",
            &ground.sending.name,
            State::OutAuthority,
        ),
        ("ApproveTransfer", "county.approver", from, State::FileDue),
        (
            "HandOverTransfer",
            "school.clerk",
            &ground.sending.name,
            State::FileTransferred,
        ),
        (
            "CompleteTransfer",
            "school.clerk",
            &ground.receiving.name,
            State::Done,
        ),
    ];
    walk(world, ground, begun, &way).await;
}

async fn from_outside(world: &World) {
    let county = County::shared(world).await;
    let (receiving, class) = school_with_class(&county, 3).await;
    let pupil = child();
    let clerk = world.sign_in("school.clerk", &receiving.name).await;
    let request = CreateTransferRequest {
        outside_school: "西宁市观门街小学".to_owned(),
        outside_region: "regions/630103".to_owned(),
        ..application(&receiving.name, &class.name, &pupil)
    };
    let mut transfer = answered(clerk.transfers().create_transfer(request).await);
    assert_eq!(transfer.route(), Route::FromOutside);
    assert!(transfer.student.is_empty());
    let home = county.place.county.clone();
    let way: Way<'_> = vec![
        (
            "SubmitTransfer",
            "school.approver",
            &receiving.name,
            State::InAuthority,
        ),
        ("AdmitTransfer", "county.approver", &home, State::InProvince),
        (
            "EndorseTransfer",
            "province.approver",
            PROVINCE,
            State::OutSchool,
        ),
        (
            "ReleaseTransfer",
            "province.clerk",
            PROVINCE,
            State::OutAuthority,
        ),
        (
            "ApproveTransfer",
            "province.clerk",
            PROVINCE,
            State::OutProvince,
        ),
        ("ClearTransfer", "province.clerk", PROVINCE, State::FileDue),
        (
            "HandOverTransfer",
            "province.clerk",
            PROVINCE,
            State::FileTransferred,
        ),
    ];
    for (step, role, organisation, to) in way {
        let officer = world.sign_in(role, organisation).await;
        if role == "province.clerk" {
            let mut bare = asked(&transfer);
            bare.evidence.clear();
            refused(
                take(&officer, step, bare).await,
                Code::FailedPrecondition,
                "STEP_NOT_READY",
            );
        }
        transfer = answered(take(&officer, step, asked(&transfer)).await);
        assert_eq!(transfer.state(), to);
        assert!(transfer.student.is_empty(), "no record before the file");
    }
    let done = answered(take(&clerk, "CompleteTransfer", asked(&transfer)).await);
    let student = get_student(&clerk, &done.student)
        .await
        .expect("the new record");
    assert_eq!(student.school, receiving.name);
    assert_eq!(student.school_class, class.name);
    assert_eq!(student.display_name, pupil.display_name);
}

async fn to_outside(world: &World) {
    let county = County::shared(world).await;
    let (sending, class) = school_with_class(&county, 3).await;
    let pupil = child();
    let student = register(&county.clerk, &class, &pupil).await;
    let province = world.sign_in("province.clerk", PROVINCE).await;
    let request = CreateTransferRequest {
        outside_school: "西宁市观门街小学".to_owned(),
        outside_region: "regions/630103".to_owned(),
        ..application(PROVINCE, "", &pupil)
    };
    let mut transfer = answered(province.transfers().create_transfer(request).await);
    assert_eq!(transfer.route(), Route::ToOutside);
    assert_eq!(transfer.sending_school, sending.name);
    let home = county.place.county.clone();
    let way: Way<'_> = vec![
        (
            "SubmitTransfer",
            "province.clerk",
            PROVINCE,
            State::InAuthority,
        ),
        (
            "AdmitTransfer",
            "province.clerk",
            PROVINCE,
            State::InProvince,
        ),
        (
            "EndorseTransfer",
            "province.clerk",
            PROVINCE,
            State::OutSchool,
        ),
        (
            "ReleaseTransfer",
            "school.approver",
            &sending.name,
            State::OutAuthority,
        ),
        (
            "ApproveTransfer",
            "county.approver",
            &home,
            State::OutProvince,
        ),
        (
            "ClearTransfer",
            "province.approver",
            PROVINCE,
            State::FileDue,
        ),
        (
            "HandOverTransfer",
            "school.clerk",
            &sending.name,
            State::FileTransferred,
        ),
        ("CompleteTransfer", "province.clerk", PROVINCE, State::Done),
    ];
    let clerk = world.sign_in("school.clerk", &sending.name).await;
    for (step, role, organisation, to) in way {
        let stands = get_student(&clerk, &student.name)
            .await
            .expect("the record");
        assert_eq!(stands.state(), StudentState::Enrolled, "until the end");
        let officer = world.sign_in(role, organisation).await;
        transfer = answered(take(&officer, step, asked(&transfer)).await);
        assert_eq!(transfer.state(), to);
    }
    let left = get_student(&clerk, &student.name)
        .await
        .expect("kept with the last school");
    assert_eq!(left.state(), StudentState::TransferredOut);
    assert_eq!(left.school_class, "");
}

async fn wrong_turns(world: &World) {
    let [one, two, _] = world.neighbours();
    let from = County::at(world, one).await;
    let to = County::at(world, two).await;
    let ground = ground(&from, &to).await;
    let begun = begin(world, &ground).await;
    let receiving = world
        .sign_in("school.approver", &ground.receiving.name)
        .await;
    let sending = world.sign_in("school.approver", &ground.sending.name).await;
    let receiving_county = world
        .sign_in("county.approver", &ground.receiving.county)
        .await;
    let sending_county = world
        .sign_in("county.approver", &ground.sending.county)
        .await;

    // Out of order.
    for (officer, step) in [
        (&receiving_county, "AdmitTransfer"),
        (&sending, "ReleaseTransfer"),
        (&sending_county, "ApproveTransfer"),
    ] {
        let answer = take(officer, step, asked(&begun)).await;
        refused(answer, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
    }
    // The other side's step.
    let answer = take(&sending, "SubmitTransfer", asked(&begun)).await;
    refused(answer, Code::PermissionDenied, "STEP_OF_ANOTHER_PARTY");
    let clerk = world.sign_in("school.clerk", &ground.sending.name).await;
    let answer = take(&clerk, "WithdrawTransfer", asked(&begun)).await;
    refused(answer, Code::PermissionDenied, "STEP_OF_ANOTHER_PARTY");
    let submitted = answered(take(&receiving, "SubmitTransfer", asked(&begun)).await);
    let answer = take(&sending_county, "AdmitTransfer", asked(&submitted)).await;
    refused(answer, Code::PermissionDenied, "STEP_OF_ANOTHER_PARTY");
    // Another level's step.
    let answer = take(&receiving, "AdmitTransfer", asked(&submitted)).await;
    refused(answer, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
    // As it stood before.
    let answer = take(&receiving_county, "AdmitTransfer", asked(&begun)).await;
    refused(answer, Code::Aborted, "ETAG_MISMATCH");
    // The file without a list of its papers, and an incomplete one given back.
    let admitted = answered(take(&receiving_county, "AdmitTransfer", asked(&submitted)).await);
    let released = answered(take(&sending, "ReleaseTransfer", asked(&admitted)).await);
    let answer = take(&receiving_county, "ApproveTransfer", asked(&released)).await;
    refused(answer, Code::PermissionDenied, "STEP_OF_ANOTHER_PARTY");
    let approved = answered(take(&sending_county, "ApproveTransfer", asked(&released)).await);
    let mut bare = asked(&approved);
    bare.evidence.clear();
    let answer = take(&clerk, "HandOverTransfer", bare).await;
    refused(answer, Code::FailedPrecondition, "STEP_NOT_READY");
    let receiver = world.sign_in("school.clerk", &ground.receiving.name).await;
    let answer = take(&receiver, "CompleteTransfer", asked(&approved)).await;
    refused(answer, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
    let handed = answered(take(&clerk, "HandOverTransfer", asked(&approved)).await);
    let back = answered(take(&receiver, "ReturnTransferFile", asked(&handed)).await);
    assert_eq!(back.state(), State::FileDue);
    assert_eq!(back.end_reason, "情况属实");
    let handed = answered(take(&clerk, "HandOverTransfer", asked(&back)).await);
    let done = answered(take(&receiver, "CompleteTransfer", asked(&handed)).await);
    let answer = take(&receiver, "WithdrawTransfer", asked(&done)).await;
    refused(answer, Code::FailedPrecondition, "STEP_NOT_ALLOWED");
}

async fn four_eyes(world: &World) {
    let county = County::shared(world).await;
    let ground = ground(&county, &county).await;
    let name = format!("both.{}", request_id());
    let posts = [
        ("school.clerk", ground.receiving.name.as_str()),
        ("school.approver", ground.receiving.name.as_str()),
        ("school.approver", ground.sending.name.as_str()),
    ];
    world.appoint(&name, &posts).await;
    let seat = async |index: usize| {
        let (role, organisation) = posts[index];
        world
            .enter(&name, PASSWORD, Some(post(role, organisation)))
            .await
    };
    let request = application(&ground.receiving.name, &ground.class.name, &ground.pupil);
    let begun = answered(seat(0).await.transfers().create_transfer(request).await);
    let answer = take(&seat(1).await, "SubmitTransfer", asked(&begun)).await;
    refused(answer, Code::PermissionDenied, "SAME_PERSON");
    let approver = world
        .sign_in("school.approver", &ground.receiving.name)
        .await;
    let submitted = answered(take(&approver, "SubmitTransfer", asked(&begun)).await);
    let answer = take(&seat(2).await, "ReleaseTransfer", asked(&submitted)).await;
    refused(answer, Code::PermissionDenied, "SAME_PERSON");
}

async fn wrong_beginnings(world: &World) {
    let county = County::shared(world).await;
    let ground = ground(&county, &county).await;
    let sender = world.sign_in("school.clerk", &ground.sending.name).await;
    let receiver = world.sign_in("school.clerk", &ground.receiving.name).await;
    let class = open_class(&county.clerk, &ground.sending, 3, 2).await;
    // The school that has the pupil, for itself and in the other's name.
    let own = application(&ground.sending.name, &class.name, &ground.pupil);
    let answer = sender.transfers().create_transfer(own).await;
    let wrong = refused(answer, Code::PermissionDenied, "TRANSFER_NOT_BY_SENDER");
    assert!(
        wrong.sentence.contains("不得责令学生转学"),
        "{}",
        wrong.sentence
    );
    let right = application(&ground.receiving.name, &ground.class.name, &ground.pupil);
    let answer = sender.transfers().create_transfer(right.clone()).await;
    refused(answer, Code::PermissionDenied, "OUT_OF_SCOPE");
    // Who does not know the pupil learns nothing: a number of somebody, another name or day.
    let stranger = child();
    for applicant in [
        applicant(&stranger),
        TransferApplicant {
            display_name: stranger.display_name.clone(),
            ..applicant(&ground.pupil)
        },
        TransferApplicant {
            birth_date: "2013-01-01".to_owned(),
            ..applicant(&ground.pupil)
        },
    ] {
        let request = CreateTransferRequest {
            applicant: Some(applicant),
            request_id: request_id(),
            ..right.clone()
        };
        let answer = receiver.transfers().create_transfer(request).await;
        let wrong = refused(answer, Code::NotFound, "STUDENT_NOT_MATCHED");
        assert!(wrong.metadata.is_empty(), "{wrong:?}");
    }
    // Without the guardian's request; into another grade; from outside though the record is here.
    let unproved = CreateTransferRequest {
        evidence: Vec::new(),
        request_id: request_id(),
        ..right.clone()
    };
    let answer = receiver.transfers().create_transfer(unproved).await;
    refused(answer, Code::InvalidArgument, "FIELD_REQUIRED");
    let higher = open_class(&county.clerk, &ground.receiving, 4, 1).await;
    let request = application(&ground.receiving.name, &higher.name, &ground.pupil);
    let answer = receiver.transfers().create_transfer(request).await;
    let wrong = refused(answer, Code::FailedPrecondition, "TRANSFER_BLOCKED");
    assert!(wrong.sentence.contains("不得跨年级"), "{}", wrong.sentence);
    let outside = CreateTransferRequest {
        outside_school: "西宁市观门街小学".to_owned(),
        outside_region: "regions/630103".to_owned(),
        request_id: request_id(),
        ..right.clone()
    };
    let answer = receiver.transfers().create_transfer(outside).await;
    refused(answer, Code::AlreadyExists, "PERSON_REGISTERED");
    // A second one while the first is open.
    answered(receiver.transfers().create_transfer(right.clone()).await);
    let (third, its_class) = school_with_class(&county, 3).await;
    let clerk = world.sign_in("school.clerk", &third.name).await;
    let request = application(&third.name, &its_class.name, &ground.pupil);
    let answer = clerk.transfers().create_transfer(request).await;
    refused(answer, Code::AlreadyExists, "TRANSFER_UNDER_WAY");
}

async fn refused_and_withdrawn(world: &World) {
    let county = County::shared(world).await;
    let ground = ground(&county, &county).await;
    let receiving = world
        .sign_in("school.approver", &ground.receiving.name)
        .await;
    let sending = world.sign_in("school.approver", &ground.sending.name).await;
    let clerk = world.sign_in("school.clerk", &ground.receiving.name).await;
    let begun = begin(world, &ground).await;
    let withdrawn = answered(take(&clerk, "WithdrawTransfer", asked(&begun)).await);
    assert_eq!(withdrawn.state(), State::Withdrawn);

    let begun = begin(world, &ground).await;
    let submitted = answered(take(&receiving, "SubmitTransfer", asked(&begun)).await);
    let mut silent = asked(&submitted);
    silent.note.clear();
    let answer = take(&sending, "RejectTransfer", silent).await;
    refused(answer, Code::InvalidArgument, "FIELD_INVALID");
    let answer = take(&receiving, "RejectTransfer", asked(&submitted)).await;
    refused(answer, Code::PermissionDenied, "STEP_OF_ANOTHER_PARTY");
    let rejected = answered(take(&sending, "RejectTransfer", asked(&submitted)).await);
    assert_eq!(rejected.state(), State::Rejected);
    assert_eq!(rejected.end_reason, "情况属实");
    let stands = get_student(&county.clerk, &ground.student.name)
        .await
        .expect("the record");
    assert_eq!(stands.school, ground.sending.name);
    begin(world, &ground).await;
}

async fn at_once(world: &World) {
    let county = County::shared(world).await;
    let ground = ground(&county, &county).await;
    let begun = begin(world, &ground).await;
    let one = world
        .another("school.approver", &ground.receiving.name)
        .await;
    let other = world
        .another("school.approver", &ground.receiving.name)
        .await;
    let (first, second) = tokio::join!(
        take(&one, "SubmitTransfer", asked(&begun)),
        take(&other, "SubmitTransfer", asked(&begun)),
    );
    let lost = match (first, second) {
        (Ok(_), lost) | (lost, Ok(_)) => lost,
        both => panic!("one counts, but {both:?}"),
    };
    refused(lost, Code::Aborted, "ETAG_MISMATCH");
}

async fn overdue(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::shared(&world).await;
    let ground = ground(&county, &county).await;
    let begun = begin(&world, &ground).await;
    assert!(!begun.overdue);
    let listed = list(&world, &ground.sending, true).await;
    assert!(listed.is_empty(), "{listed:?}");
    world.later(30).expect("a later day");
    let listed = list(&world, &ground.sending, true).await;
    assert_eq!(listed.len(), 1, "both schools see it");
    assert!(listed[0].overdue);
    assert_eq!(
        listed[0].state(),
        State::Applied,
        "silence approves nothing"
    );
    assert_eq!(list(&world, &ground.receiving, true).await.len(), 1);
    let approver = world
        .sign_in("school.approver", &ground.receiving.name)
        .await;
    let submitted = answered(take(&approver, "SubmitTransfer", asked(&listed[0])).await);
    assert!(
        !submitted.overdue,
        "the next party has ten working days of its own"
    );
    assert!(list(&world, &ground.sending, true).await.is_empty());
}
