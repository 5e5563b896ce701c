//! What the parts of one call share: its audio queues, its inboxes, its last snapshot. All of it is held
//! by the call's supervisor and outlives each of the four actors.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use protocol::call::{Call, CallSetup, Event, Now};
use supervision::{Inbox, RestartPolicy};
use tokio::sync::watch;

use crate::audio::downlink::Downlink;
use crate::audio::loudness::Loudness;
use crate::audio::uplink::Uplink;
use crate::clock::Clock;
use crate::introspection::Introspection;
use crate::link::Connector;
use crate::messages::{
    CalendarRequest, JournalEntry, LeadOrder, RealtimeEvent, RealtimeView, SupervisorEvent,
    TwilioEvent,
};
use crate::twilio_rest::TwilioRest;

/// Events that may wait for a part of a call. The parts talk tens of times a second at most.
const INBOX: usize = 256;

/// What a call needs of the daemon around it.
#[derive(Clone)]
pub struct Services {
    /// The clocks.
    pub clock: Clock,
    /// The database.
    pub database: sea_orm::DatabaseConnection,
    /// The way to OpenAI.
    pub connector: Arc<dyn Connector>,
    /// The way to Twilio's REST API.
    pub twilio: TwilioRest,
    /// Where turns and records go.
    pub journal: Inbox<JournalEntry>,
    /// Where appointments are.
    pub calendar: Inbox<CalendarRequest>,
    /// Who lives, for the operator to see.
    pub introspection: Introspection,
    /// How often a part of a call may be started again.
    pub restarts: RestartPolicy,
}

/// What the four actors of a call share.
pub struct CallParts {
    /// The facts of the call.
    pub setup: Arc<CallSetup>,
    /// The clocks.
    pub clock: Clock,
    /// The daemon around the call.
    pub services: Services,
    /// The caller's audio on its way to OpenAI.
    pub uplink: Arc<Uplink>,
    /// The agent's audio on its way to Twilio.
    pub downlink: Arc<Downlink>,
    /// How loud the caller is, while the agent can be heard.
    pub loudness: Arc<Loudness>,
    /// The way to CallActor.
    pub call: Inbox<Event>,
    /// The way to TwilioIoActor.
    pub twilio: Inbox<TwilioEvent>,
    /// The way to RealtimeActor.
    pub realtime: Inbox<RealtimeEvent>,
    /// The way to LeadActor.
    pub lead: Inbox<LeadOrder>,
    /// The way to the call's supervisor.
    pub supervisor: Inbox<SupervisorEvent>,
    /// The call as CallActor last left it.
    pub snapshot: watch::Sender<Arc<Snapshot>>,
    /// When Twilio last brought the call back (CALL-1).
    pub resumes: Mutex<Vec<Instant>>,
    /// The session as RealtimeActor last left it.
    pub realtime_view: watch::Sender<RealtimeView>,
}

impl CallParts {
    /// The parts of a new call.
    #[must_use]
    pub fn new(setup: CallSetup, services: Services) -> Arc<Self> {
        let clock = services.clock;
        let now = Now { at: clock.now(), wall: clock.wall() };
        let call = Call::new(setup.clone(), now);
        Arc::new(Self {
            setup: Arc::new(setup),
            clock,
            services,
            uplink: Arc::default(),
            downlink: Arc::default(),
            loudness: Arc::default(),
            call: Inbox::new(INBOX),
            twilio: Inbox::new(INBOX),
            realtime: Inbox::new(INBOX),
            lead: Inbox::new(INBOX),
            supervisor: Inbox::new(INBOX),
            snapshot: watch::Sender::new(Arc::new(Snapshot { call, handled: 0 })),
            resumes: Mutex::default(),
            realtime_view: watch::Sender::default(),
        })
    }

    /// The call is over: nobody reads any more.
    pub fn close(&self) {
        self.call.close();
        self.twilio.close();
        self.realtime.close();
        self.lead.close();
        self.supervisor.close();
    }
}

/// CallActor's work after an event: what its successor begins with.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The call, with the commands that have not reached their performers yet.
    pub call: Call,
    /// The last event that is in it.
    pub handled: u64,
}
