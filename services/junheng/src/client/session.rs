//! A session at the gateway: sign-in, a token on every call, a new one for who has been away.

use std::io::{IsTerminal as _, Read as _};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::uri::PathAndQuery;
use junheng_kernel::post::Role;
use junheng_proto::error::v1::Reason;
use junheng_proto::identity::v1::session_service_client::SessionServiceClient;
use junheng_proto::identity::v1::{Post, RefreshSessionRequest, SignInRequest};
use tokio_stream::Stream;
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};

use super::refusal::Refusal;
use super::wire::Wire;
use crate::cli::SignInArgs;
use crate::config::Config;

/// The largest answer that is taken: a page of 500 long rows fits many times.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Who signs in, and in which post.
#[derive(Clone)]
pub struct Account {
    /// The account's name.
    pub sign_in: String,
    /// Its password.
    pub password: String,
    /// The post, for accounts with several.
    pub post: Option<Post>,
}

/// A channel whose calls carry the session's token.
pub type Authorized = InterceptedService<Channel, Bearer>;

/// Puts the token on a call.
#[derive(Clone, Debug)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

/// A session, or a visit without one.
#[derive(Clone)]
pub struct Session {
    channel: Channel,
    bearer: Bearer,
}

// === impl Bearer ===

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", token.clone());
        }
        Ok(request)
    }
}

// === impl Session ===

impl Session {
    /// Connects to a gateway without signing in.
    ///
    /// # Errors
    /// When the address is none or nobody answers there.
    pub async fn visit(endpoint: &str) -> anyhow::Result<Self> {
        let channel = Endpoint::from_shared(endpoint.to_owned())
            .with_context(|| {
                format!("{endpoint} is no address; it should be like http://127.0.0.1:8740")
            })?
            .tcp_nodelay(true)
            .connect()
            .await
            .with_context(|| {
                format!("nobody answers at {endpoint}; is `junheng serve` running there?")
            })?;
        Ok(Self {
            channel,
            bearer: Bearer(None),
        })
    }

    /// Signs in over the same connection.
    ///
    /// # Errors
    /// The gateway's refusal.
    pub async fn sign_in(&self, account: &Account) -> Result<Self, Refusal> {
        let request = SignInRequest {
            sign_in_name: account.sign_in.clone(),
            password: account.password.clone(),
            post: account.post.clone(),
        };
        let mut client = SessionServiceClient::new(self.channel.clone());
        let session = client.sign_in(request).await?.into_inner();
        self.with_token(&session.access_token)
    }

    /// The same session with a new token.
    ///
    /// # Errors
    /// The gateway's refusal, that of a token that has expired among them.
    pub async fn refreshed(&self) -> Result<Self, Refusal> {
        let channel = self.channel.clone();
        let mut client = SessionServiceClient::with_interceptor(channel, self.bearer.clone());
        let answer = client.refresh_session(RefreshSessionRequest {}).await?;
        self.with_token(&answer.into_inner().access_token)
    }

    fn with_token(&self, token: &str) -> Result<Self, Refusal> {
        let token = format!("Bearer {token}");
        let bearer = token
            .parse()
            .map_err(|_| Refusal::here(Reason::Internal, "the gateway gave no usable token"))?;
        Ok(Self {
            channel: self.channel.clone(),
            bearer: Bearer(Some(bearer)),
        })
    }

    /// The session that the command line and the settings ask for; without a name, a visit.
    ///
    /// # Errors
    /// Nobody at the address, a wrong password, a post that is none.
    pub async fn open(config: &Config, args: &SignInArgs) -> anyhow::Result<Self> {
        match Self::prepare(config, args).await? {
            (visit, Some(account)) => Ok(visit.sign_in(&account).await?),
            (visit, None) => Ok(visit),
        }
    }

    /// The connection and the account that the command line and the settings name, not yet signed in.
    ///
    /// # Errors
    /// Nobody at the address, no password, a post that is none.
    pub async fn prepare(
        config: &Config,
        args: &SignInArgs,
    ) -> anyhow::Result<(Self, Option<Account>)> {
        let client = &config.client;
        let visit = Self::visit(args.endpoint.as_deref().unwrap_or(&client.endpoint)).await?;
        let sign_in = args
            .sign_in
            .clone()
            .unwrap_or_else(|| client.sign_in.clone());
        if sign_in.is_empty() {
            return Ok((visit, None));
        }
        let post = args.post.as_deref().unwrap_or(&client.post);
        let account = Account {
            password: password(config, args)?,
            post: (!post.is_empty()).then(|| post_of(post)).transpose()?,
            sign_in,
        };
        Ok((visit, Some(account)))
    }

    /// For the generated clients.
    pub fn channel(&self) -> Authorized {
        InterceptedService::new(self.channel.clone(), self.bearer.clone())
    }

    /// Calls a method with one request and one answer.
    ///
    /// # Errors
    /// The gateway's refusal.
    pub async fn unary(&self, path: PathAndQuery, message: Bytes) -> Result<Bytes, Refusal> {
        let mut grpc = self.ready().await?;
        Ok(grpc
            .unary(Request::new(message), path, Wire)
            .await?
            .into_inner())
    }

    /// Calls a method with a stream of answers.
    ///
    /// # Errors
    /// The gateway's refusal.
    pub async fn stream(
        &self,
        path: PathAndQuery,
        message: Bytes,
    ) -> Result<Streaming<Bytes>, Refusal> {
        let mut grpc = self.ready().await?;
        Ok(grpc
            .server_streaming(Request::new(message), path, Wire)
            .await?
            .into_inner())
    }

    /// Calls a method with a stream of requests.
    ///
    /// # Errors
    /// The gateway's refusal.
    pub async fn send(
        &self,
        path: PathAndQuery,
        messages: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<Bytes, Refusal> {
        let mut grpc = self.ready().await?;
        Ok(grpc
            .client_streaming(Request::new(messages), path, Wire)
            .await?
            .into_inner())
    }

    async fn ready(&self) -> Result<Grpc<Authorized>, Refusal> {
        let mut grpc = Grpc::new(self.channel()).max_decoding_message_size(MOST_BYTES);
        grpc.ready().await.map_err(|error| {
            let en = format!("the connection to the gateway broke: {error}");
            Refusal::here(Reason::Unavailable, en)
        })?;
        Ok(grpc)
    }
}

/// From `--password-file`, the settings, or the terminal.
fn password(config: &Config, args: &SignInArgs) -> anyhow::Result<String> {
    let text = match &args.password_file {
        Some(file) if file.as_os_str() == "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("the password file {} cannot be read", file.display()))?,
        None if !config.client.password.is_empty() => config.client.password.clone(),
        None if std::io::stdin().is_terminal() => ask()?,
        None => bail!("the password is missing; use --password-file or JUNHENG_CLIENT__PASSWORD"),
    };
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Asks on the terminal without showing what is typed.
fn ask() -> anyhow::Result<String> {
    use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
    let input = std::io::stdin();
    let before = tcgetattr(&input)?;
    let mut silent = before.clone();
    silent.local_flags.remove(LocalFlags::ECHO);
    eprint!("password: ");
    tcsetattr(&input, SetArg::TCSANOW, &silent)?;
    let mut text = String::new();
    let read = input.read_line(&mut text);
    tcsetattr(&input, SetArg::TCSANOW, &before)?;
    eprintln!();
    read?;
    Ok(text)
}

/// Reads `county.clerk@regions/630103`.
pub fn post_of(text: &str) -> anyhow::Result<Post> {
    let parts = text.split_once('@');
    let role = parts.and_then(|(role, organisation)| Some((Role::parse(role)?, organisation)));
    let (role, organisation) = role.with_context(|| {
        format!("{text} is no post; it should be like county.clerk@regions/630103")
    })?;
    Ok(Post {
        level: role.level as i32,
        duty: role.duty as i32,
        organisation: organisation.to_owned(),
        title: String::new(),
        department: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_kernel::post::{Duty, Level};

    #[test]
    fn a_post_is_written_as_the_journal_writes_it() {
        let post = post_of("county.clerk@regions/630103").unwrap();
        assert_eq!((post.level(), post.duty()), (Level::County, Duty::Clerk));
        assert_eq!(post.organisation, "regions/630103");
        assert!(post_of("county@regions/630103").is_err());
        assert!(post_of("county.clerk").is_err());
    }
}
