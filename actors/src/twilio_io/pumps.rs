//! The two tasks of a media stream's socket. The reader puts the caller's frames straight into the
//! uplink; the writer sends what TwilioIoActor gives it. CallSupervisor holds them, so the stream
//! outlives any actor.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use protocol::audio::payload::Payload;
use protocol::call::StreamEnd;
use protocol::ids::StreamSid;
use protocol::twilio::stream::{self, StreamMessage, Track};
use supervision::{Inbox, TaskGroup};
use tokio::sync::mpsc;
use tokio::time::Sleep;

use crate::audio::loudness::Loudness;
use crate::audio::uplink::Uplink;
use crate::call_parts::CallParts;
use crate::clock::Clock;
use crate::link::{Frame, Link, LinkReader, LinkWriter};
use crate::messages::TwilioEvent;
use crate::trace::{self, Source};

/// Messages that may wait for the socket. The rest stays in the downlink.
const OUTGOING: usize = 32;

/// A socket that brings nothing for this long is dead: Twilio sends 50 media messages a second.
const DEAD_AFTER: Duration = Duration::from_secs(30);

/// Spawns a stream's two tasks in `tasks`. Cancelling them closes the socket.
pub(crate) fn attach(stream: StreamSid, link: Link, parts: &CallParts, tasks: &TaskGroup) {
    let Link { reader, writer } = link;
    let (outgoing, messages) = mpsc::channel(OUTGOING);
    let sinks = MediaSinks {
        inbox: parts.twilio.clone(),
        uplink: Arc::clone(&parts.uplink),
        loudness: Arc::clone(&parts.loudness),
        clock: parts.clock,
        source: Source::of_call(&parts.setup.call_sid, "stream"),
    };
    let (source, redirect) = (sinks.source.clone(), parts.redirect.clone());
    sinks.uplink.stream_restarted();
    let writing = write(writer, messages, source.clone());
    tasks.spawn("stream writer", source.clone().task("stream writer", writing));
    let reading = async move {
        let opened = TwilioEvent::Opened { stream: stream.clone(), outgoing };
        if sinks.inbox.send(opened).await.is_err() {
            return;
        }
        let how = read(reader, &stream, &sinks).await;
        if how == StreamEnd::Stopped {
            redirect.stream_stopped();
        }
        let _ = sinks.inbox.send(TwilioEvent::Closed { stream, how }).await;
    };
    tasks.spawn("stream reader", source.task("stream reader", reading));
}

/// Where the stream reader puts what arrives.
struct MediaSinks {
    inbox: Inbox<TwilioEvent>,
    uplink: Arc<Uplink>,
    loudness: Arc<Loudness>,
    clock: Clock,
    source: Source,
}

impl MediaSinks {
    fn take_frame(&self, frame: Payload, timestamp_ms: u64) {
        let audio = trace::Audio(&frame);
        self.source.point(format_args!("Twilio's frame at {timestamp_ms} ms: {audio}"));
        let now = self.clock.now();
        self.loudness.measure(&frame, now);
        self.uplink.push(frame, timestamp_ms, now);
    }
}

/// Waits for the next frame, up to [`DEAD_AFTER`]. The timer is set again only when it has fired,
/// not for each frame.
struct PatientReader {
    reader: LinkReader,
    clock: Clock,
    received_at: Instant,
    timer: Pin<Box<Sleep>>,
}

impl PatientReader {
    fn new(reader: LinkReader, clock: Clock) -> Self {
        let now = clock.now();
        let timer = Box::pin(tokio::time::sleep_until((now + DEAD_AFTER).into()));
        Self { reader, clock, received_at: now, timer }
    }

    /// `None` at the end of the stream, or if nothing came in time.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            tokio::select! {
                biased;
                frame = self.reader.next() => {
                    self.received_at = self.clock.now();
                    let broken = |error| tracing::warn!(%error, "the media socket broke");
                    return frame?.map_err(broken).ok();
                }
                () = &mut self.timer => {
                    let dead_at = self.received_at + DEAD_AFTER;
                    if dead_at <= self.clock.now() {
                        tracing::warn!("the media socket brought nothing for {DEAD_AFTER:?}");
                        return None;
                    }
                    self.timer.as_mut().reset(dead_at.into());
                }
            }
        }
    }
}

async fn read(reader: LinkReader, stream: &StreamSid, sinks: &MediaSinks) -> StreamEnd {
    let mut reader = PatientReader::new(reader, sinks.clock);
    loop {
        let text = match reader.next().await {
            Some(Frame::Text(text)) => text,
            Some(Frame::Ping(_) | Frame::Pong(_) | Frame::Binary(_)) => continue,
            Some(Frame::Close { .. }) | None => return StreamEnd::Lost,
        };
        let event = match stream::parse(&text) {
            Ok(StreamMessage::Media(media)) if media.track == Track::Inbound => {
                match Payload::from_part(text.as_bytes(), &media.payload) {
                    Ok(frame) => sinks.take_frame(frame, media.timestamp_ms),
                    Err(error) => tracing::warn!(%error, "audio from Twilio is not base64"),
                }
                continue;
            }
            Ok(StreamMessage::Dtmf { digit, .. }) => TwilioEvent::Digit { digit },
            Ok(StreamMessage::Mark { name }) => {
                TwilioEvent::Mark { stream: stream.clone(), name: name.into_owned() }
            }
            Ok(StreamMessage::Stop) => return StreamEnd::Stopped,
            Ok(
                StreamMessage::Media(_)
                | StreamMessage::Connected
                | StreamMessage::Start(_)
                | StreamMessage::Unknown { .. },
            ) => continue,
            Err(error) => {
                tracing::warn!(%error, "a message of the media stream cannot be parsed");
                continue;
            }
        };
        if sinks.inbox.send(event).await.is_err() {
            return StreamEnd::Lost;
        }
    }
}

async fn write(mut writer: LinkWriter, mut messages: mpsc::Receiver<String>, source: Source) {
    let mut waiting = Vec::with_capacity(OUTGOING);
    // What waits goes out together: an audio message and its mark are one write.
    while messages.recv_many(&mut waiting, OUTGOING).await > 0 {
        for message in &waiting {
            source.point(format_args!("to Twilio: {}", trace::ToTwilio(message)));
        }
        let frames = waiting.drain(..).map(|message| Ok(Frame::text(message)));
        if let Err(error) = writer.send_all(&mut futures_util::stream::iter(frames)).await {
            tracing::warn!(%error, "the media socket broke");
            return;
        }
    }
}

#[cfg(test)]
mod tests;
