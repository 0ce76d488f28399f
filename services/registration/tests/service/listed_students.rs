//! Children of lists who have a record and attend no school by it: they are found, counted and followed as the students they are.

use std::time::Duration;

use crate::comparisons::{
    COUNTY, POLICE, cases, compare, nameless, names, recognise_first, resident, results, send,
    undocumented,
};
use crate::dropout_control::{case, id_of, open};
use crate::dropout_reports::reason_of;
use crate::leaves::leave;
use crate::support::{World, id};
use junheng_proto::registration::v1::ComparisonVerdict as Verdict;
use junheng_proto::registration::v1::dropout_case::{Finding, State as CaseState};
use junheng_proto::registration::v1::dropout_case_service_client::DropoutCaseServiceClient;
use junheng_proto::registration::v1::dropout_rate_service_client::DropoutRateServiceClient;
use junheng_proto::registration::v1::resident_list::Kind;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::student_change::Kind as Happened;
use junheng_proto::registration::v1::*;
use junheng_registration::entity::{dropout_case, student as roll, student_change};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _};
use uuid::Uuid;

const DAY: i64 = 86_400;

/// The pupil finished primary school in a school year and is in no other since.
async fn graduate(world: &World, student: &Student, school_year: i32) {
    let derived = world.context.store.derived();
    roll::Entity::update_many()
        .col_expr(roll::Column::State, (StudentState::Graduated as i32).into())
        .filter(roll::Column::Id.eq(id_of(&student.name)))
        .exec(derived)
        .await
        .unwrap();
    let change = student_change::Model {
        id: Uuid::now_v7(),
        student: id_of(&student.name),
        school: id_of(&student.school),
        place: 630_103_000_000,
        stage: 1,
        grade: 6,
        entry_year: school_year - 5,
        kind: Happened::Graduated as i32,
        effective_date: format!("{}-07-10", school_year + 1),
        school_year,
        from_school: None,
        to_school: None,
        process: String::new(),
    };
    student_change::Entity::insert(change.into_active_model())
        .exec_without_returning(derived)
        .await
        .unwrap();
}

#[tokio::test]
async fn who_has_a_record_and_is_in_no_school_is_suspected_as_the_student_but_not_before_the_new_cohort_is_due()
 {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 6, 1).await;
    let long_ago = clerk.student(&class, 1).await.unwrap();
    let this_summer = clerk.student(&class, 2).await.unwrap();
    graduate(&world, &long_ago, 2016).await;
    graduate(&world, &this_summer, 2017).await;
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    let rows = vec![resident(2, 1), resident(3, 2)];
    send(&world, &police, Kind::SchoolAge, rows).await;
    let run = compare(&world, &police).await;
    let found = results(&world, &clerk, &run, Verdict::NotEnrolled, false).await;
    assert_eq!(found.len(), 2);
    let opened = cases(&world).await;
    assert_eq!(opened.len(), 1, "{opened:?}");
    assert_eq!(opened[0].student, Some(id_of(&long_ago.name)));
    assert_eq!(opened[0].finding, Finding::Comparison as i32);
    assert_eq!(opened[0].reporter.as_deref(), Some(POLICE));
}

#[tokio::test]
async fn a_leave_excuses_nobody_when_it_is_over() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let student = clerk.student(&class, 1).await.unwrap();
    leave(&world, &student, &school.name).await;
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    send(&world, &police, Kind::SchoolAge, vec![resident(2, 1)]).await;
    let told = async |officer: &_| {
        let run = compare(&world, &police).await;
        let all = results(&world, officer, &run, Verdict::Unspecified, false).await;
        names(&all).remove(0).1
    };
    assert_eq!(told(&clerk).await, Verdict::Excused);
    assert_eq!(told(&police).await, Verdict::AccountedFor);
    world.context.clock.advance_seconds(200 * DAY);
    let clerk = world.officer("county.clerk", COUNTY);
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    let run = compare(&world, &police).await;
    for officer in [&clerk, &police] {
        let all = results(&world, officer, &run, Verdict::Unspecified, false).await;
        assert_eq!(names(&all)[0].1, Verdict::NotEnrolled);
    }
}

#[tokio::test]
async fn who_finished_primary_school_before_is_in_no_dropout_rate_of_primary_pupils() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 6, 1).await;
    let graduated = clerk.student(&class, 1).await.unwrap();
    let pupil = clerk.student(&class, 2).await.unwrap();
    clerk.student(&class, 3).await.unwrap();
    graduate(&world, &graduated, 2017).await;
    world.context.clock.advance_seconds(10 * DAY);
    for student in [&graduated, &pupil] {
        open(&world, case(&school, Some(student), CaseState::Confirmed)).await;
    }
    let clerk = world.officer("county.clerk", COUNTY);
    let request = GetDropoutRatesRequest {
        parent: COUNTY.into(),
        ..Default::default()
    };
    let mut service = DropoutRateServiceClient::new(world.link.clone());
    let rates = service.get_dropout_rates(clerk.ask(request)).await.unwrap();
    let rates = rates.into_inner().dropout_rates;
    let primary = rates.iter().find(|one| one.formula_id == "dropout.primary");
    assert_eq!(primary.unwrap().numerator, 1, "{primary:?}");
    for rate in &rates {
        let mut ids: Vec<&str> = rate
            .inputs
            .iter()
            .map(|one| one.input_id.as_str())
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{rate:?}");
    }
}

#[tokio::test]
async fn who_reported_a_child_follows_it_into_the_case_of_its_record() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let school = clerk.school("2163000001", "630103").await;
    let class = clerk.class(&school, 1, 1).await;
    let police = world.officer_of(POLICE, "county.partner", COUNTY);
    send(&world, &police, Kind::SchoolAge, vec![nameless(2)]).await;
    compare(&world, &police).await;
    let reported = cases(&world).await.remove(0);
    let outcome = clerk.create(undocumented(&class)).await.unwrap();
    let create_student_response::Outcome::Student(student) = outcome else {
        panic!("{outcome:?}");
    };
    let report = clerk.ask(ReportDropoutSuspicionRequest {
        child: student.name.clone(),
        note: "多日未到校".into(),
        request_id: id(),
        ..Default::default()
    });
    let mut service = DropoutCaseServiceClient::new(world.link.clone());
    let own = service.report_dropout_suspicion(report).await.unwrap();
    let own = own.into_inner().name;
    // As if a search had found it, and the school confirmed it.
    dropout_case::Entity::update_many()
        .col_expr(
            dropout_case::Column::State,
            (CaseState::Confirmed as i32).into(),
        )
        .col_expr(
            dropout_case::Column::Reporter,
            Expr::value(Option::<String>::None),
        )
        .filter(dropout_case::Column::Id.eq(id_of(&own)))
        .exec(world.context.store.derived())
        .await
        .unwrap();
    compare(&world, &police).await;
    recognise_first(&world, &clerk).await;
    for _ in 0..400 {
        let all = cases(&world).await;
        if all
            .iter()
            .filter(|case| case.open_subject.is_some())
            .count()
            == 1
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for name in [format!("dropoutCases/{}", reported.id), own.clone()] {
        let get = police.ask(GetDropoutCaseRequest { name: name.clone() });
        let seen = service.get_dropout_case(get).await.unwrap().into_inner();
        assert_eq!((seen.state(), &seen.name), (CaseState::Confirmed, &name));
        assert_eq!((seen.closed_date.as_str(), seen.school.as_str()), ("", ""));
        let ends = if name == own { "" } else { &own };
        assert_eq!(seen.merged_into, ends);
    }
    // The same child again is the student, whose case stands.
    let again = police.ask(ReportDropoutSuspicionRequest {
        child: format!("residents/{}", reported.resident.unwrap()),
        note: "发现其在外务工".into(),
        request_id: id(),
        ..Default::default()
    });
    let again = service.report_dropout_suspicion(again).await.unwrap_err();
    assert_eq!(reason_of(&again), "DROPOUT_CASE_OPEN");
    assert_eq!(cases(&world).await.len(), 2);
}
