//! The appointments of a test call.

use entities::RecordsError;
use entities::appointments::{
    AppointmentId, AppointmentRecord, AppointmentStatus, BookingError, MoveError, NewAppointment,
    NewTimes, Selector,
};
use jiff::Timestamp;
use protocol::ids::{BusinessId, ToolCallId};

use super::{Booked, TestRecords};

impl TestRecords {
    /// The booked ones that occupy time between `from` and `until`.
    pub(crate) fn between(&self, from: Timestamp, until: Timestamp) -> Vec<AppointmentRecord> {
        let overlap = |record: &AppointmentRecord| {
            is_booked(record) && record.busy_until > from && record.starts_at < until
        };
        self.records(overlap)
    }

    pub(crate) fn by_key(&self, key: &ToolCallId) -> Option<AppointmentRecord> {
        let appointments = self.appointments();
        let found = appointments.iter().find(|booked| booked.key.as_ref() == Some(key));
        found.map(|booked| booked.record.clone())
    }

    /// Of several that begin at the same time: the booked one, or else the newest.
    pub(crate) fn one(&self, which: Selector) -> Option<AppointmentRecord> {
        let mut found = self.records(|record| match which {
            Selector::Id(id) => record.id == id,
            Selector::StartsAt(start) => record.starts_at == start,
        });
        let booked = found.iter().position(is_booked);
        booked.map(|at| found.swap_remove(at)).or_else(|| found.pop())
    }

    /// The booked ones that have not ended at `now`, the next one first.
    pub(crate) fn upcoming(&self, now: Timestamp) -> Vec<AppointmentRecord> {
        let mut found = self.records(|record| is_booked(record) && record.ends_at > now);
        found.sort_by_key(|record| record.starts_at);
        found
    }

    /// Books as the database does. `is_taken`: it has another appointment at that time.
    pub(crate) fn book(
        &self,
        business: BusinessId,
        wanted: NewAppointment,
        is_taken: bool,
        now: Timestamp,
    ) -> Result<AppointmentRecord, BookingError> {
        if wanted.ends_at <= wanted.starts_at || wanted.busy_until < wanted.ends_at {
            return Err(BookingError::InvalidTimes);
        }
        if let Some(found) = wanted.idempotency_key.as_ref().and_then(|key| self.by_key(key)) {
            return Ok(found);
        }
        let overlapping = self.between(wanted.starts_at, wanted.busy_until);
        if let Some(same) = overlapping.iter().find(|held| held.starts_at == wanted.starts_at) {
            return Ok(same.clone());
        }
        let held = self.records(|record| is_booked(record) && record.starts_at > now);
        if !wanted.additional && !held.is_empty() {
            return Err(BookingError::AlreadyHolds(held));
        }
        if is_taken || !overlapping.is_empty() {
            return Err(BookingError::SlotTaken);
        }
        let record = AppointmentRecord {
            id: wanted.id,
            business_id: business,
            lead_id: wanted.lead_id,
            call_sid: wanted.call_sid,
            starts_at: wanted.starts_at,
            ends_at: wanted.ends_at,
            busy_until: wanted.busy_until,
            status: AppointmentStatus::Booked,
            notes: wanted.notes,
            created_at: now,
        };
        self.appointments().push(Booked { key: wanted.idempotency_key, record: record.clone() });
        Ok(record)
    }

    /// Moves as the database does.
    pub(crate) fn move_to(
        &self,
        id: AppointmentId,
        times: NewTimes,
        is_taken: bool,
    ) -> Result<AppointmentRecord, MoveError> {
        let others = self.between(times.starts_at, times.busy_until);
        let is_taken = is_taken || others.iter().any(|other| other.id != id);
        let mut appointments = self.appointments();
        let mine = appointments.iter_mut().find(|booked| booked.record.id == id);
        let mine = &mut mine.ok_or(RecordsError::NotFound)?.record;
        if !is_booked(mine) {
            return Err(MoveError::Cancelled);
        }
        if is_taken {
            return Err(MoveError::SlotTaken);
        }
        let NewTimes { starts_at, ends_at, busy_until } = times;
        *mine = AppointmentRecord { starts_at, ends_at, busy_until, ..mine.clone() };
        Ok(mine.clone())
    }

    /// Cancels as the database does.
    pub(crate) fn cancel(&self, id: AppointmentId) -> Result<(), RecordsError> {
        let mut appointments = self.appointments();
        let mine = appointments.iter_mut().find(|booked| booked.record.id == id);
        mine.ok_or(RecordsError::NotFound)?.record.status = AppointmentStatus::Cancelled;
        Ok(())
    }

    fn records(&self, which: impl Fn(&AppointmentRecord) -> bool) -> Vec<AppointmentRecord> {
        let appointments = self.appointments();
        let found = appointments.iter().filter(|booked| which(&booked.record));
        found.map(|booked| booked.record.clone()).collect()
    }
}

fn is_booked(record: &AppointmentRecord) -> bool {
    record.status == AppointmentStatus::Booked
}
