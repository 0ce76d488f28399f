//! Pages of students and single records, by the post that reads and the depth of the page.

use std::time::Instant;

use junheng_proto::registration::v1::{GetStudentRequest, ListStudentsRequest};
use junheng_tests::{Officer, regions};

use crate::ground::{Ground, Seat};
use crate::latency::{Latency, Pages};
use crate::report::Bound;
use crate::stages::{Province, Scene};

/// Records of a page, as nobody says otherwise.
const PAGE: i32 = 50;

/// Who reads what: the post, and the organisation whose students it lists.
pub async fn readers(ground: &Ground, seat: &Seat) -> Vec<(&'static str, Officer)> {
    let school = format!("schools/{}", seat.school);
    let place = regions::place(&seat.region);
    let place = place.expect("a county of the table");
    let mut posts = vec![
        ("school.clerk", school),
        ("county.clerk", place.county),
        ("province.clerk", place.province),
    ];
    posts.extend(place.city.map(|city| ("city.clerk", city)));
    let mut readers = Vec::new();
    for (role, organisation) in posts {
        readers.push((role, ground.world.sign_in(role, &organisation).await));
    }
    readers
}

/// Measures lists and gets over a province of `count` pupils.
pub async fn run(scene: &mut Scene<'_>, province: Province<'_>) -> anyhow::Result<()> {
    let Province { ground, count } = province;
    let (arguments, report) = (scene.arguments, &mut *scene.report);
    let seat = ground.seats(1).await?.remove(0);
    for (role, officer) in readers(ground, &seat).await {
        let mut students = officer.students();
        let request = |page_token: String| ListStudentsRequest {
            parent: officer.organisation.clone(),
            page_size: PAGE,
            page_token,
            ..ListStudentsRequest::default()
        };
        let mut names = Vec::new();
        let turns = (arguments.calls, arguments.pages);
        let pages = Pages::turn(turns, async |token| {
            let answer = students.list_students(request(token)).await?.into_inner();
            let step = answer.students.into_iter().step_by(7);
            names.extend(step.map(|student| student.name));
            Ok(answer.next_page_token)
        });
        let pages = pages.await?;
        let mut get = Latency::default();
        for name in names.iter().cycle().take(arguments.calls) {
            let begun = Instant::now();
            students
                .get_student(GetStudentRequest { name: name.clone() })
                .await?;
            get.add(begun.elapsed());
        }
        let kinds = [
            ("first page", pages.first, Bound::AtMost(20.0)),
            ("further pages", pages.further, Bound::AtMost(20.0)),
            ("one record", get, Bound::None),
        ];
        for (what, latency, bound) in kinds {
            if latency.count() > 0 {
                let name = format!("{what} of {count} as {role}: p95");
                report.add(name, latency.quantile(0.95), "ms", bound, latency.detail());
            }
        }
    }
    Ok(())
}
