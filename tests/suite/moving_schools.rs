//! A school moves to another town while rows are being written below it: they lie where the school lies afterwards.

use std::future::Future;
use std::time::Duration;

use junheng_proto::bulk::v1::ImportResult;
use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::group_recognition::{Group, State};
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::{
    CreateSchoolClassRequest, FileGroupRecognitionRequest, GroupRecognition, ListStudentsRequest,
    SchoolClass, StudentRow,
};
use junheng_proto::workflow::v1::{Evidence, StepRequest, evidence};
use junheng_tests::database::open;
use junheng_tests::locks::{behind, waits_for_lock};
use junheng_tests::person::{adult, child};
use junheng_tests::refusal::answered;
use junheng_tests::rolls::{
    Answer, all_in, class_row, employ, enrol, furnish, header, import_classes, import_sites,
    import_students, import_teachers, site_row, student_row, teacher_row,
};
use junheng_tests::{County, Database, School, Story, World, days_from_now, request_id, story};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, TransactionTrait as _};

/// How long a case may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often to look whether it is there.
const LOOK: Duration = Duration::from_millis(20);

/// SQLite has one writer at a time, so that nothing can move meanwhile.
#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("pupils and classes imported while their school moves lie where it lies afterwards", |world| Box::pin(registered(world))).on(&[Database::Postgres]),
    story("a step and what is begun for a pupil while the school moves lie where it lies afterwards", |world| Box::pin(stepped(world))).on(&[Database::Postgres]),
    story("the case of a second record that opens while its school moves lies where it lies afterwards", |world| Box::pin(suspected(world))).on(&[Database::Postgres]),
    story("teachers and sites imported while their school moves lie where it lies afterwards", |world| Box::pin(followed(world))).on(&[Database::Postgres]),
];

/// A move as the product makes it, of a school in one table and of what lies in it in others: rows of the first are counted.
struct Move<'w> {
    world: &'w World,
    service: &'w str,
    schools: &'w str,
    rows: &'w [&'w str],
    school: &'w School,
}

async fn registered(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    enrol(&county.clerk, &school, Stage::Primary, 3).await;
    let of = |rows| Move {
        world,
        service: "registration",
        schools: "schools",
        rows,
        school: &school,
    };
    let (clerk, name) = (&county.clerk, &school.name);
    let pupils = (0..3).map(|_| student_row(&school, Stage::Primary, 1, 1, &child()));
    let pupils = import_students(clerk, header(name), pupils.collect());
    of(&["students"]).during(&county, imported(pupils), 6).await;
    let classes = vec![class_row(&school, Stage::Primary, 2, 1)];
    let classes = import_classes(clerk, header(name), classes);
    of(&["school_classes"])
        .during(&county, imported(classes), 2)
        .await;
    let one = CreateSchoolClassRequest {
        parent: name.clone(),
        school_class: Some(SchoolClass {
            stage: Stage::Primary.into(),
            grade: 3,
            number: 1,
            ..SchoolClass::default()
        }),
        request_id: request_id(),
    };
    let opened = async { answered(clerk.classes().create_school_class(one).await) };
    of(&["school_classes"]).during(&county, opened, 3).await;
}

async fn stepped(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    enrol(&county.clerk, &school, Stage::Primary, 1).await;
    let clerk = &county.clerk;
    let list = ListStudentsRequest {
        parent: school.name.clone(),
        ..ListStudentsRequest::default()
    };
    let pupils = answered(clerk.students().list_students(list).await).students;
    let file = |group: Group| FileGroupRecognitionRequest {
        student: pupils[0].name.clone(),
        group_recognition: Some(GroupRecognition {
            group: group.into(),
            evidence: vec![Evidence {
                title: "证明材料".to_owned(),
                digest: "ab".repeat(32),
                kind: evidence::Kind::HouseholdRegister.into(),
            }],
            valid_from: days_from_now(-30),
            ..GroupRecognition::default()
        }),
        request_id: request_id(),
    };
    let first = file(Group::LeftBehind);
    let filed = answered(clerk.recognitions().file_group_recognition(first).await);
    let of = || Move {
        world,
        service: "registration",
        schools: "schools",
        rows: &["group_recognitions", "students"],
        school: &school,
    };
    let step = StepRequest {
        name: filed.name.clone(),
        etag: filed.etag.clone(),
        note: "情况已变化".to_owned(),
        request_id: request_id(),
        ..StepRequest::default()
    };
    let withdrawn = async {
        let done = clerk.recognitions().withdraw_group_recognition(step).await;
        assert_eq!(answered(done).state(), State::Withdrawn);
    };
    of().during(&county, withdrawn, 1).await;
    let second = file(Group::Migrant);
    let begun = async { answered(clerk.recognitions().file_group_recognition(second).await) };
    of().during(&county, begun, 2).await;
}

async fn suspected(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let other = county.school(SchoolKind::Primary).await;
    let clerk = &county.clerk;
    for school in [&other, &school] {
        enrol(clerk, school, Stage::Primary, 1).await;
    }
    let person = child();
    let by_card = student_row(&other, Stage::Primary, 1, 1, &person);
    let by_nothing = StudentRow {
        identity_type: IdentityType::None.into(),
        identity_number: String::new(),
        ..student_row(&school, Stage::Primary, 1, 1, &person)
    };
    for (school, row) in [(&other, by_card), (&school, by_nothing)] {
        let only = import_students(clerk, header(&school.name), vec![row]);
        imported(only).await;
    }
    let database = world.database_of("registration").await;
    let id = &school.name["schools/".len()..];
    let claims = format!("SELECT count(*) FROM duplicate_claims WHERE school = '{id}'");
    let begun = async {
        // As two registrations of one moment leave it, which did not see each other.
        assert_eq!(number(&database, &claims).await, 1);
        let forget = format!(
            "WITH claims AS (DELETE FROM duplicate_claims WHERE school = '{id}' RETURNING duplicate_case) \
             DELETE FROM duplicate_cases WHERE id IN (SELECT duplicate_case FROM claims)"
        );
        database.execute_unprepared(&forget).await.expect("deleted");
        let opened = async {
            while number(&database, &claims).await == 0 {
                tokio::time::sleep(LOOK).await;
            }
        };
        let opened = tokio::time::timeout(PATIENCE, opened).await;
        opened.expect("the case is opened");
    };
    let of = Move {
        world,
        service: "registration",
        schools: "schools",
        rows: &["students"],
        school: &school,
    };
    of.during(&county, begun, 2).await;
    let place = format!("SELECT place FROM schools WHERE id = '{id}'");
    let place = number(&database, &place).await;
    let claimed = format!("SELECT place FROM duplicate_claims WHERE school = '{id}'");
    assert_eq!(number(&database, &claimed).await, place);
    let told = format!(
        "SELECT count(*) FROM journal WHERE place = {place} AND request_id LIKE 'secondRecords/%'"
    );
    assert_eq!(number(&database, &told).await, 1, "and its entry");
}

async fn followed(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    let (clerk, name) = (&county.clerk, &school.name);
    employ(clerk, &school, Stage::Primary, 2).await;
    let teacher = vec![teacher_row(&school, Stage::Primary, &adult())];
    let teacher = import_teachers(clerk, header(name), teacher);
    let staffing = Move {
        world,
        service: "staffing",
        schools: "directory_schools",
        rows: &["teachers"],
        school: &school,
    };
    staffing.during(&county, imported(teacher), 3).await;
    furnish(clerk, &school, 100).await;
    let mut branch = site_row(&school, 50);
    "分校区".clone_into(&mut branch.display_name);
    let site = import_sites(clerk, header(name), vec![branch]);
    let assets = Move {
        service: "assets",
        rows: &["sites"],
        ..staffing
    };
    assets.during(&county, imported(site), 2).await;
}

/// An import that must go in whole.
async fn imported(answer: impl Future<Output = Answer>) -> ImportResult {
    let result = answered(answer.await);
    all_in(result.clone());
    result
}

// === impl Move ===

impl Move<'_> {
    /// Moves the school, makes the call before the move is committed, commits once the call waits for it, and counts
    /// `rows` rows, all at the new place.
    async fn during<T>(&self, county: &County, call: impl Future<Output = T>, rows: i64) {
        let url = self.world.database_url(self.service);
        let mover = open(url).await.expect("a connection");
        let observer = open(url).await.expect("another connection");
        let place = next_place(&observer, county, self).await;
        let (schools, table) = (self.schools, self.rows[0]);
        let id = &self.school.name["schools/".len()..];
        let moving = mover.begin().await.expect("a transaction");
        let behind_mover = behind(&moving).await;
        let school = format!("UPDATE {schools} SET place = {place} WHERE id = '{id}'");
        let below = |table| format!("UPDATE {table} SET place = {place} WHERE school = '{id}'");
        for statement in std::iter::once(school).chain(self.rows.iter().map(below)) {
            let moved = moving
                .execute_unprepared(&statement)
                .await
                .expect("an update");
            assert!(moved.rows_affected() > 0, "{statement}");
        }
        let waiting = waits_for_lock(self.world, &observer, &behind_mover);
        tokio::pin!(call);
        tokio::select! {
            () = waiting => {}
            _ = &mut call => panic!("{table} were written without regard to the move of their school"),
        }
        moving.commit().await.expect("the commit");
        call.await;
        let there =
            format!("SELECT count(*) FROM {table} WHERE school = '{id}' AND place = {place}");
        assert_eq!(number(&observer, &there).await, rows, "{table}");
    }
}

/// A place in the county where the school does not lie yet.
async fn next_place(database: &DatabaseConnection, county: &County, of: &Move<'_>) -> i64 {
    let id = &of.school.name["schools/".len()..];
    let now = number(
        database,
        &format!("SELECT place FROM {} WHERE id = '{id}'", of.schools),
    )
    .await;
    let place = now + 1_000;
    assert!(place.to_string().starts_with(county.code()));
    place
}

async fn number(database: &impl ConnectionTrait, query: &str) -> i64 {
    let statement = Statement::from_string(database.get_database_backend(), query);
    let row = database.query_one_raw(statement).await.expect(query);
    row.expect("one row").try_get_by(0).expect("a number")
}
