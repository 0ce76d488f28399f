//! The one shape of every write: repeat check, work, one journal row, commit.

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use sea_orm::{
    DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};
use uuid::Uuid;

use super::Store;
use crate::admission::Caller;
use crate::digest::{PartsDigest, sm3};
use crate::error::KernelError;
use crate::fault::Violation;
use crate::journal::{self, Entry, Repeat};
use crate::privacy::{Keyring, keyed_digest};

/// How long a further transaction is waited for where one will do.
const FURTHER: Duration = Duration::from_millis(200);

/// The transaction of a write. Everything that `work` reads or writes goes through it; it derefs to the connection.
#[derive(Clone)]
pub struct Tx(Arc<DatabaseTransaction>);

/// What makes two requests the same: the id that the caller chose, and the request itself.
#[derive(Clone, Debug)]
pub struct RequestKey {
    /// The request id as a canonical UUID, or a name of the service's own.
    id: String,
    /// SM3 over the encoded request, in the case of an import over its header. Never stored as it is: see [`StoredKey`].
    digest: [u8; 32],
    /// SM3 over the rows of one set of an import.
    set: Option<[u8; 32]>,
}

/// A [`RequestKey`] as the journal keeps it. A request can name a person, and who knows all of it but the number could
/// try the numbers against a plain digest; therefore both are keyed (HMAC-SM3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredKey {
    /// The request's id; the sets of an import append 16 hexadecimal digits.
    pub(crate) id: String,
    /// Equal for equal requests, over restarts; 32 bytes.
    pub(crate) fingerprint: [u8; 32],
}

// === impl Tx ===

impl Deref for Tx {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.0
    }
}

// === impl RequestKey ===

impl RequestKey {
    /// The key of a request. Fails with `FIELD_INVALID` when `request_id` is no UUID.
    pub fn of(request_id: &str, message: &impl Message) -> Result<Self, KernelError> {
        let id = Uuid::try_parse(request_id).map_err(|_| {
            KernelError::Fields(vec![Violation::invalid(
                "request_id",
                "must be a UUID; choose a new one for each new request",
                "应为 UUID,每个新请求使用新的值",
            )])
        })?;
        Ok(Self {
            id: id.to_string(),
            digest: sm3(&message.encode_to_vec()),
            set: None,
        })
    }

    /// The key of a write that the service makes of itself: whoever uses `id` again means the same write.
    pub fn own(id: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            digest: sm3(id.as_bytes()),
            id,
            set: None,
        }
    }

    /// The key of one set of an import: the import's own and the digest of the set's rows. The same rows under the same
    /// id with another header are another request.
    pub fn of_set(&self, rows: [u8; 32]) -> Self {
        Self {
            set: Some(rows),
            ..self.clone()
        }
    }

    /// What the journal keeps of it.
    pub(crate) fn stored(&self, keys: &Keyring) -> Result<StoredKey, KernelError> {
        let Some(rows) = &self.set else {
            return Ok(StoredKey {
                id: self.id.clone(),
                fingerprint: keyed_digest(keys, "journal.fingerprint", &self.digest)?,
            });
        };
        let mut whole = PartsDigest::default();
        whole.add(&self.digest).add(rows);
        let set = keyed_digest(keys, "journal.set", rows)?;
        Ok(StoredKey {
            id: format!("{}/{}", self.id, hex::encode(&set[..8])),
            fingerprint: keyed_digest(keys, "journal.fingerprint", &whole.finish())?,
        })
    }
}

// === impl Store ===

impl Store {
    /// Runs `work` once for `key`: its rows and one journal row commit together, and the same request again gets the
    /// first answer and has no further effect.
    ///
    /// Runs in a task of its own, so that a caller who goes away cannot leave a transaction open. `work` must not hold
    /// its [`Tx`] beyond its end.
    pub async fn write<T, E, F, Work>(
        &self,
        caller: &Caller,
        key: RequestKey,
        work: F,
    ) -> Result<T, E>
    where
        T: Message + Default + Send + 'static,
        E: From<KernelError> + Send + 'static,
        F: FnOnce(Tx) -> Work + Send + 'static,
        Work: Future<Output = Result<(T, Entry), E>> + Send + 'static,
    {
        let writer = (self.clone(), caller.clone());
        self.once(caller, key, move |key| async move {
            let (store, caller) = writer;
            let tx = store.begin().await?;
            let (answer, entry) = work(tx.clone()).await?;
            let encoded = answer.encode_to_vec();
            journal::insert(&*tx, &store, &caller, Some(&key), entry, &encoded).await?;
            commit(tx).await?;
            Ok(answer)
        })
        .await
    }

    /// Runs `work` in a task of its own. Nobody looks for an earlier run before it: the unique index of the journal
    /// finds that one at the latest, so that the common case pays nothing for it. Whatever `work` fails with, an earlier
    /// run of the same request is looked for then, and its answer is the answer.
    pub(super) async fn once<T, E, F, Work>(
        &self,
        caller: &Caller,
        key: RequestKey,
        work: F,
    ) -> Result<T, E>
    where
        T: Message + Default + Send + 'static,
        E: From<KernelError> + Send + 'static,
        F: FnOnce(StoredKey) -> Work + Send + 'static,
        Work: Future<Output = Result<T, E>> + Send + 'static,
    {
        let (store, caller) = (self.clone(), caller.clone());
        let task = tokio::spawn(async move {
            let key = key.stored(&store.keys)?;
            match work(key.clone()).await {
                Ok(answer) => Ok(answer),
                Err(error) => store.repeat(&caller, &key).await.unwrap_or(Err(error)),
            }
        });
        task.await.unwrap_or_else(|error| {
            Err(KernelError::Stored(format!("the write's task failed: {error}")).into())
        })
    }

    /// What an earlier run of the request answered; `REQUEST_ID_REUSED` when the id was another request's. `None` when
    /// there was none, or when the database does not say.
    pub(super) async fn repeat<T: Message + Default, E: From<KernelError>>(
        &self,
        caller: &Caller,
        key: &StoredKey,
    ) -> Option<Result<T, E>> {
        let found = journal::repeat_of(self.reader(), caller, key).await;
        Some(self.first_answer(found.ok()??, key))
    }

    /// Runs `work` in a transaction that leaves no journal row: for rows that only follow from others, such as sums. In
    /// a task of its own, as [`write`](Self::write).
    pub async fn upkeep<T, F, Work>(&self, work: F) -> Result<T, KernelError>
    where
        T: Send + 'static,
        F: FnOnce(Tx) -> Work + Send + 'static,
        Work: Future<Output = Result<T, KernelError>> + Send + 'static,
    {
        let store = self.clone();
        let task = tokio::spawn(async move {
            let tx = store.begin().await?;
            let done = work(tx.clone()).await?;
            commit(tx).await?;
            Ok(done)
        });
        task.await
            .unwrap_or_else(|error| Err(KernelError::Stored(format!("the task failed: {error}"))))
    }

    /// As [`upkeep`](Self::upkeep) by several transactions, `most` or as many as there are connections for, which the database
    /// works at side by side. Where `work` says that
    /// what they did stays, all but the first commit, then `last` runs in the first, which commits too; otherwise all are
    /// taken back.
    pub async fn upkeep_side_by_side<T, F, Work, L, Last>(
        &self,
        most: usize,
        work: F,
        last: L,
    ) -> Result<T, KernelError>
    where
        T: Send + 'static,
        F: FnOnce(Vec<Tx>) -> Work + Send + 'static,
        Work: Future<Output = Result<(T, bool), KernelError>> + Send + 'static,
        L: FnOnce(Tx) -> Last + Send + 'static,
        Last: Future<Output = Result<(), KernelError>> + Send + 'static,
    {
        let store = self.clone();
        let task = tokio::spawn(async move {
            let first = store.begin().await?;
            let mut hands = vec![first.clone()];
            while hands.len() < most
                && let Ok(further) = tokio::time::timeout(FURTHER, store.begin()).await
            {
                hands.push(further?);
            }
            let (done, stays) = work(hands.clone()).await?;
            for other in hands.into_iter().skip(1) {
                match stays {
                    true => commit(other).await?,
                    false => take_back(other).await?,
                }
            }
            if stays {
                last(first.clone()).await?;
                commit(first).await?;
            } else {
                take_back(first).await?;
            }
            Ok(done)
        });
        task.await
            .unwrap_or_else(|error| Err(KernelError::Stored(format!("the task failed: {error}"))))
    }

    /// Runs `work` in a transaction that is taken back, to see what would become of it. In a task of its own, as
    /// [`write`](Self::write).
    pub(crate) async fn rehearse<T, E, F, Work>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<KernelError> + Send + 'static,
        F: FnOnce(Tx) -> Work + Send + 'static,
        Work: Future<Output = Result<T, E>> + Send + 'static,
    {
        let store = self.clone();
        let task = tokio::spawn(async move {
            let tx = store.begin().await?;
            let done = work(tx.clone()).await?;
            take_back(tx).await?;
            Ok(done)
        });
        task.await.unwrap_or_else(|error| {
            Err(KernelError::Stored(format!("the rehearsal's task failed: {error}")).into())
        })
    }

    /// Keeps a read of sensitive data in the journal.
    pub async fn record_read(&self, caller: &Caller, entry: Entry) -> Result<(), KernelError> {
        let (store, caller) = (self.clone(), caller.clone());
        // One statement, which commits by itself.
        let task = tokio::spawn(async move {
            journal::insert(store.writer(), &store, &caller, None, entry, &[]).await
        });
        task.await
            .unwrap_or_else(|error| Err(KernelError::Stored(format!("the task failed: {error}"))))
    }

    pub(crate) async fn begin(&self) -> Result<Tx, KernelError> {
        let options = TransactionOptions {
            // A deferred transaction that reads first fails when it comes to write.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let transaction = self.writer().begin_with_options(options).await?;
        Ok(Tx(Arc::new(transaction)))
    }

    fn first_answer<T: Message + Default, E: From<KernelError>>(
        &self,
        repeat: Repeat,
        key: &StoredKey,
    ) -> Result<T, E> {
        if repeat.fingerprint != key.fingerprint {
            // Of a set of an import the key goes on behind the id.
            let (request_id, _) = key.id.split_once('/').unwrap_or((key.id.as_str(), ""));
            return Err(KernelError::RequestIdReused {
                request_id: request_id.to_owned(),
            }
            .into());
        }
        let answer = repeat.open(&self.keys)?;
        T::decode(answer.as_slice()).map_err(|error| KernelError::Stored(error.to_string()).into())
    }
}

pub(crate) async fn commit(tx: Tx) -> Result<(), KernelError> {
    Ok(unshared(tx)?.commit().await?)
}

async fn take_back(tx: Tx) -> Result<(), KernelError> {
    Ok(unshared(tx)?.rollback().await?)
}

fn unshared(tx: Tx) -> Result<DatabaseTransaction, KernelError> {
    Arc::try_unwrap(tx.0)
        .map_err(|_| KernelError::Stored("a write kept its transaction beyond its end".into()))
}
