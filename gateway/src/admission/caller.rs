//! Who calls: from a bearer token to a caller and the identity that the services believe.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use junheng_kernel::admission::{
    Caller, Claims, SERVICE_AUDIENCE, SigningKey, TrustedKeys, sign, verify,
};
use junheng_kernel::post::{Duty, Level, Role};
use junheng_kernel::service::{Context, IDENTITY_SECONDS};
use uuid::Uuid;

use crate::error::GatewayError;
use crate::session::{self, SESSION_AUDIENCE};

/// The issuer of sessions and of people's identities.
pub const ISSUER: &str = "gateway";

/// How long a session found alive counts as alive, in microseconds. A session ended by another replica is refused there
/// within this time; one ended by this process at once, since it forgets the token.
const ALIVE_MICROS: i64 = 3_000_000;

/// Tokens remembered; beyond it the memory starts anew.
const MOST_TOKENS: usize = 20_000;

/// Knows callers by their tokens.
pub struct Callers {
    context: Context,
    trusted: TrustedKeys,
    known: RwLock<HashMap<String, Arc<Known>>>,
    nobody: Arc<Known>,
}

/// What one token says, verified once.
pub struct Known {
    /// The session's claims; of nobody for a caller without one.
    pub claims: Arc<Claims>,
    caller: Caller,
    alive_micros: AtomicI64,
    identity: Mutex<(String, i64)>,
}

// === impl Callers ===

impl Callers {
    /// Callers whose tokens the key of `context` signed, in this process or in another replica.
    pub fn new(context: &Context) -> anyhow::Result<Self> {
        let mut trusted = TrustedKeys::default();
        trusted.trust(ISSUER, context.signing.public());
        let nobody = Known::new(context, nobody())
            .ok_or_else(|| anyhow::anyhow!("the claims of nobody make no caller"))?;
        Ok(Self {
            context: context.clone(),
            trusted,
            known: RwLock::default(),
            nobody: Arc::new(nobody),
        })
    }

    /// The caller of a method that needs no sign-in.
    pub fn nobody(&self) -> Arc<Known> {
        self.nobody.clone()
    }

    /// The caller who holds `token`. Fails with `NOT_SIGNED_IN` unless it is genuine, holds now, and its session lasts.
    pub async fn of(&self, token: &str) -> Result<Arc<Known>, GatewayError> {
        let known = match self.remembered(token) {
            Some(known) => known,
            None => self.read(token)?,
        };
        let now = self.context.clock.now_micros();
        if now >= known.claims.exp * 1_000_000 {
            self.forget(|_, found| Arc::ptr_eq(found, &known));
            return Err(GatewayError::NotSignedIn);
        }
        if !self.is_fresh(&known) {
            self.check(&known).await?;
            self.remember(token, &known);
        }
        Ok(known)
    }

    /// Whether the session that a stream was opened in lasts. A token that expired meanwhile does not end it: the session
    /// has others. Who has no session cannot lose it.
    pub async fn still(&self, known: &Arc<Known>) -> Result<(), GatewayError> {
        if known.is_nobody() || self.is_fresh(known) {
            return Ok(());
        }
        self.check(known).await
    }

    fn is_fresh(&self, known: &Known) -> bool {
        let age = self.context.clock.now_micros() - known.alive_micros.load(Ordering::Relaxed);
        // A clock moved back counts as stale too.
        (0..ALIVE_MICROS).contains(&age)
    }

    /// Asks the database. Fails with `NOT_SIGNED_IN` when the session is over.
    async fn check(&self, known: &Arc<Known>) -> Result<(), GatewayError> {
        let now = self.context.clock.now_micros();
        let id = Uuid::try_parse(&known.claims.jti).map_err(|_| GatewayError::NotSignedIn)?;
        if !session::is_alive(self.context.store.reader(), id, now).await? {
            self.forget(|_, found| Arc::ptr_eq(found, known));
            return Err(GatewayError::NotSignedIn);
        }
        known.alive_micros.store(now, Ordering::Relaxed);
        Ok(())
    }

    /// Forgets every token of an account, so that its next call asks the database.
    pub fn forget_account(&self, account: &str) {
        self.forget(|_, known| known.claims.sub == account);
    }

    fn remembered(&self, token: &str) -> Option<Arc<Known>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(token).cloned()
    }

    fn read(&self, token: &str) -> Result<Arc<Known>, GatewayError> {
        let claims = verify(token, &self.trusted, SESSION_AUDIENCE, &self.context.clock)
            .map_err(|_| GatewayError::NotSignedIn)?;
        let known = Known::new(&self.context, claims).ok_or(GatewayError::NotSignedIn)?;
        Ok(Arc::new(known))
    }

    fn remember(&self, token: &str, fresh: &Arc<Known>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_TOKENS {
            known.clear();
        }
        known.insert(token.to_owned(), fresh.clone());
    }

    fn forget(&self, which: impl Fn(&String, &Arc<Known>) -> bool) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|token, found| {
            let is_gone = which(token, found);
            if is_gone {
                // Streams opened with it hold it still.
                found.alive_micros.store(0, Ordering::Relaxed);
            }
            !is_gone
        });
    }
}

// === impl Known ===

impl Known {
    fn new(context: &Context, claims: Claims) -> Option<Self> {
        let caller = Caller::from_claims(&claims, &context.regions, "", "")?;
        Some(Self {
            claims: Arc::new(claims),
            caller,
            alive_micros: AtomicI64::new(0),
            identity: Mutex::default(),
        })
    }

    /// Who calls, without method and identity.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whether the caller has no session.
    pub fn is_nobody(&self) -> bool {
        self.claims.jti.is_empty()
    }

    /// The signed identity for the services. Signing costs more than all the rest of a call, so that one serves until
    /// half of its time has passed.
    pub fn identity(&self, key: &SigningKey, now_seconds: i64) -> Result<String, GatewayError> {
        let mut identity = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        let left = identity.1 - now_seconds;
        if !(IDENTITY_SECONDS / 2..=IDENTITY_SECONDS).contains(&left) {
            let claims = Claims {
                iss: ISSUER.to_owned(),
                aud: SERVICE_AUDIENCE.to_owned(),
                iat: now_seconds,
                nbf: now_seconds,
                exp: now_seconds + IDENTITY_SECONDS,
                ..(*self.claims).clone()
            };
            let signed = sign(key, &claims).map_err(|_| GatewayError::NotSignedIn)?;
            *identity = (signed, claims.exp);
        }
        Ok(identity.0.clone())
    }
}

/// A caller without a session: a post that covers no school there is, for the methods that anyone may call.
fn nobody() -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        aud: SERVICE_AUDIENCE.to_owned(),
        sub: "accounts/nobody".to_owned(),
        jti: String::new(),
        iat: 0,
        nbf: 0,
        exp: 0,
        role: Role::new(Level::School, Duty::Partner).to_string(),
        organisation: format!("schools/{}", Uuid::nil()),
        name: String::new(),
        department: 0,
    }
}
