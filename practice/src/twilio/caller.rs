//! The person on the line: what a script or a test does and waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use protocol::ids::{CallSid, StreamSid};
use thiserror::Error;
use tokio::sync::watch;

use super::debugger::Trouble;
use super::line::{Interrupt, Line};
use super::network::Network;
use super::twiml::Method;
use super::view::{CallOutcome, CallView, EndedBy, HeardSpeech, Recording};
use crate::speech::FRAME_BYTES;

/// A call from the point of view of who speaks: the caller, or the callee of an outbound call.
/// Clones are the same person. No wait has a limit of its own; whoever waits brings one.
#[derive(Debug, Clone)]
pub struct CallerHandle {
    network: Arc<Network>,
    line: Arc<Line>,
    language: Arc<str>,
    /// Utterances that earlier waits have taken.
    listened: Arc<AtomicUsize>,
}

/// The call ended before what was waited for came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the call is over: {0:?}")]
pub struct CallOver(pub EndedBy);

/// There is no open media socket to do this with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no media stream is open")]
pub struct NoStream;

impl CallerHandle {
    pub(super) fn new(network: Arc<Network>, line: Arc<Line>, language: &str) -> Self {
        Self { network, line, language: language.into(), listened: Arc::default() }
    }

    /// The call.
    #[must_use]
    pub fn call_sid(&self) -> &CallSid {
        &self.line.sid
    }

    /// Line time since the call was dialled: the time of all that the view shows.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.line.clock.elapsed()
    }

    /// The call as it stands, and as it changes.
    #[must_use]
    pub fn view(&self) -> watch::Receiver<CallView> {
        self.line.view.subscribe()
    }

    /// What both sides heard so far.
    #[must_use]
    pub fn recording(&self) -> Recording {
        self.line.recording()
    }

    /// Lets the recording so far go: a carrier keeps every call it ever had.
    pub fn forget_recording(&self) {
        self.line.forget_recording();
    }

    /// Says something and waits until the last frame of it is sent. The caller is patient: while
    /// no stream is open, what is said waits.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended before.
    pub async fn say(&self, text: &str) -> Result<(), CallOver> {
        self.say_in(text, &self.language).await
    }

    /// As [`CallerHandle::say`], in a language of the moment, ISO 639-1.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended before.
    pub async fn say_in(&self, text: &str, language: &str) -> Result<(), CallOver> {
        let voice = &self.network.settings.voice;
        voice.prepare(text, language).await;
        let utterance = voice.speak(text, language);
        let until = self.line.microphone().say(&utterance);
        self.spoken(until).await
    }

    /// Presses keys, 100 ms apart, and waits until the last has gone.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended before.
    pub async fn press(&self, keys: &str) -> Result<(), CallOver> {
        let until = self.line.microphone().press(keys);
        self.spoken(until).await
    }

    /// Makes a noise of this loudness (16-bit linear RMS), rounded up to whole frames.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended before.
    pub async fn noise(&self, rms: u16, length: Duration) -> Result<(), CallOver> {
        let frames = length.as_millis().div_ceil(20) as u32;
        let until = self.line.microphone().noise(rms, frames);
        self.spoken(until).await
    }

    /// Sends frames as they are.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended before.
    pub async fn send_frames(&self, frames: Vec<[u8; FRAME_BYTES]>) -> Result<(), CallOver> {
        let until = self.line.microphone().frames(frames);
        self.spoken(until).await
    }

    /// Stops speaking in the middle of it.
    pub fn fall_silent(&self) {
        let mut microphone = self.line.microphone();
        microphone.fall_silent();
        let spoken = microphone.taken();
        drop(microphone);
        self.line.see(|view| view.spoken = spoken);
    }

    /// Hangs up: `stop` on the stream, the socket's end, the status callback.
    pub fn hang_up(&self) {
        self.line.interrupt(Interrupt::CallerHungUp);
    }

    /// Cuts every open media socket by a TCP reset: no `stop`, no close frame. The document goes
    /// on after it.
    ///
    /// # Errors
    /// [`NoStream`] if none is open.
    pub fn cut_socket(&self) -> Result<(), NoStream> {
        self.line.levers().ok_or(NoStream)?.cut.cancel();
        Ok(())
    }

    /// Reads nothing more from the media sockets, or reads on.
    ///
    /// # Errors
    /// [`NoStream`] if none is open.
    pub fn stall_reader(&self, stalled: bool) -> Result<(), NoStream> {
        self.line.levers().ok_or(NoStream)?.stalled.send_replace(stalled);
        Ok(())
    }

    /// Opens another media socket for the same `<Connect>`, with the same parameters. The newest
    /// has the caller's voice. Returns its SID when it is open.
    ///
    /// # Errors
    /// [`NoStream`] if none is open, or the call ends meanwhile.
    pub async fn open_second_stream(&self) -> Result<StreamSid, NoStream> {
        let before = self.line.view.borrow().streams.len();
        let levers = self.line.levers().ok_or(NoStream)?;
        levers.another.send(()).await.map_err(|_| NoStream)?;
        self.find(|view| view.streams.get(before).map(|stream| stream.stream_sid.clone()))
            .await
            .map_err(|_| NoStream)
    }

    /// Sends the first webhook of an inbound call so many times more, all at once; the bodies of
    /// the answers. None of them is run.
    pub async fn replay_webhook(&self, times: usize) -> Vec<Result<Bytes, Trouble>> {
        let form = self.line.form("ringing");
        let url = &self.network.settings.voice_url;
        let requests = (0..times).map(|_| self.network.fetcher.fetch(url, Method::Post, &form));
        let answers = futures_util::future::join_all(requests).await;
        answers.into_iter().map(|fetched| fetched.result.map(|answer| answer.body)).collect()
    }

    /// Waits until the call looks so.
    ///
    /// # Errors
    /// [`CallOver`] if it ended without ever looking so.
    pub async fn until(&self, mut looks: impl FnMut(&CallView) -> bool) -> Result<(), CallOver> {
        self.find(|view| looks(view).then_some(())).await
    }

    /// Waits until something can be found in the call's view.
    ///
    /// # Errors
    /// [`CallOver`] if it ended and there was nothing to be found.
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

    /// Waits for the next whole utterance with this text in it. What came before it is passed
    /// over, so that a script reads in the order of the call.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended without it.
    pub async fn hears(&self, text: &str) -> Result<HeardSpeech, CallOver> {
        self.listen(|speech| speech.flaw.is_none() && speech.text.contains(text)).await
    }

    /// Waits for the next utterance, whole or not.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended without one.
    pub async fn hears_anything(&self) -> Result<HeardSpeech, CallOver> {
        self.listen(|_| true).await
    }

    /// Waits until audio is played that was not yet played when this was called.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended without any.
    pub async fn hears_audio(&self) -> Result<(), CallOver> {
        let before = self.line.view.borrow().samples_heard;
        self.until(|view| view.samples_heard > before).await
    }

    /// Waits until nothing is left in the playout buffer.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended before.
    pub async fn quiet(&self) -> Result<(), CallOver> {
        self.until(|view| view.buffered == 0).await
    }

    /// Waits until a stream is open that is not over.
    ///
    /// # Errors
    /// [`CallOver`] if the call ended without one.
    pub async fn stream_opened(&self) -> Result<StreamSid, CallOver> {
        let sid = self.find(|view| {
            let open = view.streams.iter().rev().find(|stream| stream.ended.is_none());
            open.map(|stream| stream.stream_sid.clone())
        });
        sid.await
    }

    /// Waits until the call is over and its callbacks are answered.
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
