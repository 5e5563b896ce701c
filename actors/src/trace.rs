//! Trace points: what every actor takes and does, and what the daemon sends and receives.
//!
//! A simulation listens to them. It compares two runs of one seed, or crashes an actor at a chosen
//! point. They hold what callers say, so they have a target of their own, which no log shows.
//! While nobody listens, they format and allocate nothing.
//!
//! A point holds nothing that differs between two runs of one seed: no address, no id of ractor's,
//! no absolute [`Instant`](std::time::Instant).

mod shown;
#[cfg(test)]
mod tests;

use std::fmt;

use protocol::audio::payload::Payload;
use protocol::call::Call;
use protocol::ids::CallSid;
use supervision::{Delivery, Registration};

use crate::introspection::kind::ActorKind;
pub(crate) use shown::Show;

/// The target of all trace points. They are at level TRACE.
pub const TARGET: &str = "frontdesk::trace";

/// What a subscriber panics with.
pub const CRASHED: &str = "crashed at a trace point";

/// Longer texts are cut to this many bytes.
const LONGEST_TEXT: usize = 400;

/// A trace point outside an actor. `call` is the call's SID, or empty.
pub fn point(call: &str, source: &'static str, what: fmt::Arguments<'_>) {
    emit(call, source, 0, false, what);
}

/// A trace point in an actor's handler. A subscriber may panic at it if the actor is one of a
/// call's four.
pub(crate) fn handler(at: &Registration<ActorKind, CallSid>, what: fmt::Arguments<'_>) {
    let (kind, call) = (at.kind(), at.scope().map_or("", CallSid::as_str));
    emit(call, kind.as_str(), at.generation().0, kind.is_part_of_call(), what);
}

/// The actor took an event from its inbox, and has not handled it yet.
pub(crate) fn taken<E: Show>(at: &Registration<ActorKind, CallSid>, delivery: &Delivery<E>) {
    let Delivery { number, attempt, event } = delivery;
    let event = Shown(&**event);
    handler(at, format_args!("takes {number}, attempt {attempt}: {event}"));
}

/// The effects of all events up to `number` and of a timer are published. The commands are not delivered yet.
pub(crate) fn published(at: &Registration<ActorKind, CallSid>, number: u64, call: &Call) {
    handler(at, format_args!("published {number}{}", Undelivered(call)));
}

/// The effects of event `number` are published, and it is not acknowledged yet.
pub(crate) fn done(at: &Registration<ActorKind, CallSid>, number: u64) {
    handler(at, format_args!("done {number}"));
}

/// An actor starts, or is gone.
pub(crate) fn change(call: &str, kind: ActorKind, generation: u32, what: &str) {
    emit(call, kind.as_str(), generation, false, format_args!("{what}"));
}

/// One callsite for all: while nobody listens, a point costs one load.
fn emit(call: &str, actor: &str, generation: u32, may_panic: bool, what: fmt::Arguments<'_>) {
    tracing::trace!(target: TARGET, call, actor, generation, may_panic, "{what}");
}

/// What the points of a task have in common.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    call: Option<CallSid>,
    actor: &'static str,
    generation: u32,
}

impl Source {
    pub(crate) fn actor(at: &Registration<ActorKind, CallSid>) -> Self {
        let (call, actor) = (at.scope().cloned(), at.kind().as_str());
        Self { call, actor, generation: at.generation().0 }
    }

    /// Something of a call that is no actor.
    pub(crate) fn of_call(call: &CallSid, what: &'static str) -> Self {
        Self { call: Some(call.clone()), actor: what, generation: 0 }
    }

    pub(crate) fn point(&self, what: fmt::Arguments<'_>) {
        let call = self.call.as_ref().map_or("", CallSid::as_str);
        emit(call, self.actor, self.generation, false, what);
    }

    /// Runs `task`, with a point at its start and one at its end, however it ends. It is boxed: a
    /// future that is an argument has its place twice, before and while it runs.
    pub(crate) fn task(
        self,
        name: &'static str,
        task: impl Future<Output = ()> + Send,
    ) -> impl Future<Output = ()> + Send {
        let task = Box::pin(task);
        async move {
            let _end = self.begin(name);
            task.await;
        }
    }

    /// A point now, and one when the guard is dropped.
    pub(crate) fn begin(&self, name: &'static str) -> EndOfTask {
        self.point(format_args!("task {name} began"));
        EndOfTask { source: self.clone(), name }
    }
}

pub(crate) struct EndOfTask {
    source: Source,
    name: &'static str,
}

impl Drop for EndOfTask {
    fn drop(&mut self) {
        self.source.point(format_args!("task {} ended", self.name));
    }
}

/// Shows an event as [`Show`] says.
pub(crate) struct Shown<'a, E: ?Sized>(pub(crate) &'a E);

impl<E: Show + ?Sized> fmt::Display for Shown<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f)
    }
}

/// The names of the commands that are not delivered, each after a comma.
struct Undelivered<'a>(&'a Call);

impl fmt::Display for Undelivered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.outbox().try_for_each(|(_, command)| write!(f, ", {}", command.name()))
    }
}

/// The length and the checksum of audio.
pub(crate) struct Audio<'a>(pub(crate) &'a Payload);

impl fmt::Display for Audio<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ulaw = self.0.decode();
        write!(f, "{} bytes {:08x}", ulaw.len(), checksum(&ulaw))
    }
}

/// A text. Of a long one the beginning, the length and the checksum.
pub struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() <= LONGEST_TEXT {
            return write!(f, "{}", self.0.escape_debug());
        }
        let beginning = &self.0[..self.0.floor_char_boundary(LONGEST_TEXT)];
        let (length, sum) = (self.0.len(), checksum(self.0.as_bytes()));
        write!(f, "{}… {length} bytes {sum:08x}", beginning.escape_debug())
    }
}

/// An event to OpenAI: its type first, since a long text is cut.
pub(crate) struct ToOpenAi<'a>(pub(crate) &'a str);

impl fmt::Display for ToOpenAi<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[derive(serde::Deserialize)]
        struct Event {
            r#type: String,
        }
        let kind = serde_json::from_str::<Event>(self.0).map(|event| event.r#type);
        write!(f, "{} {}", kind.as_deref().unwrap_or("?"), Text(self.0))
    }
}

/// A message to Twilio. Of audio the length and the checksum.
pub(crate) struct ToTwilio<'a>(pub(crate) &'a str);

impl fmt::Display for ToTwilio<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload =
            self.0.split_once(r#""payload":""#).and_then(|(_, rest)| rest.split('"').next());
        match payload.map(|payload| Payload::from_string(payload.to_owned())) {
            Some(Ok(audio)) => write!(f, "media {}", Audio(&audio)),
            Some(Err(_)) | None => Text(self.0).fmt(f),
        }
    }
}

/// FNV-1a. The simulated providers compute the same, so a frame can be followed to its end.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
