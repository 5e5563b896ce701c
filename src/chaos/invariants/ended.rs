//! Checks a run that is over.

mod appointments;
mod ending;
mod heard;
mod leads;
mod left;
mod model;
mod rows;
mod sessions;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::excuses::Excuses;
use super::{Broken, Invariant};
use crate::chaos::ended::{Ended, EndedBusiness, EndedCall};
use crate::chaos::story::Story;
use sessions::Sessions;

/// Everything that is broken. What is about single calls comes first.
pub(in crate::chaos) fn check(story: &Story, ended: &Ended) -> Vec<Broken> {
    let mut findings = Findings { at: ended.at, broken: Vec::new() };
    let sessions = Sessions::of(ended);
    for call in &ended.calls {
        let excuses = Excuses::of(story, call);
        let seen = Seen {
            call,
            business: &ended.businesses[call.caller.business],
            ended,
            sessions: &sessions,
            excuses: &excuses,
        };
        let mut findings = findings.about(call);
        ending::look(&mut findings, &seen);
        heard::look(&mut findings, &seen);
        rows::look(&mut findings, &seen);
    }
    model::look(&mut findings, story, ended, &sessions);
    for business in &ended.businesses {
        appointments::look(&mut findings, business, ended);
        leads::look(&mut findings, story, business, ended);
    }
    left::look(&mut findings, ended);
    findings.broken
}

/// One call, with all that is needed to judge it.
struct Seen<'a> {
    call: &'a EndedCall,
    business: &'a EndedBusiness,
    ended: &'a Ended,
    sessions: &'a Sessions,
    excuses: &'a Excuses,
}

struct Findings {
    at: Duration,
    broken: Vec<Broken>,
}

impl Findings {
    fn look(&mut self, invariant: u8, found: Result<(), String>) {
        self.look_at(invariant, None, found);
    }

    fn look_at(&mut self, invariant: u8, call: Option<usize>, found: Result<(), String>) {
        if let Err(what) = found {
            let invariant = Invariant(invariant);
            self.broken.push(Broken { invariant, call, at: self.at, what });
        }
    }

    fn about<'a>(&'a mut self, call: &EndedCall) -> CallFindings<'a> {
        CallFindings { findings: self, call: call.index }
    }
}

struct CallFindings<'a> {
    findings: &'a mut Findings,
    call: usize,
}

impl CallFindings<'_> {
    fn look(&mut self, invariant: u8, found: Result<(), String>) {
        self.findings.look_at(invariant, Some(self.call), found);
    }
}

/// An error with these words, unless `holds`.
fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// An error with the first of these, if there is one.
fn none<T: std::fmt::Debug>(mut of: impl Iterator<Item = T>) -> Result<(), String> {
    of.next().map_or(Ok(()), |one| Err(format!("{one:?}")))
}
