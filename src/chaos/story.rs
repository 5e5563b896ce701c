//! What happens in one chaotic run: who calls, what they do, and what goes wrong. A story is drawn
//! from a seed before anything starts, so that parts of it can be left out and the rest played again.

pub(super) mod leave_out;
mod order;
mod scene;
mod setting;
mod went;
mod words;
mod writers;

use std::time::Duration;

use actors::introspection::ActorKind;
use entities::DatabaseFault;
use practice::openai::{Behaviour, ConnectRefusal, LinkFault, ResponseFault, TextFault};
use practice::twilio::{CallbackDelivery, LineQuality, Pickup, RestFault, RestKind};
use protocol::ids::PhoneNumber;

pub use leave_out::{LeaveOut, NotAPart};
pub(super) use order::Order;
pub(super) use scene::{Scene, Scenes};
pub(super) use setting::Setting;
pub(super) use writers::{Arrival, Note, Writer};

/// One run of the daemon, or of several.
#[derive(Debug, Clone)]
pub struct Story {
    pub seed: u64,
    /// How many daemons share the database.
    pub nodes: usize,
    /// In the order in which they dial.
    pub callers: Vec<Caller>,
    /// One for each person and business.
    pub writers: Vec<Writer>,
    pub troubles: Vec<Trouble>,
    /// The model's habits.
    pub model: Behaviour,
    pub setting: Setting,
}

/// One call to a business, or of a business.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The index of the business that is called.
    pub business: usize,
    /// `None` withholds the number.
    pub number: Option<PhoneNumber>,
    /// How the number answers, if the business calls. `None`: the caller does.
    pub answers: Option<Pickup>,
    /// Since the run began.
    pub dials_at: Duration,
    pub line: LineQuality,
    pub acts: Vec<Act>,
    /// What the caller does after the last act.
    pub then: Finally,
}

/// One thing that a caller does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    pub when: When,
    pub what: Deed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So long after the act before.
    After(Duration),
    /// When the agent has spoken and stopped, or the caller's patience is at its end.
    AgentEnds,
    /// So long after the agent begins to speak, or when the caller's patience is at its end.
    AgentSpeaks(Duration),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Say(&'static str),
    Noise {
        rms: u16,
        length: Duration,
    },
    Press(&'static str),
    /// Stops in the middle of what is being said.
    FallSilent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finally {
    /// Says nothing more, and waits for the daemon to end the call.
    WaitsForTheEnd,
    /// Hangs up so long after the last act.
    HangsUpAfter(Duration),
}

/// Something that goes wrong.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub at: Moment,
    pub what: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Since the run began.
    At(Duration),
    /// When the actor of this call, of the order of dialling, comes to its `nth` trace point.
    TracePoint { call: usize, kind: ActorKind, nth: u32 },
    /// When the call's CallActor has published the effects of the `nth` event or timer, and delivered none.
    Published { call: usize, nth: u32 },
    /// When the call's CallActor has published a command of this kind for the `nth` time, and not delivered it.
    Ordered { call: usize, order: Order, nth: u32 },
    /// So long after the call's scene begins.
    Scene { call: usize, scene: Scene, plus: Duration },
}

impl Moment {
    /// Whether the trace says when it is, and an actor can be killed at it.
    #[must_use]
    pub fn is_of_the_trace(&self) -> bool {
        match self {
            Self::TracePoint { .. } | Self::Published { .. } | Self::Ordered { .. } => true,
            Self::At(_) | Self::Scene { .. } => false,
        }
    }
}

#[derive(Debug, Clone)]
pub enum Fault {
    /// The actor at the moment's trace point panics there.
    Crash,
    /// Connections behave like this for a while.
    Network {
        to: Peer,
        trouble: LinkTrouble,
        lasts: Duration,
    },
    /// The links of all living sessions fail, as the server sees to.
    Sessions(LinkFault),
    /// The next connections to OpenAI are refused.
    Refused {
        refusal: ConnectRefusal,
        times: usize,
    },
    /// Every living session's next response fails.
    NextResponse(ResponseFault),
    /// Every living session ends, as after its longest duration.
    SessionsExpire,
    /// The next requests to Twilio's REST API fail.
    Rest {
        kind: RestKind,
        fault: RestFault,
        times: u32,
    },
    /// The next answer of the text model fails.
    Text(TextFault),
    /// The next message that Twilio accepts does not reach the person, for this reason.
    Undelivered(u32),
    /// Status callbacks arrive like this from now on.
    Callbacks(CallbackDelivery),
    /// Twilio can't reach the daemon for a while. Open media sockets stay open.
    CutOff {
        lasts: Duration,
    },
    MediaSocketCut {
        call: usize,
    },
    /// Twilio doesn't read a call's media socket for a while.
    MediaSocketStalls {
        call: usize,
        lasts: Duration,
    },
    /// The database is like this for a while.
    Database {
        fault: DatabaseFault,
        lasts: Duration,
    },
    /// A call's first webhook comes again.
    WebhookAgain {
        call: usize,
        times: usize,
    },
    /// An operator ends a call, at one of the daemons that live.
    OperatorHangsUp {
        call: usize,
        /// Its place among them. Past the last one, the first follows.
        daemon: usize,
    },
    /// A daemon is killed, and started again so long after.
    NodeDies {
        node: WhichNode,
        back_after: Duration,
    },
    /// A daemon does not reach the database for a while.
    NodeCutOff {
        node: WhichNode,
        lasts: Duration,
    },
    /// A daemon is told to stop, and started again so long after its end.
    NodeDrains {
        node: WhichNode,
        back_after: Duration,
    },
}

/// One of the daemons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichNode {
    /// By its place, from 0.
    Nth(usize),
    /// The one that has this call then.
    Of { call: usize },
}

/// How connections misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkTrouble {
    /// Bytes arrive this much later.
    Delay(Duration),
    /// Nothing arrives until it is over. Then all does.
    Stall,
    /// Open connections swallow everything, and never recover. New ones do not come about.
    BlackHole,
    /// Open connections are reset at once, and new ones are refused.
    Reset,
}

/// Whom a connection was dialed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// The daemon dials OpenAI.
    OpenAi,
    /// The daemon dials Twilio's REST API.
    TwilioApi,
    /// Twilio dials the daemon: webhooks and media sockets.
    Daemon,
}
