//! What comes twice counts once: a second case of a pupil, a second departure, a second notice; and a request has a day of its own.

use crate::dropout::{
    COUNTY, DAY, MONDAY, cases, done, evidence, ground, ground_in, notices, refused, step,
};
use crate::dropout_history::rate;
use crate::support::id;
use junheng_proto::registration::v1::dropout_case::{Ground, State};
use junheng_proto::registration::v1::dropout_notice::{Kind, State as NoticeState};
use junheng_proto::registration::v1::overdue_service_client::OverdueServiceClient;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::*;
use tonic::Code;

#[tokio::test]
async fn a_pupil_with_two_cases_dropped_out_once_and_left_once() {
    let ground = ground().await;
    let mut service = cases(&ground.world);
    let case = done(ground.report("school.clerk").await);
    let case = ground.confirm(&case).await;
    ground.mark(MONDAY, true).await;
    let back = ReturnDropoutCaseRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        returned_date: MONDAY.into(),
        request_id: id(),
        ..Default::default()
    };
    let clerk = ground.officer("school.clerk");
    let case = done(service.return_dropout_case(clerk.ask(back)).await);
    let given = || vec![evidence("外省就读证明")];
    let case = done(ground.close(&case, Ground::Elsewhere, given()).await);
    let chief = ground.officer("county.approver");
    done(service.close_dropout_case(chief.ask(step(&case))).await);
    assert_eq!(ground.state().await, StudentState::Enrolled);

    ground.world.context.clock.advance_seconds(DAY);
    let again = done(ground.report("school.clerk").await);
    let again = ground.confirm(&again).await;
    let told = rate(&ground, "").await;
    assert_eq!((told.numerator, told.denominator), (1, 2));
    let again = done(ground.close(&again, Ground::Elsewhere, given()).await);
    let chief = ground.officer("county.approver");
    done(service.close_dropout_case(chief.ask(step(&again))).await);
    assert_eq!(ground.state().await, StudentState::TransferredOut);
    let told = rate(&ground, "").await;
    assert_eq!((told.numerator, told.denominator), (1, 2), "two attended");
    let input = |id: &str| {
        let found = told.inputs.iter().find(|input| input.input_id == id);
        found.unwrap().count
    };
    assert_eq!(input("left_before.primary"), 1);
}

#[tokio::test]
async fn a_second_order_takes_nothing_from_the_one_that_was_served_and_is_revoked_while_it_lies_there()
 {
    let ground = ground_in("630103").await;
    let (case, order) = ground.ordered().await;
    ground.serve(&order).await;
    let second = done(ground.draw("county.clerk", &case, Kind::Order).await);
    ground.days_pass(11);
    let revoke = |notice: &DropoutNotice| {
        let request = RevokeDropoutNoticeRequest {
            name: notice.name.clone(),
            etag: notice.etag.clone(),
            reason: "重复制作".into(),
            request_id: id(),
        };
        let chief = ground.officer("county.approver").ask(request);
        let mut service = notices(&ground.world);
        async move { service.revoke_dropout_notice(chief).await }
    };
    let revoked = done(revoke(&second).await);
    assert_eq!(revoked.state(), NoticeState::Revoked);
    let get = GetDropoutNoticeRequest { name: order.name };
    let clerk = ground.officer("county.clerk").ask(get);
    let order = done(notices(&ground.world).get_dropout_notice(clerk).await);
    refused(
        revoke(&order).await,
        Code::FailedPrecondition,
        "NOTICE_RELIED_ON",
    );
    // Another one that lies in a drawer.
    done(ground.draw("county.clerk", &case, Kind::Order).await);
    let sued = done(ground.sue(&case).await);
    assert_eq!(sued.state(), State::Court);
}

#[tokio::test]
async fn who_decides_about_a_closing_has_days_for_it_and_nobody_gains_any_by_asking() {
    let ground = ground().await;
    let mut service = cases(&ground.world);
    let case = done(ground.report("school.clerk").await);
    let case = ground.confirm(&case).await;
    let own_day = case.due_date.clone();
    assert_eq!(own_day, "2018-10-18");
    let given = vec![evidence("外省就读证明")];
    let case = done(ground.close(&case, Ground::Elsewhere, given).await);
    assert_eq!(case.due_date, "2018-10-22");
    ground.world.context.clock.advance_seconds(5 * DAY);
    let overdue = async || {
        let request = ListOverdueStepsRequest {
            parent: COUNTY.into(),
            include_below: true,
            ..Default::default()
        };
        let mut client = OverdueServiceClient::new(ground.world.link.clone());
        let clerk = ground.officer("county.clerk").ask(request);
        done(client.list_overdue_steps(clerk).await).overdue_steps
    };
    assert!(overdue().await.is_empty(), "the county still has its days");
    ground.world.context.clock.advance_seconds(3 * DAY);
    let late = overdue().await.remove(0);
    assert_eq!(late.step, "CloseDropoutCase");
    assert_eq!(late.awaited_organisation, COUNTY);
    assert_eq!(late.awaited_roles, ["county.approver"]);
    assert_eq!(case.awaited.as_ref().unwrap().step, late.step);

    let chief = ground.officer("county.approver");
    let case = done(service.refuse_dropout_closing(chief.ask(step(&case))).await);
    assert_eq!(case.due_date, own_day);
    let late = overdue().await.remove(0);
    assert_eq!(
        (late.step, late.due_date),
        ("AssignDropoutCase".to_owned(), own_day)
    );
}
