//! The client events the session's state writes, and how its requests are told apart.

use protocol::openai::client_event::{ClientEvent, Metadata, NewItem, ResponseSettings};
use protocol::openai::fault::FailureClass;
use protocol::openai::response_done::ResponseStatus;
use protocol::openai::scripted::{scripted_by_meaning, scripted_instructions};
use protocol::response_gate::{Outcome, RequestNumber, Wording};

/// The key under which a response carries its request's number.
pub(super) const REQUEST: &str = "request";

/// The name of the `session.update` in an error about it.
pub(super) const CONFIGURE: &str = "configure";

/// Tells the model something; `number` names it in an error about it.
pub(super) fn create(item: NewItem, number: u32) -> String {
    let event_id = format!("item-{number}");
    ClientEvent::ItemCreate { event_id, item }.to_json()
}

/// The only place that writes `response.create`.
pub(super) fn ask_for(request: RequestNumber, line: Option<(String, Wording)>) -> String {
    let metadata = Metadata::from([(REQUEST.to_owned(), request.0.to_string())]);
    let response = match line {
        None => ResponseSettings::Conversation { metadata },
        Some((text, wording)) => {
            let instructions = match wording {
                Wording::Exact => scripted_instructions(&text),
                Wording::InLanguage(language) => scripted_by_meaning(&text, &language),
            };
            ResponseSettings::Scripted { instructions, metadata }
        }
    };
    let event_id = format!("{REQUEST}-{}", request.0);
    ClientEvent::ResponseCreate { event_id, response }.to_json()
}

/// Whose request a response says it answers.
pub(super) fn request(metadata: &Metadata) -> Option<RequestNumber> {
    metadata.get(REQUEST)?.parse().ok().map(RequestNumber)
}

/// How a response ended, for the gate.
pub(super) fn outcome(status: &ResponseStatus) -> Outcome {
    match status {
        ResponseStatus::Completed => Outcome::Completed,
        ResponseStatus::Cancelled(_) => Outcome::Cancelled,
        ResponseStatus::Incomplete(_) => Outcome::Incomplete,
        ResponseStatus::Failed(failure) => match failure.class() {
            FailureClass::Quota | FailureClass::Filter => Outcome::FailedForGood,
            FailureClass::Retryable => Outcome::FailedForNow,
        },
        ResponseStatus::Unknown(_) => Outcome::Incomplete,
    }
}
