//! Identifiers. Each has its own type and is parsed once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use uuid::Uuid;

/// Why a text is not an identifier. The error names the kind, the expected form and the text, cut to 64
/// characters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a {kind}: expected {expected}")]
pub struct InvalidId {
    kind: &'static str,
    expected: &'static str,
    text: String,
}

/// The longest identifier accepted from a provider, in bytes. OpenAI limits ids chosen by a client to 32
/// characters, and its own are shorter.
const LONGEST: usize = 128;

fn is_sid(text: &str, prefix: &str) -> bool {
    text.len() == 34
        && text.starts_with(prefix)
        && text.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit())
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the form of `text`.
            ///
            /// # Errors
            /// [`InvalidId`] names the text and the expected form.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidId {
                        kind: $kind,
                        expected: $expected,
                        text: text.chars().take(64).collect(),
                    })
                }
            }

            /// The text on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

macro_rules! shown_whole {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

shown_whole!(CallSid, StreamSid, MessageSid, AccountSid, ResponseId, ItemId, ToolCallId, Slug);

/// Masked, because debug output ends up in logs (OPS-6).
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

text_id!(
    /// A call at Twilio: `CallSid`.
    CallSid, "call's SID", "\"CA\" and 32 hexadecimal digits", |text| is_sid(text, "CA")
);
text_id!(
    /// A media stream of a call: `StreamSid`. A call can have several, one after another.
    StreamSid, "stream's SID", "\"MZ\" and 32 hexadecimal digits", |text| is_sid(text, "MZ")
);
text_id!(
    /// A written message at Twilio: `MessageSid`.
    MessageSid, "message's SID", "\"SM\" or \"MM\" and 32 hexadecimal digits", |text| {
        is_sid(text, "SM") || is_sid(text, "MM")
    }
);
text_id!(
    /// An account at Twilio: `AccountSid`.
    AccountSid, "Twilio account's SID", "\"AC\" and 32 hexadecimal digits", |text| is_sid(text, "AC")
);
text_id!(
    /// A response in an OpenAI Realtime session: `response.id`, `resp_…`.
    ResponseId, "response's id", "1 to 128 printable characters", is_token
);
text_id!(
    /// A conversation item in an OpenAI Realtime session: `item.id`, `item_…`.
    ItemId, "conversation item's id", "1 to 128 printable characters", is_token
);
text_id!(
    /// A function call of the model: `call_id`, `call_…`. Also the idempotency key of a booking (CAL-4).
    ToolCallId, "tool call's id", "1 to 128 printable characters", is_token
);
text_id!(
    /// A business's name in commands and URLs: 1 to 64 lower-case letters, digits and hyphens.
    Slug, "slug", "1 to 64 lower-case letters, digits and hyphens", |text| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    }
);
text_id!(
    /// A telephone number in E.164: `+` and 6 to 15 digits, the first not 0.
    PhoneNumber, "telephone number", "E.164: \"+\" and 6 to 15 digits, the first not 0", |text| {
        text.strip_prefix('+').is_some_and(|digits| {
            (6..=15).contains(&digits.len())
                && digits.bytes().all(|b| b.is_ascii_digit())
                && !digits.starts_with('0')
        })
    }
);

impl PhoneNumber {
    /// The number for logs: its first four and last two characters (OPS-6).
    #[must_use]
    pub fn masked(&self) -> String {
        let text = self.as_str();
        format!("{}…{}", &text[..4], &text[text.len() - 2..])
    }
}

/// Key of a business's row. Every query takes one: businesses are tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BusinessId(pub Uuid);

/// Key of a lead's row: a person who was in contact with one business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeadId(pub Uuid);

impl fmt::Display for BusinessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for LeadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One process of the daemon, among others on its database. Each process has a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub Uuid);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The fencing number of a call's lease. Each take-over of the call makes it one higher, and the database
/// refuses what carries a lower one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fence(pub u32);

impl Fence {
    /// Of the node that has answered the call's first webhook.
    pub const FIRST: Self = Self(1);

    /// The next number; saturates.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How often a part of a call was restarted, from 0. Messages of an older generation are dropped.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Generation(pub u32);

impl Generation {
    /// The next generation; saturates.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_of_the_wrong_form_is_refused_and_the_error_says_what_was_expected() {
        let error = CallSid::parse("CA123").unwrap_err().to_string();
        assert_eq!(
            error,
            "\"CA123\" is not a call's SID: expected \"CA\" and 32 hexadecimal digits"
        );
        assert!(CallSid::parse("CA00000000000000000000000000000001").is_ok());
        assert!(StreamSid::parse("CA00000000000000000000000000000001").is_err());
        assert!(MessageSid::parse("MM00000000000000000000000000000001").is_ok());
        assert!(MessageSid::parse("CA00000000000000000000000000000001").is_err());
        assert!(ItemId::parse("item_\"}").is_err());
        assert!(PhoneNumber::parse("+972501234567").is_ok());
        assert!(PhoneNumber::parse("anonymous").is_err());
    }

    #[test]
    fn ops_6_a_masked_number_does_not_show_the_subscriber() {
        assert_eq!(PhoneNumber::parse("+972501234567").unwrap().masked(), "+972…67");
    }
}
