//! What a corrected or imported sheet may say of a child with an open case, who marks, and for which days.

use crate::dropout::{COUNTY, DAY, MONDAY, Place, cases, done, ground, refused, step, unready};
use crate::support::{Officer, id, row};
use junheng_kernel::bulk::{ImportHeader, ImportResult};
use junheng_kernel::service::Link;
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::attendance_mark::Kind as Mark;
use junheng_proto::registration::v1::attendance_service_client::AttendanceServiceClient;
use junheng_proto::registration::v1::dropout_case::State;
use junheng_proto::registration::v1::import_attendance_request::Part;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::*;
use tonic::{Code, Response, Status};

const TUESDAY: &str = "2018-10-16";
const WEDNESDAY: &str = "2018-10-17";

fn client(ground: &Place) -> AttendanceServiceClient<Link> {
    AttendanceServiceClient::new(ground.world.link.clone())
}

impl Place {
    async fn sheet(&self, date: &str) -> AttendanceSheet {
        let request = ListAttendanceSheetsRequest {
            parent: self.school.name.clone(),
            date: date.into(),
            ..Default::default()
        };
        let clerk = self.officer("school.clerk");
        let listed = client(self)
            .list_attendance_sheets(clerk.ask(request))
            .await;
        done(listed).attendance_sheets.remove(0)
    }

    /// Corrects the sheet of a day: of the student it says this, or nothing.
    async fn correct(&self, date: &str, kind: Option<Mark>) -> AttendanceSheet {
        let mark = kind.map(|kind| AttendanceMark {
            student: self.student.name.clone(),
            kind: kind.into(),
        });
        let correction = MarkAttendanceRequest {
            school_class: self.class.name.clone(),
            date: date.into(),
            exceptions: mark.into_iter().collect(),
            etag: self.sheet(date).await.etag,
            reason: "核对点名册".into(),
            request_id: id(),
        };
        let clerk = self.officer("school.clerk");
        done(client(self).mark_attendance(clerk.ask(correction)).await)
    }

    fn row(&self, date: &str, kind: Mark) -> AttendanceRow {
        AttendanceRow {
            row: 2,
            date: date.into(),
            student: self.student.name.clone(),
            kind: kind.into(),
            ..Default::default()
        }
    }

    async fn import_marks(
        &self,
        by: &Officer<'_>,
        parent: &str,
        row: AttendanceRow,
    ) -> Result<Response<ImportResult>, Status> {
        let header = ImportHeader {
            parent: parent.into(),
            request_id: id(),
            ..Default::default()
        };
        let parts = [Part::Header(header), Part::Row(row)];
        let messages = parts.map(|part| ImportAttendanceRequest { part: Some(part) });
        let request = by.ask(tokio_stream::iter(messages));
        client(self).import_attendance(request).await
    }
}

#[tokio::test]
async fn a_correction_that_does_not_name_a_child_with_an_open_case_leaves_its_mark() {
    let ground = ground().await;
    ground.world.context.clock.advance_seconds(2 * DAY);
    for date in [MONDAY, TUESDAY, WEDNESDAY] {
        ground.mark_as(date, Some(Mark::Unexcused)).await;
    }
    let case = ground.case().await.expect("three days");
    let sheet = ground.correct(TUESDAY, None).await;
    let marks: Vec<_> = sheet.exceptions.iter().map(AttendanceMark::kind).collect();
    assert_eq!(marks, [Mark::Unexcused]);
    let head = ground.officer("school.approver");
    let cleared = cases(&ground.world)
        .clear_dropout_case(head.ask(step(&case)))
        .await;
    unready(cleared, "须有记录说明");
    assert_eq!(ground.confirm(&case).await.state(), State::Confirmed);
}

#[tokio::test]
async fn a_correction_that_says_that_the_child_was_there_or_ill_takes_the_basis_away() {
    for kind in [Mark::Present, Mark::Sick] {
        let ground = ground().await;
        ground.world.context.clock.advance_seconds(2 * DAY);
        for date in [MONDAY, TUESDAY, WEDNESDAY] {
            ground.mark_as(date, Some(Mark::Unexcused)).await;
        }
        let case = ground.case().await.expect("three days");
        ground.correct(TUESDAY, Some(kind)).await;
        let head = ground.officer("school.approver");
        let cleared = cases(&ground.world)
            .clear_dropout_case(head.ask(step(&case)))
            .await;
        assert_eq!(done(cleared).state(), State::Cleared);
    }
}

#[tokio::test]
async fn a_return_that_no_sheet_shows_any_more_is_taken_back() {
    let ground = ground().await;
    let case = done(ground.report("school.clerk").await);
    let case = ground.confirm(&case).await;
    ground.world.context.clock.advance_seconds(DAY);
    ground.mark_as(MONDAY, Some(Mark::Present)).await;
    ground.mark_as(TUESDAY, Some(Mark::Present)).await;
    let case = done(ground.come_back(&case, MONDAY).await);
    assert_eq!(ground.state().await, StudentState::Enrolled);

    ground.correct(MONDAY, Some(Mark::Unexcused)).await;
    let standing = ground.case().await.expect("the case");
    assert_eq!(standing.state(), State::Returned, "it was there on Tuesday");
    assert_eq!(standing.etag, case.etag);

    ground.correct(TUESDAY, Some(Mark::Unexcused)).await;
    let standing = ground.case().await.expect("the case");
    assert_eq!(
        (standing.state(), standing.relapses),
        (State::Confirmed, 1),
        "nothing says that it is back"
    );
    assert!(standing.returned_date.is_empty() && !standing.due_date.is_empty());
    assert_eq!(ground.state().await, StudentState::DroppedOut);
}

#[tokio::test]
async fn no_import_says_that_a_child_with_an_open_case_was_there_after_all() {
    let ground = ground().await;
    ground.world.context.clock.advance_seconds(2 * DAY);
    for date in [MONDAY, TUESDAY, WEDNESDAY] {
        ground.mark_as(date, Some(Mark::Unknown)).await;
    }
    ground.case().await.expect("three days");
    let clerk = ground.officer("school.clerk");
    let import = async |kind: Mark| {
        let school = &ground.school.name;
        let row = ground.row(TUESDAY, kind);
        done(ground.import_marks(&clerk, school, row).await)
    };
    let result = import(Mark::Present).await;
    assert_eq!(result.verdicts[0].reason(), Reason::SheetStands);
    let result = import(Mark::Sick).await;
    assert_eq!(result.updated_count, 1, "why it was away is made known");
}

#[tokio::test]
async fn a_schools_own_system_sends_its_marks_and_nothing_else() {
    let ground = ground().await;
    let school = ground.school.name.clone();
    let system = ground.world.officer("school.partner", &school);
    let row = ground.row(MONDAY, Mark::Unexcused);
    let sent = done(ground.import_marks(&system, &school, row.clone()).await);
    assert_eq!((sent.created_count, sent.rejected_count), (1, 0));
    let marks = ground.sheet(MONDAY).await.exceptions;
    assert_eq!(marks[0].kind(), Mark::Unexcused);

    let mut clerk = ground.world.officer("county.clerk", COUNTY);
    let other = clerk.school("2163000002", "630103").await;
    let foreign = ground.import_marks(&system, &other.name, row.clone());
    refused(foreign.await, Code::PermissionDenied, "OUT_OF_SCOPE");
    let neighbour = ground.world.officer("school.partner", &other.name);
    let theirs = done(ground.import_marks(&neighbour, &other.name, row).await);
    assert_eq!(theirs.verdicts[0].reason(), Reason::RowOutOfParent);
    let reported = ground.report("school.partner").await;
    refused(reported, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
}

#[tokio::test]
async fn nobody_is_called_on_a_day_before_it_came_to_the_stage() {
    let ground = ground().await;
    let mut clerk = ground.officer("county.clerk");
    let school = clerk.school("2163000003", "630103").await;
    let class = clerk.class(&school, 3, 1).await;
    let rows = (10..12).map(|serial| row(i64::from(serial), "2163000003", 3, 1, serial));
    let loaded = clerk.import(COUNTY, rows.collect()).await;
    assert_eq!(loaded.created_count, 2, "{:?}", loaded.verdicts);
    let mark = |date: &str| MarkAttendanceRequest {
        school_class: class.name.clone(),
        date: date.into(),
        request_id: id(),
        ..Default::default()
    };
    // Grade 3 in the autumn of 2018: in school since that of 2016.
    let early = client(&ground)
        .mark_attendance(clerk.ask(mark("2016-05-03")))
        .await;
    refused(early, Code::FailedPrecondition, "CLASS_WITHOUT_PUPILS");
    let first = client(&ground)
        .mark_attendance(clerk.ask(mark("2016-09-05")))
        .await;
    assert_eq!(done(first).called_count, 2);
    let request = ListStudentsRequest {
        parent: school.name.clone(),
        ..Default::default()
    };
    let request = clerk.ask(request);
    let listed = clerk.students.list_students(request).await;
    let student = done(listed).students.remove(0);
    let row = AttendanceRow {
        student: student.name,
        ..ground.row("2016-05-03", Mark::Unexcused)
    };
    let imported = ground.import_marks(&clerk, &school.name, row);
    let verdicts = done(imported.await).verdicts;
    assert_eq!(verdicts[0].reason(), Reason::NotOnRoll);
}

#[tokio::test]
async fn a_report_of_what_is_no_child_is_told_what_a_child_is_named_by() {
    let ground = ground().await;
    let clerk = ground.officer("school.clerk");
    for child in ["schools/1", COUNTY, "child"] {
        let request = ReportDropoutSuspicionRequest {
            child: child.into(),
            note: "多日未到校".into(),
            request_id: id(),
            ..Default::default()
        };
        let answer = cases(&ground.world)
            .report_dropout_suspicion(clerk.ask(request))
            .await;
        let status = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
        let names = "students/{id} or residents/{id}";
        assert!(status.message().contains(names), "{status:?}");
    }
}
