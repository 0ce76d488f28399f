//! Imports: a client stream whose first message is the header, rows after it, and a verdict for every row that is
//! refused. All rows are checked before any is written; good rows go in by sets, each one transaction and one journal
//! row, so that a repeated or interrupted import writes no set twice.

mod first_rows;
mod report;
mod sets;

pub use first_rows::FirstRows;
pub use junheng_proto::bulk::v1::{ImportHeader, ImportResult, RowVerdict};
use prost::Message;
pub use report::{Refusal, Report, duplicate_of};
pub use sets::{Destination, SetOutcome};
use tokio_stream::{Stream, StreamExt as _};
use tonic::Status;

use crate::error::KernelError;
use crate::fault::Violation;

/// Rows of one set.
pub const SET: usize = 1_000;

/// The most that one import may hold: it is checked as a whole, and so it lies in memory as a whole.
#[derive(Clone, Copy)]
struct Limits {
    rows: usize,
    /// Of the encoded messages.
    bytes: usize,
}

const LIMITS: Limits = Limits {
    rows: 500_000,
    bytes: 128 << 20,
};

/// One message of an import stream.
pub enum Part<R> {
    /// The header.
    Header(ImportHeader),
    /// A row.
    Row(R),
    /// A message without content.
    Nothing,
}

/// An import as it came in.
#[derive(Debug)]
pub struct Import<R> {
    /// Where the rows go, and the request's id.
    pub header: ImportHeader,
    /// The rows in order.
    pub rows: Vec<R>,
}

/// Reads a whole stream. Fails with `FIELD_REQUIRED` without a header and `FIELD_INVALID` for a second one, a message
/// without content, more than 500,000 rows, or more than 128 MiB.
pub async fn read<M: Message, R>(
    stream: impl Stream<Item = Result<M, Status>> + Unpin,
    part: impl Fn(M) -> Part<R>,
) -> Result<Import<R>, KernelError> {
    read_within(LIMITS, stream, part).await
}

/// Runs `work` over all rows of an import away from the threads that serve calls: half a million rows take seconds.
pub async fn away<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, KernelError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| KernelError::Stored(format!("the check of an import failed: {error}")))
}

async fn read_within<M: Message, R>(
    limits: Limits,
    mut stream: impl Stream<Item = Result<M, Status>> + Unpin,
    part: impl Fn(M) -> Part<R>,
) -> Result<Import<R>, KernelError> {
    let mut header = None;
    let mut bytes = 0;
    let mut rows = Vec::new();
    let refuse = |field: &str, why: String, why_zh: String| {
        Err(KernelError::Fields(vec![Violation::invalid(
            field, why, why_zh,
        )]))
    };
    while let Some(message) = stream.next().await {
        // A stream that breaks off has written nothing yet; the sender starts again with the same request id.
        let message = message.map_err(|_| {
            KernelError::Fields(vec![Violation::invalid(
                "row",
                "cannot be read, or the stream broke off; send it again",
                "无法解析或数据流中断,请重新发送",
            )])
        })?;
        bytes += message.encoded_len();
        if bytes > limits.bytes {
            return refuse(
                "row",
                format!("more than {} MiB; split the import", limits.bytes >> 20),
                format!("超过{}MiB,请分批导入", limits.bytes >> 20),
            );
        }
        match part(message) {
            Part::Header(found) if header.is_none() && rows.is_empty() => header = Some(found),
            Part::Header(_) => {
                return refuse(
                    "header",
                    "comes once, before the rows".into(),
                    "只能出现一次,且在数据行之前".into(),
                );
            }
            Part::Row(_) if header.is_none() => {
                return Err(KernelError::Fields(vec![Violation::required("header")]));
            }
            Part::Row(row) if rows.len() < limits.rows => rows.push(row),
            Part::Row(_) => {
                return refuse(
                    "row",
                    format!("more than {} rows; split the import", limits.rows),
                    format!("超过{}行,请分批导入", limits.rows),
                );
            }
            Part::Nothing => return refuse("row", "is empty".into(), "为空".into()),
        }
    }
    let header = header.ok_or_else(|| KernelError::Fields(vec![Violation::required("header")]))?;
    Ok(Import { header, rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_names(limits: Limits, names: &[&str]) -> Result<usize, KernelError> {
        let header = Ok(ImportHeader::default());
        let row = |name: &&str| {
            Ok(ImportHeader {
                parent: (*name).to_owned(),
                ..ImportHeader::default()
            })
        };
        let messages = std::iter::once(header).chain(names.iter().map(row));
        let stream = tokio_stream::iter(messages.collect::<Vec<_>>());
        let part = |message: ImportHeader| match message.parent.is_empty() {
            true => Part::Header(message),
            false => Part::Row(message),
        };
        Ok(read_within(limits, stream, part).await?.rows.len())
    }

    #[tokio::test]
    async fn an_import_is_bounded_in_rows_and_in_bytes() {
        let limits = Limits { rows: 3, bytes: 30 };
        let read = read_names(limits, &["a", "b", "c"]).await;
        assert_eq!(read.unwrap(), 3);
        let rows = read_names(limits, &["a", "b", "c", "d"]).await.unwrap_err();
        assert!(rows.to_string().contains("more than 3 rows"), "{rows}");
        let bytes = read_names(limits, &["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"]).await;
        let bytes = bytes.unwrap_err().to_string();
        assert!(bytes.contains("MiB"), "{bytes}");
    }
}
