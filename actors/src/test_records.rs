//! What a test call would have written, in memory: its lead and its appointments (CON-5). They answer as the
//! database would, live as long as the call, and outlive its actors.

mod appointments;

use std::sync::{Mutex, MutexGuard, PoisonError};

use entities::appointments::AppointmentRecord;
use entities::leads::{LeadChanges, LeadFields, LeadRecord, LeadSource, LeadStatus};
use jiff::Timestamp;
use protocol::call::CallSetup;
use protocol::ids::{LeadId, ToolCallId};

/// The records of one test call.
#[derive(Debug, Default)]
pub struct TestRecords {
    lead: Mutex<Option<LeadRecord>>,
    appointments: Mutex<Vec<Booked>>,
}

/// An appointment, booked or cancelled, and the tool call that booked it.
#[derive(Debug)]
struct Booked {
    key: Option<ToolCallId>,
    record: AppointmentRecord,
}

impl TestRecords {
    /// The call's lead: with this id, if it has none yet.
    pub(crate) fn ensure_lead(&self, setup: &CallSetup, id: LeadId, now: Timestamp) -> LeadRecord {
        let new = || LeadRecord {
            id,
            business_id: setup.business,
            phone: setup.person.number().cloned(),
            full_name: None,
            email: None,
            status: LeadStatus::InProgress,
            source: LeadSource::PhoneCall,
            fields: LeadFields::default(),
            last_call_sid: Some(setup.call_sid.clone()),
            created_at: now,
            updated_at: now,
            erased_at: None,
            seen_to_at: None,
        };
        self.lead().get_or_insert_with(new).clone()
    }

    /// Merges what was told into the lead. `None` if there is none yet.
    pub(crate) fn merge_lead(
        &self,
        details: LeadChanges,
        status: Option<LeadStatus>,
    ) -> Option<LeadRecord> {
        let mut lead = self.lead();
        let lead = lead.as_mut()?;
        lead.merge(details, status);
        Some(lead.clone())
    }

    fn lead(&self) -> MutexGuard<'_, Option<LeadRecord>> {
        self.lead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn appointments(&self) -> MutexGuard<'_, Vec<Booked>> {
        self.appointments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
