//! Teachers as their callers meet them: over gRPC, with real identities, on a database with the real schema.

use junheng_directory::testing::{World, reason};
use junheng_kernel::identity_number::check_character;
use junheng_kernel::service::Link;
use junheng_proto::bulk::v1::{ImportHeader, ImportResult};
use junheng_proto::education::v1::Stage;
use junheng_proto::journal::v1::ListEntriesRequest;
use junheng_proto::journal::v1::journal_service_client::JournalServiceClient;
use junheng_proto::staffing::v1::teacher::{Backbone, Education, Position, Subject, Title};
use junheng_proto::staffing::v1::teacher_service_client::TeacherServiceClient;
use junheng_proto::staffing::v1::{
    CreateTeacherRequest, GetTeacherRequest, ImportTeachersRequest, ListTeachersRequest, Teacher,
    TeacherRow, UpdateTeacherRequest, import_teachers_request,
};
use tonic::{Code, Status};
use uuid::Uuid;

const COUNTY: &str = "regions/630103";
const OTHER_COUNTY: &str = "regions/630104";

struct Staffing {
    world: World,
    link: Link,
}

impl Staffing {
    async fn new() -> Self {
        let world = World::new().await.unwrap();
        let context = world
            .context::<junheng_staffing::Migrator>(junheng_staffing::NAME)
            .await;
        let link = junheng_staffing::service(&context.unwrap(), world.registration());
        Self { world, link }
    }

    async fn school(&self, code: &str, region: &str, stages: &[Stage]) -> String {
        let id = self
            .world
            .register(code, "观门街小学", region, stages)
            .await
            .unwrap();
        format!("schools/{id}")
    }

    fn client(&self) -> TeacherServiceClient<Link> {
        TeacherServiceClient::new(self.link.clone())
    }

    async fn create(
        &self,
        county: &str,
        parent: &str,
        teacher: Teacher,
    ) -> Result<Teacher, Status> {
        let message = CreateTeacherRequest {
            parent: parent.to_owned(),
            teacher: Some(teacher),
            request_id: Uuid::now_v7().to_string(),
        };
        self.send(county, message).await
    }

    async fn send(&self, county: &str, message: CreateTeacherRequest) -> Result<Teacher, Status> {
        let request = self.world.request("county.clerk", county, message);
        Ok(self.client().create_teacher(request).await?.into_inner())
    }

    async fn list(&self, parent: &str) -> Vec<Teacher> {
        let message = ListTeachersRequest {
            parent: parent.to_owned(),
            ..Default::default()
        };
        let request = self.world.request("county.clerk", COUNTY, message);
        let answer = self.client().list_teachers(request).await.unwrap();
        answer.into_inner().teachers
    }

    async fn update(&self, teacher: Teacher) -> Result<Teacher, Status> {
        let message = UpdateTeacherRequest {
            teacher: Some(teacher),
            update_mask: None,
            request_id: Uuid::now_v7().to_string(),
        };
        let request = self.world.request("county.clerk", COUNTY, message);
        Ok(self.client().update_teacher(request).await?.into_inner())
    }

    async fn import(&self, request_id: Uuid, rows: &[TeacherRow]) -> ImportResult {
        use import_teachers_request::Part;
        let header = ImportHeader {
            parent: COUNTY.to_owned(),
            request_id: request_id.to_string(),
            validate_only: false,
            ..ImportHeader::default()
        };
        let rows = rows.iter().cloned().map(Part::Row);
        let parts: Vec<_> = std::iter::once(Part::Header(header))
            .chain(rows)
            .map(|part| ImportTeachersRequest { part: Some(part) })
            .collect();
        let request = self
            .world
            .request("county.clerk", COUNTY, tokio_stream::iter(parts));
        self.client()
            .import_teachers(request)
            .await
            .unwrap()
            .into_inner()
    }
}

/// The number of a woman born on 1 January 1980 that belongs to nobody.
fn number(serial: u32) -> String {
    let digits = format!("63010319800101{:03}", serial * 2);
    let check = check_character(&digits).unwrap();
    format!("{digits}{check}")
}

fn teacher(serial: u32) -> Teacher {
    Teacher {
        display_name: "王小明".into(),
        identity_number: number(serial),
        sex: 2,
        stage: Stage::Primary as i32,
        position: Position::FullTime as i32,
        subject: Subject::Music as i32,
        education: Education::Bachelor as i32,
        title: Title::Second as i32,
        backbone: Backbone::None as i32,
        certified: true,
        ..Default::default()
    }
}

fn row(row: i64, school_code: &str, serial: u32) -> TeacherRow {
    let teacher = teacher(serial);
    TeacherRow {
        row,
        school_code: school_code.to_owned(),
        display_name: teacher.display_name,
        identity_number: teacher.identity_number,
        sex: teacher.sex,
        stage: teacher.stage,
        position: teacher.position,
        subject: teacher.subject,
        education: teacher.education,
        title: teacher.title,
        backbone: teacher.backbone,
        certified: teacher.certified,
    }
}

#[tokio::test]
async fn a_teacher_is_registered_and_read_with_the_identity_number_masked() {
    let staffing = Staffing::new().await;
    let school = staffing
        .school("2163000001", "630103", &[Stage::Primary])
        .await;
    let created = staffing.create(COUNTY, &school, teacher(1)).await.unwrap();
    assert_eq!(created.school, school);
    assert_eq!(created.display_name, "王小明");
    let last = number(1).pop().unwrap();
    assert_eq!(created.identity_number, format!("6***{last}"));
    let message = GetTeacherRequest {
        name: created.name.clone(),
    };
    let request = staffing
        .world
        .request("county.approver", COUNTY, message.clone());
    let read = staffing
        .client()
        .get_teacher(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(read, created);
    for parent in [COUNTY, &school] {
        assert_eq!(staffing.list(parent).await, std::slice::from_ref(&created));
    }
    let request = staffing
        .world
        .request("county.approver", OTHER_COUNTY, message);
    let foreign = staffing.client().get_teacher(request).await.unwrap_err();
    assert_eq!(foreign.code(), Code::NotFound);
}

#[tokio::test]
async fn the_same_request_again_gets_the_first_answer() {
    let staffing = Staffing::new().await;
    let school = staffing
        .school("2163000001", "630103", &[Stage::Primary])
        .await;
    let message = CreateTeacherRequest {
        parent: school,
        teacher: Some(teacher(1)),
        request_id: Uuid::now_v7().to_string(),
    };
    let first = staffing.send(COUNTY, message.clone()).await.unwrap();
    assert_eq!(staffing.send(COUNTY, message).await.unwrap(), first);
    assert_eq!(staffing.list(COUNTY).await.len(), 1);
}

#[tokio::test]
async fn a_person_is_registered_once_and_another_county_learns_the_county_only() {
    let staffing = Staffing::new().await;
    let own = staffing
        .school("2163000001", "630103", &[Stage::Primary])
        .await;
    let foreign = staffing
        .school("2163000002", "630104", &[Stage::Primary])
        .await;
    let first = staffing.create(COUNTY, &own, teacher(1)).await.unwrap();
    let again = staffing.create(COUNTY, &own, teacher(1)).await.unwrap_err();
    assert_eq!(
        reason(&again, "where"),
        ("PERSON_REGISTERED".into(), first.name)
    );
    let elsewhere = staffing
        .create(OTHER_COUNTY, &foreign, teacher(1))
        .await
        .unwrap_err();
    let expected = ("PERSON_REGISTERED".into(), "青海省西宁市城中区".into());
    assert_eq!(reason(&elsewhere, "where"), expected);
}

#[tokio::test]
async fn what_does_not_fit_the_school_or_the_person_is_refused_with_its_reason() {
    let staffing = Staffing::new().await;
    let school = staffing
        .school("2163000001", "630103", &[Stage::Primary])
        .await;
    let refused = async |county: &str, parent: &str, teacher: Teacher| {
        let status = staffing.create(county, parent, teacher).await.unwrap_err();
        reason(&status, "").0
    };
    let junior = Teacher {
        stage: Stage::Junior as i32,
        ..teacher(1)
    };
    assert_eq!(refused(COUNTY, &school, junior).await, "STAGE_NOT_RUN");
    let mistyped = Teacher {
        identity_number: "630103198001010021".into(),
        ..teacher(1)
    };
    assert_eq!(
        refused(COUNTY, &school, mistyped).await,
        "CHECK_DIGIT_WRONG"
    );
    let untitled = Teacher {
        title: 0,
        ..teacher(1)
    };
    assert_eq!(refused(COUNTY, &school, untitled).await, "FIELD_REQUIRED");
    assert_eq!(
        refused(OTHER_COUNTY, &school, teacher(1)).await,
        "OUT_OF_SCOPE"
    );
    assert_eq!(refused(COUNTY, COUNTY, teacher(1)).await, "FIELD_INVALID");
    let nowhere = format!("schools/{}", Uuid::now_v7());
    assert_eq!(
        refused(COUNTY, &nowhere, teacher(1)).await,
        "SCHOOL_UNKNOWN"
    );
}

#[tokio::test]
async fn a_change_needs_the_etag_that_was_read_and_never_touches_the_person() {
    let staffing = Staffing::new().await;
    let school = staffing
        .school("3163000001", "630103", &[Stage::Primary, Stage::Junior])
        .await;
    let created = staffing.create(COUNTY, &school, teacher(1)).await.unwrap();
    let wanted = Teacher {
        stage: Stage::Junior as i32,
        title: Title::First as i32,
        display_name: "李四".into(),
        ..created.clone()
    };
    let changed = staffing.update(wanted.clone()).await.unwrap();
    let expected = Teacher {
        display_name: "王小明".into(),
        etag: changed.etag.clone(),
        ..wanted.clone()
    };
    assert_eq!(changed, expected);
    assert_ne!(changed.etag, created.etag);
    let stale = staffing.update(wanted).await.unwrap_err();
    assert_eq!(reason(&stale, "").0, "ETAG_MISMATCH");
    let senior = Teacher {
        stage: Stage::Senior as i32,
        ..changed
    };
    let not_run = staffing.update(senior).await.unwrap_err();
    assert_eq!(
        reason(&not_run, "stage"),
        ("STAGE_NOT_RUN".into(), "高中".into())
    );
}

#[tokio::test]
async fn an_import_takes_the_good_rows_and_names_the_bad_ones() {
    let staffing = Staffing::new().await;
    staffing
        .school("2163000001", "630103", &[Stage::Primary])
        .await;
    staffing
        .school("2163000002", "630104", &[Stage::Primary])
        .await;
    let mistyped = TeacherRow {
        identity_number: "630103198001010021".into(),
        ..row(4, "2163000001", 9)
    };
    let junior = TeacherRow {
        stage: Stage::Junior as i32,
        ..row(5, "2163000001", 8)
    };
    let rows = [
        row(1, "2163000001", 1),
        row(2, "2163000001", 2),
        row(3, "2163000001", 1),
        mistyped,
        junior,
        row(6, "2163000002", 3),
        row(7, "2163000009", 4),
        row(8, "2163000009", 5),
    ];
    let request_id = Uuid::now_v7();
    let result = staffing.import(request_id, &rows).await;
    let verdicts: Vec<_> = result
        .verdicts
        .iter()
        .map(|verdict| {
            (
                verdict.row,
                verdict.field.as_str(),
                verdict.reason().as_str_name(),
            )
        })
        .collect();
    assert_eq!(
        verdicts,
        [
            (3, "identity_number", "REASON_ROW_DUPLICATE"),
            (4, "identity_number", "REASON_CHECK_DIGIT_WRONG"),
            (5, "stage", "REASON_STAGE_NOT_RUN"),
            (6, "school_code", "REASON_ROW_OUT_OF_PARENT"),
            (7, "school_code", "REASON_SCHOOL_UNKNOWN"),
        ]
    );
    assert_eq!((result.created_count, result.rejected_count), (2, 6));
    assert_eq!(result.missing_parents.len(), 1);
    assert_eq!(result.missing_parents[0].rows, [7, 8]);
    assert_eq!(
        staffing.import(request_id, &rows).await,
        result,
        "the same import again"
    );
    assert_eq!(staffing.list(COUNTY).await.len(), 2);
}

#[tokio::test]
async fn the_identity_number_decides_whether_a_row_creates_or_changes() {
    let staffing = Staffing::new().await;
    staffing
        .school("2163000001", "630103", &[Stage::Primary])
        .await;
    staffing
        .school("2163000003", "630103", &[Stage::Primary])
        .await;
    let rows: Vec<_> = (1..=4)
        .map(|serial| row(serial.into(), "2163000001", serial))
        .collect();
    let first = staffing.import(Uuid::now_v7(), &rows).await;
    assert_eq!(first.created_count, 4);
    let mut changed = rows.clone();
    changed[1].title = Title::First as i32;
    changed[2].display_name = "李四".into();
    changed[3].school_code = "2163000003".into();
    let second = staffing.import(Uuid::now_v7(), &changed).await;
    let verdicts: Vec<_> = second
        .verdicts
        .iter()
        .map(|verdict| {
            (
                verdict.row,
                verdict.field.as_str(),
                verdict.reason().as_str_name(),
            )
        })
        .collect();
    assert_eq!(
        verdicts,
        [
            (3, "display_name", "REASON_FIELD_INVALID"),
            (4, "identity_number", "REASON_PERSON_REGISTERED"),
        ]
    );
    assert_eq!((second.unchanged_count, second.updated_count), (1, 1));
    let titles: Vec<_> = staffing
        .list(COUNTY)
        .await
        .iter()
        .map(|one| one.title)
        .collect();
    assert_eq!(titles, [3, 4, 3, 3]);
}

#[tokio::test]
async fn a_read_of_personal_data_stands_in_the_journal() {
    let staffing = Staffing::new().await;
    staffing
        .school("2163000001", "630103", &[Stage::Primary])
        .await;
    staffing.list(COUNTY).await;
    let message = ListEntriesRequest {
        service: "staffing".into(),
        parent: COUNTY.into(),
        subject: COUNTY.into(),
        ..Default::default()
    };
    let request = staffing.world.request("county.audit", COUNTY, message);
    let mut journal = JournalServiceClient::new(staffing.link.clone());
    let entries = journal
        .list_entries(request)
        .await
        .unwrap()
        .into_inner()
        .entries;
    let methods: Vec<_> = entries.iter().map(|entry| entry.method.as_str()).collect();
    assert_eq!(
        methods,
        ["/junheng.staffing.v1.TeacherService/ListTeachers"]
    );
}

#[tokio::test]
async fn no_name_and_no_identity_number_lies_readable_on_the_disk() {
    let staffing = Staffing::new().await;
    let school = staffing
        .school("2163000001", "630103", &[Stage::Primary])
        .await;
    staffing.create(COUNTY, &school, teacher(1)).await.unwrap();
    staffing
        .import(Uuid::now_v7(), &[row(1, "2163000001", 2)])
        .await;
    let mut bytes = Vec::new();
    for file in ["staffing.db", "staffing.db-wal"] {
        bytes.extend(std::fs::read(staffing.world.folder().join(file)).unwrap());
    }
    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds("2163000001"), "the files are those that were written");
    assert!(!holds("王小明"));
    assert!(!holds(&number(1)));
    assert!(!holds(&number(2)));
}

#[tokio::test]
async fn a_teacher_goes_where_the_school_goes() {
    let staffing = Staffing::new().await;
    let school = staffing
        .school("2163000001", "630103001", &[Stage::Primary])
        .await;
    staffing.create(COUNTY, &school, teacher(1)).await.unwrap();
    assert_eq!(staffing.list("regions/630103001").await.len(), 1);
    let id = school.trim_start_matches("schools/").parse().unwrap();
    let stages = &[Stage::Primary];
    let moved = staffing
        .world
        .put(id, "2163000001", "观门街小学", "630103002", stages)
        .await;
    moved.unwrap();
    // The feed keeps its order: who knows a later school knows of the move.
    let later = staffing
        .school("2163000002", "630103", &[Stage::Primary])
        .await;
    staffing.create(COUNTY, &later, teacher(2)).await.unwrap();
    assert_eq!(staffing.list("regions/630103001").await.len(), 0);
    assert_eq!(staffing.list("regions/630103002").await.len(), 1);
}
