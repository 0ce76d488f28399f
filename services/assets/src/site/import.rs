//! Imports sites: school and name decide whether a row creates a site or changes it.

use std::collections::HashMap;

use junheng_directory::{Directory, DirectorySchool, Roster};
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{
    self, Destination, FirstRows, ImportResult, Part, Refusal, Report, SetOutcome,
};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::record;
use junheng_kernel::name::Parent;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::assets::v1::{ImportSitesRequest, SiteRow, import_sites_request};
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;
use prost::Message as _;
use tonic::{Request, Streaming};
use uuid::Uuid;

use super::error::SiteError;
use super::rpc::{encode, model_of, require_stage, with_figures};
use super::rules::{self, Draft, Figures};
use super::store;
use crate::entity::site::Model;

/// A row that has passed the rules, with the school that it names.
#[derive(Clone)]
struct Checked {
    row: SiteRow,
    draft: Draft,
    school: DirectorySchool,
}

pub(super) async fn run(
    context: &Context,
    directory: &Directory,
    request: Request<Streaming<ImportSitesRequest>>,
) -> Result<ImportResult, SiteError> {
    let caller = Caller::of(&request)?;
    let import = bulk::read(request.into_inner(), |message| match message.part {
        Some(import_sites_request::Part::Header(header)) => Part::Header(header),
        Some(import_sites_request::Part::Row(row)) => Part::Row(row),
        None => Part::Nothing,
    })
    .await?;
    let header = import.header;
    let parent = Parent::of(&caller, &context.regions, "header.parent", &header.parent)?;
    let codes = import.rows.iter().map(|row| row.school_code.as_str());
    let roster = directory.roster(codes).await?;
    let (asker, within, rows) = (caller.clone(), parent.clone(), import.rows);
    let (checked, mut report) = bulk::away(move || {
        let mut report = Report::over(rows.len(), header.validate_only);
        let checked = check(&roster, &asker, &within, rows, &mut report);
        (checked, report)
    })
    .await?;
    if !header.validate_only {
        let destination = Destination {
            key: RequestKey::of(&header.request_id, &header)?,
            caller,
            place: directory.place_of(&parent).await?,
            school: parent.school(),
            parent: header.parent,
            data_class: DataClass::Internal,
        };
        let content = |checked: &Checked| checked.row.encode_to_vec();
        destination
            .write_sets(&context.store, &checked, &mut report, content, write_set)
            .await?;
    }
    Ok(report.finish())
}

/// Judges every row by itself, against its school and against the rows before it.
fn check(
    roster: &Roster,
    caller: &Caller,
    parent: &Parent,
    rows: Vec<SiteRow>,
    report: &mut Report,
) -> Vec<Checked> {
    let mut first_rows = FirstRows::by("display_name");
    let mut checked = Vec::with_capacity(rows.len());
    for row in rows {
        match judge(roster, caller, parent, &row) {
            Err(refusal) => report.refuse(row.row, &refusal),
            Ok((draft, school)) => {
                if let Err(wrong) =
                    first_rows.claim((school.id, draft.display_name.clone()), row.row)
                {
                    report.reject(row.row, &[wrong]);
                    continue;
                }
                checked.push(Checked { row, draft, school });
            }
        }
    }
    checked
}

fn judge(
    roster: &Roster,
    caller: &Caller,
    parent: &Parent,
    row: &SiteRow,
) -> Result<(Draft, DirectorySchool), Refusal> {
    let school = roster.admit(caller, parent, &row.school_code)?;
    let draft = draft_of(row);
    let wrong = rules::check(&draft);
    if !wrong.is_empty() {
        return Err(Refusal::Wrong(wrong));
    }
    require_stage(school, draft.figures.stage).map_err(|error| Violation::of("stage", &error))?;
    Ok((draft, school.clone()))
}

fn draft_of(row: &SiteRow) -> Draft {
    Draft {
        display_name: row.display_name.trim().to_owned(),
        figures: Figures {
            stage: row.stage,
            teaching_auxiliary_area: row.teaching_auxiliary_area_centi_square_meters,
            indoor_sports_area: row.indoor_sports_area_centi_square_meters,
            sports_ground_area: row.sports_ground_area_centi_square_meters,
            equipment_value_fen: row.equipment_value_fen,
            computer_count: row.computer_count,
            book_count: row.book_count,
            network_multimedia_room_count: row.network_multimedia_room_count,
        },
    }
}

async fn write_set(tx: Tx, rows: Vec<Checked>) -> Result<SetOutcome, SiteError> {
    let schools = rows.iter().map(|checked| checked.school.id);
    let places = Directory::hold_places(&*tx, schools).await?;
    let model_of = |Checked { draft, school, .. }: &Checked| {
        let place = places.get(&school.id).copied().unwrap_or(school.place);
        model_of(draft, school.id, place)
    };
    let wanted: Vec<Model> = rows.iter().map(model_of).collect();
    let added = store::insert_missing(&*tx, wanted.clone()).await?;
    let standing = wanted.iter().filter(|site| !added.contains(&site.id));
    let known = store::of_schools(&*tx, standing.map(|site| site.school).collect()).await?;
    let known: HashMap<(Uuid, &str), &Model> = known
        .iter()
        .map(|site| ((site.school, site.display_name.as_str()), site))
        .collect();
    let mut outcome = SetOutcome::default();
    for (checked, site) in rows.iter().zip(&wanted) {
        if added.contains(&site.id) {
            outcome.report.created();
            outcome.records.push(record_of(None, site));
            continue;
        }
        let found = known
            .get(&(site.school, site.display_name.as_str()))
            .ok_or(KernelError::WriteConflict)?;
        let changed = with_figures(found, checked.draft.figures);
        let same = Model {
            version: found.version,
            ..changed.clone()
        };
        if same == **found {
            outcome.report.unchanged();
        } else {
            store::update(&*tx, &changed, found.version).await?;
            outcome.report.updated();
            outcome.records.push(record_of(Some(found), &changed));
        }
    }
    Ok(outcome)
}

fn record_of(before: Option<&Model>, after: &Model) -> Record {
    let answer = encode(after);
    let before = before.map(encode);
    let (place, school) = (after.place, Some(after.school));
    record(&answer.name, place, school, before.as_ref(), &answer, true)
}
