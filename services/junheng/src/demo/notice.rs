//! Scenes: the notice goes out, and every school confirms its own figures.

use anyhow::{Context as _, ensure};
use junheng_proto::error::v1::Reason;
use junheng_proto::inspection::v1::campaign_service_client::CampaignServiceClient;
use junheng_proto::registration::v1::ListStudentsRequest;
use junheng_proto::registration::v1::student_service_client::StudentServiceClient;

use super::campaign::{Inspection, draft, tell_state};
use super::cast::{COUNTY, clerk_of};
use super::story::Story;
use super::{reports, tell};
use crate::client::Refusal;

/// Who drafts, and who answers for it.
pub const PROVINCE_CLERK: &str = "clerk.63";
/// The first of the province's two approvers.
pub const PROVINCE: &str = "approver-1.63";
/// The school whose figures change after the preview.
const HASTY_SCHOOL: &str = "南大街小学";

/// What officers may not do with the roll.
///
/// # Errors
/// When one of them may.
pub async fn wrong_turns_on_the_roll(story: &Story) -> anyhow::Result<()> {
    let school = story.school(HASTY_SCHOOL)?;
    let list = async |who: &str, parent: &str| {
        let mut client = StudentServiceClient::new(story.session(who).await?.channel());
        let request = ListStudentsRequest {
            parent: parent.to_owned(),
            ..ListStudentsRequest::default()
        };
        anyhow::Ok(client.list_students(request).await.map_err(Refusal::from)?)
    };
    let clerk = clerk_of(school);
    let widened = list(&clerk, COUNTY).await;
    tell::refused(
        "学校经办查看全县名册 · a school's clerk widens the scope to the county",
        widened,
        Reason::OutOfScope,
    )?;
    let neighbour = list("approver.630104", COUNTY).await;
    tell::refused(
        "邻区查看本区名册 · another county reads the roll",
        neighbour,
        Reason::OutOfScope,
    )?;
    let own = list(&clerk, &school.name).await?.into_inner();
    let pupil = own.students.first().context("the school has no pupil")?;
    ensure!(
        pupil.identity_number.contains('*'),
        "an identity number is shown in clear"
    );
    tell::done(&format!(
        "本校名册可读,证件号已遮盖 · its own roll is open, identity numbers masked: {} {}",
        pupil.display_name, pupil.identity_number
    ));
    Ok(())
}

/// Drafts and issues a campaign; the same request twice is one campaign, the same id for another request is refused.
///
/// # Errors
/// A refusal, or one that does not come.
pub async fn issue<'s>(
    story: &'s Story,
    framework: &'static str,
    title: &str,
) -> anyhow::Result<Inspection<'s>> {
    let county = Inspection::create(story, "clerk.630103", framework, title).await;
    tell::refused(
        "县级自行发起督导 · the county starts its own inspection",
        county,
        Reason::RoleNotAllowed,
    )?;
    let request = draft(story, framework, title);
    let mut client = CampaignServiceClient::new(story.session(PROVINCE_CLERK).await?.channel());
    let first = client
        .create_campaign(request.clone())
        .await
        .map_err(Refusal::from)?
        .into_inner();
    let second = client
        .create_campaign(request.clone())
        .await
        .map_err(Refusal::from)?
        .into_inner();
    ensure!(first == second, "the same request made two campaigns");
    tell_state(
        &format!("{title}; 重复提交仍是同一任务 · sent twice, drafted once"),
        &first,
    );
    let mut other = request;
    if let Some(campaign) = other.campaign.as_mut() {
        campaign.display_name.push_str("(改)");
    }
    let reused = client
        .create_campaign(other)
        .await
        .map_err(|status| Refusal::from(status).into());
    tell::refused(
        "同一请求号换了内容 · another request under the same id",
        reused,
        Reason::RequestIdReused,
    )?;
    let inspection = Inspection {
        story,
        name: first.name,
        framework,
    };
    let issued = inspection.issue(PROVINCE, "请于规定时限内完成自评").await?;
    tell_state("省级下达通知 the province issues the notice", &issued);
    Ok(inspection)
}

/// Every school previews and confirms; one of them not before its figures changed.
///
/// # Errors
/// A refusal, or one that does not come.
pub async fn schools_confirm(inspection: &Inspection<'_>) -> anyhow::Result<()> {
    let story = inspection.story;
    let school = story.school(HASTY_SCHOOL)?;
    let confirmed = reports::confirm_all(inspection, Some(school)).await?;
    tell::done(&format!(
        "{confirmed} 所学校预览并确认 schools preview and confirm their figures"
    ));

    let early = inspection.assess("clerk.630103", "").await;
    tell::refused(
        "尚有学校未确认即汇总 · the county closes before all have confirmed",
        early,
        Reason::StepNotReady,
    )?;

    let report = reports::find(inspection, school)
        .await?
        .context("the school has no report")?;
    let seen = reports::preview(inspection, school, &report.name).await?;
    let site = reports::correct_site(story, school, "computer_count", |site| {
        site.computer_count += 1
    })
    .await?;
    tell::done(&format!(
        "{HASTY_SCHOOL}经办更正计算机台数为 {} · a clerk corrects a figure meanwhile",
        site.computer_count
    ));
    let outdated = reports::confirm(inspection, school, &seen).await;
    tell::refused(
        "预览之后数据有变仍确认 · the head confirms what is no longer so",
        outdated,
        Reason::StepNotReady,
    )?;
    let seen = reports::preview(inspection, school, &report.name).await?;
    reports::confirm(inspection, school, &seen).await?;
    tell::done(&format!(
        "{HASTY_SCHOOL}重新预览后确认 · previews again and confirms"
    ));
    Ok(())
}
