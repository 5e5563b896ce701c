//! What holds of every call, whatever its scenario expects.

use entities::call_turns::TurnRole;

use super::Verdict;
use super::lines::span;
use crate::practice::speech::Fault;
use crate::practice::twilio::{CallView, HeardSpeech};
use crate::simulate::scenario::Scenario;
use crate::simulate::seen::{ModelSide, Seen};

/// Of a frame that was cut in its middle, the ear takes nothing.
const FRAME_MS: u64 = 20;
/// How much less than was heard the model may be told: marks and the machine take their time.
const TOLD_LESS_MS: u64 = 1000;

pub(super) fn look(verdict: &mut Verdict, scenario: &Scenario, seen: &Seen) {
    let view = &seen.view;
    verdict.look("Twilio would have objected", none(view.violations.iter()));
    verdict.look("what was heard is damaged", none(view.heard.iter().filter(|s| is_damaged(s))));
    verdict.look("hung up more than once", none((view.hang_up_requests > 1).then_some(()).iter()));
    verdict.look("the greeting came again", greeted_once(scenario, view));
    let written = seen.record.as_ref().map(|_| ());
    verdict.look("the record", written.ok_or("the call's end was not written".to_owned()));
    if let Some(model) = &seen.model {
        verdict.look("OpenAI would have objected", none(model.faults.iter()));
        verdict.look("told of what was heard", told_what_was_heard(model, view));
        verdict.look("kept of what was heard", kept_what_was_heard(model, seen));
    }
}

fn none<T: std::fmt::Debug>(mut of: impl Iterator<Item = T>) -> Result<(), String> {
    of.next().map_or(Ok(()), |one| Err(format!("{one:?}")))
}

fn is_damaged(speech: &HeardSpeech) -> bool {
    match speech.flaw {
        None | Some(Fault::CutOff) => false,
        Some(Fault::Altered | Fault::Doubled | Fault::Swapped | Fault::Lost) => true,
    }
}

fn greeted_once(scenario: &Scenario, view: &CallView) -> Result<(), String> {
    let greeting = scenario.business.lines().greeting;
    let mut again = view.heard.iter().filter(|speech| speech.text == greeting).skip(1);
    again.next().map_or(Ok(()), |speech| Err(format!("at {}", span(speech))))
}

/// Every `conversation.item.truncate` names what the caller heard of that item, by its place in the
/// audio, or a little less; never more.
fn told_what_was_heard(model: &ModelSide, view: &CallView) -> Result<(), String> {
    let mut heard: Vec<&HeardSpeech> = view.heard.iter().collect();
    for event in model.of_kind("conversation.item.truncate") {
        let item = event.body["item_id"].as_str().unwrap_or_default();
        let told = event.body["audio_end_ms"].as_u64().unwrap_or_default();
        let words = model.words_of(item).unwrap_or_default();
        let found = heard.iter().position(|speech| is_part(speech, words));
        let heard_ms = found.map_or(0, |at| length_ms(heard.remove(at)));
        if told > heard_ms + FRAME_MS || told + TOLD_LESS_MS < heard_ms {
            return Err(format!("{told} ms of {words:?}, of which {heard_ms} ms were heard"));
        }
    }
    Ok(())
}

/// A turn that the database keeps as cut has no more than was heard of it.
fn kept_what_was_heard(model: &ModelSide, seen: &Seen) -> Result<(), String> {
    let mut heard: Vec<&HeardSpeech> = seen.view.heard.iter().collect();
    let cut = seen.turns.iter().filter(|turn| turn.role == TurnRole::Agent && turn.cut);
    for turn in cut {
        let (Some(item), Some(kept)) = (&turn.item_id, turn.heard_ms) else { continue };
        let words = model.words_of(item.as_str()).unwrap_or_default();
        let found = heard.iter().position(|speech| is_part(speech, words));
        let heard_ms = found.map_or(0, |at| length_ms(heard.remove(at)));
        if u64::from(kept) > heard_ms + FRAME_MS {
            return Err(format!("{kept} ms of {words:?}, of which {heard_ms} ms were heard"));
        }
    }
    Ok(())
}

/// Whether an utterance is these words, or their beginning.
fn is_part(speech: &HeardSpeech, words: &str) -> bool {
    match speech.flaw {
        None => speech.text == words,
        Some(_) => words.starts_with(&speech.text),
    }
}

fn length_ms(speech: &HeardSpeech) -> u64 {
    speech.to.saturating_sub(speech.from).as_millis() as u64
}
