//! Carries out one use of a calendar tool in the database.

use std::time::Duration;

use entities::appointments::{
    self, AppointmentId, AppointmentRecord, AppointmentStatus, Authority, BookingError,
    NewAppointment, Selector,
};
use entities::{Database, RecordsError};
use jiff::Timestamp;
use jiff::civil::Date;
use protocol::calendar::{
    AppointmentKey, BookedAppointment, Calendar, CalendarArguments, CalendarError, CalendarOutcome,
    FreeSlots, ReplyWriter, RequestedDate, SEARCH_DAYS, TimeRange,
};
use protocol::ids::{LeadId, ToolCallId};

use crate::chance::Chance;
use crate::clock::Clock;
use crate::messages::{Answer, ToolUse};
#[cfg(feature = "mistakes")]
use crate::mistake::planted;

/// How often a use is tried after database errors, and the pause between.
const TRIES: u32 = 3;
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// How long one use may take. A call does not wait so long, but a slow booking still succeeds. A
/// database that hangs does not block the business's queue for ever.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn carry_out(
    db: &Database,
    clock: Clock,
    chance: &Chance,
    tool_use: &ToolUse,
) -> Answer {
    let attempts = async {
        for attempt in 0..TRIES {
            let operation = Operation {
                #[cfg(feature = "mistakes")]
                attempt,
                db,
                clock,
                chance,
                tool_use,
                calendar: Calendar::of(&tool_use.settings, clock.wall()),
            };
            match operation.run().await {
                Ok(outcome) => {
                    return Some(Answer { reply: operation.replies().write(&outcome), outcome });
                }
                Err(RecordsError::NotFound) => {
                    tracing::error!(
                        tool = tool_use.tool.name(),
                        "the lead belongs to another business"
                    );
                    return None;
                }
                Err(
                    error @ (RecordsError::Database(_)
                    | RecordsError::Unstorable(_)
                    | RecordsError::Conflict
                    | RecordsError::Corrupt { .. }),
                ) => {
                    let tool = tool_use.tool.name();
                    tracing::error!(%error, tool, attempt, "a calendar query failed");
                }
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
        None
    };
    let answer = tokio::time::timeout(PATIENCE, attempts).await.ok().flatten();
    answer.unwrap_or_else(|| Answer::error(&tool_use.settings.language, &CalendarError::Failed))
}

struct Operation<'a> {
    db: &'a Database,
    /// From 0.
    #[cfg(feature = "mistakes")]
    attempt: u32,
    clock: Clock,
    chance: &'a Chance,
    tool_use: &'a ToolUse,
    calendar: Calendar<'a>,
}

impl Operation<'_> {
    async fn run(&self) -> Result<CalendarOutcome, RecordsError> {
        let tool_use = self.tool_use;
        let arguments =
            CalendarArguments::read(tool_use.tool, &tool_use.call.arguments, &self.calendar);
        match (arguments, tool_use.lead) {
            (Ok(CalendarArguments::Find { around, length }), _) => self.find(around, length).await,
            (Ok(CalendarArguments::Create { start, length, notes }), Some(lead)) => {
                self.create(lead, start, length, notes).await
            }
            (Ok(CalendarArguments::Cancel(key)), Some(lead)) => self.cancel(lead, key).await,
            (Err(CalendarError::Which), Some(lead)) => self.ask_which(lead).await,
            (Ok(CalendarArguments::Create { .. } | CalendarArguments::Cancel(_)), None) => {
                Ok(CalendarOutcome::Refused(CalendarError::Failed, None))
            }
            (Err(error), _) => Ok(CalendarOutcome::Refused(error, None)),
        }
    }

    async fn find(
        &self,
        around: RequestedDate,
        length: Duration,
    ) -> Result<CalendarOutcome, RecordsError> {
        Ok(match self.free_around(around, length).await? {
            Some(free) => CalendarOutcome::Offered { requested: around.date, free },
            None => CalendarOutcome::Refused(CalendarError::NothingFree, None),
        })
    }

    async fn create(
        &self,
        lead: LeadId,
        start: Timestamp,
        length: Duration,
        notes: Option<String>,
    ) -> Result<CalendarOutcome, RecordsError> {
        let refusal = match self.calendar.slot_at(start, length) {
            // This may repeat a call whose time has passed since. Its booking still stands.
            Err(error) => match self.booked_before(lead, start).await? {
                Some(record) => return Ok(booking_outcome(&record)),
                None => CalendarError::Slot(error),
            },
            Ok(slot) => {
                #[cfg(feature = "mistakes")]
                let slot = if planted!(DoubleBooking if self.attempt > 0) {
                    self.free_from(start, length).await?.unwrap_or(slot)
                } else {
                    slot
                };
                let new = NewAppointment {
                    id: AppointmentId(self.chance.new_id(self.clock.wall())),
                    lead_id: lead,
                    call_sid: self.tool_use.call_sid.clone(),
                    starts_at: slot.start,
                    ends_at: slot.end,
                    busy_until: slot.busy_until,
                    notes,
                    idempotency_key: Some(self.idempotency_key()),
                };
                let now = self.calendar.now();
                match appointments::book(self.db, self.tool_use.business, new, now).await {
                    Ok(record) => return Ok(booking_outcome(&record)),
                    Err(BookingError::SlotTaken) => CalendarError::Taken,
                    Err(BookingError::InvalidTimes) => CalendarError::Length,
                    Err(BookingError::Records(error)) => return Err(error),
                }
            }
        };
        let local = start.to_zoned(self.calendar.zone().clone());
        let date = local.date().max(self.calendar.today());
        let around = RequestedDate { date, time: Some(local.time()) };
        let free = self.free_around(around, length).await?;
        Ok(CalendarOutcome::Refused(refusal, free))
    }

    async fn cancel(
        &self,
        lead: LeadId,
        key: AppointmentKey,
    ) -> Result<CalendarOutcome, RecordsError> {
        let business = self.tool_use.business;
        let which = match key {
            AppointmentKey::Id(id) => Selector::Id(AppointmentId(id)),
            AppointmentKey::Start(start) => Selector::StartsAt(start),
        };
        let Some(appointment) = appointments::of_lead(self.db, business, lead, which).await? else {
            return Ok(CalendarOutcome::Refused(CalendarError::NoSuchAppointment, None));
        };
        if appointment.status == AppointmentStatus::Booked {
            if appointment.ends_at <= self.calendar.now() {
                return Ok(CalendarOutcome::Refused(CalendarError::Over, None));
            }
            let authority = Authority::Lead(lead);
            appointments::cancel(self.db, business, authority, Selector::Id(appointment.id))
                .await?;
            tracing::info!(appointment = %appointment.id.0, "appointment cancelled");
        }
        Ok(CalendarOutcome::Cancelled(booked_appointment(&appointment)))
    }

    async fn ask_which(&self, lead: LeadId) -> Result<CalendarOutcome, RecordsError> {
        let (business, now) = (self.tool_use.business, self.calendar.now());
        let upcoming = appointments::of_lead_upcoming(self.db, business, lead, now).await?;
        Ok(CalendarOutcome::WhichOf(upcoming.iter().map(booked_appointment).collect()))
    }

    /// What this tool call has booked before, or the lead's booked appointment at this time.
    async fn booked_before(
        &self,
        lead: LeadId,
        start: Timestamp,
    ) -> Result<Option<AppointmentRecord>, RecordsError> {
        let business = self.tool_use.business;
        if let Some(record) =
            appointments::by_key(self.db, business, &self.idempotency_key()).await?
        {
            return Ok(Some(record));
        }
        let held =
            appointments::of_lead(self.db, business, lead, Selector::StartsAt(start)).await?;
        Ok(held.filter(|held| held.status == AppointmentStatus::Booked))
    }

    /// The nearest free slots: on the requested day, or on the next day that has some.
    async fn free_around(
        &self,
        around: RequestedDate,
        length: Duration,
    ) -> Result<Option<FreeSlots>, RecordsError> {
        let last = self.calendar.last_day();
        let mut days = Some((around.date, around.date));
        while let Some((from, until)) = days.filter(|(from, _)| *from <= last) {
            if let Some(range) = self.calendar.range(from, until, length) {
                let taken = self.taken(range).await?;
                let days = (from, until);
                let found = self.calendar.next_free(days, around.time, length, &taken);
                if let Some((date, slots)) = found {
                    return Ok(Some(FreeSlots { date, slots }));
                }
            }
            days = next_days(until, last);
        }
        Ok(None)
    }

    #[cfg(feature = "mistakes")]
    async fn free_from(
        &self,
        start: Timestamp,
        length: Duration,
    ) -> Result<Option<protocol::calendar::Slot>, RecordsError> {
        let local = start.to_zoned(self.calendar.zone().clone());
        let around = RequestedDate { date: local.date(), time: Some(local.time()) };
        let free = self.free_around(around, length).await?;
        let distance = |slot: &protocol::calendar::Slot| slot.start.duration_since(start).abs();
        Ok(free.and_then(|free| free.slots.into_iter().min_by_key(distance)))
    }

    async fn taken(&self, range: TimeRange) -> Result<Vec<TimeRange>, RecordsError> {
        let business = self.tool_use.business;
        let booked = appointments::between(self.db, business, range.from, range.until).await?;
        Ok(booked
            .iter()
            .map(|one| TimeRange { from: one.starts_at, until: one.busy_until })
            .collect())
    }

    /// The model chooses the tool call's id. Together with the call's id it is unique.
    fn idempotency_key(&self) -> ToolCallId {
        let id = &self.tool_use.call.call;
        #[cfg(feature = "mistakes")]
        let id = &if planted!(DoubleBooking if self.attempt > 0) {
            ToolCallId::parse(&format!("{id}-{}", self.attempt)).unwrap_or_else(|_| id.clone())
        } else {
            id.clone()
        };
        let of_call = self.tool_use.call_sid.as_ref().map(|call_sid| format!("{call_sid}/{id}"));
        of_call.and_then(|key| ToolCallId::parse(&key).ok()).unwrap_or_else(|| id.clone())
    }

    fn replies(&self) -> ReplyWriter<'_> {
        let tool_use = self.tool_use;
        let language = &tool_use.settings.language;
        ReplyWriter::new(&self.calendar, language, tool_use.tool, &tool_use.call.arguments)
    }
}

/// The days to search after `until`.
fn next_days(until: Date, last: Date) -> Option<(Date, Date)> {
    let from = until.tomorrow().ok()?;
    let days = jiff::Span::new().days(SEARCH_DAYS - 1);
    Some((from, from.saturating_add(days).min(last)))
}

fn booking_outcome(record: &AppointmentRecord) -> CalendarOutcome {
    match record.status {
        AppointmentStatus::Booked => {
            tracing::info!(appointment = %record.id.0, "appointment booked");
            CalendarOutcome::Booked(booked_appointment(record))
        }
        AppointmentStatus::Cancelled => CalendarOutcome::Refused(CalendarError::Cancelled, None),
    }
}

fn booked_appointment(record: &AppointmentRecord) -> BookedAppointment {
    BookedAppointment { id: record.id.0, start: record.starts_at, end: record.ends_at }
}

#[cfg(test)]
#[cfg(feature = "mistakes")]
mod tests;
