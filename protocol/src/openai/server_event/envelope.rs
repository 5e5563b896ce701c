//! The one pass over a frame: the type, and the fields of all events together. Objects are skipped by
//! the pass, and read afterwards by the event that needs them.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::MalformedEvent;
use crate::ids::InvalidId;

/// The fields of an event. One that is missing, or has another type than expected, matters only to the
/// event that needs it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) response_id: Text<'a>,
    #[serde(borrow)]
    pub(super) item_id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) arguments: Text<'a>,
    #[serde(borrow)]
    pub(super) delta: Text<'a>,
    #[serde(borrow)]
    pub(super) transcript: Text<'a>,
    #[serde(borrow)]
    pub(super) audio_start_ms: Unread<'a>,
    #[serde(borrow)]
    pub(super) audio_end_ms: Unread<'a>,
    #[serde(borrow)]
    pub(super) session: Unread<'a>,
    #[serde(borrow)]
    pub(super) response: Unread<'a>,
    #[serde(borrow)]
    pub(super) item: Unread<'a>,
    #[serde(borrow)]
    pub(super) error: Unread<'a>,
    #[serde(borrow)]
    pub(super) usage: Unread<'a>,
}

/// A string, borrowed from the frame unless it has JSON escapes. Anything else counts as missing.
/// (serde copies into an `Option<Cow<str>>`, always.)
#[derive(Default)]
pub(super) struct Text<'a>(Option<Cow<'a, str>>);

/// A part of the event as JSON text; `null` counts as missing.
type Unread<'a> = Option<&'a RawValue>;

impl<'a> Envelope<'a> {
    /// The event's `type`.
    pub(super) fn kind(&self) -> Result<&str, MalformedEvent> {
        self.kind.0.as_deref().ok_or(MalformedEvent::NoType)
    }

    /// `delta`, required, as it stands in the frame.
    pub(super) fn into_delta(mut self) -> Result<Cow<'a, str>, MalformedEvent> {
        self.delta.0.take().ok_or_else(|| self.lacks("delta"))
    }

    /// A required text, copied.
    pub(super) fn text(
        &self,
        field: &'static str,
        text: &Text<'a>,
    ) -> Result<String, MalformedEvent> {
        text.0.as_deref().map(str::to_owned).ok_or_else(|| self.lacks(field))
    }

    /// A required identifier.
    pub(super) fn id<T>(
        &self,
        field: &'static str,
        text: &Text<'a>,
        parse: fn(&str) -> Result<T, InvalidId>,
    ) -> Result<T, MalformedEvent> {
        let text = text.0.as_deref().ok_or_else(|| self.lacks(field))?;
        parse(text).map_err(|source| MalformedEvent::BadId { event: self.name(), source })
    }

    /// A required number, 0 or more, cut to a whole one.
    pub(super) fn number(
        &self,
        field: &'static str,
        number: Unread<'a>,
    ) -> Result<u64, MalformedEvent> {
        number.and_then(|number| whole(number.get())).ok_or_else(|| self.lacks(field))
    }

    /// A required object.
    pub(super) fn part(
        &self,
        field: &'static str,
        part: Unread<'a>,
    ) -> Result<Value, MalformedEvent> {
        let part = part.ok_or_else(|| self.lacks(field))?;
        Ok(serde_json::from_str(part.get())?)
    }

    /// The error for a field that is missing or has the wrong type.
    pub(super) fn lacks(&self, field: &'static str) -> MalformedEvent {
        MalformedEvent::Lacks { event: self.name(), field }
    }

    fn name(&self) -> String {
        self.kind.0.as_deref().unwrap_or_default().to_owned()
    }
}

impl<'a> Text<'a> {
    /// The string, if the field is one.
    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// Milliseconds have been seen with a fraction.
fn whole(number: &str) -> Option<u64> {
    number.parse().ok().or_else(|| {
        let number: f64 = number.parse().ok()?;
        (number >= 0.0).then_some(number as u64)
    })
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_unit<E>(self) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }
}
