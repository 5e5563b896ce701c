//! The daemon from inside, for admins: health, nodes, the actor tree, figures, and what was sent to other systems.

use std::time::Duration;

use jiff::Timestamp;
use strum::IntoEnumIterator as _;
use uuid::Uuid;

use crate::notice::Tone;
use crate::page::page;
use crate::shell::BusinessRef;
use crate::texts::Texts;

/// A check of the daemon's health or wiring.
#[derive(Debug, Clone)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    pub passed: bool,
    /// What is wrong and how to mend it, or what was found.
    pub text: String,
}

/// What the daemon needs to answer a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
enum Needed {
    Calls,
    Database,
    Records,
    Model,
}

impl Needed {
    /// The keys of its name, and of what is said when all is well.
    fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Calls => ("check-calls", "ready-calls"),
            Self::Database => ("check-database", "ready-database"),
            Self::Records => ("check-records", "ready-records"),
            Self::Model => ("check-model", "ready-model"),
        }
    }
}

/// Why a call could not be answered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Illness {
    Draining,
    DatabaseUnreachable,
    DatabaseBusy,
    DatabaseFile,
    DatabaseReadOnly,
    DatabaseFull,
    DatabaseSchema,
    JournalFull,
    BadKey,
    Quota,
    AccountClosed,
    Refused,
}

impl Illness {
    fn of(self) -> (Needed, &'static str) {
        match self {
            Self::Draining => (Needed::Calls, "unready-draining"),
            Self::DatabaseUnreachable => (Needed::Database, "unready-database-unreachable"),
            Self::DatabaseBusy => (Needed::Database, "unready-database-busy"),
            Self::DatabaseFile => (Needed::Database, "unready-database-file"),
            Self::DatabaseReadOnly => (Needed::Database, "unready-database-read-only"),
            Self::DatabaseFull => (Needed::Database, "unready-database-full"),
            Self::DatabaseSchema => (Needed::Database, "unready-database-schema"),
            Self::JournalFull => (Needed::Records, "unready-journal-full"),
            Self::BadKey => (Needed::Model, "unready-provider-bad-key"),
            Self::Quota => (Needed::Model, "unready-provider-quota"),
            Self::AccountClosed => (Needed::Model, "unready-provider-account-closed"),
            Self::Refused => (Needed::Model, "unready-provider"),
        }
    }
}

/// The checks of the daemon's health: one for each thing that a call needs.
#[must_use]
pub fn health(t: &Texts, ill: &[Illness]) -> Vec<Check> {
    let check = |needed: Needed| {
        let (name, good) = needed.keys();
        let wrong = ill.iter().map(|illness| illness.of()).find(|(of, _)| *of == needed);
        let text = t.say(wrong.map_or(good, |(_, wrong)| wrong));
        Check { name: t.say(name), passed: wrong.is_none(), text }
    };
    Needed::iter().map(check).collect()
}

/// A daemon that lives on the database.
#[derive(Debug, Clone)]
pub struct Node {
    pub url: String,
    pub calls: u32,
    /// As many calls as it takes at once.
    pub max_calls: u32,
    pub state: NodeState,
    /// Whether it is the daemon that answers.
    pub is_this: bool,
}

/// Whether a daemon takes calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum NodeState {
    Open,
    /// It is being stopped: it takes no new calls.
    Draining,
    /// It does not answer any more.
    Gone,
}

impl NodeState {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Open => "node-open",
            Self::Draining => "node-draining",
            Self::Gone => "node-gone",
        }
    }

    pub(crate) fn tone(self) -> Tone {
        match self {
            Self::Open => Tone::Good,
            Self::Draining => Tone::Warning,
            Self::Gone => Tone::Bad,
        }
    }
}

/// A living actor, and those below it.
#[derive(Debug, Clone)]
pub struct Actor {
    pub name: String,
    pub state: String,
    pub generation: u32,
    pub restarts: u32,
    pub waiting: u32,
    pub handled: u64,
    pub uptime: Duration,
    pub last_error: Option<String>,
    /// The call that it is of.
    pub call: Option<String>,
    pub children: Vec<Self>,
}

impl Actor {
    /// The tree in the order of its lines; each with the number of levels that end after it.
    pub(crate) fn lines<'a>(&'a self, out: &mut Vec<Line<'a>>) {
        out.push(Line { actor: self, opens: !self.children.is_empty(), closes: 0 });
        for child in &self.children {
            child.lines(out);
        }
        if let (false, Some(last)) = (self.children.is_empty(), out.last_mut()) {
            last.closes += 1;
        }
    }
}

/// A line of the tree.
pub(crate) struct Line<'a> {
    pub(crate) actor: &'a Actor,
    /// Its children follow.
    pub(crate) opens: bool,
    /// So many lists end after it.
    pub(crate) closes: usize,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Measure {
    LiveCalls,
    TotalCalls,
    FailedCalls,
    AnswerWait,
    GreetingWait,
    Cost,
}

impl Measure {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::LiveCalls => "figure-live",
            Self::TotalCalls => "figure-total",
            Self::FailedCalls => "figure-failed",
            Self::AnswerWait => "figure-answer",
            Self::GreetingWait => "figure-greeting",
            Self::Cost => "figure-cost",
        }
    }
}

/// A figure, with its course over the last hour if it has one.
#[derive(Debug, Clone)]
pub struct Figure {
    pub of: Measure,
    pub value: String,
    pub tone: Tone,
    /// From 0 to 100, a bar a minute.
    pub course: Vec<u8>,
}

/// An event that another system is told.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub id: Uuid,
    pub business: BusinessRef,
    pub event: String,
    pub at: Timestamp,
    pub tries: u32,
    pub state: DeliveryState,
    /// What the receiver has answered last.
    pub answer: Option<String>,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum DeliveryState {
    Waiting,
    Delivered,
    /// Given up; it can be sent again by hand.
    Dead,
}

impl DeliveryState {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Waiting => "webhook-waiting",
            Self::Delivered => "webhook-delivered",
            Self::Dead => "webhook-dead",
        }
    }

    pub(crate) fn tone(self) -> Tone {
        match self {
            Self::Waiting => Tone::Warning,
            Self::Delivered => Tone::Good,
            Self::Dead => Tone::Bad,
        }
    }
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct SystemPage {
    pub checks: Vec<Check>,
    pub nodes: Vec<Node>,
    pub actors: Vec<Actor>,
    pub figures: Vec<Figure>,
    pub deliveries: Vec<Delivery>,
}

impl SystemPage {
    pub(crate) fn lines(&self) -> Vec<Line<'_>> {
        let mut lines = Vec::new();
        for actor in &self.actors {
            actor.lines(&mut lines);
        }
        lines
    }

    pub(crate) fn failed(&self) -> usize {
        self.checks.iter().filter(|check| !check.passed).count()
    }
}

page!(SystemPage, "system.html");
