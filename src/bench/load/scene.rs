//! What callers and sessions share: the clock, the audio, and what is counted.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use actors::clock::Clock;

use super::distribution::Distribution;
use super::lanes::Lanes;
use super::source::Source;
use super::stamp::{Audio, Stamp};
use crate::bench::findings::{Direction, Findings, Lately};

pub(super) struct Scene {
    clock: Clock,
    epoch: Instant,
    /// The model asks itself for its responses.
    pub(super) speaks_alone: bool,
    pub(super) audio: Audio,
    /// Pieces sent before this are not measured.
    measured_from: Cell<u64>,
    /// Callers and the model send audio.
    pub(super) is_audible: Cell<bool>,
    /// The load ends its calls.
    pub(super) is_ending: Cell<bool>,
    calls: RefCell<Vec<Rc<Source>>>,
    sessions: RefCell<Vec<Rc<Source>>>,
    pub(super) callers: Lanes,
    up: Ways,
    down: Ways,
    pub(super) greeting: Distribution,
    pub(super) clear: Distribution,
    /// Calls that began, connected or not.
    begun: Cell<u32>,
    /// Calls that warmed the subject up.
    warming: Cell<u32>,
    pub(super) connected: Cell<u32>,
    pub(super) refused: Cell<u32>,
    pub(super) shed: Cell<u32>,
    pub(super) not_shed: Cell<u32>,
    pub(super) ended: Cell<u32>,
    pub(super) streams_lost: Cell<u32>,
    pub(super) turns: Cell<u32>,
    pub(super) responses: Cell<u32>,
}

/// How long the pieces of one direction took: all that were measured, and those since the last sample.
#[derive(Default)]
struct Ways {
    all: Distribution,
    lately: Distribution,
}

impl Scene {
    pub(super) fn new(speaks_alone: bool) -> Self {
        let clock = Clock::start();
        Self {
            clock,
            epoch: clock.now(),
            speaks_alone,
            audio: Audio::new(),
            measured_from: Cell::new(u64::MAX),
            is_audible: Cell::new(true),
            is_ending: Cell::default(),
            calls: RefCell::default(),
            sessions: RefCell::default(),
            callers: Lanes::default(),
            up: Ways::default(),
            down: Ways::default(),
            greeting: Distribution::default(),
            clear: Distribution::default(),
            begun: Cell::default(),
            warming: Cell::default(),
            connected: Cell::default(),
            refused: Cell::default(),
            shed: Cell::default(),
            not_shed: Cell::default(),
            ended: Cell::default(),
            streams_lost: Cell::default(),
            turns: Cell::default(),
            responses: Cell::default(),
        }
    }

    /// Microseconds of the load's clock.
    pub(super) fn now(&self) -> u64 {
        self.clock.now().saturating_duration_since(self.epoch).as_micros() as u64
    }

    pub(super) fn instant(&self) -> Instant {
        self.clock.now()
    }

    /// The calls so far warmed the subject up. How long their greetings took says nothing.
    pub(super) fn is_warm(&self) {
        self.warming.set(self.connected.get());
        self.greeting.take();
        self.clear.take();
    }

    /// Measures what is sent from now on.
    pub(super) fn measure(&self) {
        self.measured_from.set(self.now());
    }

    pub(super) fn fall_silent(&self) {
        self.is_audible.set(false);
    }

    pub(super) fn hang_up(&self) {
        self.is_ending.set(true);
        self.callers.hang_up();
    }

    /// The index of a call that begins.
    pub(super) fn begin_call(&self) -> u32 {
        self.begun.replace(self.begun.get() + 1)
    }

    /// Calls that ring: neither connected nor refused.
    pub(super) fn ringing(&self) -> u32 {
        self.begun.get() - self.connected.get() - self.refused.get()
    }

    /// A new call, and its number.
    pub(super) fn add_call(&self) -> (u32, Rc<Source>) {
        add(&self.calls)
    }

    /// A new session, and its number.
    pub(super) fn add_session(&self) -> (u32, Rc<Source>) {
        add(&self.sessions)
    }

    pub(super) fn session(&self, number: u32) -> Option<Rc<Source>> {
        self.sessions.borrow().get(number as usize).cloned()
    }

    /// The model has received a caller's frame.
    pub(super) fn frame_came(&self, stamp: Stamp, frame: &[u8], now: u64) {
        let calls = self.calls.borrow();
        let Some(call) = calls.get(stamp.source as usize) else { return };
        call.came(stamp, self.audio.is_frame(stamp, frame));
        self.record(&self.up, stamp, now.saturating_sub(stamp.at));
    }

    /// A caller has received a piece of the agent's audio from that session.
    pub(super) fn piece_came(&self, session: &Source, stamp: Stamp, piece: &[u8], took: u64) {
        session.came(stamp, self.audio.is_piece(piece));
        self.record(&self.down, stamp, took);
    }

    fn record(&self, ways: &Ways, stamp: Stamp, took: u64) {
        if stamp.at >= self.measured_from.get() {
            ways.all.record(took);
            ways.lately.record(took);
        }
    }

    pub(super) fn findings(&self) -> Findings {
        let sessions = self.sessions.borrow();
        let mut up = direction(&self.calls.borrow(), |_| true);
        let mut down = direction(&sessions, |_| true);
        up.latency = self.up.all.latency();
        down.latency = self.down.all.latency();
        Findings {
            calls: self.connected.get() - self.warming.get(),
            refused: self.refused.get(),
            shed: self.shed.get(),
            not_shed: self.not_shed.get(),
            sessions_again: (sessions.len() as u32).saturating_sub(self.connected.get()),
            streams_lost: self.streams_lost.get(),
            turns: self.turns.get(),
            responses: self.responses.get(),
            up,
            down,
            greeting: self.greeting.latency(),
            clear: self.clear.latency(),
        }
    }

    /// A sample of a soak.
    pub(super) fn lately(&self) -> Lately {
        let up = direction(&self.calls.borrow(), Source::is_over);
        let down = direction(&self.sessions.borrow(), Source::is_over);
        Lately {
            calls: self.connected.get() - self.ended.get(),
            ended: self.ended.get() - self.warming.get(),
            up_p99: self.up.lately.take().p99,
            down_p99: self.down.lately.take().p99,
            lost: up.lost + down.lost,
            doubled: up.doubled + down.doubled,
            altered: up.altered + down.altered,
        }
    }
}

fn add(sources: &RefCell<Vec<Rc<Source>>>) -> (u32, Rc<Source>) {
    let mut sources = sources.borrow_mut();
    let source = Rc::new(Source::default());
    sources.push(Rc::clone(&source));
    (sources.len() as u32 - 1, source)
}

/// What became of the pieces of those sources. The latency is left out.
fn direction(sources: &[Rc<Source>], which: impl Fn(&Source) -> bool) -> Direction {
    let mut total = Direction::default();
    sources.iter().filter(|source| which(source)).for_each(|source| source.add_to(&mut total));
    total
}

pub(super) fn count(counter: &Cell<u32>) {
    counter.set(counter.get() + 1);
}
