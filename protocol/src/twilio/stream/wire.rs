//! The JSON as it stands on the wire, in one flat struct: an internally tagged enum would copy
//! every message before it looked at it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::ids::{AccountSid, CallSid, StreamSid};

/// Any message: the kind, and one field per kind that has more to say.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) event: Cow<'a, str>,
    pub(super) sequence_number: Option<Count>,
    #[serde(borrow)]
    pub(super) media: Option<Media<'a>>,
    #[serde(borrow)]
    pub(super) mark: Option<Mark<'a>>,
    #[serde(borrow)]
    pub(super) dtmf: Option<Dtmf<'a>>,
    pub(super) start: Option<Start>,
    pub(super) stop: Option<Stop>,
}

/// `media`. A `Cow` borrows only when it stands in a struct of its own, not inside an `Option`.
#[derive(Deserialize)]
pub(super) struct Media<'a> {
    #[serde(borrow)]
    pub(super) track: Cow<'a, str>,
    pub(super) chunk: Count,
    pub(super) timestamp: Count,
    #[serde(borrow)]
    pub(super) payload: Cow<'a, str>,
}

#[derive(Deserialize)]
pub(super) struct Mark<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
}

#[derive(Deserialize)]
pub(super) struct Dtmf<'a> {
    #[serde(borrow)]
    pub(super) digit: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Start {
    pub(super) stream_sid: StreamSid,
    pub(super) call_sid: CallSid,
    pub(super) account_sid: AccountSid,
    pub(super) media_format: MediaFormat,
    #[serde(default)]
    pub(super) custom_parameters: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MediaFormat {
    pub(super) encoding: String,
    pub(super) sample_rate: u32,
    pub(super) channels: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stop {
    pub(super) call_sid: CallSid,
}

/// A number that Twilio sends as a string in one field and as a number in the next.
#[derive(Clone, Copy)]
pub(super) struct Count(pub(super) u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, as such or in a string")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Count, E> {
        Ok(Count(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Count, E> {
        text.parse().map(Count).map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}
