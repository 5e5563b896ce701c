//! HMACs keyed once and cloned for each message.

use hmac::{Hmac, KeyInit};
use sha1::Sha1;
use sha2::Sha256;

/// Twilio signs its requests with HMAC-SHA1.
pub(super) type HmacSha1 = Hmac<Sha1>;
/// The daemon signs its own tokens with HMAC-SHA256.
pub(super) type HmacSha256 = Hmac<Sha256>;

/// An HMAC with this key, of any length.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length, its trait cannot say so")]
pub(super) fn keyed<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes a key of any length")
}
