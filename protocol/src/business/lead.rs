//! What is asked of a caller beside what the ending requires.

use serde::{Deserialize, Serialize};

/// The lead settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeadSettings {
    /// Custom fields beside the required ones.
    pub fields: Vec<String>,
}
