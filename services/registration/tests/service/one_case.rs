//! One child has one open case, whoever found it first.

use crate::comparisons::{COUNTY, POLICE, cases, compare, resident, send};
use std::time::Duration;

use crate::support::{World, id};
use junheng_kernel::name::etag;
use junheng_kernel::privacy::FieldAddress;
use junheng_proto::registration::v1::dropout_case::State as CaseState;
use junheng_proto::registration::v1::dropout_case_service_client::DropoutCaseServiceClient;
use junheng_proto::registration::v1::resident_list::Kind;
use junheng_proto::registration::v1::*;
use junheng_registration::entity::{dropout_case, dropout_visit, resident, student as roll};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _};
use uuid::Uuid;

#[tokio::test]
async fn a_child_with_two_cases_has_one_when_its_record_is_found_and_its_visits_come_along() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let student = clerk.student(&class, 3).await.unwrap();
    let taking = clerk.school("2163000002", "630103").await;
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    send(&world, &police, Kind::SchoolAge, vec![resident(2, 9)]).await;
    compare(&world, &police).await;
    let listed = cases(&world).await.remove(0);
    let uuid = |name: &str| -> Uuid { name.rsplit('/').next().unwrap().parse().unwrap() };
    let derived = world.context.store.derived();
    // The child of the list has come so far, and a visit was paid.
    dropout_case::Entity::update_many()
        .col_expr(
            dropout_case::Column::State,
            (CaseState::Confirmed as i32).into(),
        )
        .filter(dropout_case::Column::Id.eq(listed.id))
        .exec(derived)
        .await
        .unwrap();
    let visit = dropout_visit::Model {
        id: Uuid::now_v7(),
        dropout_case: listed.id,
        school: None,
        place: listed.place,
        date: "2018-09-01".parse().unwrap(),
        method: 1,
        outcome: 1,
        personal: Vec::new(),
        create_micros: 0,
    };
    let sealed = FieldAddress {
        table: "dropout_visits",
        field: "personal",
        row: &visit.id.to_string(),
    };
    let visit = dropout_visit::Model {
        personal: world
            .context
            .store
            .keys
            .seal_message(sealed, &OfficialLine::default())
            .unwrap(),
        ..visit
    };
    dropout_visit::Entity::insert(visit.into_active_model())
        .exec_without_returning(derived)
        .await
        .unwrap();
    let visited = async || {
        #[expect(clippy::disallowed_methods, reason = "a test looks at everything")]
        let visits = dropout_visit::Entity::find().all(world.context.store.reader());
        visits.await.unwrap()[0].school
    };
    let person = |name: &str| {
        Some(ResponsiblePerson {
            display_name: name.into(),
            ..ResponsiblePerson::default()
        })
    };
    let mut service = DropoutCaseServiceClient::new(world.link.clone());
    let assign = AssignDropoutCaseRequest {
        name: format!("dropoutCases/{}", listed.id),
        etag: etag(listed.version),
        official_line: Some(OfficialLine {
            county: person("一"),
            township: person("二"),
            village: person("三"),
            household: person("四"),
        }),
        school_line: Some(SchoolLine {
            bureau: person("五"),
            head: person("六"),
            class_teacher: person("七"),
        }),
        plan: "每周入户一次".into(),
        school: taking.name.clone(),
        request_id: id(),
        ..Default::default()
    };
    service
        .assign_dropout_case(clerk.ask(assign))
        .await
        .unwrap();
    assert_eq!(visited().await, Some(uuid(&taking.name)));

    // The pupil is suspected too; then it turns out that the two are one.
    let report = ReportDropoutSuspicionRequest {
        child: student.name.clone(),
        note: "多日未到校".into(),
        request_id: id(),
        ..Default::default()
    };
    let own = service.report_dropout_suspicion(clerk.ask(report)).await;
    let own = own.unwrap().into_inner();
    #[expect(clippy::disallowed_methods, reason = "a test looks at everything")]
    let row = roll::Entity::find_by_id(uuid(&student.name))
        .one(world.context.store.reader())
        .await
        .unwrap()
        .unwrap();
    resident::Entity::update_many()
        .col_expr(
            resident::Column::IdentityHash,
            Expr::value(row.identity_hash),
        )
        .filter(resident::Column::Person.eq(listed.resident.unwrap()))
        .exec(derived)
        .await
        .unwrap();
    compare(&world, &police).await;
    let open = async || {
        let all = cases(&world).await.into_iter();
        all.filter(|case| case.open_subject.is_some())
            .collect::<Vec<_>>()
    };
    for _ in 0..400 {
        if open().await.len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let open = open().await;
    assert_eq!(open.len(), 1, "one child, one case");
    assert_eq!(open[0].id, listed.id, "the one that has come further");
    assert_eq!(open[0].student, Some(uuid(&student.name)));
    assert_eq!(open[0].school, Some(uuid(&school.name)));
    assert_eq!(visited().await, Some(uuid(&school.name)));
    let get = GetStudentRequest {
        name: student.name.clone(),
    };
    let pupil = clerk.ask(get);
    let pupil = clerk.students.get_student(pupil).await.unwrap();
    assert_eq!(
        pupil.into_inner().state(),
        student::State::DroppedOut,
        "to be registered is not to attend"
    );
    let get = GetDropoutCaseRequest { name: own.name };
    let ended = service.get_dropout_case(clerk.ask(get)).await;
    let ended = ended.unwrap().into_inner();
    assert_eq!(ended.state(), CaseState::Cleared);
    assert_eq!(ended.merged_into, format!("dropoutCases/{}", listed.id));
}
