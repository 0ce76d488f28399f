//! A made-up province through the import door, county by county, each by an account's post there.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use junheng_proto::bulk::v1::ImportHeader;

use super::batch::Batch;
use super::county;
use super::parameters::Parameters;
use super::plan::{County, Plan};
use super::pupils::Pupils;
use super::tally::Tally;
use crate::cli::SignInArgs;
use crate::client::{self, Account, Progress, Session};
use crate::config::Config;

/// Rows made ahead of what the connection takes.
const AHEAD: usize = 1_000;

/// What all counties have in common.
pub struct Sender {
    visit: Session,
    account: Account,
    parameters: Arc<Parameters>,
    plan: Arc<Plan>,
}

// === impl Sender ===

impl Sender {
    /// Connects to the gateway.
    ///
    /// # Errors
    /// Nobody at the address, no account.
    pub async fn open(
        config: &Config,
        args: &SignInArgs,
        parameters: Arc<Parameters>,
        plan: Arc<Plan>,
    ) -> anyhow::Result<Self> {
        let (visit, account) = Session::prepare(config, args).await?;
        let account = account.context("who imports is missing; use --sign-in")?;
        Ok(Self {
            visit,
            account,
            parameters,
            plan,
        })
    }

    /// Signs in to the county as its clerk.
    ///
    /// # Errors
    /// When the account holds no post there.
    pub async fn enter(&self, county: &County) -> anyhow::Result<Session> {
        let post = format!("county.clerk@regions/{}", county.code);
        let account = Account {
            post: Some(client::post_of(&post)?),
            ..self.account.clone()
        };
        self.visit
            .sign_in(&account)
            .await
            .with_context(|| format!("the account needs the post {post}"))
    }

    /// The county's session, in which something was sent before. A token ends sooner than a province is imported.
    ///
    /// # Errors
    /// As [`enter`](Self::enter) has.
    pub async fn enter_again(&self, county: &County, session: &Session) -> anyhow::Result<Session> {
        match session.refreshed().await {
            Ok(session) => Ok(session),
            Err(_) => self.enter(county).await,
        }
    }

    /// Sends one batch; rows are made while they are sent.
    ///
    /// # Errors
    /// A refused import, and one of whose rows some were refused: made-up rows are all good.
    pub async fn send(
        &self,
        session: &Session,
        county: &County,
        batch: &Batch,
        progress: &Progress,
    ) -> anyhow::Result<Tally> {
        let header = ImportHeader {
            parent: format!("regions/{}", county.code),
            request_id: batch.request_id(&self.plan, county).to_string(),
            ..ImportHeader::default()
        };
        let begun = Instant::now();
        let rows = self.rows(county, batch, progress);
        let result = client::stream(session, batch.kind, &header, rows)
            .await
            .with_context(|| {
                let (kind, code) = (batch.kind.name(), &county.code);
                format!("{kind} of {code} were refused; to go on from there, use --from {code}")
            })?;
        if let Some(verdict) = result.verdicts.first() {
            bail!(
                "{} {} of {} were refused, the first: row {}, {}: {}\n  {}",
                result.rejected_count,
                batch.kind.name(),
                county.code,
                verdict.row,
                verdict.field,
                verdict.message,
                verdict.message_zh
            );
        }
        Ok(Tally::of(batch.rows, &result, begun.elapsed()))
    }

    /// The rows of a batch, made on a thread of their own, a few ahead of the connection.
    fn rows(
        &self,
        county: &County,
        batch: &Batch,
        progress: &Progress,
    ) -> tokio_stream::wrappers::ReceiverStream<Bytes> {
        let (made, taken) = tokio::sync::mpsc::channel(AHEAD);
        let (parameters, plan) = (self.parameters.clone(), self.plan.clone());
        let (county, batch, progress) = (county.clone(), batch.clone(), progress.clone());
        tokio::task::spawn_blocking(move || {
            let Ok(pupils) = Pupils::of(&parameters, &plan) else {
                return;
            };
            for message in batch.messages(&county, &pupils) {
                if made.blocking_send(message.into()).is_err() {
                    // The import was refused; nobody takes the rest.
                    return;
                }
                progress.advance(1);
            }
        });
        tokio_stream::wrappers::ReceiverStream::new(taken)
    }
}

/// The batches of a county.
pub fn batches(parameters: &Parameters, plan: &Plan, of: &County, most: u64) -> Vec<Batch> {
    super::batch::of_county(county::schools(parameters, plan, of), most)
}
