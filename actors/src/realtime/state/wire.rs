//! The client events that the session's state sends, and the numbers that identify its requests.

use protocol::call::Entry;
use protocol::openai::client_event::{
    ClientEvent, Insistence, Metadata, NewItem, ResponseSettings,
};
use protocol::openai::fault::FailureClass;
use protocol::openai::response_done::{IncompleteReason, ResponseStatus};
use protocol::openai::scripted::{scripted_by_meaning, scripted_instructions, spoken};
use protocol::response_gate::{Manner, Outcome, RequestNumber, Wording};

use crate::realtime::history::{heard, told_id};

/// The metadata key of a request's number.
pub(super) const REQUEST: &str = "request";

/// The event id of a `session.update`, without its number. An error about it carries the id.
pub(super) const CONFIGURE: &str = "configure";

/// The event id of a commit of ours, without its number.
pub(super) const COMMIT: &str = "commit";

/// `conversation.item.create`. An error about it carries `number`.
pub(super) fn item_create(item: NewItem, number: u32) -> String {
    let event_id = format!("item-{number}");
    ClientEvent::ItemCreate { event_id, after: None, item }.to_json()
}

/// Replaces what the session was told of an entry of the agent's by what was heard.
pub(super) fn item_corrected(entry: &Entry) -> Vec<String> {
    let Some(told) = told_id(entry) else { return Vec::new() };
    let number = entry.number;
    let heard = heard(entry).map(|item| {
        let (event_id, after) = (format!("heard-{number}"), Some(told.clone()));
        ClientEvent::ItemCreate { event_id, after, item }
    });
    let gone = ClientEvent::ItemDelete { event_id: format!("delete-{told}"), item_id: told };
    heard.into_iter().chain([gone]).map(|event| event.to_json()).collect()
}

/// `response.create`. Nothing else writes this event.
///
/// `prompt` is the session's instructions. A response's own replace them, so they are repeated when
/// the model is told to speak.
pub(super) fn response_create(
    request: RequestNumber,
    line: Option<(String, Wording)>,
    manner: Manner,
    prompt: &str,
) -> String {
    let metadata = Metadata::from([(REQUEST.to_owned(), request.0.to_string())]);
    let response = match line {
        None => {
            let insisting = manner
                .must_speak
                .then(|| Insistence { instructions: spoken(prompt), unlimited: manner.unlimited });
            ResponseSettings::Conversation { insisting, metadata }
        }
        Some((text, wording)) => {
            let instructions = match wording {
                Wording::Exact => scripted_instructions(&text),
                Wording::InLanguage(language) => scripted_by_meaning(&text, &language),
            };
            let instructions = if manner.must_speak { spoken(&instructions) } else { instructions };
            ResponseSettings::Scripted { instructions, metadata }
        }
    };
    let event_id = format!("{REQUEST}-{}", request.0);
    ClientEvent::ResponseCreate { event_id, response }.to_json()
}

/// The number of our request that a response answers, from its metadata.
pub(super) fn request_number(metadata: &Metadata) -> Option<RequestNumber> {
    metadata.get(REQUEST)?.parse().ok().map(RequestNumber)
}

/// The number of the request that this is the event id of.
pub(super) fn request_named(event_id: &str) -> Option<RequestNumber> {
    let number = event_id.strip_prefix(REQUEST)?.strip_prefix('-')?;
    number.parse().ok().map(RequestNumber)
}

/// The number of the `session.update` that an event id names.
pub(super) fn settings_named(event_id: &str) -> Option<u32> {
    event_id.strip_prefix(CONFIGURE)?.strip_prefix('-')?.parse().ok()
}

/// How a response ended, for the gate. `called`: it called a tool that it was offered.
pub(super) fn outcome(status: &ResponseStatus, called: bool) -> Outcome {
    match status {
        ResponseStatus::Completed if called => Outcome::Called,
        ResponseStatus::Completed => Outcome::Completed,
        ResponseStatus::Cancelled(_) => Outcome::Cancelled,
        ResponseStatus::Incomplete(IncompleteReason::MaxOutputTokens) => Outcome::OutOfTokens,
        ResponseStatus::Incomplete(IncompleteReason::ContentFilter) => Outcome::Filtered,
        ResponseStatus::Incomplete(IncompleteReason::Other(_)) => Outcome::Incomplete,
        ResponseStatus::Failed(failure) => match failure.class() {
            FailureClass::Filter => Outcome::Filtered,
            FailureClass::Fatal(_) | FailureClass::Retryable => Outcome::Failed,
        },
        ResponseStatus::Unknown(_) => Outcome::Incomplete,
    }
}
