//! Checks a call: the scenario's expectations, and what must hold of every call.

pub(crate) mod always;
pub(crate) mod ending;
mod lines;
mod records;
mod told;
mod verdict;
mod written;

use practice::twilio::HeardSpeech;

use super::player::Played;
use super::scenario::{Expectations, HeardLine, Scenario};
use super::seen::{ModelSide, Seen, WrittenSide};
use lines::{followed, heard_line};

pub use verdict::Verdict;

pub(super) fn judge(scenario: &Scenario, seen: &Seen) -> Verdict {
    let mut verdict = Verdict::default();
    let expect = &scenario.script.expect;
    verdict.look("the script", seen.played.stopped.clone().map_or(Ok(()), Err));
    always::look(&mut verdict, scenario, seen);
    ending::look(&mut verdict, scenario, seen);
    match &seen.model {
        Some(model) => by_ear(&mut verdict, expect, seen, model),
        None => verdict.unseen = only_by_ear(expect),
    }
    verdict.equal("clears", expect.clears.as_ref(), &seen.clears());
    records::look(&mut verdict, expect, seen);
    if let Some(side) = &seen.written {
        written::look(&mut verdict, expect, side, seen.played.wrote);
        written::silent_during_the_call(&mut verdict, side, seen);
    }
    verdict
}

/// What was written, where nobody called.
pub(super) fn judge_written(scenario: &Scenario, played: &Played, side: &WrittenSide) -> Verdict {
    let mut verdict = Verdict::default();
    let expect = &scenario.script.expect;
    verdict.look("the script", played.stopped.clone().map_or(Ok(()), Err));
    written::look(&mut verdict, expect, side, played.wrote);
    if let Some(lead) = &expect.lead {
        let found = side.lead.as_ref().ok_or_else(|| "the conversation has none".to_owned());
        verdict.look("lead", found.and_then(|was| records::lead_fits(lead, was)));
    }
    verdict
}

impl Seen {
    fn clears(&self) -> usize {
        self.view.streams.iter().map(|stream| stream.cleared_at.len()).sum()
    }
}

/// Checks that need speech with its words inside, and the practice model's log.
fn by_ear(verdict: &mut Verdict, expect: &Expectations, seen: &Seen, model: &ModelSide) {
    if let Some(lines) = &expect.caller_heard {
        let fits =
            |line: &HeardLine, speech: &HeardSpeech| heard_line(line, speech, &seen.played.spoken);
        verdict.look("caller_heard", followed(lines, &seen.view.heard, fits));
    }
    if let Some(texts) = &expect.model_heard {
        let heard: Vec<&str> = model.heard.iter().map(|turn| turn.text.as_str()).collect();
        let same = |expected: &String, was: &&str| {
            if expected == was {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, was {was:?}"))
            }
        };
        verdict.look("model_heard", followed(texts, &heard, same));
    }
    let told = &expect.model_told;
    for (what, kind, expected) in [
        ("model_told.responses", "response.create", told.responses),
        ("model_told.cancels", "response.cancel", told.cancels),
        ("model_told.truncates", "conversation.item.truncate", told.truncates),
        ("model_told.deletes", "conversation.item.delete", told.deletes),
    ] {
        verdict.equal(what, expected.as_ref(), &model.of_kind(kind).count());
    }
    let sessions = told.sessions.unwrap_or(1);
    verdict.equal("model_told.sessions", Some(&sessions), &model.sessions.len());
}

/// The names of the expectations that [`by_ear`] checks.
fn only_by_ear(expect: &Expectations) -> Vec<&'static str> {
    let told = &expect.model_told;
    let named = [
        ("caller_heard", expect.caller_heard.is_some()),
        ("model_heard", expect.model_heard.is_some()),
        ("model_told", *told != super::scenario::ModelTold::default()),
    ];
    named.into_iter().filter(|(_, is_expected)| *is_expected).map(|(name, _)| name).collect()
}
