//! What must hold of every call, whatever its scenario expects.

use entities::call_turns::{TurnRole, TurnRow};
use practice::speech::Fault;
use practice::twilio::HeardSpeech;

use super::told::span;
use super::verdict::Verdict;
use crate::simulate::scenario::Scenario;
use crate::simulate::seen::{ModelSide, Seen};

/// The decoder ignores a frame that is cut in its middle.
pub(crate) const FRAME_MS: u64 = 20;
/// How much less than was heard the model may be told. Marks take time on a busy machine.
const TOLD_LESS_MS: u64 = 1000;

pub(super) fn look(verdict: &mut Verdict, scenario: &Scenario, seen: &Seen) {
    let view = &seen.view;
    verdict.look("Twilio would have objected", none(view.violations.iter()));
    verdict.look("what was heard is damaged", none(view.heard.iter().filter(|s| is_damaged(s))));
    verdict.look(
        "the greeting came again",
        greeted_once(&scenario.business.lines().greeting, &view.heard),
    );
    let written = seen.record.as_ref().map(|_| ());
    verdict.look("the record", written.ok_or("the call's end was not written".to_owned()));
    if let Some(model) = &seen.model {
        verdict.look("OpenAI would have objected", none(model.faults.iter()));
        verdict.look("told of what was heard", told_what_was_heard(model, &view.heard));
        verdict
            .look("kept of what was heard", kept_what_was_heard(model, &seen.turns, &view.heard));
        verdict.look("the transcript", kept_all_that_was_heard(model, &seen.turns, &view.heard));
    }
}

pub(crate) fn none<T: std::fmt::Debug>(mut of: impl Iterator<Item = T>) -> Result<(), String> {
    of.next().map_or(Ok(()), |one| Err(format!("{one:?}")))
}

pub(crate) fn is_damaged(speech: &HeardSpeech) -> bool {
    match speech.flaw {
        None | Some(Fault::CutOff) => false,
        Some(Fault::Altered | Fault::Doubled | Fault::Swapped | Fault::Lost) => true,
    }
}

fn greeted_once(greeting: &str, heard: &[HeardSpeech]) -> Result<(), String> {
    let mut again = heard.iter().filter(|speech| speech.text == greeting).skip(1);
    again.next().map_or(Ok(()), |speech| Err(format!("at {}", span(speech))))
}

/// Every `conversation.item.truncate` names the length that the caller heard of the item, or a little
/// less.
fn told_what_was_heard(model: &ModelSide, heard: &[HeardSpeech]) -> Result<(), String> {
    let mut heard: Vec<&HeardSpeech> = heard.iter().collect();
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

/// A cut turn in the database is no longer than what the caller heard of it.
fn kept_what_was_heard(
    model: &ModelSide,
    turns: &[TurnRow],
    heard: &[HeardSpeech],
) -> Result<(), String> {
    let mut heard: Vec<&HeardSpeech> = heard.iter().collect();
    let cut = turns.iter().filter(|turn| turn.role == TurnRole::Agent && turn.cut);
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

/// The agent's turns in the database are what the caller heard, in order. A turn is whole only if it was
/// heard whole, and cut no earlier than the delays of a line allow. A turn that was cut early may have no
/// words.
pub(crate) fn kept_all_that_was_heard(
    model: &ModelSide,
    turns: &[TurnRow],
    heard: &[HeardSpeech],
) -> Result<(), String> {
    let fits = |turn: &TurnRow, speech: &HeardSpeech| {
        if !turn.cut {
            return speech.flaw.is_none() && words_kept(turn) == speech.text;
        }
        // More can be heard while the cut is on its way, even all of it.
        let said = turn.item_id.as_ref().and_then(|item| model.words_of(item.as_str()));
        let most = u64::from(turn.heard_ms.unwrap_or_default()) + TOLD_LESS_MS;
        is_part(speech, said.unwrap_or_default()) && length_ms(speech) <= most
    };
    let is_agents = |turn: &&TurnRow| turn.role == TurnRole::Agent && turn.item_id.is_some();
    let turns: Vec<&TurnRow> = turns.iter().filter(is_agents).collect();
    align(&turns, heard, &fits).map_err(|Differs { speeches_left, turn }| {
        let speech = heard.get(heard.len() - speeches_left);
        match (turn, speech) {
            (None, None) => "the transcript differs".to_owned(),
            (None, Some(speech)) => format!("{:?} at {} is not in it", speech.text, span(speech)),
            (Some(turn), None) => format!("{:?} was not heard", words_kept(turn)),
            (Some(turn), Some(speech)) => {
                let how = if turn.cut { "cut" } else { "whole" };
                let (kept, at, heard) = (words_kept(turn), span(speech), &speech.text);
                format!("{kept:?} ({how}), and at {at} was heard {heard:?}")
            }
        }
    })
}

/// Where transcript and ear differ: a turn, and the first of the last speeches.
struct Differs<'a> {
    speeches_left: usize,
    turn: Option<&'a TurnRow>,
}

/// Finds a turn for each speech, in order. Only turns without words may be skipped.
fn align<'a>(
    turns: &[&'a TurnRow],
    heard: &[HeardSpeech],
    fits: &impl Fn(&TurnRow, &HeardSpeech) -> bool,
) -> Result<(), Differs<'a>> {
    let has_words = |turn: &&&TurnRow| !words_kept(turn).is_empty();
    let mut differs = Differs { speeches_left: heard.len(), turn: None };
    let Some((speech, later)) = heard.split_first() else {
        differs.turn = turns.iter().find(has_words).copied();
        return if differs.turn.is_none() { Ok(()) } else { Err(differs) };
    };
    for (index, turn) in turns.iter().enumerate() {
        if fits(turn, speech) {
            match align(&turns[index + 1..], later, fits) {
                Ok(()) => return Ok(()),
                Err(other) if other.speeches_left < differs.speeches_left => differs = other,
                Err(_) => {}
            }
        }
        if has_words(&turn) {
            differs.turn = differs.turn.or(Some(turn));
            break;
        }
    }
    Err(differs)
}

fn words_kept(turn: &TurnRow) -> &str {
    turn.text.as_deref().unwrap_or_default()
}

/// Whether an utterance is these words or their beginning.
pub(crate) fn is_part(speech: &HeardSpeech, words: &str) -> bool {
    match speech.flaw {
        None => speech.text == words,
        Some(_) => words.starts_with(&speech.text),
    }
}

pub(crate) fn length_ms(speech: &HeardSpeech) -> u64 {
    speech.to.saturating_sub(speech.from).as_millis() as u64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use practice::openai::{SeenEvent, Turn};

    const LINE: &str = "one two three four";

    fn heard(text: &str, flaw: Option<Fault>, ms: u64) -> HeardSpeech {
        let from = Duration::from_secs(3);
        HeardSpeech { text: text.into(), flaw, from, to: from + Duration::from_millis(ms) }
    }

    fn model_told(truncated_at_ms: u64) -> ModelSide {
        let body = json!({"item_id": "item_1", "audio_end_ms": truncated_at_ms});
        let kind = "conversation.item.truncate".to_owned();
        let event = SeenEvent { session: 1, at: Duration::ZERO, kind, bytes: 0, body };
        let said = Turn { session: 1, item_id: "item_1".into(), text: LINE.into() };
        ModelSide { events: vec![event], said: vec![said], ..ModelSide::default() }
    }

    #[test]
    fn barge_3_a_model_told_of_more_than_was_heard_is_detected() {
        let speech = [heard("hello", None, 500), heard("one two", Some(Fault::CutOff), 1500)];
        for (told, holds) in [(1400, true), (1519, true), (1521, false), (501, true), (499, false)]
        {
            let found = told_what_was_heard(&model_told(told), &speech);
            assert_eq!(found.is_ok(), holds, "{told}: {found:?}");
        }
    }

    #[test]
    fn barge_3_a_model_told_of_what_was_not_heard_at_all_is_detected() {
        assert!(told_what_was_heard(&model_told(300), &[heard("hello", None, 500)]).is_err());
        assert!(told_what_was_heard(&model_told(10), &[]).is_ok(), "less than a frame");
    }

    #[test]
    fn barge_6_a_transcript_that_keeps_more_than_was_heard_is_detected() {
        let speech = [heard("one two", Some(Fault::CutOff), 1500)];
        let turn =
            |heard_ms| TurnRow { heard_ms: Some(heard_ms), ..turn("item_1", "one two", true) };
        let model = model_told(1500);
        assert!(kept_what_was_heard(&model, &[turn(1500)], &speech).is_ok());
        assert!(kept_what_was_heard(&model, &[turn(1600)], &speech).is_err());
    }

    fn turn(item: &str, text: &str, cut: bool) -> TurnRow {
        TurnRow {
            seq: 1,
            role: TurnRole::Agent,
            item_id: Some(protocol::ids::ItemId::parse(item).unwrap()),
            text: Some(text.to_owned()),
            heard_ms: None,
            cut,
            at: jiff::Timestamp::UNIX_EPOCH,
            measures: entities::call_turns::TurnMeasures::default(),
        }
    }

    #[test]
    fn barge_6_a_transcript_that_is_not_what_was_heard_is_detected() {
        let model = model_told(0);
        let (hello, cut) = (heard("hello", None, 500), heard("one two", Some(Fault::CutOff), 900));
        let speech = [hello.clone(), cut.clone()];
        let (first, second) = (turn("item_0", "hello", false), turn("item_1", "one", true));
        let silent = turn("item_2", "", true);
        let keeps = |turns: &[TurnRow], speech: &[HeardSpeech]| {
            kept_all_that_was_heard(&model, turns, speech).is_ok()
        };
        assert!(keeps(&[first.clone(), second.clone()], &speech));
        assert!(keeps(&[first.clone(), silent.clone(), second.clone(), silent], &speech));
        assert!(keeps(&[first.clone(), turn("item_1", "", true)], &speech), "no word is kept");
        let again = [first.clone(), turn("item_1", "", true), second.clone()];
        assert!(keeps(&again, &speech), "the same words twice, and once unheard");
        let all = [hello, heard(LINE, None, 900)];
        assert!(keeps(&[first.clone(), second.clone()], &all), "the cut came as it ended");
        let long = [speech[0].clone(), heard("one two", Some(Fault::CutOff), 1_100)];
        assert!(!keeps(&[first.clone(), turn("item_1", "", true)], &long), "cut too early");
        for (turns, why) in [
            (vec![first.clone()], "one is missing"),
            (vec![second.clone(), first.clone()], "out of order"),
            (vec![first.clone(), turn("item_1", LINE, false)], "whole, and was cut"),
            (vec![turn("item_0", "hello", true), second.clone()], "cut, and was whole"),
            (vec![turn("item_0", "hullo", false), second.clone()], "other words"),
            (vec![first.clone(), second.clone(), turn("item_3", "more", false)], "one too many"),
        ] {
            assert!(!keeps(&turns, &speech), "{why}");
        }
    }

    #[test]
    fn greet_2_a_second_greeting_is_detected() {
        let (whole, cut) = (heard("hello", None, 500), heard("hel", Some(Fault::CutOff), 200));
        assert!(greeted_once("hello", &[whole.clone(), cut]).is_ok());
        let fault = greeted_once("hello", &[whole.clone(), whole]).unwrap_err();
        assert!(fault.contains("3.00–3.50 s"), "{fault}");
    }

    #[test]
    fn prac_2_damaged_speech_is_distinguished_from_cut_speech() {
        assert!(is_damaged(&heard("hello", Some(Fault::Lost), 500)));
        assert!(!is_damaged(&heard("hello", Some(Fault::CutOff), 500)));
    }
}
