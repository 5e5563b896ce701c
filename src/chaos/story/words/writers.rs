//! People who write, in words.

use std::fmt::Write as _;

use practice::openai::TextFault;
use practice::twilio::Attached;

use super::seconds::Seconds;
use crate::chaos::story::{Arrival, Note, Writer};

pub(super) fn line(place: usize, business: &str, writer: &Writer) -> String {
    let mut line = format!("person {place} ({business}, {}) writes", writer.number);
    for (index, note) in writer.notes.iter().enumerate() {
        line.push_str(if index == 0 { " " } else { ", " });
        // Writing to a string can't fail.
        let _ = write!(line, "at {} {}", Seconds(note.at), told(note));
    }
    line
}

fn told(note: &Note) -> String {
    let what = match &note.attached {
        Attached::Nothing => format!("{:?}", note.text),
        Attached::Media(kind) => format!("{:?} with {kind}", note.text),
        Attached::Location(..) => "a location".to_owned(),
        Attached::Contact => "a contact".to_owned(),
    };
    match note.arrives {
        Arrival::Once => what,
        Arrival::Again(after) => format!("{what} (delivered again {} later)", Seconds(after)),
        Arrival::AtOnce(times) => format!("{what} (delivered {times} times at once)"),
    }
}

/// What goes wrong with one answer of the text model.
pub(super) fn of_text(fault: &TextFault) -> String {
    match fault {
        TextFault::None => "is faultless".to_owned(),
        TextFault::TooManyRequests(after) => format!("is 429, retry after {after:?} s"),
        TextFault::NoQuota => "is insufficient_quota".to_owned(),
        TextFault::BadKey => "is invalid_api_key".to_owned(),
        TextFault::NoSuchModel => "is model_not_found".to_owned(),
        TextFault::ServerError => "is HTTP 500".to_owned(),
        TextFault::Page(status) => format!("is a page with HTTP {status}"),
        TextFault::Refusal => "is a refusal".to_owned(),
        TextFault::Incomplete(reason) => format!("ends in its middle ({reason})"),
        TextFault::Failed(code) => format!("fails with {code}"),
        TextFault::Text(text) => format!("is {text:?}"),
        TextFault::Empty => "is empty".to_owned(),
        TextFault::TooLong(units) => format!("has {units} units"),
        TextFault::Claims(reason) => format!("claims the end {reason}"),
        TextFault::Late(by) => format!("is {} late", Seconds(*by)),
        TextFault::Silence => "never comes".to_owned(),
        TextFault::HalfBody => "breaks off".to_owned(),
    }
}
