//! One response of the model: its events, and its audio, which comes four times as fast as it is played.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::scene::{Scene, count};
use super::source::Source;
use super::stamp::Stamp;
use crate::bench::wire::writer::Outgoing;

/// Pieces of 60 ms in a response: 4.1 s.
const ANSWER: u32 = 68;
/// Pieces of the greeting: 3 s.
const GREETING: u32 = 50;
/// Pieces in one delta, by turns: 120 to 360 ms, 240 on average.
const DELTAS: [u32; 5] = [2, 3, 5, 4, 6];
/// From delta to delta.
const PACE: Duration = Duration::from_millis(60);
const WORDS: [&str; 4] = ["אני ", "בודקת ", "ביומן, ", "רגע. "];

/// A response whose audio is still to be sent.
pub(super) struct Speech {
    names: Names,
    metadata: String,
    pieces_left: u32,
    deltas: usize,
    due: Instant,
}

/// How a response ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Completed,
    Cancelled,
}

/// The ids of a response and of its one item.
struct Names {
    session: u32,
    response: u32,
}

impl Names {
    fn response(&self) -> String {
        format!("resp_{:05}n{:07}", self.session, self.response)
    }

    fn item(&self) -> String {
        format!("item_{:05}a{:07}", self.session, self.response)
    }

    /// The fields that the events of an item's part have in common.
    fn fields(&self) -> String {
        let (response, item) = (self.response(), self.item());
        format!(
            "\"response_id\":\"{response}\",\"item_id\":\"{item}\",\"output_index\":0,\
             \"content_index\":0"
        )
    }
}

impl Speech {
    /// Begins response `number` of a session. `metadata` is JSON, as the request had it.
    pub(super) fn begin(
        scene: &Scene,
        (session, source): (u32, &Source),
        number: u32,
        metadata: &str,
        out: &mut Outgoing,
    ) -> Self {
        count(&scene.responses);
        source.begin_response();
        let speech = Self {
            names: Names { session, response: number },
            metadata: metadata.to_owned(),
            pieces_left: if number == 1 { GREETING } else { ANSWER },
            deltas: 0,
            due: scene.instant(),
        };
        let (id, item) = (speech.names.response(), speech.item("in_progress", ""));
        let fields = speech.names.fields();
        event(
            out,
            "response.created",
            &format!(
                "\"response\":{{\"object\":\"realtime.response\",\"id\":\"{id}\",\
             \"status\":\"in_progress\",\"output\":[],\"metadata\":{metadata}}}"
            ),
        );
        let added = format!("\"response_id\":\"{id}\",\"output_index\":0,\"item\":{item}");
        event(out, "response.output_item.added", &added);
        event(out, "conversation.item.added", &format!("\"item\":{item}"));
        let part = "\"part\":{\"type\":\"audio\",\"transcript\":\"\"}";
        event(out, "response.content_part.added", &format!("{fields},{part}"));
        speech
    }

    /// When the next delta is to be sent.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Sends a delta of audio, and one of words. Returns whether the response goes on.
    pub(super) fn go_on(
        &mut self,
        scene: &Rc<Scene>,
        source: &Source,
        audio: &mut Vec<u8>,
        out: &mut Outgoing,
    ) -> bool {
        let pieces = DELTAS[self.deltas % DELTAS.len()].min(self.pieces_left);
        let fields = self.names.fields();
        let words = WORDS[self.deltas % WORDS.len()];
        event(
            out,
            "response.output_audio_transcript.delta",
            &format!("{fields},\"delta\":\"{words}\""),
        );
        audio.clear();
        for _ in 0..pieces {
            let (number, at) = (source.next(), scene.now());
            let stamp = Stamp { loud: false, source: self.names.session, number, at };
            scene.audio.piece(stamp, audio);
        }
        let head = format!(
            "{{\"type\":\"response.output_audio.delta\",\"event_id\":\"event_a\",{fields},\"delta\":\""
        );
        out.push_text(&[head.as_bytes(), audio, b"\"}"]);
        self.pieces_left -= pieces;
        self.deltas += 1;
        self.due += PACE;
        self.pieces_left > 0
    }

    pub(super) fn end(self, ending: Ending, out: &mut Outgoing) {
        let fields = self.names.fields();
        let transcript = WORDS.concat().repeat(self.deltas.div_ceil(WORDS.len()));
        let (status, details, item_status) = match ending {
            Ending::Completed => ("completed", "null", "completed"),
            Ending::Cancelled => (
                "cancelled",
                "{\"type\":\"cancelled\",\"reason\":\"client_cancelled\"}",
                "incomplete",
            ),
        };
        let (id, item) = (self.names.response(), self.item(item_status, &transcript));
        let metadata = &self.metadata;
        let words = format!("{fields},\"transcript\":\"{transcript}\"");
        event(out, "response.output_audio.done", &fields);
        event(out, "response.output_audio_transcript.done", &words);
        let part =
            format!("{fields},\"part\":{{\"type\":\"audio\",\"transcript\":\"{transcript}\"}}");
        event(out, "response.content_part.done", &part);
        let done = format!("\"response_id\":\"{id}\",\"output_index\":0,\"item\":{item}");
        event(out, "response.output_item.done", &done);
        event(
            out,
            "response.done",
            &format!(
                "\"response\":{{\"object\":\"realtime.response\",\"id\":\"{id}\",\
             \"status\":\"{status}\",\"status_details\":{details},\"output\":[{item}],\
             \"metadata\":{metadata},\"usage\":{{\"total_tokens\":900,\"input_tokens\":700,\
             \"output_tokens\":200}}}}"
            ),
        );
        event(out, "rate_limits.updated", "\"rate_limits\":[]");
    }

    fn item(&self, status: &str, transcript: &str) -> String {
        let id = self.names.item();
        format!(
            "{{\"id\":\"{id}\",\"object\":\"realtime.item\",\"type\":\"message\",\
             \"role\":\"assistant\",\"status\":\"{status}\",\"content\":[{{\
             \"type\":\"output_audio\",\"transcript\":\"{transcript}\"}}]}}"
        )
    }
}

/// Adds an event with these fields.
pub(super) fn event(out: &mut Outgoing, kind: &str, fields: &str) {
    let head = format!("{{\"type\":\"{kind}\",\"event_id\":\"event_b\"");
    let comma: &[u8] = if fields.is_empty() { b"" } else { b"," };
    out.push_text(&[head.as_bytes(), comma, fields.as_bytes(), b"}"]);
}
