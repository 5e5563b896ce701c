//! What one use of a tool of the calendar's does in the database.

use std::time::Duration;

use entities::RecordsError;
use entities::appointments::{
    self, AppointmentId, AppointmentRecord, AppointmentStatus, Authority, BookingError,
    NewAppointment, Selector,
};
use jiff::Timestamp;
use jiff::civil::Date;
use protocol::calendar::{
    AppointmentKey, BookedAppointment, Calendar, CalendarArguments, CalendarError, CalendarOutcome,
    FreeSlots, ReplyWriter, RequestedDate, SEARCH_DAYS, TimeRange,
};
use protocol::ids::{LeadId, ToolCallId};
use sea_orm::DatabaseConnection;

use crate::clock::Clock;
use crate::messages::{Answer, ToolUse};

/// How often something that the database failed is tried, and the pause between.
const TRIES: u32 = 3;
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// How long one use may take: far longer than a call waits, so that what takes long is still booked,
/// and not so long that a database which hangs holds the business's line for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// Does it, and says what became of it.
pub(super) async fn carry_out(db: &DatabaseConnection, clock: Clock, used: &ToolUse) -> Answer {
    let tried = async {
        for _ in 0..TRIES {
            let desk =
                Desk { db, clock, used, calendar: Calendar::of(&used.settings, clock.wall()) };
            match desk.perform().await {
                Ok(done) => return Some(Answer { told: desk.replies().write(&done), done }),
                Err(RecordsError::NotFound) => {
                    tracing::error!(tool = used.tool.name(), "the lead is not the business's");
                    return None;
                }
                Err(
                    error @ (RecordsError::Database(_)
                    | RecordsError::Conflict
                    | RecordsError::Corrupt { .. }),
                ) => {
                    let tool = used.tool.name();
                    tracing::error!(%error, tool, "the calendar could not be asked");
                }
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
        None
    };
    let done = tokio::time::timeout(PATIENCE, tried).await.ok().flatten();
    done.unwrap_or_else(|| Answer::refused(&used.settings.language, &CalendarError::Failed))
}

struct Desk<'a> {
    db: &'a DatabaseConnection,
    clock: Clock,
    used: &'a ToolUse,
    calendar: Calendar<'a>,
}

impl Desk<'_> {
    async fn perform(&self) -> Result<CalendarOutcome, RecordsError> {
        let used = self.used;
        let arguments = CalendarArguments::read(used.tool, &used.call.arguments, &self.calendar);
        match (arguments, used.lead) {
            (Ok(CalendarArguments::Find { around, length }), _) => self.find(around, length).await,
            (Ok(CalendarArguments::Create { start, length, notes }), Some(lead)) => {
                self.create(lead, start, length, notes).await
            }
            (Ok(CalendarArguments::Cancel(key)), Some(lead)) => self.cancel(lead, key).await,
            (Err(CalendarError::Which), Some(lead)) => self.which_of(lead).await,
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
            // RequestedDate for again when the time has passed, what was booked in time still stands.
            Err(error) => match self.booked_before(lead, start).await? {
                Some(there) => return Ok(booked(&there)),
                None => CalendarError::Slot(error),
            },
            Ok(slot) => {
                let wanted = NewAppointment {
                    id: AppointmentId(self.clock.new_id()),
                    lead_id: lead,
                    call_sid: self.used.call_sid.clone(),
                    starts_at: slot.start,
                    ends_at: slot.end,
                    busy_until: slot.busy_until,
                    notes,
                    idempotency_key: Some(self.key()),
                };
                let now = self.calendar.now();
                match appointments::book(self.db, self.used.business, wanted, now).await {
                    Ok(record) => return Ok(booked(&record)),
                    Err(BookingError::SlotTaken) => CalendarError::Taken,
                    Err(BookingError::InvalidTimes) => CalendarError::Length,
                    Err(BookingError::Records(error)) => return Err(error),
                }
            }
        };
        let shown = start.to_zoned(self.calendar.zone().clone());
        let date = shown.date().max(self.calendar.today());
        let asked = RequestedDate { date, time: Some(shown.time()) };
        let free = self.free_around(asked, length).await?;
        Ok(CalendarOutcome::Refused(refusal, free))
    }

    async fn cancel(
        &self,
        lead: LeadId,
        key: AppointmentKey,
    ) -> Result<CalendarOutcome, RecordsError> {
        let business = self.used.business;
        let which = match key {
            AppointmentKey::Id(id) => Selector::Id(AppointmentId(id)),
            AppointmentKey::Start(start) => Selector::StartsAt(start),
        };
        let Some(meant) = appointments::of_lead(self.db, business, lead, which).await? else {
            return Ok(CalendarOutcome::Refused(CalendarError::NoSuchAppointment, None));
        };
        if meant.status == AppointmentStatus::Booked {
            if meant.ends_at <= self.calendar.now() {
                return Ok(CalendarOutcome::Refused(CalendarError::Over, None));
            }
            let mine = Authority::Lead(lead);
            appointments::cancel(self.db, business, mine, Selector::Id(meant.id)).await?;
            tracing::info!(appointment = %meant.id.0, "appointment cancelled");
        }
        Ok(CalendarOutcome::Cancelled(told(&meant)))
    }

    async fn which_of(&self, lead: LeadId) -> Result<CalendarOutcome, RecordsError> {
        let (business, now) = (self.used.business, self.calendar.now());
        let mine = appointments::of_lead_upcoming(self.db, business, lead, now).await?;
        Ok(CalendarOutcome::WhichOf(mine.iter().map(told).collect()))
    }

    /// What this tool call has booked before, or what this lead already holds then.
    async fn booked_before(
        &self,
        lead: LeadId,
        start: Timestamp,
    ) -> Result<Option<AppointmentRecord>, RecordsError> {
        let business = self.used.business;
        if let Some(there) = appointments::by_key(self.db, business, &self.key()).await? {
            return Ok(Some(there));
        }
        let held =
            appointments::of_lead(self.db, business, lead, Selector::StartsAt(start)).await?;
        Ok(held.filter(|held| held.status == AppointmentStatus::Booked))
    }

    /// The slots nearest to what was asked for: on that day, else on the next that has some.
    async fn free_around(
        &self,
        asked: RequestedDate,
        length: Duration,
    ) -> Result<Option<FreeSlots>, RecordsError> {
        let last = self.calendar.last_day();
        let mut days = Some((asked.date, asked.date));
        while let Some((from, until)) = days.filter(|(from, _)| *from <= last) {
            if let Some(range) = self.calendar.range(from, until, length) {
                let taken = self.taken(range).await?;
                let days = (from, until);
                let found = self.calendar.next_free(days, asked.time, length, &taken);
                if let Some((date, slots)) = found {
                    return Ok(Some(FreeSlots { date, slots }));
                }
            }
            days = following(until, last);
        }
        Ok(None)
    }

    async fn taken(&self, range: TimeRange) -> Result<Vec<TimeRange>, RecordsError> {
        let business = self.used.business;
        let booked = appointments::between(self.db, business, range.from, range.until).await?;
        Ok(booked
            .iter()
            .map(|one| TimeRange { from: one.starts_at, until: one.busy_until })
            .collect())
    }

    /// The model's ids are its own to choose: with the call's, nobody else's tool call has this key.
    fn key(&self) -> ToolCallId {
        let id = &self.used.call.call;
        let of_call = self.used.call_sid.as_ref().map(|call_sid| format!("{call_sid}/{id}"));
        of_call.and_then(|key| ToolCallId::parse(&key).ok()).unwrap_or_else(|| id.clone())
    }

    fn replies(&self) -> ReplyWriter<'_> {
        let used = self.used;
        let language = &used.settings.language;
        ReplyWriter::new(&self.calendar, language, used.tool, &used.call.arguments)
    }
}

/// The days after `until` that are looked at next.
fn following(until: Date, last: Date) -> Option<(Date, Date)> {
    let from = until.tomorrow().ok()?;
    let days = jiff::Span::new().days(SEARCH_DAYS - 1);
    Some((from, from.saturating_add(days).min(last)))
}

fn booked(record: &AppointmentRecord) -> CalendarOutcome {
    match record.status {
        AppointmentStatus::Booked => {
            tracing::info!(appointment = %record.id.0, "appointment booked");
            CalendarOutcome::Booked(told(record))
        }
        AppointmentStatus::Cancelled => CalendarOutcome::Refused(CalendarError::Cancelled, None),
    }
}

fn told(record: &AppointmentRecord) -> BookedAppointment {
    BookedAppointment { id: record.id.0, start: record.starts_at, end: record.ends_at }
}
