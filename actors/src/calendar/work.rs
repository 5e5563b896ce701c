//! Carries out one use of a calendar tool in the database.

mod held;
mod ledger;
mod searching;

use std::time::Duration;

use entities::appointments::{
    AppointmentId, AppointmentRecord, AppointmentStatus, BookingError, NewAppointment,
};
use entities::{Database, RecordsError};
use jiff::Timestamp;
use protocol::calendar::{
    BookedAppointment, Calendar, CalendarArguments, CalendarError, CalendarOutcome, ReplyWriter,
    RequestedDate, UnclearStart,
};
use protocol::ids::{LeadId, ToolCallId};

use crate::chance::Chance;
use crate::clock::Clock;
use crate::messages::{Answer, ToolUse};
#[cfg(feature = "mistakes")]
use crate::mistake::planted;
use ledger::Ledger;

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
                ledger: Ledger { db, tool_use },
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
                Err(RecordsError::Fenced) => {
                    tracing::info!("another node has the call: the calendar stays as it is");
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
    ledger: Ledger<'a>,
    /// From 0.
    #[cfg(feature = "mistakes")]
    attempt: u32,
    clock: Clock,
    chance: &'a Chance,
    tool_use: &'a ToolUse,
    calendar: Calendar<'a>,
}

/// An appointment to book.
struct Wanted {
    lead: LeadId,
    start: Timestamp,
    length: Duration,
    notes: Option<String>,
    additional: bool,
}

impl Operation<'_> {
    async fn run(&self) -> Result<CalendarOutcome, RecordsError> {
        let ToolUse { tool, call, writer, lead, .. } = self.tool_use;
        let arguments = CalendarArguments::read(*tool, &call.arguments, &self.calendar, writer);
        match (arguments, *lead) {
            (Ok(CalendarArguments::Find { around, length }), _) => self.find(around, length).await,
            (Ok(CalendarArguments::Create { start, length, notes, additional }), Some(lead)) => {
                let start = match start {
                    Ok(start) => start,
                    Err(unclear) => return self.unclear(unclear, length).await,
                };
                let wanted = Wanted { lead, start, length, notes, additional };
                self.create(wanted).await
            }
            (Ok(CalendarArguments::Reschedule { which, to }), Some(lead)) => {
                self.reschedule(lead, which, to).await
            }
            (Ok(CalendarArguments::Cancel(which)), Some(lead)) => self.cancel(lead, which).await,
            (
                Ok(
                    CalendarArguments::Create { .. }
                    | CalendarArguments::Reschedule { .. }
                    | CalendarArguments::Cancel(_),
                ),
                None,
            ) => Ok(CalendarOutcome::Refused(CalendarError::Failed, None)),
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

    async fn create(&self, wanted: Wanted) -> Result<CalendarOutcome, RecordsError> {
        let Wanted { lead, start, length, notes, additional } = wanted;
        let refusal = match self.calendar.slot_at(start, length) {
            // This may repeat a call whose time has passed since. Its booking still stands.
            Err(error) => match self.booked_before(lead, start).await? {
                Some(record) => return Ok(repeated(&record)),
                None => CalendarError::Slot(error),
            },
            Ok(slot) => {
                #[cfg(feature = "mistakes")]
                let (slot, additional) = if planted!(DoubleBooking if self.attempt > 0) {
                    (self.free_from(start, length).await?.unwrap_or(slot), true)
                } else {
                    (slot, additional)
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
                    additional,
                };
                let (id, now) = (new.id, self.calendar.now());
                match self.ledger.book(new, now).await {
                    Ok(record) if record.id == id => {
                        tracing::info!(appointment = %record.id.0, "appointment booked");
                        return Ok(CalendarOutcome::Booked(booked_appointment(&record)));
                    }
                    Ok(record) => return Ok(repeated(&record)),
                    Err(BookingError::AlreadyHolds(held)) => {
                        let held = held.iter().map(booked_appointment).collect();
                        return Ok(CalendarOutcome::Mine {
                            why: CalendarError::AlreadyHolds,
                            held,
                        });
                    }
                    Err(BookingError::SlotTaken) => CalendarError::Taken,
                    Err(BookingError::InvalidTimes) => CalendarError::Length,
                    Err(BookingError::Records(error)) => return Err(error),
                }
            }
        };
        self.refuse(refusal, start, length).await
    }

    /// Refuses a start, and offers what is free around it.
    async fn refuse(
        &self,
        error: CalendarError,
        start: Timestamp,
        length: Duration,
    ) -> Result<CalendarOutcome, RecordsError> {
        let local = start.to_zoned(self.calendar.zone().clone()).datetime();
        let free = self.free_near(local, length).await?;
        Ok(CalendarOutcome::Refused(error, free))
    }

    /// Refuses a start that can mean several moments, and offers those that are free (CAL-7).
    async fn unclear(
        &self,
        unclear: UnclearStart,
        length: Duration,
    ) -> Result<CalendarOutcome, RecordsError> {
        let free = match self.free_among(&unclear.meant, length).await? {
            Some(free) => Some(free),
            None => self.free_near(unclear.clock, length).await?,
        };
        Ok(CalendarOutcome::Refused(CalendarError::Unclear(unclear), free))
    }

    /// What this tool call has booked before, or the lead's booked appointment at this time.
    async fn booked_before(
        &self,
        lead: LeadId,
        start: Timestamp,
    ) -> Result<Option<AppointmentRecord>, RecordsError> {
        if let Some(record) = self.ledger.by_key(&self.idempotency_key()).await? {
            return Ok(Some(record));
        }
        Ok(self.held_at(lead, start).await?.filter(|held| held.status == AppointmentStatus::Booked))
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

/// A booking that was made before.
fn repeated(record: &AppointmentRecord) -> CalendarOutcome {
    match record.status {
        AppointmentStatus::Booked => CalendarOutcome::BookedBefore(booked_appointment(record)),
        AppointmentStatus::Cancelled => CalendarOutcome::Refused(CalendarError::Cancelled, None),
    }
}

fn booked_appointment(record: &AppointmentRecord) -> BookedAppointment {
    BookedAppointment { id: record.id.0, start: record.starts_at, end: record.ends_at }
}

#[cfg(test)]
#[cfg(feature = "mistakes")]
mod tests;
