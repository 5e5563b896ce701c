//! The settings of a carrier, of a call and of a called number.

use std::time::Duration;

use protocol::ids::AccountSid;
use secrecy::SecretString;

use super::audio_source::Silence;
use crate::chance::system_seed;
use crate::clock::WallClock;
use crate::speech::Voice;

#[derive(Debug, Clone)]
pub struct CarrierSettings {
    /// The account of every call.
    pub account_sid: AccountSid,
    /// The REST API's password and the key of every signature.
    pub auth_token: SecretString,
    /// The numbers' Voice URL. A fragment carries connection overrides.
    pub voice_url: String,
    /// Requested if a document can't be fetched or read.
    pub fallback_url: Option<String>,
    /// Requested when an inbound call has ended.
    pub status_callback: Option<String>,
    /// Requested for incoming messages ([`Carrier::receive_message`](super::Carrier::receive_message)).
    pub message_url: Option<String>,
    /// Requested if that one fails, with the same message.
    pub message_fallback_url: Option<String>,
    /// The numbers that are WhatsApp senders, as the REST API lists them.
    pub senders: Vec<String>,
    /// Whether persons read what they are sent. If so, the status `read` follows.
    pub persons_read: bool,
    /// Whether the account takes `STOP` by itself: nothing may be sent to that person then (21610) until
    /// they write `START`.
    pub handles_stop: bool,
    /// The numbers of the account, as the REST API lists them.
    pub numbers: Vec<String>,
    /// How the callers speak.
    pub voice: Voice,
    /// The speed of line time relative to wall time: frames, playout, rings, pauses and `<Say>`. The
    /// daemon's own clocks are not affected.
    pub clock_speed: f64,
    /// Wall time between two attempts of a webhook. Twilio documents none. It must be long enough for
    /// retries to outlast a restart of the daemon.
    pub retry_pause: Duration,
    /// Twilio's time limits of webhooks are so many times as long. More than 1 is for tests of other things, on slow
    /// machines.
    pub webhook_patience: u32,
    pub delivery: CallbackDelivery,
    /// A media message over this many bytes is a violation. Twilio documents no limit.
    pub largest_message: usize,
    /// Whether the views of streams keep the daemon's audio.
    pub keeps_audio: bool,
    /// For the dates in callbacks and in the REST API's answers.
    pub wall_clock: WallClock,
    /// SIDs and tokens are drawn from it.
    pub seed: u64,
}

impl CarrierSettings {
    /// Settings with this Voice URL, the system's clock and chance, and faithful callbacks.
    #[must_use]
    pub fn new(account_sid: AccountSid, auth_token: &str, voice_url: &str) -> Self {
        Self {
            account_sid,
            auth_token: auth_token.into(),
            voice_url: voice_url.to_owned(),
            fallback_url: None,
            status_callback: None,
            message_url: None,
            message_fallback_url: None,
            senders: Vec::new(),
            persons_read: false,
            handles_stop: false,
            numbers: Vec::new(),
            voice: Voice::built_in(),
            clock_speed: 1.0,
            retry_pause: Duration::from_secs(1),
            webhook_patience: 1,
            delivery: CallbackDelivery::Faithful,
            largest_message: 32 * 1024,
            keeps_audio: false,
            wall_clock: WallClock::system(),
            seed: system_seed(),
        }
    }
}

/// A call to the business.
#[derive(Debug, Clone)]
pub struct Dial {
    /// The caller: E.164, or a word such as `anonymous`.
    pub from: String,
    /// The business's number.
    pub to: String,
    /// The language the caller speaks, ISO 639-1.
    pub language: String,
    pub line: LineQuality,
    /// More parameters of the webhook, such as `ForwardedFrom`.
    pub extra: Vec<(String, String)>,
}

impl Dial {
    /// A call in Hebrew with the default line quality.
    #[must_use]
    pub fn new(from: &str, to: &str) -> Self {
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
            language: "he".to_owned(),
            line: LineQuality::default(),
            extra: Vec::new(),
        }
    }
}

/// How a call's line behaves. Times are line time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LineQuality {
    pub silence: Silence,
    /// Frames that are held back and sent together; 1 sends each when it is due.
    pub burst: u32,
    /// Time from the handshake to `start`.
    pub start_delay: Duration,
    /// Timestamp of the first frame, which is also sent then.
    pub first_timestamp: Duration,
    /// No mark is echoed.
    pub loses_marks: bool,
    /// The call's first media socket fails like this, so long after it opened.
    pub stream_fails: Option<(Duration, StreamFault)>,
}

/// How a media socket fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamFault {
    /// A TCP reset, without `stop` or a close frame. The document goes on.
    Cut,
    /// Nothing passes any more, in both directions. The socket stays open until the document ends.
    BlackHole,
}

impl Default for LineQuality {
    fn default() -> Self {
        Self {
            silence: Silence::Flat,
            burst: 1,
            start_delay: Duration::ZERO,
            first_timestamp: Duration::from_millis(150),
            loses_marks: false,
            stream_fails: None,
        }
    }
}

/// How a called number behaves. Times are line time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Callee {
    pub rings: Duration,
    pub then: Pickup,
}

/// What happens to status callbacks. Twilio guarantees neither delivery nor order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallbackDelivery {
    /// Each arrives once, in order, at once.
    #[default]
    Faithful,
    /// Each arrives this many more times.
    Duplicated(u32),
    /// Each arrives this much later, in wall time.
    Delayed(Duration),
    /// None arrives.
    Lost,
    /// Each changes places with the next one. The last one may have none.
    Swapped,
}

/// What happens after a number has rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pickup {
    /// A person answers. Connected by `<Dial>`, they talk for this long and hang up. Called by the
    /// REST API, the person is the [`CallerHandle`](super::CallerHandle) and `talks` is ignored.
    Person {
        talks: Duration,
    },
    Machine,
    Busy,
    /// It rings until the caller gives up.
    NoAnswer,
    /// The number doesn't exist.
    Unreachable,
}

impl Default for Callee {
    fn default() -> Self {
        Self {
            rings: Duration::from_millis(200),
            then: Pickup::Person { talks: Duration::from_secs(1) },
        }
    }
}
