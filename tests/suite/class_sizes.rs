//! Large classes at every level, as they stand now, and the plans that end them.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::relief_plan::{Measure, State};
use junheng_proto::registration::v1::{
    ClassSizeBand, CreateReliefPlanRequest, LargeClass, ListLargeClassesRequest,
    ListStudentsRequest, ReliefPlan, UpdateStudentRequest,
};
use junheng_proto::workflow::v1::StepRequest;
use junheng_tests::person::child;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::rolls::{
    all_in, class_row, header, import_classes, import_students, numbered, student_row,
};
use junheng_tests::world::PROVINCE;
use junheng_tests::{County, Officer, School, Story, World, request_id, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a large class is on the list of its school county city and province until it is large no more", |world| Box::pin(lists(world))),
    story("a large class has one plan approved by the county and fulfilled when the class is smaller", |world| Box::pin(plans(world))),
];

async fn lists(world: &World) {
    let county = County::at(world, world.neighbours()[0].clone()).await;
    let school = county.school(SchoolKind::Primary).await;
    fill(&county, &school, 1, 55).await;
    fill(&county, &school, 2, 56).await;
    fill(&county, &school, 3, 66).await;
    let city = county.place.city.clone().expect("a city");
    let levels = [
        (county.clerk.clone(), school.name.clone()),
        (county.clerk.clone(), county.place.county.clone()),
        (world.sign_in("city.clerk", &city).await, city),
        (
            world.sign_in("province.inspector", PROVINCE).await,
            PROVINCE.to_owned(),
        ),
    ];
    for (officer, parent) in &levels {
        let sizes = of_school(large(officer, parent, 0).await, &school);
        assert_eq!(sizes, [56, 66], "{parent}");
        let oversized = ClassSizeBand::Oversized as i32;
        let sizes = of_school(large(officer, parent, oversized).await, &school);
        assert_eq!(sizes, [66], "{parent}");
    }
    move_one(&county.clerk, &school, 2, 1).await;
    for (officer, parent) in &levels {
        let sizes = of_school(large(officer, parent, 0).await, &school);
        assert_eq!(sizes, [56, 66], "one came, one went: {parent}");
    }
    move_one(&county.clerk, &school, 1, 2).await;
    move_one(&county.clerk, &school, 2, 4).await;
    for (officer, parent) in &levels {
        let sizes = of_school(large(officer, parent, 0).await, &school);
        assert_eq!(sizes, [66], "{parent}");
    }
}

async fn plans(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::Primary).await;
    fill(&county, &school, 1, 56).await;
    fill(&county, &school, 2, 10).await;
    let class = large(&county.clerk, &school.name, 0).await[0]
        .school_class
        .clone();
    let plan = |parent: &str| CreateReliefPlanRequest {
        parent: parent.to_owned(),
        relief_plan: Some(ReliefPlan {
            measure: Measure::Division.into(),
            statement: "下学期拆分为两个班".into(),
            end_date: "2027-02-28".into(),
            ..ReliefPlan::default()
        }),
        request_id: request_id(),
    };
    let clerk = &county.clerk;
    let drafted = answered(clerk.class_sizes().create_relief_plan(plan(&class)).await);
    assert_eq!(drafted.planned_student_count, 56);
    let second = clerk.class_sizes().create_relief_plan(plan(&class)).await;
    refused(second, Code::AlreadyExists, "RELIEF_PLAN_UNDER_WAY");
    let listed = large(clerk, &school.name, 0).await;
    assert_eq!(listed[0].relief_plan, drafted.name);
    let approver = world.sign_in("county.approver", &county.place.county).await;
    let approved = approver
        .class_sizes()
        .approve_relief_plan(step(&drafted))
        .await;
    let approved = answered(approved);
    let early = clerk
        .class_sizes()
        .fulfil_relief_plan(step(&approved))
        .await;
    refused(early, Code::FailedPrecondition, "STEP_NOT_READY");
    move_one(clerk, &school, 1, 2).await;
    let fulfilled = clerk
        .class_sizes()
        .fulfil_relief_plan(step(&approved))
        .await;
    assert_eq!(answered(fulfilled).state(), State::Fulfilled);
    let small = clerk.class_sizes().create_relief_plan(plan(&class)).await;
    refused(small, Code::FailedPrecondition, "CLASS_NOT_LARGE");
}

/// Opens a class of grade 1 and fills it.
async fn fill(county: &County, school: &School, number: i32, pupils: usize) {
    let class = vec![class_row(school, Stage::Primary, 1, number)];
    all_in(answered(
        import_classes(&county.clerk, header(&school.name), class).await,
    ));
    let rows = (0..pupils).map(|_| student_row(school, Stage::Primary, 1, number, &child()));
    let rows = numbered(rows, |row, n| row.row = n);
    all_in(answered(
        import_students(&county.clerk, header(&school.name), rows).await,
    ));
}

/// Moves one pupil to another class of the grade, which is opened where it is missing.
async fn move_one(clerk: &Officer, school: &School, from: i32, to: i32) {
    let class = vec![class_row(school, Stage::Primary, 1, to)];
    answered(import_classes(clerk, header(&school.name), class).await);
    let classes = junheng_proto::registration::v1::ListSchoolClassesRequest {
        parent: school.name.clone(),
        ..Default::default()
    };
    let classes = answered(clerk.classes().list_school_classes(classes).await).school_classes;
    let named = |number: i32| {
        let found = classes.iter().find(|class| class.number == number);
        found.expect("a class").name.clone()
    };
    let students = ListStudentsRequest {
        parent: school.name.clone(),
        school_class: named(from),
        page_size: 1,
        ..Default::default()
    };
    let mut student = answered(clerk.students().list_students(students).await)
        .students
        .remove(0);
    student.school_class = named(to);
    let request = UpdateStudentRequest {
        student: Some(student),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["school_class".into()],
        }),
        request_id: request_id(),
    };
    answered(clerk.students().update_student(request).await);
}

async fn large(officer: &Officer, parent: &str, band: i32) -> Vec<LargeClass> {
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListLargeClassesRequest {
            parent: parent.into(),
            band,
            page_size: 2,
            page_token,
            ..ListLargeClassesRequest::default()
        };
        let page = answered(officer.class_sizes().list_large_classes(request).await);
        found.extend(page.large_classes);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

fn of_school(classes: Vec<LargeClass>, school: &School) -> Vec<i64> {
    let own = classes
        .into_iter()
        .filter(|class| class.school == school.name);
    let mut sizes: Vec<i64> = own.map(|class| class.student_count).collect();
    sizes.sort_unstable();
    sizes
}

fn step(plan: &ReliefPlan) -> StepRequest {
    StepRequest {
        name: plan.name.clone(),
        etag: plan.etag.clone(),
        request_id: request_id(),
        ..StepRequest::default()
    }
}
