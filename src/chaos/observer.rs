//! Listens to the trace of a run: kills actors at the story's trace points, and watches the
//! invariants.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actors::clock::Clock;
use practice::twilio::CallerHandle;
use tokio::sync::watch;

use super::ended::Endings;
use super::invariants::{Broken, Watcher};
use super::played::Played;
use super::stage::node::{KILLED, PROCESS};
use super::story::{Moment, Scene, Scenes, Story};
use crate::simulate::trace::{Stopwatch, Trace, TracePoint, Verdict};
use crate::virtual_time::process::Process;

type Calls = watch::Receiver<Vec<Option<CallerHandle>>>;

pub(super) struct Observer {
    trace: Trace,
    stopwatch: Stopwatch,
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    /// The story's calls, as far as they were dialled.
    calls: Calls,
    /// The place of each known call in the story, by its SID.
    places: BTreeMap<String, usize>,
    /// Where actors are killed, and how many points of that kind there were so far.
    crashes: Vec<(Moment, u32)>,
    scenes: watch::Sender<Scenes>,
    /// Daemons that were killed: how their parts fall is nobody's affair.
    dead: BTreeSet<Process>,
    watcher: Watcher,
    broken: Option<Broken>,
    /// The trace before it broke.
    last_events: Vec<String>,
}

impl Observer {
    pub(super) fn new(
        story: &Story,
        calls: Calls,
        scenes: watch::Sender<Scenes>,
        file: Option<Box<dyn Write + Send>>,
    ) -> Self {
        let crashes = story.troubles.iter().map(|trouble| trouble.at);
        let seen = Arc::new(Mutex::new(Seen {
            calls,
            places: BTreeMap::new(),
            crashes: crashes.filter(Moment::is_of_the_trace).map(|moment| (moment, 0)).collect(),
            scenes,
            dead: BTreeSet::new(),
            watcher: Watcher::new(story),
            broken: None,
            last_events: Vec::new(),
        }));
        let stopwatch = Stopwatch::default();
        let clock = stopwatch.clone();
        let trace = Trace::new(move || clock.milliseconds(), file);
        let (hooked, trace_of_hook) = (Arc::clone(&seen), trace.clone());
        trace.set_hook(move |point| locked(&hooked).take(point, &trace_of_hook));
        Self { trace, stopwatch, seen }
    }

    /// The simulation's clock runs from now on.
    pub(super) fn starts(&self, clock: &Clock) {
        self.stopwatch.start(clock);
    }

    /// Listens on this thread while `run` runs.
    pub(super) fn watch<T>(&self, run: impl FnOnce() -> T) -> T {
        let _listening = self.trace.listen();
        run()
    }

    /// What the watcher saw break, or else what the checks found at the end.
    ///
    /// # Errors
    /// The trace could not be written.
    pub(super) fn result(&self, found: Option<Broken>, took: Duration) -> io::Result<Played> {
        self.trace.flush()?;
        let mut seen = locked(&self.seen);
        if let Some(broken) = seen.broken.take() {
            let last_events = std::mem::take(&mut seen.last_events);
            return Ok(Played {
                broken: Some(broken),
                last_events,
                took,
                endings: Endings::default(),
            });
        }
        let last_events = found.as_ref().map(|broken| seen.last_lines(broken, &self.trace));
        Ok(Played {
            broken: found,
            last_events: last_events.unwrap_or_default(),
            took,
            endings: Endings::default(),
        })
    }
}

impl Seen {
    fn take(&mut self, point: &TracePoint<'_>, trace: &Trace) -> Verdict {
        self.dead.extend(killed_process(point));
        if self.dead.contains(&point.process) {
            return Verdict::GoOn;
        }
        let place = self.place(point.call);
        if self.broken.is_none()
            && let Some(broken) = self.watcher.see(point, place)
        {
            self.last_events = self.last_lines(&broken, trace);
            self.broken = Some(broken);
        }
        let Some(place) = place else { return Verdict::GoOn };
        if let Some(scene) = Scene::at(point) {
            self.begins(place, scene, point);
        }
        if point.may_panic { self.judge(place, point) } else { Verdict::GoOn }
    }

    fn begins(&self, place: usize, scene: Scene, point: &TracePoint<'_>) {
        self.scenes.send_if_modified(|scenes| {
            let is_new = !scenes.began.contains_key(&(place, scene));
            if is_new {
                scenes.began.insert((place, scene), Duration::from_millis(point.at_ms));
            }
            is_new
        });
    }

    /// Whether the story kills the actor at this point.
    fn judge(&mut self, place: usize, point: &TracePoint<'_>) -> Verdict {
        let publishes = point.actor == "call" && point.message.starts_with("published ");
        let mut dies = false;
        for (moment, came) in &mut self.crashes {
            let (call, is_it, nth) = match *moment {
                Moment::TracePoint { call, kind, nth } => (call, kind.as_str() == point.actor, nth),
                Moment::Published { call, nth } => (call, publishes, nth),
                Moment::Ordered { call, order, nth } => {
                    (call, publishes && order.is_in(point.message), nth)
                }
                Moment::At(_) | Moment::Scene { .. } => continue,
            };
            if call == place && is_it {
                *came += 1;
                dies |= *came == nth;
            }
        }
        if dies { Verdict::Panic } else { Verdict::GoOn }
    }

    fn place(&mut self, sid: &str) -> Option<usize> {
        if sid.is_empty() {
            return None;
        }
        if let Some(place) = self.places.get(sid) {
            return Some(*place);
        }
        let calls = self.calls.borrow();
        let is_it = |call: &Option<CallerHandle>| {
            call.as_ref().is_some_and(|call| call.call_sid().as_str() == sid)
        };
        let place = calls.iter().position(is_it)?;
        self.places.insert(sid.to_owned(), place);
        Some(place)
    }

    fn last_lines(&self, broken: &Broken, trace: &Trace) -> Vec<String> {
        let sid = broken.call.and_then(|call| {
            self.calls.borrow().get(call)?.as_ref().map(|call| call.call_sid().to_string())
        });
        sid.map_or_else(|| trace.last(), |sid| trace.last_of(&sid))
    }
}

/// The process that is killed at this point.
fn killed_process(point: &TracePoint<'_>) -> Option<Process> {
    let number = point.message.strip_suffix(KILLED).filter(|_| point.actor == PROCESS)?;
    number.parse().ok().map(Process)
}

fn locked(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
