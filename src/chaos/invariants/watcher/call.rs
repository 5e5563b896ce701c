//! What is followed of one call.

use std::collections::BTreeMap;

use supervision::inbox::MAX_ATTEMPTS;

use super::step::Step;
use crate::simulate::trace::TracePoint;

/// The number of an invariant, and how it broke.
type Found = Result<(), (u8, String)>;

#[derive(Debug, Default)]
pub(super) struct CallWatch {
    inboxes: BTreeMap<String, Inbox>,
    /// The last event of CallActor's whose effects are published.
    published: u64,
    lives: Vec<Life>,
    response: Response,
    sockets: u32,
    playback: Playback,
}

/// An actor's inbox, over all generations of the actor.
#[derive(Debug, Default)]
struct Inbox {
    last: u64,
    /// The event that was taken last and is not done, with its attempt.
    in_work: Option<(u64, u32)>,
}

/// A generation of an actor, while something of it lives.
#[derive(Debug)]
struct Life {
    actor: String,
    generation: u64,
    /// The actor itself, or one of its tasks.
    part: String,
}

/// What is under way at OpenAI.
#[derive(Debug, Default, PartialEq, Eq)]
enum Response {
    #[default]
    None,
    /// It is asked for, or runs.
    Busy { since_ms: u64 },
}

#[derive(Debug, Default)]
struct Playback {
    /// Living writers of media sockets.
    writers: u32,
    /// A `clear` was sent, and no response was asked for since.
    is_cut: bool,
    asked_at_ms: Option<u64>,
}

/// How long a `clear` may wait for room in the socket. A response can be asked for meanwhile.
const CLEAR_WAITS_MS: u64 = 40;

impl CallWatch {
    /// `can_stall` says that the media socket may be written later than the trace would have it.
    pub(super) fn take(
        &mut self,
        point: &TracePoint<'_>,
        step: &Step<'_>,
        can_stall: bool,
    ) -> Found {
        match *step {
            Step::Takes { number, attempt, event } => {
                if point.actor == REALTIME && ends_response(event) {
                    self.response = Response::None;
                }
                self.inbox(point.actor).takes(number, attempt).map_err(|it| (7, it))
            }
            Step::Published(number) => {
                self.published = self.published.max(number);
                Ok(())
            }
            Step::Done(number) => self.done(point.actor, number),
            Step::Starts => self.starts(point),
            Step::Gone if point.actor == CALL_SUPERVISOR => self.is_alone(),
            Step::Gone => self.ended(point, ITSELF),
            Step::TaskBegins(name) => self.task_begins(point, name),
            Step::TaskEnds(name) => self.task_ends(point, name),
            Step::AsksForResponse => self.asks_for_response(point),
            Step::SendsClear => {
                let asked_just_now = self
                    .playback
                    .asked_at_ms
                    .is_some_and(|asked| point.at_ms <= asked + CLEAR_WAITS_MS);
                self.playback.is_cut = !asked_just_now;
                Ok(())
            }
            Step::SendsAudio => {
                let is_sure = !can_stall && self.playback.writers == 1;
                ensure(!(is_sure && self.playback.is_cut), 10, || {
                    "audio goes to Twilio after a cut, and no response was asked for".to_owned()
                })
            }
            Step::Crashed { .. } => Ok(()),
        }
    }

    fn inbox(&mut self, actor: &str) -> &mut Inbox {
        self.inboxes.entry(actor.to_owned()).or_default()
    }

    fn done(&mut self, actor: &str, number: u64) -> Found {
        let published = self.published;
        ensure(actor != "call" || number <= published, 7, || {
            format!("event {number} is acknowledged, and {published} is published")
        })?;
        self.inbox(actor).in_work.take_if(|(taken, _)| *taken == number);
        Ok(())
    }

    fn starts(&mut self, point: &TracePoint<'_>) -> Found {
        let before = self.lives.iter();
        let before = before
            .filter(|life| life.actor == point.actor)
            .find(|life| life.generation < point.generation);
        let found = ensure(before.is_none(), 8, || {
            format!("{}/{} starts beside {before:?}", point.actor, point.generation)
        });
        // The others' state is a snapshot, which nobody gives back.
        if matches!(point.actor, "twilio_io" | REALTIME) {
            self.began(point, ITSELF);
        }
        found
    }

    fn task_begins(&mut self, point: &TracePoint<'_>, name: &str) -> Found {
        // The stream's tasks are CallSupervisor's, and outlive TwilioIoActor.
        if point.actor != STREAM {
            self.began(point, name);
        }
        match (point.actor, name) {
            (STREAM, STREAM_WRITER) => self.playback.writers += 1,
            (REALTIME, SOCKET) => self.sockets += 1,
            _ => {}
        }
        ensure(self.sockets <= 1, 5, || "a session opens its socket beside another".to_owned())
    }

    fn task_ends(&mut self, point: &TracePoint<'_>, name: &str) -> Found {
        match (point.actor, name) {
            (STREAM, STREAM_WRITER) => {
                self.playback.writers = self.playback.writers.saturating_sub(1);
            }
            // What it asked for is over too.
            (REALTIME, SOCKET) => {
                self.sockets = self.sockets.saturating_sub(1);
                self.response = Response::None;
            }
            _ => {}
        }
        self.ended(point, name)
    }

    fn began(&mut self, point: &TracePoint<'_>, part: &str) {
        let (actor, generation) = (point.actor.to_owned(), point.generation);
        self.lives.push(Life { actor, generation, part: part.to_owned() });
    }

    fn ended(&mut self, point: &TracePoint<'_>, part: &str) -> Found {
        let is_it = |life: &Life| {
            life.actor == point.actor && life.generation == point.generation && life.part == part
        };
        if let Some(place) = self.lives.iter().position(is_it) {
            self.lives.swap_remove(place);
        }
        Ok(())
    }

    /// CallSupervisor goes last.
    fn is_alone(&self) -> Found {
        ensure(self.lives.is_empty(), 9, || format!("the call is over, beside {:?}", self.lives))
    }

    fn asks_for_response(&mut self, point: &TracePoint<'_>) -> Found {
        self.playback.is_cut = false;
        self.playback.asked_at_ms = Some(point.at_ms);
        let before =
            std::mem::replace(&mut self.response, Response::Busy { since_ms: point.at_ms });
        match before {
            Response::None => Ok(()),
            Response::Busy { since_ms } => {
                Err((1, format!("a response is asked for beside that of {since_ms} ms")))
            }
        }
    }
}

/// The part of a generation that is the actor with its state.
const ITSELF: &str = "itself";
const REALTIME: &str = "realtime";
/// From connecting to OpenAI until the connection is let go.
const SOCKET: &str = "socket";
const CALL_SUPERVISOR: &str = "call_supervisor";
const STREAM: &str = "stream";
const STREAM_WRITER: &str = "stream writer";

impl Inbox {
    /// Events come one after another; the next one only if the one before is done, or was given up.
    fn takes(&mut self, number: u64, attempt: u32) -> Result<(), String> {
        let lost = match self.in_work {
            Some((before, attempts)) if number > before && attempts < MAX_ATTEMPTS => Some(before),
            Some(_) | None => (number > self.last + 1).then_some(self.last + 1),
        };
        self.last = self.last.max(number);
        self.in_work = Some((number, attempt));
        lost.map_or(Ok(()), |lost| {
            Err(format!("event {number} is taken, and event {lost} is lost"))
        })
    }
}

/// Whether an event of OpenAI's leaves no response under way. What an error refused is not known here.
fn ends_response(event: &str) -> bool {
    event.starts_with("Received")
        && (event.contains("event: ResponseDone") || event.contains("event: Error"))
}

fn ensure(holds: bool, invariant: u8, what: impl FnOnce() -> String) -> Found {
    if holds { Ok(()) } else { Err((invariant, what())) }
}
