//! What the caller heard, against what the model was told of it and what the transcript keeps
//! (invariants 4 and 6).

use entities::call_turns::{TurnRole, TurnRow};
use practice::speech::Voice;

use super::findings::{CallFindings, Seen, ensure};
use crate::simulate::judge::always::{
    FRAME_MS, is_damaged, is_part, kept_all_that_was_heard, length_ms, none,
};
use crate::simulate::seen::ModelSide;

pub(super) fn look(findings: &mut CallFindings<'_>, seen: &Seen<'_>) {
    let view = &seen.call.view;
    findings.look(14, none(view.violations.iter()).map_err(|it| format!("Twilio objects: {it}")));
    if seen.excuses.line {
        return;
    }
    // A session's last frame can be incomplete. The next session's audio follows it. Without marks, a
    // little of what was heard on one stream is repeated on the next.
    let repeats = seen.excuses.marks && view.streams.len() > 1;
    if !seen.excuses.sessions_change() && !repeats {
        let damaged = none(view.heard.iter().filter(|speech| is_damaged(speech)));
        findings.look(6, damaged.map_err(|it| format!("the caller heard damaged speech: {it}")));
    }
    let model = seen.sessions.model_side(&seen.ended.model, seen.call.index);
    findings.look(4, told_no_more(&model, seen));
    findings.look(4, kept_no_more(&model, seen));
    findings.look(15, kept_no_other_words(&model, seen));
    if !seen.excuses.hears_otherwise() && !seen.excuses.sessions_change() {
        let kept = kept_all_that_was_heard(&model, &seen.call.turns, &view.heard);
        findings.look(15, kept.map_err(|it| format!("the transcript: {it}")));
    }
}

/// The model is told of no more than was heard.
fn told_no_more(model: &ModelSide, seen: &Seen<'_>) -> Result<(), String> {
    for event in model.of_kind("conversation.item.truncate") {
        let item = event.body["item_id"].as_str().unwrap_or_default();
        let told = event.body["audio_end_ms"].as_u64().unwrap_or_default();
        no_more_than_heard("the model was told of", told, item, model, seen)?;
    }
    Ok(())
}

/// The transcript keeps no more of an interrupted turn than was heard.
fn kept_no_more(model: &ModelSide, seen: &Seen<'_>) -> Result<(), String> {
    for turn in seen.call.turns.iter().filter(|turn| turn.cut) {
        if let (Some(item), Some(kept)) = (&turn.item_id, turn.heard_ms) {
            no_more_than_heard("the transcript has", kept.into(), item.as_str(), model, seen)?;
        }
    }
    Ok(())
}

/// The longest that the words kept of an interrupted turn may take to say, in milliseconds, if so much was
/// heard. The daemon shares the time out among the words that have come, which run ahead of their audio:
/// that is off by a share of its length.
fn most_to_say(heard_ms: u64) -> u64 {
    heard_ms + heard_ms / 4 + 200
}

/// The words of an interrupted turn are the beginning of what the agent said, and end where the caller's ear
/// did.
fn kept_no_other_words(model: &ModelSide, seen: &Seen<'_>) -> Result<(), String> {
    let is_cut = |turn: &&TurnRow| turn.cut && turn.role == TurnRole::Agent;
    for turn in seen.call.turns.iter().filter(is_cut) {
        let kept = turn.text.as_deref().unwrap_or_default();
        let said = turn.item_id.as_ref().and_then(|item| model.words_of(item.as_str()));
        let Some(said) = said else { continue };
        ensure(said.starts_with(kept), || format!("{kept:?} is kept of the agent's {said:?}"))?;
        // It can have been heard in pieces, or longer than the daemon knows.
        if seen.excuses.sessions_change() || seen.excuses.hears_otherwise() {
            continue;
        }
        let parts = seen.call.view.heard.iter().filter(|speech| is_part(speech, said));
        let heard_ms = parts.map(length_ms).max().unwrap_or_default();
        let takes_ms = to_say_ms(kept);
        ensure(takes_ms <= most_to_say(heard_ms), || {
            format!(
                "{kept:?} is kept of {said:?}: {takes_ms} ms, of which {heard_ms} ms were heard"
            )
        })?;
    }
    Ok(())
}

/// Simulations in virtual time speak with the built-in voice. The shortest words take longer alone than with more.
fn to_say_ms(text: &str) -> u64 {
    const MORE: &str = " and some more";
    let length = |text: &str| Voice::built_in().speak(text, "").duration();
    let alone = length(&format!("{text}{MORE}")).saturating_sub(length(MORE));
    u64::try_from(alone.as_millis()).unwrap_or(u64::MAX)
}

/// The same words can be spoken twice: the longest time that they were heard counts. A frame that was cut
/// in its middle counts as not heard.
fn no_more_than_heard(
    who: &str,
    ms: u64,
    item: &str,
    model: &ModelSide,
    seen: &Seen<'_>,
) -> Result<(), String> {
    let Some(words) = model.words_of(item) else { return Ok(()) };
    let heard = || seen.call.view.heard.iter();
    let parts = heard().filter(|speech| is_part(speech, words));
    let mut longest = parts.map(length_ms).max().unwrap_or_default();
    let mut frames = 1;
    if seen.excuses.sessions_change() {
        // A session that stalls within a frame damages it: the utterance is heard in pieces.
        let pieces = heard().filter(|it| it.flaw.is_some() && words.contains(&it.text));
        longest = longest.max(pieces.map(length_ms).sum());
        // What follows an incomplete frame is not aligned either.
        frames = 3;
    }
    ensure(ms <= longest + frames * FRAME_MS, || {
        format!("{who} {ms} ms of {words:?}, of which {longest} ms were heard")
    })
}
