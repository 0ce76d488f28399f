//! Checks the whole seal of a journal and names what is wrong.

use std::collections::HashMap;
use std::fmt;

use sea_orm::{
    ColumnTrait as _, DatabaseConnection, DbErr, EntityTrait as _, QueryFilter as _,
    QueryOrder as _,
};

use super::entity::{block, leaf, row};
use super::insert::digest_of;
use super::merkle::{self, Digest};
use super::seal::hash_of;
use crate::admission::is_genuine;
use crate::error::KernelError;
use crate::scope::{Scope, Scoped as _};

/// Something that should not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A sealed row reads differently from when it was sealed.
    RowAltered {
        /// Where it is sealed.
        block: i64,
        /// The place in the block.
        position: i32,
        /// The row's number.
        seq: i64,
        /// What it says of itself now.
        row: String,
    },
    /// A sealed row is gone.
    RowMissing {
        /// Where it was sealed.
        block: i64,
        /// The place in the block.
        position: i32,
        /// The row's number.
        seq: i64,
    },
    /// The leaves of a block do not give its root: one was altered, dropped, added or moved.
    BlockBroken {
        /// The block.
        block: i64,
    },
    /// A block's own hash or signature does not hold.
    SealBroken {
        /// The block.
        block: i64,
    },
    /// A block does not follow the one before it.
    ChainBroken {
        /// The block.
        block: i64,
    },
    /// The chain does not reach a checkpoint that was noted elsewhere.
    CheckpointMissing {
        /// The hash noted, hexadecimal.
        hash: String,
    },
}

/// The outcome of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Blocks checked.
    pub blocks: i64,
    /// Rows checked.
    pub rows: i64,
    /// Rows committed and not sealed yet.
    pub unsealed: i64,
    /// The hash of the newest block, hexadecimal: note it elsewhere as a checkpoint.
    pub head: String,
    /// What is wrong, in order.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowAltered {
                block,
                position,
                seq,
                row,
            } => write!(
                formatter,
                "row {seq} (block {block}, position {position}) was altered: {row}"
            ),
            Self::RowMissing {
                block,
                position,
                seq,
            } => {
                write!(
                    formatter,
                    "row {seq} (block {block}, position {position}) is missing"
                )
            }
            Self::BlockBroken { block } => {
                write!(formatter, "block {block}: its rows do not give its root")
            }
            Self::SealBroken { block } => {
                write!(
                    formatter,
                    "block {block}: its hash or signature does not hold"
                )
            }
            Self::ChainBroken { block } => {
                write!(
                    formatter,
                    "block {block} does not follow the block before it"
                )
            }
            Self::CheckpointMissing { hash } => {
                write!(
                    formatter,
                    "no block has the checkpoint {hash}: the end was cut off"
                )
            }
        }
    }
}

/// Reads every block and row of a journal. `public_key` is the service's; `checkpoint` a hash noted earlier;
/// `progress` is told the blocks done and the blocks there are.
#[expect(clippy::disallowed_methods, reason = "blocks belong to no region")]
pub async fn verify(
    database: &DatabaseConnection,
    public_key: &[u8],
    checkpoint: Option<&str>,
    mut progress: impl FnMut(i64, i64),
) -> Result<Verification, KernelError> {
    let mut outcome = Verification::default();
    let total = super::seal::last_block(database)
        .await?
        .map_or(0, |last| last.number);
    let mut previous = vec![0; 32];
    let mut seen_checkpoint = checkpoint.is_none();
    for number in 1..=total {
        let block = match block::Entity::find_by_id(number).one(database).await {
            Ok(Some(block)) => block,
            Ok(None) => {
                let gone = Finding::ChainBroken { block: number };
                outcome.findings.push(gone);
                continue;
            }
            Err(error) => {
                unless_unreachable(database, error).await?;
                let damaged = Finding::SealBroken { block: number };
                outcome.findings.push(damaged);
                continue;
            }
        };
        if block.previous != previous {
            outcome
                .findings
                .push(Finding::ChainBroken { block: number });
        }
        let hash = hash_of(&block);
        if block.hash != hash || !is_genuine(public_key, &hash, &block.signature) {
            outcome.findings.push(Finding::SealBroken { block: number });
        }
        seen_checkpoint |= checkpoint == Some(hex::encode(hash).as_str());
        previous = block.hash.clone();
        check_rows(database, &block, &mut outcome).await?;
        outcome.blocks += 1;
        progress(number, total);
    }
    outcome.head = hex::encode(&previous);
    if let (false, Some(hash)) = (seen_checkpoint, checkpoint) {
        outcome.findings.push(Finding::CheckpointMissing {
            hash: hash.to_owned(),
        });
    }
    let all = Scope::everything("the auditor counts every row");
    let rows = sea_orm::PaginatorTrait::count(row::Entity::visible_to(&all), database).await?;
    outcome.unsealed = i64::try_from(rows).unwrap_or(i64::MAX) - outcome.rows;
    Ok(outcome)
}

#[expect(clippy::disallowed_methods, reason = "leaves belong to no region")]
async fn check_rows(
    database: &DatabaseConnection,
    block: &block::Model,
    outcome: &mut Verification,
) -> Result<(), KernelError> {
    let leaves = leaf::Entity::find()
        .filter(leaf::Column::Block.eq(block.number))
        .order_by_asc(leaf::Column::Position)
        .all(database)
        .await?;
    let digests: Vec<Digest> = leaves
        .iter()
        .map(|leaf| Digest::try_from(leaf.digest.as_slice()).unwrap_or_default())
        .collect();
    let in_order = leaves
        .iter()
        .zip(0..)
        .all(|(leaf, position)| leaf.position == position);
    let whole = in_order && i32::try_from(leaves.len()) == Ok(block.leaf_count);
    if !whole || merkle::root(&digests).as_slice() != block.root {
        outcome.findings.push(Finding::BlockBroken {
            block: block.number,
        });
    }
    for chunk in leaves.chunks(500) {
        let rows = rows_of(database, chunk).await?;
        for leaf in chunk {
            let (block, position, seq) = (leaf.block, leaf.position, leaf.seq);
            let altered = match rows.get(&seq) {
                None => {
                    let missing = Finding::RowMissing {
                        block,
                        position,
                        seq,
                    };
                    outcome.findings.push(missing);
                    continue;
                }
                Some(Row::Readable(row)) if digest_of(row).as_slice() == leaf.digest => None,
                Some(Row::Readable(row)) => Some(format!(
                    "{} {} by {} as {}",
                    row.method, row.subject, row.account, row.post
                )),
                Some(Row::Damaged) => Some("it cannot be read any more".to_owned()),
            };
            outcome.rows += 1;
            if let Some(row) = altered {
                outcome.findings.push(Finding::RowAltered {
                    block,
                    position,
                    seq,
                    row,
                });
            }
        }
    }
    Ok(())
}

/// A sealed row as it stands now.
enum Row {
    Readable(Box<row::Model>),
    /// Altered so that a column is no longer of its type.
    Damaged,
}

/// The rows of these leaves that are there. When one of them cannot be read, each is read by itself.
async fn rows_of(
    database: &DatabaseConnection,
    leaves: &[leaf::Model],
) -> Result<HashMap<i64, Row>, KernelError> {
    let all = Scope::everything("the auditor checks every row");
    let query = row::Entity::visible_to(&all);
    let seqs = leaves.iter().map(|leaf| leaf.seq);
    let at_once = query
        .clone()
        .filter(row::Column::Seq.is_in(seqs))
        .all(database)
        .await;
    if let Ok(rows) = at_once {
        let readable = rows
            .into_iter()
            .map(|row| (row.seq, Row::Readable(Box::new(row))));
        return Ok(readable.collect());
    }
    let mut rows = HashMap::new();
    for leaf in leaves {
        let one = query
            .clone()
            .filter(row::Column::Seq.eq(leaf.seq))
            .one(database)
            .await;
        match one {
            Ok(Some(row)) => drop(rows.insert(leaf.seq, Row::Readable(Box::new(row)))),
            Ok(None) => {}
            Err(error) => {
                unless_unreachable(database, error).await?;
                rows.insert(leaf.seq, Row::Damaged);
            }
        }
    }
    Ok(rows)
}

/// Passes an error on when the database is gone, and not when only what it holds cannot be read.
async fn unless_unreachable(
    database: &DatabaseConnection,
    error: DbErr,
) -> Result<(), KernelError> {
    match database.ping().await {
        Ok(()) => Ok(()),
        Err(_) => Err(error.into()),
    }
}
