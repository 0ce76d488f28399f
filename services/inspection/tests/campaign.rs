//! A campaign through the service itself, over its gRPC face on SQLite, with sources that answer what the test sets.

mod house;
mod returns;
mod trial;

use house::{House, met, reason};
use junheng_proto::inspection::v1::*;
use tonic::Code;

const COUNTY: &str = "regions/630103";

#[tokio::test]
async fn a_campaign_climbs_to_the_published_verdict_and_single_parts_come_back() {
    let house = House::new().await;
    let schools = house.schools("630103", &[211, 211, 312]).await;
    let created = house.draft(COUNTY).await.unwrap();
    assert!(created.skipped_states.is_empty());
    let again = house.draft(COUNTY).await.unwrap_err();
    assert_eq!(reason(&again), "CAMPAIGN_UNDER_WAY");

    // Who drafted may not issue, whatever the post.
    let same = house
        .step("province.approver", "63", "clerk63", &created, "issue")
        .await;
    assert_eq!(reason(&same.unwrap_err()), "SAME_PERSON");
    let issued = house.province(&created, "issue", "issuer").await.unwrap();
    assert_eq!(
        (issued.report_count, issued.state()),
        (3, campaign::State::SchoolReporting)
    );
    assert!(!issued.due_date.is_empty());
    let stale = house
        .province(&created, "issue", "other")
        .await
        .unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);

    let early = house.county_clerk(&issued, "assess").await.unwrap_err();
    assert_eq!(reason(&early), "STEP_NOT_READY");
    assert!(
        early
            .message()
            .starts_with("AssessCampaign is not ready: 3 reports"),
        "{early}"
    );
    for school in &schools {
        house.confirm(school).await.unwrap();
    }
    let assessed = house.county_clerk(&issued, "assess").await.unwrap();
    for item in house.items().await {
        house.answer(&item, met(&item)).await.unwrap();
    }
    let same = house
        .step(
            "county.approver",
            "630103",
            "clerk630103",
            &assessed,
            "submit",
        )
        .await;
    assert_eq!(reason(&same.unwrap_err()), "SAME_PERSON");
    let submitted = house.county(&assessed, "submit").await.unwrap();
    assert_eq!(submitted.state(), campaign::State::CityReview);
    assert_eq!(submitted.measures_digest.len(), 64);

    // The city gives one report and one item back; the rest stays signed.
    let report = house.report(&schools[0]).await;
    let item = house.items().await.remove(0);
    let locked = house.answer(&item, met(&item)).await.unwrap_err();
    assert_eq!(reason(&locked), "ITEM_LOCKED");
    let returned = house
        .give_back(&submitted, &[&report.name, &item.name])
        .await
        .unwrap();
    assert_eq!(returned.state(), campaign::State::CountySelfAssessment);
    assert_eq!(
        (returned.confirmed_report_count, returned.report_count),
        (2, 3)
    );
    assert_eq!(
        house.report(&schools[1]).await.state(),
        school_report::State::Signed
    );
    let verdict = house.verdict(&returned.name).await;
    assert!(!verdict.meets);
    assert!(
        verdict
            .findings
            .iter()
            .any(|one| one.code == "report_missing")
    );
    let open = house.county(&returned, "submit").await.unwrap_err();
    assert_eq!(reason(&open), "STEP_NOT_READY");

    house
        .sources
        .books
        .store(900, std::sync::atomic::Ordering::SeqCst);
    house.confirm(&schools[0]).await.unwrap();
    let item = house.items().await.remove(0);
    house.answer(&item, met(&item)).await.unwrap();
    let resubmitted = house.county(&returned, "submit").await.unwrap();
    assert_ne!(resubmitted.measures_digest, submitted.measures_digest);
    let reviewed = house.city(&resubmitted, "review").await.unwrap();
    let public = house.published(&reviewed.name).await.unwrap_err();
    assert_eq!(public.code(), Code::NotFound);
    let evaluated = house
        .province(&reviewed, "evaluate", "issuer")
        .await
        .unwrap();
    let shown = house.published(&evaluated.name).await.unwrap();
    assert_eq!(shown.measures_digest, evaluated.measures_digest);
    let early = house
        .province(&evaluated, "publish", "second")
        .await
        .unwrap_err();
    assert_eq!(reason(&early), "STEP_TOO_EARLY");
    house.context.clock.advance_seconds(40 * 86_400);
    let same = house
        .province(&evaluated, "publish", "issuer")
        .await
        .unwrap_err();
    assert_eq!(reason(&same), "SAME_PERSON");
    let published = house
        .province(&evaluated, "publish", "second")
        .await
        .unwrap();
    assert_eq!(published.state(), campaign::State::Published);
    assert_eq!(house.published(&published.name).await.unwrap(), shown);
    assert_eq!(shown.stages.len(), 2);
    assert!(shown.items.iter().all(|item| item.met));

    // Every figure leads back to its sources; what stages share shows its part.
    let figures = house.figures(&published.name, 5).await;
    assert_eq!(figures.len(), 3 * 2 * 8);
    let mixed = figures
        .iter()
        .find(|one| one.school == schools[2] && one.indicator == "5");
    let trace = house.trace(&published.name, mixed.unwrap()).await;
    assert_eq!(trace.measures[0].share, "10/21");
    assert_eq!(trace.measures[0].service, "assets");
    assert_eq!(trace.measures.len(), 3, "{:?}", trace.measures);
    assert_eq!(trace.figure.as_ref(), mixed);
    // What was published stays, and what no longer leads to it is not shown.
    house.republish(&published.name, "1.99").await;
    let trace = house.trace(&published.name, mixed.unwrap()).await;
    assert_eq!(trace.figure.unwrap().value, "1.99");
    assert_eq!((trace.formula.as_str(), trace.measures.len()), ("", 3));
    assert!(trace.measures.iter().all(|one| one.share.is_empty()));
    assert!(
        house.draft(COUNTY).await.is_ok(),
        "the next campaign may begin"
    );
}

#[tokio::test]
async fn a_deadline_is_that_of_the_step_taken_and_not_of_another_that_leads_to_the_same_state() {
    let house = House::new().await;
    let schools = house.schools("630103", &[211]).await;
    let created = house.draft(COUNTY).await.unwrap();
    let issued = house.province(&created, "issue", "issuer").await.unwrap();
    assert_eq!(issued.due_date, house.working_days_on(20));
    house.confirm(&schools[0]).await.unwrap();
    let assessed = house.county_clerk(&issued, "assess").await.unwrap();
    assert_eq!(assessed.due_date, house.working_days_on(20));
    for item in house.items().await {
        house.answer(&item, met(&item)).await.unwrap();
    }
    let submitted = house.county(&assessed, "submit").await.unwrap();
    assert_eq!(submitted.due_date, house.working_days_on(15));
    let report = house.report(&schools[0]).await.name;
    let returned = house.give_back(&submitted, &[&report]).await.unwrap();
    assert_eq!(returned.state(), assessed.state());
    assert_eq!(returned.due_date, house.working_days_on(10));
}

#[tokio::test]
async fn a_school_confirms_what_it_has_seen_or_nothing() {
    let house = House::new().await;
    let schools = house.schools("630103", &[211]).await;
    let created = house.draft(COUNTY).await.unwrap();
    house.province(&created, "issue", "issuer").await.unwrap();
    let preview = house.preview(&schools[0]).await.unwrap();
    house
        .sources
        .books
        .store(777, std::sync::atomic::Ordering::SeqCst);
    let refused = house.confirm_seen(&preview).await.unwrap_err();
    assert_eq!(reason(&refused), "STEP_NOT_READY");
    assert!(
        refused.message().contains("图书册数 500 → 777"),
        "{refused}"
    );
    assert_eq!(
        house.report(&schools[0]).await.state(),
        school_report::State::Open
    );
    // Time passes, the figures stay: the digest still holds.
    let preview = house.preview(&schools[0]).await.unwrap();
    house.context.clock.advance_seconds(60);
    let confirmed = house.confirm_seen(&preview).await.unwrap();
    assert_eq!(confirmed.measures_digest, preview.measures_digest);
    assert_eq!(confirmed.measures.len(), preview.measures.len());

    house
        .sources
        .down
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let down = house.preview(&schools[0]).await.unwrap_err();
    assert_eq!(
        (down.code(), reason(&down).as_str()),
        (Code::Unavailable, "EVIDENCE_UNAVAILABLE")
    );
    // A confirmation that comes again gets its first answer, whatever the sources do meanwhile.
    assert_eq!(house.confirm_seen(&preview).await.unwrap(), confirmed);
}

#[tokio::test]
async fn two_approvers_at_once_take_one_step() {
    let house = House::new().await;
    house.schools("630103", &[211]).await;
    let created = house.draft(COUNTY).await.unwrap();
    let (one, two) = tokio::join!(
        house.province(&created, "issue", "first"),
        house.province(&created, "issue", "second"),
    );
    let refused = match (one, two) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused.code(), Code::Aborted);
}

#[tokio::test]
async fn a_county_without_a_city_goes_straight_to_the_province_and_the_history_says_so() {
    let house = House::new().await;
    let schools = house.schools("429004", &[211]).await;
    let created = house.draft("regions/429004").await.unwrap();
    assert_eq!(created.skipped_states, ["CITY_REVIEW"]);
    let issued = house
        .step("province.approver", "42", "a", &created, "issue")
        .await
        .unwrap();
    house.confirm(&schools[0]).await.unwrap();
    let assessed = house
        .step("county.clerk", "429004", "b", &issued, "assess")
        .await
        .unwrap();
    for item in house.items().await {
        house.answer(&item, met(&item)).await.unwrap();
    }
    let submitted = house
        .step("county.approver", "429004", "c", &assessed, "submit")
        .await
        .unwrap();
    assert_eq!(submitted.state(), campaign::State::ProvinceEvaluation);
    let history = house.history(&submitted.name, "429004").await;
    let last = history.last().unwrap();
    assert_eq!(last.step, "SubmitCampaign");
    assert!(last.note.contains("跳过市级复核"), "{}", last.note);
}
