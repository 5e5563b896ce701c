//! Test calls from pages of the console (CON-5): who has begun which, where its sound comes from, and how it has ended.
//!
//! For the actors a test call is a call like any other. Here is what Twilio does for those: it brings the sound, as a
//! media stream, and ends the line when the daemon says so.

mod microphone;
#[cfg(feature = "practice")]
mod typing;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actors::call_parts::Services;
use actors::carrier::{BrowserLine, LineEnd};
use actors::link::Link;
use actors::messages::SupervisorEvent;
use actors::supervisor::{CallRefused, Calls, ReportedStatus};
use console::test_call::{Speaking, TestRefusal};
use entities::audit::{self, About, NewEntry};
use entities::{Database, RecordsError};
use jiff::Timestamp;
use protocol::business::{BusinessSettings, OpeningLine};
use protocol::call::{CallSetup, LeadFacts};
use protocol::ids::{BusinessId, CallSid};
use protocol::twilio::forms::{CallStatus, Direction, Party};
use protocol::twilio::twiml::Dial;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::config::Patience;
use crate::live_settings::LiveSettings;
use crate::media_start::{self, NotStarted};
use crate::prompt;

/// Test calls that a user may begin in a day of the business.
pub(crate) const MOST_A_DAY: u64 = 20;
/// The entry of the audit log by which they are counted.
pub(crate) const STARTED: &str = "test_call.start";
/// Test calls of which it is known how they have ended. Of older ones only the record is left.
const ENDED_KEPT: usize = 256;
/// Sentences that wait to be said.
const WORDS_WAITING: usize = 8;
/// Bytes between a line and its call, in each direction: some seconds of sound.
const PIPE_BYTES: usize = 64 * 1024;

/// A test call that is to begin.
pub(crate) struct NewTest {
    pub(crate) user: Uuid,
    pub(crate) business: BusinessId,
    pub(crate) settings: BusinessSettings,
    pub(crate) prompt_version: i32,
    pub(crate) speaking: Speaking,
    /// When the day began, within which the user's test calls are counted.
    pub(crate) today: Timestamp,
    /// The entry of the audit log, without the call.
    pub(crate) entry: NewEntry,
}

/// Why a test call was not begun.
#[derive(Debug, Error)]
pub(crate) enum NotBegun {
    #[error("refused: {0:?}")]
    Refused(TestRefusal),
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// What a sentence has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Taken,
    /// Too many wait.
    TooMany,
    /// The call is over, or is not spoken to by typing.
    NotTaken,
}

/// How a test call stands.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    Live,
    Over(LineEnd),
}

/// The test calls of this process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct TestCalls(Arc<Shared>);

struct Shared {
    services: Services,
    calls: Calls,
    live: LiveSettings,
    patience: Patience,
    tasks: TaskTracker,
    stop: CancellationToken,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    calls: BTreeMap<CallSid, TestCall>,
    /// The oldest first.
    ended: VecDeque<CallSid>,
}

struct TestCall {
    user: Uuid,
    business: BusinessId,
    state: State,
}

enum State {
    Live(Arc<Line>),
    Over(LineEnd),
}

/// The user's end of a test call.
struct Line {
    call: CallSid,
    /// Cancelled: the user has hung up, or the call is over.
    gone: CancellationToken,
    /// Cancelled: it is known how the call has ended.
    over: CancellationToken,
    /// Sentences to be said; `None`: the user speaks.
    words: Option<mpsc::Sender<String>>,
    /// Whether a socket has come. There is one for each call.
    is_connected: AtomicBool,
}

impl TestCalls {
    /// Its tasks will be among `tasks`, until `stop`.
    pub(crate) fn new(
        services: Services,
        calls: Calls,
        live: LiveSettings,
        patience: Patience,
        (tasks, stop): (TaskTracker, CancellationToken),
    ) -> Self {
        let known = Mutex::default();
        Self(Arc::new(Shared { services, calls, live, patience, tasks, stop, known }))
    }

    /// Test calls that the user may still begin, on the day that began `today`.
    pub(crate) async fn left(
        db: &Database,
        user: Uuid,
        today: Timestamp,
    ) -> Result<u64, RecordsError> {
        let made = audit::count_of_user(db, user, STARTED, today).await?;
        Ok(MOST_A_DAY.saturating_sub(made))
    }

    /// Begins a test call. Its user is then to be connected, unless they type.
    pub(crate) async fn begin(&self, new: NewTest) -> Result<CallSid, NotBegun> {
        let services = &self.0.services;
        let (user, business) = (new.user, new.business);
        if Self::left(&services.database, user, new.today).await? == 0 {
            return Err(NotBegun::Refused(TestRefusal::NoneLeft));
        }
        let call = self.new_sid()?;
        let now = services.clock.now();
        if services.provider.admit(&call, &new.settings, now).is_err() {
            return Err(NotBegun::Refused(TestRefusal::NoProvider));
        }
        let setup = self.setup(&call, &new);
        let language = new.settings.language.as_str().to_owned();
        let carried = services.lines.open(call.clone());
        let started = self.0.calls.start(setup, services.node.first_lease()).await;
        started.map_err(|why| NotBegun::Refused(refusal(why)))?;
        let entry = NewEntry {
            object: Some(call.to_string()),
            about: About { call: Some(call.clone()), ..About::default() },
            ..new.entry
        };
        let counted = audit::write_within(&services.database, entry, new.today, MOST_A_DAY).await;
        if !matches!(counted, Ok(true)) {
            self.hang_up_for_user(&call).await;
            counted?;
            return Err(NotBegun::Refused(TestRefusal::NoneLeft));
        }
        let (words, typed) = mpsc::channel(WORDS_WAITING);
        let line = Arc::new(Line {
            call: call.clone(),
            gone: CancellationToken::new(),
            over: CancellationToken::new(),
            words: (new.speaking == Speaking::Typing).then_some(words),
            is_connected: AtomicBool::new(false),
        });
        let state = State::Live(Arc::clone(&line));
        self.known().calls.insert(call.clone(), TestCall { user, business, state });
        self.0.tasks.spawn(self.clone().keep(carried, Arc::clone(&line)));
        if new.speaking == Speaking::Typing {
            self.begin_typing(line, typed, language);
        }
        Ok(call)
    }

    /// How a test call of this user stands. `None`: they have none of this name, in this process.
    pub(crate) fn standing(
        &self,
        user: Uuid,
        business: BusinessId,
        call: &CallSid,
    ) -> Option<Standing> {
        let known = self.known();
        Some(match &known.of(user, business, call)?.state {
            State::Live(_) => Standing::Live,
            State::Over(end) => Standing::Over(end.clone()),
        })
    }

    /// Has the user say a sentence. `None`: they have no such test call.
    pub(crate) fn say(
        &self,
        user: Uuid,
        business: BusinessId,
        call: &CallSid,
        words: String,
    ) -> Option<Said> {
        let known = self.known();
        let State::Live(line) = &known.of(user, business, call)?.state else {
            return Some(Said::NotTaken);
        };
        let Some(waiting) = &line.words else { return Some(Said::NotTaken) };
        Some(match waiting.try_send(words) {
            Ok(()) => Said::Taken,
            Err(mpsc::error::TrySendError::Full(_)) => Said::TooMany,
            Err(mpsc::error::TrySendError::Closed(_)) => Said::NotTaken,
        })
    }

    /// The user hangs up. `None`: they have no such test call.
    pub(crate) fn hang_up(&self, user: Uuid, business: BusinessId, call: &CallSid) -> Option<()> {
        let mut known = self.known();
        known.of(user, business, call)?;
        known.over(call, LineEnd::HungUp);
        Some(())
    }

    /// Keeps the line until it ends: by the daemon, or by the user.
    async fn keep(self, mut carried: BrowserLine, line: Arc<Line>) {
        let end = tokio::select! {
            biased;
            end = carried.ended() => end,
            () = line.gone.cancelled() => {
                self.hang_up_for_user(&line.call).await;
                LineEnd::HungUp
            }
            () = self.0.stop.cancelled() => LineEnd::HungUp,
        };
        self.known().over(&line.call, end);
    }

    /// Tells the call what Twilio's status callback tells when a caller has hung up.
    async fn hang_up_for_user(&self, call: &CallSid) {
        let status = CallStatus::Completed;
        let reported = ReportedStatus { call: call.clone(), status, duration_secs: None };
        self.0.calls.report(reported).await;
    }

    /// Gives the call its media stream, once that has begun.
    async fn attach(&self, call: &CallSid, mut link: Link) -> Result<(), NotAttached> {
        let start = media_start::read(&mut link, self.0.patience.start).await?;
        if start.call_sid != *call {
            return Err(NotAttached::OtherCall);
        }
        let handle = self.0.calls.find(call.clone()).await.ok_or(NotAttached::NoCall)?;
        let (stream, link) = (start.stream_sid, Mutex::new(Some(link)));
        // The only one of this call.
        let attach = SupervisorEvent::Attach { handshake: 1, stream, link };
        handle.tell(attach).map_err(|_| NotAttached::NoCall)
    }

    /// In the form of Twilio's.
    fn new_sid(&self) -> Result<CallSid, NotBegun> {
        let secret = self.0.services.chance.next_secret();
        let sid = format!("CA{}", secret.get(..32).unwrap_or_default());
        CallSid::parse(&sid).map_err(|_| NotBegun::Refused(TestRefusal::Internal))
    }

    fn setup(&self, call: &CallSid, new: &NewTest) -> CallSetup {
        let (settings, now) = (&new.settings, self.0.services.clock.wall());
        let opening = match settings.opening() {
            // Nobody plays it.
            OpeningLine::Played { text, .. } => OpeningLine::Spoken { text },
            opening @ (OpeningLine::Spoken { .. } | OpeningLine::Silent) => opening,
        };
        CallSetup {
            call_sid: call.clone(),
            business: new.business,
            lines: Arc::new(settings.lines()),
            opening,
            settings: Arc::new(settings.clone()),
            direction: Direction::Inbound,
            person: Party::Withheld,
            business_number: settings.phone_numbers[0].clone(),
            prompt_version: new.prompt_version,
            instructions: prompt::preview(settings, Direction::Inbound, now).into(),
            lead: LeadFacts::default(),
            transfer: settings.transfer.as_ref().map(|transfer| Dial {
                number: transfer.number.clone(),
                // Nobody is rung.
                action: String::new(),
                timeout_secs: 0,
                caller_id: None,
            }),
            upstream_patience: self.0.live.upstream_patience(),
            stream_patience: self.0.patience.stream,
            session_ages: self.0.patience.sessions,
            is_test: true,
        }
    }

    #[cfg(not(feature = "practice"))]
    fn begin_typing(&self, line: Arc<Line>, _: mpsc::Receiver<String>, _: String) {
        // There is no practice provider, which alone understands typed sentences.
        line.gone.cancel();
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn of(&self, user: Uuid, business: BusinessId, call: &CallSid) -> Option<&TestCall> {
        self.calls.get(call).filter(|test| test.user == user && test.business == business)
    }

    /// The first end counts.
    fn over(&mut self, call: &CallSid, end: LineEnd) {
        let Some(test) = self.calls.get_mut(call) else { return };
        let State::Live(line) = &test.state else { return };
        line.gone.cancel();
        line.over.cancel();
        test.state = State::Over(end);
        self.ended.push_back(call.clone());
        if self.ended.len() > ENDED_KEPT
            && let Some(oldest) = self.ended.pop_front()
        {
            self.calls.remove(&oldest);
        }
    }
}

impl Line {
    /// Whether this is the first socket of the call.
    fn connect(&self) -> bool {
        !self.is_connected.swap(true, Ordering::Relaxed)
    }
}

/// Why a test call got no sound.
#[derive(Debug, Error)]
enum NotAttached {
    #[error(transparent)]
    NotStarted(#[from] NotStarted),
    #[error("the stream names another call")]
    OtherCall,
    #[error("the call is over")]
    NoCall,
}

fn refusal(why: CallRefused) -> TestRefusal {
    match why {
        CallRefused::Full => TestRefusal::Full,
        CallRefused::Draining => TestRefusal::Stopping,
        CallRefused::JournalFull | CallRefused::Over | CallRefused::Failed => TestRefusal::Internal,
    }
}
