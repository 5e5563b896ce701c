//! Passwords of the console's users (CON-2): argon2id with OWASP's parameters, 19 MiB and two passes.

use std::sync::Arc;
use std::time::Duration;

use actors::chance::Chance;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// The fewest characters of a password.
pub(crate) const SHORTEST: usize = 12;
/// The most characters.
const LONGEST: usize = 256;
/// The fewest different characters.
const FEWEST_DIFFERENT: usize = 5;
/// Passwords that are hashed at once, each in 19 MiB and on a core of its own.
const MOST_AT_ONCE: usize = 2;
/// How long a password waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Compared if there is no such user, so that a wrong name takes as long as a wrong password. No password
/// has this hash.
const OF_NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasswordFlaw {
    #[error("is too short: it has {SHORTEST} characters or more")]
    TooShort,
    #[error("is too long: it has {LONGEST} characters or fewer")]
    TooLong,
    #[error("has the user's name in it")]
    LikeName,
    #[error("has too few different characters")]
    Monotonous,
}

/// Why a password could not be hashed or compared.
#[derive(Debug, Error)]
pub enum PasswordError {
    #[error("too many people sign in at this moment")]
    Busy,
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

/// Whether a user may have this password.
///
/// # Errors
/// The first [`PasswordFlaw`].
pub(crate) fn check(password: &str, user: &str) -> Result<(), PasswordFlaw> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(PasswordFlaw::TooShort);
    }
    if length > LONGEST {
        return Err(PasswordFlaw::TooLong);
    }
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < FEWEST_DIFFERENT {
        return Err(PasswordFlaw::Monotonous);
    }
    let (password, user) = (password.to_lowercase(), user.trim().to_lowercase());
    // A name of two letters is in many a word.
    let is_like = user.chars().count() >= 3 && password.contains(&user);
    if is_like { Err(PasswordFlaw::LikeName) } else { Ok(()) }
}

/// Hashes and compares, few at once: sign-ins take neither the threads nor the memory of calls.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(MOST_AT_ONCE)) }
    }
}

impl Passwords {
    /// The password as a PHC string, with a salt of its own.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub(crate) async fn hash(
        &self,
        password: String,
        chance: &Chance,
    ) -> Result<String, PasswordError> {
        let salt = chance.next_secret();
        // These digits are 128 bits.
        let salt: Vec<u8> = salt.bytes().take(32).collect();
        let hashed = self.run(move || {
            let hash = argon2()?.hash_password_with_salt(password.as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|error| error.to_string())
        });
        hashed.await?.map_err(PasswordError::Failed)
    }

    /// Whether it is the password with this hash. Without a hash it takes as long, and is not.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub(crate) async fn is(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        let hash = hash.unwrap_or_else(|| OF_NOBODY.to_owned());
        let compared = self.run(move || {
            let of_nobody = hash == OF_NOBODY;
            let same = argon2()?.verify_password(password.as_bytes(), hash.as_str());
            Ok::<_, String>(same.is_ok() && !of_nobody)
        });
        compared.await?.map_err(PasswordError::Failed)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await;
        let place = place.map_err(|_| PasswordError::Busy)?;
        let work = move || {
            // Held until it is done, also if nobody waits any more.
            let _place = place;
            work()
        };
        spawn_blocking(work).await.map_err(|error| PasswordError::Failed(error.to_string()))
    }
}

fn argon2() -> Result<Argon2<'static>, String> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| error.to_string())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn con_2_a_password_is_known_by_its_hash_and_shows_in_none() {
        let (passwords, chance) = (Passwords::default(), Chance::seeded(7));
        let password = "correct horse battery".to_owned();
        let [one, other] = [
            passwords.hash(password.clone(), &chance).await.unwrap(),
            passwords.hash(password.clone(), &chance).await.unwrap(),
        ];
        assert_ne!(one, other, "each has a salt of its own");
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert!(!one.contains("horse"));
        assert!(passwords.is(password.clone(), Some(one.clone())).await.unwrap());
        let wrong = passwords.is("correct horse battery!".to_owned(), Some(one)).await;
        assert!(!wrong.unwrap());
    }

    #[tokio::test]
    async fn con_2_a_name_that_nobody_has_is_compared_with_a_hash_that_no_password_has() {
        // Its parameters are those of every other hash, so it takes as long.
        let passwords = Passwords::default();
        let real = passwords.hash("anything at all".to_owned(), &Chance::seeded(7)).await.unwrap();
        let parameters = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(parameters(&real), parameters(OF_NOBODY));
        for password in ["", "anything at all"] {
            assert!(!passwords.is(password.to_owned(), None).await.unwrap());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn con_2_whoever_waits_too_long_for_a_place_is_told_so() {
        let passwords = Passwords::default();
        let _taken = Arc::clone(&passwords.places).acquire_many_owned(2).await.unwrap();
        let refused = passwords.is("x".to_owned(), None).await;
        assert!(matches!(refused, Err(PasswordError::Busy)), "{refused:?}");
    }

    #[test]
    fn con_2_a_password_that_is_easily_guessed_is_refused() {
        for (password, user, flaw) in [
            ("short", "dana", Some(PasswordFlaw::TooShort)),
            ("eleven char", "dana", Some(PasswordFlaw::TooShort)),
            ("twelve chars", "dana", None),
            ("שלוש מילים פה", "דנה", None),
            ("my name is DANA!", "Dana", Some(PasswordFlaw::LikeName)),
            ("aaaabbbbaaaabbbb", "dana", Some(PasswordFlaw::Monotonous)),
            ("no harm in it, Al", "al", None),
        ] {
            assert_eq!(check(password, user).err(), flaw, "{password}");
        }
        assert_eq!(check(&"abcdef".repeat(50), "x"), Err(PasswordFlaw::TooLong));
    }
}
