//! A session of the model, as little of it as a call needs: it takes any settings, hears turns, and answers
//! when it is asked to. To a relay, which asks for nothing, it answers by itself.

use std::io;
use std::rc::Rc;

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::ear::{Ear, Heard};
use super::scene::{Scene, count};
use super::source::Source;
use super::speech::{Ending, Speech, event};
use super::stamp::Stamp;
use crate::bench::wire::reader::{Frame, FrameReader};
use crate::bench::wire::writer::{Outgoing, Side};

/// What the caller is heard to say.
const TRANSCRIPT: &str = "אני רוצה להחליף את המנעול בדלת הכניסה";

/// A session's state.
pub(super) struct Session {
    scene: Rc<Scene>,
    number: u32,
    source: Rc<Source>,
    out: Outgoing,
    ear: Ear,
    speech: Option<Speech>,
    responses: u32,
    /// Kept for its room.
    audio: Vec<u8>,
}

/// An event of the client's.
#[derive(Deserialize)]
struct ClientEvent<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    audio: Option<&'a str>,
    #[serde(borrow)]
    session: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Wanted<'a> {
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

/// Serves a session until its socket closes.
pub(super) async fn serve<S>(scene: Rc<Scene>, socket: S, begun: &[u8]) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut session = Session::new(scene);
    let mut reader = FrameReader::new(socket, begun);
    session.open();
    loop {
        session.flush(&mut reader).await?;
        let frame = match session.speech.as_ref().map(Speech::due) {
            None => reader.next().await?,
            Some(due) => match tokio::time::timeout_at(due.into(), reader.next()).await {
                Ok(frame) => frame?,
                Err(_) => {
                    session.speak();
                    continue;
                }
            },
        };
        let Some(mut frame) = frame else { return Ok(()) };
        let now = session.scene.now();
        // What came in one piece is answered in one piece.
        loop {
            match frame {
                Frame::Text(place) => session.take(reader.bytes(place), now)?,
                Frame::Ping(place) => session.out.push_pong(reader.bytes(place)),
                Frame::Pong => {}
                Frame::Close => return Ok(()),
            }
            match reader.take()? {
                Some(next) => frame = next,
                None => break,
            }
        }
    }
}

impl Session {
    fn new(scene: Rc<Scene>) -> Self {
        let (number, source) = scene.add_session();
        Self {
            scene,
            number,
            source,
            out: Outgoing::new(Side::Server),
            ear: Ear::default(),
            speech: None,
            responses: 0,
            audio: Vec::new(),
        }
    }

    fn open(&mut self) {
        let session = "\"session\":{\"type\":\"realtime\",\"object\":\"realtime.session\"}";
        event(&mut self.out, "session.created", session);
        if self.scene.speaks_alone {
            self.answer("null");
        }
    }

    async fn flush<S>(&mut self, reader: &mut FrameReader<S>) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if self.out.bytes().is_empty() {
            return Ok(());
        }
        reader.io().write_all(self.out.bytes()).await?;
        reader.io().flush().await?;
        self.out.written(self.out.bytes().len());
        Ok(())
    }

    fn take(&mut self, text: &[u8], now: u64) -> io::Result<()> {
        let client: ClientEvent<'_> = serde_json::from_slice(text)?;
        match client.kind {
            "input_audio_buffer.append" => {
                if let Some(stamp) = client.audio.and_then(|audio| Stamp::read(audio.as_bytes())) {
                    let audio = client.audio.unwrap_or_default().as_bytes();
                    self.scene.frame_came(stamp, audio, now);
                    self.hear(stamp.loud);
                }
            }
            "session.update" => {
                let session = client.session.map_or("{}", RawValue::get);
                event(&mut self.out, "session.updated", &format!("\"session\":{session}"));
            }
            "response.create" => {
                let wanted = client.response.map(|it| serde_json::from_str::<Wanted<'_>>(it.get()));
                let metadata = wanted.transpose()?.and_then(|it| it.metadata);
                self.answer(metadata.map_or("null", RawValue::get));
            }
            "response.cancel" => self.end(Ending::Cancelled),
            "conversation.item.create" => {
                let item = client.item.map_or("{}", RawValue::get);
                event(&mut self.out, "conversation.item.added", &format!("\"item\":{item}"));
            }
            "conversation.item.truncate" => {
                event(&mut self.out, "conversation.item.truncated", "");
            }
            "conversation.item.delete" => event(&mut self.out, "conversation.item.deleted", ""),
            _ => {}
        }
        Ok(())
    }

    fn hear(&mut self, is_loud: bool) {
        let (heard, ms) = (self.ear.hear(is_loud), self.ear.heard_ms());
        let item = |turn: u32| format!("\"item_id\":\"item_{:05}u{turn:07}\"", self.number);
        let out = &mut self.out;
        match heard {
            Heard::Nothing => {}
            Heard::Begun { turn } => {
                let fields = format!("\"audio_start_ms\":{},{}", ms - 200, item(turn));
                event(out, "input_audio_buffer.speech_started", &fields);
            }
            Heard::Ended { turn } => {
                count(&self.scene.turns);
                let fields = format!("\"audio_end_ms\":{ms},{}", item(turn));
                event(out, "input_audio_buffer.speech_stopped", &fields);
                let fields = format!("\"previous_item_id\":null,{}", item(turn));
                event(out, "input_audio_buffer.committed", &fields);
                if self.scene.speaks_alone && self.speech.is_none() {
                    self.answer("null");
                }
            }
            Heard::Words { turn } => {
                let words =
                    format!("{},\"content_index\":0,\"transcript\":\"{TRANSCRIPT}\"", item(turn));
                event(out, "conversation.item.input_audio_transcription.completed", &words);
            }
        }
    }

    /// Begins a response. The daemon never asks for a second one meanwhile (PIPE-3).
    fn answer(&mut self, metadata: &str) {
        if self.speech.is_some() {
            let error = "\"error\":{\"type\":\"invalid_request_error\",\
                         \"code\":\"conversation_already_has_active_response\",\"message\":\"\"}";
            return event(&mut self.out, "error", error);
        }
        self.responses += 1;
        let whose = (self.number, &*self.source);
        let speech = Speech::begin(&self.scene, whose, self.responses, metadata, &mut self.out);
        self.speech = Some(speech);
    }

    fn speak(&mut self) {
        // Nothing may be under way when it is counted what came.
        if !self.scene.is_audible.get() || self.source.is_silent() {
            self.speech = None;
            return;
        }
        let Some(speech) = &mut self.speech else { return };
        if !speech.go_on(&self.scene, &self.source, &mut self.audio, &mut self.out) {
            self.end(Ending::Completed);
        }
    }

    fn end(&mut self, ending: Ending) {
        if let Some(speech) = self.speech.take() {
            speech.end(ending, &mut self.out);
        }
    }
}
