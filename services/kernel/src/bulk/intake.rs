//! Takes the messages of an import as they come, a chunk at a time.

use junheng_proto::bulk::v1::ImportHeader;
use junheng_proto::bulk::v1::import_header::Mode;
use prost::Message;
use tokio_stream::{Stream, StreamExt as _};
use tonic::Status;

use super::Part;
use crate::error::KernelError;
use crate::fault::Violation;
use crate::label;

/// The most that one import may bring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) rows: usize,
    /// Of the encoded messages.
    pub(super) bytes: usize,
    /// Rows that are judged at a time.
    pub(super) chunk: usize,
    /// Of the encoded messages that are judged at a time.
    pub(super) chunk_bytes: usize,
}

/// Rows wait on disk and not in memory, and so the limits are those of patience.
const LIMITS: Limits = Limits {
    rows: 2_000_000,
    bytes: 2 << 30,
    chunk: 1_000,
    chunk_bytes: 1 << 20,
};

/// All or nothing is one transaction: its journal row and its locks are held as a whole.
const ATOMIC_ROWS: usize = 50_000;

/// An import that is coming in: its header has come.
pub struct Incoming<S, F> {
    header: ImportHeader,
    stream: S,
    part: F,
    limits: Limits,
    rows: usize,
    bytes: usize,
}

/// Reads the header of an import. Fails with `FIELD_REQUIRED` without one and with `FIELD_INVALID` for a mode that is none.
pub async fn open<S, F, M, R>(stream: S, part: F) -> Result<Incoming<S, F>, KernelError>
where
    S: Stream<Item = Result<M, Status>> + Unpin,
    F: Fn(M) -> Part<R>,
    M: Message,
{
    open_within(LIMITS, stream, part).await
}

pub(super) async fn open_within<S, F, M, R>(
    mut limits: Limits,
    mut stream: S,
    part: F,
) -> Result<Incoming<S, F>, KernelError>
where
    S: Stream<Item = Result<M, Status>> + Unpin,
    F: Fn(M) -> Part<R>,
    M: Message,
{
    let first = stream.next().await.transpose().map_err(|_| broken_off())?;
    let header = match first.map(&part) {
        Some(Part::Header(header)) => header,
        Some(Part::Nothing) => return Err(refused("row", "is empty", "为空")),
        Some(Part::Row(_)) | None => {
            return Err(KernelError::Fields(vec![Violation::required("header")]));
        }
    };
    let full_name = "junheng.bulk.v1.ImportHeader.Mode";
    let wrong = label::check("header.mode", full_name, header.mode);
    if let Some(wrong) = wrong.filter(|_| header.mode != 0) {
        return Err(KernelError::Fields(vec![wrong]));
    }
    if header.mode() == Mode::Atomic {
        limits.rows = limits.rows.min(ATOMIC_ROWS);
    }
    Ok(Incoming {
        header,
        stream,
        part,
        limits,
        rows: 0,
        bytes: 0,
    })
}

// === impl Incoming ===

impl<S, F> Incoming<S, F> {
    /// The header.
    pub fn header(&self) -> &ImportHeader {
        &self.header
    }

    /// The next rows; none at the end. Fails with `FIELD_INVALID` for a second header, a message without content, or too
    /// many rows or bytes.
    pub(super) async fn chunk<M, R>(&mut self) -> Result<Vec<R>, KernelError>
    where
        S: Stream<Item = Result<M, Status>> + Unpin,
        F: Fn(M) -> Part<R>,
        M: Message,
    {
        let (limits, before) = (self.limits, self.bytes);
        let mut rows = Vec::new();
        while rows.len() < limits.chunk && self.bytes - before < limits.chunk_bytes {
            let Some(message) = self.stream.next().await else {
                break;
            };
            let message = message.map_err(|_| broken_off())?;
            self.bytes += message.encoded_len();
            if self.bytes > limits.bytes {
                let most = limits.bytes >> 20;
                return Err(refused(
                    "row",
                    format!("more than {most} MiB; split the import"),
                    format!("超过{most}MiB,请分批导入"),
                ));
            }
            match (self.part)(message) {
                Part::Row(row) => rows.push(row),
                Part::Header(_) => {
                    let (why, why_zh) =
                        ("comes once, before the rows", "只能出现一次,且在数据行之前");
                    return Err(refused("header", why, why_zh));
                }
                Part::Nothing => return Err(refused("row", "is empty", "为空")),
            }
            self.rows += 1;
            if self.rows > limits.rows {
                let most = limits.rows;
                return Err(refused(
                    "row",
                    format!("more than {most} rows; split the import"),
                    format!("超过{most}行,请分批导入"),
                ));
            }
        }
        Ok(rows)
    }
}

fn refused(field: &str, why: impl Into<String>, why_zh: impl Into<String>) -> KernelError {
    KernelError::Fields(vec![Violation::invalid(field, why, why_zh)])
}

/// A stream that breaks off has written nothing yet; the sender starts again with the same request id.
fn broken_off() -> KernelError {
    refused(
        "row",
        "cannot be read, or the stream broke off; send it again",
        "无法解析或数据流中断,请重新发送",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Limits = Limits {
        rows: 3,
        bytes: 30,
        chunk: 2,
        chunk_bytes: 1 << 20,
    };

    /// How many rows each chunk has.
    async fn read(limits: Limits, mode: Mode, names: &[&str]) -> Result<Vec<usize>, KernelError> {
        let header = Ok(ImportHeader {
            mode: mode.into(),
            ..ImportHeader::default()
        });
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
        let mut incoming = open_within(limits, stream, part).await?;
        let mut sizes = Vec::new();
        loop {
            match incoming.chunk().await?.len() {
                0 => return Ok(sizes),
                size => sizes.push(size),
            }
        }
    }

    #[tokio::test]
    async fn an_import_is_bounded_in_rows_and_in_bytes_and_no_chunk_is_larger_than_its_bound() {
        let sizes = read(SMALL, Mode::Unspecified, &["a", "b", "c"]).await;
        assert_eq!(sizes.unwrap(), [2, 1]);
        let rows = read(SMALL, Mode::Unspecified, &["a", "b", "c", "d"]).await;
        let rows = rows.unwrap_err().to_string();
        assert!(rows.contains("more than 3 rows"), "{rows}");
        let bytes = read(
            SMALL,
            Mode::BestEffort,
            &["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"],
        )
        .await;
        let bytes = bytes.unwrap_err().to_string();
        assert!(bytes.contains("MiB"), "{bytes}");
    }

    #[tokio::test]
    async fn all_or_nothing_holds_fifty_thousand_rows_at_most() {
        let rows = vec!["a"; ATOMIC_ROWS + 1];
        let wide = Limits {
            rows: 100_000,
            bytes: 1 << 20,
            ..LIMITS
        };
        assert!(read(wide, Mode::BestEffort, &rows).await.is_ok());
        let refused = read(wide, Mode::Atomic, &rows).await.unwrap_err();
        assert!(refused.to_string().contains("more than 50000 rows"));
        assert!(read(wide, Mode::Atomic, &rows[1..]).await.is_ok());
    }
}
