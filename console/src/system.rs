//! The daemon from inside, for admins: health, nodes, the actor tree, figures, and what was sent to other systems.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::notice::Tone;
use crate::page::page;

/// A check of the daemon's health or wiring.
#[derive(Debug, Clone)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    pub passed: bool,
    /// What is wrong and how to mend it, or what was found.
    pub text: String,
}

/// A daemon that lives on the database.
#[derive(Debug, Clone)]
pub struct Node {
    pub url: String,
    pub version: String,
    pub calls: u32,
    pub draining: bool,
    pub seen_at: Timestamp,
    pub is_this: bool,
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
    pub business: String,
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
