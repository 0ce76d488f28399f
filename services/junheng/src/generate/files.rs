//! A made-up province as files that `junheng import` reads: a folder for each county.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use anyhow::Context as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};

use super::batch::Batch;
use super::plan::County;
use super::pupils::Pupils;
use super::tally::Tally;
use crate::client::{Field, Kind, Progress};
use crate::table::write_csv;

/// Writes one batch of a county as a CSV file.
///
/// # Errors
/// A file that exists or cannot be written.
pub fn write(
    folder: &Path,
    county: &County,
    batch: &Batch,
    pupils: &Pupils<'_>,
    progress: &Progress,
) -> anyhow::Result<Tally> {
    let folder = folder.join(&county.code);
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let path = folder.join(file_name(batch));
    let file =
        File::create_new(&path).with_context(|| format!("{} cannot be made", path.display()))?;
    let layout = batch.kind.layout();
    let descriptor = layout.row()?;
    let header: Vec<&str> = layout.fields.iter().map(|field| field.zh).collect();
    let mut broken = None;
    let rows = batch.messages(county, pupils).map_while(|message| {
        progress.advance(1);
        match cells(&descriptor, layout.fields, &message) {
            Ok(cells) => Some(cells),
            Err(error) => {
                broken = Some(error);
                None
            }
        }
    });
    let count = write_csv(BufWriter::new(file), &header, rows)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    match broken {
        Some(error) => Err(error),
        None => Ok(Tally {
            rows: count,
            ..Tally::default()
        }),
    }
}

/// `schools.csv`, `classes.csv`, `students-01.csv`.
fn file_name(batch: &Batch) -> String {
    match batch.kind {
        Kind::Students => format!("students-{:02}.csv", batch.number),
        kind => format!("{}.csv", kind.name()),
    }
}

/// The cells of an encoded row, in the words that an import reads.
fn cells(
    descriptor: &MessageDescriptor,
    fields: &[Field],
    message: &[u8],
) -> anyhow::Result<Vec<String>> {
    let row = DynamicMessage::decode(descriptor.clone(), message)?;
    fields
        .iter()
        .map(|field| {
            let slot = descriptor
                .get_field_by_name(field.proto)
                .context("the contract lost a field")?;
            Ok(field.cell.write(&slot, &row.get_field(&slot)))
        })
        .collect()
}
