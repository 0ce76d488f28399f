//! What the stories of transfers start from, and the steps that they take.

use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::transfer::State;
use junheng_proto::registration::v1::{
    CreateTransferRequest, GetStudentRequest, ListTransfersRequest, SchoolClass, Student, Transfer,
    TransferApplicant,
};
use junheng_proto::workflow::v1::StepRequest;
use junheng_tests::person::{Person, child};
use junheng_tests::pupils::{proof, register, school_with_class};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::{County, Officer, School, World, request_id};
use tonic::{Code, Response, Status};

/// A pupil in one school, and the class of another that is to take the pupil.
pub(crate) struct Ground {
    pub(crate) sending: School,
    pub(crate) receiving: School,
    pub(crate) class: SchoolClass,
    pub(crate) pupil: Person,
    pub(crate) student: Student,
}

pub(crate) async fn ground(from: &County, to: &County) -> Ground {
    let (sending, old_class) = school_with_class(from, 3).await;
    let (receiving, class) = school_with_class(to, 3).await;
    let pupil = child();
    let student = register(&from.clerk, &old_class, &pupil).await;
    Ground {
        sending,
        receiving,
        class,
        pupil,
        student,
    }
}

/// The steps of a route, each with the role that takes it, where, and the state that it leads to.
pub(crate) type Way<'a> = Vec<(&'static str, &'static str, &'a str, State)>;

/// Takes the steps of a route to its end. Until then the record stays with the old school.
pub(crate) async fn walk(
    world: &World,
    ground: &Ground,
    begun: Transfer,
    way: &Way<'_>,
) -> Transfer {
    let old = world.sign_in("school.clerk", &ground.sending.name).await;
    let new = world.sign_in("school.clerk", &ground.receiving.name).await;
    let mut transfer = begun;
    for (step, role, organisation, to) in way {
        let stands = get_student(&old, &ground.student.name)
            .await
            .expect("the record");
        assert_eq!(stands.school, ground.sending.name, "before {step}");
        let early = get_student(&new, &ground.student.name).await;
        assert!(
            early.is_none(),
            "the new school sees no record before the end"
        );
        let awaited = transfer.awaited.clone().expect("somebody is awaited");
        assert_eq!(
            (awaited.step.as_str(), awaited.organisation.as_str()),
            (*step, *organisation)
        );
        assert_eq!(awaited.roles, [*role]);
        assert!(!transfer.due_date.is_empty());
        let officer = world.sign_in(role, organisation).await;
        transfer = answered(take(&officer, step, asked(&transfer)).await);
        assert_eq!(transfer.state(), *to, "after {step}");
    }
    let moved = get_student(&new, &ground.student.name)
        .await
        .expect("the record");
    assert_eq!(moved.name, ground.student.name, "the same record, moved");
    assert_eq!(moved.school, ground.receiving.name);
    assert_eq!(moved.school_class, ground.class.name);
    assert!(get_student(&old, &ground.student.name).await.is_none());
    transfer
}

pub(crate) async fn begin(world: &World, ground: &Ground) -> Transfer {
    let clerk = world.sign_in("school.clerk", &ground.receiving.name).await;
    let request = application(&ground.receiving.name, &ground.class.name, &ground.pupil);
    let begun = answered(clerk.transfers().create_transfer(request).await);
    assert_eq!(begun.state(), State::Applied);
    assert_eq!(begun.student, ground.student.name);
    assert!(
        !format!("{begun:?}").contains(&ground.pupil.number),
        "masked"
    );
    begun
}

pub(crate) fn application(parent: &str, class: &str, pupil: &Person) -> CreateTransferRequest {
    CreateTransferRequest {
        parent: parent.to_owned(),
        applicant: Some(applicant(pupil)),
        receiving_class: class.to_owned(),
        reason: "随父母迁居".to_owned(),
        evidence: vec![proof("监护人转学申请")],
        request_id: request_id(),
        ..CreateTransferRequest::default()
    }
}

pub(crate) fn applicant(pupil: &Person) -> TransferApplicant {
    TransferApplicant {
        display_name: pupil.display_name.clone(),
        birth_date: pupil.birth_date.clone(),
        identity_type: IdentityType::ResidentCard.into(),
        identity_number: pupil.number.clone(),
        sex: pupil.sex.into(),
        ethnicity: "01".to_owned(),
        ..TransferApplicant::default()
    }
}

pub(crate) fn asked(transfer: &Transfer) -> StepRequest {
    StepRequest {
        name: transfer.name.clone(),
        etag: transfer.etag.clone(),
        note: "情况属实".to_owned(),
        evidence: vec![proof("学籍档案")],
        request_id: request_id(),
    }
}

pub(crate) async fn take(
    officer: &Officer,
    step: &str,
    request: StepRequest,
) -> Result<Response<Transfer>, Status> {
    let mut client = officer.transfers();
    match step {
        "SubmitTransfer" => client.submit_transfer(request).await,
        "AdmitTransfer" => client.admit_transfer(request).await,
        "EndorseTransfer" => client.endorse_transfer(request).await,
        "ReleaseTransfer" => client.release_transfer(request).await,
        "ApproveTransfer" => client.approve_transfer(request).await,
        "ClearTransfer" => client.clear_transfer(request).await,
        "HandOverTransfer" => client.hand_over_transfer(request).await,
        "ReturnTransferFile" => client.return_transfer_file(request).await,
        "CompleteTransfer" => client.complete_transfer(request).await,
        "RejectTransfer" => client.reject_transfer(request).await,
        "WithdrawTransfer" => client.withdraw_transfer(request).await,
        other => panic!("{other} is no step"),
    }
}

pub(crate) async fn get_student(officer: &Officer, name: &str) -> Option<Student> {
    let request = GetStudentRequest {
        name: name.to_owned(),
    };
    match officer.students().get_student(request).await {
        Ok(student) => Some(student.into_inner()),
        missing => {
            refused(missing, Code::NotFound, "NOT_FOUND");
            None
        }
    }
}

pub(crate) async fn list(world: &World, school: &School, overdue_only: bool) -> Vec<Transfer> {
    let clerk = world.sign_in("school.clerk", &school.name).await;
    let request = ListTransfersRequest {
        parent: school.name.clone(),
        overdue_only,
        ..ListTransfersRequest::default()
    };
    answered(clerk.transfers().list_transfers(request).await).transfers
}
