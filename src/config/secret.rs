//! Optional secrets. An empty text means none, so that the default file can name every key.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

pub(super) fn optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretString>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| text.into()))
}
