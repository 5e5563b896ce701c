//! Why a value is refused, in the user's language.

use protocol::business::{InvalidTimeSpan, Rule};
use protocol::text::Flaw;
use protocol::webhooks::UrlFlaw;

use super::keys::{KEYS, Kind};
use crate::texts::Texts;

/// What is wrong with the value of a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// As in the business's file.
    pub path: String,
    pub why: Why,
}

impl Problem {
    /// The key by its name, and what is wrong with it: for a place that is not beside the field.
    #[must_use]
    pub fn line(&self, t: &Texts) -> String {
        let key = KEYS.iter().find(|key| key.path == self.path);
        let name = key.map_or_else(|| self.path.clone(), |key| t.say(&key.text()));
        format!("{name}: {}", self.why.say(t))
    }
}

/// Why a value is refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// It is no value of this kind.
    NotA(Kind),
    /// It is no time zone.
    Zone,
    /// It is no language's tag.
    Language,
    Span(InvalidTimeSpan),
    Rule(Rule),
    /// Another business, with this slug, has the number.
    NumberTaken {
        number: String,
        owner: String,
    },
    /// Events are signed, and there is no secret to sign them with.
    NoSecret,
    /// The settings can't be read or written at all. In English, for the operator.
    Unusable(String),
}

impl Why {
    /// What is wrong and how to correct it.
    #[must_use]
    pub fn say(&self, t: &Texts) -> String {
        match self {
            Self::NotA(kind) => t.say(not_a(*kind)),
            Self::Zone => t.say("wrong-zone"),
            Self::Language => t.say("wrong-language"),
            Self::Span(InvalidTimeSpan::Malformed(span)) => t.named("wrong-span", span),
            Self::Span(InvalidTimeSpan::Backwards(span)) => t.named("wrong-span-empty", span),
            Self::Rule(rule) => broken(t, rule),
            Self::NumberTaken { number, owner } => t.pair("wrong-number-taken", number, owner),
            Self::NoSecret => t.say("wrong-no-secret"),
            Self::Unusable(message) => t.named("wrong-unusable", message),
        }
    }
}

fn not_a(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "wrong-integer",
        Kind::Decimal => "wrong-decimal",
        Kind::Duration => "wrong-duration",
        Kind::Phone | Kind::Phones => "wrong-phone",
        Kind::Dates => "wrong-dates",
        Kind::Limit => "wrong-limit",
        Kind::Choice(_) => "wrong-choice",
        Kind::Line | Kind::Lines | Kind::Code | Kind::Switch | Kind::List | Kind::Elsewhere => {
            "wrong-value"
        }
    }
}

fn broken(t: &Texts, rule: &Rule) -> String {
    match rule {
        Rule::Blank | Rule::BlankLine => t.say("wrong-blank"),
        Rule::BlankEntry => t.say("wrong-blank-entry"),
        Rule::NoDefaultText(_) => t.say("wrong-no-default-text"),
        Rule::Text(Flaw::TooLong(most)) => t.count("wrong-too-long", *most),
        Rule::Text(Flaw::Invisible(_)) => t.say("wrong-invisible"),
        Rule::Text(Flaw::Control(_)) => t.say("wrong-control"),
        Rule::WebAddress => t.say("wrong-web-address"),
        Rule::Receiver(UrlFlaw::Malformed) => t.say("wrong-receiver"),
        Rule::Receiver(UrlFlaw::NotEncrypted) => t.say("wrong-receiver-plain"),
        Rule::Receiver(UrlFlaw::Private) => t.say("wrong-receiver-private"),
        Rule::MoreThanZero => t.say("wrong-zero"),
        Rule::Within { least, most, why: _ } => t.pair("wrong-range", least, most),
        Rule::TooMany { count: _, most } => t.count("wrong-too-many", *most),
        Rule::Twice(entry) => t.named("wrong-twice", entry),
        Rule::NoNumber => t.say("wrong-no-number"),
        Rule::Keywords => t.say("wrong-keywords"),
        Rule::Wordless => t.say("wrong-wordless"),
        Rule::FieldName(name) => t.named("wrong-field-name", name),
        Rule::NoRecording => t.say("wrong-no-recording"),
        Rule::NoWarnings => t.say("wrong-no-warnings"),
        Rule::Horizon => t.say("wrong-horizon"),
        Rule::LongerThanOpening(longest) => t.named("wrong-longer", t.length(longest)),
        Rule::Overlap(first, second) => {
            t.pair("wrong-overlap", first.to_string(), second.to_string())
        }
        Rule::OwnNumber => t.say("wrong-own-number"),
        Rule::NoApologyVoice => t.say("wrong-no-apology-voice"),
        Rule::Sign(sign) => t.named("wrong-sign", sign.to_string()),
        Rule::UnknownVoice(voice) => t.named("wrong-voice", voice),
        Rule::PromptTooLong { tokens, model: _, input } => {
            t.pair("wrong-prompt", t.number(*tokens), t.number(input / 2))
        }
        Rule::NoEvents => t.say("wrong-no-events"),
        Rule::NoSender => t.say("wrong-no-sender"),
        Rule::NoTemplate => t.say("wrong-no-template"),
        Rule::Template => t.say("wrong-template"),
        Rule::NoWhatsappNumber => t.say("wrong-no-whatsapp"),
        Rule::UnknownModel { model, known: _ } => t.named("wrong-model", model),
    }
}
