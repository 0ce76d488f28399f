//! From the roll to the figure: what registration, staffing and assets hold becomes frozen measures, and every figure
//! leads back.

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::inspection::v1::{
    GetSchoolReportRequest, ListSchoolFiguresRequest, TraceFigureRequest, Verdict,
};
use junheng_tests::campaign::{BASIC, Inspection};
use junheng_tests::refusal::answered;
use junheng_tests::rolls::{employ, enrol, furnish};
use junheng_tests::{County, School, Story, World, story};

/// Pupils and books of the five schools of the published example.
const PUBLISHED: [(usize, i32); 5] = [(45, 279), (37, 137), (89, 935), (76, 160), (55, 402)];

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("the published example of five schools gives 0.515 from the roll on and never 0.489", |world| Box::pin(published_example(world))),
    story("a split figure is traced to the books that the school has and the share that counts", |world| Box::pin(traced_split(world))),
    story("every figure is traced to school measure and source", |world| Box::pin(traced(world))),
    story("frozen figures do not move when the facts change later", |world| Box::pin(frozen(world))),
];

async fn published_example(world: &World) {
    let county = County::fresh(world).await;
    for (pupils, books) in PUBLISHED {
        let school = county.school(SchoolKind::Primary).await;
        enrol(&county.clerk, &school, Stage::Primary, pupils).await;
        furnish(&county.clerk, &school, books).await;
    }
    let mut inspection = Inspection::issued(world, &county, BASIC).await;
    inspection.confirm_all(world).await;
    let verdict = inspection.verdict().await;
    let stage = &verdict.stages[0];
    let books = stage
        .coefficients
        .iter()
        .find(|one| one.indicator == "5")
        .expect("books");
    assert_eq!(books.value, "0.515");
    assert!(
        books.value_exact.starts_with("0.515256"),
        "{}",
        books.value_exact
    );
    assert_eq!(books.mean, "6.33");
    assert!(
        books.mean_exact.starts_with("6.3344"),
        "{}",
        books.mean_exact
    );
    assert!(
        books.deviation_exact.starts_with("3.26386"),
        "{}",
        books.deviation_exact
    );
    let everything = format!("{verdict:?}");
    assert!(
        !everything.contains("0.489") && !everything.contains("0.48"),
        "the unweighted one"
    );
}

async fn traced_split(world: &World) {
    let county = County::fresh(world).await;
    let school = county.school(SchoolKind::NineYear).await;
    enrol(&county.clerk, &school, Stage::Primary, 166).await;
    enrol(&county.clerk, &school, Stage::Junior, 210).await;
    furnish(&county.clerk, &school, 23_226).await;
    let mut inspection = Inspection::issued(world, &county, BASIC).await;
    inspection.confirm_all(world).await;
    for (stage, share, used) in [
        (Stage::Primary, "166/397", "9711.6"),
        (Stage::Junior, "231/397", "13514.4"),
    ] {
        let request = TraceFigureRequest {
            campaign: inspection.name(),
            school: school.name.clone(),
            stage: stage.into(),
            indicator: "5".to_owned(),
        };
        let trace = answered(county.clerk.figures().trace_figure(request).await);
        let books = trace
            .measures
            .iter()
            .find(|one| one.measure == "books.count")
            .expect("books");
        assert_eq!(
            (books.reported_value, books.share.as_str()),
            (23_226, share)
        );
        let value: f64 = books.used_value.parse().expect("a number");
        assert_eq!(format!("{value:.1}"), used);
        assert_eq!(books.service, "assets");
        assert_eq!(
            books.reported_stage(),
            Stage::Unspecified,
            "shared by both stages"
        );
    }
}

async fn traced(world: &World) {
    let county = County::fresh(world).await;
    let school = prepared(&county).await;
    let mut inspection = Inspection::issued(world, &county, BASIC).await;
    inspection.confirm_all(world).await;
    let request = ListSchoolFiguresRequest {
        campaign: inspection.name(),
        page_size: 500,
        ..ListSchoolFiguresRequest::default()
    };
    let figures = answered(county.clerk.figures().list_school_figures(request).await).figures;
    assert_eq!(figures.len(), 8, "eight indicators of one school and stage");
    for figure in figures {
        let request = TraceFigureRequest {
            campaign: inspection.name(),
            school: school.name.clone(),
            stage: figure.stage,
            indicator: figure.indicator.clone(),
        };
        let trace = answered(county.clerk.figures().trace_figure(request).await);
        assert_eq!(trace.figure.as_ref(), Some(&figure));
        assert!(!trace.formula.is_empty());
        assert!(
            trace.measures.len() >= 2,
            "numerator and denominator: {trace:?}"
        );
        for measure in &trace.measures {
            assert!(["registration", "staffing", "assets"].contains(&measure.service.as_str()));
            assert!(!measure.source.is_empty(), "{measure:?}");
            assert_eq!(measure.source_digest.len(), 64, "{measure:?}");
            assert!(
                measure.school_report.starts_with("schoolReports/"),
                "{measure:?}"
            );
        }
    }
}

async fn frozen(world: &World) {
    let county = County::fresh(world).await;
    let school = prepared(&county).await;
    let mut inspection = Inspection::issued(world, &county, BASIC).await;
    inspection.confirm_all(world).await;
    let before = inspection.verdict().await;
    let report = inspection.reports().await.remove(0);
    let get = GetSchoolReportRequest { name: report.name };
    let frozen = answered(county.clerk.reports().get_school_report(get.clone()).await);
    furnish(&county.clerk, &school, 99_999).await;
    enrol_more(&county, &school).await;
    let after = inspection.verdict().await;
    assert_eq!(comparable(before), comparable(after));
    let still = answered(county.clerk.reports().get_school_report(get).await);
    assert_eq!(still.measures, frozen.measures);
    assert_eq!(still.measures_digest, frozen.measures_digest);
    assert!(!still.measures.is_empty());
}

async fn prepared(county: &County) -> School {
    let school = county.school(SchoolKind::Primary).await;
    enrol(&county.clerk, &school, Stage::Primary, 30).await;
    employ(&county.clerk, &school, Stage::Primary, 3).await;
    furnish(&county.clerk, &school, 600).await;
    school
}

/// Pupils who come after the freeze, into the class that exists.
async fn enrol_more(county: &County, school: &School) {
    use junheng_tests::person::child;
    use junheng_tests::rolls::{all_in, header, import_students, student_row};
    let rows = vec![student_row(school, Stage::Primary, 1, 1, &child())];
    all_in(answered(
        import_students(&county.clerk, header(&school.name), rows).await,
    ));
}

fn comparable(verdict: Verdict) -> Verdict {
    Verdict {
        items: Vec::new(),
        ..verdict
    }
}
