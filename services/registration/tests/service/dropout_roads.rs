//! Roads of a case that few cases take: the penalty up to the court, and a child that moves while its case is open.

use chrono::NaiveDate;
use junheng_proto::registration::v1::attendance_service_client::AttendanceServiceClient;
use junheng_proto::registration::v1::dropout_case::State;
use junheng_proto::registration::v1::dropout_notice::{Kind, ServiceMethod};
use junheng_proto::registration::v1::transfer_service_client::TransferServiceClient;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::StepRequest;
use junheng_registration::entity::student;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use tonic::{Code, Response, Status};
use uuid::Uuid;

use crate::dropout::{
    DAY, Place, cases, done, evidence, ground_in, notices, refused, step, unready,
};
use crate::support::{WITH_BASIS, child, id};

/// The highest fine of the county with a legal basis, in fen.
const MOST: i64 = 50_000;

impl Place {
    /// From the suspicion to the order, which is drawn but not served.
    pub(crate) async fn ordered(&self) -> (DropoutCase, DropoutNotice) {
        let case = done(self.report("school.clerk").await);
        let case = self.confirm(&case).await;
        let case = self.assign(&case).await;
        let case = self.visit(&case).await;
        let case = self.visit(&case).await;
        done(self.draw("school.clerk", &case, Kind::WrittenReport).await);
        let head = self.officer("school.approver").ask(step(&case));
        let case = done(cases(&self.world).escalate_dropout_case(head).await);
        let order = done(self.draw("county.clerk", &case, Kind::Order).await);
        let approver = self.officer("county.approver").ask(step(&case));
        let case = done(cases(&self.world).order_dropout_return(approver).await);
        assert_eq!(case.state(), State::Ordered);
        (case, order)
    }

    async fn fine(
        &self,
        case: &DropoutCase,
        kind: Kind,
        fine_fen: i64,
    ) -> Result<Response<DropoutNotice>, Status> {
        let request = DrawDropoutNoticeRequest {
            dropout_case: case.name.clone(),
            kind: kind.into(),
            detail: "经责令逾期未送子女入学".into(),
            fine_fen,
            request_id: id(),
            ..DrawDropoutNoticeRequest::default()
        };
        let request = self.officer("county.clerk").ask(request);
        notices(&self.world).draw_dropout_notice(request).await
    }

    /// The guardian is given a notice today.
    pub(crate) async fn serve(&self, notice: &DropoutNotice) -> DropoutNotice {
        let request = RecordNoticeServiceRequest {
            name: notice.name.clone(),
            etag: notice.etag.clone(),
            served_date: self.today().to_string(),
            service_method: ServiceMethod::InPerson.into(),
            received_by: "马父".into(),
            evidence: vec![evidence("送达回证")],
            request_id: id(),
        };
        let request = self.officer("county.clerk").ask(request);
        done(notices(&self.world).record_notice_service(request).await)
    }

    async fn penalise(&self, case: &DropoutCase) -> Result<Response<DropoutCase>, Status> {
        let request = self.officer("county.approver").ask(step(case));
        cases(&self.world).penalise_dropout_case(request).await
    }

    async fn urge(&self, case: &DropoutCase) -> Result<Response<DropoutCase>, Status> {
        let request = self.officer("county.approver").ask(step(case));
        cases(&self.world).urge_dropout_case(request).await
    }

    pub(crate) async fn sue(&self, case: &DropoutCase) -> Result<Response<DropoutCase>, Status> {
        let request = self.officer("county.approver").ask(step(case));
        cases(&self.world).sue_dropout_case(request).await
    }

    pub(crate) fn today(&self) -> NaiveDate {
        self.world.context.clock.today()
    }

    pub(crate) fn days_pass(&self, days: i64) {
        self.world.context.clock.advance_seconds(days * DAY);
    }
}

#[track_caller]
fn early(answer: Result<Response<DropoutCase>, Status>) {
    refused(answer, Code::FailedPrecondition, "STEP_TOO_EARLY");
}

#[tokio::test]
async fn where_no_legal_basis_is_on_record_there_is_no_penalty() {
    let ground = ground_in("630103").await;
    let (case, order) = ground.ordered().await;
    refused(
        ground.fine(&case, Kind::PenaltyPriorNotice, 1).await,
        Code::FailedPrecondition,
        "PENALTY_WITHOUT_BASIS",
    );
    ground.serve(&order).await;
    ground.days_pass(11);
    unready(ground.penalise(&case).await, "第五十八条");
    let sued = done(ground.sue(&case).await);
    assert_eq!(sued.state(), State::Court, "the court needs no penalty");
}

#[tokio::test]
async fn a_penalty_on_a_legal_basis_waits_for_every_service_and_every_day_up_to_the_court() {
    let ground = ground_in(WITH_BASIS).await;
    let (case, order) = ground.ordered().await;
    refused(
        ground.fine(&case, Kind::PenaltyPriorNotice, MOST).await,
        Code::FailedPrecondition,
        "NOTICE_WITHOUT_GROUND",
    );
    unready(ground.penalise(&case).await, "责令通知书");
    ground.serve(&order).await;
    early(ground.penalise(&case).await);
    ground.days_pass(11);

    unready(ground.penalise(&case).await, "事先告知书");
    refused(
        ground.fine(&case, Kind::PenaltyPriorNotice, MOST + 1).await,
        Code::InvalidArgument,
        "FINE_OUT_OF_RANGE",
    );
    let prior = done(ground.fine(&case, Kind::PenaltyPriorNotice, MOST).await);
    assert!(
        prior.body.contains("《某省义务教育条例》第五十条"),
        "{}",
        prior.body
    );
    unready(ground.penalise(&case).await, "事先告知书");
    ground.serve(&prior).await;
    early(ground.penalise(&case).await);
    // Three working days to be heard, by the law of that year.
    ground.days_pass(7);
    let case = done(ground.penalise(&case).await);
    assert_eq!(case.state(), State::Penalty);

    unready(ground.urge(&case).await, "决定书");
    unready(ground.sue(&case).await, "法定期限");
    let decision = done(ground.fine(&case, Kind::PenaltyDecision, MOST).await);
    assert!(decision.body.contains("500元"), "{}", decision.body);
    refused(
        ground.draw("county.clerk", &case, Kind::PenaltyUrge).await,
        Code::FailedPrecondition,
        "NOTICE_WITHOUT_GROUND",
    );
    ground.serve(&decision).await;
    early(ground.urge(&case).await);
    ground.days_pass(16);
    unready(ground.urge(&case).await, "催告书");
    let urge = done(ground.draw("county.clerk", &case, Kind::PenaltyUrge).await);
    let case = done(ground.urge(&case).await);
    assert_eq!(case.state(), State::Urged);

    unready(ground.sue(&case).await, "催告书尚未送达");
    ground.serve(&urge).await;
    early(ground.sue(&case).await);
    ground.days_pass(11);
    let case = done(ground.sue(&case).await);
    assert_eq!(case.state(), State::Court);
    assert!(!case.due_date.is_empty(), "the court has its days too");
}

#[tokio::test]
async fn a_case_follows_its_child_to_the_new_school_which_clears_it_when_the_child_is_there() {
    let ground = ground_in("630103").await;
    let world = &ground.world;
    let case = done(ground.report("school.clerk").await);
    let mut clerk = world.officer("county.clerk", "regions/630104");
    let other = clerk.school("2163000002", "630104").await;
    let class = clerk.class(&other, 4, 1).await;
    drop(clerk);
    // A school year has begun, as a promotion would leave the record.
    let uuid = |name: &str| -> Uuid { name.rsplit('/').next().unwrap().parse().unwrap() };
    student::Entity::update_many()
        .col_expr(student::Column::Grade, 4_i32.into())
        .filter(student::Column::Id.eq(uuid(&ground.student.name)))
        .exec(world.context.store.derived())
        .await
        .unwrap();
    let read = |role: &str, organisation: &str| {
        let officer = world.officer(role, organisation);
        let request = officer.ask(GetDropoutCaseRequest {
            name: case.name.clone(),
        });
        async move { cases(world).get_dropout_case(request).await }
    };

    let moving = transfer(&ground, &other, &class).await;
    let stands = done(read("school.clerk", &ground.school.name).await);
    assert_eq!(
        stands.school, ground.school.name,
        "until the record has moved"
    );
    refused(
        read("school.clerk", &other.name).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    take(
        &ground,
        "CompleteTransfer",
        ("school.clerk", &other.name),
        &moving,
    )
    .await;

    let moved = done(read("school.clerk", &other.name).await);
    assert_eq!(
        (moved.school.as_str(), moved.state()),
        (other.name.as_str(), State::Suspected)
    );
    assert_eq!(
        (case.grade, moved.grade),
        (3, 4),
        "the case says what the record says"
    );
    for (role, organisation) in [
        ("school.clerk", ground.school.name.as_str()),
        ("county.clerk", "regions/630103"),
    ] {
        refused(read(role, organisation).await, Code::NotFound, "NOT_FOUND");
    }
    let stale = world
        .officer("school.approver", &other.name)
        .ask(step(&case));
    refused(
        cases(world).clear_dropout_case(stale).await,
        Code::Aborted,
        "ETAG_MISMATCH",
    );
    let confirm = ConfirmDropoutCaseRequest {
        name: moved.name.clone(),
        etag: moved.etag.clone(),
        reason: dropout_case::Reason::Weary.into(),
        request_id: id(),
        ..ConfirmDropoutCaseRequest::default()
    };
    let head = world.officer("school.approver", &other.name);
    unready(
        cases(world)
            .clear_dropout_case(head.ask(step(&moved)))
            .await,
        "须有记录说明",
    );
    ground.days_pass(1);
    there(&ground, &other, &class, &ground.today().to_string()).await;
    let head = world.officer("school.approver", &other.name);
    unready(
        cases(world).confirm_dropout_case(head.ask(confirm)).await,
        "应予排除",
    );
    let cleared = cases(world)
        .clear_dropout_case(head.ask(step(&moved)))
        .await;
    assert_eq!(done(cleared).state(), State::Cleared);
}

/// The school calls the ground's child on a day and finds it there.
pub(crate) async fn there(ground: &Place, school: &School, class: &SchoolClass, date: &str) {
    let sheet = MarkAttendanceRequest {
        school_class: class.name.clone(),
        date: date.into(),
        exceptions: vec![AttendanceMark {
            student: ground.student.name.clone(),
            kind: attendance_mark::Kind::Present.into(),
        }],
        request_id: id(),
        ..Default::default()
    };
    let clerk = ground.world.officer("school.clerk", &school.name);
    let mut attendance = AttendanceServiceClient::new(ground.world.link.clone());
    done(attendance.mark_attendance(clerk.ask(sheet)).await);
}

/// What a school applies for that is to take the first child into a class.
pub(crate) fn application(to: &School, class: &SchoolClass) -> CreateTransferRequest {
    let own = child(1);
    CreateTransferRequest {
        parent: to.name.clone(),
        applicant: Some(TransferApplicant {
            display_name: own.display_name,
            identity_type: own.identity_type,
            identity_number: own.identity_number,
            birth_date: own.birth_date,
            sex: own.sex,
            ethnicity: own.ethnicity,
            guardian_display_name: "马父".into(),
            ..TransferApplicant::default()
        }),
        receiving_class: class.name.clone(),
        reason: "随父母迁居".into(),
        evidence: vec![evidence("户口簿")],
        request_id: id(),
        ..CreateTransferRequest::default()
    }
}

/// A transfer of the ground's child into a class of a school next door, up to where only the new school is awaited.
pub(crate) async fn transfer(ground: &Place, to: &School, class: &SchoolClass) -> Transfer {
    let request = application(to, class);
    let clerk = ground.world.officer("school.clerk", &to.name).ask(request);
    let mut client = TransferServiceClient::new(ground.world.link.clone());
    let mut moving = done(client.create_transfer(clerk).await);
    while moving
        .awaited
        .as_ref()
        .is_some_and(|one| one.step != "CompleteTransfer")
    {
        let awaited = moving.awaited.clone().unwrap();
        let seat = (awaited.roles[0].as_str(), awaited.organisation.as_str());
        moving = take(ground, &awaited.step, seat, &moving).await;
    }
    moving
}

pub(crate) async fn take(
    ground: &Place,
    step: &str,
    (role, organisation): (&str, &str),
    moving: &Transfer,
) -> Transfer {
    // Each seat is somebody else's.
    let account = format!("accounts/{role}.{organisation}");
    let officer = ground.world.officer_of(&account, role, organisation);
    let request = officer.ask(StepRequest {
        name: moving.name.clone(),
        etag: moving.etag.clone(),
        note: "情况属实".into(),
        evidence: vec![evidence("学籍档案")],
        request_id: id(),
    });
    let mut client = TransferServiceClient::new(ground.world.link.clone());
    done(match step {
        "SubmitTransfer" => client.submit_transfer(request).await,
        "AdmitTransfer" => client.admit_transfer(request).await,
        "EndorseTransfer" => client.endorse_transfer(request).await,
        "ReleaseTransfer" => client.release_transfer(request).await,
        "ApproveTransfer" => client.approve_transfer(request).await,
        "HandOverTransfer" => client.hand_over_transfer(request).await,
        "CompleteTransfer" => client.complete_transfer(request).await,
        other => panic!("{other}"),
    })
}
