//! From what was seen to a verdict: what the scenario expects, and what holds of every call.

mod always;
mod ending;
mod lines;
mod records;

use super::scenario::{Expectations, HeardLine, Scenario};
use super::seen::{ModelSide, Seen};
use lines::{followed, heard_line, in_order};
use practice::twilio::HeardSpeech;

/// What came of one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What was not as it must be, one line each.
    pub faults: Vec<String>,
    /// How many things were looked at.
    pub looked_at: usize,
    /// What is expected and could not be looked at.
    pub unseen: Vec<&'static str>,
}

impl Verdict {
    /// Whether all was as it must be.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }

    fn look(&mut self, what: &str, found: Result<(), String>) {
        self.looked_at += 1;
        if let Err(fault) = found {
            self.faults.push(format!("{what}: {fault}"));
        }
    }

    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, expected: Option<&T>, was: &T) {
        if let Some(expected) = expected {
            let equal = expected == was;
            self.look(
                what,
                if equal { Ok(()) } else { Err(format!("expected {expected:?}, was {was:?}")) },
            );
        }
    }
}

/// Judges a call.
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
    verdict
}

impl Seen {
    fn clears(&self) -> usize {
        self.view.streams.iter().map(|stream| stream.cleared_at.len()).sum()
    }
}

/// What only speech that carries its words, and a model that tells what it was told, can show.
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

/// The names of the expectations that [`by_ear`] looks at.
fn only_by_ear(expect: &Expectations) -> Vec<&'static str> {
    let told = &expect.model_told;
    let named = [
        ("caller_heard", expect.caller_heard.is_some()),
        ("model_heard", expect.model_heard.is_some()),
        ("model_told", *told != super::scenario::ModelTold::default()),
    ];
    named.into_iter().filter(|(_, is_expected)| *is_expected).map(|(name, _)| name).collect()
}

/// What the agent said and asked, in parts and in order.
fn said(verdict: &mut Verdict, expect: &Expectations, agent: &[&str]) {
    let whole = agent.join(" ");
    if !expect.agent_said.is_empty() {
        verdict.look("agent_said", in_order(&expect.agent_said, &whole));
    }
    if !expect.agent_asked.is_empty() {
        let questions = lines::questions(&whole).join(" ");
        verdict.look("agent_asked", in_order(&expect.agent_asked, &questions));
    }
    for never in &expect.agent_never_said {
        let said = whole.contains(never.as_str());
        verdict.look(
            "agent_never_said",
            if said { Err(format!("{never:?} was said")) } else { Ok(()) },
        );
    }
}
