//! Password hashes: argon2id, off the threads that serve calls, and no more at once than there are hands for.

use std::sync::Arc;

use anyhow::anyhow;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Semaphore;

use super::error::SessionError;
use junheng_kernel::error::KernelError;

/// Hashes computed at once; each takes 19 MiB and a core for some ten milliseconds.
const AT_ONCE: usize = 2;

/// Sign-ins that wait for their turn; more are sent away.
const WAITING: usize = 64;

/// Allocations above this size, glibc's `DEFAULT_MMAP_THRESHOLD_MAX`, are always given back when they are freed.
const NEVER_KEPT: usize = (32 << 20) + (1 << 16);

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    turn: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Checked where no account has the name, so that it takes as long.
    decoy: Arc<str>,
}

/// A turn to check: what is decided while it is held is decided by few at a time.
pub struct Turn {
    _permits: [tokio::sync::OwnedSemaphorePermit; 2],
}

// === impl Passwords ===

impl Passwords {
    /// With a decoy hash of a random password.
    pub fn new() -> anyhow::Result<Self> {
        let decoy = hash(&random_password()?).map_err(|error| anyhow!(error))?;
        Ok(Self {
            turn: Arc::new(Semaphore::new(AT_ONCE)),
            queue: Arc::new(Semaphore::new(WAITING)),
            decoy: decoy.into(),
        })
    }

    /// Waits for a turn. Fails with `UNAVAILABLE` when too many wait already.
    pub async fn turn(&self) -> Result<Turn, SessionError> {
        let queue = self.queue.clone().try_acquire_owned();
        let queue = queue.map_err(|_| SessionError::Busy)?;
        let turn = self.turn.clone().acquire_owned().await;
        let turn = turn.map_err(|_| SessionError::Busy)?;
        Ok(Turn {
            _permits: [queue, turn],
        })
    }

    /// Whether `password` is the one of `stored`; without an account it never is, after the same work.
    pub async fn is_right(
        &self,
        _turn: &Turn,
        stored: Option<&str>,
        password: String,
    ) -> Result<bool, SessionError> {
        let (hash, known) = match stored {
            Some(stored) => (stored.to_owned(), true),
            None => (self.decoy.to_string(), false),
        };
        let right = tokio::task::spawn_blocking(move || is_of(&password, &hash).is_ok_and(|is| is));
        let right = right.await.map_err(failed)?;
        Ok(right && known)
    }

    /// The hash to store.
    pub async fn hash(&self, password: String) -> Result<String, SessionError> {
        let turn = self.turn().await?;
        self.hash_within(&turn, password).await
    }

    /// The hash to store, by who has a turn already.
    pub async fn hash_within(
        &self,
        _turn: &Turn,
        password: String,
    ) -> Result<String, SessionError> {
        let hashed = tokio::task::spawn_blocking(move || hash(&password));
        Ok(hashed.await.map_err(failed)?.map_err(failed)?)
    }
}

fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    use ring::rand::SecureRandom as _;
    let mut bytes = [0_u8; Salt::RECOMMENDED_LENGTH];
    ring::rand::SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| argon2::password_hash::Error::Crypto)?;
    let salt = Salt::new(&bytes)?;
    let (algorithm, version, params) = Default::default();
    let argon = Argon2::new(algorithm, version, params);
    let hash = PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(argon.params())?,
        hash: Some(output(&argon, password, &salt)?),
        salt: Some(salt),
    };
    Ok(hash.to_string())
}

/// Whether the password is the one of a stored hash.
fn is_of(password: &str, stored: &str) -> Result<bool, argon2::password_hash::Error> {
    let stored = PasswordHash::new(stored)?;
    let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
        return Ok(false);
    };
    let version = stored.version.map(Version::try_from).transpose()?;
    let argon = Argon2::new(
        Algorithm::try_from(stored.algorithm.as_str())?,
        version.unwrap_or_default(),
        Params::try_from(&stored)?,
    );
    // Compared in constant time.
    Ok(output(&argon, password, &salt)? == expected)
}

/// Computes in memory that goes back to the system at once. Left to itself the library asks for a size that the allocator
/// keeps for later, once for each thread that ever computed a hash.
fn output(
    argon: &Argon2<'_>,
    password: &str,
    salt: &Salt,
) -> Result<Output, argon2::password_hash::Error> {
    let blocks = argon.params().block_count();
    // What is reserved beyond the blocks is never touched, and takes no memory.
    let mut memory = Vec::with_capacity(blocks.max(NEVER_KEPT / Block::SIZE));
    memory.resize(blocks, Block::new());
    let mut bytes = [0; Params::DEFAULT_OUTPUT_LEN];
    argon.hash_password_into_with_memory(password.as_bytes(), salt, &mut bytes, &mut memory)?;
    Ok(Output::new(&bytes)?)
}

fn failed(error: impl std::fmt::Display) -> KernelError {
    KernelError::Stored(format!("password hash: {error}"))
}

/// A password of 20 characters that people can read to each other: 100 bits.
pub fn random_password() -> anyhow::Result<String> {
    use ring::rand::SecureRandom as _;
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
    let mut bytes = [0_u8; 20];
    ring::rand::SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow!("the system gives no random numbers"))?;
    let letter = |byte: u8| char::from(LETTERS[usize::from(byte % 32)]);
    Ok(bytes.into_iter().map(letter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_account_is_right() {
        let passwords = Passwords::new().unwrap();
        let stored = passwords.hash("correct horse".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        let turn = passwords.turn().await.unwrap();
        let check = async |stored, password: &str| {
            passwords
                .is_right(&turn, stored, password.into())
                .await
                .unwrap()
        };
        assert!(check(Some(stored.as_str()), "correct horse").await);
        assert!(!check(Some(stored.as_str()), "wrong horse").await);
        assert!(!check(None, "correct horse").await);
    }

    #[test]
    fn first_passwords_are_long_and_never_the_same() {
        let [one, other] = [random_password().unwrap(), random_password().unwrap()];
        assert_eq!(one.len(), 20);
        assert_ne!(one, other);
    }
}
