//! Conversions from a lead's row to the types of `protocol`.

use protocol::business;
use protocol::prompt::LeadFacts;

use super::{LeadRecord, LeadStatus};

impl From<LeadStatus> for business::LeadStatus {
    fn from(status: LeadStatus) -> Self {
        match status {
            LeadStatus::InProgress => Self::InProgress,
            LeadStatus::Complete => Self::Complete,
            LeadStatus::Declined => Self::Declined,
        }
    }
}

impl From<business::LeadStatus> for LeadStatus {
    fn from(status: business::LeadStatus) -> Self {
        match status {
            business::LeadStatus::InProgress => Self::InProgress,
            business::LeadStatus::Complete => Self::Complete,
            business::LeadStatus::Declined => Self::Declined,
        }
    }
}

impl From<&LeadRecord> for LeadFacts {
    fn from(lead: &LeadRecord) -> Self {
        Self {
            full_name: lead.full_name.clone(),
            email: lead.email.clone(),
            status: lead.status.into(),
            fields: lead.fields.0.clone(),
        }
    }
}
