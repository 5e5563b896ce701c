//! Values that are well-formed and would fail later: at the model, in the database, or in the call
//! (OPS-12).

use std::time::Duration;

use serde_json::Value;

use super::{Problems, Rule};
use crate::business::{BusinessSettings, TurnDetection};
use crate::text;

/// The voices of the Realtime API. Others are custom ones.
pub(super) const VOICES: [&str; 10] =
    ["alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "sage", "shimmer", "verse"];

/// The beginnings of a custom voice: ours, and that of its id at OpenAI.
const CUSTOM_VOICES: [&str; 2] = ["custom:", "voice_"];

/// The longest name of a business, in characters.
const LONGEST_NAME: usize = 200;

/// Models whose context is the small one.
const SMALL_MODELS: [&str; 3] = ["gpt-realtime-mini", "gpt-realtime-1.5", "gpt-realtime-20"];

/// Tokens of text that a model takes.
const SMALL_INPUT: usize = 28_000;
const LARGE_INPUT: usize = 96_000;

pub(super) fn name(business: &BusinessSettings, problems: &mut Problems) {
    if let Err(flaw) = text::check_name(&business.name, LONGEST_NAME) {
        problems.add("name", flaw);
    }
}

/// No text may hold a control character: databases and the model's JSON refuse some of them, and others make
/// a text look like another one than is spoken.
pub(super) fn texts(business: &BusinessSettings, problems: &mut Problems) {
    let Ok(Value::Object(keys)) = serde_json::to_value(business) else { return };
    for (key, value) in keys {
        // The name has a rule of its own.
        if key != "name" {
            look_at(&key, &value, problems);
        }
    }
}

fn look_at(key: &str, value: &Value, problems: &mut Problems) {
    match value {
        Value::String(text) => {
            let is_wrong =
                |letter: &char| text::controls(*letter) && !matches!(letter, '\n' | '\r' | '\t');
            if let Some(mark) = text.chars().find(is_wrong) {
                problems.add(key, text::Flaw::Control(mark));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| look_at(key, item, problems)),
        Value::Object(keys) => {
            for (inner, value) in keys {
                look_at(&format!("{key}.{inner}"), value, problems);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The names of models and voices, which nobody but a machine reads.
pub(super) fn names(business: &BusinessSettings, problems: &mut Problems) {
    let BusinessSettings { agent, whatsapp, apology, .. } = business;
    for (key, name) in [
        ("agent.model", Some(&agent.model)),
        ("agent.voice", Some(&agent.voice)),
        ("agent.transcription_model", Some(&agent.transcription_model)),
        ("whatsapp.model", Some(&whatsapp.model)),
        ("apology.say_voice", apology.say_voice.as_ref()),
    ] {
        let is_sign = |letter: char| letter.is_ascii_alphanumeric() || ".-_:/".contains(letter);
        if let Some(wrong) = name.and_then(|name| name.trim().chars().find(|sign| !is_sign(*sign)))
        {
            problems.add(key, Rule::Sign(wrong));
        }
    }
}

pub(super) fn voice(business: &BusinessSettings, problems: &mut Problems) {
    let voice = business.agent.voice.trim();
    let custom = CUSTOM_VOICES.iter().find_map(|begins| voice.strip_prefix(begins));
    let is_known = VOICES.contains(&voice) || custom.is_some_and(|id| !id.is_empty());
    if !voice.is_empty() && !is_known {
        problems.add("agent.voice", Rule::UnknownVoice(voice.to_owned()));
    }
}

/// The prompt may take half of the model's input; the conversation needs the rest.
pub(super) fn prompt(business: &BusinessSettings, problems: &mut Problems) {
    let agent = &business.agent;
    let small = agent.model == "gpt-realtime"
        || SMALL_MODELS.iter().any(|model| agent.model.starts_with(model));
    let input = if small { SMALL_INPUT } else { LARGE_INPUT };
    let tokens = tokens(&agent.prompt);
    if tokens > input / 2 {
        let model = agent.model.clone();
        problems.add("agent.prompt", Rule::PromptTooLong { tokens, model, input });
    }
}

/// About how many tokens a text has: four letters each in English, two in other scripts.
fn tokens(text: &str) -> usize {
    let ascii = text.chars().filter(char::is_ascii).count();
    let others = text.chars().count() - ascii;
    ascii.div_ceil(4) + others.div_ceil(2)
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Lengths of time that make no sense, if they are not 0 where 0 means none.
pub(super) fn durations(business: &BusinessSettings, problems: &mut Problems) {
    let BusinessSettings { agent, ending, silence, appointments, .. } = business;
    let mut within =
        |key: &str, length: Duration, (least, most): (Duration, Duration), why: &'static str| {
            if !(least..=most).contains(&length) && !length.is_zero() {
                let (least, most) = (told(least), told(most));
                problems.add(key, Rule::Within { least, most, why });
            }
        };
    within("retention", business.retention, (DAY, 3650 * DAY), "older transcripts are deleted");
    if agent.turn_detection == TurnDetection::ServerVad {
        let pause = (50 * SECOND / 1000, 10 * SECOND);
        within("agent.silence_duration", agent.silence_duration, pause, "this pause ends a turn");
    }
    within(
        "ending.max_duration",
        ending.max_duration,
        (5 * SECOND, DAY),
        "a call that is this long is ended",
    );
    let wait = (SECOND / 1000, 30 * SECOND);
    within("ending.hangup_delay", ending.hangup_delay, wait, "the line stays open for so long");
    within("ending.phrase_wait", ending.phrase_wait, wait, "answers wait for so long");
    within(
        "silence.timeout",
        silence.timeout,
        (SECOND, 10 * MINUTE),
        "a caller who is silent for so long is asked whether they are there",
    );
    within(
        "whatsapp.settle",
        business.whatsapp.settle,
        (SECOND / 1000, 10 * SECOND),
        "texts that come within it are answered together",
    );
    let instant = (SECOND / 1000, 10 * SECOND);
    let barge_in = &business.barge_in;
    within("agent.prefix_padding", agent.prefix_padding, instant, "a turn begins so much earlier");
    for (key, length, why) in [
        ("barge_in.min_speech", barge_in.min_speech, "speech this long interrupts"),
        ("barge_in.guard", barge_in.guard, "nothing interrupts before"),
        ("barge_in.cooldown", barge_in.cooldown, "nothing interrupts again before"),
    ] {
        within(key, length.unwrap_or_default(), instant, why);
    }
    let minutes = (MINUTE, DAY);
    let notice = (MINUTE, 365 * DAY);
    within("appointments.min_notice", appointments.min_notice, notice, "it is booked so far ahead");
    within("appointments.slot_step", appointments.slot_step, minutes, "slots begin so far apart");
    within("appointments.length", appointments.length, minutes, "an appointment lasts so long");
    within("appointments.buffer", appointments.buffer, minutes, "it stays free after each one");
    within(
        "appointments.horizon",
        appointments.horizon,
        (HOUR, 3650 * DAY),
        "appointments are made so far ahead",
    );
}

fn told(length: Duration) -> String {
    crate::business::duration_text::written(length)
}
