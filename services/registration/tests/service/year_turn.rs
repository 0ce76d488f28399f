//! Rates in the summer, when the roll shows the next school year already; and pupils who are ahead of their age.

use crate::dropout_control::{COUNTY, ground, id_of, ledger};
use crate::support::{World, id};
use junheng_kernel::identity_number::check_character;
use junheng_proto::registration::v1::dropout_rate_service_client::DropoutRateServiceClient;
use junheng_proto::registration::v1::*;
use junheng_registration::entity::{promotion, school_year};
use sea_orm::{EntityTrait as _, IntoActiveModel as _};
use uuid::Uuid;

const DAY: i64 = 86_400;

async fn rate(world: &World, formula: &str) -> DropoutRate {
    let clerk = world.officer("county.clerk", COUNTY);
    let request = GetDropoutRatesRequest {
        parent: COUNTY.into(),
        school_year: 0,
        as_of_date: String::new(),
    };
    let mut service = DropoutRateServiceClient::new(world.link.clone());
    let rates = service.get_dropout_rates(clerk.ask(request)).await.unwrap();
    let mut rates = rates.into_inner().dropout_rates.into_iter();
    rates.find(|rate| rate.formula_id == formula).unwrap()
}

#[tokio::test]
async fn from_the_promotion_on_a_rate_stands_on_what_was_recorded_of_the_year() {
    let world = World::new().await;
    let (school, _) = ground(&world).await;
    let school_id = id_of(&school.name);
    let derived = world.context.store.derived();
    // 5 July: three pupils at the start of the year, one of whom dropped out.
    world.context.clock.advance_seconds(307 * DAY);
    let autumn = school_year::Model {
        school: school_id,
        school_year: 2018,
        stage: 1,
        place: 630_103_000_000,
        student_count: 3,
        class_count: 1,
        as_of_date: "2018-10-31".into(),
    };
    school_year::Entity::insert(autumn.into_active_model())
        .exec_without_returning(derived)
        .await
        .unwrap();
    // The next first grade comes on the roll.
    let mut clerk = world.officer("county.clerk", COUNTY);
    let class = clerk.class(&school, 1, 1).await;
    for serial in 11..16 {
        clerk.student(&class, serial).await.unwrap();
    }
    let promoted = promotion::Model {
        id: Uuid::now_v7(),
        school: school_id,
        place: 630_103_000_000,
        school_year: 2019,
        promoted: 3,
        advanced: 0,
        graduated: 0,
        staying: 0,
        create_micros: 0,
    };
    promotion::Entity::insert(promoted.into_active_model())
        .exec_without_returning(derived)
        .await
        .unwrap();
    let told = rate(&world, "dropout.primary").await;
    assert_eq!((told.numerator, told.denominator), (1, 3), "{told:?}");
    // What the roll cannot tell any more is not told.
    let last_grade = rate(&world, "retention.nine_years").await;
    assert!(last_grade.inputs[0].absent, "{last_grade:?}");
}

#[tokio::test]
async fn who_attends_senior_school_at_thirteen_counts_among_those_who_entered_junior_school() {
    let world = World::new().await;
    let mut clerk = world.officer("county.clerk", COUNTY);
    let message = CreateSchoolRequest {
        parent: COUNTY.into(),
        school: Some(School {
            school_code: "3463000001".into(),
            display_name: "第一中学".into(),
            kind: 341,
            urban_rural: 111,
            sponsor: 7,
            ..School::default()
        }),
        request_id: id(),
    };
    let request = clerk.ask(message);
    let school = clerk.schools.create_school(request).await;
    let school = school.unwrap().into_inner();
    for (stage, day) in [(2, "20050301"), (3, "20050302")] {
        let message = CreateSchoolClassRequest {
            parent: school.name.clone(),
            school_class: Some(SchoolClass {
                stage,
                grade: 1,
                number: 1,
                ..SchoolClass::default()
            }),
            request_id: id(),
        };
        let request = clerk.ask(message);
        let class = clerk.classes.create_school_class(request).await;
        let digits = format!("630103{day}001");
        let request = CreateStudentRequest {
            parent: school.name.clone(),
            student: Some(Student {
                school_class: class.unwrap().into_inner().name,
                display_name: "马早慧".into(),
                identity_type: 1,
                identity_number: format!("{digits}{}", check_character(&digits).unwrap()),
                sex: 1,
                birth_date: format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]),
                ethnicity: "03".into(),
                ..Student::default()
            }),
            request_id: id(),
        };
        clerk.create(request).await.unwrap();
    }
    let told = rate(&world, "entry.net_junior").await;
    let aged = &told.inputs[0];
    assert_eq!(
        (aged.input_id.as_str(), aged.count),
        ("attending_aged_12_14", 2)
    );
    let Some(rate_input::Rows::Ledger(rows)) = aged.rows.clone() else {
        panic!("no rows");
    };
    assert_eq!(ledger(&world, &clerk, rows).await.len(), 2);
}
