//! What schools do in a campaign: look at their figures, confirm them, mend what is given back.

use anyhow::Context as _;
use junheng_proto::assets::v1::site_service_client::SiteServiceClient;
use junheng_proto::assets::v1::{ListSitesRequest, Site, UpdateSiteRequest};
use junheng_proto::inspection::v1::school_report_service_client::SchoolReportServiceClient;
use junheng_proto::inspection::v1::{
    ConfirmSchoolReportRequest, ListSchoolReportsRequest, PreviewSchoolReportRequest, SchoolReport,
};
use junheng_proto::registration::v1::School;

use super::campaign::Inspection;
use super::cast::{clerk_of, head_of};
use super::story::{Story, new_id};
use crate::client::{Authorized, Progress, Refusal};

/// Every school that has a report looks at it and confirms it.
///
/// # Errors
/// A refusal.
pub async fn confirm_all(
    inspection: &Inspection<'_>,
    but: Option<&School>,
) -> anyhow::Result<usize> {
    let schools = &inspection.story.schools;
    let progress = Progress::begin("reports", schools.len() as u64);
    let mut confirmed = 0;
    for school in schools {
        if but.is_none_or(|but| but.name != school.name)
            && let Some(report) = find(inspection, school).await?
        {
            let preview = preview(inspection, school, &report.name).await?;
            confirm(inspection, school, &preview).await?;
            confirmed += 1;
        }
        progress.advance(1);
    }
    progress.end();
    Ok(confirmed)
}

/// The school's report in the campaign, as the school's clerk finds it; none where the school takes no part.
///
/// # Errors
/// A refusal.
pub async fn find(
    inspection: &Inspection<'_>,
    school: &School,
) -> anyhow::Result<Option<SchoolReport>> {
    let request = ListSchoolReportsRequest {
        parent: school.name.clone(),
        campaign: inspection.name.clone(),
        ..ListSchoolReportsRequest::default()
    };
    let mut client = reports(inspection.story, &head_of(school)).await?;
    let answer = client
        .list_school_reports(request)
        .await
        .map_err(Refusal::from)?;
    Ok(answer.into_inner().school_reports.into_iter().next())
}

/// The figures as they stand now.
///
/// # Errors
/// A refusal.
pub async fn preview(
    inspection: &Inspection<'_>,
    school: &School,
    report: &str,
) -> anyhow::Result<SchoolReport> {
    let request = PreviewSchoolReportRequest {
        name: report.to_owned(),
    };
    let mut client = reports(inspection.story, &head_of(school)).await?;
    Ok(client
        .preview_school_report(request)
        .await
        .map_err(Refusal::from)?
        .into_inner())
}

/// The head confirms what the preview showed.
///
/// # Errors
/// A refusal.
pub async fn confirm(
    inspection: &Inspection<'_>,
    school: &School,
    preview: &SchoolReport,
) -> anyhow::Result<SchoolReport> {
    let request = ConfirmSchoolReportRequest {
        name: preview.name.clone(),
        etag: preview.etag.clone(),
        request_id: new_id(),
        measures_digest: preview.measures_digest.clone(),
        note: "数据属实".to_owned(),
    };
    let mut client = reports(inspection.story, &head_of(school)).await?;
    Ok(client
        .confirm_school_report(request)
        .await
        .map_err(Refusal::from)?
        .into_inner())
}

/// The school's clerk corrects the first site of the school.
///
/// # Errors
/// A refusal.
pub async fn correct_site(
    story: &Story,
    school: &School,
    field: &str,
    correct: impl Fn(&mut Site),
) -> anyhow::Result<Site> {
    let mut site = sites(story, school)
        .await?
        .into_iter()
        .next()
        .context("the school has no site")?;
    correct(&mut site);
    let request = UpdateSiteRequest {
        site: Some(site),
        update_mask: Some(prost_types::FieldMask {
            paths: vec![field.to_owned()],
        }),
        request_id: new_id(),
    };
    let mut client = SiteServiceClient::new(story.session(&clerk_of(school)).await?.channel());
    Ok(client
        .update_site(request)
        .await
        .map_err(Refusal::from)?
        .into_inner())
}

/// The sites of a school, as its clerk lists them.
///
/// # Errors
/// A refusal.
pub async fn sites(story: &Story, school: &School) -> anyhow::Result<Vec<Site>> {
    let request = ListSitesRequest {
        parent: school.name.clone(),
        ..ListSitesRequest::default()
    };
    let mut client = SiteServiceClient::new(story.session(&clerk_of(school)).await?.channel());
    Ok(client
        .list_sites(request)
        .await
        .map_err(Refusal::from)?
        .into_inner()
        .sites)
}

async fn reports(
    story: &Story,
    who: &str,
) -> anyhow::Result<SchoolReportServiceClient<Authorized>> {
    Ok(SchoolReportServiceClient::new(
        story.session(who).await?.channel(),
    ))
}
