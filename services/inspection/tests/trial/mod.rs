//! Trial evaluation against a campaign over the same measures.

use junheng_proto::education::v1::{SchoolKind, Sponsor, UrbanRural};
use junheng_proto::inspection::v1::*;

use super::COUNTY;
use super::house::{House, reason};

fn trial_of(report: &SchoolReport) -> SchoolMeasures {
    let value = |one: &FrozenMeasure| MeasureValue {
        measure: one.measure.clone(),
        stage: one.stage,
        value: one.value,
    };
    SchoolMeasures {
        school: report.school.clone(),
        kind: SchoolKind::Primary.into(),
        sponsor: Sponsor::try_from(7).unwrap().into(),
        urban_rural: UrbanRural::try_from(111).unwrap().into(),
        measures: report.measures.iter().map(value).collect(),
    }
}

#[tokio::test]
async fn a_trial_over_the_measures_of_a_campaign_gives_the_campaigns_figures() {
    let house = House::new().await;
    let schools = house.schools("630103", &[211, 211]).await;
    let created = house.draft(COUNTY).await.unwrap();
    house.province(&created, "issue", "issuer").await.unwrap();
    let mut trial = Vec::new();
    for (school, books) in schools.iter().zip([500, 900]) {
        house
            .sources
            .books
            .store(books, std::sync::atomic::Ordering::SeqCst);
        trial.push(trial_of(&house.confirm(school).await.unwrap()));
    }
    let verdict = house.verdict(&created.name).await;
    let tried = house.evaluate(COUNTY, trial.clone()).await.unwrap();
    let of_trial = tried.verdict.unwrap();
    assert_eq!(of_trial.stages, verdict.stages);
    assert!(!of_trial.stages.is_empty());
    assert_eq!((of_trial.campaign.as_str(), tried.figures.len()), ("", 32));

    let unknown = house.evaluate("regions/000001", trial.clone()).await;
    assert_eq!(reason(&unknown.unwrap_err()), "REGION_UNKNOWN");
    trial[1].school = trial[0].school.clone();
    let twice = house.evaluate(COUNTY, trial).await.unwrap_err();
    assert_eq!(reason(&twice), "FIELD_INVALID");
}
