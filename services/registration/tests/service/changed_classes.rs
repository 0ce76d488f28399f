//! A pupil that changes its class is there wherever it was seen.

use crate::dropout::{DAY, Place, cases, done, ground, step, unready};
use crate::support::id;
use junheng_proto::registration::v1::attendance_mark::Kind as Mark;
use junheng_proto::registration::v1::attendance_service_client::AttendanceServiceClient;
use junheng_proto::registration::v1::dropout_case::{Finding, State};
use junheng_proto::registration::v1::*;

impl Place {
    /// The county calls a class; of the student it is said how it was.
    async fn call(
        &self,
        class: &SchoolClass,
        date: &str,
        kind: Mark,
        corrects: Option<&AttendanceSheet>,
    ) -> AttendanceSheet {
        let sheet = MarkAttendanceRequest {
            school_class: class.name.clone(),
            date: date.into(),
            exceptions: vec![AttendanceMark {
                student: self.student.name.clone(),
                kind: kind.into(),
            }],
            etag: corrects.map(|sheet| sheet.etag.clone()).unwrap_or_default(),
            reason: corrects.map(|_| "原班补正".into()).unwrap_or_default(),
            request_id: id(),
            ..Default::default()
        };
        let clerk = self.officer("county.clerk");
        let mut attendance = AttendanceServiceClient::new(self.world.link.clone());
        done(attendance.mark_attendance(clerk.ask(sheet)).await)
    }

    async fn sits_in(&self, class: &SchoolClass) {
        let mut clerk = self.officer("county.clerk");
        let name = self.student.name.clone();
        let get = clerk.ask(GetStudentRequest { name });
        let student = done(clerk.students.get_student(get).await);
        let request = clerk.ask(UpdateStudentRequest {
            student: Some(Student {
                school_class: class.name.clone(),
                ..student
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["school_class".into()],
            }),
            request_id: id(),
        });
        done(clerk.students.update_student(request).await);
    }

    async fn suspicions(&self) -> Vec<DropoutCase> {
        let clerk = self.officer("county.clerk");
        let request = clerk.ask(ListDropoutCasesRequest {
            parent: self.school.name.clone(),
            ..Default::default()
        });
        done(cases(&self.world).list_dropout_cases(request).await).dropout_cases
    }
}

#[tokio::test]
async fn a_day_that_the_old_class_corrects_makes_nobody_a_suspect_who_is_in_the_new_class() {
    let ground = ground().await;
    let old = ground.class.clone();
    let new = ground
        .officer("county.clerk")
        .class(&ground.school, 3, 2)
        .await;
    ground.world.context.clock.advance_seconds(4 * DAY);
    let friday = ground.call(&old, "2018-10-12", Mark::Present, None).await;
    let monday = ground.call(&old, "2018-10-15", Mark::Unexcused, None).await;
    ground.call(&old, "2018-10-16", Mark::Unexcused, None).await;
    ground.sits_in(&new).await;
    let there = ground.call(&new, "2018-10-19", Mark::Present, None).await;

    ground
        .call(&old, "2018-10-12", Mark::Unexcused, Some(&friday))
        .await;
    assert!(
        ground.suspicions().await.is_empty(),
        "it has been there since"
    );

    // It was taken for another child: without that day three are in a row, whichever class counts them.
    ground
        .call(&new, "2018-10-19", Mark::Sick, Some(&there))
        .await;
    let monday = ground
        .call(&old, "2018-10-15", Mark::Sick, Some(&monday))
        .await;
    ground
        .call(&old, "2018-10-15", Mark::Unexcused, Some(&monday))
        .await;
    let case = ground.suspicions().await.pop().expect("three days");
    assert_eq!(
        (case.state(), case.finding()),
        (State::Suspected, Finding::Attendance)
    );
    // What takes the basis away may also be the new class's.
    ground.call(&new, "2018-10-18", Mark::Present, None).await;
    let head = ground.officer("school.approver");
    let confirm = head.ask(ConfirmDropoutCaseRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        reason: dropout_case::Reason::Weary.into(),
        request_id: id(),
        ..Default::default()
    });
    unready(cases(&ground.world).confirm_dropout_case(confirm).await, "");
    let cleared = cases(&ground.world)
        .clear_dropout_case(head.ask(step(&case)))
        .await;
    assert_eq!(done(cleared).state(), State::Cleared);
}
