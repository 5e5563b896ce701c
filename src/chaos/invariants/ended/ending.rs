//! How a call ended: once, for a reason that there was, with one hang-up and a whole last line, and
//! then it is quiet (invariant 2).

use std::collections::BTreeSet;
use std::time::Duration;

use practice::twilio::{Done, EndedBy as Ended, HeardSpeech, Pickup, RestKind, RestRequest};
use protocol::call::{EndReason, EndedBy};

use super::findings::{CallFindings, Seen, ensure};
use crate::chaos::story::Deed;
use crate::simulate::judge::always::is_part;
use crate::simulate::judge::ending::{
    Rule, heard_to_its_end, is_apology, last_sound, named, one_of,
};

pub(super) fn look(findings: &mut CallFindings<'_>, seen: &Seen<'_>) {
    let view = &seen.call.view;
    findings.look(2, ensure(view.ended.is_some(), || "the call has not ended".to_owned()));
    let waited = || "the caller waited, and the daemon did not end the call".to_owned();
    findings.look(2, ensure(!seen.call.overstayed, waited));
    findings.look(2, greeted_once(seen));
    findings.look(2, hung_up_once(seen));
    findings.look(2, apologised_once(seen));
    let Some(record) = &seen.call.record else { return };
    if record.end_reason.is_none() {
        return;
    }
    match named::<EndReason>(record.end_reason.as_deref()) {
        Err(fault) => findings.look(2, Err(format!("the end's reason: {fault}"))),
        Ok(reason) => {
            let by = named::<EndedBy>(record.ended_by.as_deref());
            findings.look(2, by.and_then(|by| one_of(by, Rule::of(reason).by)));
            findings.look(2, has_cause(reason, seen));
            findings.look(2, ends_as_its_reason_says(reason, seen));
            findings.look(2, was_hung_up(reason, seen));
            findings.look(2, says_goodbye(reason, seen));
            findings.look(2, plays_what_has_come(reason, seen));
            findings.look(2, is_told_so(reason, seen));
        }
    }
}

/// A greeting that began to be heard does not begin again, whatever becomes of its session. Words with
/// which the model began something else too, such as "Hello,", are not held against it. Nor is a rest that
/// was cut before its next word. An utterance that was held up is logged again when it goes on, from the
/// same moment.
fn greeted_once(seen: &Seen<'_>) -> Result<(), String> {
    let greeting = seen.business.settings.lines().greeting;
    let others = || seen.ended.model.said.iter().filter(|said| said.text != greeting);
    let begins_greeting = |speech: &&HeardSpeech| {
        !speech.text.is_empty()
            && is_part(speech, &greeting)
            && !others().any(|said| said.text.starts_with(&speech.text))
    };
    let heard = seen.call.view.heard.iter().filter(begins_greeting);
    let begun = heard.map(|speech| speech.from).collect::<BTreeSet<_>>();
    ensure(begun.len() <= 1 || seen.excuses.own_line, || {
        format!("the greeting was heard at {begun:?}")
    })
}

/// A request that Twilio failed, or did not answer, is sent again.
fn hung_up_once(seen: &Seen<'_>) -> Result<(), String> {
    let requests: Vec<_> = hang_ups(seen).collect();
    let unanswered = |status: Option<u16>| status.is_none_or(|it| it == 429 || it >= 500);
    let failed = requests.iter().filter(|request| unanswered(request.status)).count();
    // A daemon that dies before it has the answer leaves the request to the next one.
    // One that does not know of the call begins it anew, and gives it up when no stream comes.
    let most = 1 + failed + seen.excuses.nodes + seen.excuses.forgotten;
    let holds = seen.excuses.api || requests.len() <= most;
    ensure(holds, || format!("{} requests to hang up, of which {failed} failed", requests.len()))
}

/// An apology is not begun again. A request that Twilio failed, or did not answer, is sent again.
fn apologised_once(seen: &Seen<'_>) -> Result<(), String> {
    let apologies =
        seen.call.view.verbs.iter().filter(|verb| is_apology(&verb.what, &seen.business.settings));
    let failed = seen.ended.requests.iter().filter(|request| {
        let ours = request.call_sid.as_ref() == Some(&seen.call.sid);
        ours && request.kind == RestKind::Redirect && request.status != Some(200)
    });
    let (apologies, failed) = (apologies.count(), failed.count());
    let holds = seen.excuses.api || apologies <= 1 + failed + seen.excuses.nodes;
    ensure(holds, || format!("{apologies} apologies, and {failed} requests failed"))
}

fn hang_ups<'a>(seen: &Seen<'a>) -> impl Iterator<Item = &'a RestRequest> {
    let sid = &seen.call.sid;
    let ours = move |request: &&RestRequest| {
        request.kind == RestKind::HangUp && request.call_sid.as_ref() == Some(sid)
    };
    seen.ended.requests.iter().filter(ours)
}

/// A call that the daemon ends is hung up on. It does not just run out at Twilio.
fn was_hung_up(reason: EndReason, seen: &Seen<'_>) -> Result<(), String> {
    let ran_out = match seen.call.view.ended {
        Some(Ended::HangupVerb | Ended::DocumentEnd | Ended::ApplicationError) => true,
        Some(
            Ended::Rest
            | Ended::CallerHangUp
            | Ended::Rejected(_)
            | Ended::NotAnswered
            | Ended::TimeLimit,
        )
        | None => false,
    };
    // A part that crashes too often while the call ends has it end with the apology.
    let mut verbs = seen.call.view.verbs.iter();
    let gave_up = !seen.excuses.killed.is_empty()
        && verbs.any(|verb| is_apology(&verb.what, &seen.business.settings));
    // A daemon that takes the call up as it ends says so in the webhook's answer.
    let is_excused = seen.excuses.api || seen.excuses.nodes > 0 || gave_up;
    let is_owed = ran_out && Rule::of(reason).hang_ups > 0 && !is_excused;
    ensure(!is_owed || hang_ups(seen).next().is_some(), || {
        format!("ended as {}, and nobody hung up", reason.as_str())
    })
}

/// Nobody is hung up on without a reason.
fn has_cause(reason: EndReason, seen: &Seen<'_>) -> Result<(), String> {
    let (call, excuses) = (seen.call, seen.excuses);
    let settings = &seen.business.settings;
    let lasted = call.view.duration().unwrap_or_default();
    let (is, what) = match reason {
        EndReason::LeadComplete | EndReason::UserGoodbye | EndReason::CustomerDeclined => {
            let says = |deed: &Deed| match deed {
                Deed::Say(_) | Deed::Press(_) => true,
                Deed::Noise { .. } | Deed::FallSilent => false,
            };
            let spoke = call.caller.acts.iter().any(|act| says(&act.what));
            (spoke, "the caller said nothing")
        }
        EndReason::NoResponse => {
            (lasted >= settings.silence.timeout, "the caller was not silent so long")
        }
        EndReason::MaxDuration => {
            let longest = settings.ending.max_duration;
            (lasted + Duration::from_secs(1) >= longest, "the call was not that long")
        }
        EndReason::CallerHungUp => {
            let hung_up = call.view.ended == Some(Ended::CallerHangUp);
            (hung_up || excuses.line || excuses.webhooks, "the caller did not hang up")
        }
        EndReason::NotConnected => {
            let never = !call.had_stream() || call.view.ended == Some(Ended::CallerHangUp);
            (never || excuses.line || excuses.webhooks, "the stream was open")
        }
        // A webhook that comes after the call's end starts it for a provider that fails later.
        EndReason::UpstreamFailed => {
            (excuses.model || excuses.webhooks, "nothing was wrong with the model")
        }
        EndReason::StreamLost => {
            (excuses.line || excuses.webhooks, "nothing was wrong with the line")
        }
        EndReason::Internal => {
            (!excuses.killed.is_empty() || excuses.nodes > 0, "nobody killed an actor")
        }
        EndReason::Transferred => (settings.transfer.is_some(), "there is nobody to transfer to"),
        EndReason::Refused => {
            let is_full = seen.setting.max_calls.is_some();
            let is_kept = is_full || excuses.database || excuses.nodes > 0;
            (is_kept, "nothing kept the daemon from taking it")
        }
        EndReason::Paused => (seen.setting.paused, "no business was paused"),
        EndReason::Shutdown => (excuses.nodes > 0, "nobody stopped the daemon"),
        EndReason::Operator => (excuses.operator, "no operator ended it"),
        EndReason::Machine => {
            (call.caller.answers == Some(Pickup::Machine), "no machine has answered")
        }
    };
    ensure(is, || format!("ended as {}, but {what}", reason.as_str()))
}

/// A reason that takes no request of the daemon's ends no call by one. A call whose stream does not open
/// is hung up on, in case Twilio believes that it is open.
fn ends_as_its_reason_says(reason: EndReason, seen: &Seen<'_>) -> Result<(), String> {
    let rule = Rule::of(reason);
    let by_request = seen.call.view.ended == Some(Ended::Rest);
    let is_stuck = reason == EndReason::NotConnected && seen.excuses.line;
    // All that is left then is Twilio's word that the call is over.
    let is_lost = reason == EndReason::CallerHungUp && seen.excuses.unwritten;
    ensure(!by_request || rule.hang_ups > 0 || rule.apologises || is_stuck || is_lost, || {
        format!("the daemon hung up, and the record says {}", reason.as_str())
    })
}

/// The last line is heard whole before the hang-up, and nothing after it.
fn says_goodbye(reason: EndReason, seen: &Seen<'_>) -> Result<(), String> {
    let (view, excuses) = (&seen.call.view, seen.excuses);
    // Without marks, a little of what was heard on one stream is repeated on the next.
    let repeats = excuses.marks && view.streams.len() > 1;
    let can_be_spoiled = excuses.line || repeats || excuses.operator || excuses.sessions_change();
    let Some(asked_at) = view.hang_up_asked_at else { return Ok(()) };
    if !Rule::of(reason).is_polite || view.ended != Some(Ended::Rest) || can_be_spoiled {
        return Ok(());
    }
    heard_to_its_end(view).map_err(|fault| format!("the last line: {fault}"))?;
    let delay = seen.business.settings.ending.hangup_delay;
    let last = last_sound(view);
    ensure(asked_at >= last + delay, || {
        format!("the hang-up came at {asked_at:?}, {delay:?} not yet after {last:?}")
    })
}

/// A caller whom no session can answer is put through to the person, or hears the apology.
fn is_told_so(reason: EndReason, seen: &Seen<'_>) -> Result<(), String> {
    let (view, excuses) = (&seen.call.view, seen.excuses);
    let is_told = view.verbs.iter().any(|verb| {
        let is_rung = matches!(verb.what, Done::Dialled { .. });
        is_rung || is_apology(&verb.what, &seen.business.settings)
    });
    let gone = view.ended == Some(Ended::CallerHangUp);
    let excused = gone || excuses.api || excuses.webhooks || excuses.line;
    ensure(is_told || excused || reason != EndReason::UpstreamFailed, || {
        "the caller was neither put through nor apologised to".to_owned()
    })
}

/// Sound that the view does not know to be played yet: it is looked at in steps.
const UNPLAYED: u64 = 800;

/// Whatever becomes of the last line, what has come of it is played before the hang-up.
fn plays_what_has_come(reason: EndReason, seen: &Seen<'_>) -> Result<(), String> {
    let (view, excuses) = (&seen.call.view, seen.excuses);
    let unplayed = view.unplayed_at_hang_up;
    let is_excused = excuses.line || excuses.operator;
    let holds = !Rule::of(reason).is_polite || is_excused || unplayed <= UNPLAYED;
    ensure(holds, || format!("the hang-up came before {unplayed} samples were played"))
}
