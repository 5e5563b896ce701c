//! The client events that the server accepts, field by field.

use serde_json::{Map, Value};

use super::schema::{Field, Rule, check_fields, may, must};
use super::wire::WireError;

/// A client event of a known type with valid fields.
#[derive(Debug, Clone)]
pub(super) struct ClientEvent {
    pub(super) kind: Kind,
    pub(super) fields: Map<String, Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    SessionUpdate,
    Append,
    Commit,
    Clear,
    ItemCreate,
    ItemRetrieve,
    ItemDelete,
    ItemTruncate,
    ResponseCreate,
    ResponseCancel,
}

/// The client's `event_id`, even of an event that is invalid otherwise.
pub(super) fn event_id(event: &Value) -> Option<&str> {
    event.get("event_id").and_then(Value::as_str)
}

/// Reads a client event.
///
/// # Errors
/// `invalid_event` without a type, `invalid_value` for an unknown type, or the error of the first invalid
/// field, worded as by the API.
pub(super) fn parse(event: Value) -> Result<ClientEvent, WireError> {
    let Value::Object(mut fields) = event else {
        return Err(WireError::new("invalid_event", "The event must be a JSON object."));
    };
    let name = match fields.remove("type") {
        Some(Value::String(name)) => name,
        Some(other) => return Err(WireError::wrong_type("type", "a string", &other)),
        None => {
            return Err(WireError::new("invalid_event", "The event has no 'type'.").about("type"));
        }
    };
    let Some((_, kind, schema)) = EVENTS.iter().find(|(known, ..)| *known == name) else {
        let names: Vec<&str> = EVENTS.iter().map(|(name, ..)| *name).collect();
        return Err(WireError::wrong_value("type", &name, &names));
    };
    let event_id = fields.remove("event_id");
    if let Some(id) = &event_id {
        super::schema::check(&Rule::Text(512), id, "event_id")?;
    }
    check_fields(schema, &fields, "")?;
    Ok(ClientEvent { kind: *kind, fields })
}

const EVENTS: &[(&str, Kind, &[Field])] = &[
    ("session.update", Kind::SessionUpdate, &[must("session", Rule::Object(SESSION))]),
    ("input_audio_buffer.append", Kind::Append, &[must("audio", Rule::Text(20 << 20))]),
    ("input_audio_buffer.commit", Kind::Commit, &[]),
    ("input_audio_buffer.clear", Kind::Clear, &[]),
    (
        "conversation.item.create",
        Kind::ItemCreate,
        &[must("item", ITEM), may("previous_item_id", Rule::OrNull(&TEXT))],
    ),
    ("conversation.item.retrieve", Kind::ItemRetrieve, &[must("item_id", TEXT)]),
    ("conversation.item.delete", Kind::ItemDelete, &[must("item_id", TEXT)]),
    (
        "conversation.item.truncate",
        Kind::ItemTruncate,
        &[
            must("item_id", TEXT),
            must("content_index", Rule::Int(0, i64::MAX)),
            must("audio_end_ms", Rule::Int(0, i64::MAX)),
        ],
    ),
    ("response.create", Kind::ResponseCreate, &[may("response", Rule::Object(RESPONSE))]),
    ("response.cancel", Kind::ResponseCancel, &[may("response_id", Rule::OrNull(&TEXT))]),
];

/// The longest string that the API accepts.
const TEXT: Rule = Rule::Text(256_000);
const NUMBER_OF_TOKENS: Rule = Rule::StringOr(&Rule::OneOf(&["inf"]), &Rule::Int(1, 4096));

const SESSION: &[Field] = &[
    must("type", Rule::OneOf(&["realtime"])),
    may("model", TEXT),
    may("instructions", TEXT),
    may("output_modalities", MODALITIES),
    may("audio", Rule::Object(AUDIO)),
    may("tools", Rule::List(&TOOL)),
    may("tool_choice", TOOL_CHOICE),
    may("parallel_tool_calls", Rule::Bool),
    may("reasoning", REASONING),
    may("max_output_tokens", NUMBER_OF_TOKENS),
    may("truncation", Rule::Any),
    may("prompt", Rule::Any),
    may("tracing", Rule::Any),
    may("include", Rule::OrNull(&Rule::List(&TEXT))),
];

const RESPONSE: &[Field] = &[
    may("instructions", TEXT),
    may("output_modalities", MODALITIES),
    may(
        "audio",
        Rule::Object(&[may("output", Rule::Object(&[may("format", FORMAT), may("voice", VOICE)]))]),
    ),
    may("tools", Rule::List(&TOOL)),
    may("tool_choice", TOOL_CHOICE),
    may("parallel_tool_calls", Rule::Bool),
    may("reasoning", REASONING),
    may("max_output_tokens", NUMBER_OF_TOKENS),
    may("metadata", Rule::OrNull(&Rule::Metadata)),
    may("prompt", Rule::Any),
    may("conversation", Rule::OneOf(&["auto", "none"])),
    may("input", Rule::List(&ITEM)),
];

const MODALITIES: Rule = Rule::List(&Rule::OneOf(&["audio", "text"]));
const REASONING: Rule =
    Rule::Object(&[may("effort", Rule::OneOf(&["minimal", "low", "medium", "high", "xhigh"]))]);

const AUDIO: &[Field] = &[
    may(
        "input",
        Rule::Object(&[
            may("format", FORMAT),
            may("transcription", Rule::OrNull(&Rule::Object(TRANSCRIPTION))),
            may(
                "noise_reduction",
                Rule::OrNull(&Rule::Tagged(&[("near_field", &[]), ("far_field", &[])])),
            ),
            may("turn_detection", Rule::OrNull(&TURN_DETECTION)),
        ]),
    ),
    may(
        "output",
        Rule::Object(&[
            may("format", FORMAT),
            may("voice", VOICE),
            may("speed", Rule::Number(0.25, 1.5)),
        ]),
    ),
];

const FORMAT: Rule = Rule::Tagged(&[
    ("audio/pcmu", &[]),
    ("audio/pcma", &[]),
    ("audio/pcm", &[may("rate", Rule::Int(24_000, 24_000))]),
]);

const VOICE: Rule = Rule::StringOr(
    &Rule::OneOf(&[
        "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar",
    ]),
    &Rule::Object(&[must("id", TEXT)]),
);

pub(super) const TRANSCRIPTION_MODELS: &[&str] = &[
    "whisper-1",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
    "gpt-4o-transcribe-diarize",
    "gpt-transcribe",
    "gpt-live-transcribe",
    "gpt-realtime-whisper",
];

const TRANSCRIPTION: &[Field] = &[
    may("model", Rule::OneOf(TRANSCRIPTION_MODELS)),
    may("language", Rule::OrNull(&Rule::OneOf(LANGUAGES))),
    may("languages", Rule::List(&Rule::OneOf(LANGUAGES))),
    may("prompt", Rule::OrNull(&TEXT)),
    may("keywords", Rule::List(&TEXT)),
    may("delay", TEXT),
];

/// Some of the ISO 639-1 codes. An unknown one rejects the whole update.
const LANGUAGES: &[&str] = &[
    "he", "en", "ar", "ru", "de", "fr", "es", "it", "pt", "nl", "pl", "ro", "uk", "tr", "el", "hu",
    "cs", "sk", "sv", "da", "no", "fi", "bg", "hr", "sr", "fa", "hi", "ja", "ko", "zh", "th", "vi",
];

const TURN_DETECTION: Rule = Rule::Tagged(&[
    (
        "server_vad",
        &[
            may("threshold", Rule::Number(0.0, 1.0)),
            may("prefix_padding_ms", Rule::Int(0, i64::MAX)),
            may("silence_duration_ms", Rule::Int(0, i64::MAX)),
            may("create_response", Rule::Bool),
            may("interrupt_response", Rule::Bool),
            may("idle_timeout_ms", Rule::OrNull(&Rule::Int(5000, 30_000))),
        ],
    ),
    (
        "semantic_vad",
        &[
            may("eagerness", Rule::OneOf(&["low", "medium", "high", "auto"])),
            may("create_response", Rule::Bool),
            may("interrupt_response", Rule::Bool),
        ],
    ),
]);

const TOOL: Rule = Rule::Tagged(&[
    (
        "function",
        &[must("name", Rule::Text(64)), may("description", TEXT), may("parameters", Rule::Any)],
    ),
    (
        "mcp",
        &[must("server_label", TEXT), may("server_url", TEXT), may("allowed_tools", Rule::Any)],
    ),
]);

const TOOL_CHOICE: Rule = Rule::StringOr(
    &Rule::OneOf(&["auto", "none", "required"]),
    &Rule::Tagged(&[("function", &[must("name", TEXT)])]),
);

const ITEM: Rule = Rule::Tagged(&[
    (
        "message",
        &[
            may("id", ID),
            may("object", Rule::OneOf(&["realtime.item"])),
            may("status", STATUS),
            must("role", Rule::OneOf(&["system", "user", "assistant"])),
            must("content", Rule::List(&CONTENT)),
        ],
    ),
    (
        "function_call",
        &[
            may("id", ID),
            may("object", Rule::OneOf(&["realtime.item"])),
            may("status", STATUS),
            may("call_id", ID),
            must("name", TEXT),
            must("arguments", TEXT),
        ],
    ),
    (
        "function_call_output",
        &[
            may("id", ID),
            may("object", Rule::OneOf(&["realtime.item"])),
            may("status", STATUS),
            must("call_id", ID),
            must("output", TEXT),
        ],
    ),
    ("item_reference", &[must("id", TEXT)]),
]);

/// An identifier made by a client.
const ID: Rule = Rule::Text(32);
const STATUS: Rule = Rule::OneOf(&["completed", "incomplete", "in_progress"]);

const CONTENT: Rule = Rule::Tagged(&[
    ("input_text", &[must("text", TEXT)]),
    ("input_audio", &[must("audio", Rule::Text(20 << 20)), may("transcript", Rule::OrNull(&TEXT))]),
    ("output_text", &[must("text", TEXT)]),
    ("output_audio", &[may("audio", Rule::Any), may("transcript", Rule::Any)]),
]);
