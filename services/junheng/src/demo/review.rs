//! Scenes: the county signs, the city gives two things back and passes the rest, the province evaluates.

use anyhow::{Context as _, ensure};
use junheng_proto::error::v1::Reason;
use junheng_proto::inspection::v1::{ReturnedPart, campaign, evidence_item, school_report};

use super::campaign::{Inspection, day, tell_state};
use super::notice::{PROVINCE, PROVINCE_CLERK};
use super::story::Story;
use super::{items, reports, tell};

/// The county's people.
const COUNTY_CLERK: &str = "clerk.630103";
const COUNTY_HEAD: &str = "approver.630103";
/// The city's.
const CITY: &str = "approver.6301";
/// The province's second approver.
const PROVINCE_SECOND: &str = "approver-2.63";
/// What the city gives back.
const RETURNED_SCHOOL: &str = "逯家寨学校";
const RETURNED_ITEM: &str = "W11";

/// The county closes reporting, answers every item and signs.
///
/// # Errors
/// A refusal, or one that does not come.
pub async fn county_signs(inspection: &Inspection<'_>) -> anyhow::Result<()> {
    let assessed = inspection.assess(COUNTY_CLERK, "各校已确认").await?;
    tell_state("县级汇总 the county closes reporting", &assessed);
    let unanswered = inspection.submit(COUNTY_HEAD, "").await;
    tell::refused(
        "项目未自评即上报 · the county signs before answering",
        unanswered,
        Reason::StepNotReady,
    )?;
    inspection.story.days_pass(2).await;
    let answered = items::answer_all(inspection).await?;
    tell::done(&format!(
        "县级自评 {answered} 项 · the county answers every item with evidence"
    ));
    let submitted = inspection.submit(COUNTY_HEAD, "自评达标,申请复核").await?;
    tell_state("县级签署上报 the county signs", &submitted);
    Ok(())
}

/// The city gives a report and an item back; they are mended, signed again and passed.
///
/// # Errors
/// A refusal, or one that does not come.
pub async fn city_reviews(inspection: &Inspection<'_>) -> anyhow::Result<()> {
    let own = inspection.review(COUNTY_HEAD, "").await;
    tell::refused(
        "县级代行市级复核 · the county passes its city's step",
        own,
        Reason::RoleNotAllowed,
    )?;
    let neighbour = inspection.get("approver.630104").await;
    tell::refused(
        "邻区查看本区任务 · another county reads the campaign",
        neighbour,
        Reason::NotFound,
    )?;

    inspection.story.days_pass(4).await;
    let school = inspection.story.school(RETURNED_SCHOOL)?;
    let report = reports::find(inspection, school)
        .await?
        .context("the school has no report")?;
    let all = items::list(inspection).await?;
    let item = all
        .iter()
        .find(|item| item.code == RETURNED_ITEM)
        .context("the framework lost an item")?;
    let part = |name: &str, reason: &str| ReturnedPart {
        name: name.to_owned(),
        reason: reason.to_owned(),
    };
    let parts = vec![
        part(&report.name, "图书册数与实地核查不符,请核对后重新确认"),
        part(&item.name, "未附校长教师交流名册,请补充"),
    ];
    let returned = inspection.give_back(CITY, parts).await?;
    tell_state(
        &format!("市级退回 the city returns: {RETURNED_SCHOOL}, {RETURNED_ITEM}"),
        &returned,
    );

    let signed = items::list(inspection).await?;
    let locked = signed
        .iter()
        .find(|item| item.state() == evidence_item::State::Signed);
    let locked = locked.context("nothing stayed signed")?;
    let touched = items::answer(inspection, locked, "evidence", "再改一改").await;
    tell::refused(
        "修改未退回的项目 · the county touches what was not returned",
        touched,
        Reason::ItemLocked,
    )?;

    reports::correct_site(inspection.story, school, "book_count", |site| {
        site.book_count += 120
    })
    .await?;
    let report = reports::find(inspection, school)
        .await?
        .context("the school has no report")?;
    ensure!(
        report.state() == school_report::State::Returned,
        "the report is not open to the school"
    );
    tell::done(&format!(
        "退回理由 the school reads why: {}",
        report.return_reason
    ));
    let seen = reports::preview(inspection, school, &report.name).await?;
    reports::confirm(inspection, school, &seen).await?;
    tell::done(&format!(
        "{RETURNED_SCHOOL}更正图书册数并重新确认 · mends its figure and confirms"
    ));
    let item = signed
        .iter()
        .find(|item| item.code == RETURNED_ITEM)
        .context("the item is gone")?;
    items::answer(inspection, item, "evidence", "已补充近三年校长教师交流名册").await?;
    tell::done(&format!(
        "{RETURNED_ITEM} 已补充材料 · the county adds what was missing"
    ));
    inspection.story.days_pass(1).await;
    let submitted = inspection.submit(COUNTY_HEAD, "退回各项已整改").await?;
    tell_state("县级再次签署 the county signs again", &submitted);
    let passed = inspection.review(CITY, "复核通过").await?;
    tell_state("市级复核通过 the city passes", &passed);
    Ok(())
}

/// The province evaluates, waits for the end of publicity, and a second person publishes.
///
/// # Errors
/// A refusal, or one that does not come.
pub async fn province_publishes(inspection: &Inspection<'_>) -> anyhow::Result<()> {
    inspection.story.days_pass(3).await;
    let evaluated = inspection.evaluate(PROVINCE, "评估通过").await?;
    tell_state("省级评估 the province evaluates", &evaluated);
    let end = &evaluated.publicity_end_date;
    tell::done(&format!("公示至 publicity until {end}"));
    let early = inspection.publish(PROVINCE_SECOND, "").await;
    tell::refused(
        "公示期内即公布 · published before the time",
        early,
        Reason::StepTooEarly,
    )?;
    inspection.story.advance(day(end), 1).await;
    let same = inspection.publish(PROVINCE, "").await;
    tell::refused(
        "评估与公布同一人 · the same person evaluates and publishes",
        same,
        Reason::SamePerson,
    )?;
    publish(inspection).await
}

/// A further campaign, without detours.
///
/// # Errors
/// A refusal.
pub async fn straight_on<'s>(
    story: &'s Story,
    framework: &'static str,
    title: &str,
) -> anyhow::Result<Inspection<'s>> {
    let inspection = &Inspection::create(story, PROVINCE_CLERK, framework, title).await?;
    let issued = inspection.issue(PROVINCE, "请如实填报").await?;
    tell_state(
        &format!("{title}: 省级下达通知 the province issues the notice"),
        &issued,
    );
    let confirmed = reports::confirm_all(inspection, None).await?;
    tell::done(&format!("{confirmed} 所学校确认 schools confirm"));
    inspection.assess(COUNTY_CLERK, "各校已确认").await?;
    let answered = items::answer_all(inspection).await?;
    tell::done(&format!(
        "县级自评 {answered} 项 items answered, the unmet ones as unmet"
    ));
    inspection.submit(COUNTY_HEAD, "如实上报").await?;
    inspection.review(CITY, "复核属实").await?;
    let evaluated = inspection.evaluate(PROVINCE, "评估完成").await?;
    tell_state("省级评估 the province evaluates", &evaluated);
    story.advance(day(&evaluated.publicity_end_date), 1).await;
    publish(inspection).await?;
    Ok(inspection.clone())
}

async fn publish(inspection: &Inspection<'_>) -> anyhow::Result<()> {
    let published = inspection.publish(PROVINCE_SECOND, "公示无异议").await?;
    ensure!(
        published.state() == campaign::State::Published,
        "the verdict is not published"
    );
    tell_state("公布 published by a second person", &published);
    Ok(())
}
