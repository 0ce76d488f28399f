//! Drafts a campaign.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::name::Parent;
use junheng_kernel::region::{Region, RegionTable};
use junheng_kernel::rule_book::RegionPath;
use junheng_kernel::store::RequestKey;
use junheng_kernel::text::check_text;
use junheng_proto::inspection::v1::{Campaign, CreateCampaignRequest};
use tonic::Request;
use uuid::Uuid;

use super::error::CampaignError;
use super::rpc::{encode, required};
use super::steps::about;
use super::store;
use super::workflow::{CREATE, WORKFLOW, state_name};
use crate::Inspection;
use crate::entity::campaign::Model;
use crate::framework::fault::FrameworkFault;
use crate::framework::request::{date, framework_id};

/// Drafts a campaign for a county that has none under way with this framework.
pub(super) async fn create(
    inspection: &Inspection,
    request: Request<CreateCampaignRequest>,
) -> Result<Campaign, CampaignError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let key = RequestKey::of(&message.request_id, &message)?;
    let regions = inspection.context.regions.clone();
    let parent = Parent::of(&caller, &regions, "parent", &message.parent)?;
    let county = county_of(&parent, &regions)?;
    let given = message.campaign.ok_or_else(|| required("campaign"))?;
    let campaign = model_of(inspection, &given, county)?;
    inspection
        .context
        .store
        .write(&caller, key, move |tx| async move {
            let region = &campaign.region;
            if let Some(other) = store::under_way(&*tx, region, &campaign.framework).await? {
                return Err(CampaignError::UnderWay {
                    name: format!("campaigns/{}", other.id),
                });
            }
            store::insert(&*tx, campaign.clone()).await?;
            let answer = encode(&campaign, None, &regions);
            let entry =
                about(&campaign)
                    .change(None, &answer)
                    .step(CREATE, "", state_name(WORKFLOW.start));
            Ok((answer, entry))
        })
        .await
}

/// The county inspected: a county, or what acts as one (不设区的市, 开发区).
fn county_of<'a>(parent: &Parent, regions: &'a RegionTable) -> Result<&'a Region, KernelError> {
    let county = match parent {
        Parent::Region { code, .. } => regions.get(code),
        Parent::School(_) => None,
    };
    county
        .filter(|region| region.acts_as_county())
        .ok_or_else(|| {
            KernelError::Fields(vec![Violation::invalid(
                "parent",
                "must be a county: a campaign inspects one",
                "应为县级区划,督导任务以县为单位",
            )])
        })
}

fn model_of(
    inspection: &Inspection,
    given: &Campaign,
    county: &Region,
) -> Result<Model, CampaignError> {
    let context = &inspection.context;
    if given.framework.is_empty() {
        return Err(required("campaign.framework").into());
    }
    let id = framework_id(&given.framework)?;
    let framework = inspection.catalog.get(id)?;
    let display_name = given.display_name.trim().to_owned();
    if !(2..=100).contains(&display_name.chars().count()) {
        return Err(CampaignError::Kernel(KernelError::Fields(vec![
            Violation::invalid(
                "campaign.display_name",
                "must have 2 to 100 characters",
                "应为2至100个字",
            ),
        ])));
    }
    let unseen = check_text("campaign.display_name", &display_name);
    KernelError::unless_empty(unseen.into_iter().collect())?;
    let as_of = date("campaign.as_of_date", &given.as_of_date)?;
    let path = RegionPath::of(&context.regions, &county.code);
    framework
        .profile(&path, as_of)
        .map_err(FrameworkFault::from)?;
    let place = context.regions.place_of(county);
    Ok(Model {
        id: Uuid::now_v7(),
        framework: framework.id.clone(),
        region: county.code.clone(),
        place,
        display_name,
        as_of_date: given.as_of_date.clone(),
        state: WORKFLOW.start as i32,
        due_date: String::new(),
        due_provisional: false,
        publicity_end_date: String::new(),
        measures_digest: String::new(),
        update_micros: context.clock.now_micros(),
        version: 1,
    })
}
