//! What is given back, by whom and how far.

use junheng_proto::inspection::v1::*;
use tonic::Code;

use super::COUNTY;
use super::house::{House, met, reason};

const CITY: (&str, &str) = ("city.approver", "630100");
const PROVINCE: (&str, &str) = ("province.approver", "63");

/// A campaign of one school that the county has signed.
async fn signed(house: &House) -> (Campaign, String) {
    let school = house.schools("630103", &[211]).await.remove(0);
    let created = house.draft(COUNTY).await.unwrap();
    let issued = house.province(&created, "issue", "issuer").await.unwrap();
    house.confirm(&school).await.unwrap();
    let assessed = house.county_clerk(&issued, "assess").await.unwrap();
    for item in house.items().await {
        house.answer(&item, met(&item)).await.unwrap();
    }
    (house.county(&assessed, "submit").await.unwrap(), school)
}

#[tokio::test]
async fn what_the_province_gives_back_climbs_down_level_by_level_and_up_again() {
    let house = House::new().await;
    let (submitted, school) = signed(&house).await;
    let reviewed = house.city(&submitted, "review").await.unwrap();
    let nothing = house.give_back_as(PROVINCE, &reviewed, &[], "").await;
    assert_eq!(reason(&nothing.unwrap_err()), "FIELD_REQUIRED");
    let report = house.report(&school).await.name;
    let unseen = house
        .give_back_as(PROVINCE, &reviewed, &[&report], "请\0核实")
        .await;
    assert_eq!(reason(&unseen.unwrap_err()), "FIELD_INVALID");
    let with_city = house
        .give_back_as(PROVINCE, &reviewed, &[&report], "请核实班数")
        .await
        .unwrap();
    assert_eq!(with_city.state(), campaign::State::CityReview);
    assert_eq!(
        house.report(&school).await.state(),
        school_report::State::Returned
    );
    let open = house.city(&with_city, "review").await.unwrap_err();
    assert_eq!(reason(&open), "STEP_NOT_READY");
    // The city passes on what the province gave back, and names nothing of its own.
    let with_county = house.give_back_as(CITY, &with_city, &[], "").await.unwrap();
    assert_eq!(with_county.state(), campaign::State::CountySelfAssessment);
    let returned = house.report(&school).await;
    assert_eq!(returned.return_reason, "请核实班数");
    house.confirm(&school).await.unwrap();
    let again = house.county(&with_county, "submit").await.unwrap();
    let again = house.city(&again, "review").await.unwrap();
    assert_eq!(again.state(), campaign::State::ProvinceEvaluation);
}

#[tokio::test]
async fn an_objection_in_publicity_takes_the_verdict_back_until_it_is_evaluated_anew() {
    let house = House::new().await;
    let (submitted, _) = signed(&house).await;
    let reviewed = house.city(&submitted, "review").await.unwrap();
    let public = house
        .province(&reviewed, "evaluate", "issuer")
        .await
        .unwrap();
    assert!(!public.publicity_end_date.is_empty());
    assert!(house.published(&public.name).await.is_ok());
    let item = house.items().await.remove(0);
    let taken_back = house
        .give_back_as(PROVINCE, &public, &[&item.name], "公示期收到异议,请核实")
        .await
        .unwrap();
    assert_eq!(taken_back.state(), campaign::State::ProvinceEvaluation);
    assert_eq!(taken_back.publicity_end_date, "");
    let gone = house.published(&public.name).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
    let open = house
        .province(&taken_back, "evaluate", "issuer")
        .await
        .unwrap_err();
    assert_eq!(reason(&open), "STEP_NOT_READY");

    let down = house
        .give_back_as(PROVINCE, &taken_back, &[], "")
        .await
        .unwrap();
    let down = house.give_back_as(CITY, &down, &[], "").await.unwrap();
    let item = house.items().await.remove(0);
    assert_eq!(item.state(), evidence_item::State::Returned);
    house.answer(&item, met(&item)).await.unwrap();
    let up = house.county(&down, "submit").await.unwrap();
    let up = house.city(&up, "review").await.unwrap();
    let public = house.province(&up, "evaluate", "issuer").await.unwrap();
    assert!(house.published(&public.name).await.is_ok());
}

#[tokio::test]
async fn the_county_gives_a_report_back_to_its_school_until_it_signs() {
    let house = House::new().await;
    let school = house.schools("630103", &[211]).await.remove(0);
    let created = house.draft(COUNTY).await.unwrap();
    let issued = house.province(&created, "issue", "issuer").await.unwrap();
    let open = house.report(&school).await;
    let early = house.return_report(&open, "请核实").await.unwrap_err();
    assert_eq!(reason(&early), "STEP_NOT_ALLOWED");
    let confirmed = house.confirm(&school).await.unwrap();
    for wrong in ["", "请", "请\u{0}核实", "请\u{202E}核实"] {
        let refused = house.return_report(&confirmed, wrong).await.unwrap_err();
        assert_eq!(reason(&refused), "FIELD_INVALID", "{wrong:?}");
    }
    let returned = house
        .return_report(&confirmed, "图书册数与台账不符")
        .await
        .unwrap();
    assert_eq!(returned.state(), school_report::State::Returned);
    assert_eq!(
        house.report(&school).await.return_reason,
        "图书册数与台账不符"
    );
    let verdict = house.verdict(&issued.name).await;
    assert_eq!(
        verdict.measures_digest, "",
        "what is given back counts no more"
    );
    let twice = house.return_report(&confirmed, "请核实").await.unwrap_err();
    assert_eq!(reason(&twice), "ETAG_MISMATCH");

    let confirmed = house.confirm(&school).await.unwrap();
    assert_eq!(confirmed.return_reason, "");
    let assessed = house.county_clerk(&issued, "assess").await.unwrap();
    for item in house.items().await {
        house.answer(&item, met(&item)).await.unwrap();
    }
    house.county(&assessed, "submit").await.unwrap();
    let signed = house.report(&school).await;
    let late = house.return_report(&signed, "请核实").await.unwrap_err();
    assert_eq!(reason(&late), "STEP_NOT_ALLOWED");
}
