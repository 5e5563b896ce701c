//! The person on the line, as a script or a test controls it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use protocol::ids::{CallSid, StreamSid};
use thiserror::Error;
use tokio::sync::watch;

use super::debugger::TwilioError;
use super::line::{Interrupt, Line};
use super::network::Network;
use super::target::Method;
use super::view::{CallOutcome, CallView, EndedBy, HeardSpeech, Recording};
use crate::speech::FRAME_BYTES;

/// The caller, or the callee of an outbound call. Clones are the same person.
///
/// No method has a time limit of its own; callers should set one.
#[derive(Debug, Clone)]
pub struct CallerHandle {
    network: Arc<Network>,
    line: Arc<Line>,
    language: Arc<str>,
    /// How many utterances earlier waits have consumed.
    listened: Arc<AtomicUsize>,
}

/// The call ended before the awaited event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the call is over: {0:?}")]
pub struct CallOver(pub EndedBy);

/// No media socket is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no media stream is open")]
pub struct NoStream;

impl CallerHandle {
    pub(super) fn new(network: Arc<Network>, line: Arc<Line>, language: &str) -> Self {
        Self { network, line, language: language.into(), listened: Arc::default() }
    }

    #[must_use]
    pub fn call_sid(&self) -> &CallSid {
        &self.line.sid
    }

    /// Line time since the call was dialled. The view's times are of the same clock.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.line.clock.elapsed()
    }

    /// The call's view, updated as the call changes.
    #[must_use]
    pub fn view(&self) -> watch::Receiver<CallView> {
        self.line.view.subscribe()
    }

    #[must_use]
    pub fn recording(&self) -> Recording {
        self.line.recording()
    }

    /// Frees the recording so far. A carrier keeps every call it ever had.
    pub fn forget_recording(&self) {
        self.line.forget_recording();
    }

    /// Says something and waits until its last frame is sent. Without an open stream it waits for
    /// one.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended first.
    pub async fn say(&self, text: &str) -> Result<(), CallOver> {
        self.say_in(text, &self.language).await
    }

    /// As [`CallerHandle::say`], in another language, ISO 639-1.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended first.
    pub async fn say_in(&self, text: &str, language: &str) -> Result<(), CallOver> {
        let voice = &self.network.settings.voice;
        voice.prepare(text, language).await;
        let utterance = voice.speak(text, language);
        let until = self.line.source().say(&utterance);
        self.spoken(until).await
    }

    /// Presses keys, 100 ms apart, and waits until the last is sent.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended first.
    pub async fn press(&self, keys: &str) -> Result<(), CallOver> {
        let until = self.line.source().press(keys);
        self.spoken(until).await
    }

    /// Makes a noise of this loudness (16-bit linear RMS). The length is rounded up to whole frames.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended first.
    pub async fn noise(&self, rms: u16, length: Duration) -> Result<(), CallOver> {
        let frames = length.as_millis().div_ceil(20) as u32;
        let until = self.line.source().noise(rms, frames);
        self.spoken(until).await
    }

    /// Sends frames unchanged.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended first.
    pub async fn send_frames(&self, frames: Vec<[u8; FRAME_BYTES]>) -> Result<(), CallOver> {
        let until = self.line.source().frames(frames);
        self.spoken(until).await
    }

    /// Stops speaking at once.
    pub fn fall_silent(&self) {
        let mut source = self.line.source();
        source.clear();
        let spoken = source.taken();
        drop(source);
        self.line.update(|view| view.spoken = spoken);
    }

    /// Hangs up. `stop`, the socket's end and the status callback follow.
    pub fn hang_up(&self) {
        self.line.interrupt(Interrupt::CallerHungUp);
    }

    /// Cuts every open media socket by a TCP reset, without `stop` or a close frame. The document goes
    /// on.
    ///
    /// # Errors
    /// [`NoStream`] if none is open.
    pub fn cut_socket(&self) -> Result<(), NoStream> {
        self.line.controls().ok_or(NoStream)?.cut.cancel();
        Ok(())
    }

    /// Stops reading from the media sockets, or resumes.
    ///
    /// # Errors
    /// [`NoStream`] if none is open.
    pub fn stall_reader(&self, stalled: bool) -> Result<(), NoStream> {
        self.line.controls().ok_or(NoStream)?.stalled.send_replace(stalled);
        Ok(())
    }

    /// Opens another media socket for the same `<Connect>`, with the same parameters. The newest one
    /// carries the caller's voice. Returns its SID once it is open.
    ///
    /// # Errors
    /// [`NoStream`] if none is open, or the call ends first.
    pub async fn open_second_stream(&self) -> Result<StreamSid, NoStream> {
        let before = self.line.view.borrow().streams.len();
        let controls = self.line.controls().ok_or(NoStream)?;
        controls.another.send(()).await.map_err(|_| NoStream)?;
        self.find(|view| view.streams.get(before).map(|stream| stream.stream_sid.clone()))
            .await
            .map_err(|_| NoStream)
    }

    /// Sends the first webhook of an inbound call this many more times, all at once. Returns the
    /// bodies of the answers. They are not run.
    pub async fn replay_webhook(&self, times: usize) -> Vec<Result<Bytes, TwilioError>> {
        let form = self.line.form("ringing");
        let url = &self.network.settings.voice_url;
        let requests = (0..times).map(|_| self.network.fetcher.fetch(url, Method::Post, &form));
        let answers = futures_util::future::join_all(requests).await;
        answers.into_iter().map(|fetched| fetched.result.map(|answer| answer.body)).collect()
    }

    /// Waits until the call's view satisfies a condition.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended first.
    pub async fn until(&self, mut looks: impl FnMut(&CallView) -> bool) -> Result<(), CallOver> {
        self.find(|view| looks(view).then_some(())).await
    }

    /// Waits until something is found in the call's view.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended first.
    pub async fn find<T>(
        &self,
        mut look: impl FnMut(&CallView) -> Option<T>,
    ) -> Result<T, CallOver> {
        let mut views = self.line.view.subscribe();
        loop {
            let ended = {
                let view = views.borrow_and_update();
                if let Some(found) = look(&view) {
                    return Ok(found);
                }
                view.ended
            };
            if let Some(ended_by) = ended {
                return Err(CallOver(ended_by));
            }
            if views.changed().await.is_err() {
                return Err(CallOver(EndedBy::CallerHangUp));
            }
        }
    }

    /// Waits for the next whole utterance that contains this text. Earlier utterances are skipped, so a
    /// script follows the order of the call.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended first.
    pub async fn hears(&self, text: &str) -> Result<HeardSpeech, CallOver> {
        self.listen(|speech| speech.flaw.is_none() && speech.text.contains(text)).await
    }

    /// Waits for the next utterance, whole or not.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended first.
    pub async fn hears_anything(&self) -> Result<HeardSpeech, CallOver> {
        self.listen(|_| true).await
    }

    /// Waits until more audio is played.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended first.
    pub async fn hears_audio(&self) -> Result<(), CallOver> {
        let before = self.line.view.borrow().samples_heard;
        self.until(|view| view.samples_heard > before).await
    }

    /// Waits until the playout buffer is empty.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended first.
    pub async fn quiet(&self) -> Result<(), CallOver> {
        self.until(|view| view.buffered == 0).await
    }

    /// Waits until a stream is open.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended first.
    pub async fn stream_opened(&self) -> Result<StreamSid, CallOver> {
        let sid = self.find(|view| {
            let open = view.streams.iter().rev().find(|stream| stream.ended.is_none());
            open.map(|stream| stream.stream_sid.clone())
        });
        sid.await
    }

    /// Waits until the call is over and its callbacks are sent.
    pub async fn ended(&self) -> CallOutcome {
        let mut views = self.line.view.subscribe();
        loop {
            let ended = {
                let view = views.borrow_and_update();
                view.ended.map(|ended_by| (ended_by, view.clone()))
            };
            if let Some((ended_by, view)) = ended {
                let duration = view.duration();
                return CallOutcome { ended_by, duration, view, recording: self.recording() };
            }
            // The line holds the sender, and this handle the line.
            if views.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    async fn spoken(&self, until: u64) -> Result<(), CallOver> {
        self.until(|view| view.spoken >= until).await
    }

    async fn listen(&self, is_it: impl Fn(&HeardSpeech) -> bool) -> Result<HeardSpeech, CallOver> {
        let listened = &self.listened;
        self.find(|view| {
            let from = listened.load(Ordering::Relaxed).min(view.heard.len());
            let at = from + view.heard[from..].iter().position(&is_it)?;
            listened.store(at + 1, Ordering::Relaxed);
            Some(view.heard[at].clone())
        })
        .await
    }
}
