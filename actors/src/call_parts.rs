//! What the actors of one call share: audio queues, inboxes, the last snapshot. CallSupervisor
//! holds it, so it outlives each of the four actors.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use entities::calls::CallLease;
use jiff::Timestamp;
use protocol::call::snapshot::{CallSnapshot, SnapshotError};
use protocol::call::{Call, CallSetup, EndReason, Event, Now, Phase};
use supervision::{Inbox, Lease, RestartPolicy};
use tokio::sync::watch;
use tracing::Span;
use uuid::Uuid;

use crate::audio::downlink::Downlink;
use crate::audio::loudness::Loudness;
use crate::audio::uplink::Uplink;
use crate::call_clock::CallClock;
use crate::call_span::call_span;
use crate::call_supervisor::Redirect;
use crate::call_trace::{CallTraces, TraceOfCall};
use crate::carrier::{BrowserLines, Carrier};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::cluster::{Node, Order, Standing};
use crate::introspection::Introspection;
use crate::journal::Journal;
use crate::link::Connector;
use crate::messages::{
    CalendarRequest, LeadOrder, RealtimeEvent, RealtimeView, SupervisorEvent, TwilioEvent,
};
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::provider::SharedBreaker;
use crate::saved::{Resumes, Saved, StoredCall, may_resume};
use crate::test_records::TestRecords;
use crate::text_model::TextModel;
use crate::transcriptions::WorkingTranscription;
use crate::twilio_rest::TwilioRest;
use crate::written::{Messaging, OnCall};

/// Events that may wait for one actor of a call. They exchange some tens of events a second at
/// most.
const INBOX_CAPACITY: usize = 256;
/// How often the database is asked whose a call without a stream is, while it does not answer.
const ASK_WHOSE_AGAIN: Duration = Duration::from_secs(1);

/// The daemon's services that a call uses.
#[derive(Clone)]
pub struct Services {
    pub clock: Clock,
    pub chance: Chance,
    pub database: entities::Database,
    /// Connects to OpenAI.
    pub connector: Arc<dyn Connector>,
    /// Whether OpenAI can answer new calls.
    pub provider: SharedBreaker,
    pub twilio: TwilioRest,
    /// The lines of test calls.
    pub lines: BrowserLines,
    /// This daemon among the others on its database.
    pub node: Node,
    pub journal: Journal,
    pub calendar: Inbox<CalendarRequest>,
    /// Written messages.
    pub messaging: Messaging,
    /// Sends events to other systems.
    pub outbox: Outbox,
    /// Answers written messages.
    pub text_model: TextModel,
    pub introspection: Introspection,
    /// What is counted for `GET /metrics`.
    pub metrics: Arc<Metrics>,
    /// Where traces of calls go.
    pub traces: CallTraces,
    /// The transcription model that OpenAI accepted last.
    pub transcriptions: Arc<WorkingTranscription>,
    /// For the actors of a call, and for the actors that all calls share.
    pub restarts: RestartPolicy,
}

impl Services {
    /// A new row's id. Ids sort in the order in which they were made.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        self.chance.new_id(self.clock.wall())
    }

    fn carrier(&self, setup: &CallSetup) -> Arc<dyn Carrier> {
        if setup.is_test { Arc::new(self.lines.clone()) } else { Arc::new(self.twilio.clone()) }
    }
}

pub struct CallParts {
    /// The facts of the call that do not change.
    pub setup: Arc<CallSetup>,
    /// Under which fencing number this daemon has the call.
    pub lease: CallLease,
    /// Set once another node has taken the call over.
    pub(crate) let_go: AtomicBool,
    pub(crate) clock: Clock,
    /// The clock of the call's core.
    pub(crate) time: CallClock,
    pub(crate) services: Services,
    /// The caller's audio, to OpenAI.
    pub(crate) uplink: Arc<Uplink>,
    /// The agent's audio, to Twilio.
    pub(crate) downlink: Arc<Downlink>,
    /// How loud the caller is while the agent speaks.
    pub(crate) loudness: Arc<Loudness>,
    /// Held by the session that is alive. Invariant 5: there is at most one.
    pub(crate) socket: Lease<()>,
    pub(crate) call: Inbox<Event>,
    pub(crate) twilio: Inbox<TwilioEvent>,
    pub(crate) realtime: Inbox<RealtimeEvent>,
    pub(crate) lead: Inbox<LeadOrder>,
    pub(crate) supervisor: Inbox<SupervisorEvent>,
    /// The call as CallActor last published it.
    pub snapshot: watch::Sender<Arc<Snapshot>>,
    /// Set once a part has failed too often: the call ends with the apology, whatever CallActor wanted
    /// (RES-5).
    pub(crate) given_up: OnceLock<Phase>,
    /// When Twilio last resumed the call (CALL-1).
    resumes: Mutex<Resumes>,
    /// Whether another process began the call (RES-4).
    pub(crate) is_resumed: bool,
    /// The snapshot that is kept.
    pub(crate) saved: Saved,
    /// Who is asked to end or redirect the call.
    pub(crate) carrier: Arc<dyn Carrier>,
    /// Of a test call: what another call would write.
    pub(crate) test: Option<Arc<TestRecords>>,
    /// The redirect of the call to other TwiML.
    pub(crate) redirect: Redirect,
    /// The session as RealtimeActor last published it.
    pub(crate) realtime_view: watch::Sender<RealtimeView>,
    /// While the call goes on: no message is sent to the person (WA-3).
    on_call: Mutex<Option<OnCall>>,
    pub(crate) trace: TraceOfCall,
}

impl CallParts {
    #[must_use]
    pub(crate) fn new(setup: CallSetup, lease: CallLease, services: Services) -> Arc<Self> {
        let time = CallClock::start(services.clock);
        let setup = Arc::new(setup);
        let call = Call::new(Arc::clone(&setup), time.now());
        Self::of(call, setup, time, (lease, None), services)
    }

    /// A call that another process began. `go_on` makes the call of its snapshot: one that resumes, or one
    /// that is only brought to its end.
    ///
    /// # Errors
    /// Those of `go_on`.
    pub(crate) fn stored(
        stored: StoredCall,
        services: Services,
        go_on: impl FnOnce(Arc<CallSetup>, CallSnapshot, Now) -> Result<Call, SnapshotError>,
    ) -> Result<Arc<Self>, SnapshotError> {
        let StoredCall { setup, snapshot, resumes, at_twilio: _, lease } = stored;
        let time = CallClock::go_on(services.clock, snapshot.taken());
        let setup = Arc::new(setup);
        let call = go_on(Arc::clone(&setup), snapshot, time.now())?;
        Ok(Self::of(call, setup, time, (lease, Some(resumes)), services))
    }

    fn of(
        call: Call,
        setup: Arc<CallSetup>,
        time: CallClock,
        (lease, resumes): (CallLease, Option<Resumes>),
        services: Services,
    ) -> Arc<Self> {
        let (uplink, loudness) = (Arc::default(), Arc::default());
        services.metrics.call_began(&setup.call_sid, &uplink, &loudness);
        let on_call = services.messaging.call_began(&setup);
        let trace = services.traces.of_call();
        Arc::new(Self {
            carrier: services.carrier(&setup),
            test: setup.is_test.then(Arc::default),
            setup,
            lease,
            let_go: AtomicBool::new(false),
            clock: services.clock,
            time,
            services,
            uplink,
            downlink: Arc::default(),
            loudness,
            socket: Lease::new(()),
            call: Inbox::new(INBOX_CAPACITY),
            twilio: Inbox::new(INBOX_CAPACITY),
            realtime: Inbox::new(INBOX_CAPACITY),
            lead: Inbox::new(INBOX_CAPACITY),
            supervisor: Inbox::new(INBOX_CAPACITY),
            snapshot: watch::Sender::new(Arc::new(Snapshot { call, handled: 0 })),
            given_up: OnceLock::new(),
            is_resumed: resumes.is_some(),
            resumes: Mutex::new(resumes.unwrap_or_default()),
            saved: Saved::default(),
            redirect: Redirect::default(),
            realtime_view: watch::Sender::default(),
            on_call: Mutex::new(on_call),
            trace,
        })
    }

    /// When Twilio last resumed the call.
    pub(crate) fn resumes(&self) -> Resumes {
        self.resumes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the call may resume at `now`. Counts this time.
    pub(crate) fn may_resume(&self, now: Timestamp) -> bool {
        may_resume(&mut self.resumes.lock().unwrap_or_else(PoisonError::into_inner), now)
    }

    /// The span of every log line that concerns the call (OPS-8).
    #[must_use]
    pub fn span(&self) -> Span {
        call_span(&self.setup.call_sid, &self.setup.settings.slug)
    }

    /// What the call is doing.
    pub(crate) fn phase(&self) -> Phase {
        let phase = self.snapshot.borrow().call.phase().clone();
        match (phase, self.given_up.get()) {
            (over @ Phase::Over { .. }, _) => over,
            (_, Some(given_up)) => given_up.clone(),
            (phase, None) => phase,
        }
    }

    /// What is written of the call carries this. `None` for a daemon that is alone on its database.
    pub(crate) fn fence(&self) -> Option<CallLease> {
        self.services.node.is_shared().then_some(self.lease)
    }

    /// Whether Twilio may be asked to end or redirect the call: it is still this node's. While the database
    /// does not say, it is as long as its stream lives. Without a stream it is asked until it answers.
    pub(crate) async fn may_act(&self) -> bool {
        if self.setup.is_test {
            // Its line ends in this process.
            return true;
        }
        let (business, call) = (self.setup.business, &self.setup.call_sid);
        loop {
            match self.services.node.standing(business, call, self.lease).await {
                Standing::Ours => return true,
                Standing::Unknown if self.snapshot.borrow().call.has_stream() => return true,
                Standing::Unknown => {
                    tracing::warn!(
                        "the database does not say whose the call is: Twilio is asked later"
                    );
                    tokio::time::sleep(ASK_WHOSE_AGAIN).await;
                }
                Standing::Lost => {
                    self.leave_to_the_owner().await;
                    self.services.node.lost(call, self.lease.fence);
                    return false;
                }
            }
        }
    }

    /// What an operator has ordered here is still to be done where the call is now.
    async fn leave_to_the_owner(&self) {
        let call = &self.setup.call_sid;
        let ending = self.snapshot.borrow().call.ending();
        if ending.is_none_or(|ending| ending.reason != EndReason::Operator) {
            return;
        }
        if let Err(error) = self.services.node.hand_on(call, None, &Order::HangUp).await {
            tracing::error!(%error, "an operator's hang-up could not be handed on");
        }
    }

    /// Another node has the call. Here it does not count as ended.
    pub(crate) fn let_go(&self) {
        self.let_go.store(true, Ordering::Relaxed);
    }

    /// Whether another node has the call.
    pub(crate) fn is_let_go(&self) -> bool {
        self.let_go.load(Ordering::Relaxed)
    }

    /// The call is over here: it counts as ended, and its inboxes are closed. The first reason counts.
    pub(crate) fn close(&self, reason: EndReason) {
        let metrics = &self.services.metrics;
        let ended = (!self.is_let_go()).then_some(reason);
        match ended {
            Some(reason) => metrics.call_over(&self.setup.call_sid, reason),
            None => metrics.call_moved(&self.setup.call_sid),
        }
        self.trace.over(&self.setup, &self.snapshot.borrow().call, ended, self.clock, metrics);
        drop(self.on_call.lock().unwrap_or_else(PoisonError::into_inner).take());
        if self.setup.is_test {
            self.services.lines.call_over(&self.setup.call_sid);
        }
        self.call.close();
        self.twilio.close();
        self.realtime.close();
        self.lead.close();
        self.supervisor.close();
    }
}

/// What CallActor publishes after each event. A successor begins with it.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The call, with its undelivered commands.
    pub call: Call,
    /// The number of the last event that the call has handled.
    pub handled: u64,
}
