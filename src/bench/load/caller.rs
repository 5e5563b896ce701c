//! A caller's side of a media stream: what Twilio sends and how it plays what it gets.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use serde::Deserialize;
use tokio::net::tcp::OwnedWriteHalf;

use super::lanes::Speaker;
use super::scene::Scene;
use super::script::Script;
use super::source::Source;
use super::stamp::{FRAME_BYTES, PIECE_CHARS, Stamp};
use crate::bench::wire::writer::{Outgoing, Side};

/// Loud frames that interrupt the agent: 300 ms, the preset `patient` (BARGE-1).
const INTERRUPTS: u32 = 15;

/// From a call's last frame to the count of those that came, at least and at most.
pub(super) const LINGERS: Duration = Duration::from_millis(500);
pub(super) const LONGEST: Duration = Duration::from_secs(5);

pub(super) struct Caller {
    scene: Rc<Scene>,
    number: u32,
    source: Rc<Source>,
    socket: OwnedWriteHalf,
    line: RefCell<Line>,
    has_hung_up: Cell<bool>,
}

/// What changes with each message.
struct Line {
    out: Outgoing,
    script: Script,
    stream_sid: String,
    frame: Vec<u8>,
    head: Vec<u8>,
    tail: Vec<u8>,
    /// When `start` was sent. What the model sent before could not be heard.
    started: u64,
    awaits_greeting: bool,
    /// When all audio received has been played.
    plays_until: u64,
    /// Names that are echoed, and when.
    marks: VecDeque<(String, u64)>,
    /// Loud frames in a row while the agent is heard.
    loud: u32,
    /// When the one was sent that interrupts.
    interrupted: Option<u64>,
    /// The session whose audio came last.
    session: Option<(u32, Rc<Source>)>,
}

/// A message to Twilio.
#[derive(Deserialize)]
struct Message<'a> {
    event: &'a str,
    #[serde(borrow)]
    media: Option<Media<'a>>,
    #[serde(borrow)]
    mark: Option<Mark<'a>>,
}

#[derive(Deserialize)]
struct Media<'a> {
    payload: &'a str,
}

#[derive(Deserialize)]
struct Mark<'a> {
    name: &'a str,
}

impl Caller {
    /// A caller whose stream begins with these messages.
    pub(super) fn new(
        scene: Rc<Scene>,
        stream_sid: String,
        socket: OwnedWriteHalf,
        opening: &[String],
        script: impl FnOnce(u32) -> Script,
    ) -> Self {
        let (number, source) = scene.add_call();
        let mut out = Outgoing::new(Side::Client);
        opening.iter().for_each(|message| out.push_text(&[message.as_bytes()]));
        let line = Line {
            out,
            script: script(number),
            tail: format!("\"}},\"streamSid\":\"{stream_sid}\"}}").into_bytes(),
            stream_sid,
            frame: Vec::new(),
            head: Vec::new(),
            started: scene.now(),
            awaits_greeting: true,
            plays_until: 0,
            marks: VecDeque::new(),
            loud: 0,
            interrupted: None,
            session: None,
        };
        let line = RefCell::new(line);
        let caller = Self { scene, number, source, socket, line, has_hung_up: Cell::default() };
        caller.flush(&mut caller.line.borrow_mut());
        caller
    }

    /// Says nothing more, waits for what is under way, and hangs up.
    pub(super) async fn leave(&self) {
        let agent = self.line.borrow().session.as_ref().map(|(_, session)| Rc::clone(session));
        let sources: Vec<_> = std::iter::once(Rc::clone(&self.source)).chain(agent).collect();
        sources.iter().for_each(|source| source.fall_silent());
        tokio::time::sleep(LINGERS).await;
        let all_came = async {
            while !sources.iter().all(|source| source.is_complete()) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        // What has not come by then is lost.
        let _ = tokio::time::timeout(LONGEST, all_came).await;
        sources.iter().for_each(|source| source.end());
        self.hang_up();
    }

    pub(super) fn has_hung_up(&self) -> bool {
        self.has_hung_up.get()
    }

    pub(super) fn answer_ping(&self, payload: &[u8]) {
        let mut line = self.line.borrow_mut();
        line.out.push_pong(payload);
        self.flush(&mut line);
    }

    /// A message has come from the daemon.
    pub(super) fn hear(&self, text: &[u8], now: u64) -> io::Result<()> {
        let message: Message<'_> = serde_json::from_slice(text)?;
        let mut line = self.line.borrow_mut();
        match message {
            Message { event: "media", media: Some(media), .. } => {
                let payload = media.payload.as_bytes();
                line.plays_until =
                    line.plays_until.max(now) + payload.len() as u64 * 3 / 4 * 1000 / 8;
                payload.chunks(PIECE_CHARS).for_each(|piece| self.take(&mut line, piece, now));
            }
            Message { event: "mark", mark: Some(mark), .. } => {
                let due = line.plays_until;
                line.marks.push_back((mark.name.to_owned(), due));
            }
            Message { event: "clear", .. } => self.clear(&mut line, now),
            Message { .. } => {}
        }
        Ok(())
    }

    fn take(&self, line: &mut Line, piece: &[u8], now: u64) {
        let Some(stamp) = Stamp::read(piece) else { return };
        if line.session.as_ref().is_none_or(|(number, _)| *number != stamp.source) {
            line.session = self.scene.session(stamp.source).map(|it| (stamp.source, it));
        }
        let Some((_, session)) = &line.session else { return };
        let took = now.saturating_sub(line.started.max(stamp.at));
        self.scene.piece_came(session, stamp, piece, took);
        if std::mem::take(&mut line.awaits_greeting) {
            self.scene.greeting.record(took);
        }
    }

    fn clear(&self, line: &mut Line, now: u64) {
        if let Some(at) = line.interrupted.take() {
            self.scene.clear.record(now.saturating_sub(at));
        }
        line.plays_until = now;
        line.marks.iter_mut().for_each(|(_, due)| *due = now);
        if let Some((_, session)) = &line.session {
            session.cut();
        }
    }

    /// What the socket does not take now is tried again with the next frame.
    fn flush(&self, line: &mut Line) {
        if let Ok(written) = self.socket.try_write(line.out.bytes()) {
            line.out.written(written);
        }
    }
}

impl Speaker for Caller {
    /// Echoes marks, and sends a frame.
    fn tick(&self) {
        let now = self.scene.now();
        let mut line = self.line.borrow_mut();
        line.echo_marks(now);
        if self.scene.is_audible.get() && !self.source.is_silent() {
            let number = self.source.next();
            let loud = line.script.speaks(number);
            line.note_loudness(loud, now);
            self.scene
                .audio
                .frame(Stamp { loud, source: self.number, number, at: now }, &mut line.frame);
            line.push_frame(number);
        }
        self.flush(&mut line);
    }

    fn hang_up(&self) {
        if self.has_hung_up.replace(true) {
            return;
        }
        let mut line = self.line.borrow_mut();
        let stop = format!("{{\"event\":\"stop\",\"streamSid\":\"{}\"}}", line.stream_sid);
        line.out.push_text(&[stop.as_bytes()]);
        line.out.push_close();
        self.flush(&mut line);
    }
}

impl Line {
    fn echo_marks(&mut self, now: u64) {
        while let Some((name, due)) = self.marks.pop_front() {
            if due > now {
                self.marks.push_front((name, due));
                return;
            }
            let head = format!("{{\"event\":\"mark\",\"streamSid\":\"{}\",", self.stream_sid);
            let mark = format!("\"mark\":{{\"name\":\"{name}\"}}}}");
            self.out.push_text(&[head.as_bytes(), mark.as_bytes()]);
        }
    }

    fn note_loudness(&mut self, is_loud: bool, now: u64) {
        let counts = is_loud && (self.plays_until > now || self.interrupted.is_some());
        self.loud = if counts { self.loud + 1 } else { 0 };
        if self.loud == INTERRUPTS {
            self.interrupted = Some(now);
        } else if !counts {
            self.interrupted = None;
        }
    }

    fn push_frame(&mut self, number: u32) {
        self.head.clear();
        let timestamp = u64::from(number) * FRAME_BYTES as u64 / 8;
        // Writing to a Vec can't fail.
        let _ = io::Write::write_fmt(
            &mut self.head,
            format_args!(
                "{{\"event\":\"media\",\"sequenceNumber\":\"{}\",\"media\":{{\"track\":\"inbound\",\
                 \"chunk\":\"{}\",\"timestamp\":\"{timestamp}\",\"payload\":\"",
                number + 2,
                number + 1,
            ),
        );
        self.out.push_text(&[&self.head, &self.frame, &self.tail]);
    }
}
