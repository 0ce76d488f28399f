//! The figures of teachers as inspection reads them.

use junheng_directory::testing::World;
use junheng_kernel::identity_number::check_character;
use junheng_kernel::service::Link;
use junheng_proto::education::v1::Stage;
use junheng_proto::evidence::v1::measure_service_client::MeasureServiceClient;
use junheng_proto::evidence::v1::{Measure, StreamMeasuresRequest};
use junheng_proto::staffing::v1::teacher::{Backbone, Education, Position, Subject, Title};
use junheng_proto::staffing::v1::teacher_service_client::TeacherServiceClient;
use junheng_proto::staffing::v1::{CreateTeacherRequest, Teacher};
use tokio_stream::StreamExt as _;
use uuid::Uuid;

async fn measures(world: &World, link: &Link, county: &str) -> Vec<Measure> {
    let message = StreamMeasuresRequest {
        service: "staffing".into(),
        parent: county.into(),
    };
    let request = world.request("county.inspector", county, message);
    let mut client = MeasureServiceClient::new(link.clone());
    let stream = client.stream_measures(request).await.unwrap().into_inner();
    stream.map(Result::unwrap).collect().await
}

async fn create(
    world: &World,
    link: &Link,
    school: Uuid,
    serial: u32,
    change: impl Fn(&mut Teacher),
) {
    let digits = format!("63010319800101{:03}", serial * 2);
    let check = check_character(&digits).unwrap();
    let mut teacher = Teacher {
        display_name: "王小明".into(),
        identity_number: format!("{digits}{check}"),
        sex: 2,
        stage: Stage::Primary as i32,
        position: Position::FullTime as i32,
        subject: Subject::Music as i32,
        education: Education::Bachelor as i32,
        title: Title::Second as i32,
        backbone: Backbone::None as i32,
        ..Default::default()
    };
    change(&mut teacher);
    let message = CreateTeacherRequest {
        parent: format!("schools/{school}"),
        teacher: Some(teacher),
        request_id: Uuid::now_v7().to_string(),
    };
    let request = world.request("county.clerk", "regions/630103", message);
    TeacherServiceClient::new(link.clone())
        .create_teacher(request)
        .await
        .unwrap();
}

#[tokio::test]
async fn full_time_teachers_are_counted_by_the_stage_that_they_teach() {
    let world = World::new().await.unwrap();
    let context = world
        .context::<junheng_staffing::Migrator>("staffing")
        .await
        .unwrap();
    let link = junheng_staffing::service(&context, world.registration());
    let stages = &[Stage::Primary, Stage::Junior];
    let school = world
        .register("3163000001", "九年制", "630103", stages)
        .await
        .unwrap();
    create(&world, &link, school, 1, |_| {}).await;
    create(&world, &link, school, 2, |one| {
        one.subject = Subject::Chinese as i32;
        one.education = Education::College as i32;
        one.backbone = Backbone::County as i32;
        one.title = Title::First as i32;
    })
    .await;
    create(&world, &link, school, 3, |one| {
        one.position = Position::Substitute as i32
    })
    .await;
    let found = measures(&world, &link, "regions/630103").await;
    assert!(
        found
            .iter()
            .all(|measure| measure.school == format!("schools/{school}"))
    );
    let values: Vec<_> = found
        .iter()
        .map(|measure| (measure.stage, measure.measure.as_str(), measure.value))
        .collect();
    assert_eq!(
        values,
        [
            (1, "teachers.full_time", 2),
            (1, "teachers.full_time.college_up", 2),
            (1, "teachers.full_time.bachelor_up", 1),
            (1, "teachers.full_time.backbone_county_up", 1),
            (1, "teachers.full_time.sports_arts", 1),
            (1, "teachers.full_time.mid_title_up", 1),
            (2, "teachers.full_time", 0),
            (2, "teachers.full_time.college_up", 0),
            (2, "teachers.full_time.bachelor_up", 0),
            (2, "teachers.full_time.backbone_county_up", 0),
            (2, "teachers.full_time.sports_arts", 0),
            (2, "teachers.full_time.mid_title_up", 0),
        ]
    );
    assert_eq!(
        found[0].source,
        format!("schools/{school}/teachers?stage=PRIMARY")
    );
    assert_ne!(
        found[0].source_digest, found[2].source_digest,
        "other records are counted"
    );
    assert_eq!(
        found[0].source_digest, found[1].source_digest,
        "the same records are counted"
    );
    assert!(measures(&world, &link, "regions/630104").await.is_empty());
}
