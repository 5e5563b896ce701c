//! Listens to the trace points of the daemon and of the practice world on one thread.
//!
//! Each point becomes one line, such as `1250 call-1 twilio_io/0 takes 3, attempt 1: …`: the
//! virtual time in milliseconds, the call, the actor with its generation, and what it does. Calls
//! are numbered as they appear. All lines go to a file; the last ones are kept for reports. A hook
//! can crash an actor at any point in its handler.

pub mod file;
mod lines;
mod point;
mod stopwatch;
mod subscriber;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tracing::Dispatch;
use tracing::dispatcher::{self, DefaultGuard};
use tracing::subscriber::NoSubscriber;

use lines::LastLines;
use point::Fields;
pub use point::{TracePoint, Verdict};
pub use stopwatch::Stopwatch;
use subscriber::TraceSubscriber;

type Clock = Box<dyn Fn() -> u64 + Send + Sync>;
type Hook = Box<dyn FnMut(&TracePoint<'_>) -> Verdict + Send>;

/// A trace that is being written. Cheap to clone; clones are the same trace.
#[derive(Clone)]
pub struct Trace {
    shared: Arc<Shared>,
}

struct Shared {
    /// Virtual milliseconds since the start.
    clock: Clock,
    state: Mutex<State>,
    /// Apart from the state, so that a hook may read the trace.
    hook: Mutex<Option<Hook>>,
}

#[derive(Default)]
struct State {
    file: Option<BufWriter<Box<dyn Write + Send>>>,
    error: Option<io::Error>,
    last: LastLines,
    /// The newest line.
    line: String,
    points: u64,
}

/// Takes nothing. While a process has one subscriber alone, `tracing` asks the thread that comes to a
/// callsite first, and a thread without a trace would turn the callsite off for all. It asks several
/// subscribers one by one.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

impl Trace {
    /// A trace whose times come from `clock`, in milliseconds since the start.
    #[must_use]
    pub fn new(
        clock: impl Fn() -> u64 + Send + Sync + 'static,
        file: Option<Box<dyn Write + Send>>,
    ) -> Self {
        let state = State { file: file.map(BufWriter::new), ..State::default() };
        let (state, hook) = (Mutex::new(state), Mutex::default());
        Self { shared: Arc::new(Shared { clock: Box::new(clock), state, hook }) }
    }

    /// Listens on this thread until the guard is dropped. All else that is logged goes where it
    /// went before.
    #[must_use]
    pub fn listen(&self) -> DefaultGuard {
        LazyLock::force(&SECOND);
        let below = dispatcher::get_default(Dispatch::clone);
        let trace = self.clone();
        let subscriber = TraceSubscriber::new(Box::new(move |fields| trace.take(fields)), below);
        dispatcher::set_default(&Dispatch::new(subscriber))
    }

    /// Asks `hook` at every point whether the actor goes on. It must emit no trace points. A
    /// verdict to panic counts only if the point allows it.
    pub fn set_hook(&self, hook: impl FnMut(&TracePoint<'_>) -> Verdict + Send + 'static) {
        *self.hook() = Some(Box::new(hook));
    }

    /// How many points there were.
    #[must_use]
    pub fn points(&self) -> u64 {
        self.state().points
    }

    /// The last lines of all.
    #[must_use]
    pub fn last(&self) -> Vec<String> {
        self.state().last.of_all()
    }

    /// The last lines of one call, by its SID.
    #[must_use]
    pub fn last_of(&self, call: &str) -> Vec<String> {
        self.state().last.of_call(call)
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    /// The first error of the file. What follows it is not written.
    pub fn flush(&self) -> io::Result<()> {
        let mut state = self.state();
        match state.error.take() {
            Some(error) => Err(error),
            None => state.file.as_mut().map_or(Ok(()), Write::flush),
        }
    }

    /// Takes one point. Holds no lock when it returns.
    fn take(&self, fields: &Fields) -> Verdict {
        let at_ms = (self.shared.clock)();
        let point = self.state().add(at_ms, fields);
        let verdict = self.hook().as_mut().map_or(Verdict::GoOn, |hook| hook(&point));
        if point.may_panic { verdict } else { Verdict::GoOn }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hook(&self) -> MutexGuard<'_, Option<Hook>> {
        self.shared.hook.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add<'a>(&mut self, at_ms: u64, fields: &'a Fields) -> TracePoint<'a> {
        self.points += 1;
        let alias = self.last.alias(&fields.call);
        let point = fields.point(self.points, at_ms);
        point.write_line(alias, &mut self.line);
        self.last.push(alias, point.message, &self.line);
        self.write();
        point
    }

    fn write(&mut self) {
        let Some(file) = &mut self.file else { return };
        if let Err(error) = writeln!(file, "{}", self.line) {
            self.file = None;
            self.error = Some(error);
        }
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("points", &self.points()).finish_non_exhaustive()
    }
}
