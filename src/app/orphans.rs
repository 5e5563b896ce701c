//! Calls that the database still has as live, or as unfinished, while no living node runs them: the process
//! that had them died, or this node has taken one over and could not go on with it.
//!
//! Most come back by themselves: Twilio asks to resume them. If Twilio says that a call is over, it is brought
//! to its end from its snapshot. The others are looked at again until they run or are over. One daemon looks
//! at a time (RES-9).

use std::collections::BTreeSet;
use std::time::Duration;

use actors::call::records::row_status;
use actors::call_parts::Services;
use actors::cluster::{Errand, ErrandLock, Keeper, Order};
use actors::messages::JournalEntry;
use actors::stored_call;
use actors::supervisor::Calls;
use actors::twilio_rest::Known;
use entities::RecordsError;
use entities::calls::{CallRecord, CallStatus as RowStatus, LeasedCall};
use entities::nodes::OrderRecord;
use jiff::SignedDuration;
use protocol::call::{EndReason, EndedBy, Ending};
use protocol::ids::CallSid;
use protocol::twilio::forms::CallStatus;
use tokio::time::sleep;

/// Their real reason is not known.
const ENDING: Ending = Ending { reason: EndReason::Internal, by: EndedBy::Daemon };
/// How long calls that go on at Twilio are left alone between two looks.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// The pause while another node looks.
const LOCKED_PAUSE: Duration = Duration::from_secs(5);
/// How old a call is before Twilio is asked for it that nobody has answered: it may ring.
const RINGS_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Who can tell how a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    Twilio,
    /// Nobody: calls of the practice account die with the process.
    Practice,
}

/// What dead nodes have left, and what this one has and does not run.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    /// Calls without an end.
    live: Vec<CallRecord>,
    /// Calls with an end, and with a snapshot: something of them was not finished.
    unfinished: Vec<CallSid>,
}

impl Orphans {
    /// Those that are there now. `running` are the calls of this node.
    ///
    /// # Errors
    /// [`RecordsError`] if the database can't be reached.
    pub(super) async fn find(
        services: &Services,
        running: &BTreeSet<CallSid>,
    ) -> Result<Self, RecordsError> {
        let (database, node) = (&services.database, &services.node);
        if node.is_shared() {
            node.look_around().await?;
        }
        let all = node.not_dead();
        let others = all.iter().copied().filter(|other| *other != node.id()).collect();
        let mut live = entities::calls::live_beside(database, others).await?;
        live.retain(|call| !running.contains(&call.call_sid));
        Ok(Self { live, unfinished: entities::call_snapshots::left_behind(database, all).await? })
    }

    fn is_empty(&self) -> bool {
        self.live.is_empty() && self.unfinished.is_empty()
    }
}

/// What is known of an orphan.
enum Fate {
    /// It is over, perhaps with this status and duration.
    Over(LeasedCall, Option<LastStatus>),
    /// It goes on at Twilio, or nobody can say.
    Open(Option<LeasedCall>),
    /// It runs here, or somebody else sees to it.
    Kept,
}

/// Twilio's terminal status, and the call's length in seconds.
type LastStatus = (CallStatus, Option<u32>);

/// Brings orphans to their end.
pub(super) struct Sweep {
    pub(super) services: Services,
    pub(super) calls: Calls,
    pub(super) carrier: Carrier,
}

impl Sweep {
    /// Ends what a former run has left. It goes on: another node may die, and a call that this one has taken over
    /// may not go on here.
    pub(super) async fn run(&self, found: Orphans) {
        let goes_on = self.carrier == Carrier::Twilio;
        let (mut found, mut is_first) = (found, true);
        loop {
            let mut pause = LOOK_AGAIN;
            if !found.is_empty() {
                match self.lock().await {
                    Some(_lock) => {
                        found = self.look_at(found, is_first).await;
                        is_first = false;
                    }
                    None => pause = LOCKED_PAUSE,
                }
            }
            if found.is_empty() && !goes_on {
                return;
            }
            sleep(pause).await;
            if goes_on {
                let running = self.calls.list().await.into_iter();
                let running = running.map(|call| call.parts().setup.call_sid.clone()).collect();
                let looking = Orphans::find(&self.services, &running).await;
                found = looking.unwrap_or_else(|error| {
                    tracing::debug!(%error, "calls of dead nodes are looked at later");
                    Orphans::default()
                });
            }
        }
    }

    /// `None` while another node looks, or while the database can't say.
    async fn lock(&self) -> Option<Box<dyn ErrandLock>> {
        let lock = self.services.node.cluster().try_lock(Errand::Sweep).await;
        lock.unwrap_or_else(|error| {
            tracing::debug!(%error, "calls of dead nodes are looked at later");
            None
        })
    }

    /// Ends those that are over. Returns the others.
    async fn look_at(&self, found: Orphans, is_first: bool) -> Orphans {
        let Self { services, calls, .. } = self;
        for call in &found.unfinished {
            if let Err(error) = stored_call::finish(services, calls, call, None, None).await {
                tracing::error!(%error, %call, "a call that is over could not be finished");
            }
        }
        let count = found.live.len();
        let mut open = Vec::new();
        let (mut ended, mut kept) = (0_usize, 0_usize);
        for call in found.live {
            match self.fate(&call).await {
                Fate::Over(live, last) => {
                    let is_ended = self.end(&call, live, last).await;
                    ended += usize::from(is_ended);
                    open.extend((!is_ended).then_some(call));
                }
                Fate::Open(live) => {
                    self.hang_up_if_ordered(&call, live).await;
                    open.push(call);
                }
                Fate::Kept => kept += 1,
            }
        }
        if count > 0 && (is_first || ended > 0) {
            let open = open.len();
            tracing::info!(found = count, ended, kept, open, "calls of a run that has died");
        }
        Orphans { live: open, unfinished: Vec::new() }
    }

    /// Returns `false` if it is to be looked at again.
    async fn end(&self, call: &CallRecord, live: LeasedCall, last: Option<LastStatus>) -> bool {
        let Self { services, calls, .. } = self;
        let (call_sid, business) = (&call.call_sid, call.business_id);
        match stored_call::finish(services, calls, call_sid, Some(live), last).await {
            Ok(true) => return true,
            Ok(false) if calls.find(call_sid.clone()).await.is_some() => return true,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, call = %call_sid, %business, "a call is finished later");
                return false;
            }
        }
        let last = last.map(|(status, secs)| {
            (row_status(status), secs.map(|secs| Duration::from_secs(secs.into())))
        });
        let now = services.clock.wall();
        let entry = JournalEntry::ended(business, call_sid.clone(), ENDING, last, now);
        services.journal.record(entry);
        services.metrics.ended(ENDING.reason);
        true
    }

    /// An operator's order that the dead node has not carried out.
    async fn hang_up_if_ordered(&self, call: &CallRecord, live: Option<LeasedCall>) {
        let Self { services, calls, .. } = self;
        let Some(lease) = live.and_then(|live| live.lease) else { return };
        let Ok(orders) = services.node.cluster().orders(lease.node).await else { return };
        let is_it = |order: &OrderRecord| {
            order.call.as_ref() == Some(&call.call_sid)
                && serde_json::from_value(order.body.clone()).ok() == Some(Order::HangUp)
        };
        let ordered: Vec<_> = orders.iter().filter(|order| is_it(order)).collect();
        if ordered.is_empty() {
            return;
        }
        if let Err(why) = stored_call::hang_up(services, calls, &call.call_sid).await {
            tracing::error!(%why, call = %call.call_sid, "a call could not be ended for an operator");
            return;
        }
        let done = ordered.into_iter().map(|order| order.id).collect();
        if let Err(error) = services.node.cluster().done(done).await {
            tracing::debug!(%error, "an order that is carried out stays");
        }
    }

    async fn fate(&self, call: &CallRecord) -> Fate {
        let Self { services, calls, carrier } = self;
        let (call_sid, business) = (&call.call_sid, call.business_id);
        if calls.find(call_sid.clone()).await.is_some() {
            return Fate::Kept;
        }
        // Asked before the database is: a call that has ended here meanwhile has its end in the row by then.
        let is_written = services.journal.depth() == 0 && services.journal.disk().waiting() == 0;
        let live = match services.node.keeper_of(call_sid, None).await {
            Ok(Keeper::Here(live)) => live,
            Ok(Keeper::Nobody | Keeper::Another { .. }) => return Fate::Kept,
            Err(error) => {
                tracing::debug!(%error, call = %call_sid, "whose a call is can't be read");
                return Fate::Open(None);
            }
        };
        let age = services.clock.wall().duration_since(call.started_at);
        if services.node.is_shared() && live.lease.is_none() && age < RINGS_FOR {
            return Fate::Open(None);
        }
        let is_own = live.lease.is_some_and(|lease| lease.node == services.node.id());
        if is_own && !is_written {
            return Fate::Open(None);
        }
        if let Some(last) = reported(call) {
            return Fate::Over(live, Some(last));
        }
        if call.is_test {
            // Its line ended in the dead process, and Twilio never heard of it (CON-5).
            return Fate::Over(live, Some((CallStatus::Completed, None)));
        }
        if *carrier == Carrier::Practice {
            return Fate::Over(live, None);
        }
        match services.twilio.look_up(call_sid).await {
            Ok(Known::Call(known)) if !known.status.is_terminal() => Fate::Open(Some(live)),
            Ok(Known::Call(known)) => Fate::Over(live, Some((known.status, known.duration_secs))),
            Ok(Known::Nothing) => Fate::Over(live, None),
            Err(why) => {
                let call = call_sid;
                tracing::warn!(%call, %business, why, "Twilio could not say whether a call goes on");
                Fate::Open(None)
            }
        }
    }
}

/// A terminal status that waits in the record: it came to a node that did not know whether the call's own was dead.
fn reported(call: &CallRecord) -> Option<LastStatus> {
    let status = match call.status {
        RowStatus::Queued | RowStatus::Ringing | RowStatus::InProgress => return None,
        RowStatus::Completed => CallStatus::Completed,
        RowStatus::Busy => CallStatus::Busy,
        RowStatus::NoAnswer => CallStatus::NoAnswer,
        RowStatus::Failed => CallStatus::Failed,
        RowStatus::Canceled => CallStatus::Canceled,
    };
    let secs = call.duration.map(|duration| duration.as_secs());
    Some((status, secs.and_then(|secs| u32::try_from(secs).ok())))
}
