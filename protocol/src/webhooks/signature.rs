//! The signature of Standard Webhooks: HMAC-SHA256 over id, time and body, with a secret `whsec_…`.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer};
use sha2::Sha256;
use thiserror::Error;

const PREFIX: &str = "whsec_";
/// The version of the signature, before each one.
const VERSION: &str = "v1,";
/// How long the secret may be, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
/// How far a message's time may be from the receiver's.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// The secret that a business shares with its receiver. Its debug output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

/// Why a text is no secret. The error does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "expected whsec_ and 24 to 64 random bytes in base64: `echo whsec_$(openssl rand -base64 32)` makes one"
)]
pub struct InvalidSecret;

/// Why a message is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unverified {
    /// A header is missing, or not as it is written.
    #[error("the header {0} is missing or malformed")]
    Header(&'static str),
    /// It was signed too long ago, or the clocks differ.
    #[error("it was signed more than 5 minutes ago, or by another clock")]
    Time,
    /// No signature is of this secret.
    #[error("no signature matches this secret, id, time and body")]
    Signature,
}

impl WebhookSecret {
    /// Reads `whsec_…`.
    ///
    /// # Errors
    /// [`InvalidSecret`] says how to make one.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let bytes = text.strip_prefix(PREFIX).and_then(|rest| STANDARD.decode(rest).ok());
        let bytes = bytes.filter(|bytes| LENGTHS.contains(&bytes.len()));
        bytes.map(Self).ok_or(InvalidSecret)
    }

    /// As [`parse`](Self::parse) reads it. For the database alone.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The value of `webhook-signature` for a message with this id, at this time in seconds since 1970.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let code = self.keyed(id, seconds, body).finalize().into_bytes();
        format!("{VERSION}{}", STANDARD.encode(code))
    }

    /// Checks the three headers of a message. Codes are compared in constant time.
    ///
    /// # Errors
    /// [`Unverified`] says which check failed.
    pub fn verify(
        &self,
        id: Option<&str>,
        timestamp: Option<&str>,
        signatures: Option<&str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Unverified> {
        let id = id.ok_or(Unverified::Header("webhook-id"))?;
        let seconds = timestamp.and_then(|text| text.parse::<i64>().ok());
        let seconds = seconds.ok_or(Unverified::Header("webhook-timestamp"))?;
        let signatures = signatures.ok_or(Unverified::Header("webhook-signature"))?;
        let signed = Timestamp::from_second(seconds).map_err(|_| Unverified::Time)?;
        if signed.duration_since(now).abs() > TOLERANCE {
            return Err(Unverified::Time);
        }
        let codes = signatures.split(' ').filter_map(|one| one.strip_prefix(VERSION));
        let mut codes = codes.filter_map(|code| STANDARD.decode(code).ok());
        let is_ours = |code: Vec<u8>| self.keyed(id, seconds, body).verify_slice(&code).is_ok();
        if codes.any(is_ours) { Ok(()) } else { Err(Unverified::Signature) }
    }

    #[expect(
        clippy::expect_used,
        reason = "HMAC takes a key of any length, its trait cannot say so"
    )]
    fn keyed(&self, id: &str, seconds: i64, body: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        mac
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret")
    }
}

impl FromStr for WebhookSecret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for WebhookSecret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SECONDS: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn secret() -> WebhookSecret {
        WebhookSecret::parse(SECRET).unwrap()
    }

    fn verified(signatures: &str, seconds: i64, now: i64) -> Result<(), Unverified> {
        let (time, now) = (seconds.to_string(), Timestamp::from_second(now).unwrap());
        secret().verify(Some(ID), Some(&time), Some(signatures), BODY, now)
    }

    #[test]
    fn ops_13_the_signature_is_that_of_standard_webhooks() {
        assert_eq!(secret().sign(ID, SECONDS, BODY), SIGNATURE);
        assert_eq!(verified(SIGNATURE, SECONDS, SECONDS), Ok(()));
        let several = format!("v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,x {SIGNATURE}");
        assert_eq!(verified(&several, SECONDS, SECONDS), Ok(()), "a secret may be changed");
    }

    #[test]
    fn ops_13_a_message_that_is_old_changed_or_unsigned_is_not_believed() {
        assert_eq!(verified(SIGNATURE, SECONDS, SECONDS + 301), Err(Unverified::Time));
        assert_eq!(verified(SIGNATURE, SECONDS, SECONDS - 301), Err(Unverified::Time));
        assert_eq!(verified(SIGNATURE, SECONDS + 1, SECONDS), Err(Unverified::Signature));
        assert_eq!(verified("v1,AAAA", SECONDS, SECONDS), Err(Unverified::Signature));
        assert_eq!(verified("", SECONDS, SECONDS), Err(Unverified::Signature));
        let now = Timestamp::from_second(SECONDS).unwrap();
        let header = secret().verify(None, Some("1"), Some(SIGNATURE), BODY, now);
        assert_eq!(header, Err(Unverified::Header("webhook-id")));
        let header = secret().verify(Some(ID), Some("soon"), Some(SIGNATURE), BODY, now);
        assert_eq!(header, Err(Unverified::Header("webhook-timestamp")));
    }

    #[test]
    fn ops_13_a_secret_is_long_enough_and_is_never_shown() {
        assert_eq!(secret().expose(), SECRET);
        for wrong in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_not base64"]
        {
            assert_eq!(WebhookSecret::parse(wrong), Err(InvalidSecret), "{wrong}");
        }
        assert!(!format!("{:?}", secret()).contains("MfKQ"));
    }
}
