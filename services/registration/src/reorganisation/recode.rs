//! County codes that change 区划调整: the region table says which code has ended and who succeeds it.

use junheng_kernel::admission::Caller;
use junheng_kernel::journal::Entry;
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::region::Region;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{RecodeCountyRequest, RecodeCountyResponse, School};
use tonic::Request;
use uuid::Uuid;

use super::error::ReorganisationError;
use super::{copies, store};
use crate::entity::school::{Entity, Model};
use crate::school::rpc::{about, encode};
use crate::school::store as schools;

/// Moves the county's schools one by one, each with its classes and students in one transaction: what a cut leaves behind,
/// the next call finds. The same request again goes on as well, and gives the first answer.
pub(super) async fn run(
    context: &Context,
    request: Request<RecodeCountyRequest>,
) -> Result<RecodeCountyResponse, ReorganisationError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let key = RequestKey::of(&message.request_id, &message)?;
    Parent::of(&caller, &context.regions, "parent", &message.parent)?;
    let code = message.ended_code.as_str();
    let in_force = || ReorganisationError::RegionInForce {
        code: code.to_owned(),
    };
    if context.regions.get(code).is_some() {
        return Err(in_force());
    }
    let county = context
        .regions
        .successor(code)
        .filter(|region| region.acts_as_county())
        .ok_or_else(in_force)?;
    let begun = begin(context, &caller, key, code, county).await?;
    loop {
        let next = store::schools_of_county(context.store.reader(), code, 1).await?;
        let Some(school) = next.into_iter().next() else {
            break;
        };
        move_school(context, &caller, school, county).await?;
    }
    move_county(context, &caller, code, county).await?;
    Ok(begun)
}

/// Counts the schools that the call moves, under its key: the answer stands before the first of them goes.
async fn begin(
    context: &Context,
    caller: &Caller,
    key: RequestKey,
    ended: &str,
    county: &Region,
) -> Result<RecodeCountyResponse, ReorganisationError> {
    let (region, ended) = (format!("regions/{}", county.code), ended.to_owned());
    let place = context.regions.place_of(county);
    context
        .store
        .write(caller, key, move |tx| async move {
            let schools = store::count_of_county(&*tx, &ended).await?;
            let school_count = i64::try_from(schools).unwrap_or(i64::MAX);
            let entry = Entry::about(&region, place, None, DataClass::Internal)
                .note(&format!("{ended} → {region}: {school_count} schools"));
            let answer = RecodeCountyResponse {
                region,
                school_count,
            };
            Ok::<_, ReorganisationError>((answer, entry))
        })
        .await
}

/// Moves what is the county's own. Again, it finds nothing.
async fn move_county(
    context: &Context,
    caller: &Caller,
    ended: &str,
    county: &Region,
) -> Result<(), ReorganisationError> {
    let (region, ended) = (county.code.clone(), ended.to_owned());
    let place = context.regions.place_of(county);
    let told = RecodeCountyResponse {
        region: format!("regions/{region}"),
        ..RecodeCountyResponse::default()
    };
    let key = RequestKey::own(format!("recode/{ended}/{}", Uuid::now_v7()));
    context
        .store
        .write(caller, key, move |tx| async move {
            let moved = copies::follow_county(&*tx, &ended, &region, place).await?;
            let entry = Entry::about(&told.region, place, None, DataClass::Internal)
                .note(&format!("{ended} → {region}: {moved}"));
            Ok::<_, ReorganisationError>((told, entry))
        })
        .await?;
    Ok(())
}

async fn move_school(
    context: &Context,
    caller: &Caller,
    school: Model,
    county: &Region,
) -> Result<School, ReorganisationError> {
    let id = id_of("schools", &format!("schools/{}", school.id))?;
    let key = RequestKey::own(format!("recode/{id}/{}", county.code));
    let towns = &context.regions;
    // A town that the table still has within the county keeps its code; otherwise the school lies in the county.
    let town = Some(school.town.clone())
        .filter(|town| towns.get(town).is_some() && towns.is_within(town, &county.code))
        .unwrap_or_default();
    let place = match towns.get(&town) {
        Some(town) => towns.place_of(town),
        None => towns.place_of(county),
    };
    let scope = caller.scope.clone();
    let region = county.code.clone();
    context
        .store
        .write(caller, key, move |tx| async move {
            let current = resource::get::<Entity>(&*tx, &scope, id).await?;
            let changed = Model {
                region,
                town,
                place,
                version: current.version + 1,
                ..current.clone()
            };
            resource::replace::<Entity>(&*tx, changed.clone(), current.version).await?;
            schools::follow_place(&*tx, &changed).await?;
            copies::follow_school(&*tx, id, &changed.region).await?;
            let (before, answer) = (encode(&current), encode(&changed));
            let entry = about(&changed).change(Some(&before), &answer);
            Ok::<_, ReorganisationError>((answer, entry))
        })
        .await
}
