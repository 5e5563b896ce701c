//! What the parts of one call share: its audio queues, its ports, its last snapshot. All of it is held
//! by the call's supervisor and outlives each of the four actors.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use protocol::call::{Call, CallSetup, Event};
use tokio::sync::watch;

use crate::calendar::CalendarRequest;
use crate::call_supervisor::SupervisorEvent;
use crate::clock::Clock;
use crate::downlink::Downlink;
use crate::journal::JournalEntry;
use crate::lead::LeadOrder;
use crate::link::Connector;
use crate::loudness::Loudness;
use crate::port::Port;
use crate::realtime::{RealtimeEvent, RealtimeView};
use crate::supervision::introspection::Introspection;
use crate::supervision::policy::RestartPolicy;
use crate::twilio_io::TwilioEvent;
use crate::twilio_rest::TwilioRest;
use crate::uplink::Uplink;

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
    pub journal: Port<JournalEntry>,
    /// Where appointments are.
    pub calendar: Port<CalendarRequest>,
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
    pub call: Port<Event>,
    /// The way to TwilioIoActor.
    pub twilio: Port<TwilioEvent>,
    /// The way to RealtimeActor.
    pub realtime: Port<RealtimeEvent>,
    /// The way to LeadActor.
    pub lead: Port<LeadOrder>,
    /// The way to the call's supervisor.
    pub supervisor: Port<SupervisorEvent>,
    /// The call as CallActor last left it.
    pub snapshot: watch::Sender<Arc<Snapshot>>,
    /// When Twilio last brought the call back (CALL-1).
    pub resumes: Mutex<Vec<Instant>>,
    /// The session as RealtimeActor last left it.
    pub realtime_view: watch::Sender<RealtimeView>,
}

impl CallParts {
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
