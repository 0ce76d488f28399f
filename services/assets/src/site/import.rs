//! Imports sites: school and name decide whether a row creates a site or changes it.

use std::collections::HashMap;
use std::hash::Hash;

use junheng_directory::{Directory, DirectorySchool, Roster};
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{self, Destination, ImportResult, Importer, Part, Refusal, SetOutcome};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::record;
use junheng_kernel::name::Parent;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::assets::v1::{ImportSitesRequest, SiteRow, import_sites_request};
use junheng_proto::journal::v1::Record;
use junheng_proto::options::v1::DataClass;
use tonic::{Request, Streaming};
use uuid::Uuid;

use super::error::SiteError;
use super::rpc::{encode, model_of, require_stage, with_figures};
use super::rules::{self, Draft, Figures};
use super::store;
use crate::entity::site::Model;

/// A row that has passed the rules, with the school that it names.
struct Checked {
    row: i64,
    draft: Draft,
    school: DirectorySchool,
}

/// How sites are imported.
struct Sites {
    directory: Directory,
    caller: Caller,
    parent: Parent,
}

pub(super) async fn run(
    context: &Context,
    directory: &Directory,
    request: Request<Streaming<ImportSitesRequest>>,
) -> Result<ImportResult, SiteError> {
    let caller = Caller::of(&request)?;
    let incoming = bulk::open(request.into_inner(), |message| match message.part {
        Some(import_sites_request::Part::Header(header)) => Part::Header(header),
        Some(import_sites_request::Part::Row(row)) => Part::Row(row),
        None => Part::Nothing,
    })
    .await?;
    let header = incoming.header();
    let parent = Parent::of(&caller, &context.regions, "header.parent", &header.parent)?;
    let destination = Destination {
        key: RequestKey::of(&header.request_id, header)?,
        caller: caller.clone(),
        place: directory.place_of(&parent).await?,
        school: parent.school(),
        parent: header.parent.clone(),
        data_class: DataClass::Internal,
    };
    let importer = Sites {
        directory: directory.clone(),
        caller,
        parent,
    };
    bulk::run(&context.store, destination, incoming, importer).await
}

impl Importer for Sites {
    type Row = SiteRow;
    type Roster = Roster;
    type Checked = Checked;
    type Ready = Checked;
    type Error = SiteError;

    const KEY: &'static str = "display_name";

    fn number(row: &SiteRow) -> i64 {
        row.row
    }

    async fn look_up(&self, roster: &mut Roster, rows: &[SiteRow]) -> Result<(), KernelError> {
        let codes = rows.iter().map(|row| row.school_code.as_str());
        self.directory.look_up(roster, codes).await
    }

    fn judge(&self, roster: &Roster, row: SiteRow) -> Result<Checked, Refusal> {
        let (draft, school) = judge(roster, &self.caller, &self.parent, &row)?;
        Ok(Checked {
            row: row.row,
            draft,
            school,
        })
    }

    fn key(checked: &Checked) -> impl Hash {
        (checked.school.id, &checked.draft.display_name)
    }

    fn prepare(&self, rows: Vec<Checked>) -> Result<Vec<Checked>, KernelError> {
        Ok(rows)
    }

    async fn write(&self, tx: Tx, rows: Vec<Checked>) -> Result<SetOutcome, SiteError> {
        write_set(tx, rows).await
    }
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
    let held = Directory::hold(&*tx, schools).await?;
    let model_of =
        |Checked { draft, school, .. }: &Checked| model_of(draft, school.id, held.place_of(school));
    let wanted: Vec<Model> = rows.iter().map(model_of).collect();
    // A school that closes gets no new site; those that it has may still be changed.
    let receives = |checked: &Checked| held.receive(&checked.school).is_ok();
    let new = rows.iter().zip(&wanted);
    let new = new.filter(|(checked, _)| receives(checked));
    let new = new.map(|(_, site)| site.clone()).collect();
    let added = store::insert_missing(&*tx, new).await?;
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
        let Some(found) = known.get(&(site.school, site.display_name.as_str())) else {
            let Err(closes) = held.receive(&checked.school) else {
                return Err(KernelError::WriteConflict.into());
            };
            let wrong = Violation::of("school_code", &closes);
            outcome.report.reject(checked.row, &[wrong]);
            continue;
        };
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
