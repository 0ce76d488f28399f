//! Dropout cases 控辍个案: from the first suspicion to the closed case, through school, county and court's threshold.

use std::collections::BTreeSet;

use chrono::{Datelike as _, Days, NaiveDate, NaiveTime, Weekday};
use futures_util::StreamExt as _;
use junheng_proto::registration::v1::dropout_case::{Ground as Closing, Reason, State};
use junheng_proto::registration::v1::dropout_notice::{Kind, ServiceMethod, State as NoticeState};
use junheng_proto::registration::v1::dropout_visit::{Method, Outcome};
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::{
    AssignDropoutCaseRequest, AttendanceMark, ConfirmDropoutCaseRequest, DrawDropoutNoticeRequest,
    DropoutCase, DropoutNotice, DropoutVisit, GetDropoutCaseRequest, GetStudentRequest,
    ListDropoutCasesRequest, MarkAttendanceRequest, OfficialLine, PrintDropoutNoticeRequest,
    RecordDropoutVisitRequest, RecordNoticeServiceRequest, ReportDropoutSuspicionRequest,
    RequestDropoutClosingRequest, ResponsiblePerson, ReturnDropoutCaseRequest,
    RevokeDropoutNoticeRequest, SchoolClass, SchoolLine, Student, attendance_mark,
};
use junheng_proto::workflow::v1::{Evidence, StepRequest};
use junheng_tests::person::child;
use junheng_tests::pupils::{official, proof, register, school_with_class};
use junheng_tests::refusal::{Refused, answered, refused};
use junheng_tests::school_year::today;
use junheng_tests::{County, Officer, Story, World, request_id, story};
use tonic::{Code, Response, Status};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a child who stopped coming is sought by both lines and its case closes when attendance has shown it back", |world| Box::pin(whole_road(world))),
    story("a child whom school and county report forty times at once has one case", |world| Box::pin(raced(world))),
    story("a mistaken notice is revoked and drawn anew with the next number and never edited", |world| Box::pin(notices(world))),
    story("a suspicion is cleared by the county on evidence and by no school without a record", |world| Box::pin(cleared(world))),
];

/// A class with two pupils, of whom the first stays away, and everybody who acts.
pub(crate) struct Ground {
    pub(crate) class: SchoolClass,
    away: Student,
    pub(crate) clerk: Officer,
    pub(crate) head: Officer,
    pub(crate) county: Officer,
    pub(crate) approver: Officer,
    pub(crate) region: String,
}

impl Ground {
    pub(crate) async fn of(world: &World, county: &County) -> Self {
        let (school, class) = school_with_class(county, 3).await;
        let away = register(&county.clerk, &class, &child()).await;
        register(&county.clerk, &class, &child()).await;
        Self {
            class,
            away,
            clerk: world.sign_in("school.clerk", &school.name).await,
            head: world.sign_in("school.approver", &school.name).await,
            county: county.clerk.clone(),
            approver: world.sign_in("county.approver", &county.place.county).await,
            region: county.place.county.clone(),
        }
    }

    pub(crate) async fn report(&self, officer: &Officer) -> Result<Response<DropoutCase>, Status> {
        let request = ReportDropoutSuspicionRequest {
            child: self.away.name.clone(),
            note: "连续多日未到校".to_owned(),
            request_id: request_id(),
            ..Default::default()
        };
        let mut cases = officer.dropout_cases();
        cases.report_dropout_suspicion(request).await
    }

    pub(crate) async fn confirm(&self, case: &DropoutCase) -> DropoutCase {
        let request = ConfirmDropoutCaseRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            reason: Reason::Weary.into(),
            whereabouts: "在家".to_owned(),
            request_id: request_id(),
            ..Default::default()
        };
        let mut cases = self.head.dropout_cases();
        answered(cases.confirm_dropout_case(request).await)
    }

    async fn assign(
        &self,
        case: &DropoutCase,
        teacher: &str,
    ) -> Result<Response<DropoutCase>, Status> {
        let request = AssignDropoutCaseRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            official_line: Some(OfficialLine {
                county: person("县领导"),
                township: person("乡镇干部"),
                village: person("村干部"),
                household: person("联户人"),
            }),
            school_line: Some(SchoolLine {
                bureau: person("局干部"),
                head: person("校长"),
                class_teacher: person(teacher),
            }),
            plan: "每周入户一次,补习语文".to_owned(),
            request_id: request_id(),
            ..Default::default()
        };
        self.county
            .dropout_cases()
            .assign_dropout_case(request)
            .await
    }

    async fn visit(&self, case: &DropoutCase, date: NaiveDate) -> DropoutCase {
        let request = RecordDropoutVisitRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            visit: Some(DropoutVisit {
                date: date.to_string(),
                people: vec!["班主任".to_owned()],
                method: Method::Home.into(),
                outcome: Outcome::Refused.into(),
                evidence: vec![proof("走访照片")],
                ..Default::default()
            }),
            request_id: request_id(),
        };
        let mut cases = self.clerk.dropout_cases();
        answered(cases.record_dropout_visit(request).await)
    }

    pub(crate) async fn draw(
        &self,
        officer: &Officer,
        case: &DropoutCase,
        kind: Kind,
    ) -> Result<Response<DropoutNotice>, Status> {
        let request = DrawDropoutNoticeRequest {
            dropout_case: case.name.clone(),
            kind: kind.into(),
            detail: match kind {
                Kind::PenaltyPriorNotice => "经查属实".to_owned(),
                _ => String::new(),
            },
            fine_fen: i64::from(kind == Kind::PenaltyPriorNotice) * 10_000,
            request_id: request_id(),
            ..Default::default()
        };
        let mut notices = officer.dropout_notices();
        notices.draw_dropout_notice(request).await
    }

    /// From the suspicion to the written report.
    pub(crate) async fn escalated(&self, date: NaiveDate) -> DropoutCase {
        let case = answered(self.report(&self.clerk).await);
        let case = self.confirm(&case).await;
        let case = answered(self.assign(&case, "班主任").await);
        let case = self.visit(&case, date).await;
        let case = self.visit(&case, date).await;
        answered(self.draw(&self.clerk, &case, Kind::WrittenReport).await);
        let mut cases = self.head.dropout_cases();
        answered(cases.escalate_dropout_case(step(&case, "")).await)
    }

    pub(crate) async fn closing(
        &self,
        case: &DropoutCase,
        ground: Closing,
        evidence: Vec<Evidence>,
    ) -> Result<Response<DropoutCase>, Status> {
        let request = RequestDropoutClosingRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            ground: ground.into(),
            evidence,
            request_id: request_id(),
            ..Default::default()
        };
        let mut cases = self.county.dropout_cases();
        cases.request_dropout_closing(request).await
    }

    async fn back(
        &self,
        case: &DropoutCase,
        date: NaiveDate,
    ) -> Result<Response<DropoutCase>, Status> {
        let request = ReturnDropoutCaseRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            returned_date: date.to_string(),
            request_id: request_id(),
            ..Default::default()
        };
        self.clerk
            .dropout_cases()
            .return_dropout_case(request)
            .await
    }

    /// The whole class is there.
    async fn present(&self, officer: &Officer, date: NaiveDate) {
        let request = MarkAttendanceRequest {
            school_class: self.class.name.clone(),
            date: date.to_string(),
            exceptions: vec![AttendanceMark {
                student: self.away.name.clone(),
                kind: attendance_mark::Kind::Present.into(),
            }],
            request_id: request_id(),
            ..Default::default()
        };
        answered(officer.attendance().mark_attendance(request).await);
    }

    async fn state(&self) -> StudentState {
        let get = GetStudentRequest {
            name: self.away.name.clone(),
        };
        answered(self.county.students().get_student(get).await).state()
    }

    /// Everybody signs in again after the process was started anew.
    async fn again(self, world: &World) -> Self {
        Self {
            clerk: world.sign_in("school.clerk", &self.class.school).await,
            head: world.sign_in("school.approver", &self.class.school).await,
            county: world.sign_in("county.clerk", &self.region).await,
            approver: world.sign_in("county.approver", &self.region).await,
            ..self
        }
    }
}

fn person(name: &str) -> Option<ResponsiblePerson> {
    (!name.is_empty()).then(|| ResponsiblePerson {
        display_name: name.to_owned(),
        phone: "13800000000".to_owned(),
        ..Default::default()
    })
}

pub(crate) fn step(case: &DropoutCase, note: &str) -> StepRequest {
    StepRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        note: note.to_owned(),
        evidence: Vec::new(),
        request_id: request_id(),
    }
}

pub(crate) async fn get(
    officer: &Officer,
    case: &DropoutCase,
) -> Result<Response<DropoutCase>, Status> {
    let name = case.name.clone();
    let mut cases = officer.dropout_cases();
    cases.get_dropout_case(GetDropoutCaseRequest { name }).await
}

/// An installation of its own in which it is a Monday of October after the holidays.
async fn in_term(world: &World) -> (World, NaiveDate) {
    let mut monday = NaiveDate::from_ymd_opt(today().year(), 10, 19).expect("a date");
    while monday.weekday() != Weekday::Mon {
        monday = monday + Days::new(1);
    }
    let noon = |date: NaiveDate| date.and_time(NaiveTime::MIN) + chrono::Duration::hours(12);
    let offset = (noon(monday) - noon(today())).num_seconds().to_string();
    let own = world
        .of_its_own(&[("JUNHENG_CLOCK__OFFSET_SECONDS", offset.as_str())])
        .await;
    (own, monday)
}

async fn whole_road(world: &World) {
    let (mut world, monday) = in_term(world).await;
    let county = County::fresh(&world).await;
    let stranger = County::fresh(&world).await;
    let ground = Ground::of(&world, &county).await;

    let case = answered(ground.report(&ground.clerk).await);
    assert_eq!(case.state(), State::Suspected);
    assert!(!case.due_date.is_empty());
    let twice = refused(
        ground.report(&ground.county).await,
        Code::AlreadyExists,
        "DROPOUT_CASE_OPEN",
    );
    assert_eq!(twice.metadata["name"], case.name);
    refused(
        get(&stranger.clerk, &case).await,
        Code::NotFound,
        "NOT_FOUND",
    );
    let mut approver = ground.approver.dropout_cases();
    let skipped = approver.order_dropout_return(step(&case, "")).await;
    refused(skipped, Code::FailedPrecondition, "STEP_NOT_ALLOWED");

    let case = ground.confirm(&case).await;
    assert_eq!(case.state(), State::Confirmed);
    assert_eq!(ground.state().await, StudentState::DroppedOut);
    unready(ground.assign(&case, "").await, "班主任");
    let case = answered(ground.assign(&case, "班主任").await);
    assert_eq!(case.state(), State::Persuading);
    let teacher = case.school_line.clone().and_then(|line| line.class_teacher);
    assert_eq!(teacher.expect("a class teacher").phone, "138****0000");

    let early = ground.head.dropout_cases();
    let early = early.clone().escalate_dropout_case(step(&case, "")).await;
    unready(early, "第二十八条");
    let wrong = ground.draw(&ground.county, &case, Kind::Order).await;
    refused(wrong, Code::FailedPrecondition, "NOTICE_OUT_OF_ORDER");
    let wrong = ground
        .draw(&ground.county, &case, Kind::WrittenReport)
        .await;
    refused(wrong, Code::PermissionDenied, "NOTICE_NOT_YOURS");
    let case = ground.visit(&case, monday).await;
    let case = ground.visit(&case, monday).await;
    assert_eq!((case.visit_count, case.visits.len()), (2, 2));
    answered(ground.draw(&ground.clerk, &case, Kind::WrittenReport).await);
    let mut head = ground.head.dropout_cases();
    let case = answered(head.escalate_dropout_case(step(&case, "")).await);
    assert_eq!(case.state(), State::Reported);

    unready(
        approver.order_dropout_return(step(&case, "")).await,
        "第八十三条",
    );
    let order = answered(ground.draw(&ground.county, &case, Kind::Order).await);
    assert!(
        order
            .number
            .ends_with(&format!("控辍〔{}〕1号", monday.year())),
        "{}",
        order.number
    );
    let case = answered(approver.order_dropout_return(step(&case, "")).await);
    assert_eq!(case.state(), State::Ordered);
    unready(
        approver.penalise_dropout_case(step(&case, "")).await,
        "第五十八条",
    );
    let fine = ground
        .draw(&ground.county, &case, Kind::PenaltyPriorNotice)
        .await;
    refused(fine, Code::FailedPrecondition, "PENALTY_WITHOUT_BASIS");
    unready(approver.sue_dropout_case(step(&case, "")).await, "送达");
    answered(serve(&ground.county, &order, monday).await);
    let early = approver.sue_dropout_case(step(&case, "")).await;
    refused(early, Code::FailedPrecondition, "STEP_TOO_EARLY");

    unready(
        ground.closing(&case, Closing::NoFault, vec![]).await,
        "核查证明",
    );
    unready(
        ground.closing(&case, Closing::Elsewhere, vec![]).await,
        "转学",
    );
    let given = vec![proof("照片")];
    unready(
        ground.closing(&case, Closing::ReturnedStable, given).await,
        "考勤",
    );
    unready(ground.back(&case, monday).await, "考勤");
    ground.present(&ground.clerk, monday).await;
    let case = answered(ground.back(&case, monday).await);
    assert_eq!(case.state(), State::Returned);
    assert_eq!(ground.state().await, StudentState::Enrolled);
    unready(head.settle_dropout_case(step(&case, "")).await, "到校满");

    world.later(35).expect("five weeks later");
    let ground = ground.again(&world).await;
    for distance in 1..=35_u64 {
        let day = monday + Days::new(distance);
        if day.weekday().number_from_monday() <= 5 {
            ground.present(&ground.county, day).await;
        }
    }
    let mut case = answered(get(&ground.head, &case).await);
    if case.state() == State::Returned {
        let mut head = ground.head.dropout_cases();
        case = answered(head.settle_dropout_case(step(&case, "")).await);
    }
    assert_eq!(case.state(), State::Stable);
    let mut approver = ground.approver.dropout_cases();
    unready(
        approver.close_dropout_case(step(&case, "")).await,
        "申请销号",
    );
    let case = answered(ground.closing(&case, Closing::ReturnedStable, vec![]).await);
    let case = answered(approver.close_dropout_case(step(&case, "")).await);
    assert_eq!(
        (case.state(), case.ground()),
        (State::Closed, Closing::ReturnedStable)
    );
    assert!(case.due_date.is_empty() && case.awaited.is_none());
    let listed = ListDropoutCasesRequest {
        parent: ground.region.clone(),
        state: State::Closed.into(),
        ..Default::default()
    };
    let mut cases = ground.county.dropout_cases();
    let listed = answered(cases.list_dropout_cases(listed).await).dropout_cases;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].name, case.name);
    let again = answered(ground.report(&ground.clerk).await);
    assert_ne!(
        again.name, case.name,
        "a closed case stays closed; another opens"
    );
}

async fn raced(world: &World) {
    let county = County::shared(world).await;
    let ground = Ground::of(world, &county).await;
    let tries = (0..40).map(|number| {
        let officer = if number % 2 == 0 {
            &ground.clerk
        } else {
            &ground.county
        };
        ground.report(officer)
    });
    let answers: Vec<_> = futures_util::stream::iter(tries)
        .buffer_unordered(40)
        .collect()
        .await;
    let mut names = BTreeSet::new();
    let mut opened = 0;
    for answer in answers {
        match answer {
            Ok(case) => {
                opened += 1;
                names.insert(case.into_inner().name);
            }
            Err(status) => {
                let refused = Refused::read(&status);
                assert_eq!(refused.reason, "DROPOUT_CASE_OPEN");
                names.insert(refused.metadata["name"].clone());
            }
        }
    }
    assert_eq!((opened, names.len()), (1, 1), "one case: {names:?}");
}

async fn notices(world: &World) {
    let county = County::fresh(world).await;
    let ground = Ground::of(world, &county).await;
    let case = ground.escalated(today()).await;
    let first = answered(ground.draw(&ground.county, &case, Kind::Order).await);
    let mut approver = ground.approver.dropout_notices();
    let void = answered(approver.revoke_dropout_notice(revocation(&first)).await);
    assert_eq!(void.state(), NoticeState::Revoked);
    assert_eq!((&void.body, &void.digest), (&first.body, &first.digest));
    let again = approver.revoke_dropout_notice(revocation(&void)).await;
    refused(again, Code::FailedPrecondition, "NOTICE_NOT_VALID");
    let mut cases = ground.approver.dropout_cases();
    unready(
        cases.order_dropout_return(step(&case, "")).await,
        "第八十三条",
    );

    let second = answered(ground.draw(&ground.county, &case, Kind::Order).await);
    assert!(first.number.ends_with("〕1号") && second.number.ends_with("〕2号"));
    let print = |notice: &DropoutNotice| PrintDropoutNoticeRequest {
        name: notice.name.clone(),
    };
    let mut officer = ground.county.dropout_notices();
    let page = answered(officer.print_dropout_notice(print(&second)).await);
    let page = String::from_utf8(page.content).expect("a page of text");
    for part in [&second.number, &ground.away.display_name, "印章"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("作废"));
    let page = answered(officer.print_dropout_notice(print(&void)).await);
    assert!(String::from_utf8_lossy(&page.content).contains("作废"));

    let mut head = ground.head.dropout_notices();
    let foreign = head.revoke_dropout_notice(revocation(&second)).await;
    refused(foreign, Code::PermissionDenied, "NOTICE_NOT_YOURS");
    let served = answered(serve(&ground.county, &second, today()).await);
    assert!(!served.comply_date.is_empty());
    let twice = serve(&ground.county, &served, today()).await;
    refused(twice, Code::FailedPrecondition, "NOTICE_NOT_VALID");
    let report = DrawDropoutNoticeRequest::default();
    assert!(officer.draw_dropout_notice(report).await.is_err());
}

async fn cleared(world: &World) {
    let county = County::shared(world).await;
    let ground = Ground::of(world, &county).await;
    let case = answered(ground.report(&ground.clerk).await);
    let mut head = ground.head.dropout_cases();
    unready(head.clear_dropout_case(step(&case, "")).await, "证明材料");
    let mut approver = ground.approver.dropout_cases();
    unready(
        approver.clear_dropout_case(step(&case, "")).await,
        "证明材料",
    );
    let proven = StepRequest {
        evidence: vec![official("住院核查记录")],
        ..step(&case, "")
    };
    let case = answered(approver.clear_dropout_case(proven).await);
    assert_eq!(case.state(), State::Cleared);
    assert_eq!(ground.state().await, StudentState::Enrolled);
}

async fn serve(
    officer: &Officer,
    notice: &DropoutNotice,
    date: NaiveDate,
) -> Result<Response<DropoutNotice>, Status> {
    let request = RecordNoticeServiceRequest {
        name: notice.name.clone(),
        etag: notice.etag.clone(),
        served_date: date.to_string(),
        service_method: ServiceMethod::InPerson.into(),
        received_by: "监护人".to_owned(),
        evidence: vec![proof("送达回证")],
        request_id: request_id(),
    };
    let mut notices = officer.dropout_notices();
    notices.record_notice_service(request).await
}

fn revocation(notice: &DropoutNotice) -> RevokeDropoutNoticeRequest {
    RevokeDropoutNoticeRequest {
        name: notice.name.clone(),
        etag: notice.etag.clone(),
        reason: "监护人姓名有误".to_owned(),
        request_id: request_id(),
    }
}

/// The step is refused, and the sentence names what is missing.
#[track_caller]
fn unready<T: std::fmt::Debug>(answer: Result<Response<T>, Status>, names: &str) {
    let refused = refused(answer, Code::FailedPrecondition, "STEP_NOT_READY");
    let missing = &refused.metadata["missing_zh"];
    assert!(missing.contains(names), "{missing} does not name {names}");
}
