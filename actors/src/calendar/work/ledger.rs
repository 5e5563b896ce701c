//! The appointments that a tool sees and changes: those of the database, and of a test call its own beside them,
//! in memory (CON-5). A test sees when the business is busy, and changes nothing.

use entities::appointments::{
    self, AppointmentId, AppointmentRecord, Authority, BookingError, MoveError, NewAppointment,
    NewTimes, Selector,
};
use entities::{Database, RecordsError};
use jiff::Timestamp;
use protocol::calendar::TimeRange;
use protocol::ids::{LeadId, ToolCallId};

use crate::messages::ToolUse;

#[derive(Clone, Copy)]
pub(super) struct Ledger<'a> {
    pub(super) db: &'a Database,
    pub(super) tool_use: &'a ToolUse,
}

impl Ledger<'_> {
    /// When the business is busy.
    pub(super) async fn taken(&self, range: TimeRange) -> Result<Vec<TimeRange>, RecordsError> {
        let business = self.tool_use.business;
        let mut booked = appointments::between(self.db, business, range.from, range.until).await?;
        if let Some(test) = &self.tool_use.test {
            booked.extend(test.between(range.from, range.until));
            booked.sort_by_key(|one| one.starts_at);
        }
        let range =
            |one: &AppointmentRecord| TimeRange { from: one.starts_at, until: one.busy_until };
        Ok(booked.iter().map(range).collect())
    }

    pub(super) async fn by_key(
        &self,
        key: &ToolCallId,
    ) -> Result<Option<AppointmentRecord>, RecordsError> {
        match &self.tool_use.test {
            Some(test) => Ok(test.by_key(key)),
            None => appointments::by_key(self.db, self.tool_use.business, key).await,
        }
    }

    pub(super) async fn of_lead(
        &self,
        lead: LeadId,
        which: Selector,
    ) -> Result<Option<AppointmentRecord>, RecordsError> {
        match &self.tool_use.test {
            Some(test) => Ok(test.one(which)),
            None => appointments::of_lead(self.db, self.tool_use.business, lead, which).await,
        }
    }

    pub(super) async fn upcoming(
        &self,
        lead: LeadId,
        now: Timestamp,
    ) -> Result<Vec<AppointmentRecord>, RecordsError> {
        let business = self.tool_use.business;
        match &self.tool_use.test {
            Some(test) => Ok(test.upcoming(now)),
            None => appointments::of_lead_upcoming(self.db, business, lead, now).await,
        }
    }

    pub(super) async fn book(
        &self,
        new: NewAppointment,
        now: Timestamp,
    ) -> Result<AppointmentRecord, BookingError> {
        let ToolUse { business, newcomer, lease, test, .. } = self.tool_use;
        let Some(test) = test else {
            return appointments::book_for(self.db, *business, new, newcomer.clone(), *lease, now)
                .await;
        };
        let is_taken = self.is_taken(new.starts_at, new.busy_until).await?;
        test.book(*business, new, is_taken, now)
    }

    pub(super) async fn move_to(
        &self,
        lead: LeadId,
        id: AppointmentId,
        times: NewTimes,
        now: Timestamp,
    ) -> Result<AppointmentRecord, MoveError> {
        let ToolUse { business, test, call_sid, lease, .. } = self.tool_use;
        let Some(test) = test else {
            let call = call_sid.clone().zip(*lease);
            return appointments::move_for(self.db, *business, lead, id, times, call, now).await;
        };
        let is_taken = self.is_taken(times.starts_at, times.busy_until).await?;
        test.move_to(id, times, is_taken)
    }

    pub(super) async fn cancel(
        &self,
        lead: LeadId,
        id: AppointmentId,
        now: Timestamp,
    ) -> Result<(), RecordsError> {
        let ToolUse { business, test, call_sid, lease, .. } = self.tool_use;
        let Some(test) = test else {
            let (authority, which) = (Authority::Lead(lead), Selector::Id(id));
            let call = call_sid.clone().zip(*lease);
            appointments::cancel_for(self.db, *business, authority, which, call, now).await?;
            return Ok(());
        };
        test.cancel(id)
    }

    async fn is_taken(&self, from: Timestamp, until: Timestamp) -> Result<bool, RecordsError> {
        let booked = appointments::between(self.db, self.tool_use.business, from, until).await?;
        Ok(!booked.is_empty())
    }
}
