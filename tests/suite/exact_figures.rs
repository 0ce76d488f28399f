//! The worked examples of the regulations, to the digit, on figures that nobody has submitted 试算.

use junheng_proto::education::v1::{SchoolKind, Sponsor, Stage, UrbanRural};
use junheng_proto::inspection::v1::{
    EvaluateMeasuresRequest, EvaluateMeasuresResponse, MeasureValue, SchoolFigure, SchoolMeasures,
    StageVerdict,
};
use junheng_tests::campaign::{BASIC, QUALITY};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::world::PROVINCE;
use junheng_tests::{Story, World, story};
use tonic::Code;

/// The measure behind each of the eight indicators of 2012; the seventh differs by stage.
const EIGHT: [&str; 8] = [
    "area.teaching_auxiliary",
    "area.sports_ground",
    "equipment.value",
    "computers.count",
    "books.count",
    "teachers.full_time",
    "teachers.full_time.college_up",
    "teachers.full_time.mid_title_up",
];

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("the published eight coefficients give the composites 0.592 and 0.314", |world| Box::pin(composites(world))),
    story("the composite decides at exactly 0.650 and no longer at 0.651", |world| Box::pin(composite_border(world))),
    story("books of a nine-year school are split by the weights to 9711.6 and 13514.4", |world| Box::pin(split(world))),
    story("a school passes with six of seven indicators and the seventh at 85 per cent and not below", |world| Box::pin(floors(world))),
    story("a school that misses two indicators fails however little it misses them by", |world| Box::pin(two_missed(world))),
    story("each coefficient of 2017 is judged as rounded to three decimals", |world| Box::pin(rounded_coefficients(world))),
    story("an unknown framework is refused", |world| Box::pin(unknown_framework(world))),
];

async fn composites(world: &World) {
    let published = [
        (
            Stage::Primary,
            [881, 1299, 977, 379, 170, 334, 286, 408],
            "0.592",
        ),
        (
            Stage::Junior,
            [353, 784, 146, 491, 37, 226, 223, 253],
            "0.314",
        ),
    ];
    for (stage, coefficients, composite) in published {
        let answer = evaluate(world, BASIC, ten_schools(stage, coefficients)).await;
        let verdict = stage_of(&answer, stage);
        let shown: Vec<i64> = verdict
            .coefficients
            .iter()
            .map(|coefficient| {
                coefficient
                    .value
                    .replace("0.", "")
                    .replace("1.", "1")
                    .parse()
                    .expect("digits")
            })
            .collect();
        assert_eq!(shown, coefficients, "{stage:?}");
        assert_eq!(verdict.composite, composite);
        assert!(verdict.meets);
    }
}

async fn composite_border(world: &World) {
    for (all, meets) in [(650, true), (651, false)] {
        let answer = evaluate(world, BASIC, ten_schools(Stage::Primary, [all; 8])).await;
        let verdict = stage_of(&answer, Stage::Primary);
        assert_eq!(verdict.composite, format!("0.{all}"));
        assert_eq!(verdict.meets, meets, "at {}", verdict.composite);
        assert_eq!(verdict.composite_limit.trim_end_matches('0'), "0.65");
        assert_eq!(answer.verdict.expect("a verdict").meets, meets);
    }
}

async fn split(world: &World) {
    let mut school = school("九年一贯", SchoolKind::NineYear);
    school.measures = vec![
        measure("pupils.total", Stage::Primary, 166),
        measure("pupils.total", Stage::Junior, 210),
        measure("books.count", Stage::Unspecified, 23_226),
    ];
    let answer = evaluate(world, BASIC, vec![school]).await;
    let books = |stage: Stage, pupils: f64| {
        let figure = figure(&answer, "九年一贯", stage, "5");
        let per_pupil: f64 = figure.value_exact.parse().expect("a number");
        format!("{:.1}", per_pupil * pupils)
    };
    assert_eq!(books(Stage::Primary, 166.0), "9711.6");
    assert_eq!(books(Stage::Junior, 210.0), "13514.4");
}

async fn floors(world: &World) {
    let border = quality_school("恰好达标");
    let at_floor = with(
        quality_school("恰好八五"),
        "teachers.full_time.backbone_county_up",
        17,
    );
    let below = with(
        quality_school("低于八五"),
        "teachers.full_time.backbone_county_up",
        16,
    );
    let answer = evaluate(world, QUALITY, vec![border, at_floor, below]).await;
    for (school, value, meets, floor, passes) in [
        ("恰好达标", "1.00", true, true, true),
        ("恰好八五", "0.85", false, true, true),
        ("低于八五", "0.80", false, false, false),
    ] {
        let figure = figure(&answer, school, Stage::Primary, "L2");
        assert_eq!(figure.value, value, "{school}");
        assert_eq!(
            (figure.meets, figure.meets_floor, figure.school_passes),
            (meets, floor, passes),
            "{school}"
        );
    }
    let stage = stage_of(&answer, Stage::Primary);
    assert_eq!((stage.school_count, stage.passing_school_count), (3, 2));
    assert!(
        !answer.verdict.expect("a verdict").meets,
        "every school must pass"
    );
}

async fn two_missed(world: &World) {
    let one = with(quality_school("差一项"), "computers.count", 0);
    let one = with(one, "rooms.network_multimedia.count", 45);
    let two = with(
        quality_school("差两项"),
        "rooms.network_multimedia.count",
        45,
    );
    let two = with(two, "area.sports_ground", 1_499_900 - 2_000);
    let answer = evaluate(world, QUALITY, vec![one, two]).await;
    let passes = |school: &str| figure(&answer, school, Stage::Primary, "L7").school_passes;
    assert_eq!(
        figure(&answer, "差一项", Stage::Primary, "L7").value,
        "2.25"
    );
    assert!(passes("差一项"));
    assert!(!passes("差两项"));
}

async fn rounded_coefficients(world: &World) {
    // One school has 1 + 9t times the mean, nine have 1 − t of it: the coefficient is 3t. The mean is 30,000 rooms.
    for (thirds, shown, meets) in [
        (5_000, "0.500", true),
        (5_004, "0.500", true),
        (5_010, "0.501", false),
    ] {
        let schools = (0..10).map(|index| {
            let value = if index == 0 {
                30_000 + 9 * thirds
            } else {
                30_000 - thirds
            };
            with(
                quality_school(&format!("第{index}小学")),
                "rooms.network_multimedia.count",
                value,
            )
        });
        let answer = evaluate(world, QUALITY, schools.collect()).await;
        let stage = stage_of(&answer, Stage::Primary);
        let rooms = stage
            .coefficients
            .iter()
            .find(|one| one.indicator == "L7")
            .expect("L7");
        assert_eq!(
            (rooms.value.as_str(), rooms.meets),
            (shown, meets),
            "{rooms:?}"
        );
    }
}

async fn unknown_framework(world: &World) {
    let officer = world.sign_in("province.inspector", PROVINCE).await;
    let request = EvaluateMeasuresRequest {
        framework: "frameworks/imagined-1999".to_owned(),
        region: "regions/420106".to_owned(),
        as_of_date: "2018-09-01".to_owned(),
        schools: Vec::new(),
    };
    let answer = officer.frameworks().evaluate_measures(request).await;
    refused(answer, Code::InvalidArgument, "FRAMEWORK_UNKNOWN");
}

/// Ten schools of equal size whose eight coefficients are those given in thousandths: one school has 1 + 9t of the mean,
/// nine have 1 − t, and 3t is the coefficient.
fn ten_schools(stage: Stage, coefficients: [i64; 8]) -> Vec<SchoolMeasures> {
    let kind = if stage == Stage::Primary {
        SchoolKind::Primary
    } else {
        SchoolKind::Junior
    };
    let one = |index: i64| {
        let mut school = school(&format!("第{index}学校"), kind);
        school.measures.push(measure("pupils.total", stage, 30_000));
        for (name, coefficient) in EIGHT.iter().zip(coefficients) {
            let name = match (*name, stage) {
                ("teachers.full_time.college_up", Stage::Junior) => {
                    "teachers.full_time.bachelor_up"
                }
                (name, _) => name,
            };
            // Teachers with a degree or title are some of all teachers.
            let mean = if name == "teachers.full_time" {
                30_000
            } else {
                3_000
            };
            let part = coefficient * mean / 3_000;
            let value = if index == 0 {
                mean + 9 * part
            } else {
                mean - part
            };
            let shared = !name.starts_with("teachers");
            school.measures.push(measure(
                name,
                if shared { Stage::Unspecified } else { stage },
                value,
            ));
        }
        school
    };
    (0..10).map(one).collect()
}

/// A primary school of 2,000 pupils that is exactly at each of the seven thresholds of 2017.
fn quality_school(name: &str) -> SchoolMeasures {
    let mut school = school(name, SchoolKind::Primary);
    let own = |name, value| measure(name, Stage::Primary, value);
    let shared = |name, value| measure(name, Stage::Unspecified, value);
    school.measures = vec![
        own("pupils.total", 2_000),
        own("teachers.full_time", 120),
        own("teachers.full_time.college_up", 84),
        own("teachers.full_time.bachelor_up", 60),
        own("teachers.full_time.backbone_county_up", 20),
        own("teachers.full_time.sports_arts", 18),
        own("teachers.full_time.mid_title_up", 40),
        shared("area.teaching_auxiliary", 950_000),
        shared("area.indoor_sports", 50_000),
        shared("area.sports_ground", 1_500_000),
        shared("equipment.value", 400_000_000),
        shared("computers.count", 200),
        shared("books.count", 50_000),
        shared("rooms.network_multimedia.count", 46),
    ];
    school
}

fn school(name: &str, kind: SchoolKind) -> SchoolMeasures {
    SchoolMeasures {
        school: name.to_owned(),
        kind: kind.into(),
        sponsor: Sponsor::CountyEducation.into(),
        urban_rural: UrbanRural::MainUrban.into(),
        measures: Vec::new(),
    }
}

fn measure(name: &str, stage: Stage, value: i64) -> MeasureValue {
    MeasureValue {
        measure: name.to_owned(),
        stage: stage.into(),
        value,
    }
}

fn with(mut school: SchoolMeasures, name: &str, value: i64) -> SchoolMeasures {
    for one in school.measures.iter_mut().filter(|one| one.measure == name) {
        one.value = value;
    }
    school
}

async fn evaluate(
    world: &World,
    framework: &str,
    schools: Vec<SchoolMeasures>,
) -> EvaluateMeasuresResponse {
    let officer = world.sign_in("province.inspector", PROVINCE).await;
    let request = EvaluateMeasuresRequest {
        framework: framework.to_owned(),
        region: "regions/420106".to_owned(),
        as_of_date: "2018-09-01".to_owned(),
        schools,
    };
    answered(officer.frameworks().evaluate_measures(request).await)
}

fn stage_of(answer: &EvaluateMeasuresResponse, stage: Stage) -> StageVerdict {
    let verdict = answer.verdict.as_ref().expect("a verdict");
    verdict
        .stages
        .iter()
        .find(|one| one.stage() == stage)
        .expect("the stage")
        .clone()
}

fn figure(
    answer: &EvaluateMeasuresResponse,
    school: &str,
    stage: Stage,
    indicator: &str,
) -> SchoolFigure {
    let found = answer.figures.iter().find(|figure| {
        figure.school == school && figure.stage() == stage && figure.indicator == indicator
    });
    found
        .unwrap_or_else(|| panic!("no figure {indicator} of {school} in {:?}", answer.figures))
        .clone()
}
