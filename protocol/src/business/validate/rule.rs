//! The rules that a value can break.

use std::time::Duration;

use thiserror::Error;

use super::super::duration_text::written;
use super::super::{Language, TimeSpan};
use crate::text;
use crate::webhooks::UrlFlaw;

/// A broken rule. Its text says what is wrong and how to correct it, and follows the key.
#[derive(Debug, Clone, PartialEq, Error)]
#[expect(missing_docs, reason = "the text of each says what it is")]
pub enum Rule {
    #[error("is empty: give it a text")]
    Blank,
    #[error("is empty: give it a text, or leave the key out for the default")]
    BlankLine,
    #[error("holds an empty text: give it words or take it out")]
    BlankEntry,
    #[error(
        "is missing: there are default texts in \"he\" and \"en\" only, so a business with language = \"{0}\" \
         gives its own"
    )]
    NoDefaultText(Language),
    #[error(transparent)]
    Text(#[from] text::Flaw),
    #[error("is no web address: expected http:// or https:// and a host")]
    WebAddress,
    #[error(transparent)]
    Receiver(#[from] UrlFlaw),
    #[error("must be more than 0")]
    MoreThanZero,
    #[error("must be from {least} to {most}: {why}")]
    Within {
        least: String,
        most: String,
        /// What the value is for.
        why: &'static str,
    },
    #[error("holds {count} entries, and may hold {most}")]
    TooMany { count: usize, most: usize },
    #[error("holds {0} twice: give each once")]
    Twice(String),
    #[error("is empty: give at least one number, or no call reaches this business")]
    NoNumber,
    #[error("must be at most 100 words or names, none of them empty or longer than 100 characters")]
    Keywords,
    #[error("holds a phrase without a word: take it out")]
    Wordless,
    #[error(
        "{0:?} is no field name: expected 1 to {longest} letters, digits and underscores, as in \
         \"service_category\"",
        longest = super::LONGEST_FIELD
    )]
    FieldName(String),
    #[error(
        "is missing: mode = \"play\" needs the recording's address, or choose mode = \"realtime\""
    )]
    NoRecording,
    #[error(
        "is empty: give a text per warning, leave the key out for the defaults, or set warnings = 0"
    )]
    NoWarnings,
    #[error("must be longer than min_notice, or no appointment can ever be made")]
    Horizon,
    #[error(
        "is longer than the longest opening of appointments.hours, which is {longest}: no appointment could be made",
        longest = written(*.0)
    )]
    LongerThanOpening(Duration),
    #[error("{0} and {1} overlap: make them one span or part them")]
    Overlap(TimeSpan, TimeSpan),
    #[error("is the business's own: a call handed to it would come back; give a person's number")]
    OwnNumber,
    #[error(
        "must name a voice with its locale, as \"Google.fr-FR-Wavenet-A\" does: only \"he\" and \"en\" have one \
         by default"
    )]
    NoApologyVoice,
    #[error("holds {0:?}: expected a name of letters a to z, digits, and the signs . - _ : /")]
    Sign(char),
    #[error(
        "{0:?} is no voice of the model's: expected one of {voices}, or \"custom:\" and the id of a voice of your own",
        voices = super::limits::VOICES.join(", ")
    )]
    UnknownVoice(String),
    #[error(
        "is about {tokens} tokens long, and {model} takes {input} with the whole conversation: shorten it to {} \
         at most",
        input / 2
    )]
    PromptTooLong { tokens: usize, model: String, input: usize },
    #[error("is empty: name at least one event, or leave the key out for all of them")]
    NoEvents,
    #[error("is missing: give the number of yours at Twilio that sends the SMS")]
    NoSender,
    #[error(
        "is missing: WhatsApp delivers nothing but approved templates to somebody who has not written within 24 h; \
         give the HX… of one whose variable 1 is the line"
    )]
    NoTemplate,
    #[error("is no template at Twilio: expected HX and 32 hexadecimal digits")]
    Template,
    #[error("needs whatsapp_number, which sends the message")]
    NoWhatsappNumber,
    /// A notice: the model may be newer than this version.
    #[error(
        "{model:?} is no model that this version knows: its calls fail if OpenAI does not have it, and their cost \
         is not known; known are {}",
        known.join(", ")
    )]
    UnknownModel { model: String, known: &'static [&'static str] },
}
