//! Pupils' records leave by an approved export only: asked for here, downloaded here once the department approved it.
//!
//! The service sends CSV. A workbook is made from it on this side, so that no file with children's data is ever kept on the
//! server.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use junheng_proto::registration::v1::download_export_response::Part;
use junheng_proto::registration::v1::export::{Encoding, Kind, State};
use junheng_proto::registration::v1::export_service_client::ExportServiceClient;
use junheng_proto::registration::v1::{
    ClearField, DownloadExportRequest, Export, ExportDownload, GetExportRequest,
    RequestExportRequest,
};
use rust_xlsxwriter::Workbook;

use super::progress::Progress;
use super::refusal::Refusal;
use super::session::{Authorized, Session};
use crate::cli::{Clear, ExportArgs};

/// Rows of one sheet; a workbook's sheet ends at 1,048,576.
const SHEET: usize = 1_000_000;

type Client = ExportServiceClient<Authorized>;

/// Asks for an export, or downloads one.
///
/// # Errors
/// A refusal, an export that is not approved, a file that exists or cannot be written.
pub(super) async fn run(session: &Session, args: &ExportArgs) -> anyhow::Result<()> {
    let mut client = Client::new(session.channel());
    match (&args.approved, &args.purpose) {
        (Some(name), _) => {
            let out = args.out.as_deref().context("--out is missing")?;
            fetch(&mut client, name, out).await
        }
        (None, Some(purpose)) => ask(&mut client, args, purpose).await,
        (None, None) => bail!(
            "pupils' records leave only by an approved export: ask for one with --purpose, and download it with \
             --approved once the education department has approved it"
        ),
    }
}

async fn ask(client: &mut Client, args: &ExportArgs, purpose: &str) -> anyhow::Result<()> {
    let clear = args.clear.iter().map(|field| field_of(*field) as i32);
    let request = RequestExportRequest {
        parent: args.parent.clone().unwrap_or_default(),
        export: Some(Export {
            kind: Kind::Students as i32,
            columns: args.column.clone(),
            clear_fields: clear.collect(),
            purpose: purpose.to_owned(),
            encoding: Encoding::Utf8 as i32,
            ..Export::default()
        }),
        request_id: uuid::Uuid::now_v7().to_string(),
    };
    let asked = client
        .request_export(request)
        .await
        .map_err(Refusal::from)?;
    let asked = asked.into_inner();
    println!(
        "{} awaits the approval of the education department until {}; then download it with --approved {} --out FILE",
        asked.name, asked.due_date, asked.name
    );
    Ok(())
}

async fn fetch(client: &mut Client, name: &str, out: &Path) -> anyhow::Result<()> {
    let get = GetExportRequest {
        name: name.to_owned(),
    };
    let export = client.get_export(get).await.map_err(Refusal::from)?;
    let export = export.into_inner();
    ensure!(
        export.state() == State::Approved,
        "{name} is not approved: it is in {}",
        export.state().as_str_name().trim_start_matches("STATE_")
    );
    let workbook = out.extension().is_some_and(|end| end == "xlsx");
    ensure!(
        !workbook || export.encoding() != Encoding::Gb18030,
        "a workbook is made from an export in UTF-8; write this one to a .csv"
    );
    ensure!(!out.exists(), "{} exists already", out.display());
    let text = match workbook {
        true => out.with_extension("csv.part"),
        false => out.to_owned(),
    };
    let receipt = download(client, name, &text).await;
    let receipt = match receipt {
        Ok(receipt) if workbook => {
            let made = write_workbook(&text, out).map(|()| receipt);
            std::fs::remove_file(&text)?;
            made?
        }
        Ok(receipt) => receipt,
        Err(error) => {
            // What broke off is no export.
            let _absent = std::fs::remove_file(&text);
            return Err(error);
        }
    };
    println!(
        "students: {} rows written to {}; recorded as {}, SM3 {}",
        receipt.row_count,
        out.display(),
        receipt.name,
        receipt.digest
    );
    Ok(())
}

/// Writes what comes to a file that only its owner may read.
async fn download(client: &mut Client, name: &str, text: &Path) -> anyhow::Result<ExportDownload> {
    let request = DownloadExportRequest {
        name: name.to_owned(),
    };
    let answer = client
        .download_export(request)
        .await
        .map_err(Refusal::from)?;
    let mut parts = answer.into_inner();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(text)
        .with_context(|| format!("{} cannot be made", text.display()))?;
    let progress = Progress::begin("bytes", 0);
    let mut receipt = None;
    while let Some(message) = parts.message().await.map_err(Refusal::from)? {
        match message.part {
            Some(Part::Chunk(bytes)) => {
                progress.advance(bytes.len() as u64);
                file.write_all(&bytes)?;
            }
            Some(Part::Receipt(told)) => receipt = Some(told),
            Some(Part::Manifest(_)) | None => {}
        }
    }
    progress.end();
    file.flush()?;
    receipt.context("the download broke off; call again")
}

/// The same rows as a workbook; every cell is text, so that none can run as a formula.
fn write_workbook(text: &Path, out: &Path) -> anyhow::Result<()> {
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(File::open(text)?);
    let mut records = rows.records();
    let mut workbook = Workbook::new();
    let mut more = true;
    while more {
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        more = false;
        for (row, record) in records.by_ref().take(SHEET).enumerate() {
            for (column, cell) in record?.iter().enumerate() {
                let cell = cell.trim_start_matches('\u{FEFF}');
                sheet.write_string(u32::try_from(row)?, u16::try_from(column)?, cell)?;
            }
            more = row + 1 == SHEET;
        }
    }
    let file = OpenOptions::new()
        .write(true)
        .read(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .with_context(|| format!("{} cannot be made", out.display()))?;
    workbook.save_to_writer(file)?;
    Ok(())
}

fn field_of(field: Clear) -> ClearField {
    match field {
        Clear::IdentityNumber => ClearField::IdentityNumber,
        Clear::StudentNumber => ClearField::StudentNumber,
        Clear::GuardianPhone => ClearField::GuardianPhone,
        Clear::Residence => ClearField::Residence,
    }
}
