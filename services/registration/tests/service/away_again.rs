//! A child that is away again, or still: what explained the last time explains it no more.

use crate::admitted::round;
use crate::dropout::{DAY, Place, cases, done, evidence, ground, step, unready};
use crate::dropout_control::id_of;
use crate::dropout_roads::{take, there, transfer};
use crate::support::id;
use junheng_proto::registration::v1::attendance_mark::Kind as Mark;
use junheng_proto::registration::v1::attendance_service_client::AttendanceServiceClient;
use junheng_proto::registration::v1::dropout_case::{Finding, Ground, State};
use junheng_proto::registration::v1::status_change as leaves;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::*;
use junheng_registration::entity::status_change;
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _};
use uuid::Uuid;

impl Place {
    async fn refreshed(&self, case: &DropoutCase) -> DropoutCase {
        let get = GetDropoutCaseRequest {
            name: case.name.clone(),
        };
        let clerk = self.officer("county.clerk");
        done(cases(&self.world).get_dropout_case(clerk.ask(get)).await)
    }

    /// The county enters how the child was on a day that is long past.
    async fn entered_late(&self, date: &str, kind: Mark) {
        let sheet = MarkAttendanceRequest {
            school_class: self.class.name.clone(),
            date: date.into(),
            exceptions: vec![AttendanceMark {
                student: self.student.name.clone(),
                kind: kind.into(),
            }],
            request_id: id(),
            ..Default::default()
        };
        let mut attendance = AttendanceServiceClient::new(self.world.link.clone());
        let clerk = self.officer("county.clerk");
        done(attendance.mark_attendance(clerk.ask(sheet)).await);
    }

    /// Every case of the school, the newest last.
    async fn all(&self) -> Vec<DropoutCase> {
        let request = ListDropoutCasesRequest {
            parent: self.school.name.clone(),
            ..Default::default()
        };
        let clerk = self.officer("county.clerk");
        let listed = cases(&self.world)
            .list_dropout_cases(clerk.ask(request))
            .await;
        let mut all = done(listed).dropout_cases;
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    async fn next_door(&self) -> (School, SchoolClass) {
        let mut clerk = self.officer("county.clerk");
        let other = clerk.school("2163000002", "630103").await;
        let class = clerk.class(&other, 3, 1).await;
        (other, class)
    }
}

#[tokio::test]
async fn a_transfer_proves_that_a_child_is_elsewhere_once_it_is_there_and_until_it_is_away_again() {
    let ground = ground().await;
    let mut service = cases(&ground.world);
    let case = done(ground.report("school.clerk").await);
    let case = ground.confirm(&case).await;
    let (other, class) = ground.next_door().await;
    let moving = transfer(&ground, &other, &class).await;
    let seat = ("school.clerk", other.name.as_str());
    take(&ground, "CompleteTransfer", seat, &moving).await;
    let case = ground.refreshed(&case).await;
    let asked = ground.close(&case, Ground::Elsewhere, Vec::new()).await;
    unready(asked, "转入后的到校考勤");

    ground.world.context.clock.advance_seconds(DAY);
    let tuesday = ground.world.context.clock.today().to_string();
    there(&ground, &other, &class, &tuesday).await;
    let case = done(ground.close(&case, Ground::Elsewhere, Vec::new()).await);
    let chief = ground.officer("county.approver");
    let case = done(service.refuse_dropout_closing(chief.ask(step(&case))).await);

    // It is back at the new school, and then away again.
    let clerk = ground.world.officer("school.clerk", &other.name);
    let back = ReturnDropoutCaseRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        returned_date: tuesday,
        request_id: id(),
        ..Default::default()
    };
    let case = done(service.return_dropout_case(clerk.ask(back)).await);
    let case = done(service.relapse_dropout_case(clerk.ask(step(&case))).await);
    assert_eq!(ground.state().await, StudentState::DroppedOut);
    let asked = ground.close(&case, Ground::Elsewhere, Vec::new()).await;
    unready(asked, "转入后的到校考勤");
    let given = vec![evidence("外省就读证明")];
    let case = done(ground.close(&case, Ground::Elsewhere, given).await);
    done(service.close_dropout_case(chief.ask(step(&case))).await);
    assert_eq!(ground.state().await, StudentState::TransferredOut);
}

#[tokio::test]
async fn a_child_that_a_transfer_has_seated_and_that_never_came_is_let_go_when_it_is_found_far_away()
 {
    let ground = ground().await;
    let case = done(ground.report("school.clerk").await);
    let case = ground.confirm(&case).await;
    let (other, class) = ground.next_door().await;
    let moving = transfer(&ground, &other, &class).await;
    let seat = ("school.clerk", other.name.as_str());
    take(&ground, "CompleteTransfer", seat, &moving).await;
    let case = ground.refreshed(&case).await;
    let given = vec![evidence("外省就读证明")];
    let case = done(ground.close(&case, Ground::Elsewhere, given).await);
    let chief = ground.officer("county.approver");
    done(
        cases(&ground.world)
            .close_dropout_case(chief.ask(step(&case)))
            .await,
    );
    assert_eq!(ground.state().await, StudentState::TransferredOut);
}

#[tokio::test]
async fn the_absences_of_a_term_count_when_it_is_over() {
    let ground = ground().await;
    // The term of the province ended on the tenth of January.
    ground.world.context.clock.advance_seconds(100 * DAY);
    let today = ground.world.context.clock.today().to_string();
    assert_eq!(today, "2019-01-23");
    // Every second school day, ten of them: never three in a row.
    let weeks = [15, 22, 29].map(|monday| (10, monday));
    for (month, monday) in weeks {
        let day = |days: u32| match monday + days {
            day if day > 31 => format!("2018-11-{:02}", day - 31),
            day => format!("2018-{month}-{day:02}"),
        };
        for (days, kind) in [
            (0, Mark::Unexcused),
            (1, Mark::Present),
            (2, Mark::Unexcused),
            (3, Mark::Present),
            (4, Mark::Unexcused),
        ] {
            ground.entered_late(&day(days), kind).await;
        }
    }
    ground.entered_late("2018-11-05", Mark::Present).await;
    assert!(ground.all().await.is_empty());
    ground.entered_late("2018-11-06", Mark::Unexcused).await;
    let case = ground.all().await.pop().expect("the tenth absence");
    assert_eq!(
        (case.state(), case.finding(), case.found_date.as_str()),
        (State::Suspected, Finding::Attendance, today.as_str())
    );
    // So it is in the next term, when another absence is the only one of it.
    ground.world.context.clock.advance_seconds(50 * DAY);
    ground.entered_late("2019-03-11", Mark::Unexcused).await;
    let head = ground.officer("school.approver");
    unready(
        cases(&ground.world)
            .clear_dropout_case(head.ask(step(&case)))
            .await,
        "须有记录说明",
    );
    let case = ground.confirm(&case).await;
    assert_eq!(case.state(), State::Confirmed);
}

#[tokio::test]
async fn a_leave_that_was_prolonged_and_has_run_out_again_is_suspected_again() {
    let ground = ground().await;
    let leave = Uuid::now_v7();
    let row = status_change::Model {
        id: leave,
        student: id_of(&ground.student.name),
        school: id_of(&ground.school.name),
        place: 630_103_000_000,
        region: "630103".into(),
        kind: leaves::Kind::Suspension as i32,
        state: leaves::State::Effective as i32,
        stage: 1,
        grade: 3,
        effective_date: "2018-09-03".into(),
        until_date: "2018-10-01".into(),
        run_start: "2018-09-03".into(),
        closed_date: String::new(),
        school_class: None,
        leave: None,
        content: Vec::new(),
        due_date: String::new(),
        due_provisional: false,
        update_micros: 0,
        version: 1,
    };
    let store = &ground.world.context.store;
    status_change::Entity::insert(row.into_active_model())
        .exec_without_returning(store.derived())
        .await
        .unwrap();
    let until = async |date: &str| {
        status_change::Entity::update_many()
            .col_expr(status_change::Column::UntilDate, date.into())
            .filter(status_change::Column::Id.eq(leave))
            .exec(store.derived())
            .await
            .unwrap();
    };
    // Five working days after the holidays.
    ground.world.context.clock.advance_seconds(2 * DAY);
    suspected(&ground, 1).await;
    let case = ground.all().await.remove(0);
    assert_eq!(case.source, format!("statusChanges/{leave}"));
    // Its extension is approved, as its own room tells.
    until("2018-12-03").await;
    let cleared = ground
        .officer("county.approver")
        .ask(junheng_proto::workflow::v1::StepRequest {
            evidence: vec![evidence("延期休学审批表")],
            ..step(&case)
        });
    done(cases(&ground.world).clear_dropout_case(cleared).await);
    ground.world.context.clock.advance_seconds(30 * DAY);
    suspected(&ground, 1).await;
    ground.world.context.clock.advance_seconds(30 * DAY);
    suspected(&ground, 2).await;
    let again = ground.all().await.pop().unwrap();
    assert_eq!(
        (again.state(), again.source),
        (State::Suspected, case.source)
    );
}

/// After a round there are so many cases.
async fn suspected(ground: &Place, count: usize) {
    round(&ground.world).await;
    for _ in 0..200 {
        if ground.all().await.len() == count {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(ground.all().await.len(), count);
}
