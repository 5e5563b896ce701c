//! Finds, moves and cancels what the lead holds (CAL-1, CAL-6).

use entities::RecordsError;
use entities::appointments::{
    AppointmentId, AppointmentRecord, AppointmentStatus, MoveError, NewTimes, Selector,
};
use jiff::Timestamp;
use protocol::calendar::{
    AppointmentKey, BookedAppointment, CalendarError, CalendarOutcome, UnclearStart,
};
use protocol::ids::LeadId;

use super::{Operation, booked_appointment};

/// The appointment that a request means.
enum Meant {
    /// This one, booked or cancelled.
    One(AppointmentRecord),
    /// Not one in particular.
    NotOne(CalendarError),
}

impl Operation<'_> {
    pub(super) async fn reschedule(
        &self,
        lead: LeadId,
        which: AppointmentKey,
        to: Result<Timestamp, UnclearStart>,
    ) -> Result<CalendarOutcome, RecordsError> {
        let held = match self.to_move(lead, &which, to.as_ref().ok()).await? {
            Meant::One(held) => held,
            Meant::NotOne(why) => return self.mine(lead, why).await,
        };
        match held.status {
            AppointmentStatus::Booked => {}
            AppointmentStatus::Cancelled => return self.mine(lead, CalendarError::Cancelled).await,
        }
        let moved = |to: BookedAppointment| CalendarOutcome::Moved { from: held.starts_at, to };
        if to.as_ref() == Ok(&held.starts_at) {
            return Ok(moved(booked_appointment(&held)));
        }
        if held.ends_at <= self.calendar.now() {
            return Ok(CalendarOutcome::Refused(CalendarError::Over, None));
        }
        let length = held.ends_at.duration_since(held.starts_at).unsigned_abs();
        let start = match to {
            Ok(start) => start,
            Err(unclear) => return self.unclear(unclear, length).await,
        };
        let refusal = match self.calendar.slot_at(start, length) {
            Err(error) => CalendarError::Slot(error),
            Ok(slot) => {
                let times = NewTimes {
                    starts_at: slot.start,
                    ends_at: slot.end,
                    busy_until: slot.busy_until,
                };
                match self.ledger.move_to(lead, held.id, times, self.clock.wall()).await {
                    Ok(record) => {
                        tracing::info!(appointment = %record.id.0, "appointment moved");
                        return Ok(moved(booked_appointment(&record)));
                    }
                    Err(MoveError::Cancelled) => {
                        return self.mine(lead, CalendarError::Cancelled).await;
                    }
                    Err(MoveError::SlotTaken) => CalendarError::Taken,
                    Err(MoveError::Records(error)) => return Err(error),
                }
            }
        };
        self.refuse(refusal, start, length).await
    }

    pub(super) async fn cancel(
        &self,
        lead: LeadId,
        which: AppointmentKey,
    ) -> Result<CalendarOutcome, RecordsError> {
        let appointment = match self.meant(lead, &which).await? {
            Meant::One(appointment) => appointment,
            Meant::NotOne(why) => return self.mine(lead, why).await,
        };
        if appointment.status == AppointmentStatus::Booked {
            if appointment.ends_at <= self.calendar.now() {
                return Ok(CalendarOutcome::Refused(CalendarError::Over, None));
            }
            self.ledger.cancel(lead, appointment.id, self.clock.wall()).await?;
            tracing::info!(appointment = %appointment.id.0, "appointment cancelled");
        }
        Ok(CalendarOutcome::Cancelled(booked_appointment(&appointment)))
    }

    /// The appointment to move: the one that is named, or the lead's only one. If none is found and the
    /// lead holds one at the new start, it was moved before.
    async fn to_move(
        &self,
        lead: LeadId,
        which: &AppointmentKey,
        to: Option<&Timestamp>,
    ) -> Result<Meant, RecordsError> {
        if *which == AppointmentKey::Unsaid {
            let mut upcoming = self.ledger.upcoming(lead, self.calendar.now()).await?;
            if upcoming.len() == 1
                && let Some(only) = upcoming.pop()
            {
                return Ok(Meant::One(only));
            }
        }
        let meant = self.meant(lead, which).await?;
        if matches!(meant, Meant::NotOne(_))
            && let Some(to) = to
            && let Some(there) = self.held_at(lead, *to).await?
            && there.status == AppointmentStatus::Booked
        {
            return Ok(Meant::One(there));
        }
        Ok(meant)
    }

    /// The appointment that is named: by its id, or else by its start. A booked one comes before a
    /// cancelled one.
    async fn meant(&self, lead: LeadId, which: &AppointmentKey) -> Result<Meant, RecordsError> {
        let (id, starts) = match which {
            AppointmentKey::Unsaid => return Ok(Meant::NotOne(CalendarError::Which)),
            AppointmentKey::Named { id, starts } => (id, starts),
        };
        let mut cancelled = None;
        if let Some(id) = id {
            let by_id = Selector::Id(AppointmentId(*id));
            match self.ledger.of_lead(lead, by_id).await? {
                Some(found) if found.status == AppointmentStatus::Booked => {
                    return Ok(Meant::One(found));
                }
                found => cancelled = found,
            }
        }
        let mut booked = Vec::new();
        for start in starts {
            match self.held_at(lead, *start).await? {
                Some(found) if found.status == AppointmentStatus::Booked => booked.push(found),
                found => cancelled = cancelled.or(found),
            }
        }
        match (booked.pop(), booked.is_empty()) {
            (Some(only), true) => Ok(Meant::One(only)),
            (Some(_), false) => Ok(Meant::NotOne(CalendarError::Which)),
            (None, _) => {
                Ok(cancelled.map_or(Meant::NotOne(CalendarError::NoSuchAppointment), Meant::One))
            }
        }
    }

    /// The lead's appointment that begins then, booked or cancelled.
    pub(super) async fn held_at(
        &self,
        lead: LeadId,
        start: Timestamp,
    ) -> Result<Option<AppointmentRecord>, RecordsError> {
        self.ledger.of_lead(lead, Selector::StartsAt(start)).await
    }

    /// Answers with the lead's own appointments.
    async fn mine(
        &self,
        lead: LeadId,
        why: CalendarError,
    ) -> Result<CalendarOutcome, RecordsError> {
        let upcoming = self.ledger.upcoming(lead, self.calendar.now()).await?;
        let held: Vec<_> = upcoming.iter().map(booked_appointment).collect();
        let nothing_to_choose = held.is_empty() && why == CalendarError::Which;
        let why = if nothing_to_choose { CalendarError::NoSuchAppointment } else { why };
        Ok(CalendarOutcome::Mine { why, held })
    }
}
