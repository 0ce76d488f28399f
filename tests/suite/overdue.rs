//! Steps past their day: at the level whose turn it is, and one level up for each further stretch of days.

use junheng_proto::registration::v1::{
    ListOverdueStepsRequest, OverdueStep, ReportDropoutSuspicionRequest,
};
use junheng_tests::classroom::Classroom;
use junheng_tests::person::child;
use junheng_tests::refusal::{answered, refused};
use junheng_tests::{County, Officer, Story, World, request_id, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a suspicion that nobody judges shows at the school then at the county then at the city", |world| Box::pin(climbs(world))),
    story("steps past their day of a foreign county are refused", |world| Box::pin(foreign(world))),
];

async fn climbs(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let room = Classroom::fresh(&world).await;
    let student = room.register(&child()).await;
    let clerk = world.sign_in("school.clerk", &room.school.name).await;
    let case = suspect(&clerk, &student.name).await;
    let city = room.county.place.city.clone().expect("a city");
    let seats = [
        ("school.clerk", room.school.name.clone()),
        ("county.clerk", room.county.place.county.clone()),
        ("city.clerk", city),
    ];
    let mut seen = Vec::new();
    // Until after every stretch, with the longest holidays between.
    for _ in 0..12 {
        world.later(5).expect("the process starts again");
        let mut at = 0;
        for (role, parent) in &seats {
            let officer = world.sign_in(role, parent).await;
            let steps = overdue(&officer, parent).await;
            at += usize::from(steps.iter().any(|step| step.record == case));
        }
        seen.push(at);
    }
    assert!(
        seen.is_sorted(),
        "what shows at a level stays there: {seen:?}"
    );
    for levels in 1..=3 {
        assert!(
            seen.contains(&levels),
            "one level after the other: {seen:?}"
        );
    }
}

async fn foreign(world: &World) {
    let [own, near, _] = world.neighbours();
    let own = County::at(world, own).await;
    let request = ListOverdueStepsRequest {
        parent: near.county,
        ..Default::default()
    };
    let answer = own.clerk.overdue().list_overdue_steps(request).await;
    refused(answer, Code::PermissionDenied, "OUT_OF_SCOPE");
}

async fn overdue(officer: &Officer, parent: &str) -> Vec<OverdueStep> {
    let request = ListOverdueStepsRequest {
        parent: parent.to_owned(),
        page_size: 500,
        ..Default::default()
    };
    answered(officer.overdue().list_overdue_steps(request).await).overdue_steps
}

/// Reports a pupil of the school.
async fn suspect(clerk: &Officer, student: &str) -> String {
    let request = ReportDropoutSuspicionRequest {
        child: student.to_owned(),
        note: "连续多日未到校".to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    answered(
        clerk
            .dropout_cases()
            .report_dropout_suspicion(request)
            .await,
    )
    .name
}
