//! `import`: a file becomes a stream of rows, and every refused row is named with the remedy.

use std::path::Path;

use anyhow::Context as _;
use bytes::Bytes;
use junheng_proto::bulk::v1::import_header::Mode;
use junheng_proto::bulk::v1::{ImportHeader, ImportResult, RowVerdict};
use junheng_proto::error::v1::Reason;
use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};
use tokio_stream::{Stream, StreamExt as _};
use uuid::Uuid;

use super::kind::{Kind, path_of};
use super::progress::Progress;
use super::session::Session;
use super::{errors, refusal::Refusal, verdicts};
use crate::cli::ImportArgs;
use crate::config::Config;
use crate::table::{self, Columns, Row, TableError};

/// Rows ready to be sent.
pub struct Batch {
    /// What they are.
    pub kind: Kind,
    /// Where they go, and the request's id.
    pub header: ImportHeader,
    /// The row messages, encoded.
    pub rows: Vec<Bytes>,
}

/// A file as it was read: rows to send, and rows that no service needs to see to refuse.
#[derive(Default)]
struct Sheet {
    rows: Vec<Bytes>,
    refused: Vec<RowVerdict>,
}

/// Reads the file, sends it, prints the verdicts; `false` when rows were refused.
///
/// # Errors
/// A file that is refused as a whole, a refused sign-in, a refused import.
pub async fn import(config: &Config, args: &ImportArgs) -> anyhow::Result<bool> {
    if let Some(errors) = &args.errors {
        errors::refuse_existing(errors)?;
    }
    let session = Session::open(config, &args.sign_in).await?;
    let (kind, file) = (args.kind, args.file.clone());
    let sheet = tokio::task::spawn_blocking(move || read(kind, &file)).await??;
    let mut batch = Batch {
        kind,
        header: header(args),
        rows: sheet.rows,
    };
    // A cell that cannot be read keeps everything out; what else is wrong is told in the same go.
    let kept_out = args.all_or_nothing && !sheet.refused.is_empty();
    batch.header.validate_only |= kept_out;
    let request_id = batch.header.request_id.clone();
    let mut result = send(&session, batch).await.with_context(|| {
        format!(
            "the import did not go through; to send it again unchanged, use --request-id {request_id}\n\
             导入未成功,如需原样重新发送,请加 --request-id {request_id}"
        )
    })?;
    if kept_out {
        (result.refused_whole, result.validated_only) = (true, args.check_only);
    }
    verdicts::print(kind, &result, &sheet.refused);
    if let Some(errors) = &args.errors {
        let refused = errors::Refused::of(&result, &sheet.refused);
        let (from, to) = (args.file.clone(), errors.clone());
        let written =
            tokio::task::spawn_blocking(move || errors::write(kind, &refused, &from, &to))
                .await??;
        println!("{written} refused rows written to {}", errors.display());
    }
    Ok(result.rejected_count == 0 && sheet.refused.is_empty())
}

/// What the command line asks of the import as a whole.
fn header(args: &ImportArgs) -> ImportHeader {
    ImportHeader {
        parent: args.parent.clone(),
        request_id: args.request_id.unwrap_or_else(Uuid::now_v7).to_string(),
        validate_only: args.check_only,
        mode: match args.all_or_nothing {
            true => Mode::Atomic.into(),
            false => Mode::BestEffort.into(),
        },
    }
}

/// Sends rows with progress and gives the service's verdicts.
///
/// # Errors
/// The gateway's refusal.
pub async fn send(session: &Session, batch: Batch) -> Result<ImportResult, Refusal> {
    let Batch { kind, header, rows } = batch;
    let total = rows.len() as u64;
    let progress = Progress::begin(kind.name(), total);
    let (label, count) = (progress.clone(), progress.clone());
    let then = match header.validate_only {
        true => "sent; being checked by the service",
        false => "sent; being checked and written by the service",
    };
    let mut sent = 0;
    let rows = rows.into_iter().inspect(move |_| {
        sent += 1;
        count.advance(1);
        if sent == total {
            label.say(then);
        }
    });
    let answer = stream(session, kind, &header, tokio_stream::iter(rows)).await;
    progress.end();
    answer
}

/// Sends encoded rows as they come and gives the service's verdicts.
///
/// # Errors
/// The gateway's refusal.
pub async fn stream(
    session: &Session,
    kind: Kind,
    header: &ImportHeader,
    rows: impl Stream<Item = Bytes> + Send + 'static,
) -> Result<ImportResult, Refusal> {
    let method = kind.layout().import().and_then(|method| path_of(&method));
    let path = method.map_err(|error| Refusal::here(Reason::Internal, error.to_string()))?;
    // Field 2 of every import's message is the row, field 1 the header (see the contract's `oneof part`).
    let first = tokio_stream::once(part(1, &header.encode_to_vec()));
    let stream = first.chain(rows.map(|row| part(2, &row)));
    let answer = session.send(path, stream).await?;
    ImportResult::decode(answer)
        .map_err(|_| Refusal::here(Reason::Internal, "the service's verdicts cannot be read"))
}

/// A message whose only content is the message `content` in field `number`.
fn part(number: u32, content: &[u8]) -> Bytes {
    let mut bytes = Vec::with_capacity(content.len() + 6);
    prost::encoding::encode_key(
        number,
        prost::encoding::WireType::LengthDelimited,
        &mut bytes,
    );
    prost::encoding::encode_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes.into()
}

/// Reads a file in a process of its own. A row that cannot be read is refused here, and the rest goes in.
fn read(kind: Kind, file: &Path) -> anyhow::Result<Sheet> {
    let refuse = |error: TableError| anyhow::anyhow!("{}: {error}\n  {}", file.display(), error.zh);
    let reader = table::open(file).map_err(refuse)?;
    let columns = Columns::find(kind.columns(), reader.header()).map_err(refuse)?;
    let progress = Progress::begin("reading", 0);
    let mut sheet = Sheet::default();
    for row in reader {
        progress.advance(1);
        match row {
            Ok(row) if columns.is_blank(&row) => {}
            Ok(row) => match encode(kind, &columns, &row)? {
                Ok(bytes) => sheet.rows.push(bytes),
                Err(verdicts) => sheet.refused.extend(verdicts),
            },
            Err(error) if error.reason.ends() => return Err(refuse(error)),
            Err(error) => sheet.refused.push(verdict_of(error)),
        }
    }
    progress.end();
    // A row that could not be read in part must not go in without that part.
    let rows: Vec<i64> = sheet.refused.iter().map(|verdict| verdict.row).collect();
    sheet
        .rows
        .retain(|bytes| row_number(bytes).is_none_or(|number| !rows.contains(&number)));
    Ok(sheet)
}

/// The row as a message, or what is wrong with each cell.
fn encode(
    kind: Kind,
    columns: &Columns,
    row: &Row,
) -> anyhow::Result<Result<Bytes, Vec<RowVerdict>>> {
    let layout = kind.layout();
    let descriptor = layout.row()?;
    let number = i64::try_from(row.number).unwrap_or(i64::MAX);
    let mut message = DynamicMessage::new(descriptor.clone());
    message.set_field_by_name("row", Value::I64(number));
    let mut wrong = Vec::new();
    for field in layout.fields {
        let slot = descriptor
            .get_field_by_name(field.proto)
            .context("the contract lost a field")?;
        match field.cell.read(&slot, columns.get(row, field.proto)) {
            // A column that the file has and leaves empty empties the field; one that it does not have leaves it as it stands.
            Ok(None) if slot.supports_presence() && columns.has(field.proto) => {
                message.set_field(&slot, Value::default_value_for_field(&slot));
            }
            Ok(None) => {}
            Ok(Some(value)) => message.set_field(&slot, value),
            Err(unreadable) => wrong.push(RowVerdict {
                row: number,
                field: field.proto.to_owned(),
                reason: Reason::FieldInvalid as i32,
                message: unreadable.en,
                message_zh: unreadable.zh,
            }),
        }
    }
    Ok(if wrong.is_empty() {
        Ok(message.encode_to_vec().into())
    } else {
        Err(wrong)
    })
}

fn verdict_of(error: TableError) -> RowVerdict {
    RowVerdict {
        row: error
            .row
            .and_then(|row| i64::try_from(row).ok())
            .unwrap_or_default(),
        field: error.column.unwrap_or_default(),
        reason: Reason::FieldInvalid as i32,
        message: error.en,
        message_zh: error.zh,
    }
}

/// The number of an encoded row: field 1 of every row message.
fn row_number(bytes: &[u8]) -> Option<i64> {
    #[derive(prost::Message)]
    struct Numbered {
        #[prost(int64, tag = "1")]
        row: i64,
    }
    Numbered::decode(bytes).ok().map(|numbered| numbered.row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_proto::registration::v1::{
        ImportStudentsRequest, StudentRow, import_students_request::Part,
    };

    fn student(cells: [&str; 10]) -> Result<Bytes, Vec<RowVerdict>> {
        let header = [
            "学校标识码",
            "学段",
            "grade",
            "班号",
            "姓名",
            "身份证件类型",
            "身份证件号",
            "性别",
            "出生日期",
            "寄宿",
        ]
        .map(str::to_owned);
        let columns = Columns::find(Kind::Students.columns(), &header).unwrap();
        let row = Row {
            number: 2,
            cells: cells.map(str::to_owned).to_vec(),
        };
        encode(Kind::Students, &columns, &row).unwrap()
    }

    #[test]
    fn a_row_of_cells_becomes_the_message_of_the_contract() {
        let cells = [
            "2163990001",
            "小学",
            "3",
            "2",
            "马晓华",
            "居民身份证",
            "x",
            "女",
            "2009/9/1",
            "是",
        ];
        let bytes = student(cells).unwrap();
        let row = StudentRow::decode(bytes.clone()).unwrap();
        assert_eq!((row.row, row.stage, row.sex), (2, 1, 2));
        assert_eq!(row.boarder, Some(true));
        assert_eq!((row.hardship, row.residence.as_deref()), (None, None));
        assert_eq!(row.birth_date, "2009-09-01");
        let request = ImportStudentsRequest::decode(part(2, &bytes)).unwrap();
        assert_eq!(request.part, Some(Part::Row(row)));
        assert_eq!(row_number(&bytes), Some(2));
    }

    #[test]
    fn an_empty_cell_empties_and_a_column_that_the_file_does_not_have_leaves_things_alone() {
        let cells = [
            "2163990001",
            "小学",
            "3",
            "2",
            "马晓华",
            "居民身份证",
            "x",
            "女",
            "2009/9/1",
            "",
        ];
        let row = StudentRow::decode(student(cells).unwrap()).unwrap();
        assert_eq!((row.boarder, row.migrant), (Some(false), None));
    }

    #[test]
    fn every_unreadable_cell_of_a_row_is_named() {
        let cells = [
            "2163990001",
            "幼儿园",
            "三",
            "2",
            "马晓华",
            "居民身份证",
            "x",
            "女",
            "2009/9/1",
            "是",
        ];
        let wrong = student(cells).unwrap_err();
        let fields: Vec<&str> = wrong.iter().map(|verdict| verdict.field.as_str()).collect();
        assert_eq!(fields, ["stage", "grade"]);
    }
}
