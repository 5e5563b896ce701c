//! The page of the documentation that has every key of a business's file: `docs/businesses.md`.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::business::Language;
use protocol::webhooks::EventKind;
use serde_json::Value;

pub use super::examples::of as example;
use super::form::{at, defaults};
use super::keys::{KEYS, Key, Kind};
use super::{examples, language_defaults};
use crate::texts::{Locale, Texts};

/// Keys without a default.
pub const REQUIRED: [&str; 5] =
    ["slug", "name", "phone_numbers", "transfer.number", "webhooks.url"];

/// What stands before the tables.
const INTRODUCTION: &str = include_str!("reference.txt");

/// The whole page, in Markdown.
#[must_use]
pub fn page() -> String {
    let t = Texts::new(Locale::English, TimeZone::UTC, Timestamp::UNIX_EPOCH);
    let mut page = INTRODUCTION.to_owned();
    let mut sections: Vec<&str> = Vec::new();
    for section in KEYS.iter().map(section) {
        if !sections.contains(&section) {
            sections.push(section);
        }
    }
    for name in sections {
        let heading =
            if name.is_empty() { "The business".to_owned() } else { format!("`[{name}]`") };
        let _ = write!(page, "\n## {heading}\n\n");
        page.push_str(
            "| key | value | default | example | meaning |\n| --- | --- | --- | --- | --- |\n",
        );
        for key in KEYS.iter().filter(|key| section(key) == name) {
            page.push_str(&row(&t, key));
        }
        if name == "webhooks" {
            page.push_str(SECRET);
        }
    }
    page.push_str(&texts_of_languages());
    page
}

/// The one key that no page of the console shows.
const SECRET: &str = "| `secret` | text | none | `\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"` | \
                      With it the events are signed. It is written here, and never shown again. |\n";

/// The table of the file that a key is in; empty for those before the first.
fn section(key: &Key) -> &'static str {
    key.path.rsplit_once('.').map_or("", |(section, _)| section)
}

fn row(t: &Texts, key: &Key) -> String {
    let name = key.path.rsplit('.').next().unwrap_or_default();
    let cells = [
        format!("`{name}`"),
        value(t, key),
        default(key),
        examples::of(key.path).map_or_else(String::new, |example| format!("`{example}`")),
        format!("{}: {}", t.say(&key.text()), t.say(&format!("{}-help", key.text()))),
    ];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

/// What may stand there.
fn value(t: &Texts, key: &Key) -> String {
    match key.kind {
        Kind::Line | Kind::Lines | Kind::Code => "text".to_owned(),
        Kind::Phone => "telephone number".to_owned(),
        Kind::Integer => "whole number".to_owned(),
        Kind::Decimal => "number".to_owned(),
        Kind::Duration => "duration".to_owned(),
        Kind::Switch => "`true` or `false`".to_owned(),
        Kind::Choice(words) => {
            let words =
                words.iter().map(|word| format!("`\"{word}\"`: {}", t.say(&key.choice_text(word))));
            words.collect::<Vec<_>>().join("; ")
        }
        Kind::List => "list of texts".to_owned(),
        Kind::Phones => "list of telephone numbers".to_owned(),
        Kind::Dates => "list of dates".to_owned(),
        Kind::Limit => "`\"inf\"` or a whole number".to_owned(),
        Kind::Elsewhere if key.path == "appointments.hours" => "table of days".to_owned(),
        Kind::Elsewhere => "text".to_owned(),
    }
}

fn default(key: &Key) -> String {
    if REQUIRED.contains(&key.path) {
        return "required".to_owned();
    }
    match at(&with_every_table(), key.path) {
        Value::Null if key.path.starts_with("barge_in.") => "by `preset`".to_owned(),
        Value::Null if language_defaults::text(key.path, &Language::ENGLISH).is_some() => {
            "[by language](#texts-of-a-language)".to_owned()
        }
        Value::Null if key.path == "apology.say_voice" => "by language".to_owned(),
        Value::Null if key.path.ends_with("_phrases") => "the usual ones".to_owned(),
        Value::Null => "none".to_owned(),
        Value::Object(_) => "no hours".to_owned(),
        // Every event, by name.
        Value::Array(_) if key.path == "webhooks.events" => "all".to_owned(),
        value @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            format!("`{value}`")
        }
    }
}

/// The defaults, in the tables that a business need not have too.
fn with_every_table() -> Value {
    let mut settings = defaults();
    settings["webhooks"] = serde_json::json!({ "events": EventKind::ALL });
    settings
}

/// The texts that are spoken or written if the business gives none.
fn texts_of_languages() -> String {
    let mut section = "\n## Texts of a language\n\n\
         These are said if the business gives none. A business in another language must give its own.\n\n\
         | key | Hebrew | English |\n| --- | --- | --- |\n"
        .to_owned();
    for key in KEYS {
        let text = |language| language_defaults::text(key.path, language);
        if let (Some(hebrew), Some(english)) = (text(&Language::HEBREW), text(&Language::ENGLISH)) {
            let _ = writeln!(section, "| `{}` | {hebrew} | {english} |", key.path);
        }
    }
    section
}
