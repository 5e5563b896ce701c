//! What the model answers with: one JSON object of one form (WA-4). The form that the model is given
//! and the form that is read are the same Rust types.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use crate::business::LeadStatus;
use crate::json::Object;

/// A type that has a strict schema.
pub(super) trait Schema {
    fn schema() -> Value;
}

/// A struct whose fields are its schema's properties, all of them required.
macro_rules! answer_object {
    ($(#[$meta:meta])* pub struct $name:ident { $(
        $(#[$attribute:meta])* pub $field:ident: $kind:ty = $told:literal,
    )* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$attribute])* pub $field: $kind,)*
        }

        impl Schema for $name {
            fn schema() -> Value {
                let mut properties = Map::new();
                $({
                    let mut property = <$kind as Schema>::schema();
                    property["description"] = json!($told);
                    properties.insert(stringify!($field).to_owned(), property);
                })*
                let required: Vec<_> = [$(stringify!($field)),*].into();
                json!({
                    "type": "object",
                    "properties": properties,
                    "required": required,
                    "additionalProperties": false,
                })
            }
        }
    };
}

answer_object! {
    /// The model's answer to what a person has written.
    pub struct ModelReply {
        /// The message to the person, never blank. Control characters other than line feeds are taken out.
        #[serde(deserialize_with = "required")]
        pub reply: String = "The message to the person: one whole message of plain text.",
        /// How the conversation stands.
        #[serde(deserialize_with = "object")]
        pub control: Control = "How the conversation stands.",
    }
}

answer_object! {
    /// How the conversation stands, in the words of the tool `call_control`.
    pub struct Control {
        /// Whether the conversation is over; the next message begins a new one.
        #[serde(deserialize_with = "required")]
        pub should_end_call: bool = "Whether the conversation is over: true only when the person has \
            said goodbye, has clearly declined, or everything required was collected and nothing else \
            is wanted.",
        /// Why it is over. `None` unless [`should_end_call`](Self::should_end_call).
        #[serde(deserialize_with = "required")]
        pub end_reason: Option<EndClaim> = "Why it is over; null unless should_end_call is true.",
        /// The lead's status, as the model sees it.
        #[serde(deserialize_with = "required")]
        pub lead_status: LeadStatus = "complete only when nothing required is missing; declined only \
            when the person wants nothing.",
        /// Required fields that are not known yet, as the model sees it.
        #[serde(deserialize_with = "required")]
        pub missing_fields: Vec<String> = "The names of required fields that are not known yet.",
        /// A remark for the business; empty if there is none.
        #[serde(deserialize_with = "required")]
        pub notes: String = "A short remark for the business; an empty text if there is none.",
    }
}

/// A reason to end that the model may claim (END-2). The daemon checks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndClaim {
    /// Everything required was collected.
    LeadComplete,
    /// The person has said goodbye.
    UserGoodbye,
    /// The person wants nothing.
    CustomerDeclined,
    /// The person has fallen silent.
    NoResponse,
}

impl EndClaim {
    /// Every claim.
    pub const ALL: [Self; 4] =
        [Self::LeadComplete, Self::UserGoodbye, Self::CustomerDeclined, Self::NoResponse];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeadComplete => "lead_complete",
            Self::UserGoodbye => "user_goodbye",
            Self::CustomerDeclined => "customer_declined",
            Self::NoResponse => "no_response",
        }
    }
}

impl Control {
    /// The same as arguments of the tool `call_control`, so that one function judges both (END-2).
    #[must_use]
    pub fn arguments(&self) -> String {
        json!(self).to_string()
    }
}

impl ModelReply {
    /// `text.format` of a request: the form that the model's text must have.
    pub(super) fn format() -> Value {
        json!({
            "type": "json_schema",
            "name": "answer",
            "strict": true,
            "schema": Self::schema(),
        })
    }

    /// Reads the text of one JSON object. What is wrong is said in words that the model can follow.
    pub(super) fn read(object: &str) -> Result<Self, String> {
        let mut deserializer = serde_json::Deserializer::from_str(object);
        let read: Result<Self, _> = serde_path_to_error::deserialize(&mut deserializer);
        let mut answer = read.map_err(|error| {
            let path = error.path().to_string();
            format!("{path}: {}", without_position(&error.into_inner().to_string()))
        })?;
        answer.reply = cleaned(&answer.reply);
        answer.control.notes = cleaned(&answer.control.notes);
        for field in &mut answer.control.missing_fields {
            *field = cleaned(field);
        }
        if answer.reply.is_empty() {
            return Err("reply: it is empty".to_owned());
        }
        if answer.control.end_reason.is_some() && !answer.control.should_end_call {
            return Err("control.end_reason: it must be null while should_end_call is false".into());
        }
        Ok(answer)
    }
}

impl Schema for String {
    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

impl Schema for bool {
    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

impl<T: Schema> Schema for Vec<T> {
    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

impl<T: Schema> Schema for Option<T> {
    fn schema() -> Value {
        super::schema::nullable(T::schema())
    }
}

impl Schema for EndClaim {
    fn schema() -> Value {
        json!({ "type": "string", "enum": Self::ALL.map(Self::as_str) })
    }
}

impl Schema for LeadStatus {
    fn schema() -> Value {
        json!({ "type": "string", "enum": Self::ALL.map(Self::as_str) })
    }
}

/// Without it serde takes a missing field for `None`.
fn required<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    T::deserialize(from)
}

/// Without it serde takes a list of the fields' values too.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Object::deserialize(from).map(|Object(object)| object)
}

/// The text trimmed, with line feeds as its only control characters: databases refuse some of the others,
/// and nobody means one.
fn cleaned(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    let spaced = lines.replace('\t', " ");
    let kept: String = spaced
        .chars()
        .filter(|letter| *letter == '\n' || !crate::text::controls(*letter))
        .collect();
    kept.trim().to_owned()
}

/// The place in the text says nothing to the model.
fn without_position(error: &str) -> &str {
    error.split(" at line ").next().unwrap_or(error)
}
