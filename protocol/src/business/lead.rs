//! What is asked of a caller beside what the ending requires, and how far a lead has come.

use serde::{Deserialize, Serialize};

/// The lead settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeadSettings {
    /// Custom fields beside the required ones.
    pub fields: Vec<String>,
}

impl LeadSettings {
    /// What is asked for by a name of its own, in any business; it can be required like any field.
    pub const OF_EVERY_LEAD: [&'static str; 2] = ["full_name", "email"];
}

/// How far a lead has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadStatus {
    /// Something required isn't known yet.
    #[default]
    InProgress,
    /// Everything required is known.
    Complete,
    /// The person wants nothing.
    Declined,
}

impl LeadStatus {
    /// The word in tool arguments and columns.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Complete => "complete",
            Self::Declined => "declined",
        }
    }
}
