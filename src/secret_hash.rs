//! What a row keeps of a secret: its SHA-256 digest. A secret that nobody can guess needs no more.

use sha2::{Digest, Sha256};

/// In hexadecimal digits.
pub(crate) fn secret_hash(secret: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(secret).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
