//! Identities that were found genuine: a token is verified once, not at each of its calls.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::token::Claims;
use super::{Caller, SERVICE_AUDIENCE, TokenError, verify};
use crate::service::Context;

/// Tokens remembered; beyond it the memory starts anew.
const MOST_TOKENS: usize = 20_000;

/// Remembers callers by the token that named them. Whom a process trusts does not change while it runs, so that a token
/// found genuine stays so; its times are looked at with every call.
#[derive(Default)]
pub(super) struct Identities {
    known: RwLock<HashMap<String, Arc<Known>>>,
}

struct Known {
    claims: Claims,
    /// `None` when the claims make no caller here.
    caller: Option<Caller>,
}

// === impl Identities ===

impl Identities {
    /// The caller of a token, for `method`; `None` when its claims make none here. Fails as [`verify`] does.
    pub(super) fn caller(
        &self,
        context: &Context,
        token: &str,
        method: &str,
    ) -> Result<Option<Caller>, TokenError> {
        let known = match self.remembered(token) {
            Some(known) => known,
            None => self.read(context, token)?,
        };
        let now = context.clock.now_micros() / 1_000_000;
        if now < known.claims.nbf || now >= known.claims.exp {
            self.write().remove(token);
            return Err(TokenError::NotNow);
        }
        let mut caller = known.caller.clone();
        if let Some(caller) = &mut caller {
            caller.method = method.to_owned();
        }
        Ok(caller)
    }

    fn read(&self, context: &Context, token: &str) -> Result<Arc<Known>, TokenError> {
        let claims = verify(token, &context.trusted, SERVICE_AUDIENCE, &context.clock)?;
        let caller = Caller::from_claims(&claims, &context.regions, "", token);
        let known = Arc::new(Known { claims, caller });
        let mut all = self.write();
        if all.len() >= MOST_TOKENS {
            all.clear();
        }
        all.insert(token.to_owned(), known.clone());
        Ok(known)
    }

    fn remembered(&self, token: &str) -> Option<Arc<Known>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(token).cloned()
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<String, Arc<Known>>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}
