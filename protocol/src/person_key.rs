//! Recognises a person who was erased, without their number: a keyed hash (LEAD-5).
//!
//! Telephone numbers are few enough to try all of them, so the hash needs a key that is kept elsewhere.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::ids::{BusinessId, LeadId, PhoneNumber};

/// How much of a hash is kept, in bytes: no two people of a business share that.
const HASH_BYTES: usize = 16;
/// How much of it names a key.
const ID_BYTES: usize = 4;

/// The key of the hashes. Its debug output does not show it.
#[derive(Clone)]
pub struct PersonKey {
    mac: Hmac<Sha256>,
    id: String,
}

/// A person of a business, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonHash(pub String);

impl PersonKey {
    /// The key that is made of this secret.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
        let id = hex(&digest(&mac, &[b"frontdesk-person-key"])[..ID_BYTES]);
        Self { mac, id }
    }

    /// Names the key without telling it. Hashes with different keys can't be compared.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whoever has this number, for this business.
    #[must_use]
    pub fn of_number(&self, business: BusinessId, number: &PhoneNumber) -> PersonHash {
        self.hash(&[business.0.as_bytes(), b"number", number.as_str().as_bytes()])
    }

    /// Somebody who withheld their number.
    #[must_use]
    pub fn of_lead(&self, business: BusinessId, lead: LeadId) -> PersonHash {
        self.hash(&[business.0.as_bytes(), b"lead", lead.0.as_bytes()])
    }

    fn hash(&self, parts: &[&[u8]]) -> PersonHash {
        PersonHash(hex(&digest(&self.mac, parts)[..HASH_BYTES]))
    }
}

fn digest(mac: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = mac.clone();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PersonKey").field(&self.id).finish()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn lead_5_a_person_is_recognised_by_key_business_and_number_and_not_shown() {
        let (key, other) = (PersonKey::new(b"one"), PersonKey::new(b"another"));
        let (locks, clinic) = (BusinessId(Uuid::from_u128(1)), BusinessId(Uuid::from_u128(2)));
        let number = PhoneNumber::parse("+972501234567").unwrap();
        let neighbour = PhoneNumber::parse("+972501234568").unwrap();
        let hash = key.of_number(locks, &number);
        assert_eq!(hash, PersonKey::new(b"one").of_number(locks, &number));
        for wrong in [
            other.of_number(locks, &number),
            key.of_number(clinic, &number),
            key.of_number(locks, &neighbour),
            key.of_lead(locks, LeadId(Uuid::from_u128(3))),
        ] {
            assert_ne!(hash, wrong);
        }
        assert_eq!((hash.0.len(), key.id().len()), (2 * HASH_BYTES, 2 * ID_BYTES));
        assert_ne!(key.id(), other.id());
        assert!(!format!("{key:?}").contains("one"));
    }
}
