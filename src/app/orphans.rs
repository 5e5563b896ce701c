//! Calls that the database still has as live, or as unfinished, while no living node has them: the process
//! that had them died.
//!
//! Most come back by themselves: Twilio asks to resume them. If Twilio says that a call is over, it is brought
//! to its end from its snapshot. The others are looked at again until they run or are over. One daemon looks
//! at a time (RES-9).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use actors::call::records::row_status;
use actors::call_parts::Services;
use actors::cluster::{Errand, ErrandLock};
use actors::messages::JournalEntry;
use actors::stored_call;
use actors::supervisor::Calls;
use actors::twilio_rest::Known;
use entities::RecordsError;
use entities::calls::CallRecord;
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
/// How long a call of a node that seems dead is left alone. The node may only be cut off from the database:
/// then it writes the rest itself.
pub(super) const LEFT_ALONE: Duration = Duration::from_mins(5);

/// Who can tell how a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    Twilio,
    /// Nobody: calls of the practice account die with the process.
    Practice,
}

/// What dead nodes have left.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    /// Calls without an end.
    live: Vec<CallRecord>,
    /// Calls with an end, and with a snapshot: something of them was not finished.
    unfinished: Vec<CallSid>,
}

impl Orphans {
    /// Those that are there now.
    ///
    /// # Errors
    /// [`RecordsError`] if the database can't be reached.
    pub(super) async fn find(services: &Services) -> Result<Self, RecordsError> {
        let (database, living) = (&services.database, services.node.living());
        Ok(Self {
            live: entities::calls::live_beside(database, living.clone()).await?,
            unfinished: entities::call_snapshots::left_behind(database, living).await?,
        })
    }

    fn is_empty(&self) -> bool {
        self.live.is_empty() && self.unfinished.is_empty()
    }

    fn calls(&self) -> impl Iterator<Item = &CallSid> {
        self.live.iter().map(|call| &call.call_sid).chain(&self.unfinished)
    }
}

/// What is known of an orphan.
enum Fate {
    /// It is over, perhaps with this status and duration.
    Over(Option<(CallStatus, Option<u32>)>),
    /// It goes on at Twilio, or Twilio could not say.
    Open,
    /// It runs here.
    Resumed,
}

/// Brings orphans to their end.
pub(super) struct Sweep {
    pub(super) services: Services,
    pub(super) calls: Calls,
    pub(super) carrier: Carrier,
}

impl Sweep {
    /// Ends what a former run has left, until nothing of it is open. Among several daemons it goes on, since
    /// another one may die.
    pub(super) async fn run(&self, found: Orphans) {
        let goes_on = self.services.node.is_shared() && self.carrier == Carrier::Twilio;
        let now = self.services.clock.now();
        let mut ripe_at: BTreeMap<_, _> = found.calls().map(|call| (call.clone(), now)).collect();
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
                found = self.ripe(&mut ripe_at).await;
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

    /// The orphans of now that have been left alone long enough.
    async fn ripe(&self, ripe_at: &mut BTreeMap<CallSid, Instant>) -> Orphans {
        let found = Orphans::find(&self.services).await;
        let Ok(mut found) = found.inspect_err(|error| {
            tracing::debug!(%error, "calls of dead nodes are looked at later");
        }) else {
            return Orphans::default();
        };
        let now = self.services.clock.now();
        let before = std::mem::take(ripe_at);
        for call in found.calls() {
            let at = before.get(call).copied().unwrap_or(now + LEFT_ALONE);
            ripe_at.insert(call.clone(), at);
        }
        let is_ripe = |call: &CallSid| ripe_at.get(call).is_some_and(|at| *at <= now);
        found.live.retain(|call| is_ripe(&call.call_sid));
        found.unfinished.retain(is_ripe);
        found
    }

    /// Ends those that are over. Returns the others.
    async fn look_at(&self, found: Orphans, is_first: bool) -> Orphans {
        let Self { services, calls, carrier } = self;
        for call in &found.unfinished {
            if let Err(error) = stored_call::finish(services, calls, call, None).await {
                tracing::error!(%error, %call, "a call that is over could not be finished");
            }
        }
        let count = found.live.len();
        let mut open = Vec::new();
        let (mut ended, mut resumed) = (0_usize, 0_usize);
        for call in found.live {
            match fate(services, calls, &call, *carrier).await {
                Fate::Over(last) => {
                    end_one(services, calls, &call, last).await;
                    ended += 1;
                }
                Fate::Open => open.push(call),
                Fate::Resumed => resumed += 1,
            }
        }
        if count > 0 && (is_first || ended > 0) {
            let open = open.len();
            tracing::info!(found = count, ended, resumed, open, "calls of a run that has died");
        }
        Orphans { live: open, unfinished: Vec::new() }
    }
}

async fn end_one(
    services: &Services,
    calls: &Calls,
    call: &CallRecord,
    last: Option<(CallStatus, Option<u32>)>,
) {
    let (call_sid, business) = (&call.call_sid, call.business_id);
    match stored_call::finish(services, calls, call_sid, last).await {
        Ok(true) => return,
        Ok(false) if calls.find(call_sid.clone()).await.is_some() => return,
        Ok(false) => {}
        Err(error) => {
            tracing::error!(%error, call = %call_sid, %business, "a snapshot could not be read");
        }
    }
    let last = last.map(|(status, secs)| {
        (row_status(status), secs.map(|secs| Duration::from_secs(secs.into())))
    });
    let now = services.clock.wall();
    let entry = JournalEntry::ended(business, call_sid.clone(), ENDING, last, now);
    services.journal.record(entry);
    services.metrics.ended(ENDING.reason);
}

async fn fate(services: &Services, calls: &Calls, call: &CallRecord, carrier: Carrier) -> Fate {
    if calls.find(call.call_sid.clone()).await.is_some() {
        return Fate::Resumed;
    }
    if carrier == Carrier::Practice {
        return Fate::Over(None);
    }
    match services.twilio.look_up(&call.call_sid).await {
        Ok(Known::Call(known)) if !known.status.is_terminal() => Fate::Open,
        Ok(Known::Call(known)) => Fate::Over(Some((known.status, known.duration_secs))),
        Ok(Known::Nothing) => Fate::Over(None),
        Err(why) => {
            let (call, business) = (&call.call_sid, call.business_id);
            tracing::warn!(%call, %business, why, "Twilio could not say whether a call goes on");
            Fate::Open
        }
    }
}
