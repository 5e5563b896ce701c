//! A page with a test call: it plays Twilio's part on the call's stream, in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actors::call_supervisor::CallHandle;
use actors::carrier::{BrowserLine, LineEnd};
use actors::link::{Frame, Link};
use actors::messages::SupervisorEvent;
use actors::supervisor::CallRefused;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use frontdesk::world::World;
use futures_util::{SinkExt as _, StreamExt as _};
use practice::speech::{Decoded, FRAME_BYTES, SILENCE, SpeechDecoder, Voice};
use protocol::call::{CallSetup, LeadFacts, SessionAges};
use protocol::ids::{CallSid, StreamSid};
use protocol::prompt::{self, PromptParts, system_prompt};
use protocol::twilio::forms::{Direction, Party};
use protocol::twilio::twiml::Dial;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::support::within;

/// Begins a test call of the published settings by somebody of whom nothing is known.
pub(super) async fn begin(world: &World) -> Result<(CallHandle, BrowserLine), CallRefused> {
    let services = world.app.services();
    let sid = format!("CA{}", services.new_id().simple());
    let call_sid = CallSid::parse(&sid).unwrap();
    let settings = world.business.clone();
    let transfer = settings.transfer.as_ref().map(|transfer| Dial {
        number: transfer.number.clone(),
        action: String::new(),
        timeout_secs: 0,
        caller_id: None,
    });
    let setup = CallSetup {
        call_sid: call_sid.clone(),
        business: world.business_id,
        lines: Arc::new(settings.lines()),
        opening: settings.opening(),
        business_number: settings.phone_numbers[0].clone(),
        direction: Direction::Inbound,
        person: Party::Withheld,
        prompt_version: 1,
        instructions: system_prompt(&PromptParts {
            business: &settings,
            business_prompt: &settings.agent.prompt,
            direction: Direction::Inbound,
            now: services.clock.wall(),
            caller: None,
            lead: &prompt::LeadFacts::default(),
            appointments: &[],
            messages: &[],
        })
        .into(),
        lead: LeadFacts::default(),
        transfer,
        settings: Arc::new(settings),
        upstream_patience: Duration::from_secs(10),
        stream_patience: Duration::from_secs(15),
        session_ages: SessionAges::default(),
        is_test: true,
    };
    let line = services.lines.open(call_sid);
    Ok((world.app.calls().start(setup, services.node.first_lease()).await?, line))
}

pub(super) struct Page {
    pub(super) call: CallSid,
    pub(super) handle: CallHandle,
    line: BrowserLine,
    says: mpsc::Sender<String>,
    heard: mpsc::Receiver<String>,
    stream: JoinHandle<()>,
}

impl Page {
    pub(super) async fn open(world: &World) -> Self {
        let (handle, line) = begin(world).await.unwrap();
        let (ours, theirs) = Link::pair(64);
        let stream = StreamSid::parse("MZ00000000000000000000000000000001").unwrap();
        let link = Mutex::new(Some(theirs));
        handle.tell(SupervisorEvent::Attach { handshake: 1, stream, link }).unwrap();
        let (says, sentences) = mpsc::channel(8);
        let (words, heard) = mpsc::channel(64);
        let stream = Stream {
            link: ours,
            sentences,
            words,
            speech: VecDeque::new(),
            playout: VecDeque::new(),
            decoder: SpeechDecoder::new(),
            frames: 0,
        };
        let stream = tokio::spawn(stream.run());
        let call = handle.parts().setup.call_sid.clone();
        Self { call, handle, line, says, heard, stream }
    }

    pub(super) async fn say(&self, sentence: &str) {
        self.says.send(sentence.to_owned()).await.unwrap();
    }

    /// What the agent says next.
    pub(super) async fn hears_anything(&mut self) -> String {
        within("the agent", self.heard.recv()).await.expect("the stream is open")
    }

    pub(super) async fn hears(&mut self, words: &str) {
        assert_eq!(self.hears_anything().await, words);
    }

    /// It is closed in the browser.
    pub(super) fn goes(&self) {
        self.stream.abort();
    }

    pub(super) async fn ended(&mut self) -> LineEnd {
        within("the line's end", self.line.ended()).await
    }
}

enum Queued {
    Audio(Vec<u8>),
    Mark(String),
}

struct Stream {
    link: Link,
    sentences: mpsc::Receiver<String>,
    words: mpsc::Sender<String>,
    /// Frames that are still to be said.
    speech: VecDeque<Bytes>,
    /// What is still to be played.
    playout: VecDeque<Queued>,
    decoder: SpeechDecoder,
    frames: u64,
}

impl Stream {
    async fn run(mut self) {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            tokio::select! {
                biased;
                frame = self.link.reader.next() => match frame {
                    Some(Ok(Frame::Text(text))) => self.take(&text).await,
                    Some(Ok(Frame::Close { .. }) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                },
                Some(sentence) = self.sentences.recv() => {
                    self.speech.extend(Voice::built_in().speak(&sentence, "he").frames());
                }
                _ = ticks.tick() => {
                    self.send_frame().await;
                    self.play_frame().await;
                }
            }
        }
    }

    async fn take(&mut self, text: &str) {
        let message: Value = serde_json::from_str(text).unwrap();
        match message["event"].as_str() {
            Some("media") => {
                let payload = message["media"]["payload"].as_str().unwrap();
                self.playout.push_back(Queued::Audio(STANDARD.decode(payload).unwrap()));
            }
            Some("mark") => {
                let name = message["mark"]["name"].as_str().unwrap();
                self.playout.push_back(Queued::Mark(name.to_owned()));
            }
            Some("clear") => {
                for queued in std::mem::take(&mut self.playout) {
                    if let Queued::Mark(name) = queued {
                        self.send(json!({ "event": "mark", "mark": { "name": name } })).await;
                    }
                }
            }
            _ => panic!("{text}"),
        }
    }

    async fn send_frame(&mut self) {
        let silence = || Bytes::from_static(&SILENCE);
        let frame = self.speech.pop_front().unwrap_or_else(silence);
        let (timestamp, payload) = (self.frames * 20, STANDARD.encode(frame));
        self.frames += 1;
        let chunk = self.frames.to_string();
        let media = json!({
            "track": "inbound", "chunk": chunk, "timestamp": timestamp.to_string(), "payload": payload,
        });
        self.send(json!({ "event": "media", "media": media })).await;
    }

    /// Plays 20 ms, and returns the marks behind what is played.
    async fn play_frame(&mut self) {
        let mut left = FRAME_BYTES;
        loop {
            match self.playout.front_mut() {
                Some(Queued::Audio(ulaw)) if ulaw.len() > left => {
                    let played: Vec<u8> = ulaw.drain(..left).collect();
                    return self.hear(&played);
                }
                Some(Queued::Audio(ulaw)) => {
                    left -= ulaw.len();
                    let played = std::mem::take(ulaw);
                    self.hear(&played);
                    self.playout.pop_front();
                }
                Some(Queued::Mark(name)) => {
                    let name = std::mem::take(name);
                    self.playout.pop_front();
                    self.send(json!({ "event": "mark", "mark": { "name": name } })).await;
                }
                None => return,
            }
        }
    }

    fn hear(&mut self, ulaw: &[u8]) {
        for decoded in self.decoder.decode(ulaw) {
            match decoded {
                Decoded::Started { .. } => {}
                Decoded::Utterance { text, .. } => self.words.try_send(text).unwrap(),
                broken @ Decoded::Broken { .. } => panic!("{broken:?}"),
            }
        }
    }

    async fn send(&mut self, message: Value) {
        // The daemon may have closed its end.
        let _ = self.link.writer.send(Frame::text(message.to_string())).await;
    }
}
