//! Faults in words.

use std::fmt;

use entities::DatabaseFault;
use practice::openai::{ArgumentsFault, ConnectRefusal, LinkFault, ResponseFault, SpeechFault};
use practice::twilio::{CallbackDelivery, RestFault, RestKind};

use super::seconds::Seconds;
use super::writers::of_text;
use crate::chaos::story::{Fault, LinkTrouble, Peer, WhichNode};

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash => f.write_str("a crash"),
            Self::Network { to, trouble, lasts } => {
                write!(f, "for {}, connections to {to} {trouble}", Seconds(*lasts))
            }
            Self::Sessions(fault) => write!(f, "every session's connection {}", of_link(fault)),
            Self::Refused { refusal, times } => {
                write!(f, "the next {times} connections to OpenAI get {}", of_refusal(refusal))
            }
            Self::NextResponse(fault) => {
                write!(f, "the next response of every session: {}", of_response(fault))
            }
            Self::SessionsExpire => f.write_str("every session expires"),
            Self::Rest { kind, fault, times } => {
                let kind = match kind {
                    RestKind::HangUp => "hang-ups",
                    RestKind::Redirect => "redirects",
                    RestKind::UpdateCall => "changes of calls",
                    RestKind::CreateCall => "new calls",
                    RestKind::ReadCall | RestKind::ListCalls => "look-ups of calls",
                    RestKind::CreateMessage => "new messages",
                    RestKind::ReadMessage | RestKind::ListMessages => "look-ups of messages",
                    RestKind::ListNumbers => "look-ups of numbers",
                    RestKind::ListSenders => "look-ups of senders",
                    RestKind::Unknown => "other requests",
                };
                write!(f, "Twilio's API and the next {times} {kind}: {}", of_rest(*fault))
            }
            Self::Text(fault) => write!(f, "the next answer of the text model {}", of_text(fault)),
            Self::Undelivered(code) => write!(f, "the next message is not delivered ({code})"),
            Self::Callbacks(delivery) => {
                write!(f, "from now on status callbacks {}", of_callbacks(*delivery))
            }
            Self::CutOff { lasts } => {
                write!(f, "for {}, no webhook reaches the daemon", Seconds(*lasts))
            }
            Self::MediaSocketCut { call } => write!(f, "call {}'s media socket breaks", call + 1),
            Self::MediaSocketStalls { call, lasts } => {
                let lasts = Seconds(*lasts);
                write!(f, "for {lasts}, Twilio doesn't read call {}'s media socket", call + 1)
            }
            Self::Database { fault: DatabaseFault::CommitLost, .. } => {
                f.write_str("the database commits the next two writes, and their answers are lost")
            }
            Self::Database { fault, lasts } => {
                write!(f, "for {}, the database {}", Seconds(*lasts), of_database(*fault))
            }
            Self::OperatorHangsUp { call, daemon } => {
                write!(f, "an operator ends call {}, at living daemon {}", call + 1, daemon + 1)
            }
            Self::NodeDies { node, back_after } => {
                write!(f, "{node} is killed, and started again {} later", Seconds(*back_after))
            }
            Self::NodeCutOff { node, lasts } => {
                write!(f, "for {}, {node} does not reach the database", Seconds(*lasts))
            }
            Self::NodeDrains { node, back_after } => {
                let after = Seconds(*back_after);
                write!(f, "{node} is told to stop, and started again {after} after its end")
            }
            Self::WebhookAgain { call, times } => {
                write!(f, "call {}'s voice webhook comes again, {times} times", call + 1)
            }
        }
    }
}

impl fmt::Display for WhichNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nth(place) => write!(f, "daemon {}", place + 1),
            Self::Of { call } => write!(f, "call {}'s daemon", call + 1),
        }
    }
}

impl fmt::Display for LinkTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay(delay) => write!(f, "are {} ms late", delay.as_millis()),
            Self::Stall => f.write_str("stall"),
            Self::BlackHole => f.write_str("swallow everything"),
            Self::Reset => f.write_str("are reset and refused"),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenAi => "OpenAI",
            Self::TwilioApi => "Twilio's API",
            Self::Daemon => "the daemon",
        })
    }
}

fn of_link(fault: &LinkFault) -> String {
    match fault {
        LinkFault::Closed(code) => format!("is closed with {code}"),
        LinkFault::Dropped => "is dropped".to_owned(),
        LinkFault::BlackHole => "swallows everything".to_owned(),
        LinkFault::Stalled(lasts) => format!("stalls for {}", Seconds(*lasts)),
    }
}

fn of_refusal(refusal: &ConnectRefusal) -> String {
    match refusal {
        ConnectRefusal::Http(status) => format!("HTTP {status}"),
        ConnectRefusal::BadKey => "invalid_api_key".to_owned(),
        ConnectRefusal::NoQuota => "insufficient_quota".to_owned(),
        ConnectRefusal::NoSuchModel => "model_not_found".to_owned(),
        ConnectRefusal::ServerError => "server_error".to_owned(),
    }
}

/// What goes wrong with one response.
pub(super) fn of_response(fault: &ResponseFault) -> String {
    match fault {
        ResponseFault::None => "faultless".to_owned(),
        ResponseFault::Failed { kind, .. } => format!("fails with {kind}"),
        ResponseFault::CreatedLate(by) => format!("begins {} late", Seconds(*by)),
        ResponseFault::DoneLate(by) => format!("is done {} late", Seconds(*by)),
        ResponseFault::Lost { after: None, by } => format!("the connection {}", of_link(by)),
        ResponseFault::Lost { after: Some(after), by } => {
            format!("after {} of audio the connection {}", Seconds(*after), of_link(by))
        }
        ResponseFault::Incomplete { reason, after } => {
            format!("is cut after {} of audio ({reason})", Seconds(*after))
        }
        ResponseFault::Error { kind, .. } => format!("an error of type {kind} comes instead"),
        ResponseFault::ErrorFirst(by) => format!("comes {} late, after an error", Seconds(*by)),
        ResponseFault::TextOnly => "comes as text".to_owned(),
        ResponseFault::Empty => "is empty".to_owned(),
        ResponseFault::NeverCreated => "its beginning is not reported".to_owned(),
        ResponseFault::StalledAfterCreated => "stalls at once".to_owned(),
        ResponseFault::StalledAfter(after) => format!("stalls after {} of audio", Seconds(*after)),
    }
}

/// What goes wrong with one turn of the caller.
pub(super) fn of_speech(fault: SpeechFault) -> &'static str {
    match fault {
        SpeechFault::None => "faultless",
        SpeechFault::NeverStops => "without an end",
        SpeechFault::CommittedUnstopped => "committed without its end",
    }
}

fn of_rest(fault: RestFault) -> &'static str {
    match fault {
        RestFault::TooManyRequests => "refused with 429",
        RestFault::Forbidden => "refused with 403",
        RestFault::ServerError => "refused with 500",
        RestFault::AcceptedThenError => "done, and answered with 500",
        RestFault::AcceptedThenSilence => "done, and never answered",
    }
}

fn of_callbacks(delivery: CallbackDelivery) -> String {
    match delivery {
        CallbackDelivery::Faithful => "come as they should".to_owned(),
        CallbackDelivery::Duplicated(more) => format!("come {} times", more + 1),
        CallbackDelivery::Delayed(by) => format!("come {} late", Seconds(by)),
        CallbackDelivery::Lost => "are lost".to_owned(),
        CallbackDelivery::Swapped => "come in the wrong order".to_owned(),
    }
}

fn of_database(fault: DatabaseFault) -> String {
    match fault {
        DatabaseFault::Slow(by) => format!("takes {} ms more for everything", by.as_millis()),
        DatabaseFault::Locked => "is locked".to_owned(),
        DatabaseFault::Gone => "is gone".to_owned(),
        DatabaseFault::Full => "is full".to_owned(),
        DatabaseFault::CommitLost => "loses the answer to a commit".to_owned(),
    }
}

/// What is wrong with a tool's arguments, if anything is.
pub(super) fn of_arguments(fault: &ArgumentsFault) -> Option<String> {
    Some(match fault {
        ArgumentsFault::None => return None,
        ArgumentsFault::CutOff => "are cut off".to_owned(),
        ArgumentsFault::DoubleEncoded => "are JSON in a string".to_owned(),
        ArgumentsFault::FollowedBy(text) => format!("are followed by {text:?}"),
        ArgumentsFault::ReplacedBy(text) => format!("are {text:?}"),
    })
}
