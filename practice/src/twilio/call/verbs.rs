//! Runs the verbs of a document.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Call, Step};
use crate::speech::{SAMPLE_RATE, duration_of};
use crate::twilio::debugger::TwilioError;
use crate::twilio::fetch::Answer;
use crate::twilio::form::{Form, form};
use crate::twilio::line::Source;
use crate::twilio::settings::Pickup;
use crate::twilio::stream::Connection;
use crate::twilio::target::{Method, Target};
use crate::twilio::twiml::{Connect, Dial, Say, Verb};
use crate::twilio::view::{CallStatus, Done, EndedBy, Webhook};

/// Line time that `<Say>` takes per character.
const PER_CHARACTER: Duration = Duration::from_millis(60);

/// Line time that one played key takes.
const PER_DIGIT: Duration = Duration::from_millis(500);

/// Line time of a file that is neither µ-law nor WAV.
const OF_UNKNOWN_FILE: Duration = Duration::from_secs(2);

impl Call {
    pub(super) async fn run_verb(&mut self, verb: Verb) -> Step {
        match verb {
            Verb::Say(say) => self.say(say).await,
            Verb::Play { url, digits, times } => self.play(url, digits, times).await,
            Verb::Pause(length) => {
                self.line.done(Done::Paused(length));
                self.wait_for(length).await
            }
            Verb::Redirect(target) => {
                let target = self.documents.absolute(&target);
                self.line.done(Done::Redirected(target.url.clone()));
                Step::Goto(Source::Webhook(target), Form::new())
            }
            Verb::Reject(reason) => {
                self.line.done(Done::Rejected(reason));
                Step::End(EndedBy::Rejected(reason))
            }
            Verb::Hangup => {
                self.line.done(Done::HungUp);
                Step::End(EndedBy::HangupVerb)
            }
            Verb::Dial(dial) => self.dial(dial).await,
            Verb::Connect(connect) => self.connect(connect).await,
        }
    }

    async fn say(&mut self, say: Say) -> Step {
        let length = PER_CHARACTER * say.text.chars().count() as u32 * say.times;
        self.line.done(Done::Said { text: say.text, voice: say.voice, language: say.language });
        self.wait_for(length).await
    }

    async fn play(&mut self, url: Option<String>, digits: Option<String>, times: u32) -> Step {
        if let Some(digits) = digits {
            let length = PER_DIGIT * digits.chars().count() as u32;
            self.line.done(Done::PlayedDigits(digits));
            return self.wait_for(length).await;
        }
        let Some(url) = url else { return Step::Next };
        let target = self.documents.absolute(&Target { url, method: Method::Get });
        let request = self.network.request(&self.line, Webhook::Play, &target, Form::new());
        let fetched = match self.interrupts.race(request).await {
            Ok(fetched) => fetched,
            Err(interrupted) => return interrupted.into(),
        };
        let file = fetched.and_then(|answer| self.audio(answer));
        let bytes = file.as_ref().ok().map(|file| file.body.len());
        self.line.done(Done::Played { url: target.url.clone(), bytes });
        match file {
            Ok(file) => self.wait_for(playing_time(&file.content_type, &file.body) * times).await,
            Err(error) => Step::Goto(Source::Fallback(error, target.url), Form::new()),
        }
    }

    /// The answer, if it is a recording.
    fn audio(&self, answer: Answer) -> Result<Answer, TwilioError> {
        if answer.content_type.starts_with("audio/") {
            return Ok(answer);
        }
        let error = TwilioError::NoAudio(answer.content_type);
        self.line.error(error.clone());
        Err(error)
    }

    async fn connect(&mut self, connect: Connect) -> Step {
        self.line.done(Done::Connected { url: connect.stream.url.clone() });
        let mut stream = connect.stream;
        stream.status_callback =
            stream.status_callback.map(|target| self.documents.absolute(&target));
        let stop = CancellationToken::new();
        let connection = Connection {
            network: self.network.clone(),
            line: self.line.clone(),
            stream,
            callbacks: self.callbacks.sender(),
        };
        let running = connection.run(stop.clone());
        tokio::pin!(running);
        let interrupted = self.interrupts.race(&mut running).await.err();
        if let Some(interrupted) = interrupted {
            stop.cancel();
            running.await;
            return interrupted.into();
        }
        self.after(connect.action, Form::new())
    }

    async fn dial(&mut self, dial: Dial) -> Step {
        self.line.done(Done::Dialled { number: dial.number.clone() });
        let callee = self.network.callee(&dial.number);
        let clock = self.line.clock;
        let (rings, talks, status) = match callee.then {
            _ if callee.rings > dial.timeout => (dial.timeout, None, CallStatus::NoAnswer),
            Pickup::Person { talks } => (callee.rings, Some(talks), CallStatus::Completed),
            Pickup::Machine => (callee.rings, Some(Duration::ZERO), CallStatus::Completed),
            Pickup::Busy => (callee.rings, None, CallStatus::Busy),
            Pickup::NoAnswer => (dial.timeout, None, CallStatus::NoAnswer),
            Pickup::Unreachable => (callee.rings, None, CallStatus::Failed),
        };
        let length = rings + talks.unwrap_or_default();
        if let Err(interrupted) = self.interrupts.race(clock.pass(length)).await {
            return interrupted.into();
        }
        let sid = self.network.ids.sid("CA");
        let mut told = form([("DialCallStatus", status.as_str()), ("DialCallSid", &sid)]);
        if let Some(talks) = talks {
            let seconds = talks.as_secs_f64().ceil() as u64;
            told.push(("DialCallDuration".to_owned(), seconds.to_string()));
        }
        told.push(("DialBridged".to_owned(), talks.is_some().to_string()));
        self.after(dial.action, told)
    }

    /// With an action the call goes on there, and the remaining verbs are dropped.
    fn after(&self, action: Option<Target>, told: Form) -> Step {
        match action {
            Some(action) => Step::Goto(Source::Webhook(self.documents.absolute(&action)), told),
            None => Step::Next,
        }
    }

    pub(super) async fn wait_for(&mut self, length: Duration) -> Step {
        let clock = self.line.clock;
        match self.interrupts.race(clock.pass(length)).await {
            Ok(()) => Step::Next,
            Err(interrupted) => interrupted.into(),
        }
    }
}

/// The playing time of a file: WAV by its header's byte rate, µ-law by its size.
fn playing_time(content_type: &str, body: &[u8]) -> Duration {
    let byte_rate = body.get(28..32).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
    match byte_rate.map(u32::from_le_bytes) {
        Some(byte_rate) if body.starts_with(b"RIFF") && byte_rate > 0 => {
            let samples = body.len() as u64 * u64::from(SAMPLE_RATE) / u64::from(byte_rate);
            duration_of(samples)
        }
        _ if content_type.contains("basic") || content_type.contains("mulaw") => {
            duration_of(body.len() as u64)
        }
        _ => OF_UNKNOWN_FILE,
    }
}
