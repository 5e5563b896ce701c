//! A telephone network that stands in for Twilio: webhooks, TwiML, media streams, the REST API.
//!
//! It speaks Twilio's protocols over real sockets and is as strict as Twilio. Each mistake of the
//! daemon is a [`Violation`]; a correct daemon causes none. Where Twilio documents no limit, the
//! limit chosen here has a comment. JSON, XML and signatures are written apart from the daemon's.

mod audio_source;
mod call;
mod callbacks;
mod caller;
mod carrier;
mod clock;
mod debugger;
mod fetch;
mod form;
mod ids;
mod line;
mod lock;
mod message_store;
mod messages;
mod network;
mod overrides;
mod place;
mod playout;
mod rest;
mod settings;
mod signature;
mod stream;
mod stream_call;
mod target;
#[cfg(test)]
mod tests;
mod twiml;
mod view;

pub use self::audio_source::Silence;
pub use self::caller::{CallOver, CallerHandle, NoStream};
pub use self::carrier::{Carrier, CarrierError};
pub use self::debugger::{TwilioError, Violation};
pub use self::message_store::{MessageStatus, SentMessage};
pub use self::messages::{Attached, IncomingMessage, MessageAnswer};
pub use self::rest::{RestFault, RestKind, RestRequest};
pub use self::settings::{
    CallbackDelivery, Callee, CarrierSettings, Dial, LineQuality, Pickup, StreamFault,
};
pub use self::signature::sign;
pub use self::stream_call::StreamCall;
pub use self::twiml::RejectReason;
pub use self::view::{
    CallOutcome, CallStatus, CallView, Direction, Done, Echo, EndedBy, HeardSpeech, Recording,
    StreamEnd, StreamView, Track, VerbRun, Webhook, WebhookRun,
};
pub use crate::clock::WallClock;
