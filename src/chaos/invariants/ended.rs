//! Checks a run that is over.

mod appointments;
mod ending;
mod findings;
mod heard;
mod leads;
mod left;
mod model;
mod rows;
mod sessions;
mod tenures;
#[cfg(test)]
mod tests;
mod written;

use super::broken::Broken;
use super::excuses::Excuses;
use crate::chaos::ended::Ended;
use crate::chaos::story::Story;
use findings::{Findings, Seen};
use sessions::Sessions;

/// Everything that is broken. What is about single calls comes first.
pub(in crate::chaos) fn check(story: &Story, ended: &Ended) -> Vec<Broken> {
    let mut findings = Findings::at(ended.at);
    let sessions = Sessions::of(ended);
    for call in &ended.calls {
        let excuses = Excuses::of(story, call);
        let seen = Seen {
            call,
            business: &ended.businesses[call.caller.business],
            ended,
            sessions: &sessions,
            excuses: &excuses,
            setting: &story.setting,
        };
        let mut findings = findings.about(call);
        ending::look(&mut findings, &seen);
        heard::look(&mut findings, &seen);
        rows::look(&mut findings, &seen);
    }
    findings.look(15, rows::are_of_the_calls(ended));
    model::look(&mut findings, story, ended, &sessions);
    tenures::look(&mut findings, story, ended, &sessions);
    for business in &ended.businesses {
        appointments::look(&mut findings, business, ended);
        leads::look(&mut findings, story, business, ended);
    }
    left::look(&mut findings, story, ended);
    written::look(&mut findings, story, ended, &sessions);
    findings.broken
}
