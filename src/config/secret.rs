//! Secrets of the configuration: never shown, and absent where the text is empty, so that the
//! default file can name every key.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// Reads a secret; `""` is none.
pub(super) fn optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretString>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| text.into()))
}
