//! JournalActor: writes turns and call records to the database, in the order in which they come, and
//! never makes a call wait. What it could not write stays in its port and is tried again; what is
//! written twice changes nothing.

use std::sync::Arc;
use std::time::Duration;

use entities::RecordsError;
use entities::call_turns::{self, TurnRole, TurnRow};
use entities::calls::{self, CallDirection, CallStatus, EndOfCall, NewCall, Progress};
use jiff::Timestamp;
use protocol::call::{AgentSpeech, Body, Call, CallSetup, Ending, Entry, Record, Role};
use protocol::ids::{BusinessId, CallSid, LeadId};
use protocol::openai::usage::{cost_micro_usd, transcription_cost_micro_usd};
use protocol::twilio::forms::Direction;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use sea_orm::DatabaseConnection;
use serde_json::json;

use crate::alarm::Alarm;
use crate::call_parts::CallParts;
use crate::clock::Clock;
use crate::port::{Begun, Port, Reader};
use crate::supervision::introspection::Card;
use crate::supervision::tasks::{TaskCrashed, TaskGroup};

/// Entries that may wait; a call with more keeps them itself.
pub const WAITING: usize = 4096;

/// The pause before an entry that the database failed is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// Something to be written down.
#[derive(Debug, Clone)]
pub struct JournalEntry {
    business: BusinessId,
    call: CallSid,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Started(Box<NewCall>),
    Turn(Box<TurnRow>),
    Lead(LeadId),
    Progress(Progress),
    Ended(Box<EndOfCall>),
}

impl JournalEntry {
    /// A record of this call.
    #[must_use]
    pub fn new(parts: &CallParts, call: &Call, record: Record) -> Self {
        let what = match record {
            Record::Started => {
                let (status, began) = (CallStatus::InProgress, call.began().wall);
                What::Started(Box::new(new_call(&parts.setup, status, began)))
            }
            Record::Answered(at) => {
                What::Progress(Progress { status: CallStatus::InProgress, answered_at: Some(at) })
            }
            Record::Turn(entry) => What::Turn(Box::new(turn(&entry))),
            Record::Lead(lead) => What::Lead(lead),
            Record::Ended(ending) => What::Ended(Box::new(EndOfCall {
                ended_at: parts.clock.wall(),
                end_reason: ending.reason.as_str().to_owned(),
                ended_by: ending.by.as_str().to_owned(),
                status: call.status().map(row_status),
                duration: call.duration_secs().map(|secs| Duration::from_secs(secs.into())),
                stats: Some(stats(parts, call)),
            })),
        };
        Self { business: parts.setup.business, call: parts.setup.call_sid.clone(), what }
    }

    /// A call that was placed, and rings nowhere yet (CALL-7).
    #[must_use]
    pub fn placed(business: BusinessId, call: NewCall) -> Self {
        let call_sid = call.call_sid.clone();
        Self { business, call: call_sid, what: What::Started(Box::new(call)) }
    }

    /// Whose lead a call is.
    #[must_use]
    pub fn lead(business: BusinessId, call: CallSid, lead: LeadId) -> Self {
        Self { business, call, what: What::Lead(lead) }
    }

    /// How far Twilio says a call has come that is not over.
    #[must_use]
    pub fn progress(
        business: BusinessId,
        call: CallSid,
        status: CallStatus,
        at: Timestamp,
    ) -> Self {
        let answered_at = (status == CallStatus::InProgress).then_some(at);
        Self { business, call, what: What::Progress(Progress { status, answered_at }) }
    }

    /// The end of a call of which nothing runs here: it never began to, or is gone already.
    #[must_use]
    pub fn ended(
        business: BusinessId,
        call: CallSid,
        ending: Ending,
        told: Option<(CallStatus, Option<Duration>)>,
        at: Timestamp,
    ) -> Self {
        let end = EndOfCall {
            ended_at: at,
            end_reason: ending.reason.as_str().to_owned(),
            ended_by: ending.by.as_str().to_owned(),
            status: told.map(|(status, _)| status),
            duration: told.and_then(|(_, duration)| duration),
            stats: None,
        };
        Self { business, call, what: What::Ended(Box::new(end)) }
    }

    async fn write(&self, db: &DatabaseConnection) -> Result<(), RecordsError> {
        let (business, call) = (self.business, &self.call);
        match &self.what {
            What::Started(new) => {
                calls::insert_started(db, business, NewCall::clone(new)).await.map(drop)
            }
            What::Turn(row) => {
                call_turns::upsert_many(db, business, call, std::slice::from_ref(row)).await
            }
            What::Lead(lead) => calls::link_lead(db, business, call, *lead).await,
            What::Progress(progress) => calls::record_progress(db, business, call, *progress).await,
            What::Ended(end) => {
                calls::record_end(db, business, call, EndOfCall::clone(end)).await.map(drop)
            }
        }
    }
}

/// JournalActor's messages.
#[derive(Debug)]
pub enum JournalMsg {
    /// Something waits in the port.
    Doorbell,
    /// An entry that failed is to be tried again.
    Alarm,
    /// The entry with this number is written, or can never be.
    Written(u64),
    /// The database failed; the entry with this number stays.
    Failed(u64),
    /// The writer panicked.
    TaskCrashed(TaskCrashed),
}

/// The actor.
pub struct JournalActor;

/// What it is started with.
pub struct JournalArgs {
    /// What waits to be written.
    pub port: Port<JournalEntry>,
    /// Where it is written.
    pub database: DatabaseConnection,
    /// The clocks.
    pub clock: Clock,
    /// The tasks of this generation.
    pub tasks: TaskGroup,
    /// Its entry in the introspection.
    pub card: Card,
}

/// JournalActor's state.
pub struct JournalState {
    inbox: Reader<JournalEntry>,
    database: DatabaseConnection,
    clock: Clock,
    tasks: TaskGroup,
    busy: bool,
    alarm: Alarm<JournalMsg>,
    card: Card,
}

impl Actor for JournalActor {
    type Msg = JournalMsg;
    type State = JournalState;
    type Arguments = JournalArgs;

    async fn pre_start(
        &self,
        me: ActorRef<JournalMsg>,
        args: JournalArgs,
    ) -> Result<JournalState, ActorProcessingErr> {
        me.cast(JournalMsg::Doorbell)?;
        args.tasks.tell(me.clone(), JournalMsg::TaskCrashed);
        let inbox = args.port.attach(me.clone(), || JournalMsg::Doorbell);
        Ok(JournalState {
            inbox,
            database: args.database,
            clock: args.clock,
            tasks: args.tasks,
            busy: false,
            alarm: Alarm::new(me, || JournalMsg::Alarm),
            card: args.card,
        })
    }

    async fn handle(
        &self,
        me: ActorRef<JournalMsg>,
        message: JournalMsg,
        state: &mut JournalState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            JournalMsg::Doorbell => state.inbox.answer(),
            JournalMsg::Alarm => {
                state.alarm.rang();
                state.busy = false;
            }
            JournalMsg::Written(number) => {
                state.busy = false;
                state.inbox.remove(number);
            }
            JournalMsg::Failed(number) => {
                state.inbox.not_begun(number);
                state.alarm.set(Some(state.clock.now() + TRY_AGAIN));
            }
            JournalMsg::TaskCrashed(crashed) => return Err(crashed.into()),
        }
        state.write_next(&me);
        state.card.set_state(if state.busy { "writing" } else { "idle" });
        state.card.handled(state.clock.now());
        Ok(())
    }
}

impl JournalState {
    fn write_next(&mut self, me: &ActorRef<JournalMsg>) {
        if self.busy {
            return;
        }
        let Some(Begun { number, event: entry, .. }) = self.inbox.begin_next() else { return };
        self.busy = true;
        let (me, db) = (me.clone(), self.database.clone());
        self.tasks.spawn("journal", async move {
            let message = match entry.write(&db).await {
                Ok(()) => JournalMsg::Written(number),
                Err(error @ RecordsError::Database(_)) => {
                    tracing::error!(%error, "the journal could not be written; trying again");
                    JournalMsg::Failed(number)
                }
                Err(error) => {
                    tracing::error!(%error, call = %entry.call, "a record was refused");
                    JournalMsg::Written(number)
                }
            };
            let _ = me.cast(message);
        });
    }
}

/// The row of a call that begins.
#[must_use]
pub fn new_call(setup: &CallSetup, status: CallStatus, started_at: Timestamp) -> NewCall {
    let person = setup.person.number().cloned();
    let (direction, from_number, to_number) = match setup.direction {
        Direction::Inbound => (CallDirection::Inbound, person, setup.business_number.clone()),
        Direction::Outbound => (
            CallDirection::Outbound,
            Some(setup.business_number.clone()),
            // A person who was called has a number.
            person.unwrap_or_else(|| setup.business_number.clone()),
        ),
    };
    NewCall {
        call_sid: setup.call_sid.clone(),
        direction,
        status,
        from_number,
        to_number,
        lead_id: setup.lead.id,
        prompt_version: setup.prompt_version,
        started_at,
    }
}

fn turn(entry: &Arc<Entry>) -> TurnRow {
    let (cut, heard_ms) = match entry.body {
        Body::Agent { speech: AgentSpeech::Cut, .. } => (true, None),
        Body::Agent { speech: AgentSpeech::Interrupted { heard_ms }, .. } => (true, Some(heard_ms)),
        Body::Agent { speech: AgentSpeech::Coming | AgentSpeech::Whole, .. }
        | Body::Caller { .. }
        | Body::Digits(_)
        | Body::Recorded(_)
        | Body::System(_)
        | Body::ToolCall { .. }
        | Body::ToolOutput { .. } => (false, None),
    };
    TurnRow {
        seq: entry.number,
        role: match entry.role() {
            Role::Caller => TurnRole::Caller,
            Role::Agent => TurnRole::Agent,
            Role::System => TurnRole::System,
            Role::Tool => TurnRole::Tool,
        },
        item_id: entry.item().cloned(),
        text: entry.text(),
        heard_ms,
        cut,
        at: entry.at,
    }
}

/// Twilio's status as it stands in the database.
#[must_use]
pub fn row_status(status: protocol::twilio::forms::CallStatus) -> CallStatus {
    use protocol::twilio::forms::CallStatus as Told;
    match status {
        Told::Queued | Told::Initiated => CallStatus::Queued,
        Told::Ringing => CallStatus::Ringing,
        Told::InProgress => CallStatus::InProgress,
        Told::Completed => CallStatus::Completed,
        Told::Busy => CallStatus::Busy,
        Told::NoAnswer => CallStatus::NoAnswer,
        Told::Failed => CallStatus::Failed,
        Told::Canceled => CallStatus::Canceled,
    }
}

fn stats(parts: &CallParts, call: &Call) -> serde_json::Value {
    let (frames, usage) = (parts.uplink.counters(), call.usage());
    let agent = &parts.setup.settings.agent;
    let transcription =
        transcription_cost_micro_usd(call.transcribed(), &agent.transcription_model);
    let view = call.view(protocol::call::Now { at: parts.clock.now(), wall: parts.clock.wall() });
    json!({
        "age_ms": view.age_ms,
        "greeting_ms": view.latencies.greeting_ms,
        "greeting_added_us": view.latencies.greeting_added_us,
        "barge_ins": view.latencies.barge_ins,
        "barge_in_us": view.latencies.last_barge_in_us,
        "responses": view.responses,
        "incomplete": view.incomplete,
        "frames": { "sent": frames.sent, "blocked": frames.blocked, "padded": frames.padded },
        "tokens": {
            "text_in": usage.text_in, "text_cached": usage.text_cached,
            "audio_in": usage.audio_in, "audio_cached": usage.audio_cached,
            "text_out": usage.text_out, "audio_out": usage.audio_out,
        },
        "transcribed_ms": call.transcribed().as_millis() as u64,
        "cost_micro_usd": cost_micro_usd(usage, &agent.model)
            .zip(transcription)
            .map(|(responses, transcription)| responses.saturating_add(transcription)),
    })
}
