//! What a carrier is told at its start, and what a call's line is like.

use std::time::Duration;

use protocol::ids::AccountSid;
use secrecy::SecretString;

use super::microphone::Silence;
use super::status::CallbackDelivery;
use crate::speech::Voice;

/// The account, the number's configuration and the knobs of a carrier.
#[derive(Debug, Clone)]
pub struct CarrierSettings {
    /// The account that every call belongs to.
    pub account_sid: AccountSid,
    /// Its token: the REST API's password and the key of every signature.
    pub auth_token: SecretString,
    /// The numbers' Voice URL. A fragment carries connection overrides.
    pub voice_url: String,
    /// Asked when a document can't be had.
    pub fallback_url: Option<String>,
    /// Told when an inbound call has ended.
    pub status_callback: Option<String>,
    /// Told of incoming messages ([`Carrier::receive_message`](super::Carrier::receive_message)).
    pub message_url: Option<String>,
    /// The numbers of the account, as the REST API lists them.
    pub numbers: Vec<String>,
    /// How the callers speak.
    pub voice: Voice,
    /// How many times faster than the wall's the line's clock runs: frames, playout, rings, pauses
    /// and `<Say>` together. The daemon's own clocks don't run faster with it.
    pub clock_speed: f64,
    /// Between two attempts of a webhook, wall time. Twilio doesn't say how long it waits; with
    /// none a restart could not be bridged by retries.
    pub retry_pause: Duration,
    /// What happens to status callbacks.
    pub delivery: CallbackDelivery,
    /// A media message over so many bytes is a violation. Twilio names no limit; 32 KB is prudent.
    pub largest_message: usize,
    /// Whether streams' views keep the audio that comes from the daemon.
    pub keeps_audio: bool,
}

impl CarrierSettings {
    /// The settings of a number with this Voice URL: real time, faithful callbacks.
    #[must_use]
    pub fn new(account_sid: AccountSid, auth_token: &str, voice_url: &str) -> Self {
        Self {
            account_sid,
            auth_token: auth_token.into(),
            voice_url: voice_url.to_owned(),
            fallback_url: None,
            status_callback: None,
            message_url: None,
            numbers: Vec::new(),
            voice: Voice::built_in(),
            clock_speed: 1.0,
            retry_pause: Duration::from_secs(1),
            delivery: CallbackDelivery::Faithful,
            largest_message: 32 * 1024,
            keeps_audio: false,
        }
    }
}

/// A call to the business.
#[derive(Debug, Clone)]
pub struct Dial {
    /// Who calls: E.164, or a word such as `anonymous`.
    pub from: String,
    /// The business's number.
    pub to: String,
    /// The language the caller speaks, ISO 639-1.
    pub language: String,
    /// What the line is like.
    pub line: LineQuality,
    /// Further parameters of the webhook, such as `ForwardedFrom`.
    pub extra: Vec<(String, String)>,
}

impl Dial {
    /// A call over a good line, in Hebrew.
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

/// What a call's line is like. The times are line time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LineQuality {
    /// What is sent while the caller says nothing.
    pub silence: Silence,
    /// So many frames are held back and sent together; 1 sends each when it is due.
    pub burst: u32,
    /// From the handshake to `start`.
    pub start_delay: Duration,
    /// The first frame's timestamp, at which it is also sent.
    pub first_timestamp: Duration,
    /// No mark is ever echoed.
    pub loses_marks: bool,
}

impl Default for LineQuality {
    fn default() -> Self {
        Self {
            silence: Silence::Flat,
            burst: 1,
            start_delay: Duration::ZERO,
            first_timestamp: Duration::from_millis(150),
            loses_marks: false,
        }
    }
}

/// How a called number behaves. The times are line time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Callee {
    /// How long it rings.
    pub rings: Duration,
    /// What happens then.
    pub then: Pickup,
}

/// What happens after a number has rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pickup {
    /// A person answers. Bridged by `<Dial>`, they talk so long and hang up; called by the REST
    /// API, the person is the [`CallerHandle`](super::CallerHandle) and this is not looked at.
    Person {
        /// How long a bridged conversation takes.
        talks: Duration,
    },
    /// A machine answers.
    Machine,
    /// Busy.
    Busy,
    /// Rings on until the caller gives up.
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
