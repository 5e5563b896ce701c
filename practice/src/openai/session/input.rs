//! The caller's audio: append, turn detection, commit, transcription.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::state::{Phase, RealtimeSession};
use super::transcripts::{Due, Waiting};
use crate::openai::behaviour::Transcription;
use crate::openai::conversation::{Body, Item, Part};
use crate::openai::input_buffer::{Segment, TurnEvent};
use crate::openai::record::Turn;
use crate::openai::wire::WireError;

impl RealtimeSession {
    pub(super) fn append(&mut self, audio: &str, now: Duration) -> Result<(), WireError> {
        let bad = |why: &str| {
            Err(WireError::new("invalid_value", format!("Invalid 'audio'. {why}")).about("audio"))
        };
        let Ok(audio) = BASE64_STANDARD.decode(audio) else {
            return bad("Expected base64-encoded audio bytes (mono PCM16 at 24kHz or G.711).");
        };
        if audio.len() > LARGEST_APPEND {
            return bad("Audio chunks are at most 15 MiB.");
        }
        if self.phase == Phase::Unconfigured {
            self.violation("append_before_update", "audio came before any session.update", now);
        }
        let (format, detection) = (self.settings.input_format(), self.settings.detection());
        for event in self.input.append(&audio, format, detection) {
            match event {
                TurnEvent::Started { audio_start_ms } => {
                    self.on_speech_started(audio_start_ms, now)
                }
                TurnEvent::Stopped { audio_end_ms, segment, is_told } => {
                    self.on_speech_stopped(is_told.then_some(audio_end_ms), segment, now);
                }
            }
        }
        Ok(())
    }

    pub(super) fn commit(&mut self, now: Duration) -> Result<(), WireError> {
        let segment = self.input.commit()?;
        let item_id = self.speaking_item.take().unwrap_or_else(|| self.ids.next("item_"));
        self.on_committed(item_id, segment, now);
        Ok(())
    }

    /// Sends the transcripts that are due.
    pub(super) fn send_transcripts(&mut self, now: Duration) {
        self.send_those(now, |due| matches!(due, Due::At(at) if at <= now));
    }

    pub(super) fn on_response_done(&mut self, now: Duration) {
        self.send_those(now, |due| due == Due::WithResponse);
    }

    fn on_speech_started(&mut self, audio_start_ms: u64, now: Duration) {
        let item_id = self.ids.next("item_");
        self.emit(
            now,
            json!({"type": "input_audio_buffer.speech_started",
            "audio_start_ms": audio_start_ms, "item_id": item_id}),
        );
        self.speaking_item = Some(item_id);
        if self.settings.interrupts_responses() {
            self.interrupt(now);
        }
    }

    /// Without `audio_end_ms` the client is told of the commit alone.
    fn on_speech_stopped(&mut self, audio_end_ms: Option<u64>, segment: Segment, now: Duration) {
        let item_id = self.speaking_item.take().unwrap_or_else(|| self.ids.next("item_"));
        if let Some(audio_end_ms) = audio_end_ms {
            self.emit(
                now,
                json!({"type": "input_audio_buffer.speech_stopped",
                "audio_end_ms": audio_end_ms, "item_id": item_id}),
            );
        }
        self.on_committed(item_id, segment, now);
        if self.settings.creates_responses() {
            self.respond_unasked(now);
        }
    }

    fn on_committed(&mut self, item_id: String, segment: Segment, now: Duration) {
        let previous = self.conversation.last().map(str::to_owned);
        self.emit(
            now,
            json!({"type": "input_audio_buffer.committed",
            "item_id": item_id, "previous_item_id": previous}),
        );
        for fault in &segment.faults {
            self.violation("broken_audio", &format!("{fault}: {}", segment.text), now);
        }
        let heard =
            Turn { session: self.number, item_id: item_id.clone(), text: segment.text.clone() };
        self.log.change(|record| record.heard.push(heard));
        let audio = segment.ulaw.to_vec();
        let seconds = audio.len() as f64 / 8000.0;
        let part = Part::InputAudio { audio, heard: segment.text.clone(), transcript: None };
        let body = Body::Message { role: "user".to_owned(), parts: vec![part] };
        let item = Item { id: item_id.clone(), status: "completed", body };
        let shown = item.to_json();
        self.conversation.push(item);
        for kind in ["conversation.item.added", "conversation.item.done"] {
            self.emit(now, json!({"type": kind, "previous_item_id": previous, "item": shown}));
        }
        if self.settings.transcription_model().is_some() {
            self.transcribe(item_id, segment.text, seconds, now);
        }
    }

    fn transcribe(&mut self, item_id: String, text: String, seconds: f64, now: Duration) {
        self.transcripts.turns += 1;
        let due = match self.behaviour.transcription {
            Transcription::Never => return,
            Transcription::After(delay) => Due::At(now + delay),
            Transcription::Failed => Due::At(now),
            Transcription::AfterResponse => Due::WithResponse,
            Transcription::OutOfOrder if self.transcripts.turns % 2 == 1 => Due::AfterNextTurn,
            Transcription::OutOfOrder => Due::At(now),
        };
        self.transcripts.waiting.push(Waiting { item_id, text, seconds, due });
        if due == Due::At(now) {
            self.send_transcripts(now);
            self.send_those(now, |due| due == Due::AfterNextTurn);
        }
    }

    fn send_those(&mut self, now: Duration, is_due: impl Fn(Due) -> bool) {
        let (due, waiting): (Vec<Waiting>, Vec<Waiting>) =
            std::mem::take(&mut self.transcripts.waiting).into_iter().partition(|w| is_due(w.due));
        self.transcripts.waiting = waiting;
        for transcript in due {
            self.send_transcript(transcript, now);
        }
    }

    fn send_transcript(&mut self, transcript: Waiting, now: Duration) {
        let Waiting { item_id, text, seconds, .. } = transcript;
        let event = |kind: &str| {
            json!({"type": format!("conversation.item.input_audio_transcription.{kind}"),
                "item_id": item_id, "content_index": 0})
        };
        if self.behaviour.transcription == Transcription::Failed {
            let mut failed = event("failed");
            failed["error"] = json!({"type": "server_error", "code": "transcription_failed",
                "message": "Input transcription failed for this item.", "param": null});
            return self.emit(now, failed);
        }
        let whisper = self.settings.transcription_model() == Some("whisper-1");
        if !whisper {
            for words in text.split_inclusive(' ') {
                let mut delta = event("delta");
                delta["delta"] = json!(words);
                delta["obfuscation"] = self.obfuscation();
                self.emit(now, delta);
            }
        }
        if let Some(Item { body: Body::Message { parts, .. }, .. }) =
            self.conversation.get_mut(&item_id)
            && let Some(Part::InputAudio { transcript, .. }) = parts.first_mut()
        {
            *transcript = Some(text.clone());
        }
        let mut completed = event("completed");
        completed["usage"] = usage(&text, seconds, whisper);
        completed["transcript"] = json!(text);
        self.emit(now, completed);
    }

    /// The random string that deltas of text carry.
    pub(super) fn obfuscation(&mut self) -> Value {
        let length = self.ids.number(0..16);
        let id = self.ids.next("");
        json!(&id[..length])
    }
}

/// The API's limit for one append, in bytes.
const LARGEST_APPEND: usize = 15 << 20;

fn usage(text: &str, seconds: f64, by_duration: bool) -> Value {
    if by_duration {
        return json!({"type": "duration", "seconds": seconds.ceil()});
    }
    let (input, output) = ((seconds * 10.0) as u64, text.chars().count().div_ceil(4) as u64);
    json!({"type": "tokens", "total_tokens": input + output, "input_tokens": input,
        "output_tokens": output, "input_token_details": {"audio_tokens": input, "text_tokens": 0}})
}
