//! LeadActor: finds or creates the call's lead, and stores what the caller says (LEAD-1, LEAD-2).
//!
//! The lead of a test call is kept in memory (`test_records`).
//!
//! It carries out one order at a time, in a task. An order stays in the inbox until CallActor has
//! its result. Carrying it out twice is harmless.

mod details;

use std::sync::Arc;
use std::time::Duration;

use entities::RecordsError;
use entities::leads::{self, ChangedBy, LeadChanges, LeadRecord};
use protocol::call::{Event, FunctionCall, LeadFacts, ToolOutcome};
use protocol::ids::{LeadId, PhoneNumber};
use protocol::twilio::forms::Party;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use serde_json::json;
use supervision::{Alarm, Delivery, Serial, TaskCrashed, TaskGroup};

use crate::call_parts::CallParts;
use crate::introspection::{CRASH_REQUESTED, Registration};
use crate::messages::{EntryKind, JournalEntry, LeadOrder, PersonOfCall};
#[cfg(feature = "mistakes")]
use crate::mistake::planted;
use crate::outage::Outage;
use crate::trace::{self, Source};
pub use details::{Author, Details, Wrong};

/// The pause before an order is retried after a database error.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) enum LeadMsg {
    /// Something waits in the inbox.
    Wake,
    /// Retry the order that failed.
    Alarm,
    /// The order with this number is carried out, and CallActor has the result.
    Done {
        number: u64,
        lead: LeadId,
    },
    /// The order with this number can never be carried out.
    Refused(u64),
    /// The database failed. The order with this number stays.
    Failed {
        number: u64,
        error: RecordsError,
    },
    TaskCrashed(TaskCrashed),
    /// Panic on purpose, to show that the call survives it.
    Crash,
}

pub(crate) struct LeadActor;

pub(crate) struct LeadArgs {
    pub(crate) parts: Arc<CallParts>,
    pub(crate) tasks: TaskGroup,
    pub(crate) registration: Registration,
}

pub(crate) struct LeadState {
    parts: Arc<CallParts>,
    inbox: Serial<LeadOrder, LeadMsg>,
    tasks: TaskGroup,
    lead: Option<LeadId>,
    /// On since the database failed.
    outage: Outage,
    registration: Registration,
}

impl Actor for LeadActor {
    type Msg = LeadMsg;
    type State = LeadState;
    type Arguments = LeadArgs;

    async fn pre_start(
        &self,
        me: ActorRef<LeadMsg>,
        args: LeadArgs,
    ) -> Result<LeadState, ActorProcessingErr> {
        me.cast(LeadMsg::Wake)?;
        args.registration.allow_crash(&me, || LeadMsg::Crash);
        args.tasks.report_panics_to(me.clone(), LeadMsg::TaskCrashed);
        let reader = args.parts.lead.attach(me.clone(), || LeadMsg::Wake);
        let alarm = Alarm::new(me, || LeadMsg::Alarm);
        let lead = args.parts.snapshot.borrow().call.lead().id;
        Ok(LeadState {
            inbox: Serial::new(reader, alarm, RETRY_PAUSE),
            tasks: args.tasks,
            lead,
            outage: Outage::default(),
            registration: args.registration,
            parts: args.parts,
        })
    }

    async fn handle(
        &self,
        me: ActorRef<LeadMsg>,
        message: LeadMsg,
        state: &mut LeadState,
    ) -> Result<(), ActorProcessingErr> {
        trace::handler(&state.registration, format_args!("{message:?}"));
        match message {
            LeadMsg::Wake => state.inbox.woken(),
            LeadMsg::Alarm => state.inbox.retry(),
            LeadMsg::Done { number, lead } => {
                if let Some(failures) = state.outage.ended() {
                    tracing::info!(failures, "the lead is written");
                }
                state.lead = Some(lead);
                trace::done(&state.registration, number);
                state.inbox.done(number);
            }
            LeadMsg::Refused(number) => state.inbox.done(number),
            LeadMsg::Failed { number, error } => state.failed(number, &error),
            LeadMsg::TaskCrashed(crashed) => return Err(crashed.into()),
            LeadMsg::Crash => panic!("{CRASH_REQUESTED}"),
        }
        state.start_next(&me);
        state.registration.set_state(if state.inbox.is_busy() { "working" } else { "idle" });
        state.registration.handled(state.parts.clock.now());
        Ok(())
    }
}

impl LeadState {
    fn failed(&mut self, number: u64, error: &RecordsError) {
        let now = self.parts.clock.now();
        if let Some(failures) = self.outage.failed(now) {
            tracing::error!(%error, failures, "writing the lead failed; trying again");
        }
        self.inbox.failed(number, now);
    }

    fn start_next(&mut self, me: &ActorRef<LeadMsg>) {
        let Some(delivery) = self.inbox.start_next() else { return };
        trace::taken(&self.registration, &delivery);
        let Delivery { number, event, .. } = delivery;
        let (me, parts, lead) = (me.clone(), Arc::clone(&self.parts), self.lead);
        let work = async move {
            let message = match carry_out(&parts, lead, &event).await {
                Ok((lead, events)) => {
                    for event in events {
                        // A closed inbox means that the call is over.
                        let _ = parts.call.send(event).await;
                    }
                    LeadMsg::Done { number, lead }
                }
                Err(error @ RecordsError::Database(_)) => LeadMsg::Failed { number, error },
                Err(error) => {
                    tracing::error!(%error, "the database refused a change of the lead");
                    if let LeadOrder::Update(FunctionCall { call, .. }) = &*event {
                        let (call, outcome) = (call.clone(), not_saved());
                        let _ = parts.call.send(Event::ToolFinished { call, outcome }).await;
                    }
                    LeadMsg::Refused(number)
                }
            };
            // If the actor crashed meanwhile, its successor receives the order again.
            let _ = me.cast(message);
        };
        self.tasks.spawn("lead", Source::actor(&self.registration).task("lead", work));
    }
}

/// Gives the journal what is left to write after LeadActor has stopped, so that a caller who hangs up
/// early loses nothing. `more` are orders that had not reached the inbox.
pub(crate) fn finish_orders(parts: &CallParts, more: Vec<LeadOrder>) {
    let inbox = parts.lead.attach_with(|| {});
    // They only move: an order that is at its last attempt is not dropped.
    let waiting = inbox.peek(usize::MAX);
    if let Some((last, _)) = waiting.last() {
        inbox.ack_through(*last);
    }
    let mut left: Vec<_> = waiting.iter().map(|(_, order)| LeadOrder::clone(order)).collect();
    left.extend(more);
    if left.is_empty() || parts.setup.is_test {
        return;
    }
    let is_owed = left.iter().any(|order| matches!(order, LeadOrder::Ensure));
    let known = parts.snapshot.borrow().call.lead().id;
    let mut person = PersonOfCall {
        phone: parts.setup.person.number().cloned(),
        lead: known.filter(|_| !is_owed),
        changes: Vec::new(),
        status: None,
        at: parts.clock.wall(),
    };
    let (fields, home) = (parts.setup.settings.lead_fields(), &parts.setup.business_number);
    for order in left {
        match order {
            LeadOrder::Ensure => {}
            LeadOrder::SetStatus(status) => person.status = Some(status.into()),
            LeadOrder::Update(FunctionCall { arguments, .. }) => {
                // Nobody is left to hear of bad arguments.
                if let Ok(details) = Details::read(&arguments, &fields, home) {
                    person.changes.push(details.changes);
                }
            }
        }
    }
    let (business, call) = (parts.setup.business, parts.setup.call_sid.clone());
    let kind = EntryKind::Person(Box::new(person));
    parts.services.journal.record(JournalEntry { business, call, kind, lease: parts.fence() });
}

async fn carry_out(
    parts: &CallParts,
    lead: Option<LeadId>,
    order: &LeadOrder,
) -> Result<(LeadId, Vec<Event>), RecordsError> {
    let (db, business) = (&parts.services.database, parts.setup.business);
    let lead = match lead {
        Some(lead) if !matches!(order, LeadOrder::Ensure) => lead,
        Some(_) | None => {
            let record = ensure(parts).await?;
            if matches!(order, LeadOrder::Ensure) {
                return Ok((record.id, vec![lead_known(&record, [])]));
            }
            record.id
        }
    };
    let merge = async |changes, status| {
        if let Some(test) = &parts.test {
            return test.merge_lead(changes, status).ok_or(RecordsError::NotFound);
        }
        let by = ChangedBy::Call { call_sid: parts.setup.call_sid.clone() };
        leads::merge_details(db, business, lead, changes, status, by, parts.clock.wall()).await
    };
    let (call, arguments) = match order {
        LeadOrder::Ensure => return Ok((lead, Vec::new())),
        LeadOrder::SetStatus(status) => {
            merge(LeadChanges::default(), Some((*status).into())).await?;
            return Ok((lead, Vec::new()));
        }
        LeadOrder::Update(FunctionCall { call, arguments, .. }) => (call.clone(), arguments),
    };
    let (fields, home) = (parts.setup.settings.lead_fields(), &parts.setup.business_number);
    let details = match Details::read(arguments, &fields, home) {
        Ok(details) => details,
        Err(refusal) => {
            let outcome = ToolOutcome::new(refusal.output(), false);
            return Ok((lead, vec![Event::ToolFinished { call, outcome }]));
        }
    };
    let record = merge(details.changes.clone(), None).await?;
    let outcome = ToolOutcome::new(details.output(), details.is_valid());
    let events = vec![lead_known(&record, details.saved()), Event::ToolFinished { call, outcome }];
    Ok((lead, events))
}

/// `update_lead_details` in a written conversation: reads the arguments, writes what is valid, and says
/// what was saved, refused and ignored (LEAD-2).
pub(crate) async fn update_in_writing(
    arguments: &str,
    fields: &[&str],
    home: &PhoneNumber,
    write: impl AsyncFnOnce(LeadChanges) -> Result<LeadRecord, RecordsError>,
) -> Result<(ToolOutcome, Option<LeadFacts>), RecordsError> {
    let details = match Details::read(arguments, fields, home) {
        Ok(details) => details,
        Err(refusal) => return Ok((ToolOutcome::new(refusal.output(), false), None)),
    };
    let record = write(details.changes.clone()).await?;
    let outcome = ToolOutcome::new(details.output(), details.is_valid());
    Ok((outcome, Some(facts(&record, details.saved()))))
}

fn not_saved() -> ToolOutcome {
    let output = json!({ "ok": false, "error": "this could not be saved" }).to_string();
    ToolOutcome::new(output, false)
}

async fn ensure(parts: &CallParts) -> Result<LeadRecord, RecordsError> {
    if let Some(test) = &parts.test {
        let id = LeadId(parts.services.new_id());
        return Ok(test.ensure_lead(&parts.setup, id, parts.clock.wall()));
    }
    let caller = match &parts.setup.person {
        Party::Known(number) => leads::Caller::Known(number),
        Party::Withheld => leads::Caller::Withheld,
    };
    let business = parts.setup.business;
    #[cfg(feature = "mistakes")]
    let business = if planted!(ForeignLead if parts.setup.person == Party::Withheld) {
        first_business(parts).await?.unwrap_or(business)
    } else {
        business
    };
    let ensured = leads::ensure_for_call(
        &parts.services.database,
        business,
        caller,
        &parts.setup.call_sid,
        LeadId(parts.services.new_id()),
        parts.clock.wall(),
    )
    .await?;
    tracing::info!(lead = %ensured.record.id, created = ensured.created, "lead");
    Ok(ensured.record)
}

#[cfg(feature = "mistakes")]
async fn first_business(
    parts: &CallParts,
) -> Result<Option<protocol::ids::BusinessId>, RecordsError> {
    let listed = entities::businesses::list(&parts.services.database, None, 1).await?;
    Ok(listed.items.first().map(|business| business.id))
}

fn lead_known(record: &LeadRecord, captured: impl IntoIterator<Item = String>) -> Event {
    let lead = facts(record, captured);
    Event::LeadKnown { lead }
}

/// Turns a lead's row into the facts that a call works with.
pub fn facts(record: &LeadRecord, captured: impl IntoIterator<Item = String>) -> LeadFacts {
    let mut known = record.fields.0.clone();
    let person = [
        ("full_name", record.full_name.clone()),
        ("email", record.email.clone()),
        ("phone", record.phone.as_ref().map(ToString::to_string)),
    ];
    known.extend(person.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    LeadFacts { id: Some(record.id), known, captured: captured.into_iter().collect() }
}

#[cfg(test)]
#[cfg(feature = "mistakes")]
mod tests;
