//! The JSON of a message in one flat struct. (serde copies a whole message before it decides between
//! the variants of an internally tagged enum.)

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::ids::{CallSid, StreamSid};
use crate::json::Object;

/// Any message: its `event`, and one object per event that has one.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) event: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) media: Option<Object<Media<'a>>>,
    #[serde(borrow)]
    pub(super) mark: Option<Object<Mark<'a>>>,
    #[serde(borrow)]
    pub(super) dtmf: Option<Object<Dtmf<'a>>>,
    pub(super) start: Option<Object<Start>>,
}

/// `media`. (A `Cow` borrows in a struct of its own, but not inside an `Option`.)
#[derive(Deserialize)]
pub(super) struct Media<'a> {
    #[serde(borrow)]
    pub(super) track: Cow<'a, str>,
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
    pub(super) media_format: Object<MediaFormat>,
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

/// A number. Twilio sends some as strings and some as numbers.
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
