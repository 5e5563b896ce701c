//! Draws the model's habits.

use std::time::Duration;

use practice::openai::{ArgumentsFault, Behaviour, SpeechFault, ToolCall, Transcription};
use serde_json::json;

use super::chance::Chance;
use super::troubles::{failed, response};

/// From a word or none to whole answers.
const TRANSCRIPT_AHEAD: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(60)];

/// What the businesses have their calls transcribed with.
pub(super) const TRANSCRIPTION_MODEL: &str = "gpt-transcribe";

pub(super) fn draw(chance: &mut Chance) -> Behaviour {
    let mut model = Behaviour {
        rtt: chance.ms(2, 150),
        created_after: chance.ms(0, 80),
        first_audio_after: chance.ms(30, 1_200),
        speed: chance.one_of(&[1.5, 3.0, 8.0, 20.0]),
        session_updated_after: chance.ms(0, 400),
        late_deltas: chance.index(6),
        transcript_ahead: chance.one_of(&TRANSCRIPT_AHEAD),
        reorders: chance.percent(20),
        unknown_events: chance.percent(20),
        ..Behaviour::default()
    };
    model.transcription = match chance.from(0, 9) {
        0 => Transcription::AfterResponse,
        1 => Transcription::OutOfOrder,
        2 => Transcription::Failed,
        3 => Transcription::Never,
        _ => Transcription::After(chance.ms(20, 1_500)),
    };
    if chance.percent(8) {
        model.unsupported_transcription = vec![TRANSCRIPTION_MODEL.to_owned()];
    }
    if chance.percent(15) {
        model.preamble = Some("רגע אחד.".to_owned());
    }
    if chance.percent(30) {
        let faults = chance.from(1, 4);
        model.responses_once = (0..faults).map(|_| response(chance)).collect();
    }
    if chance.percent(5) {
        // More than are asked for again in one session.
        model.responses_once = (0..chance.from(3, 6)).map(|_| failed()).collect();
    }
    if chance.percent(8) {
        let faults = chance.from(1, 2);
        model.responses = (0..faults).map(|_| response(chance)).collect();
    }
    if chance.percent(4) {
        model.other_responses = response(chance);
    }
    if chance.percent(15) {
        model.arguments = arguments(chance);
    }
    if chance.percent(10) {
        model.calls_in_lines = Some(tool_call(chance));
    }
    if chance.percent(20) {
        let turns = chance.from(1, 3);
        model.speech = (0..turns).map(|_| speech(chance)).collect();
    }
    model
}

fn arguments(chance: &mut Chance) -> ArgumentsFault {
    match chance.from(0, 3) {
        0 => ArgumentsFault::CutOff,
        1 => ArgumentsFault::DoubleEncoded,
        2 => ArgumentsFault::FollowedBy("<|call|>".to_owned()),
        _ => ArgumentsFault::ReplacedBy(chance.one_of(&["", "null", "[]"]).to_owned()),
    }
}

/// What a model calls in a line that offers no tools.
fn tool_call(chance: &mut Chance) -> ToolCall {
    let ends = json!({"should_end_call": true, "end_reason": "user_goodbye"});
    let knows = json!({"fields": {"city": "Haifa"}});
    let (name, arguments) =
        if chance.percent(50) { ("call_control", ends) } else { ("update_lead_details", knows) };
    ToolCall { name: name.to_owned(), arguments }
}

fn speech(chance: &mut Chance) -> SpeechFault {
    chance.one_of(&[SpeechFault::None, SpeechFault::NeverStops, SpeechFault::CommittedUnstopped])
}
