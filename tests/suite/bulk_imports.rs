//! Imports as a whole: all or nothing, rows that wait for their parent, and a power cut in the middle.

use std::time::{Duration, Instant};

use junheng_proto::bulk::v1::ImportHeader;
use junheng_proto::bulk::v1::import_header::Mode;
use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::error::v1::Reason;
use junheng_proto::registration::v1::quarantine_cause::Kind;
use junheng_proto::registration::v1::{
    CountStudentsRequest, DiscardQuarantinedRowsRequest, ListQuarantineCausesRequest,
    ListQuarantinedRowsRequest, QuarantineCause, StudentRow,
};
use junheng_tests::binary::{all_output, run};
use junheng_tests::person::{child, with_wrong_check_digit};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{
    all_in, class_row, header, import_classes, import_students, numbered, student_row,
};
use junheng_tests::{County, Officer, School, Story, World, request_id, story};
use tonic::Code;

/// How long rows may take to go in by themselves.
const PATIENCE: Duration = Duration::from_secs(60);

/// Rows of the import that a power cut hits; `LONG_IMPORT_ROWS=200000` asks for the long form.
const CUT_ROWS: usize = 6_000;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("an import of all or nothing with one bad row writes nothing and says so", |world| Box::pin(all_or_nothing(world))),
    story("an import of all or nothing goes in whole and once", |world| Box::pin(whole(world))),
    story("pupils whose class nobody has opened go in by themselves when it is opened", |world| Box::pin(class_comes(world))),
    story("pupils of a school that comes later wait for the school and then for its class", |world| Box::pin(school_comes(world))),
    story("a row that waited and is wrong otherwise stays under its new cause", |world| Box::pin(wrong_otherwise(world))),
    story("rows that are given up with a reason never go in", |world| Box::pin(given_up(world))),
    story("a check of an import keeps no row back", |world| Box::pin(check_only(world))),
    story("a power cut in the middle of an import and the same import again leave every pupil once", |world| Box::pin(cut_in_the_middle(world))),
];

async fn all_or_nothing(world: &World) {
    let (county, school) = prepared(world).await;
    let mut rows = pupils(&school, 1, 30);
    rows[17].identity_number = with_wrong_check_digit(&rows[17].identity_number);
    let refused =
        answered(import_students(&county.clerk, atomic(&school.name), rows.clone()).await);
    assert!(refused.refused_whole, "{refused:?}");
    assert_eq!((refused.created_count, refused.rejected_count), (0, 1));
    assert_eq!(refused.verdicts[0].reason(), Reason::CheckDigitWrong);
    assert_eq!(count(&county.clerk, &school).await, 0);

    // What only the database knows is as good a reason: somebody is registered in another school.
    let other = county.school(SchoolKind::Primary).await;
    open_class(&county.clerk, &other, 1).await;
    let elsewhere = pupils(&other, 1, 1);
    all_in(answered(
        import_students(&county.clerk, header(&other.name), elsewhere.clone()).await,
    ));
    rows[17] = StudentRow {
        school_code: school.code.clone(),
        row: rows[17].row,
        ..elsewhere[0].clone()
    };
    let refused = answered(import_students(&county.clerk, atomic(&school.name), rows).await);
    assert!(refused.refused_whole, "{refused:?}");
    let verdict = &refused.verdicts[0];
    assert_eq!(verdict.reason(), Reason::PersonRegistered);
    assert!(
        !verdict.message.contains("duplicateCases/"),
        "no case is named that was not kept: {verdict:?}"
    );
    assert_eq!((refused.created_count, refused.updated_count), (0, 0));
    assert_eq!(count(&county.clerk, &school).await, 0);
}

async fn whole(world: &World) {
    let (county, school) = prepared(world).await;
    let (head, rows) = (atomic(&school.name), pupils(&school, 1, 2_100));
    let first = answered(import_students(&county.clerk, head.clone(), rows.clone()).await);
    assert!(!first.refused_whole);
    assert_eq!((first.created_count, first.rejected_count), (2_100, 0));
    let again = answered(import_students(&county.clerk, head, rows.clone()).await);
    assert_eq!(again, first, "the first answer again");
    assert_eq!(count(&county.clerk, &school).await, 2_100);

    // Changed rows go in by sets too, and nothing else is touched.
    let changed = |(number, row): (usize, StudentRow)| StudentRow {
        boarder: Some(number % 3 == 0),
        ..row
    };
    let rows = rows.into_iter().enumerate().map(changed).collect();
    let result = answered(import_students(&county.clerk, header(&school.name), rows).await);
    assert_eq!((result.updated_count, result.unchanged_count), (700, 1_400));
    assert_eq!(count(&county.clerk, &school).await, 2_100);
}

async fn class_comes(world: &World) {
    let (county, school) = prepared(world).await;
    let rows = numbered(
        (0..12).map(|at| student_row(&school, Stage::Primary, 1, 1 + at % 2, &child())),
        |row, number| row.row = number,
    );
    let (clerk, head) = (&county.clerk, header(&school.name));
    let result = answered(import_students(clerk, head.clone(), rows.clone()).await);
    assert_eq!((result.created_count, result.quarantined_count), (6, 6));
    // The same rows again, under the same request and under another: they wait once.
    answered(import_students(clerk, head, rows.clone()).await);
    let again = answered(import_students(clerk, header(&school.name), rows).await);
    assert_eq!((again.unchanged_count, again.quarantined_count), (6, 6));
    let [cause] = causes(clerk, &school.name)
        .await
        .try_into()
        .expect("one cause");
    assert_eq!((cause.kind(), cause.row_count), (Kind::Class, 6));
    assert!(cause.message.contains("6 rows wait"), "{cause:?}");
    let listed = ListQuarantinedRowsRequest {
        parent: school.name.clone(),
        cause: cause.cause.clone(),
        ..ListQuarantinedRowsRequest::default()
    };
    let listed = answered(clerk.quarantine().list_quarantined_rows(listed).await);
    let row = &listed.quarantined_rows[0];
    assert_eq!(listed.quarantined_rows.len(), 6);
    assert_eq!((row.row, row.account.as_str()), (3, clerk.account.as_str()));
    assert!(row.identity_number.contains("***"), "{row:?}");

    open_class(clerk, &school, 2).await;
    drained(clerk, &school, 12).await;
    assert_eq!(causes(clerk, &school.name).await, []);
}

async fn school_comes(world: &World) {
    let county = County::fresh(world).await;
    let entry = county.entry(SchoolKind::Primary);
    let early = School {
        name: String::new(),
        code: entry.school_code.clone(),
        county: county.place.county.clone(),
        entry: entry.clone(),
    };
    let (clerk, parent) = (&county.clerk, &county.place.county);
    let rows = pupils(&early, 1, 5);
    let classes = vec![class_row(&early, Stage::Primary, 2, 7)];
    let result = answered(import_classes(clerk, header(parent), classes).await);
    assert_eq!(result.quarantined_count, 1);
    let result = answered(import_students(clerk, header(parent), rows).await);
    assert_eq!(result.quarantined_count, 5);
    let [cause] = causes(clerk, parent).await.try_into().expect("one cause");
    assert_eq!((cause.kind(), &cause.cause), (Kind::School, &early.code));
    assert_eq!(cause.row_count, 6, "pupils and a class wait for one school");

    let school = county.register(entry).await;
    // The class goes in; the pupils of another class wait on, for that class now.
    let patience = Instant::now() + PATIENCE;
    loop {
        let waiting = causes(clerk, parent).await;
        if let [cause] = waiting.as_slice()
            && cause.kind() == Kind::Class
        {
            assert_eq!(cause.row_count, 5);
            break;
        }
        assert!(Instant::now() < patience, "{waiting:?}");
    }
    assert_eq!(count(clerk, &school).await, 0);
    open_class(clerk, &school, 1).await;
    drained(clerk, &school, 5).await;
    assert_eq!(causes(clerk, parent).await, []);
}

async fn wrong_otherwise(world: &World) {
    let (county, school) = prepared(world).await;
    let mut rows = pupils(&school, 2, 2);
    rows[0].birth_date = "2010-01-01".to_owned();
    let result = answered(import_students(&county.clerk, header(&school.name), rows).await);
    assert_eq!(result.quarantined_count, 2);
    open_class(&county.clerk, &school, 2).await;
    drained(&county.clerk, &school, 1).await;
    let [cause] = causes(&county.clerk, &school.name)
        .await
        .try_into()
        .expect("one cause");
    assert_eq!((cause.kind(), cause.row_count), (Kind::Row, 1));
    assert!(cause.cause.contains("birth_date"), "{cause:?}");
}

async fn given_up(world: &World) {
    let (county, school) = prepared(world).await;
    let clerk = &county.clerk;
    let rows = pupils(&school, 2, 3);
    answered(import_students(clerk, header(&school.name), rows).await);
    let cause = causes(clerk, &school.name).await.remove(0).cause;
    let discard = |reason: &str| DiscardQuarantinedRowsRequest {
        parent: school.name.clone(),
        cause: cause.clone(),
        reason: reason.to_owned(),
        request_id: request_id(),
    };
    let without = clerk
        .quarantine()
        .discard_quarantined_rows(discard(""))
        .await;
    refused(without, Code::InvalidArgument, "FIELD_REQUIRED");
    let request = discard("班级编号有误");
    let gone = answered(
        clerk
            .quarantine()
            .discard_quarantined_rows(request.clone())
            .await,
    );
    assert_eq!((gone.discarded_count, gone.remaining_count), (3, 0));
    let again = answered(clerk.quarantine().discard_quarantined_rows(request).await);
    assert_eq!(again, gone, "the first answer again");
    open_class(clerk, &school, 2).await;
    // Rows that come after them go in, and these do not.
    let after = pupils(&school, 3, 1);
    answered(import_students(clerk, header(&school.name), after).await);
    open_class(clerk, &school, 3).await;
    drained(clerk, &school, 1).await;
    assert_eq!(causes(clerk, &school.name).await, []);
}

async fn check_only(world: &World) {
    let (county, school) = prepared(world).await;
    let head = ImportHeader {
        validate_only: true,
        ..header(&school.name)
    };
    let result = answered(import_students(&county.clerk, head, pupils(&school, 2, 4)).await);
    assert_eq!((result.rejected_count, result.quarantined_count), (4, 0));
    assert_eq!(causes(&county.clerk, &school.name).await, []);
}

async fn cut_in_the_middle(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::fresh(&world).await;
    let school = county.school(SchoolKind::Primary).await;
    open_class(&county.clerk, &school, 1).await;
    let asked = std::env::var_os("LONG_IMPORT_ROWS");
    let asked = asked.and_then(|rows| rows.to_str()?.parse().ok());
    let total = asked.unwrap_or(CUT_ROWS);
    let (head, rows) = (header(&school.name), pupils(&school, 1, total));
    let importing = {
        let (clerk, head, rows) = (county.clerk.clone(), head.clone(), rows.clone());
        tokio::spawn(async move { import_students(&clerk, head, rows).await })
    };
    // The power goes as soon as some of the rows are in.
    while count(&county.clerk, &school).await == 0 && !importing.is_finished() {}
    world.cut_power().expect("restarted");
    drop(importing.await.expect("the import's task"));
    let clerk = world.again(&county.clerk);
    let before = count(&clerk, &school).await;
    let result = answered(import_students(&clerk, head, rows).await);
    let total = i64::try_from(total).expect("a count");
    assert!(before <= total, "{before}");
    assert_eq!(result.rejected_count, 0, "{:?}", result.verdicts.first());
    assert_eq!(result.created_count + result.unchanged_count, total);
    assert_eq!(count(&clerk, &school).await, total, "every pupil once");
    world.server().kill().expect("killed");
    let folder = world.setup().folder.to_str().expect("a text");
    let arguments = ["audit", "verify", "--data-dir", folder];
    let output = run(&arguments, &world.setup().environment).expect("ran");
    assert!(output.status.success(), "{}", all_output(&output));
}

/// A school with class 1 of grade 1.
async fn prepared(world: &World) -> (County, School) {
    let county = County::shared(world).await;
    let school = county.school(SchoolKind::Primary).await;
    open_class(&county.clerk, &school, 1).await;
    (county, school)
}

async fn open_class(clerk: &Officer, school: &School, number: i32) {
    let rows = vec![class_row(school, Stage::Primary, 1, number)];
    let parent = header(&school.name);
    all_in(answered(import_classes(clerk, parent, rows).await));
}

fn pupils(school: &School, class: i32, how_many: usize) -> Vec<StudentRow> {
    let rows = (0..how_many).map(|_| student_row(school, Stage::Primary, 1, class, &child()));
    numbered(rows, |row, number| row.row = number)
}

fn atomic(parent: &str) -> ImportHeader {
    ImportHeader {
        mode: Mode::Atomic.into(),
        ..header(parent)
    }
}

async fn causes(officer: &Officer, parent: &str) -> Vec<QuarantineCause> {
    let request = ListQuarantineCausesRequest {
        parent: parent.to_owned(),
    };
    let answer = officer.quarantine().list_quarantine_causes(request).await;
    answered(answer).causes
}

async fn count(officer: &Officer, school: &School) -> i64 {
    let request = CountStudentsRequest {
        parent: school.name.clone(),
        grouping: 0,
    };
    answered(officer.students().count_students(request).await).total_count
}

/// Asks until the school has so many pupils.
async fn drained(officer: &Officer, school: &School, expected: i64) {
    let patience = Instant::now() + PATIENCE;
    while count(officer, school).await != expected {
        assert!(Instant::now() < patience, "rows wait on");
    }
}
