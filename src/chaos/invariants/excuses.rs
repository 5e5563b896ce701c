//! What a story's troubles excuse in a call: all leniency of the checks is decided here.
//!
//! A trouble excuses a call that it can have touched, and for what it can have spoiled. Everything
//! else holds without exception.

use std::time::Duration;

use actors::introspection::ActorKind;
use entities::DatabaseFault;
use practice::openai::{LinkFault, ResponseFault};

use crate::chaos::ended::EndedCall;
use crate::chaos::story::{Fault, LinkTrouble, Moment, Peer, Story, Trouble};

/// What may not be held against a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Excuses {
    /// Sessions or responses fail, stall or are late.
    pub(super) model: bool,
    /// The media socket breaks, stalls or is late.
    pub(super) line: bool,
    /// Twilio can't reach the daemon.
    pub(super) webhooks: bool,
    /// Status callbacks are lost, late or out of order.
    pub(super) callbacks: bool,
    /// Requests to Twilio's API, or their answers, are lost.
    pub(super) api: bool,
    pub(super) database: bool,
    /// Twilio echoes no mark.
    pub(super) marks: bool,
    /// The call's actors that are killed, once for each time.
    pub(super) killed: Vec<ActorKind>,
    /// Faults of daemons that the call can have met. They are faults of its line, its session and its webhooks
    /// too: another daemon goes on with it.
    pub(super) nodes: usize,
    /// The line's own: what `line` would be without faults of daemons.
    pub(super) own_line: bool,
    /// An operator ended the call.
    pub(super) operator: bool,
    /// The model's own, in the same way.
    pub(super) own_model: bool,
    /// A daemon died when it had just lost the database: what it had in memory, and not on its disk yet, is lost.
    pub(super) unwritten: bool,
    /// So many voice webhooks came again while no daemon could learn from the database that the call was another's.
    pub(super) forgotten: usize,
}

/// How long a fault of a link can be felt after it ended: a dead connection is noticed, a new one is
/// tried, what waited arrives.
const FELT_FOR: Duration = Duration::from_secs(60);
/// How long a daemon that is told to stop waits for its calls, and a little.
const DRAINS_FOR: Duration = Duration::from_secs(45);
/// How long the journal tries the database before it goes on on disk, and a little.
const IN_MEMORY_FOR: Duration = Duration::from_secs(7);
/// How long after its end a call's records are still written.
const WRITTEN_FOR: Duration = Duration::from_secs(90);

impl Excuses {
    pub(super) fn of(story: &Story, call: &EndedCall) -> Self {
        let fails = |fault: &ResponseFault| *fault != ResponseFault::None;
        let mut excuses = Self {
            model: faults_of_responses(story).any(fails),
            marks: call.caller.line.loses_marks,
            ..Self::default()
        };
        for trouble in &story.troubles {
            match trouble.at {
                Moment::At(at) => excuses.add(at, &trouble.what, call),
                Moment::TracePoint { call: index, kind, .. } if index == call.index => {
                    excuses.killed.push(kind);
                }
                Moment::Published { call: index, .. } | Moment::Ordered { call: index, .. }
                    if index == call.index =>
                {
                    excuses.killed.push(ActorKind::Call);
                }
                // Scenes have their times by now.
                Moment::TracePoint { .. }
                | Moment::Published { .. }
                | Moment::Ordered { .. }
                | Moment::Scene { .. } => {}
            }
        }
        excuses.unwritten = loses_what_is_unwritten(story, call);
        if excuses.database && story.nodes > 1 {
            excuses.forgotten = webhooks_again(story, call);
        }
        (excuses.own_line, excuses.own_model) = (excuses.line, excuses.model);
        if excuses.nodes > 0 {
            excuses.line = true;
            excuses.model = true;
            excuses.webhooks = true;
            excuses.callbacks = true;
        }
        excuses
    }

    fn add(&mut self, at: Duration, fault: &Fault, call: &EndedCall) {
        let (begins, over) = (call.caller.dials_at, call.over_at());
        let meets = |lasts: Duration| at <= over && at + lasts + FELT_FOR >= begins;
        let came_before_the_end = at <= over + WRITTEN_FOR;
        match fault {
            Fault::Network { to: Peer::OpenAi, lasts, .. } => self.model |= meets(*lasts),
            Fault::Network { to: Peer::TwilioApi, .. } => self.api |= came_before_the_end,
            Fault::Network { to: Peer::Daemon, lasts, .. } => {
                self.line |= meets(*lasts);
                self.webhooks |= meets(*lasts);
                self.callbacks |= came_before_the_end;
            }
            Fault::Sessions(_) | Fault::SessionsExpire => self.model |= meets(Duration::ZERO),
            // They wait until a session begins, or a response.
            Fault::NextResponse(fault) if *fault == ResponseFault::None => {}
            Fault::Refused { .. } | Fault::NextResponse(_) => self.model |= at <= over,
            // They wait for a request. Their answers are in Twilio's log.
            Fault::Rest { .. } => {}
            // Of messages alone.
            Fault::Text(_) | Fault::Undelivered(_) => {}
            Fault::Callbacks(_) => self.callbacks |= came_before_the_end,
            Fault::CutOff { lasts } => {
                self.webhooks |= meets(*lasts);
                self.callbacks |= came_before_the_end;
            }
            Fault::MediaSocketCut { call: index }
            | Fault::MediaSocketStalls { call: index, .. } => {
                self.line |= *index == call.index;
            }
            // It waits for a commit.
            Fault::Database { fault: DatabaseFault::CommitLost, .. } => {
                self.database |= came_before_the_end;
            }
            Fault::Database { lasts, .. } => {
                let ends = at + *lasts + FELT_FOR;
                self.database |= came_before_the_end && ends >= begins;
            }
            Fault::NodeDies { back_after: lasts, .. }
            | Fault::NodeDrains { back_after: lasts, .. } => {
                self.nodes += usize::from(meets(*lasts + DRAINS_FOR));
            }
            Fault::NodeCutOff { lasts, .. } => {
                let ends = at + *lasts + FELT_FOR;
                self.nodes += usize::from(meets(*lasts));
                self.database |= came_before_the_end && ends >= begins;
            }
            Fault::OperatorHangsUp { call: index, .. } => self.operator |= *index == call.index,
            Fault::Crash | Fault::WebhookAgain { .. } => {}
        }
    }

    pub(super) fn is_killed(&self, kind: ActorKind) -> bool {
        self.killed.contains(&kind)
    }

    /// Whether the call can have had more than one session.
    pub(super) fn sessions_change(&self) -> bool {
        self.model || self.is_killed(ActorKind::Realtime)
    }

    /// Whether what the caller hears, and what the daemon thinks that they hear, can differ.
    pub(super) fn hears_otherwise(&self) -> bool {
        self.line || self.marks
    }
}

fn loses_what_is_unwritten(story: &Story, call: &EndedCall) -> bool {
    let times = |is_it: fn(&Fault) -> bool| {
        let found = story.troubles.iter().filter(move |trouble| is_it(&trouble.what));
        found.filter_map(|trouble| if let Moment::At(at) = trouble.at { Some(at) } else { None })
    };
    let dies = |fault: &Fault| matches!(fault, Fault::NodeDies { .. });
    times(dies).filter(|dies| *dies <= call.over_at() + WRITTEN_FOR).any(|dies| {
        times(takes_the_database_away).any(|away| away <= dies && dies <= away + IN_MEMORY_FOR)
    })
}

fn takes_the_database_away(fault: &Fault) -> bool {
    if let Fault::Database { fault, .. } = fault {
        return matches!(fault, DatabaseFault::Gone | DatabaseFault::Locked | DatabaseFault::Full);
    }
    matches!(fault, Fault::NodeCutOff { .. })
}

fn webhooks_again(story: &Story, call: &EndedCall) -> usize {
    let of = |trouble: &Trouble| {
        let Fault::WebhookAgain { call: index, times } = trouble.what else { return 0 };
        if index == call.index { times } else { 0 }
    };
    story.troubles.iter().map(of).sum()
}

/// Faults of responses that the model has by habit.
fn faults_of_responses(story: &Story) -> impl Iterator<Item = &ResponseFault> {
    let model = &story.model;
    model.responses.iter().chain(&model.responses_once).chain([&model.other_responses])
}

/// Whether a connection dies without a word. Its other side, which is not ours, never learns of it.
pub(super) fn has_black_holes(story: &Story) -> bool {
    let swallows = |fault: &ResponseFault| {
        matches!(fault, ResponseFault::Lost { by: LinkFault::BlackHole, .. })
    };
    let is_one = |fault: &Fault| {
        matches!(fault, Fault::NextResponse(fault) if swallows(fault))
            || matches!(
                fault,
                Fault::Network { trouble: LinkTrouble::BlackHole, .. }
                    | Fault::Sessions(LinkFault::BlackHole)
            )
    };
    story.troubles.iter().any(|trouble| is_one(&trouble.what))
        || faults_of_responses(story).any(swallows)
}
