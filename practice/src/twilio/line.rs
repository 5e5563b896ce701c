//! One call's shared state: what its task, its sockets, the REST API and the caller all touch.

mod earpiece;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use protocol::ids::{AccountSid, CallSid};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use self::earpiece::Earpiece;
use super::clock::{LineClock, wall};
use super::debugger::{Trouble, Violation};
use super::form::{Form, form};
use super::microphone::Microphone;
use super::network::locked;
use super::settings::{CarrierSettings, LineQuality};
use super::twiml::{Method, Target};
use super::view::{CallStatus, CallView, Done, Recording, VerbRun};
use crate::speech::duration_of;

/// A call, as everybody who touches it holds it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) sid: CallSid,
    pub(super) account_sid: AccountSid,
    pub(super) made_at: Timestamp,
    pub(super) clock: LineClock,
    pub(super) quality: LineQuality,
    pub(super) view: watch::Sender<CallView>,
    /// Parameters of every webhook of this call, beside the usual ones.
    extra: Mutex<Form>,
    interrupts: mpsc::Sender<Interrupt>,
    /// Nothing more can be asked of the call.
    over: AtomicBool,
    microphone: Mutex<Microphone>,
    earpiece: Mutex<Earpiece>,
    levers: Mutex<Option<Levers>>,
}

/// What breaks into a running document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// The person at the other end hung up.
    CallerHungUp,
    /// The REST API ended the call.
    Completed,
    /// The REST API put another document in its place.
    Replaced(Source),
    /// The REST API limits the call to so much line time since its answer.
    TimeLimit(Duration),
}

/// Where a document comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A webhook.
    Webhook(Target),
    /// The text itself.
    Inline(String),
}

impl Source {
    /// A document that is asked for by POST.
    pub(super) fn post(url: &str) -> Self {
        Self::Webhook(Target { url: url.to_owned(), method: Method::Post })
    }
}

/// How the media sockets of a running `<Connect>` are meddled with.
#[derive(Debug, Clone)]
pub(super) struct Levers {
    /// Cuts every open socket.
    pub(super) cut: CancellationToken,
    /// While true, nothing is read from the sockets.
    pub(super) stalled: watch::Sender<bool>,
    /// Opens another socket beside.
    pub(super) another: mpsc::Sender<()>,
}

impl Line {
    /// A call that begins now, and the end at which its interrupts come out.
    pub(super) fn new(
        view: CallView,
        settings: &CarrierSettings,
        quality: LineQuality,
        extra: Form,
    ) -> (Self, mpsc::Receiver<Interrupt>) {
        let (interrupts, receiver) = mpsc::channel(INTERRUPTS);
        let line = Self {
            sid: view.call_sid.clone(),
            account_sid: settings.account_sid.clone(),
            made_at: wall(),
            clock: LineClock::start(settings.clock_speed),
            quality,
            extra: Mutex::new(extra),
            view: watch::Sender::new(view),
            interrupts,
            over: AtomicBool::new(false),
            microphone: Mutex::new(Microphone::new(quality.silence)),
            earpiece: Mutex::default(),
            levers: Mutex::default(),
        };
        (line, receiver)
    }

    /// Changes what can be seen of the call and wakes whoever waits for it.
    pub(super) fn see(&self, change: impl FnOnce(&mut CallView)) {
        self.view.send_modify(change);
    }

    /// Notes a mistake of the daemon; after [`MOST_NOTES`] they are no longer kept.
    pub(super) fn violation(&self, violation: Violation) {
        tracing::warn!(call_sid = %self.sid, %violation, "practice carrier: violation");
        self.see(|view| {
            if view.violations.len() < MOST_NOTES {
                view.violations.push(violation);
            }
        });
    }

    /// Notes what failed on the way; after [`MOST_NOTES`] they are no longer kept.
    pub(super) fn trouble(&self, trouble: Trouble) {
        tracing::debug!(call_sid = %self.sid, %trouble, "practice carrier");
        self.see(|view| {
            if view.troubles.len() < MOST_NOTES {
                view.troubles.push(trouble);
            }
        });
    }

    /// Notes that a verb is run.
    pub(super) fn done(&self, what: Done) {
        let at = self.clock.elapsed();
        self.see(|view| view.verbs.push(VerbRun { at, what }));
    }

    /// The call is answered, if it wasn't yet.
    pub(super) fn answer(&self) {
        let at = self.clock.elapsed();
        self.see(|view| {
            if view.answered_at.is_none() {
                view.answered_at = Some(at);
                view.status = CallStatus::InProgress;
            }
        });
    }

    /// Breaks into the running document. Whether there was one left to break into.
    pub(super) fn interrupt(&self, interrupt: Interrupt) -> bool {
        self.interrupts.try_send(interrupt).is_ok()
    }

    /// What waits to be spoken.
    pub(super) fn microphone(&self) -> MutexGuard<'_, Microphone> {
        locked(&self.microphone)
    }

    /// The levers of the running `<Connect>`, if one runs.
    pub(super) fn levers(&self) -> Option<Levers> {
        locked(&self.levers).clone()
    }

    /// Hands out the levers of a `<Connect>`, or takes them away.
    pub(super) fn set_levers(&self, levers: Option<Levers>) {
        *locked(&self.levers) = levers;
    }

    /// The caller said this at a sample of line time.
    pub(super) fn record_caller(&self, at: u64, ulaw: Bytes) {
        locked(&self.earpiece).record_caller(at, ulaw);
    }

    /// The caller hears audio that begins at a sample of line time.
    pub(super) fn hear(&self, at: u64, ulaw: &Bytes) {
        let told = locked(&self.earpiece).hear(at, ulaw);
        let (from, to) = (duration_of(at), duration_of(at + ulaw.len() as u64));
        self.see(|view| {
            view.samples_heard += ulaw.len() as u64;
            view.first_heard_at.get_or_insert(from);
            view.last_heard_at = Some(to);
            told.show(view);
        });
    }

    /// The caller hears nothing up to a sample of line time.
    pub(super) fn hear_nothing(&self, until: u64) {
        let told = locked(&self.earpiece).hear_nothing(until);
        if let Some(told) = told {
            self.see(|view| told.show(view));
        }
    }

    /// What the caller is hearing will not go on.
    pub(super) fn cut_off(&self) {
        locked(&self.earpiece).cut();
    }

    /// The caller listens no more: what was half heard is cut off.
    pub(super) fn close_ear(&self) {
        let told = locked(&self.earpiece).close();
        self.see(|view| told.show(view));
    }

    /// What both sides heard so far.
    pub(super) fn recording(&self) -> Recording {
        locked(&self.earpiece).recording()
    }

    /// Lets what both sides heard go.
    pub(super) fn forget_recording(&self) {
        locked(&self.earpiece).forget_recording();
    }

    /// Whether the call is over or about to be.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// From now on nothing can be asked of the call; whether that is news.
    pub(super) fn set_over(&self) -> bool {
        !self.over.swap(true, Ordering::AcqRel)
    }

    /// The parameters that go with every webhook of the call, with this status.
    pub(super) fn form(&self, status: &str) -> Form {
        let view = self.view.borrow();
        let mut form = form([
            ("CallSid", self.sid.as_str()),
            ("AccountSid", self.account_sid.as_str()),
            ("From", &view.from),
            ("To", &view.to),
            ("Caller", &view.from),
            ("Called", &view.to),
            ("CallStatus", status),
            ("ApiVersion", "2010-04-01"),
            ("Direction", view.direction.as_str()),
        ]);
        for side in ["From", "To", "Caller", "Called"] {
            for part in ["City", "State", "Zip", "Country"] {
                form.push((format!("{side}{part}"), String::new()));
            }
        }
        form.extend(locked(&self.extra).iter().cloned());
        form
    }

    /// Adds a parameter to every further webhook of the call.
    pub(super) fn add_parameter(&self, name: &str, value: &str) {
        locked(&self.extra).push((name.to_owned(), value.to_owned()));
    }
}

/// Violations and troubles kept of one call.
pub(super) const MOST_NOTES: usize = 256;

/// Interrupts that wait; a call takes one at a time and at once.
const INTERRUPTS: usize = 16;
