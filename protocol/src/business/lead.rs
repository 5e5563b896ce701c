//! `[lead]`: optional lead fields; and the status of a lead.

use serde::{Deserialize, Serialize};

/// Lead fields of a business.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeadSettings {
    /// Optional fields, in addition to [`Ending::required_lead_fields`](super::Ending).
    pub fields: Vec<String>,
}

impl LeadSettings {
    /// Fields that every lead has as columns. They can be required like any other.
    pub const OF_EVERY_LEAD: [&'static str; 2] = ["full_name", "email"];
}

/// Status of a lead. In tool arguments and columns: the variant's name in snake case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadStatus {
    /// A required field is missing.
    #[default]
    InProgress,
    /// All required fields are known.
    Complete,
    /// The person has declined.
    Declined,
}

impl LeadStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::InProgress, Self::Complete, Self::Declined];

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
