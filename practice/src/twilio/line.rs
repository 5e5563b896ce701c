//! One call's shared state. The call's task, its sockets, the REST API and the caller use it.

mod audio_sink;
mod controls;
mod interrupt;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;
use jiff::Timestamp;
use protocol::ids::{AccountSid, CallSid};
use tokio::sync::{mpsc, watch};

use self::audio_sink::AudioSink;
use super::audio_source::AudioSource;
use super::clock::LineClock;
use super::debugger::{TwilioError, Violation};
use super::form::{Form, form};
use super::lock::locked;
use super::settings::{CarrierSettings, LineQuality};
use super::view::{CallStatus, CallView, Done, Recording, VerbRun};
use crate::speech::duration_of;

pub(super) use self::controls::StreamControls;
pub(super) use self::interrupt::{Interrupt, Source};

#[derive(Debug)]
pub(super) struct Line {
    pub(super) sid: CallSid,
    pub(super) account_sid: AccountSid,
    pub(super) made_at: Timestamp,
    pub(super) clock: LineClock,
    pub(super) quality: LineQuality,
    pub(super) view: watch::Sender<CallView>,
    /// Parameters that every webhook of this call carries beside the usual ones.
    extra: Mutex<Form>,
    interrupts: mpsc::Sender<Interrupt>,
    /// The call takes no more requests.
    over: AtomicBool,
    source: Mutex<AudioSource>,
    sink: Mutex<AudioSink>,
    controls: Mutex<Option<StreamControls>>,
}

impl Line {
    /// A call that begins now, and the receiver of its interrupts.
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
            made_at: settings.wall_clock.now(),
            clock: LineClock::start(settings.clock_speed),
            quality,
            extra: Mutex::new(extra),
            view: watch::Sender::new(view),
            interrupts,
            over: AtomicBool::new(false),
            source: Mutex::new(AudioSource::new(quality.silence)),
            sink: Mutex::default(),
            controls: Mutex::default(),
        };
        (line, receiver)
    }

    /// Changes the call's view and wakes those who watch it.
    pub(super) fn update(&self, change: impl FnOnce(&mut CallView)) {
        self.view.send_modify(change);
    }

    /// Records a mistake of the daemon, up to [`MOST_RECORDED`].
    pub(super) fn violation(&self, violation: Violation) {
        tracing::warn!(call_sid = %self.sid, %violation, "practice carrier: violation");
        self.update(|view| {
            if view.violations.len() < MOST_RECORDED {
                view.violations.push(violation);
            }
        });
    }

    /// Records an error on the way, up to [`MOST_RECORDED`].
    pub(super) fn error(&self, error: TwilioError) {
        tracing::debug!(call_sid = %self.sid, %error, "practice carrier");
        self.update(|view| {
            if view.errors.len() < MOST_RECORDED {
                view.errors.push(error);
            }
        });
    }

    /// Records that a verb ran.
    pub(super) fn done(&self, what: Done) {
        let at = self.clock.elapsed();
        self.update(|view| view.verbs.push(VerbRun { at, what }));
    }

    /// Marks the call as answered, unless it already is.
    pub(super) fn answer(&self) {
        let at = self.clock.elapsed();
        self.update(|view| {
            if view.answered_at.is_none() {
                view.answered_at = Some(at);
                view.status = CallStatus::InProgress;
            }
        });
    }

    /// Interrupts the running document. False if the call is over.
    pub(super) fn interrupt(&self, interrupt: Interrupt) -> bool {
        self.interrupts.try_send(interrupt).is_ok()
    }

    pub(super) fn source(&self) -> MutexGuard<'_, AudioSource> {
        locked(&self.source)
    }

    /// The controls of the running `<Connect>`; `None` if none runs.
    pub(super) fn controls(&self) -> Option<StreamControls> {
        locked(&self.controls).clone()
    }

    pub(super) fn set_controls(&self, controls: Option<StreamControls>) {
        *locked(&self.controls) = controls;
    }

    /// Records the caller's audio at a sample of line time.
    pub(super) fn record_caller(&self, at: u64, ulaw: Bytes) {
        locked(&self.sink).record_caller(at, ulaw);
    }

    /// Plays audio to the caller that begins at a sample of line time.
    pub(super) fn play(&self, at: u64, ulaw: &Bytes) {
        let update = locked(&self.sink).play(at, ulaw);
        let (from, to) = (duration_of(at), duration_of(at + ulaw.len() as u64));
        self.update(|view| {
            view.samples_heard += ulaw.len() as u64;
            view.first_heard_at.get_or_insert(from);
            view.last_heard_at = Some(to);
            update.apply(view);
        });
    }

    /// Plays silence to the caller up to a sample of line time.
    pub(super) fn play_silence(&self, until: u64) {
        let update = locked(&self.sink).play_silence(until);
        if let Some(update) = update {
            self.update(|view| update.apply(view));
        }
    }

    /// The current utterance will not go on.
    pub(super) fn cut_off(&self) {
        locked(&self.sink).cut();
    }

    /// Ends the playback: an unfinished utterance is cut off.
    pub(super) fn close_sink(&self) {
        let update = locked(&self.sink).close();
        self.update(|view| update.apply(view));
    }

    pub(super) fn recording(&self) -> Recording {
        locked(&self.sink).recording()
    }

    pub(super) fn forget_recording(&self) {
        locked(&self.sink).forget_recording();
    }

    /// Whether the call is over or about to end.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Lets the call take no more requests. True if this is the first time.
    pub(super) fn set_over(&self) -> bool {
        !self.over.swap(true, Ordering::AcqRel)
    }

    /// The parameters of every webhook of the call, with this status.
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

    /// Adds a parameter to every later webhook of the call.
    pub(super) fn add_parameter(&self, name: &str, value: &str) {
        locked(&self.extra).push((name.to_owned(), value.to_owned()));
    }
}

/// Violations, and errors, recorded of one call.
const MOST_RECORDED: usize = 256;

/// Interrupts that may wait. A call takes them at once.
const INTERRUPTS: usize = 16;
