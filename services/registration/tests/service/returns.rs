//! What proves a return, and what a case may rest on: sheets, papers of this round, one request at a time.

use crate::dropout::{DAY, MONDAY, Place, cases, done, evidence, ground, refused, step, unready};
use crate::support::id;
use junheng_kernel::service::Link;
use junheng_proto::registration::v1::attendance_mark::Kind as Mark;
use junheng_proto::registration::v1::dropout_case::{Finding, Ground, State};
use junheng_proto::registration::v1::dropout_notice::{Kind, ServiceMethod};
use junheng_proto::registration::v1::dropout_notice_service_client::DropoutNoticeServiceClient;
use junheng_proto::registration::v1::ledger_service_client::LedgerServiceClient;
use junheng_proto::registration::v1::list_ledger_request::Event;
use junheng_proto::registration::v1::*;
use tonic::{Code, Response, Status};

const TUESDAY: &str = "2018-10-16";

impl Place {
    pub(crate) async fn come_back(
        &self,
        case: &DropoutCase,
        date: &str,
    ) -> Result<Response<DropoutCase>, Status> {
        let back = ReturnDropoutCaseRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            returned_date: date.into(),
            request_id: id(),
            ..Default::default()
        };
        let clerk = self.officer("school.clerk");
        cases(&self.world)
            .return_dropout_case(clerk.ask(back))
            .await
    }

    /// The child's only case.
    pub(crate) async fn case(&self) -> Option<DropoutCase> {
        let request = ListDropoutCasesRequest {
            parent: self.school.name.clone(),
            ..Default::default()
        };
        let clerk = self.officer("school.clerk");
        let listed = cases(&self.world)
            .list_dropout_cases(clerk.ask(request))
            .await;
        done(listed).dropout_cases.pop()
    }
}

#[tokio::test]
async fn a_return_is_a_day_of_which_a_sheet_says_that_the_child_was_there() {
    let ground = ground().await;
    let case = done(ground.report("school.clerk").await);
    let case = ground.confirm(&case).await;
    ground.world.context.clock.advance_seconds(DAY);
    ground.mark_as(MONDAY, Some(Mark::Unexcused)).await;
    ground.mark_as(TUESDAY, Some(Mark::Present)).await;
    unready(ground.come_back(&case, MONDAY).await, "返校之日");
    let case = done(ground.come_back(&case, TUESDAY).await);
    assert_eq!(case.returned_date, TUESDAY);
}

#[tokio::test]
async fn papers_of_before_a_relapse_prove_nothing_after_it_be_it_the_same_day() {
    let ground = ground().await;
    let mut service = cases(&ground.world);
    let case = done(ground.report("school.clerk").await);
    let case = ground.assign(&ground.confirm(&case).await).await;
    let case = ground.visit(&ground.visit(&case).await).await;
    done(
        ground
            .draw("school.clerk", &case, Kind::WrittenReport)
            .await,
    );
    ground.mark(MONDAY, true).await;
    let case = done(ground.come_back(&case, MONDAY).await);
    let clerk = ground.officer("school.clerk");
    let case = done(service.relapse_dropout_case(clerk.ask(step(&case))).await);
    let case = ground.assign(&case).await;
    let case = ground.visit(&ground.visit(&case).await).await;
    let head = ground.officer("school.approver");
    unready(
        service.escalate_dropout_case(head.ask(step(&case))).await,
        "书面报告",
    );
    done(
        ground
            .draw("school.clerk", &case, Kind::WrittenReport)
            .await,
    );
    done(service.escalate_dropout_case(head.ask(step(&case))).await);
}

#[tokio::test]
async fn one_request_to_close_is_decided_before_another_is_made() {
    let ground = ground().await;
    let mut service = cases(&ground.world);
    let case = done(ground.report("school.clerk").await);
    let case = ground.confirm(&case).await;
    let ask = |case: DropoutCase| {
        let ground = &ground;
        async move {
            ground
                .close(&case, Ground::Elsewhere, vec![evidence("外省就读证明")])
                .await
        }
    };
    let case = done(ask(case).await);
    unready(ask(case.clone()).await, "待核准的销号申请");
    let chief = ground.officer("county.approver");
    let case = done(service.refuse_dropout_closing(chief.ask(step(&case))).await);
    let case = done(ask(case).await);
    let case = done(service.close_dropout_case(chief.ask(step(&case))).await);
    assert_eq!(case.state(), State::Closed);
}

#[tokio::test]
async fn a_day_that_is_called_later_takes_the_basis_of_a_suspicion_away() {
    let ground = ground().await;
    let mut service = cases(&ground.world);
    ground.world.context.clock.advance_seconds(3 * DAY);
    for date in [MONDAY, TUESDAY, "2018-10-18"] {
        ground.mark_as(date, Some(Mark::Unexcused)).await;
    }
    let case = ground
        .case()
        .await
        .expect("nobody was called on Wednesday, and the run goes on");
    assert_eq!(
        (case.state(), case.finding()),
        (State::Suspected, Finding::Attendance)
    );
    let head = ground.officer("school.approver");
    unready(
        service.clear_dropout_case(head.ask(step(&case))).await,
        "须有记录说明",
    );
    ground.mark_as("2018-10-17", Some(Mark::Present)).await;
    let confirm = ConfirmDropoutCaseRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        reason: 1,
        request_id: id(),
        ..Default::default()
    };
    unready(
        service.confirm_dropout_case(head.ask(confirm)).await,
        "应予排除",
    );
    done(service.clear_dropout_case(head.ask(step(&case))).await);
}

#[tokio::test]
async fn nobody_was_last_at_school_before_it_came_to_it() {
    let ground = ground().await;
    let case = done(ground.report("school.clerk").await);
    for last_day in ["1900-01-01", "2015-08-31"] {
        let confirm = ConfirmDropoutCaseRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            reason: 1,
            last_day: last_day.into(),
            request_id: id(),
            ..Default::default()
        };
        let head = ground.officer("school.approver");
        let answer = cases(&ground.world)
            .confirm_dropout_case(head.ask(confirm))
            .await;
        let status = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
        assert!(status.message().contains("from 2016-09-01"), "{status:?}");
    }
}

async fn noticed(ground: &Place, role: &str, parent: &str) -> usize {
    let request = ListLedgerRequest {
        parent: parent.into(),
        kind: LedgerKind::Cases.into(),
        event: Event::Noticed.into(),
        ..Default::default()
    };
    let officer = ground.officer(role);
    let mut ledgers = LedgerServiceClient::new(ground.world.link.clone());
    done(ledgers.list_ledger(officer.ask(request)).await)
        .ledger_entries
        .len()
}

fn notices(ground: &Place) -> DropoutNoticeServiceClient<Link> {
    DropoutNoticeServiceClient::new(ground.world.link.clone())
}

#[tokio::test]
async fn a_notice_counts_when_it_is_served_and_for_the_office_whose_it_is() {
    let ground = ground().await;
    let case = done(ground.report("school.clerk").await);
    let case = ground.confirm(&case).await;
    let counts = async || {
        let school = noticed(&ground, "school.clerk", &ground.school.name).await;
        (
            school,
            noticed(&ground, "county.clerk", "regions/630103").await,
        )
    };
    let serve = async |role: &str| {
        let drawn = done(ground.draw(role, &case, Kind::ReturnReminder).await);
        let before = counts().await;
        let request = RecordNoticeServiceRequest {
            name: drawn.name,
            etag: drawn.etag,
            served_date: MONDAY.into(),
            service_method: ServiceMethod::InPerson.into(),
            received_by: "监护人".into(),
            evidence: vec![evidence("送达回证")],
            request_id: id(),
        };
        let officer = ground.officer(role);
        done(
            notices(&ground)
                .record_notice_service(officer.ask(request))
                .await,
        );
        (before, counts().await)
    };
    assert_eq!(serve("county.clerk").await, ((0, 0), (0, 1)));
    assert_eq!(serve("school.clerk").await, ((0, 1), (1, 1)));
}
