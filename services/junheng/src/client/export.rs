//! `export`: a list, page by page, as a CSV file that a spreadsheet opens as text and `import` reads back.

use std::collections::HashMap;
use std::io::BufWriter;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use prost::Message as _;
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};

use super::approved_export;
use super::kind::{Field, Kind, Source, path_of};
use super::progress::Progress;
use super::refusal::Refusal;
use super::session::Session;
use crate::cli::ExportArgs;
use crate::config::Config;
use crate::table::write_csv;

/// Records of one page.
const PAGE: i32 = 500;

/// Writes the file and says how many records it holds. Pupils' records leave by an approved export only.
///
/// # Errors
/// A refused sign-in or list, a file that exists or cannot be written.
pub async fn export(config: &Config, args: &ExportArgs) -> anyhow::Result<()> {
    let session = Session::open(config, &args.sign_in).await?;
    if args.kind == Kind::Students {
        return approved_export::run(&session, args).await;
    }
    let asked = args.purpose.is_some() || args.approved.is_some();
    ensure!(
        !asked,
        "only pupils are exported by approval; leave --purpose and --approved out"
    );
    let parent = args.parent.as_deref().context("--parent is missing")?;
    let out = args.out.as_deref().context("--out is missing")?;
    let names = Names::read(&session, args.kind, parent).await?;
    let progress = Progress::begin(args.kind.name(), 0);
    let records = list(&session, args.kind, parent, &progress).await?;
    progress.end();
    let fields = args.kind.layout().fields;
    let header: Vec<&str> = fields.iter().map(|field| field.zh).collect();
    let rows = records.iter().map(|record| {
        fields
            .iter()
            .map(|field| names.cell(field, record))
            .collect::<Vec<String>>()
    });
    let file = std::fs::File::create_new(out)
        .with_context(|| format!("{} cannot be made", out.display()))?;
    let count = write_csv(BufWriter::new(file), &header, rows)
        .with_context(|| format!("{} cannot be written", out.display()))?;
    println!(
        "{}: {count} rows written to {}",
        args.kind.name(),
        out.display()
    );
    Ok(())
}

/// Every page of a list.
async fn list(
    session: &Session,
    kind: Kind,
    parent: &str,
    progress: &Progress,
) -> anyhow::Result<Vec<DynamicMessage>> {
    let layout = kind.layout();
    let method = layout.list()?;
    let (mut records, mut token) = (Vec::new(), String::new());
    loop {
        let mut request = DynamicMessage::new(method.input());
        request.set_field_by_name("parent", Value::String(parent.to_owned()));
        request.set_field_by_name("page_size", Value::I32(PAGE));
        request.set_field_by_name("page_token", Value::String(token));
        let page = session
            .unary(path_of(&method)?, request.encode_to_vec().into())
            .await?;
        let page = DynamicMessage::decode(method.output(), page)?;
        if let Some(Value::List(found)) = page.get_field_by_name(layout.items).as_deref() {
            progress.advance(found.len() as u64);
            records.extend(found.iter().filter_map(|item| item.as_message().cloned()));
        }
        token = text(&page, "next_page_token");
        if token.is_empty() {
            return Ok(records);
        }
    }
}

/// What people call the schools and classes that records name.
#[derive(Default)]
struct Names {
    schools: HashMap<String, String>,
    classes: HashMap<String, String>,
}

// === impl Names ===

impl Names {
    async fn read(session: &Session, kind: Kind, parent: &str) -> anyhow::Result<Self> {
        let needs = |source| {
            kind.layout()
                .fields
                .iter()
                .any(|field| field.source == source)
        };
        let quiet = Progress::begin("schools and classes", 0);
        let mut names = Self::default();
        if needs(Source::SchoolCode) {
            let schools = match parent.starts_with("schools/") {
                true => vec![school(session, parent).await?],
                false => list(session, Kind::Schools, parent, &quiet).await?,
            };
            names.schools = by_name(&schools, "school_code");
        }
        if needs(Source::ClassNumber) {
            let classes = list(session, Kind::Classes, parent, &quiet).await?;
            names.classes = by_name(&classes, "number");
        }
        quiet.end();
        Ok(names)
    }

    fn cell(&self, field: &Field, record: &DynamicMessage) -> String {
        let told = |names: &HashMap<String, String>, by| {
            names.get(&text(record, by)).cloned().unwrap_or_default()
        };
        match field.source {
            Source::SchoolCode => told(&self.schools, "school"),
            Source::ClassNumber => told(&self.classes, "school_class"),
            Source::CodeOfName => {
                let name = text(record, field.proto);
                name.rsplit('/').next().unwrap_or_default().to_owned()
            }
            Source::Same => {
                let Some(slot) = record.descriptor().get_field_by_name(field.proto) else {
                    return String::new();
                };
                field.cell.write(&slot, &record.get_field(&slot))
            }
        }
    }
}

async fn school(session: &Session, name: &str) -> anyhow::Result<DynamicMessage> {
    let service = junheng_proto::POOL.get_service_by_name("junheng.registration.v1.SchoolService");
    let method = service.and_then(|service| {
        service
            .methods()
            .find(|method| method.name() == "GetSchool")
    });
    let method = method.context("the contract has no GetSchool")?;
    let mut request = DynamicMessage::new(method.input());
    request.set_field_by_name("name", Value::String(name.to_owned()));
    let answer: Result<Bytes, Refusal> = session
        .unary(path_of(&method)?, request.encode_to_vec().into())
        .await;
    Ok(DynamicMessage::decode(method.output(), answer?)?)
}

/// From each record's name to its field `field`.
fn by_name(records: &[DynamicMessage], field: &str) -> HashMap<String, String> {
    records
        .iter()
        .map(|record| (text(record, "name"), text(record, field)))
        .collect()
}

/// A field as text; numbers in digits.
fn text(message: &DynamicMessage, field: &str) -> String {
    match message.get_field_by_name(field).as_deref() {
        Some(Value::String(text)) => text.clone(),
        Some(Value::I32(number)) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_proto::education::v1::{SchoolKind, Stage};
    use junheng_proto::registration::v1::{School, Student};

    fn dynamic(name: &str, message: &impl prost::Message) -> DynamicMessage {
        let descriptor = junheng_proto::POOL.get_message_by_name(name).unwrap();
        let message =
            DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).unwrap();
        assert_eq!(message.descriptor().full_name(), name);
        message
    }

    fn cells(kind: Kind, names: &Names, record: &DynamicMessage) -> Vec<String> {
        kind.layout()
            .fields
            .iter()
            .map(|field| names.cell(field, record))
            .collect()
    }

    #[test]
    fn a_record_is_written_in_the_words_of_its_import() {
        let school = School {
            school_code: "2163990001".into(),
            display_name: "南大街小学".into(),
            kind: SchoolKind::Primary as i32,
            urban_rural: 111,
            sponsor: 7,
            region: "regions/630103".into(),
            ..School::default()
        };
        let record = dynamic("junheng.registration.v1.School", &school);
        let expected = [
            "2163990001",
            "南大街小学",
            "小学",
            "主城区",
            "县级教育部门",
            "630103",
            "",
        ];
        assert_eq!(cells(Kind::Schools, &Names::default(), &record), expected);
    }

    #[test]
    fn schools_and_classes_are_written_by_code_and_number() {
        let names = Names {
            schools: HashMap::from([("schools/1".into(), "2163990001".into())]),
            classes: HashMap::from([("classes/1".into(), "2".into())]),
        };
        let student = Student {
            school: "schools/1".into(),
            school_class: "classes/1".into(),
            stage: Stage::Primary as i32,
            grade: 3,
            boarder: true,
            ..Student::default()
        };
        let record = dynamic("junheng.registration.v1.Student", &student);
        let written = cells(Kind::Students, &names, &record);
        assert_eq!(written[..4], ["2163990001", "小学", "3", "2"]);
        assert_eq!(written[10..12], ["是", "否"]);
    }
}
