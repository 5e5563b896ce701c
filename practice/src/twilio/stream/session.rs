//! One open media socket: sends the caller's frames on an absolute clock, plays the agent's audio.

use futures_util::StreamExt as _;
use protocol::ids::StreamSid;
use tokio_tungstenite::tungstenite::{Error, Message, error::ProtocolError};

use super::context::SocketContext;
use super::from_server::FromServer;
use super::handshake::WebSocket;
use super::to_server::ToServer;
use super::writer::Writer;
use crate::speech::SILENCE;
use crate::trace;
use crate::twilio::audio_source::{AudioSource, Tick};
use crate::twilio::clock::FRAME;
use crate::twilio::debugger::{TwilioError, Violation};
use crate::twilio::playout::{Played, Playout};
use crate::twilio::settings::StreamFault;
use crate::twilio::view::{Echo, StreamEnd, StreamView};

/// Frames (or bursts) sent in one go when the session is late.
const MOST_AT_ONCE: usize = 50;

/// Samples in a millisecond.
const PER_MS: u64 = 8;

/// A media socket from its handshake to its end. Positions are samples of line time.
pub(super) struct StreamSession<'a> {
    socket: &'a SocketContext,
    /// The stream's index in the call's view.
    number: usize,
    stream_sid: StreamSid,
    opened_at: u64,
    /// The next frame's position; `None` before `start` is sent.
    next_frame: Option<u64>,
    to_server: ToServer,
    playout: Playout,
    /// A black hole: nothing is sent or read.
    is_gone: bool,
}

impl<'a> StreamSession<'a> {
    pub(super) fn new(socket: &'a SocketContext, number: usize, stream_sid: StreamSid) -> Self {
        let account_sid = socket.network.settings.account_sid.clone();
        let to_server = ToServer::new(account_sid, socket.line.sid.clone(), stream_sid.clone());
        let opened_at = socket.line.clock.samples();
        let playout = Playout::default();
        Self {
            socket,
            number,
            stream_sid,
            opened_at,
            next_frame: None,
            to_server,
            playout,
            is_gone: false,
        }
    }

    /// Runs the socket to its end and closes it.
    pub(super) async fn run(mut self, websocket: WebSocket) -> StreamEnd {
        let (sink, mut source) = websocket.split();
        let writer = Writer::start(sink, self.socket.controls.cut.clone());
        writer.send(ToServer::connected());
        let mut stalled = self.socket.controls.stalled.subscribe();
        let ended = loop {
            self.keep_up(&writer);
            let fails = self.fails();
            let reading = !*stalled.borrow_and_update() && !self.is_gone;
            tokio::select! {
                biased;
                () = self.socket.controls.cut.cancelled() => break StreamEnd::Cut,
                () = self.socket.stop.cancelled() => break StreamEnd::Stopped,
                () = self.socket.line.clock.reach(fails.map_or(0, |(at, _)| at)),
                    if fails.is_some() =>
                {
                    match fails {
                        Some((_, StreamFault::Cut)) => self.socket.controls.cut.cancel(),
                        Some((_, StreamFault::BlackHole)) | None => self.is_gone = true,
                    }
                }
                message = source.next(), if reading => {
                    if let Some(ended) = self.take(message, &writer) {
                        break ended;
                    }
                }
                Ok(()) = stalled.changed() => {}
                () = self.socket.line.clock.reach(self.next_due()) => {}
            }
        };
        self.play(&writer);
        self.socket.line.cut_off();
        match ended {
            StreamEnd::Cut => writer.reset(source).await,
            StreamEnd::Stopped if self.is_gone => {
                self.socket.controls.cut.cancel();
                writer.reset(source).await;
            }
            StreamEnd::Stopped => {
                writer.send(self.to_server.stop());
                writer.close(source).await;
            }
            StreamEnd::ServerClosed | StreamEnd::Broken | StreamEnd::NotOpened => {
                writer.close(source).await;
            }
        }
        ended
    }

    /// The planned fault that is still to come, and its position.
    fn fails(&self) -> Option<(u64, StreamFault)> {
        let planned = self.socket.line.quality.stream_fails;
        let (after, fault) = planned.filter(|_| self.number == 0 && !self.is_gone)?;
        Some((self.opened_at + samples(after), fault))
    }

    /// When the next frame or mark is due.
    fn next_due(&self) -> u64 {
        let burst = u64::from(self.socket.line.quality.burst.max(1)) - 1;
        let due = match self.next_frame {
            None => self.start_at(),
            Some(at) => at + burst * FRAME,
        };
        self.playout.next_mark().map_or(due, |mark| due.min(mark))
    }

    fn start_at(&self) -> u64 {
        self.opened_at + samples(self.socket.line.quality.start_delay)
    }

    /// Sends and plays what is due by now.
    fn keep_up(&mut self, writer: &Writer) {
        let now = self.socket.line.clock.samples();
        self.play(writer);
        let quality = self.socket.line.quality;
        if self.next_frame.is_none() && now >= self.start_at() {
            writer.send(self.to_server.start(&self.socket.stream.parameters));
            let first = self.opened_at + samples(quality.first_timestamp);
            self.next_frame = Some(first.max(self.start_at()));
        }
        let held_back = u64::from(quality.burst.max(1)) - 1;
        for _ in 0..MOST_AT_ONCE {
            let due = self.next_frame.filter(|at| at + held_back * FRAME <= now);
            let Some(at) = due else { break };
            for n in 0..=held_back {
                self.frame(at + n * FRAME, writer);
            }
            self.next_frame = Some(at + (held_back + 1) * FRAME);
        }
    }

    /// Sends 20 ms of the caller. Only a call's newest stream carries the caller's voice.
    fn frame(&mut self, at: u64, writer: &Writer) {
        let line = &self.socket.line;
        let tick = if line.view.borrow().streams.len() == self.number + 1 {
            let mut source = line.source();
            let before = source.taken();
            let tick = source.tick();
            let spoken = source.taken();
            drop(source);
            if spoken != before {
                line.update(|view| view.spoken = spoken);
            }
            tick
        } else {
            AudioSource::new(line.quality.silence).tick()
        };
        let Tick { digits, frame } = tick;
        for digit in digits {
            self.trace(format_args!("sends digit {digit}"));
            let digit = self.to_server.dtmf(digit);
            let _ = !self.is_gone && writer.send(digit);
        }
        let Some(frame) = frame else { return };
        if frame != SILENCE.as_slice() {
            line.record_caller(at, frame.clone());
        }
        let timestamp = (at - self.opened_at) / PER_MS;
        self.trace(format_args!("sends frame at {timestamp} ms: {}", trace::Audio(&frame)));
        let sent = !self.is_gone
            && !writer.is_behind()
            && writer.send(self.to_server.media(timestamp, &frame));
        if !sent && !self.is_gone {
            line.error(TwilioError::Slow);
        }
        self.update(|stream| {
            stream.frames_sent += u64::from(sent);
            stream.frames_dropped += u64::from(!sent);
        });
    }

    /// Plays the audio that is due, and echoes the marks that were reached.
    fn play(&mut self, writer: &Writer) {
        let line = &self.socket.line;
        let now = line.clock.samples();
        for played in self.playout.advance(now) {
            match played {
                Played::Audio { at, ulaw } => line.play(at, &ulaw),
                Played::Mark { name, .. } => self.echo(name, true, writer),
            }
        }
        let buffered = self.playout.buffered();
        if buffered == 0 {
            self.socket.line.play_silence(now);
        }
        self.socket
            .line
            .view
            .send_if_modified(|view| std::mem::replace(&mut view.buffered, buffered) != buffered);
    }

    fn echo(&mut self, name: String, played: bool, writer: &Writer) {
        if self.socket.line.quality.loses_marks || self.is_gone {
            return;
        }
        self.trace(format_args!("sends mark {name}, played: {played}"));
        writer.send(self.to_server.mark(&name));
        let at = self.socket.line.clock.elapsed();
        self.update(|stream| stream.echoes.push(Echo { name, at, played }));
    }

    /// Handles a message of the daemon. Returns the stream's end if it ended.
    fn take(
        &mut self,
        message: Option<Result<Message, Error>>,
        writer: &Writer,
    ) -> Option<StreamEnd> {
        let line = &self.socket.line;
        match message {
            Some(Ok(Message::Text(text))) => self.take_text(text.as_str(), writer),
            Some(Ok(Message::Binary(bytes))) => line.violation(Violation::Binary(bytes.len())),
            // Answered by the WebSocket library.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(_))) => return Some(StreamEnd::ServerClosed),
            Some(Err(error)) => {
                if let Error::Protocol(error) = error
                    && error != ProtocolError::ResetWithoutClosingHandshake
                {
                    line.violation(Violation::WebSocket(error.to_string()));
                }
                return Some(StreamEnd::Broken);
            }
            None => return Some(StreamEnd::Broken),
        }
        None
    }

    fn take_text(&mut self, text: &str, writer: &Writer) {
        let line = &self.socket.line;
        if self.next_frame.is_none() {
            return line.violation(Violation::BeforeStart);
        }
        if text.len() > self.socket.network.settings.largest_message {
            line.violation(Violation::Oversized(text.len()));
        }
        let now = line.clock.samples();
        match FromServer::read(text, &self.stream_sid) {
            Ok(FromServer::Media(ulaw)) => {
                self.trace(format_args!("receives media {}", trace::Audio(&ulaw)));
                let kept = self.socket.network.settings.keeps_audio.then(|| ulaw.clone());
                self.update(|stream| {
                    stream.bytes_received += ulaw.len() as u64;
                    stream.audio.extend(kept);
                });
                self.playout.push(now, ulaw);
            }
            Ok(FromServer::Mark(name)) => {
                self.trace(format_args!("receives mark {name}"));
                self.playout.mark(now, name);
            }
            Ok(FromServer::Clear) => {
                self.trace(format_args!("receives clear"));
                // The audio due before the message was heard.
                self.play(writer);
                let at = line.clock.elapsed();
                self.update(|stream| stream.cleared_at.push(at));
                line.cut_off();
                for name in self.playout.clear() {
                    self.echo(name, false, writer);
                }
            }
            Err(violation) => line.violation(violation),
        }
    }

    fn trace(&self, what: std::fmt::Arguments<'_>) {
        trace::point(self.socket.line.sid.as_str(), "twilio_stream", self.number as u64, what);
    }

    fn update(&self, change: impl FnOnce(&mut StreamView)) {
        self.socket.line.update(|view| change(&mut view.streams[self.number]));
    }
}

fn samples(line: std::time::Duration) -> u64 {
    line.as_millis() as u64 * PER_MS
}
