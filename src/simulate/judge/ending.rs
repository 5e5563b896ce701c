//! Checks how a call ended: who may end it for its reason, which requests to Twilio that takes, and when
//! (END-1, END-6, CALL-6). The record must agree.

use std::time::Duration;

use entities::calls::CallRecord;
use practice::twilio::{CallView, Direction, Done, EndedBy as Ended};
use protocol::business::BusinessSettings;
use protocol::call::{EndReason, EndedBy};

use super::told::span;
use super::verdict::Verdict;
use crate::simulate::player::Spoken;
use crate::simulate::scenario::{Answers, Scenario};
use crate::simulate::seen::Seen;

/// How a call with a certain end reason ends.
pub(crate) struct Rule {
    pub(crate) by: &'static [EndedBy],
    /// REST requests to end the call.
    pub(crate) hang_ups: u32,
    /// Twilio apologises. More than one request is needed if the call is not answered yet.
    pub(crate) apologises: bool,
    /// The person is rung first, if there is one and the caller has called us.
    pub(crate) puts_through: bool,
    /// The last line is heard whole, and the hang-up comes `ending.hangup_delay` after it.
    pub(crate) is_polite: bool,
}

impl Rule {
    const fn polite(by: &'static [EndedBy]) -> Self {
        Self { hang_ups: 1, is_polite: true, ..Self::nothing(by) }
    }

    const fn hang_up(by: &'static [EndedBy]) -> Self {
        Self { hang_ups: 1, ..Self::nothing(by) }
    }

    const fn apology() -> Self {
        Self { apologises: true, ..Self::nothing(&[EndedBy::Daemon]) }
    }

    const fn nothing(by: &'static [EndedBy]) -> Self {
        Self { by, hang_ups: 0, apologises: false, puts_through: false, is_polite: false }
    }

    pub(crate) fn of(reason: EndReason) -> Self {
        match reason {
            EndReason::LeadComplete
            | EndReason::UserGoodbye
            | EndReason::CustomerDeclined
            | EndReason::NoResponse => Self::polite(&[EndedBy::Agent, EndedBy::Daemon]),
            EndReason::MaxDuration | EndReason::Shutdown => Self::polite(&[EndedBy::Daemon]),
            EndReason::Operator => Self::hang_up(&[EndedBy::Operator]),
            EndReason::StreamLost => Self::hang_up(&[EndedBy::Daemon]),
            EndReason::UpstreamFailed => Self { puts_through: true, ..Self::apology() },
            EndReason::Internal => Self::apology(),
            EndReason::Transferred => Self::nothing(&[EndedBy::Agent, EndedBy::Daemon]),
            EndReason::CallerHungUp => Self::nothing(&[EndedBy::Caller]),
            EndReason::NotConnected => Self::nothing(&[EndedBy::Caller, EndedBy::Daemon]),
            EndReason::Machine | EndReason::Refused | EndReason::Paused => {
                Self::nothing(&[EndedBy::Daemon])
            }
        }
    }
}

fn ensure(holds: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(fault()) }
}

/// The latest hang-up after the last word of either side. It may wait for a line that does not begin
/// (5 s), for a mark that does not come (3 s), and for a caller who begins to speak (3 s). The rest is
/// for a busy machine.
const LATEST: Duration = Duration::from_secs(15);

pub(super) fn look(verdict: &mut Verdict, scenario: &Scenario, seen: &Seen) {
    let Some(record) = &seen.record else { return };
    let reason = match named::<EndReason>(record.end_reason.as_deref()) {
        Ok(reason) => reason,
        Err(fault) => return verdict.look("the end's reason", Err(fault)),
    };
    let rule = Rule::of(reason);
    let by = named::<EndedBy>(record.ended_by.as_deref());
    verdict.look("ended by", by.and_then(|by| one_of(by, rule.by)));
    // Each request that Twilio fails is followed by another.
    let spoiled = scenario.script.twilio.hang_ups.len() as u32;
    let hang_ups = rule.hang_ups + if rule.hang_ups > 0 { spoiled } else { 0 };
    verdict.equal("requests to hang up", Some(&hang_ups), &seen.view.hang_up_requests);
    verdict.look("an apology", apologises_as_it_must(&rule, scenario, &seen.view));
    if seen.status_came {
        verdict.look("the record's status", same_status(record, &seen.view));
    }
    if reason == EndReason::Transferred {
        verdict.look("the farewell", heard_to_its_end(&seen.view));
    }
    if rule.is_polite && seen.model.is_some() {
        let delay = scenario.business.ending.hangup_delay;
        verdict.look("the last line", heard_to_its_end(&seen.view));
        verdict.look("the hang-up", in_time(&seen.view, &seen.played.spoken, delay));
    }
}

/// An apology is asked for by a request, or is a webhook's answer. Where the person is rung first, it
/// follows if they don't answer.
fn apologises_as_it_must(rule: &Rule, scenario: &Scenario, view: &CallView) -> Result<(), String> {
    let rung = view.verbs.iter().filter(|verb| matches!(verb.what, Done::Dialled { .. })).count();
    let said = view.verbs.iter().any(|verb| is_apology(&verb.what, &scenario.business));
    let has_person = scenario.business.transfer.is_some() && view.direction == Direction::Inbound;
    if !(rule.puts_through && has_person) {
        let asked = view.redirect_requests as usize > rung;
        let is_as_it_must = (asked || said) == rule.apologises;
        return ensure(is_as_it_must, || format!("expected {}", rule.apologises));
    }
    let answered = match scenario.script.transfer.answers {
        Answers::Person | Answers::Machine => true,
        Answers::Busy | Answers::Unreachable => false,
    };
    let gone = view.ended == Some(Ended::CallerHangUp);
    ensure(gone || (rung > 0 && said != answered), || {
        format!("the person was rung {rung} times and answers: {answered}; apology: {said}")
    })
}

/// Whether this verb is the business's apology.
pub(crate) fn is_apology(what: &Done, business: &BusinessSettings) -> bool {
    match what {
        Done::Said { text, .. } => *text == business.lines().apology,
        Done::Played { url, .. } => Some(url) == business.apology.audio_url.as_ref(),
        Done::PlayedDigits(_)
        | Done::Paused(_)
        | Done::Redirected(_)
        | Done::Rejected(_)
        | Done::HungUp
        | Done::Dialled { .. }
        | Done::Connected { .. } => false,
    }
}

pub(crate) fn named<T: serde::de::DeserializeOwned>(word: Option<&str>) -> Result<T, String> {
    let word = word.unwrap_or_default();
    serde_json::from_value(word.into()).map_err(|_| format!("{word:?} is none"))
}

pub(crate) fn one_of(by: EndedBy, allowed: &[EndedBy]) -> Result<(), String> {
    if allowed.contains(&by) {
        return Ok(());
    }
    Err(format!("expected one of {allowed:?}, was {by:?}"))
}

/// The record has Twilio's final status, and the duration in whole seconds.
pub(crate) fn same_status(record: &CallRecord, view: &CallView) -> Result<(), String> {
    let status = serde_json::to_value(record.status).unwrap_or_default();
    let seconds = view.duration().unwrap_or_default().as_secs_f64().ceil();
    let kept = record.duration.unwrap_or_default().as_secs_f64();
    if status == view.status.as_str() && kept.total_cmp(&seconds).is_eq() {
        return Ok(());
    }
    Err(format!(
        "{status} after {kept} s, where Twilio says {} after {seconds} s",
        view.status.as_str()
    ))
}

/// The caller heard the last utterance to its end.
pub(crate) fn heard_to_its_end(view: &CallView) -> Result<(), String> {
    match view.heard.last() {
        None => Err("nothing was heard".to_owned()),
        Some(speech) if speech.flaw.is_none() => Ok(()),
        Some(speech) => Err(format!("{:?} at {} was cut off", speech.text, span(speech))),
    }
}

/// The last mark, or the last sound if that is later.
pub(crate) fn last_sound(view: &CallView) -> Duration {
    let echoed = view.streams.iter().flat_map(|stream| &stream.echoes).map(|echo| echo.at).max();
    let heard = view.heard.last().map(|speech| speech.to);
    echoed.max(heard).unwrap_or_default()
}

/// The hang-up comes `delay` after the last mark, or after the last sound if there is no mark, and not much
/// later.
fn in_time(view: &CallView, spoken: &[Spoken], delay: Duration) -> Result<(), String> {
    let asked_at = view.hang_up_asked_at.ok_or("it was never asked for")?;
    let last = last_sound(view);
    let (asked, after) = (asked_at.as_secs_f64(), last.as_secs_f64());
    if asked_at < last + delay {
        return Err(format!(
            "at {asked:.3} s, {delay:?} not yet after the last mark at {after:.3} s"
        ));
    }
    let quiet_since = spoken.iter().map(|spoken| spoken.to).max().max(Some(last));
    if asked_at > quiet_since.unwrap_or_default() + delay + LATEST {
        return Err(format!("only at {asked:.3} s, and the last mark came at {after:.3} s"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
