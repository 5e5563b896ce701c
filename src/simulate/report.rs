//! The report: a line for each scenario, and the faults and course of each call that does not hold.

use std::collections::BTreeMap;
use std::time::Duration;

use super::outcome::{CallOutcome, Outcome};
use super::stage::left::Left;
use super::waits::Waits;

/// The lines of one scenario.
#[must_use]
pub fn scenario_lines(outcome: &Outcome) -> String {
    let held = outcome.calls.iter().filter(|call| call.verdict.holds()).count();
    let of = outcome.calls.len();
    let sign = if outcome.holds() { "holds" } else { "FAILS" };
    let name = outcome.scenario.name();
    let calls = if of == 1 {
        let looked_at = outcome.calls.first().map_or(0, |call| call.verdict.looked_at);
        format!("{looked_at} checks")
    } else {
        format!("{held} of {of} calls")
    };
    let mut text = format!("{sign}  {name:<34} {calls}, {}", lengths(&outcome.calls));
    if outcome.took_really != outcome.took {
        text.push_str(&format!(" in {:.2} s", outcome.took_really.as_secs_f64()));
    }
    text.push('\n');
    if !outcome.scenario.script.about.is_empty() {
        text.push_str(&format!("       {}\n", outcome.scenario.script.about));
    }
    let unseen = outcome.calls.first().map(|call| call.verdict.unseen.as_slice());
    if let Some(unseen) = unseen.filter(|unseen| !unseen.is_empty()) {
        let unseen = unseen.join(", ");
        text.push_str(&format!("       not looked at, as the model is a real one: {unseen}\n"));
    }
    for call in outcome.calls.iter().filter(|call| !call.verdict.holds()).take(MOST_FAILURES) {
        text.push_str(&call_lines(call));
    }
    if of - held > MOST_FAILURES {
        text.push_str(&format!("       and {} calls more\n", of - held - MOST_FAILURES));
    }
    if !outcome.left.is_nothing() {
        text.push_str(&format!("       left behind: {}\n", outcome.left));
    }
    text
}

/// Failed calls of one scenario that are reported.
const MOST_FAILURES: usize = 3;

/// The faults and the course of one call.
#[must_use]
pub fn call_lines(call: &CallOutcome) -> String {
    let what = if call.called { "the call from" } else { "the messages of" };
    let mut text = format!("       {what} {}:\n", call.number.as_str());
    for fault in &call.verdict.faults {
        text.push_str(&format!("       - {fault}\n"));
    }
    let caller = call.spoken.iter().map(|spoken| {
        let what =
            spoken.text.as_ref().map_or_else(|| spoken.what.clone(), |text| format!("{text:?}"));
        (spoken.from, spoken.to, "caller", what)
    });
    let agent = call.heard.iter().map(|speech| {
        let flaw = speech.flaw.map(|flaw| format!(" ({flaw})")).unwrap_or_default();
        (speech.from, speech.to, "agent", format!("{:?}{flaw}", speech.text))
    });
    let mut lines: Vec<_> = caller.chain(agent).collect();
    lines.sort_by_key(|(from, ..)| *from);
    for (from, to, who, what) in lines {
        let (from, to) = (from.as_secs_f64(), to.as_secs_f64());
        text.push_str(&format!("       {from:>6.2}–{to:<6.2} {who:>6}  {what}\n"));
    }
    for (at, line) in &call.written {
        text.push_str(&format!("       {:>6.2} s  {line}\n", at.as_secs_f64()));
    }
    if !call.told.is_empty() {
        text.push_str(&format!("       the model was told: {}\n", call.told.join(", ")));
    }
    text
}

/// The last lines: the verdict, how the calls ended, the daemon's delays, and what remained.
#[must_use]
pub fn summary(outcomes: &[Tally], took: Duration) -> String {
    let scenarios = outcomes.len();
    let calls: usize = outcomes.iter().map(|tally| tally.calls).sum();
    let held: usize = outcomes.iter().map(|tally| tally.held).sum();
    let whole = outcomes.iter().filter(|tally| tally.holds).count();
    let took = took.as_secs_f64();
    let verdict = if whole == scenarios {
        format!("all {scenarios} scenarios hold: {calls} calls in {took:.1} s")
    } else {
        let failed = scenarios - whole;
        format!(
            "{failed} of {scenarios} scenarios fail: {held} of {calls} calls hold, in {took:.1} s"
        )
    };
    let (mut endings, mut left) = (BTreeMap::new(), Left::default());
    let mut waits = Waits::default();
    for tally in outcomes {
        left += tally.left;
        waits += &tally.waits;
        for (reason, count) in &tally.endings {
            *endings.entry(reason.as_str()).or_insert(0) += count;
        }
    }
    let endings: Vec<String> =
        endings.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    format!("{verdict}\nended: {}\ntook: {waits}\nleft: {left}\n", endings.join(", "))
}

/// What the summary needs to know about a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    pub calls: usize,
    pub held: usize,
    pub holds: bool,
    /// Number of calls by end reason.
    pub endings: BTreeMap<String, usize>,
    pub waits: Waits,
    pub left: Left,
}

impl From<&Outcome> for Tally {
    fn from(outcome: &Outcome) -> Self {
        let (mut endings, mut waits) = (BTreeMap::new(), Waits::default());
        for call in &outcome.calls {
            waits += &call.waits;
            let none = if call.called { "unknown" } else { "without a call" };
            let reason = call.end_reason.as_deref().unwrap_or(none);
            *endings.entry(reason.to_owned()).or_insert(0) += 1;
        }
        Self {
            calls: outcome.calls.len(),
            held: outcome.calls.iter().filter(|call| call.verdict.holds()).count(),
            holds: outcome.holds(),
            endings,
            waits,
            left: outcome.left,
        }
    }
}

fn lengths(calls: &[CallOutcome]) -> String {
    let seconds = |call: &CallOutcome| call.length.as_secs_f64();
    let shortest = calls.iter().map(seconds).fold(f64::INFINITY, f64::min);
    let longest = calls.iter().map(seconds).fold(0.0, f64::max);
    match calls.len() {
        0 => "none".to_owned(),
        1 => format!("{longest:.1} s"),
        _ => format!("{shortest:.1} to {longest:.1} s each"),
    }
}
