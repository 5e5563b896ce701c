//! From the fields of a frame to the event they make. Names of the API's beta stand beside those of the
//! GA version. Which fields are required is decided here, event by event.

use super::envelope::Envelope;
use super::{AudioDelta, MalformedEvent, ServerEvent, ServerFrame};
use crate::ids::{ItemId, ResponseId};
use crate::openai::fault::ErrorEvent;
use crate::openai::item::ConversationItem;
use crate::openai::response_done::{ResponseDone, metadata, response_id};
use crate::openai::usage::billed_length;

type Parsed = Result<ServerEvent, MalformedEvent>;

/// Audio is taken out of the envelope as it is; everything else becomes an owned event.
pub(super) fn frame(envelope: Envelope<'_>) -> Result<ServerFrame<'_>, MalformedEvent> {
    match envelope.kind()? {
        // Without "output_", here and below: the beta's name.
        "response.output_audio.delta" | "response.audio.delta" => {
            Ok(ServerFrame::Audio(AudioDelta {
                response_id: response(&envelope)?,
                item_id: item_id(&envelope)?,
                delta: envelope.into_delta()?,
            }))
        }
        kind => event(kind, &envelope).map(ServerFrame::Event),
    }
}

fn event(kind: &str, envelope: &Envelope<'_>) -> Parsed {
    if let Some(kind) = kind.strip_prefix("response.") {
        return response_event(kind, envelope);
    }
    match kind {
        "session.created" => Ok(ServerEvent::SessionCreated),
        "session.updated" => {
            Ok(ServerEvent::SessionUpdated { session: envelope.part("session", envelope.session)? })
        }
        "error" => {
            let error = envelope.part("error", envelope.error)?;
            Ok(ServerEvent::Error(ErrorEvent::from_value(&error)))
        }
        "input_audio_buffer.speech_started" => Ok(ServerEvent::SpeechStarted {
            audio_start_ms: envelope.number("audio_start_ms", envelope.audio_start_ms)?,
            item_id: item_id(envelope)?,
        }),
        "input_audio_buffer.speech_stopped" => Ok(ServerEvent::SpeechStopped {
            audio_end_ms: envelope.number("audio_end_ms", envelope.audio_end_ms)?,
            item_id: item_id(envelope)?,
        }),
        "input_audio_buffer.committed" => {
            Ok(ServerEvent::Committed { item_id: item_id(envelope)? })
        }
        "conversation.item.input_audio_transcription.completed" => {
            Ok(ServerEvent::TranscriptionCompleted {
                item_id: item_id(envelope)?,
                transcript: envelope.text("transcript", &envelope.transcript)?,
                billed: match envelope.usage {
                    Some(_) => billed_length(&envelope.part("usage", envelope.usage)?),
                    None => None,
                },
            })
        }
        "conversation.item.input_audio_transcription.failed" => {
            let error = envelope.part("error", envelope.error)?;
            Ok(ServerEvent::TranscriptionFailed {
                item_id: item_id(envelope)?,
                error: ErrorEvent::from_value(&error),
            })
        }
        _ => Ok(unused_or_unknown(kind)),
    }
}

fn response_event(kind: &str, envelope: &Envelope<'_>) -> Parsed {
    match kind {
        "output_audio.done" | "audio.done" => Ok(ServerEvent::AudioDone {
            response_id: response(envelope)?,
            item_id: item_id(envelope)?,
        }),
        "output_audio_transcript.delta" | "audio_transcript.delta" => {
            Ok(ServerEvent::AudioTranscriptDelta {
                item_id: item_id(envelope)?,
                delta: envelope.text("delta", &envelope.delta)?,
            })
        }
        "output_audio_transcript.done" | "audio_transcript.done" => {
            Ok(ServerEvent::AudioTranscriptDone {
                item_id: item_id(envelope)?,
                transcript: envelope.text("transcript", &envelope.transcript)?,
            })
        }
        "created" => {
            let response = envelope.part("response", envelope.response)?;
            Ok(ServerEvent::ResponseCreated {
                response_id: response_id(&response).ok_or_else(|| envelope.lacks("response.id"))?,
                metadata: metadata(&response),
            })
        }
        "done" => {
            let response = envelope.part("response", envelope.response)?;
            let done = ResponseDone::from_value(&response);
            let done = done.ok_or_else(|| envelope.lacks("response.id"))?;
            Ok(ServerEvent::ResponseDone(Box::new(done)))
        }
        "output_item.added" => Ok(ServerEvent::OutputItemAdded {
            response_id: response(envelope)?,
            item: item(envelope)?,
        }),
        "function_call_arguments.done" => Ok(ServerEvent::FunctionCallArgumentsDone {
            response_id: response(envelope)?,
            name: envelope.name.get().map(str::to_owned),
            arguments: envelope.text("arguments", &envelope.arguments)?,
        }),
        _ => Ok(unused_or_unknown(envelope.kind()?)),
    }
}

/// Events of the API without a use here, by name or by the first part of their names.
fn unused_or_unknown(event_type: &str) -> ServerEvent {
    const UNUSED: [&str; 21] = [
        "conversation.created",
        "conversation.item.added",
        "conversation.item.created",
        "conversation.item.deleted",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.segment",
        "conversation.item.retrieved",
        "conversation.item.truncated",
        "input_audio_buffer.cleared",
        "input_audio_buffer.dtmf_event_received",
        "input_audio_buffer.timeout_triggered",
        "rate_limits.updated",
        "response.content_part.added",
        "response.content_part.done",
        "response.function_call_arguments.delta",
        "response.output_item.done",
        "response.output_text.delta",
        "response.output_text.done",
        "response.text.delta",
        "response.text.done",
    ];
    const UNUSED_FAMILIES: [&str; 3] =
        ["response.mcp_call", "mcp_list_tools.", "output_audio_buffer."];
    let unused = UNUSED.contains(&event_type)
        || UNUSED_FAMILIES.iter().any(|family| event_type.starts_with(family));
    if unused {
        ServerEvent::Ignored
    } else {
        ServerEvent::Unknown { event_type: event_type.to_owned() }
    }
}

fn item_id(envelope: &Envelope<'_>) -> Result<ItemId, MalformedEvent> {
    envelope.id("item_id", &envelope.item_id, ItemId::parse)
}

fn response(envelope: &Envelope<'_>) -> Result<ResponseId, MalformedEvent> {
    envelope.id("response_id", &envelope.response_id, ResponseId::parse)
}

fn item(envelope: &Envelope<'_>) -> Result<ConversationItem, MalformedEvent> {
    let item = envelope.part("item", envelope.item)?;
    ConversationItem::from_value(&item).ok_or_else(|| envelope.lacks("item.id"))
}
