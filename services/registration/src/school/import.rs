//! Imports schools: the code decides whether a row creates a school or changes it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::{self, Destination, ImportResult, Importer, Part, Refusal, SetOutcome};
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::record;
use junheng_kernel::name::Parent;
use junheng_kernel::region::RegionTable;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_proto::error::v1::Reason;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::{ImportSchoolsRequest, SchoolRow, import_schools_request};
use tonic::{Request, Streaming};

use super::error::SchoolError;
use super::rpc::{encode, model_of, with_entry};
use super::rules::{self, Draft};
use super::store;
use crate::entity::school::Model;
use crate::quarantine::Quarantine;

/// A row that has passed the rules, with the school that it asks for.
struct Checked {
    row: SchoolRow,
    school: Model,
}

/// How schools are imported.
struct Schools {
    regions: Arc<RegionTable>,
    parent: Parent,
    scope: Scope,
}

pub(super) async fn run(
    context: &Context,
    waiting: &Quarantine,
    request: Request<Streaming<ImportSchoolsRequest>>,
) -> Result<ImportResult, SchoolError> {
    let caller = Caller::of(&request)?;
    let incoming = bulk::open(request.into_inner(), |message| match message.part {
        Some(import_schools_request::Part::Header(header)) => Part::Header(header),
        Some(import_schools_request::Part::Row(row)) => Part::Row(row),
        None => Part::Nothing,
    })
    .await?;
    let header = incoming.header();
    let parent = Parent::of(&caller, &context.regions, "header.parent", &header.parent)?;
    let importer = Schools {
        regions: context.regions.clone(),
        scope: caller.scope.clone(),
        parent: parent.clone(),
    };
    let destination = Destination {
        key: RequestKey::of(&header.request_id, header)?,
        caller,
        place: parent.place().unwrap_or_default(),
        school: None,
        parent: header.parent.clone(),
        data_class: DataClass::Public,
    };
    let result = bulk::run(&context.store, destination, incoming, importer).await;
    waiting.look_again();
    result
}

impl Importer for Schools {
    type Row = SchoolRow;
    type Roster = ();
    type Checked = Checked;
    type Ready = Checked;
    type Error = SchoolError;

    const REHEARSES: bool = true;
    const KEY: &'static str = "school_code";

    fn number(row: &SchoolRow) -> i64 {
        row.row
    }

    async fn look_up(&self, (): &mut (), _: &[SchoolRow]) -> Result<(), KernelError> {
        Ok(())
    }

    fn judge(&self, (): &(), row: SchoolRow) -> Result<Checked, Refusal> {
        let school = judge(&self.regions, &self.parent, &row)?;
        Ok(Checked { row, school })
    }

    fn key(checked: &Checked) -> impl Hash {
        &checked.row.school_code
    }

    fn prepare(&self, rows: Vec<Checked>) -> Result<Vec<Checked>, KernelError> {
        Ok(rows)
    }

    async fn write(&self, tx: Tx, rows: Vec<Checked>) -> Result<SetOutcome, SchoolError> {
        write_set(tx, &self.scope, rows).await
    }
}

fn judge(regions: &RegionTable, parent: &Parent, row: &SchoolRow) -> Result<Model, Vec<Violation>> {
    let county = regions
        .get(&row.region)
        .filter(|region| region.acts_as_county());
    let Some(county) = county else {
        return Err(vec![Violation {
            field: "region".into(),
            reason: Reason::RegionUnknown,
            why: format!("{} is no county of the region table", row.region),
            why_zh: format!("{}不是区划表中的县级区划代码", row.region),
        }]);
    };
    let draft = Draft {
        school_code: row.school_code.clone(),
        display_name: row.display_name.trim().to_owned(),
        kind: row.kind,
        urban_rural: row.urban_rural,
        sponsor: row.sponsor,
        region: county.code.clone(),
        town: row.town.clone(),
    };
    let wrong = rules::check(&draft);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let school = model_of(draft, regions).map_err(|error| {
        vec![Violation {
            field: "town".into(),
            reason: Reason::RegionUnknown,
            why: error.to_string(),
            why_zh: format!("{}不在区划表中", row.town),
        }]
    })?;
    if parent.contains(school.place, None) {
        Ok(school)
    } else {
        Err(vec![Violation {
            field: "region".into(),
            reason: Reason::RowOutOfParent,
            why: format!("{} lies outside the import's parent", row.region),
            why_zh: format!("{}不在本次导入范围内", row.region),
        }])
    }
}

async fn write_set(
    tx: Tx,
    scope: &Scope,
    mut rows: Vec<Checked>,
) -> Result<SetOutcome, SchoolError> {
    // In the order in which the other imports hold schools, so that two writes wait for each other and never lock up.
    rows.sort_by(|one, other| one.school.school_code.cmp(&other.school.school_code));
    let wanted = rows.iter().map(|checked| checked.school.clone()).collect();
    let added = store::insert_missing(&*tx, wanted).await?;
    let standing: Vec<&str> = rows
        .iter()
        .filter(|checked| !added.contains(&checked.school.id))
        .map(|checked| checked.row.school_code.as_str())
        .collect();
    let everywhere = Scope::everything("a school code is unique in the whole province");
    let standing = store::with_codes(&*tx, &everywhere, &standing).await?;
    let standing: HashMap<&str, &Model> = standing
        .iter()
        .map(|school| (school.school_code.as_str(), school))
        .collect();
    let mut outcome = SetOutcome::default();
    for Checked { row, school } in &rows {
        if added.contains(&school.id) {
            outcome.report.created();
            outcome.records.push(record_of(None, school));
            continue;
        }
        let Some(found) = standing.get(row.school_code.as_str()) else {
            let school_code = row.school_code.clone();
            let taken = SchoolError::CodeTaken { school_code };
            outcome
                .report
                .reject(row.row, &[Violation::of("school_code", &taken)]);
            continue;
        };
        match changed(scope, found, school) {
            Err(wrong) => outcome.report.reject(row.row, &[wrong]),
            Ok(None) => outcome.report.unchanged(),
            Ok(Some(changed)) => {
                store::update(&*tx, &changed, found.version).await?;
                outcome.report.updated();
                outcome.records.push(record_of(Some(found), &changed));
            }
        }
    }
    Ok(outcome)
}

/// The school as the row wants it; `None` when it stands so already.
fn changed(scope: &Scope, found: &Model, wanted: &Model) -> Result<Option<Model>, Violation> {
    if !scope.covers(found.place, Some(found.id)) || found.region != wanted.region {
        return Err(Violation {
            field: "school_code".into(),
            reason: Reason::SchoolCodeTaken,
            why: "belongs to a school of another county; a code is never given twice".into(),
            why_zh: "已属于其他县的学校,学校标识码不得重复使用".into(),
        });
    }
    if found.kind != wanted.kind {
        return Err(Violation::invalid(
            "kind",
            "cannot change under the same code: a change of kind takes a new code",
            "办学类型变更须使用新的学校标识码",
        ));
    }
    if let Some(renamed) = rules::check_name_held(&found.display_name, &wanted.display_name) {
        return Err(renamed);
    }
    let merged = with_entry(found, wanted.clone());
    Ok((merged != *found).then(|| Model {
        version: found.version + 1,
        ..merged
    }))
}

fn record_of(before: Option<&Model>, after: &Model) -> junheng_proto::journal::v1::Record {
    let answer = encode(after);
    let before = before.map(encode);
    record(
        &answer.name,
        after.place,
        Some(after.id),
        before.as_ref(),
        &answer,
        true,
    )
}
