//! What the actors of one call share: audio queues, inboxes, the last snapshot. CallSupervisor
//! holds it, so it outlives each of the four actors.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use protocol::call::{Call, CallSetup, EndReason, Event, Phase};
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
use crate::chance::Chance;
use crate::clock::Clock;
use crate::introspection::Introspection;
use crate::journal::Journal;
use crate::link::Connector;
use crate::messages::{
    CalendarRequest, LeadOrder, RealtimeEvent, RealtimeView, SupervisorEvent, TwilioEvent,
};
use crate::metrics::Metrics;
use crate::provider::SharedBreaker;
use crate::transcriptions::WorkingTranscription;
use crate::twilio_rest::TwilioRest;

/// Events that may wait for one actor of a call. They exchange some tens of events a second at
/// most.
const INBOX_CAPACITY: usize = 256;

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
    pub journal: Journal,
    pub calendar: Inbox<CalendarRequest>,
    pub introspection: Introspection,
    /// What is counted for `GET /metrics`.
    pub metrics: Arc<Metrics>,
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
}

pub struct CallParts {
    /// The facts of the call that do not change.
    pub setup: Arc<CallSetup>,
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
    pub(crate) resumes: Mutex<Vec<Instant>>,
    /// The redirect of the call to other TwiML.
    pub(crate) redirect: Redirect,
    /// The session as RealtimeActor last published it.
    pub(crate) realtime_view: watch::Sender<RealtimeView>,
}

impl CallParts {
    #[must_use]
    pub(crate) fn new(setup: CallSetup, services: Services) -> Arc<Self> {
        let clock = services.clock;
        let time = CallClock::start(clock);
        let setup = Arc::new(setup);
        let call = Call::new(Arc::clone(&setup), time.now());
        let (uplink, loudness) = (Arc::default(), Arc::default());
        services.metrics.call_began(&setup.call_sid, &uplink, &loudness);
        Arc::new(Self {
            setup,
            clock,
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
            resumes: Mutex::default(),
            redirect: Redirect::default(),
            realtime_view: watch::Sender::default(),
        })
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

    /// The call is over: it counts as ended, and its inboxes are closed. The first reason counts.
    pub(crate) fn close(&self, reason: EndReason) {
        self.services.metrics.call_over(&self.setup.call_sid, reason);
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
