//! What callers and sessions share: the clock, the audio, and what is counted.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use actors::clock::Clock;
use hdrhistogram::Histogram;

use super::stamp::{Audio, Stamp};
use super::tally::Tally;
use crate::bench::findings::{Direction, Findings, Latency};

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
    /// What sends each caller's next frame.
    pub(super) callers: RefCell<Vec<Box<dyn Fn()>>>,
    /// What ends each call.
    hang_ups: RefCell<Vec<Box<dyn Fn()>>>,
    up: Distribution,
    down: Distribution,
    pub(super) greeting: Distribution,
    pub(super) clear: Distribution,
    pub(super) connected: Cell<u32>,
    pub(super) refused: Cell<u32>,
    pub(super) streams_lost: Cell<u32>,
    pub(super) turns: Cell<u32>,
    pub(super) responses: Cell<u32>,
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
            callers: RefCell::default(),
            hang_ups: RefCell::default(),
            up: Distribution::default(),
            down: Distribution::default(),
            greeting: Distribution::default(),
            clear: Distribution::default(),
            connected: Cell::default(),
            refused: Cell::default(),
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

    /// Measures what is sent from now on.
    pub(super) fn measure(&self) {
        self.measured_from.set(self.now());
    }

    pub(super) fn fall_silent(&self) {
        self.is_audible.set(false);
    }

    pub(super) fn on_hang_up(&self, hang_up: impl Fn() + 'static) {
        self.hang_ups.borrow_mut().push(Box::new(hang_up));
    }

    pub(super) fn hang_up(&self) {
        self.is_ending.set(true);
        self.hang_ups.borrow().iter().for_each(|hang_up| hang_up());
    }

    /// Calls that are connected or refused.
    pub(super) fn settled(&self) -> u32 {
        self.connected.get() + self.refused.get()
    }

    /// A new call, and its number.
    pub(super) fn add_call(&self) -> (u16, Rc<Source>) {
        add(&self.calls)
    }

    /// A new session, and its number.
    pub(super) fn add_session(&self) -> (u16, Rc<Source>) {
        add(&self.sessions)
    }

    pub(super) fn session(&self, number: u16) -> Option<Rc<Source>> {
        self.sessions.borrow().get(usize::from(number)).cloned()
    }

    /// The model has received a caller's frame.
    pub(super) fn frame_came(&self, stamp: Stamp, frame: &[u8], now: u64) {
        let calls = self.calls.borrow();
        let Some(call) = calls.get(usize::from(stamp.source)) else { return };
        call.came(stamp, self.audio.is_frame(stamp, frame));
        self.record(&self.up, stamp, now);
    }

    /// A caller has received a piece of the agent's audio from that session.
    pub(super) fn piece_came(&self, session: &Source, stamp: Stamp, piece: &[u8], now: u64) {
        session.came(stamp, self.audio.is_piece(piece));
        self.record(&self.down, stamp, now);
    }

    fn record(&self, distribution: &Distribution, stamp: Stamp, now: u64) {
        if stamp.at >= self.measured_from.get() {
            distribution.record(now.saturating_sub(stamp.at));
        }
    }

    pub(super) fn findings(&self) -> Findings {
        let sessions = self.sessions.borrow();
        Findings {
            calls: self.connected.get(),
            refused: self.refused.get(),
            sessions_again: (sessions.len() as u32).saturating_sub(self.connected.get()),
            streams_lost: self.streams_lost.get(),
            turns: self.turns.get(),
            responses: self.responses.get(),
            up: direction(&self.up, &self.calls.borrow()),
            down: direction(&self.down, &sessions),
            greeting: self.greeting.latency(),
            clear: self.clear.latency(),
        }
    }
}

fn add(sources: &RefCell<Vec<Rc<Source>>>) -> (u16, Rc<Source>) {
    let mut sources = sources.borrow_mut();
    let source = Rc::new(Source::default());
    sources.push(Rc::clone(&source));
    (sources.len() as u16 - 1, source)
}

fn direction(distribution: &Distribution, sources: &[Rc<Source>]) -> Direction {
    let mut total = Direction { latency: distribution.latency(), ..Direction::default() };
    for source in sources {
        let tally = source.tally.borrow();
        total.sent += u64::from(source.sent.get());
        total.doubled += tally.doubled;
        total.reordered += tally.reordered;
        total.altered += source.altered.get();
        total.stale += source.stale.get();
        for number in tally.missing(source.sent.get()) {
            let count = if source.is_cut(number) { &mut total.cut } else { &mut total.lost };
            *count += 1;
        }
    }
    total
}

/// What one call or one session sends, and what of it comes.
#[derive(Default)]
pub(super) struct Source {
    pub(super) sent: Cell<u32>,
    tally: RefCell<Tally>,
    altered: Cell<u64>,
    stale: Cell<u64>,
    /// The first piece of each response, and whether the caller has interrupted it.
    responses: RefCell<Vec<(u32, bool)>>,
}

impl Source {
    /// The number of the next piece, which is being sent.
    pub(super) fn next(&self) -> u32 {
        self.sent.replace(self.sent.get() + 1)
    }

    pub(super) fn begin_response(&self) {
        self.responses.borrow_mut().push((self.sent.get(), false));
    }

    /// The caller has interrupted the last response.
    pub(super) fn cut(&self) {
        if let Some((_, is_cut)) = self.responses.borrow_mut().last_mut() {
            *is_cut = true;
        }
    }

    fn is_cut(&self, number: u32) -> bool {
        let responses = self.responses.borrow();
        responses.iter().rev().find(|(first, _)| *first <= number).is_some_and(|(_, cut)| *cut)
    }

    fn came(&self, stamp: Stamp, is_whole: bool) {
        self.tally.borrow_mut().came(stamp.number);
        if !is_whole {
            self.altered.set(self.altered.get() + 1);
        }
        if self.is_cut(stamp.number) {
            self.stale.set(self.stale.get() + 1);
        }
    }
}

/// Durations in microseconds, up to a minute.
pub(super) struct Distribution(RefCell<Histogram<u64>>);

impl Default for Distribution {
    #[expect(clippy::expect_used, reason = "the bounds are constants that the histogram takes")]
    fn default() -> Self {
        Self(RefCell::new(Histogram::new_with_max(60_000_000, 3).expect("bounds in order")))
    }
}

impl Distribution {
    pub(super) fn record(&self, micros: u64) {
        self.0.borrow_mut().saturating_record(micros);
    }

    fn latency(&self) -> Latency {
        Latency::of(&self.0.borrow())
    }
}

pub(super) fn count(counter: &Cell<u32>) {
    counter.set(counter.get() + 1);
}
