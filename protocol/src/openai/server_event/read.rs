//! From the flat fields of a frame to the event they make. Names of the beta stand beside those of
//! today; whether a field is wanted is decided here, event by event.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::envelope::Envelope;
use super::{MalformedEvent, RateLimit, ServerEvent};
use crate::ids::{ItemId, ResponseId, ToolCallId};
use crate::openai::fault::ErrorEvent;
use crate::openai::item::ConversationItem;
use crate::openai::response_done::{ResponseDone, metadata, response_id};
use crate::openai::usage::TranscriptionUsage;

type Parsed<'a> = Result<ServerEvent<'a>, MalformedEvent>;

/// The event that `event` is.
pub(super) fn event<'a>(event: &Envelope<'a>) -> Parsed<'a> {
    let kind = event.kind()?;
    if let Some(kind) = kind.strip_prefix("response.") {
        return response_event(kind, event);
    }
    if let Some(kind) = kind.strip_prefix("conversation.item.") {
        return item_event(kind, event);
    }
    match &*kind {
        "session.created" => {
            let session = event.part("session", event.session)?;
            Ok(ServerEvent::SessionCreated { expires_at: expiry(&session) })
        }
        "session.updated" => {
            let session = event.part("session", event.session)?;
            Ok(ServerEvent::SessionUpdated { expires_at: expiry(&session), session })
        }
        "error" => {
            Ok(ServerEvent::Error(ErrorEvent::from_value(&event.part("error", event.error)?)))
        }
        "input_audio_buffer.speech_started" => Ok(ServerEvent::SpeechStarted {
            audio_start_ms: event.number("audio_start_ms", event.audio_start_ms)?,
            item_id: item_id(event)?,
        }),
        "input_audio_buffer.speech_stopped" => Ok(ServerEvent::SpeechStopped {
            audio_end_ms: event.number("audio_end_ms", event.audio_end_ms)?,
            item_id: item_id(event)?,
        }),
        "input_audio_buffer.committed" => Ok(ServerEvent::Committed {
            item_id: item_id(event)?,
            previous_item_id: previous_item_id(event),
        }),
        "rate_limits.updated" => {
            Ok(ServerEvent::RateLimits(rate_limits(&event.part("rate_limits", event.rate_limits)?)))
        }
        "conversation.created"
        | "input_audio_buffer.cleared"
        | "input_audio_buffer.timeout_triggered"
        | "input_audio_buffer.dtmf_event_received" => Ok(ServerEvent::Ignored),
        _ => Ok(unused_or_unknown(kind)),
    }
}

fn item_event<'a>(kind: &str, event: &Envelope<'a>) -> Parsed<'a> {
    match kind {
        // "created" is the beta's name.
        "added" | "created" => Ok(ServerEvent::ItemAdded {
            item: item(event)?,
            previous_item_id: previous_item_id(event),
        }),
        "done" => Ok(ServerEvent::ItemDone {
            item: item(event)?,
            previous_item_id: previous_item_id(event),
        }),
        "deleted" => Ok(ServerEvent::ItemDeleted { item_id: item_id(event)? }),
        "truncated" => Ok(ServerEvent::ItemTruncated {
            item_id: item_id(event)?,
            audio_end_ms: event.number("audio_end_ms", event.audio_end_ms)?,
        }),
        "input_audio_transcription.delta" => Ok(ServerEvent::TranscriptionDelta {
            item_id: item_id(event)?,
            delta: event.text("delta", &event.delta)?,
        }),
        "input_audio_transcription.completed" => Ok(ServerEvent::TranscriptionCompleted {
            item_id: item_id(event)?,
            transcript: event.text("transcript", &event.transcript)?,
            usage: match event.usage {
                Some(_) => TranscriptionUsage::from_value(&event.part("usage", event.usage)?),
                None => None,
            },
        }),
        "input_audio_transcription.failed" => Ok(ServerEvent::TranscriptionFailed {
            item_id: item_id(event)?,
            error: ErrorEvent::from_value(&event.part("error", event.error)?),
        }),
        "input_audio_transcription.segment" | "retrieved" => Ok(ServerEvent::Ignored),
        _ => Ok(unused_or_unknown(event.kind()?)),
    }
}

fn response_event<'a>(kind: &str, event: &Envelope<'a>) -> Parsed<'a> {
    match kind {
        // Without "output_", and so below, is the beta's name.
        "output_audio.delta" | "audio.delta" => Ok(ServerEvent::AudioDelta {
            response_id: response(event)?,
            item_id: item_id(event)?,
            content_index: event.number("content_index", event.content_index).unwrap_or(0),
            delta: event.text("delta", &event.delta)?,
        }),
        "output_audio.done" | "audio.done" => {
            Ok(ServerEvent::AudioDone { response_id: response(event)?, item_id: item_id(event)? })
        }
        "output_audio_transcript.delta" | "audio_transcript.delta" => {
            Ok(ServerEvent::AudioTranscriptDelta {
                response_id: response(event)?,
                item_id: item_id(event)?,
                delta: event.text("delta", &event.delta)?,
            })
        }
        "output_audio_transcript.done" | "audio_transcript.done" => {
            Ok(ServerEvent::AudioTranscriptDone {
                response_id: response(event)?,
                item_id: item_id(event)?,
                transcript: event.text("transcript", &event.transcript)?,
            })
        }
        "created" => {
            let response = event.part("response", event.response)?;
            Ok(ServerEvent::ResponseCreated {
                response_id: response_id(&response).ok_or_else(|| event.lacks("response.id"))?,
                metadata: metadata(&response),
            })
        }
        "done" => {
            let response = event.part("response", event.response)?;
            let done = ResponseDone::from_value(&response);
            Ok(ServerEvent::ResponseDone(Box::new(done.ok_or_else(|| event.lacks("response.id"))?)))
        }
        "output_item.added" => {
            Ok(ServerEvent::OutputItemAdded { response_id: response(event)?, item: item(event)? })
        }
        "output_item.done" => {
            Ok(ServerEvent::OutputItemDone { response_id: response(event)?, item: item(event)? })
        }
        "function_call_arguments.done" => Ok(ServerEvent::FunctionCallArgumentsDone {
            response_id: response(event)?,
            item_id: item_id(event)?,
            call_id: event.id("call_id", &event.call_id, ToolCallId::parse)?,
            name: event.name.get().map(str::to_owned),
            arguments: event.text("arguments", &event.arguments)?,
        }),
        "content_part.added"
        | "content_part.done"
        | "output_text.delta"
        | "output_text.done"
        | "text.delta"
        | "text.done"
        | "function_call_arguments.delta" => Ok(ServerEvent::Ignored),
        _ => Ok(unused_or_unknown(event.kind()?)),
    }
}

/// Families of events that belong to other ways of using the API.
fn unused_or_unknown(event_type: Cow<'_, str>) -> ServerEvent<'_> {
    const UNUSED: [&str; 3] = ["response.mcp_call", "mcp_list_tools.", "output_audio_buffer."];
    if UNUSED.iter().any(|family| event_type.starts_with(family)) {
        ServerEvent::Ignored
    } else {
        ServerEvent::Unknown { event_type }
    }
}

fn item_id(event: &Envelope<'_>) -> Result<ItemId, MalformedEvent> {
    event.id("item_id", &event.item_id, ItemId::parse)
}

fn response(event: &Envelope<'_>) -> Result<ResponseId, MalformedEvent> {
    event.id("response_id", &event.response_id, ResponseId::parse)
}

fn previous_item_id(event: &Envelope<'_>) -> Option<ItemId> {
    event.previous_item_id.get().and_then(|id| ItemId::parse(id).ok())
}

fn item(event: &Envelope<'_>) -> Result<ConversationItem, MalformedEvent> {
    let item = event.part("item", event.item)?;
    ConversationItem::from_value(&item).ok_or_else(|| event.lacks("item.id"))
}

fn expiry(session: &Value) -> Option<Timestamp> {
    Timestamp::from_second(session["expires_at"].as_i64()?).ok()
}

fn rate_limits(limits: &Value) -> Vec<RateLimit> {
    let read = |limit: &Value| {
        let seconds = limit["reset_seconds"].as_f64().unwrap_or(0.0);
        Some(RateLimit {
            name: limit["name"].as_str()?.to_owned(),
            limit: limit["limit"].as_u64()?,
            remaining: limit["remaining"].as_u64()?,
            reset_after: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
        })
    };
    limits.as_array().into_iter().flatten().filter_map(read).collect()
}
