//! What the simulated OpenAI objects to (invariants 1, 5, 6 and 14).

use std::time::Duration;

use practice::openai::Violation;

use super::findings::{Findings, ensure};
use super::sessions::Sessions;
use crate::chaos::ended::{Ended, EndedCall};
use crate::chaos::invariants::excuses::Excuses;
use crate::chaos::story::Story;

pub(super) fn look(findings: &mut Findings, story: &Story, ended: &Ended, sessions: &Sessions) {
    for (session, calls) in sessions.shared() {
        findings.look(13, Err(format!("session {session} has items of the calls {calls:?}")));
    }
    for fault in ended.model.faults() {
        let owner = sessions.owner(fault.session);
        let call = owner.and_then(|owner| ended.calls.iter().find(|call| call.index == owner));
        let audio_is_excused = || fault.code == BROKEN_AUDIO && is_excused(story, ended, call);
        if fault.code == SERVER_ERROR || audio_is_excused() {
            continue;
        }
        let what =
            format!("OpenAI objects in session {}: {} {}", fault.session, fault.code, fault.detail);
        findings.look_at(invariant_of(fault), owner, Err(what));
    }
    for call in &ended.calls {
        if !Excuses::of(story, call).model {
            let found = one_at_a_time(ended, &sessions.of_call(call.index));
            findings.look_at(5, Some(call.index), found);
        }
    }
}

const BROKEN_AUDIO: &str = "broken_audio";
/// The server's own fault.
const SERVER_ERROR: &str = "server_error";

fn invariant_of(fault: &Violation) -> u8 {
    match fault.code.as_str() {
        "conversation_already_has_active_response" => 1,
        BROKEN_AUDIO => 6,
        _ => 14,
    }
}

/// Frames that are counted as lost are no fault, nor is a turn that began in another session.
fn is_excused(story: &Story, ended: &Ended, call: Option<&EndedCall>) -> bool {
    let Some(call) = call else {
        return ended.calls.iter().any(|call| is_excused(story, ended, Some(call)));
    };
    let excuses = Excuses::of(story, call);
    let dropped = call.view.streams.iter().any(|stream| stream.frames_dropped > 0);
    let stats = call.record.as_ref().and_then(|row| row.stats.as_ref());
    let blocked = stats.and_then(|stats| stats["frames"]["blocked"].as_u64()).unwrap_or_default();
    excuses.line || excuses.sessions_change() || dropped || blocked > 0
}

/// Nothing comes in a session after the first event of the next one.
pub(super) fn one_at_a_time(ended: &Ended, sessions: &[u64]) -> Result<(), String> {
    let of = |session: u64| {
        ended
            .model
            .events
            .iter()
            .filter(move |event| event.session == session)
            .map(|event| event.at)
    };
    for pair in sessions.windows(2) {
        let [before, after] = *pair else { continue };
        let (last, first): (Option<Duration>, _) = (of(before).max(), of(after).min());
        let overlaps = last.zip(first).is_some_and(|(last, first)| last > first);
        ensure(!overlaps, || format!("sessions {before} and {after} were used at once"))?;
    }
    Ok(())
}
