//! A story in words, for reports.

mod faults;
mod seconds;
mod writers;

use std::fmt;
use std::time::Duration;

use practice::openai::{Behaviour, ResponseFault, Transcription};
use practice::twilio::{LineQuality, Silence};
use protocol::ids::Slug;

use seconds::Seconds;

use super::{Act, Caller, Deed, Fault, Finally, Moment, Scene, Story, Trouble, When};

impl Story {
    /// The callers in the order in which they dial, those who write, the model's habits, and the troubles.
    /// `businesses` are those of the story.
    #[must_use]
    pub fn lines(&self, businesses: &[Slug]) -> Vec<String> {
        let callers = self.callers.iter().enumerate().map(|(index, caller)| {
            let business = businesses.get(caller.business).map_or("?", Slug::as_str);
            caller_line(index + 1, business, caller)
        });
        let writers = self.writers.iter().zip(1..).map(|(writer, place)| {
            let business = businesses.get(writer.business).map_or("?", Slug::as_str);
            writers::line(place, business, writer)
        });
        let model = std::iter::once(model_line(&self.model));
        let nodes = (self.nodes > 1).then(|| format!("{} daemons share the database", self.nodes));
        let setting = self.setting.line();
        let troubles = self.troubles.iter().map(ToString::to_string);
        let who = callers.chain(writers).chain(nodes);
        who.chain(model).chain(setting).chain(troubles).collect()
    }
}

fn caller_line(call: usize, business: &str, caller: &Caller) -> String {
    let from = caller.number.as_ref().map_or("a withheld number", |number| number.as_str());
    let at = Seconds(caller.dials_at);
    let mut line = match caller.answers {
        None => format!("at {at} call {call} ({business}, from {from}{})", Line(&caller.line)),
        Some(answers) => format!("at {at} call {call} ({business} calls {from}: {answers:?})"),
    };
    for (index, act) in caller.acts.iter().enumerate() {
        line.push_str(if index == 0 { ": " } else { "; " });
        line.push_str(&act.to_string());
    }
    line.push_str(if caller.acts.is_empty() { ": " } else { "; " });
    line.push_str(&caller.then.to_string());
    line
}

/// What is unusual about a line.
struct Line<'a>(&'a LineQuality);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.silence {
            Silence::Flat => {}
            Silence::Wobbling => f.write_str(", silence wobbles")?,
            Silence::Skipped => f.write_str(", silence is skipped")?,
        }
        if self.0.burst > 1 {
            write!(f, ", {} frames at once", self.0.burst)?;
        }
        if self.0.loses_marks { f.write_str(", no marks come back") } else { Ok(()) }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.when {
            When::After(pause) => write!(f, "waits {}, ", Seconds(pause))?,
            When::AgentEnds => f.write_str("waits for the agent's end, ")?,
            When::AgentSpeaks(into) => write!(f, "lets the agent speak {}, ", Seconds(into))?,
        }
        match &self.what {
            Deed::Say(text) => write!(f, "says {text:?}"),
            Deed::Noise { rms: _, length } => {
                write!(f, "makes noise for {} ms", length.as_millis())
            }
            Deed::Press(keys) => write!(f, "presses {keys}"),
            Deed::FallSilent => f.write_str("falls silent in mid-sentence"),
        }
    }
}

impl fmt::Display for Finally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WaitsForTheEnd => f.write_str("waits until the daemon ends the call"),
            Self::HangsUpAfter(pause) => write!(f, "hangs up after {}", Seconds(*pause)),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, what } = self;
        match (at, what) {
            (Moment::TracePoint { call, kind, nth }, Fault::Crash) => {
                let kind = kind.as_str();
                write!(f, "call {}'s actor {kind} crashes at its trace point {nth}", call + 1)
            }
            (Moment::TracePoint { call, kind, nth }, what) => {
                let kind = kind.as_str();
                write!(
                    f,
                    "when call {}'s actor {kind} is at its trace point {nth}: {what}",
                    call + 1
                )
            }
            (Moment::Published { call, nth }, what) => {
                let call = call + 1;
                write!(f, "when call {call}'s actor call has published event {nth}: {what}")
            }
            (Moment::Ordered { call, order, nth }, what) => {
                let (call, order) = (call + 1, order.as_str());
                write!(f, "when call {call}'s actor call has published {order} {nth}: {what}")
            }
            (Moment::Scene { call, scene, plus }, what) => {
                let (call, plus) = (call + 1, Seconds(*plus));
                write!(f, "{plus} into call {call}'s {}: {what}", of_scene(*scene))
            }
            (Moment::At(at), what) => write!(f, "at {}: {what}", Seconds(*at)),
        }
    }
}

fn of_scene(scene: Scene) -> &'static str {
    match scene {
        Scene::Greeting => "greeting",
        Scene::Turn => "first turn",
        Scene::Interruption => "first interruption",
        Scene::Booking => "booking",
        Scene::Closing => "closing",
    }
}

fn model_line(model: &Behaviour) -> String {
    let ms = |time: Duration| time.as_millis();
    let mut line = format!(
        "the model answers within {} ms, its audio begins {} ms later and comes at {} times real time",
        ms(model.rtt + model.created_after),
        ms(model.first_audio_after),
        model.speed
    );
    match model.transcription {
        Transcription::After(after) => {
            line.push_str(&format!("; transcripts come after {} ms", ms(after)));
        }
        Transcription::AfterResponse => line.push_str("; transcripts come after the response"),
        Transcription::OutOfOrder => line.push_str("; transcripts come out of order"),
        Transcription::Failed => line.push_str("; transcripts fail"),
        Transcription::Never => line.push_str("; no transcripts come"),
    }
    let ahead = ms(model.transcript_ahead);
    line.push_str(&format!("; its own words come {ahead} ms ahead of their audio"));
    if !model.unsupported_transcription.is_empty() {
        let models = model.unsupported_transcription.join(", ");
        line.push_str(&format!("; it refuses to transcribe with {models}"));
    }
    if let Some(preamble) = &model.preamble {
        line.push_str(&format!("; it says {preamble:?} before each answer"));
    }
    for (habit, has) in [
        ("events are reordered", model.reorders),
        ("unknown events come", model.unknown_events),
        ("deltas follow a cancel", model.late_deltas > 0),
    ] {
        if has {
            line.push_str(&format!("; {habit}"));
        }
    }
    for (whose, of) in
        [("its first", &model.responses_once), ("each session's first", &model.responses)]
    {
        if !of.is_empty() {
            let faults: Vec<_> = of.iter().map(faults::of_response).collect();
            line.push_str(&format!("; {whose} responses: {}", faults.join(", ")));
        }
    }
    if model.other_responses != ResponseFault::None {
        let fault = faults::of_response(&model.other_responses);
        line.push_str(&format!("; every response after those: {fault}"));
    }
    if let Some(fault) = faults::of_arguments(&model.arguments) {
        line.push_str(&format!("; the arguments of every tool {fault}"));
    }
    if let Some(call) = &model.calls_in_lines {
        line.push_str(&format!("; it calls {} in scripted lines", call.name));
    }
    if !model.speech.is_empty() {
        let faults: Vec<_> = model.speech.iter().map(|fault| faults::of_speech(*fault)).collect();
        line.push_str(&format!("; the first turns of each session: {}", faults.join(", ")));
    }
    line
}

#[cfg(test)]
mod tests;
