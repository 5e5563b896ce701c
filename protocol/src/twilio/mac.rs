//! Keyed hashes, ready to be copied for each message.

use hmac::{Hmac, KeyInit};
use sha1::Sha1;
use sha2::Sha256;

/// HMAC-SHA1, what Twilio signs its requests with.
pub(super) type HmacSha1 = Hmac<Sha1>;
/// HMAC-SHA256, what the daemon signs its own tokens with.
pub(super) type HmacSha256 = Hmac<Sha256>;

/// A hash keyed with `key`, which may have any length.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length, its trait cannot say so")]
pub(super) fn keyed<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes a key of any length")
}
