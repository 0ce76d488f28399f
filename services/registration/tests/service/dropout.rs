//! A dropout case from the first suspicion to its closing, over gRPC as officers call it.

use crate::support::{Officer, World, id};
use junheng_proto::registration::v1::attendance_service_client::AttendanceServiceClient;
use junheng_proto::registration::v1::dropout_case::{Ground, Reason, State};
use junheng_proto::registration::v1::dropout_case_service_client::DropoutCaseServiceClient;
use junheng_proto::registration::v1::dropout_notice::Kind;
use junheng_proto::registration::v1::dropout_notice_service_client::DropoutNoticeServiceClient;
use junheng_proto::registration::v1::ledger_service_client::LedgerServiceClient;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::*;
use junheng_proto::workflow::v1::{Evidence, StepRequest, evidence};
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

pub(crate) const COUNTY: &str = "regions/630103";

/// A Monday of the first term.
pub(crate) const MONDAY: &str = "2018-10-15";
pub(crate) const DAY: i64 = 86_400;

pub(crate) struct Place {
    pub(crate) world: World,
    pub(crate) county: String,
    pub(crate) school: School,
    pub(crate) class: SchoolClass,
    pub(crate) student: Student,
}

pub(crate) async fn ground() -> Place {
    ground_in("630103").await
}

/// A school of a county with a class of two, and everybody's clock on the Monday.
pub(crate) async fn ground_in(code: &str) -> Place {
    let world = World::new().await;
    // From the first of September to the Monday.
    world.context.clock.advance_seconds(44 * DAY);
    let county = format!("regions/{code}");
    let mut clerk = world.officer("county.clerk", &county);
    let school = clerk.school("2163000001", code).await;
    let class = clerk.class(&school, 3, 1).await;
    let student = clerk.student(&class, 1).await.unwrap();
    clerk.student(&class, 2).await.unwrap();
    drop(clerk);
    Place {
        world,
        county,
        school,
        class,
        student,
    }
}

pub(crate) fn cases(world: &World) -> DropoutCaseServiceClient<junheng_kernel::service::Link> {
    DropoutCaseServiceClient::new(world.link.clone())
}

pub(crate) fn notices(world: &World) -> DropoutNoticeServiceClient<junheng_kernel::service::Link> {
    DropoutNoticeServiceClient::new(world.link.clone())
}

pub(crate) fn evidence(title: &str) -> Evidence {
    evidence_of(title, evidence::Kind::OfficialRecord)
}

pub(crate) fn evidence_of(title: &str, kind: evidence::Kind) -> Evidence {
    Evidence {
        title: title.into(),
        digest: "5a".repeat(32),
        kind: kind.into(),
    }
}

pub(crate) fn step(case: &DropoutCase) -> StepRequest {
    StepRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        note: "记录".into(),
        evidence: Vec::new(),
        request_id: id(),
    }
}

fn person(name: &str) -> Option<ResponsiblePerson> {
    Some(ResponsiblePerson {
        display_name: name.into(),
        phone: "13800000000".into(),
        ..ResponsiblePerson::default()
    })
}

pub(crate) fn done<T>(answer: Result<Response<T>, Status>) -> T {
    answer.unwrap().into_inner()
}

#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(
    answer: Result<Response<T>, Status>,
    code: Code,
    reason: &str,
) -> Status {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), code, "{status:?}");
    assert_eq!(
        status.get_details_error_info().unwrap().reason,
        reason,
        "{status:?}"
    );
    status
}

#[track_caller]
pub(crate) fn unready<T: std::fmt::Debug>(answer: Result<Response<T>, Status>, names: &str) {
    let status = refused(answer, Code::FailedPrecondition, "STEP_NOT_READY");
    let missing = &status.get_details_error_info().unwrap().metadata["missing_zh"];
    assert!(missing.contains(names), "{missing}");
}

impl Place {
    pub(crate) fn officer(&self, role: &str) -> Officer<'_> {
        let organisation = if role.starts_with("school") {
            self.school.name.as_str()
        } else {
            self.county.as_str()
        };
        self.world.officer(role, organisation)
    }

    pub(crate) async fn report(&self, role: &str) -> Result<Response<DropoutCase>, Status> {
        let request = ReportDropoutSuspicionRequest {
            child: self.student.name.clone(),
            last_day: "2018-10-12".into(),
            note: "多日未到校".into(),
            request_id: id(),
            ..Default::default()
        };
        let request = self.officer(role).ask(request);
        cases(&self.world).report_dropout_suspicion(request).await
    }

    pub(crate) async fn confirm(&self, case: &DropoutCase) -> DropoutCase {
        let request = ConfirmDropoutCaseRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            reason: Reason::Weary.into(),
            request_id: id(),
            ..Default::default()
        };
        let request = self.officer("school.approver").ask(request);
        done(cases(&self.world).confirm_dropout_case(request).await)
    }

    pub(crate) async fn assign(&self, case: &DropoutCase) -> DropoutCase {
        let request = AssignDropoutCaseRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            official_line: Some(OfficialLine {
                county: person("一"),
                township: person("二"),
                village: person("三"),
                household: person("四"),
            }),
            school_line: Some(SchoolLine {
                bureau: person("五"),
                head: person("六"),
                class_teacher: person("七"),
            }),
            plan: "每周入户一次".into(),
            request_id: id(),
            ..Default::default()
        };
        let request = self.officer("county.clerk").ask(request);
        done(cases(&self.world).assign_dropout_case(request).await)
    }

    pub(crate) async fn visit(&self, case: &DropoutCase) -> DropoutCase {
        let request = RecordDropoutVisitRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            visit: Some(DropoutVisit {
                date: MONDAY.into(),
                people: vec!["班主任".into()],
                method: 1,
                outcome: 3,
                ..Default::default()
            }),
            request_id: id(),
        };
        let request = self.officer("school.clerk").ask(request);
        done(cases(&self.world).record_dropout_visit(request).await)
    }

    pub(crate) async fn draw(
        &self,
        role: &str,
        case: &DropoutCase,
        kind: Kind,
    ) -> Result<Response<DropoutNotice>, Status> {
        let request = DrawDropoutNoticeRequest {
            dropout_case: case.name.clone(),
            kind: kind.into(),
            detail: "属实".into(),
            request_id: id(),
            ..Default::default()
        };
        let request = self.officer(role).ask(request);
        notices(&self.world).draw_dropout_notice(request).await
    }

    pub(crate) async fn close(
        &self,
        case: &DropoutCase,
        ground: Ground,
        given: Vec<Evidence>,
    ) -> Result<Response<DropoutCase>, Status> {
        let request = RequestDropoutClosingRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            ground: ground.into(),
            evidence: given,
            request_id: id(),
            ..Default::default()
        };
        let request = self.officer("county.clerk").ask(request);
        cases(&self.world).request_dropout_closing(request).await
    }

    /// The class is there on a day, and of the student it is said so.
    pub(crate) async fn mark(&self, date: &str, says_so: bool) {
        let present = says_so.then_some(attendance_mark::Kind::Present);
        self.mark_as(date, present).await;
    }

    /// The class is there on a day, and of the student it is said how it was.
    pub(crate) async fn mark_as(&self, date: &str, kind: Option<attendance_mark::Kind>) {
        let mark = kind.map(|kind| AttendanceMark {
            student: self.student.name.clone(),
            kind: kind.into(),
        });
        let sheet = MarkAttendanceRequest {
            school_class: self.class.name.clone(),
            date: date.into(),
            exceptions: mark.into_iter().collect(),
            request_id: id(),
            ..Default::default()
        };
        let mut attendance = AttendanceServiceClient::new(self.world.link.clone());
        let clerk = self.officer("school.clerk");
        done(attendance.mark_attendance(clerk.ask(sheet)).await);
    }

    pub(crate) async fn state(&self) -> StudentState {
        let mut clerk = self.officer("county.clerk");
        let request = clerk.ask(GetStudentRequest {
            name: self.student.name.clone(),
        });
        done(clerk.students.get_student(request).await).state()
    }
}

#[tokio::test]
async fn a_case_takes_the_road_of_the_law_and_no_other() {
    let ground = ground().await;
    let mut service = cases(&ground.world);
    let case = done(ground.report("school.clerk").await);
    assert_eq!(case.state(), State::Suspected);
    refused(
        ground.report("county.clerk").await,
        Code::AlreadyExists,
        "DROPOUT_CASE_OPEN",
    );
    let neighbour = ground.world.officer("county.clerk", "regions/630104");
    let get = GetDropoutCaseRequest {
        name: case.name.clone(),
    };
    refused(
        service.get_dropout_case(neighbour.ask(get)).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    let approver = ground.officer("county.approver");
    refused(
        service
            .order_dropout_return(approver.ask(step(&case)))
            .await,
        Code::FailedPrecondition,
        "STEP_NOT_ALLOWED",
    );

    let case = ground.confirm(&case).await;
    assert_eq!(ground.state().await, StudentState::DroppedOut);
    let case = ground.assign(&case).await;
    assert_eq!(case.state(), State::Persuading);
    let mut line = case.official_line.clone().unwrap();
    line.village.as_mut().unwrap().phone = "137****0000".into();
    let masked = AssignDropoutCaseRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        official_line: Some(line),
        school_line: case.school_line.clone(),
        plan: "每周入户一次".into(),
        request_id: id(),
        ..Default::default()
    };
    refused(
        service
            .assign_dropout_case(ground.officer("county.clerk").ask(masked))
            .await,
        Code::InvalidArgument,
        "FIELD_INVALID",
    );
    let head = ground.officer("school.approver");
    unready(
        service.escalate_dropout_case(head.ask(step(&case))).await,
        "第二十八条",
    );
    let unvisited = ground.draw("school.clerk", &case, Kind::WrittenReport);
    refused(
        unvisited.await,
        Code::FailedPrecondition,
        "NOTICE_WITHOUT_VISITS",
    );
    let case = ground.visit(&case).await;
    let case = ground.visit(&case).await;
    assert_eq!((case.visit_count, case.visits.len()), (2, 2));
    unready(
        service.escalate_dropout_case(head.ask(step(&case))).await,
        "书面报告",
    );
    refused(
        ground
            .draw("county.clerk", &case, Kind::WrittenReport)
            .await,
        Code::PermissionDenied,
        "NOTICE_NOT_YOURS",
    );
    let report = done(
        ground
            .draw("school.clerk", &case, Kind::WrittenReport)
            .await,
    );
    let said = [
        "监护人(未登记)",
        "自2018年10月12日后未到校",
        "劝返2次",
        "\n1.2018年10月15日",
        "\n2.2018年10月15日",
        "劝返人员:班主任",
    ];
    // The register lists the visits; the report counts them.
    let register = done(
        ground
            .draw("school.clerk", &case, Kind::PersuasionRegister)
            .await,
    );
    for (number, text) in said.into_iter().enumerate() {
        let body = if number < 3 {
            &report.body
        } else {
            &register.body
        };
        assert!(body.contains(text), "{text}: {body}");
    }
    let case = done(service.escalate_dropout_case(head.ask(step(&case))).await);
    assert_eq!(case.state(), State::Reported);

    unready(
        service
            .order_dropout_return(approver.ask(step(&case)))
            .await,
        "第八十三条",
    );
    let order = done(ground.draw("county.clerk", &case, Kind::Order).await);
    assert_eq!(order.number, "城中控辍〔2018〕1号");
    let case = done(
        service
            .order_dropout_return(approver.ask(step(&case)))
            .await,
    );
    let revoke = RevokeDropoutNoticeRequest {
        name: order.name.clone(),
        etag: order.etag.clone(),
        reason: "重新制作".into(),
        request_id: id(),
    };
    refused(
        notices(&ground.world)
            .revoke_dropout_notice(approver.ask(revoke))
            .await,
        Code::FailedPrecondition,
        "NOTICE_RELIED_ON",
    );
    unready(
        service
            .penalise_dropout_case(approver.ask(step(&case)))
            .await,
        "第五十八条",
    );
    unready(
        service.sue_dropout_case(approver.ask(step(&case))).await,
        "送达",
    );

    unready(ground.close(&case, Ground::NoFault, vec![]).await, "证明");
    unready(
        ground
            .close(&case, Ground::ReturnedStable, vec![evidence("照片")])
            .await,
        "考勤",
    );
    let back = ReturnDropoutCaseRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        returned_date: MONDAY.into(),
        request_id: id(),
        ..Default::default()
    };
    let clerk = ground.officer("school.clerk");
    unready(
        service.return_dropout_case(clerk.ask(back.clone())).await,
        "考勤",
    );
    ground.mark(MONDAY, true).await;
    let back = ReturnDropoutCaseRequest {
        request_id: id(),
        ..back
    };
    let stale = back.clone();
    let case = done(service.return_dropout_case(clerk.ask(back)).await);
    assert_eq!(case.state(), State::Returned);
    assert_eq!(ground.state().await, StudentState::Enrolled);
    unready(
        service.settle_dropout_case(head.ask(step(&case))).await,
        "到校满",
    );

    let case = done(service.relapse_dropout_case(clerk.ask(step(&case))).await);
    assert_eq!(
        (case.state(), case.relapses, case.visit_count),
        (State::Confirmed, 1, 0)
    );
    assert_eq!(ground.state().await, StudentState::DroppedOut);
    let stale = ReturnDropoutCaseRequest {
        etag: case.etag.clone(),
        request_id: id(),
        ..stale
    };
    refused(
        service.return_dropout_case(clerk.ask(stale)).await,
        Code::InvalidArgument,
        "FIELD_INVALID",
    );
    unready(
        service.close_dropout_case(approver.ask(step(&case))).await,
        "申请销号",
    );
    let case = done(
        ground
            .close(&case, Ground::Elsewhere, vec![evidence("外省就读证明")])
            .await,
    );
    let case = done(service.close_dropout_case(approver.ask(step(&case))).await);
    assert_eq!(case.state(), State::Closed);
    assert!(case.due_date.is_empty() && case.awaited.is_none());
    assert_eq!(ground.state().await, StudentState::TransferredOut);
    refused(
        ground.report("county.clerk").await,
        Code::FailedPrecondition,
        "DROPOUT_CHILD_NOT_OBLIGED",
    );
}

#[tokio::test]
async fn a_ledger_shows_on_how_many_days_of_the_term_each_child_was_away() {
    let ground = ground().await;
    // To the Wednesday: before the Monday nobody was on the roll.
    ground.world.context.clock.advance_seconds(2 * DAY);
    let clerk = ground.officer("school.clerk");
    let mut attendance = AttendanceServiceClient::new(ground.world.link.clone());
    for (date, kind) in [
        (MONDAY, attendance_mark::Kind::Late),
        ("2018-10-16", attendance_mark::Kind::Sick),
        ("2018-10-17", attendance_mark::Kind::Unexcused),
    ] {
        let sheet = MarkAttendanceRequest {
            school_class: ground.class.name.clone(),
            date: date.into(),
            exceptions: vec![AttendanceMark {
                student: ground.student.name.clone(),
                kind: kind.into(),
            }],
            request_id: id(),
            ..Default::default()
        };
        done(attendance.mark_attendance(clerk.ask(sheet)).await);
    }
    let case = done(ground.report("school.clerk").await);
    let request = ConfirmDropoutCaseRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        reason: Reason::Weary.into(),
        groups: vec![dropout_case::Group::LeftBehind.into()],
        request_id: id(),
        ..Default::default()
    };
    let request = ground.officer("school.approver").ask(request);
    done(cases(&ground.world).confirm_dropout_case(request).await);
    let mut ledgers = LedgerServiceClient::new(ground.world.link.clone());
    let mut listed = async |kind: LedgerKind| {
        let request = ListLedgerRequest {
            parent: ground.school.name.clone(),
            kind: kind.into(),
            ..ListLedgerRequest::default()
        };
        let clerk = ground.officer("school.clerk");
        let page = done(ledgers.list_ledger(clerk.ask(request)).await);
        let days = page.ledger_entries.into_iter().map(|entry| {
            let days = (entry.absent_day_count, entry.unexcused_day_count);
            (entry.student == ground.student.name, days)
        });
        days.collect::<Vec<_>>()
    };
    assert_eq!(listed(LedgerKind::Watched).await, [(true, (2, 1))]);
    assert_eq!(listed(LedgerKind::Dropout).await, [(true, (2, 1))]);
    let all = listed(LedgerKind::SchoolAge).await;
    assert!(all.contains(&(true, (2, 1))) && all.contains(&(false, (0, 0))));
    // The holidays before the second term.
    ground.world.context.clock.advance_seconds(120 * DAY);
    assert_eq!(listed(LedgerKind::Watched).await, [(true, (0, 0))]);
}

#[tokio::test]
async fn four_reports_at_once_open_one_case() {
    let ground = ground().await;
    let one = || ground.report("county.clerk");
    let (first, second, third, fourth) = tokio::join!(one(), one(), one(), one());
    let answers = [first, second, third, fourth];
    let opened = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(opened, 1);
    for status in answers.into_iter().filter_map(Result::err) {
        let reason = status.get_details_error_info().unwrap().reason;
        assert_eq!(reason, "DROPOUT_CASE_OPEN");
    }
}

#[tokio::test]
async fn a_revoked_notice_keeps_its_number_and_its_words() {
    let ground = ground().await;
    let case = done(ground.report("school.clerk").await);
    let case = ground.confirm(&case).await;
    let first = done(
        ground
            .draw("county.clerk", &case, Kind::ReturnReminder)
            .await,
    );
    let mut service = notices(&ground.world);
    let approver = ground.officer("county.approver");
    let revoke = RevokeDropoutNoticeRequest {
        name: first.name.clone(),
        etag: first.etag.clone(),
        reason: "姓名有误".into(),
        request_id: id(),
    };
    let void = done(service.revoke_dropout_notice(approver.ask(revoke)).await);
    assert_eq!((&void.digest, &void.number), (&first.digest, &first.number));
    let second = done(
        ground
            .draw("county.clerk", &case, Kind::ReturnReminder)
            .await,
    );
    assert_eq!(second.number, "城中控辍〔2018〕2号");
    let print = PrintDropoutNoticeRequest { name: void.name };
    let page = done(service.print_dropout_notice(approver.ask(print)).await);
    let page = String::from_utf8(page.content).unwrap();
    assert!(page.contains("作废") && page.contains("马1"));
}
