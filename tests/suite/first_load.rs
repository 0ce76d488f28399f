//! The first load of a province: quick, and with every promise kept that the common way keeps.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::import_students_request::Part;
use junheng_proto::registration::v1::student::IdentityType;
use junheng_proto::registration::v1::{CountStudentsRequest, ImportStudentsRequest, StudentRow};
use junheng_tests::duplicates::cases_once;
use junheng_tests::locks::waits_for_lock;
use junheng_tests::person::{Person, child};
use junheng_tests::pupils::{open_class, register};
use junheng_tests::refusal::answered;
use junheng_tests::rolls::{Answer, header, import_students, numbered, student_row};
use junheng_tests::{County, Database, Officer, School, Story, World, story};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement, TransactionTrait as _};
use tokio_stream::wrappers::ReceiverStream;

/// Enough for a load.
const MANY: usize = 5_000;
/// Rows of the school beside it: enough too, so that both want to begin one.
const FEWER: usize = 5_000;
/// Children whom both schools send.
const SHARED: usize = 40;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("two schools that load an empty province at once and share children register each child once and open cases", |world| Box::pin(shared(world))),
    story("a child who comes twice in a first load, by card and by passport, does not end it and has a case when it has ended", |world| Box::pin(by_two_documents(world))),
    story("an import that comes while the indexes of a first load are built puts them off until it has ended", |world| Box::pin(put_off(world))),
    story("who is registered right after the first load finds the same rows standing and the same indexes", |world| Box::pin(at_once(world))),
];

async fn shared(world: &World) {
    let world = world.of_its_own(&[]).await;
    let before = indexes(&world).await;
    let county = County::fresh(&world).await;
    let (one, other) = (with_class(&county).await, with_class(&county).await);
    let both: Vec<_> = (0..SHARED).map(|_| child()).collect();
    let rows = |school: &School, own: usize| -> Vec<StudentRow> {
        let children = both.iter().cloned().chain((0..own).map(|_| child()));
        let rows = children.map(|child| student_row(school, Stage::Primary, 1, 1, &child));
        numbered(rows, |row, number| row.row = number)
    };
    let (of_one, of_other) = (rows(&one, MANY), rows(&other, FEWER));
    let clerk = &county.clerk;
    let (first, second) = tokio::join!(
        import_students(clerk, header(&one.name), of_one),
        import_students(clerk, header(&other.name), of_other),
    );
    let (first, second) = (answered(first), answered(second));
    let created = first.created_count + second.created_count;
    let refused = first.rejected_count + second.rejected_count;
    assert_eq!(as_count(MANY + FEWER + SHARED), created);
    assert_eq!(as_count(SHARED), refused);
    let verdict = first.verdicts.iter().chain(&second.verdicts).next();
    let verdict = verdict.expect("a verdict");
    assert!(verdict.message.contains("duplicateCases/"), "{verdict:?}");
    let stand = count(clerk, &one).await + count(clerk, &other).await;
    assert_eq!(stand, created);
    // Asked for one child by itself, the load is over at the latest.
    let class = open_class(clerk, &one, 2, 1).await;
    register(clerk, &class, &child()).await;
    assert_eq!(indexes(&world).await, before);
}

async fn at_once(world: &World) {
    let world = world.of_its_own(&[]).await;
    let before = indexes(&world).await;
    let county = County::fresh(&world).await;
    let (clerk, school) = (&county.clerk, with_class(&county).await);
    let rows = (0..MANY).map(|_| student_row(&school, Stage::Primary, 1, 1, &child()));
    let rows = numbered(rows, |row, number| row.row = number);
    let result = answered(import_students(clerk, header(&school.name), rows.clone()).await);
    assert_eq!(result.created_count, as_count(MANY));
    let class = open_class(clerk, &school, 2, 1).await;
    register(clerk, &class, &child()).await;
    assert_eq!(indexes(&world).await, before);
    let again = answered(import_students(clerk, header(&school.name), rows).await);
    assert_eq!((again.created_count, again.rejected_count), (0, 0));
    assert_eq!(again.unchanged_count, as_count(MANY));
    assert_eq!(count(clerk, &school).await, as_count(MANY + 1));
}

async fn by_two_documents(world: &World) {
    let world = world.of_its_own(&[]).await;
    let before = indexes(&world).await;
    let county = County::fresh(&world).await;
    let (clerk, school) = (&county.clerk, with_class(&county).await);
    let twin = child();
    let row = |child: &Person| student_row(&school, Stage::Primary, 1, 1, child);
    let with_passport = StudentRow {
        identity_type: IdentityType::Passport.into(),
        identity_number: "E20160901".to_owned(),
        ..row(&twin)
    };
    let others = (0..MANY).map(|_| row(&child()));
    let rows = [row(&twin), with_passport].into_iter().chain(others);
    let rows = numbered(rows, |row, number| row.row = number);
    // While another import is under way the load does not end for want of work, however slow this machine is.
    let beside = Beside::of(clerk, &school).await;
    let result = answered(import_students(clerk, header(&school.name), rows).await);
    assert_eq!(
        (result.created_count, result.rejected_count),
        (as_count(MANY + 2), 0)
    );
    if world.database == Database::Postgres {
        let meanwhile = indexes(&world).await;
        assert!(meanwhile.len() < before.len(), "the load goes on");
    }
    // Asked for one child by itself, the load is over at the latest.
    let class = open_class(clerk, &school, 2, 1).await;
    register(clerk, &class, &child()).await;
    assert_eq!(indexes(&world).await, before);
    beside.end().await;
    let cases = cases_once(clerk, &school.name, |cases| !cases.is_empty()).await;
    let claims: Vec<usize> = cases.iter().map(|case| case.claims.len()).collect();
    assert_eq!(claims, [1]);
}

async fn put_off(world: &World) {
    let world = world.of_its_own(&[]).await;
    let before = indexes(&world).await;
    let county = County::fresh(&world).await;
    let (clerk, school) = (&county.clerk, with_class(&county).await);
    let rows = |count: usize| {
        let rows = (0..count).map(|_| student_row(&school, Stage::Primary, 1, 1, &child()));
        numbered(rows, |row, number| row.row = number)
    };
    let first = Beside::of(clerk, &school).await;
    let result = answered(import_students(clerk, header(&school.name), rows(MANY)).await);
    assert_eq!(result.created_count, as_count(MANY));
    let database = world.database_of("registration").await;
    // A write of somebody else's, behind which the indexes wait.
    let writer = database.begin().await.expect("a transaction");
    if world.database == Database::Postgres {
        let lock = "LOCK TABLE students IN ROW EXCLUSIVE MODE";
        writer.execute_unprepared(lock).await.expect("the lock");
    }
    first.end().await;
    waits_for_lock(&world, &database, "query LIKE 'CREATE%INDEX%'").await;
    let beside = Beside::of(clerk, &school).await;
    let coming = import_students(clerk, header(&school.name), rows(1));
    let release = async {
        waits_for_lock(
            &world,
            &database,
            "query LIKE '%FROM first_loads%FOR SHARE%'",
        )
        .await;
        writer.rollback().await.expect("the lock is given up");
    };
    let (result, ()) = tokio::join!(coming, release);
    assert_eq!(answered(result).created_count, 1);
    if world.database == Database::Postgres {
        let meanwhile = indexes(&world).await;
        assert!(meanwhile.len() < before.len(), "the load goes on");
    }
    beside.end().await;
    let class = open_class(clerk, &school, 2, 1).await;
    register(clerk, &class, &child()).await;
    assert_eq!(indexes(&world).await, before);
    assert_eq!(count(clerk, &school).await, as_count(MANY + 2));
}

/// An import whose header has been sent and that is under way until it is ended.
struct Beside {
    parts: tokio::sync::mpsc::Sender<ImportStudentsRequest>,
    answer: tokio::task::JoinHandle<Answer>,
}

impl Beside {
    async fn of(clerk: &Officer, school: &School) -> Self {
        let (parts, taken) = tokio::sync::mpsc::channel(1);
        let open = Part::Header(header(&school.name));
        let open = ImportStudentsRequest { part: Some(open) };
        parts.send(open).await.expect("the stream is open");
        let mut students = clerk.students();
        let answer = tokio::spawn(async move {
            let taken = ReceiverStream::new(taken);
            students.import_students(taken).await
        });
        Self { parts, answer }
    }

    async fn end(self) {
        drop(self.parts);
        let empty = answered(self.answer.await.expect("the import ends"));
        assert_eq!((empty.created_count, empty.rejected_count), (0, 0));
    }
}

async fn with_class(county: &County) -> School {
    let school = county.school(SchoolKind::Primary).await;
    open_class(&county.clerk, &school, 1, 1).await;
    school
}

async fn count(officer: &Officer, school: &School) -> i64 {
    let request = CountStudentsRequest {
        parent: school.name.clone(),
        grouping: 0,
    };
    answered(officer.students().count_students(request).await).total_count
}

/// How the students are indexed, on PostgreSQL.
async fn indexes(world: &World) -> Vec<String> {
    if world.database != Database::Postgres {
        return Vec::new();
    }
    let sql = "SELECT indexdef::text AS indexdef FROM pg_indexes WHERE tablename = 'students' \
               UNION ALL SELECT conname::text FROM pg_constraint \
               WHERE conrelid = 'students'::regclass ORDER BY 1";
    let rows = world
        .database_of("registration")
        .await
        .query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql))
        .await
        .expect("the catalogue");
    let indexes = rows.iter().map(|row| row.try_get("", "indexdef"));
    indexes.collect::<Result<_, _>>().expect("texts")
}

fn as_count(rows: usize) -> i64 {
    i64::try_from(rows).expect("a count")
}
