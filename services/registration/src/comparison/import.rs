//! Takes the list of a department: a stream of children, sealed as they come.

use std::hash::Hash;
use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{self, Destination, ImportResult, Importer, Part, Refusal, SetOutcome};
use junheng_kernel::digest::sm3;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::name::Parent;
use junheng_kernel::privacy::{BlindIndex, Keyring};
use junheng_kernel::region::{CodeSystem, Region, RegionTable};
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::error::v1::Reason;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{
    ImportResidentsRequest, ResidentHeader, ResidentRow, import_residents_request,
};
use tonic::{Request, Streaming};
use uuid::Uuid;

use super::error::ComparisonError;
use super::list::{self, Description};
use super::person::{self, ResidentPerson};
use super::{rules, store};
use crate::entity::resident::Model;
use crate::student::rules::{self as student_rules, Draft};
use crate::student::{document, name_key, person as student_person};

/// A row that has passed the rules.
struct Checked {
    draft: Draft,
    guardian: String,
    person: Uuid,
    identity_hash: Option<Vec<u8>>,
    region: String,
    place: i64,
}

/// How the children of one list are imported.
struct Residents {
    regions: Arc<RegionTable>,
    keys: Arc<Keyring>,
    index: BlindIndex,
    today: NaiveDate,
    parent: Parent,
    source: i32,
    list: Uuid,
    request_id: String,
}

pub(super) async fn run(
    context: &Context,
    request: Request<Streaming<ImportResidentsRequest>>,
) -> Result<ImportResult, ComparisonError> {
    let caller = Caller::of(&request)?;
    let told = OnceLock::new();
    let incoming = bulk::open(request.into_inner(), |message: ImportResidentsRequest| {
        match message.part {
            Some(import_residents_request::Part::Header(header)) => {
                let import = header.import.clone().unwrap_or_default();
                // A second header is refused by the stream itself.
                let _first = told.set(header);
                Part::Header(import)
            }
            Some(import_residents_request::Part::Row(row)) => Part::Row(row),
            None => Part::Nothing,
        }
    })
    .await?;
    let header: ResidentHeader = told.get().cloned().unwrap_or_default();
    let import = incoming.header().clone();
    let regions = &context.regions;
    let parent = Parent::of(&caller, regions, "header.import.parent", &import.parent)?;
    let Parent::Region { code, .. } = &parent else {
        let (why, why_zh) = ("must be a region", "应为区划");
        let wrong = Violation::invalid("header.import.parent", why, why_zh);
        return Err(KernelError::Fields(vec![wrong]).into());
    };
    let today = context.clock.today();
    KernelError::unless_empty(rules::check_header(&header, caller.role.duty, today))?;
    let department = rules::department_of(header.source());
    if department.is_some_and(|department| department != caller.department) {
        return Err(ComparisonError::AnotherDepartment {
            source_label: label::of(header.source()),
            department: label::of(caller.department),
        });
    }
    // Who sends another header under the same id sends another request.
    let key = RequestKey::of(&import.request_id, &header)?;
    let place = parent.place().unwrap_or_default();
    let description = Description {
        caller: caller.clone(),
        region: code.clone(),
        place,
        source: header.source,
        kind: header.kind,
        as_of: header.as_of_date.clone(),
    };
    let list = if import.validate_only {
        Uuid::nil()
    } else {
        list::begin(context, key.of_set(sm3(b"begin")), description).await?
    };
    let importer = Residents {
        regions: regions.clone(),
        keys: context.store.keys.clone(),
        index: document::index_of(&context.store.keys)?.clone(),
        today,
        parent: parent.clone(),
        source: header.source,
        list,
        request_id: import.request_id.clone(),
    };
    let destination = Destination {
        key: key.clone(),
        caller: caller.clone(),
        place,
        school: None,
        parent: import.parent.clone(),
        data_class: DataClass::Sensitive,
    };
    let result = bulk::run(&context.store, destination, incoming, importer).await?;
    let taken = result.created_count + result.unchanged_count;
    if import.validate_only {
        return Ok(result);
    }
    let request_id = import.request_id.as_str();
    if !result.refused_whole && taken > 0 {
        let key = key.of_set(sm3(b"end"));
        list::complete(context, &caller, key, list, (request_id, taken)).await?;
    } else {
        let key = key.of_set(sm3(b"refused"));
        list::refuse(context, &caller, key, list, request_id).await?;
    }
    Ok(result)
}

impl Importer for Residents {
    type Row = ResidentRow;
    type Roster = ();
    type Checked = Checked;
    type Ready = Model;
    type Error = ComparisonError;

    const KEY: &'static str = "identity_number";

    fn number(row: &ResidentRow) -> i64 {
        row.row
    }

    async fn look_up(&self, (): &mut (), _: &[ResidentRow]) -> Result<(), KernelError> {
        Ok(())
    }

    fn judge(&self, (): &(), row: ResidentRow) -> Result<Checked, Refusal> {
        let (region, place) = self.household(&row)?;
        let draft = Draft {
            display_name: row.display_name,
            identity_type: row.identity_type,
            identity_number: document::normalize(&row.identity_number),
            sex: row.sex,
            birth_date: row.birth_date,
            ethnicity: String::new(),
            student_number: String::new(),
        };
        let wrong = student_rules::check_identity(&draft, self.today);
        if !wrong.is_empty() {
            return Err(Refusal::Wrong(wrong));
        }
        let identity_hash = person::identity_hash(&self.index, &draft);
        let guardian = row.guardian_display_name;
        if identity_hash.is_none() && name_key::normalize(&guardian).is_empty() {
            return Err(Violation::required("guardian_display_name").into());
        }
        let person = match &identity_hash {
            Some(hash) => person::of_document(&self.index, hash),
            None => person::without_document(&self.index, self.source, &draft, &guardian, &region),
        };
        Ok(Checked {
            draft,
            guardian,
            person,
            identity_hash,
            region,
            place,
        })
    }

    fn key(checked: &Checked) -> impl Hash {
        checked.person
    }

    fn prepare(&self, rows: Vec<Checked>) -> Result<Vec<Model>, KernelError> {
        rows.into_iter().map(|row| self.ready(row)).collect()
    }

    async fn write(&self, tx: Tx, rows: Vec<Model>) -> Result<SetOutcome, ComparisonError> {
        list::arriving(&*tx, self.list, &self.request_id).await?;
        let mut outcome = SetOutcome::default();
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let added = store::insert_residents(&*tx, rows).await?;
        for id in ids {
            match added.contains(&id) {
                true => outcome.report.created(),
                false => outcome.report.unchanged(),
            }
        }
        Ok(outcome)
    }
}

// === impl Residents ===

impl Residents {
    /// The county of a row's household, and its place number.
    fn household(&self, row: &ResidentRow) -> Result<(String, i64), Violation> {
        let unknown = |field: &str, code: &str| Violation {
            field: field.to_owned(),
            reason: Reason::RegionUnknown,
            why: format!("{code} is no county or town of the region table"),
            why_zh: format!("{code}不在区划表中"),
        };
        let county = self.regions.get(&row.region);
        let county = county.filter(|region| region.acts_as_county());
        let county = county.ok_or_else(|| unknown("region", &row.region))?;
        let place = match row.town.as_str() {
            "" => self.regions.place(&county.code),
            town => self.regions.place(town),
        };
        let place = place.map_err(|_| unknown("town", &row.town))?;
        if !row.town.is_empty() && !self.is_town(&county.code, &row.town) {
            return Err(unknown("town", &row.town));
        }
        let inside = self.regions.ranges(&county.code).unwrap_or_default();
        if !inside.iter().any(|range| range.contains(&place)) {
            return Err(unknown("town", &row.town));
        }
        if !self.parent.contains(place, None) {
            return Err(Violation {
                field: "region".into(),
                reason: Reason::RowOutOfParent,
                why: format!("{} lies outside the list's region", row.region),
                why_zh: format!("{}不在本名单的地区范围内", row.region),
            });
        }
        Ok((county.code.clone(), place))
    }

    /// Whether a county has a town, in either numbering; of a county whose towns nobody has listed any is believed.
    fn is_town(&self, county: &str, town: &str) -> bool {
        let is_it = |region: &&Region| region.code == town;
        let towns = self.regions.children(county);
        towns.is_empty()
            || towns.iter().any(is_it)
            || self
                .regions
                .children_in(CodeSystem::NBS_2023, county)
                .iter()
                .any(is_it)
    }

    fn ready(&self, row: Checked) -> Result<Model, KernelError> {
        let id = Uuid::now_v7();
        let sealed = ResidentPerson {
            display_name: row.draft.display_name.clone(),
            identity_number: row.draft.identity_number.clone(),
            birth_date: row.draft.birth_date.clone(),
            guardian_display_name: row.guardian,
        };
        Ok(Model {
            id,
            list: self.list,
            person: row.person,
            place: row.place,
            region: row.region,
            identity_type: row.draft.identity_type,
            identity_hash: row.identity_hash,
            name_key: name_key::of(&self.index, &row.draft.display_name),
            birth_month: student_person::birth_month(&row.draft.birth_date),
            sex: row.draft.sex,
            personal: sealed.seal(&self.keys, id)?,
        })
    }
}
