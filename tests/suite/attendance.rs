//! Attendance by class and day 考勤, and the suspicions that it opens.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::attendance_mark::Kind;
use junheng_proto::registration::v1::dropout_case::{Finding, State};
use junheng_proto::registration::v1::dropout_case_service_client::DropoutCaseServiceClient;
use junheng_proto::registration::v1::{
    Absence, AttendanceMark, AttendanceRow, AttendanceSheet, DropoutCase,
    GetAttendanceSheetRequest, ImportAttendanceRequest, ListAbsencesRequest,
    ListAttendanceSheetsRequest, ListDropoutCasesRequest, ListMissingSheetsRequest,
    ListSchoolClassesRequest, ListStudentsRequest, MarkAttendanceRequest, SchoolClass, Student,
    StudentRow, import_attendance_request,
};
use junheng_tests::person::child;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{Answer, all_in, enrol, header, import_students, numbered, student_row};
use junheng_tests::school_year::on_day;
use junheng_tests::{County, Officer, School, Story, World, request_id, story};
use tonic::{Code, Response, Status};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a sheet tells who was there and who was not and which classes have none", |world| Box::pin(morning(world))),
    story("a day that is no school day, a second sheet and a stranger are refused by their rules", |world| Box::pin(wrong_turns(world))),
    story("a correction needs the sheet that was read and a reason", |world| Box::pin(corrected(world))),
    story("the marks of a school's own system come in and what is wrong is named row by row", |world| Box::pin(imported(world))),
    story("the third school day without leave opens a suspicion with the mark itself over a weekend", |world| Box::pin(third_day(world))),
    story("ten days without leave in a term open a suspicion though the pupil came between", |world| Box::pin(ten_days(world))),
    story("silence does not make a pupil present who has an open case", |world| Box::pin(silence(world))),
];

/// A school day that has passed, for whoever needs one.
pub(crate) const MATRIX_DAY: &str = "2026-10-12";

/// A Monday of term, with a week of school before it and National Day before that.
const MONDAY: &str = "2026-10-19";

/// Marks a class on [`MATRIX_DAY`], everybody present.
pub(crate) async fn called(clerk: &Officer, class: &str) -> AttendanceSheet {
    let request = mark(class, MATRIX_DAY, &[]);
    answered(clerk.attendance().mark_attendance(request).await)
}

/// A request to mark a class.
pub(crate) fn mark(class: &str, date: &str, exceptions: &[(&str, Kind)]) -> MarkAttendanceRequest {
    MarkAttendanceRequest {
        school_class: class.to_owned(),
        date: date.to_owned(),
        exceptions: exceptions
            .iter()
            .map(|(student, kind)| AttendanceMark {
                student: (*student).to_owned(),
                kind: (*kind).into(),
            })
            .collect(),
        request_id: request_id(),
        ..MarkAttendanceRequest::default()
    }
}

/// The dropout cases below a parent.
pub(crate) async fn cases(officer: &Officer, parent: &str) -> Vec<DropoutCase> {
    let request = ListDropoutCasesRequest {
        parent: parent.to_owned(),
        ..ListDropoutCasesRequest::default()
    };
    let mut cases = DropoutCaseServiceClient::new(officer.link());
    answered(cases.list_dropout_cases(request).await).dropout_cases
}

/// A school with one class, its pupils and its clerk.
struct Ground {
    county: County,
    school: School,
    class: SchoolClass,
    pupils: Vec<Student>,
    clerk: Officer,
}

impl Ground {
    async fn of(world: &World, pupils: usize) -> Self {
        let county = County::shared(world).await;
        let school = county.school(SchoolKind::Primary).await;
        enrol(&county.clerk, &school, Stage::Primary, pupils).await;
        let classes = ListSchoolClassesRequest {
            parent: school.name.clone(),
            ..ListSchoolClassesRequest::default()
        };
        let classes = answered(county.clerk.classes().list_school_classes(classes).await);
        let students = ListStudentsRequest {
            parent: school.name.clone(),
            ..ListStudentsRequest::default()
        };
        let students = answered(county.clerk.students().list_students(students).await);
        Self {
            clerk: world.sign_in("school.clerk", &school.name).await,
            class: classes.school_classes[0].clone(),
            pupils: students.students,
            county,
            school,
        }
    }

    fn pupil(&self, index: usize) -> &str {
        &self.pupils[index].name
    }

    async fn mark(
        &self,
        date: &str,
        exceptions: &[(&str, Kind)],
    ) -> Result<Response<AttendanceSheet>, Status> {
        let request = mark(&self.class.name, date, exceptions);
        self.clerk.attendance().mark_attendance(request).await
    }

    async fn absences(&self, student: &str, begin: &str, end: &str) -> Vec<Absence> {
        let request = ListAbsencesRequest {
            parent: self.school.name.clone(),
            student: student.to_owned(),
            begin_date: begin.to_owned(),
            end_date: end.to_owned(),
            ..ListAbsencesRequest::default()
        };
        answered(self.clerk.attendance().list_absences(request).await).absences
    }

    async fn import(&self, rows: Vec<AttendanceRow>) -> Answer {
        import(&self.clerk, &self.school.name, rows).await
    }
}

async fn import(officer: &Officer, parent: &str, rows: Vec<AttendanceRow>) -> Answer {
    let head = import_attendance_request::Part::Header(header(parent));
    let rows = numbered(rows, |row, number| row.row = number);
    let rows = rows.into_iter().map(import_attendance_request::Part::Row);
    let messages = std::iter::once(head)
        .chain(rows)
        .map(|part| ImportAttendanceRequest { part: Some(part) });
    officer
        .attendance()
        .import_attendance(tokio_stream::iter(messages.collect::<Vec<_>>()))
        .await
}

fn row(student: &str, date: &str, kind: Kind) -> AttendanceRow {
    AttendanceRow {
        student: student.to_owned(),
        date: date.to_owned(),
        kind: kind.into(),
        ..AttendanceRow::default()
    }
}

async fn monday(world: &World) -> World {
    let monday: NaiveDate = MONDAY.parse().expect("a date");
    on_day(world, monday).await
}

async fn morning(world: &World) {
    let world = monday(world).await;
    let ground = Ground::of(&world, 4).await;
    let missing = || {
        let request = ListMissingSheetsRequest {
            parent: ground.county.place.county.clone(),
            date: MONDAY.to_owned(),
            ..ListMissingSheetsRequest::default()
        };
        let mut county = ground.county.clerk.attendance();
        async move { answered(county.list_missing_sheets(request).await).school_classes }
    };
    assert_eq!(missing().await, std::slice::from_ref(&ground.class));
    let exceptions = [(ground.pupil(0), Kind::Sick), (ground.pupil(1), Kind::Late)];
    let sheet = answered(ground.mark(MONDAY, &exceptions).await);
    assert_eq!(
        (sheet.roll_count, sheet.called_count, sheet.present_count),
        (4, 4, 3),
        "who is late is there"
    );
    assert!(missing().await.is_empty());
    let get = GetAttendanceSheetRequest {
        name: sheet.name.clone(),
    };
    let read = answered(
        ground
            .county
            .clerk
            .attendance()
            .get_attendance_sheet(get)
            .await,
    );
    assert_eq!(read, sheet);
    assert_eq!(read.present_students.len(), 2);
    let list = ListAttendanceSheetsRequest {
        parent: ground.county.place.county.clone(),
        date: MONDAY.to_owned(),
        ..ListAttendanceSheetsRequest::default()
    };
    let listed = ground.county.clerk.attendance();
    let listed = answered(listed.clone().list_attendance_sheets(list).await).attendance_sheets;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].present_students.is_empty());
    assert_eq!(listed[0].exceptions, sheet.exceptions);
    let by_day = ground.absences("", MONDAY, MONDAY).await;
    let by_pupil: BTreeMap<&str, Kind> = by_day
        .iter()
        .map(|one| (one.student.as_str(), one.kind()))
        .collect();
    assert_eq!(by_pupil, BTreeMap::from(exceptions));
    let own = ground.absences(ground.pupil(0), "", "").await;
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].date, MONDAY);
}

async fn wrong_turns(world: &World) {
    let world = monday(world).await;
    let ground = Ground::of(&world, 2).await;
    let day = |date| ground.mark(date, &[]);
    let ahead = refused(
        day("2026-10-20").await,
        Code::FailedPrecondition,
        "DAY_AHEAD",
    );
    assert_eq!(ahead.metadata["date"], "2026-10-20");
    for (date, why) in [
        ("2026-10-18", "a Sunday"),
        ("2026-10-05", "National Day"),
        ("2026-08-10", "summer"),
    ] {
        let free = refused(
            day(date).await,
            Code::FailedPrecondition,
            "NOT_A_SCHOOL_DAY",
        );
        assert!(free.sentence.contains(date), "{why}");
    }
    let unread = refused(
        day("19/10/2026").await,
        Code::InvalidArgument,
        "FIELD_INVALID",
    );
    assert_eq!(unread.fields, ["date"]);
    let closed = day("2026-09-21").await;
    let closed = refused(closed, Code::FailedPrecondition, "ATTENDANCE_CLOSED");
    assert_eq!(closed.metadata["date"], "2026-09-21");
    let by_county = mark(&ground.class.name, "2026-09-21", &[]);
    let mut county = ground.county.clerk.attendance();
    answered(county.mark_attendance(by_county).await);
    answered(day(MONDAY).await);
    let second = refused(day(MONDAY).await, Code::AlreadyExists, "SHEET_STANDS");
    assert!(second.metadata["name"].starts_with("attendanceSheets/"));
    let other = Ground::of(&world, 1).await;
    let stranger = other.mark(MONDAY, &[(ground.pupil(0), Kind::Sick)]).await;
    let stranger = refused(stranger, Code::InvalidArgument, "NOT_ON_ROLL");
    assert_eq!(stranger.metadata["student"], ground.pupil(0));
    let foreign = mark(&ground.class.name, "2026-10-16", &[]);
    let foreign = other.clerk.attendance().mark_attendance(foreign).await;
    refused(foreign, Code::NotFound, "NOT_FOUND");
    let elsewhere = ListMissingSheetsRequest {
        parent: ground.school.name.clone(),
        date: MONDAY.to_owned(),
        ..ListMissingSheetsRequest::default()
    };
    let elsewhere = other
        .clerk
        .attendance()
        .list_missing_sheets(elsewhere)
        .await;
    refused(elsewhere, Code::PermissionDenied, "OUT_OF_SCOPE");
    let long = ListAbsencesRequest {
        parent: ground.school.name.clone(),
        begin_date: "2026-09-01".to_owned(),
        end_date: MONDAY.to_owned(),
        ..ListAbsencesRequest::default()
    };
    let long = ground.clerk.attendance().list_absences(long).await;
    refused(long, Code::InvalidArgument, "FIELD_INVALID");
}

async fn corrected(world: &World) {
    let world = monday(world).await;
    let ground = Ground::of(&world, 3).await;
    let first = [(ground.pupil(0), Kind::Unknown)];
    let sheet = answered(ground.mark(MONDAY, &first).await);
    let known = [(ground.pupil(0), Kind::Sick), (ground.pupil(1), Kind::Late)];
    let correct = |etag: &str, reason: &str| {
        let request = MarkAttendanceRequest {
            etag: etag.to_owned(),
            reason: reason.to_owned(),
            ..mark(&ground.class.name, MONDAY, &known)
        };
        let mut clerk = ground.clerk.attendance();
        async move { clerk.mark_attendance(request).await }
    };
    let silent = correct(&sheet.etag, " ").await;
    let silent = refused(silent, Code::InvalidArgument, "FIELD_REQUIRED");
    assert_eq!(silent.fields, ["reason"]);
    let stale = correct("\"9\"", "家长来电").await;
    refused(stale, Code::Aborted, "ETAG_MISMATCH");
    let corrected = answered(correct(&sheet.etag, "家长来电请病假").await);
    assert_eq!(corrected.name, sheet.name);
    assert_ne!(corrected.etag, sheet.etag);
    assert_eq!(corrected.present_count, 2);
    let absences = ground.absences("", MONDAY, MONDAY).await;
    assert_eq!(absences.len(), 2);
    let again = correct(&sheet.etag, "家长来电请病假").await;
    refused(again, Code::Aborted, "ETAG_MISMATCH");
}

async fn imported(world: &World) {
    let world = monday(world).await;
    let ground = Ground::of(&world, 2).await;
    let stranger = Ground::of(&world, 1).await;
    // A pupil who comes with a number of its own, by which the school's system names it.
    let person = child();
    let number = format!("G{}", person.number);
    let newcomer = StudentRow {
        student_number: number.clone(),
        ..student_row(&ground.school, Stage::Primary, 1, 1, &person)
    };
    let clerk = &ground.county.clerk;
    all_in(answered(
        import_students(clerk, header(&ground.school.name), vec![newcomer]).await,
    ));
    let rows = || {
        let numbered = AttendanceRow {
            student_number: number.clone(),
            ..row("", MONDAY, Kind::Unknown)
        };
        let elsewhere = AttendanceRow {
            school_class: stranger.class.name.clone(),
            ..row(ground.pupil(1), "2026-10-16", Kind::Present)
        };
        vec![
            row(ground.pupil(0), MONDAY, Kind::Present),
            numbered,
            row(ground.pupil(1), "2026-10-18", Kind::Present),
            row(ground.pupil(1), "2026-10-20", Kind::Present),
            row(stranger.pupil(0), MONDAY, Kind::Present),
            elsewhere,
            row(ground.pupil(0), MONDAY, Kind::Sick),
        ]
    };
    let result = answered(ground.import(rows()).await);
    assert_eq!((result.row_count, result.created_count), (7, 2));
    let reasons: Vec<(i64, &str)> = result
        .verdicts
        .iter()
        .map(|verdict| (verdict.row, verdict.reason().as_str_name()))
        .collect();
    assert_eq!(
        reasons,
        [
            (4, "REASON_NOT_A_SCHOOL_DAY"),
            (5, "REASON_DAY_AHEAD"),
            (6, "REASON_ROW_OUT_OF_PARENT"),
            (7, "REASON_NOT_ON_ROLL"),
            (8, "REASON_ROW_DUPLICATE"),
        ]
    );
    let again = answered(ground.import(rows()).await);
    assert_eq!((again.unchanged_count, again.created_count), (2, 0));
    let sheet = |officer: &Officer| {
        let list = ListAttendanceSheetsRequest {
            parent: ground.school.name.clone(),
            date: MONDAY.to_owned(),
            ..ListAttendanceSheetsRequest::default()
        };
        let mut officer = officer.attendance();
        async move { answered(officer.list_attendance_sheets(list).await).attendance_sheets }
    };
    let part = sheet(&ground.clerk).await.remove(0);
    assert_eq!(
        (part.roll_count, part.called_count),
        (3, 2),
        "one is to come"
    );
    // What nobody knew is made known; what was known is not overwritten.
    let known = AttendanceRow {
        student_number: number.clone(),
        ..row("", MONDAY, Kind::Personal)
    };
    let later = vec![
        known,
        row(ground.pupil(0), MONDAY, Kind::Sick),
        row(ground.pupil(1), MONDAY, Kind::Present),
    ];
    let later = answered(ground.import(later).await);
    assert_eq!((later.updated_count, later.rejected_count), (2, 1));
    assert_eq!(
        later.verdicts[0].reason().as_str_name(),
        "REASON_SHEET_STANDS"
    );
    let whole = sheet(&ground.clerk).await.remove(0);
    assert_eq!((whole.called_count, whole.present_count), (3, 2));
    // A row for a whole class.
    let class = AttendanceRow {
        date: "2026-10-16".to_owned(),
        school_class: ground.class.name.clone(),
        exceptions: vec![AttendanceMark {
            student: ground.pupil(1).to_owned(),
            kind: Kind::Unexcused.into(),
        }],
        ..AttendanceRow::default()
    };
    let class = answered(ground.import(vec![class]).await);
    assert_eq!(class.created_count, 1, "{class:?}");
    assert_eq!(ground.absences(ground.pupil(1), "", "").await.len(), 1);
    let foreign = import(&stranger.clerk, &ground.school.name, Vec::new()).await;
    refused(foreign, Code::PermissionDenied, "OUT_OF_SCOPE");
}

async fn third_day(world: &World) {
    let world = monday(world).await;
    let ground = Ground::of(&world, 3).await;
    let (away, excused) = (ground.pupil(0), ground.pupil(1));
    answered(ground.mark("2026-10-14", &[]).await);
    let both = [(away, Kind::Unexcused), (excused, Kind::Unexcused)];
    answered(ground.mark("2026-10-15", &both).await);
    let both = [(away, Kind::Unknown), (excused, Kind::Sick)];
    answered(ground.mark("2026-10-16", &both).await);
    assert!(cases(&ground.clerk, &ground.school.name).await.is_empty());
    let both = [(away, Kind::Unexcused), (excused, Kind::Unexcused)];
    answered(ground.mark(MONDAY, &both).await);
    let found = cases(&ground.clerk, &ground.school.name).await;
    let [case] = found.as_slice() else {
        panic!("two days without leave are no three: {found:?}")
    };
    assert_eq!(case.student, away);
    assert_eq!(case.finding(), Finding::Attendance);
    assert_eq!(case.state(), State::Suspected);
    assert_eq!(case.found_date, MONDAY);
    assert_eq!(case.last_day, "2026-10-14", "the last day of attendance");
    assert_eq!(case.source, away);
    // The county sees it at once, another county does not.
    let county = &ground.county.place.county;
    assert_eq!(cases(&ground.county.clerk, county).await.len(), 1);
}

async fn ten_days(world: &World) {
    let world = monday(world).await;
    let ground = Ground::of(&world, 2).await;
    let days = [
        "2026-09-16",
        "2026-09-17",
        "2026-09-18",
        "2026-09-21",
        "2026-09-22",
        "2026-09-23",
        "2026-09-24",
        "2026-09-28",
        "2026-09-29",
        "2026-09-30",
        "2026-10-08",
        "2026-10-09",
        "2026-10-12",
        "2026-10-13",
        "2026-10-14",
        "2026-10-15",
    ];
    // Two days away, one day there; the county brings what the school's system had kept.
    let kind = |day: usize| match day % 3 {
        2 => Kind::Present,
        _ => Kind::Unexcused,
    };
    let rows = |until: usize| {
        let days = days.iter().enumerate().take(until);
        days.map(|(number, day)| row(ground.pupil(0), day, kind(number)))
            .collect::<Vec<_>>()
    };
    let first = import(&ground.county.clerk, &ground.school.name, rows(12)).await;
    let first = answered(first);
    assert_eq!(first.created_count, 12, "{first:?}");
    assert!(cases(&ground.clerk, &ground.school.name).await.is_empty());
    let all = import(&ground.county.clerk, &ground.school.name, rows(16)).await;
    assert_eq!(answered(all).created_count, 4);
    let found = cases(&ground.clerk, &ground.school.name).await;
    assert_eq!(found.len(), 1, "eleven days in the term");
    assert_eq!(found[0].student, ground.pupil(0));
}

async fn silence(world: &World) {
    let mut world = monday(world).await;
    let ground = Ground::of(&world, 2).await;
    for day in ["2026-10-15", "2026-10-16", MONDAY] {
        answered(
            ground
                .mark(day, &[(ground.pupil(0), Kind::Unexcused)])
                .await,
        );
    }
    assert_eq!(cases(&ground.clerk, &ground.school.name).await.len(), 1);
    world.later(1).expect("the next day");
    let name = ground.clerk.sign_in_name.clone();
    let clerk = world.enter(&name, &ground.clerk.password, None).await;
    let silent = mark(&ground.class.name, "2026-10-20", &[]);
    let silent = answered(clerk.attendance().mark_attendance(silent).await);
    assert_eq!((silent.roll_count, silent.called_count), (2, 1));
    assert!(
        !silent
            .present_students
            .contains(&ground.pupil(0).to_owned())
    );
    let said = MarkAttendanceRequest {
        etag: silent.etag,
        reason: "到校,班主任当面确认".to_owned(),
        ..mark(
            &ground.class.name,
            "2026-10-20",
            &[(ground.pupil(0), Kind::Present)],
        )
    };
    let said = answered(clerk.attendance().mark_attendance(said).await);
    assert_eq!((said.called_count, said.present_count), (2, 2));
}
