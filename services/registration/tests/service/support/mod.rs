//! A registration of its own for each test, and officers as the gateway would admit them.

use std::sync::{Arc, LazyLock};

use junheng_kernel::admission::{
    AccessTable, Claims, SERVICE_AUDIENCE, SigningKey, TrustedKeys, sign,
};
use junheng_kernel::bulk::{ImportHeader, ImportResult};
use junheng_kernel::calendar::Calendar;
use junheng_kernel::clock::Clock;
use junheng_kernel::identity_number::check_character;
use junheng_kernel::journal::run_migrations;
use junheng_kernel::privacy::Keyring;
use junheng_kernel::region::RegionTable;
use junheng_kernel::service::{Context, Later, Link, later};
use junheng_kernel::store::{Store, connect};
use junheng_proto::registration::v1::school_class_service_client::SchoolClassServiceClient;
use junheng_proto::registration::v1::school_service_client::SchoolServiceClient;
use junheng_proto::registration::v1::student_service_client::StudentServiceClient;
use junheng_proto::registration::v1::*;
use sea_orm::{ConnectionTrait as _, Statement};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Request, Status};
use uuid::Uuid;

static REGIONS: LazyLock<Arc<RegionTable>> = LazyLock::new(|| Arc::new(RegionTable::builtin()));

/// What one county has decided for itself: it has a legal basis for a fine. The other counties have none.
pub const WITH_BASIS: &str = "630121";
const LOCAL_RULES: &str = r#"
[[rule]]
id = "dropout.most_fine_fen"
region = "630121"
effective_from = 2018-01-01
value = 50000
source = "《某省义务教育条例》第五十条"
trust = "DESIGN"
"#;

static ADOPTED: LazyLock<()> = LazyLock::new(|| {
    junheng_registration::rule_book::adopt(LOCAL_RULES, &REGIONS).unwrap();
});

/// A registration on a new SQLite file.
pub struct World {
    pub context: Context,
    pub link: Link,
    signing: SigningKey,
    _folder: tempfile::TempDir,
}

/// One officer's clients.
pub struct Officer<'a> {
    world: &'a World,
    identity: String,
    pub schools: SchoolServiceClient<Link>,
    pub classes: SchoolClassServiceClient<Link>,
    pub students: StudentServiceClient<Link>,
}

impl World {
    pub async fn new() -> Self {
        Self::with_neighbours().await.0
    }

    /// With the ways to staffing and assets, which nobody answers before they are filled.
    pub async fn with_neighbours() -> (Self, Later, Later) {
        let (staffing, staffing_started) = later();
        let (assets, assets_started) = later();
        let neighbours = junheng_registration::Neighbours { staffing, assets };
        (
            Self::beside(neighbours).await,
            staffing_started,
            assets_started,
        )
    }

    async fn beside(neighbours: junheng_registration::Neighbours) -> Self {
        LazyLock::force(&ADOPTED);
        let folder = tempfile::tempdir().unwrap();
        let url = format!(
            "sqlite://{}",
            folder.path().join("registration.db").display()
        );
        let (_, writer) = connect(&url).await.unwrap();
        run_migrations::<junheng_registration::Migrator>(&writer)
            .await
            .unwrap();
        writer.close().await.unwrap();
        // Autumn 2018: the children of the tests are of school age then.
        let clock = Clock::default();
        let start = 1_535_760_000 - clock.now_micros() / 1_000_000;
        clock.advance_seconds(start);
        let signing = SigningKey::generate().unwrap();
        let mut trusted = TrustedKeys::default();
        trusted.trust("gateway", signing.public());
        let context = Context {
            name: junheng_registration::NAME,
            store: Store::open(&url, Arc::new(Keyring::generate().unwrap()), clock.clone())
                .await
                .unwrap(),
            regions: REGIONS.clone(),
            calendar: Arc::new(Calendar::builtin()),
            clock,
            access: Arc::new(AccessTable::of_contract()),
            trusted: Arc::new(trusted),
            signing: signing.clone(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        Self {
            link: junheng_registration::service(&context, neighbours),
            context,
            signing,
            _folder: folder,
        }
    }

    /// Closes a school as a reorganisation would, whose way is told elsewhere.
    pub async fn close(&self, school: &School) {
        let database = self.context.store.derived();
        let id: Uuid = school.name["schools/".len()..].parse().unwrap();
        let statement = Statement::from_sql_and_values(
            database.get_database_backend(),
            "UPDATE schools SET state = $1 WHERE id = $2",
            [(school::State::Closed as i32).into(), id.into()],
        );
        let closed = database.execute_raw(statement).await.unwrap();
        assert_eq!(closed.rows_affected(), 1);
    }

    /// An officer in one post, for example `county.clerk` of `regions/630103`.
    pub fn officer(&self, role: &str, organisation: &str) -> Officer<'_> {
        self.officer_of(&format!("accounts/{role}"), role, organisation)
    }

    /// The same with an account of its own.
    pub fn officer_of(&self, account: &str, role: &str, organisation: &str) -> Officer<'_> {
        let now = self.context.clock.now_micros() / 1_000_000;
        let claims = Claims {
            iss: "gateway".into(),
            aud: SERVICE_AUDIENCE.into(),
            sub: account.into(),
            jti: Uuid::now_v7().to_string(),
            iat: now,
            nbf: now,
            exp: now + 300,
            role: role.into(),
            organisation: organisation.into(),
            name: "测试".into(),
            // The system of the police, where it is one.
            department: i32::from(role.ends_with(".partner")),
        };
        Officer {
            world: self,
            identity: sign(&self.signing, &claims).unwrap(),
            schools: SchoolServiceClient::new(self.link.clone()),
            classes: SchoolClassServiceClient::new(self.link.clone()),
            students: StudentServiceClient::new(self.link.clone()),
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.context.stop.cancel();
    }
}

impl Officer<'_> {
    pub fn ask<T>(&self, message: T) -> Request<T> {
        self.world.context.request(&self.identity, message)
    }

    pub async fn school(&mut self, code: &str, region: &str) -> School {
        let message = CreateSchoolRequest {
            parent: format!("regions/{region}"),
            school: Some(School {
                school_code: code.into(),
                display_name: format!("学校{code}"),
                kind: 211,
                urban_rural: 111,
                sponsor: 7,
                ..School::default()
            }),
            request_id: id(),
        };
        let request = self.ask(message);
        self.schools
            .create_school(request)
            .await
            .unwrap()
            .into_inner()
    }

    pub async fn class(&mut self, school: &School, grade: i32, number: i32) -> SchoolClass {
        let message = CreateSchoolClassRequest {
            parent: school.name.clone(),
            school_class: Some(SchoolClass {
                stage: 1,
                grade,
                number,
                ..SchoolClass::default()
            }),
            request_id: id(),
        };
        let request = self.ask(message);
        self.classes
            .create_school_class(request)
            .await
            .unwrap()
            .into_inner()
    }

    pub async fn student(&mut self, class: &SchoolClass, serial: u32) -> Result<Student, Status> {
        let message = CreateStudentRequest {
            parent: class.school.clone(),
            student: Some(Student {
                school_class: class.name.clone(),
                ..child(serial)
            }),
            request_id: id(),
        };
        match self.create(message).await? {
            create_student_response::Outcome::Student(student) => Ok(student),
            other => panic!("{other:?}"),
        }
    }

    /// The case that registering a child of another school opens or joins.
    pub async fn claim(&mut self, class: &SchoolClass, serial: u32) -> DuplicateCase {
        let message = CreateStudentRequest {
            parent: class.school.clone(),
            student: Some(Student {
                school_class: class.name.clone(),
                ..child(serial)
            }),
            request_id: id(),
        };
        match self.create(message).await.unwrap() {
            create_student_response::Outcome::DuplicateCase(case) => case,
            other => panic!("{other:?}"),
        }
    }

    pub async fn create(
        &mut self,
        message: CreateStudentRequest,
    ) -> Result<create_student_response::Outcome, Status> {
        let request = self.ask(message);
        let response = self.students.create_student(request).await?.into_inner();
        Ok(response.outcome.unwrap())
    }

    pub async fn import(&mut self, parent: &str, rows: Vec<StudentRow>) -> ImportResult {
        use import_students_request::Part;
        let header = Part::Header(ImportHeader {
            parent: parent.into(),
            request_id: id(),
            validate_only: false,
            ..ImportHeader::default()
        });
        let parts = std::iter::once(header).chain(rows.into_iter().map(Part::Row));
        let messages: Vec<_> = parts
            .map(|part| ImportStudentsRequest { part: Some(part) })
            .collect();
        let request = self.ask(tokio_stream::iter(messages));
        self.students
            .import_students(request)
            .await
            .unwrap()
            .into_inner()
    }
}

pub fn id() -> String {
    Uuid::now_v7().to_string()
}

/// A resident number that belongs to nobody, of a boy or girl born on a day of 2010.
pub fn number(serial: u32) -> String {
    let (day, serial) = (serial / 1_000, serial % 1_000);
    let digits = format!(
        "6301032010{:02}{:02}{serial:03}",
        day / 28 + 1,
        day % 28 + 1
    );
    let check = check_character(&digits).unwrap();
    format!("{digits}{check}")
}

pub fn child(serial: u32) -> Student {
    let number = number(serial);
    let birth_date = format!("{}-{}-{}", &number[6..10], &number[10..12], &number[12..14]);
    Student {
        display_name: format!("马{serial}"),
        identity_type: 1,
        sex: if serial % 2 == 1 { 1 } else { 2 },
        birth_date,
        identity_number: number,
        ethnicity: "03".into(),
        ..Student::default()
    }
}

pub fn row(row: i64, school_code: &str, grade: i32, class_number: i32, serial: u32) -> StudentRow {
    let child = child(serial);
    StudentRow {
        row,
        school_code: school_code.into(),
        stage: 1,
        grade,
        class_number,
        display_name: child.display_name,
        identity_type: child.identity_type,
        identity_number: child.identity_number,
        sex: child.sex,
        birth_date: child.birth_date,
        ethnicity: child.ethnicity,
        ..StudentRow::default()
    }
}
