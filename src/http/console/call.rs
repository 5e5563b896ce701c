//! One call: the conversation as it was heard; live while it goes on.

use std::time::Duration;

use console::call::{CallEnd, CallPage, Cost, Ender, Outcome, State};
use console::done::Done;
use console::error::Problem;
use console::shell::{Place, Shell};
use entities::audit::About;
use entities::call_turns::{self, TurnRow};
use entities::calls::{self, CallRecord};
use entities::leads::{self, LeadRecord};
use entities::{RecordsError, appointments, audit};
use protocol::call::EndReason;
use protocol::ids::CallSid;

use super::answer;
use super::calls::direction;
use super::desk::Desk;
use super::persons;
use super::refused::{Answer, Refused};
use super::talk::{end_reason, entries};
use super::visit::Visit;
use super::wrong::Wrong;
use crate::http::api::calls::end;
use crate::http::shown::Stats;

pub(super) async fn show(visit: Visit<'_>) -> Answer {
    shown(&visit, None).await
}

/// Ends a live call.
pub(super) async fn hang_up(visit: Visit<'_>) -> Answer {
    let sid = sid(&visit)?;
    let business = visit.business()?.id;
    let operator = &visit.state.operator;
    let ended = end(&operator.services, &operator.calls, Some(business), &sid).await;
    if let Err(error) = ended {
        return shown(&visit, Some(Wrong::of(&error)?)).await;
    }
    let about = About { call: Some(sid.clone()), ..About::default() };
    let entry =
        audit::NewEntry { object: Some(sid.to_string()), about, ..visit.entry("call.hang_up") };
    audit::write(visit.db(), entry).await?;
    Ok(visit.done(&format!("calls/{sid}"), Done::HangingUp))
}

fn sid(visit: &Visit<'_>) -> Result<CallSid, Refused> {
    CallSid::parse(visit.parameter("sid")).map_err(|_| Refused(Problem::NotFound))
}

async fn shown(visit: &Visit<'_>, wrong: Option<Wrong>) -> Answer {
    let sid = sid(visit)?;
    let desk = Desk::of(visit.state, visit.business()?)?;
    let page = page(&desk, &sid).await?.ok_or(Problem::NotFound)?;
    let mut shell = visit.shell(Place::Calls).await?;
    shell.notices.extend(wrong.as_ref().map(|wrong| wrong.notice(visit)));
    // The words of a call come until it is over, and some of them later.
    let events = Some(visit.at(&format!("events/call?about={sid}")));
    let shell = Shell { events, ..shell };
    let status = answer::status_of(wrong.is_some());
    Ok(answer::page_with(status, &shell, &page))
}

async fn page(desk: &Desk<'_>, sid: &CallSid) -> Result<Option<CallPage>, RecordsError> {
    let Some(call) = calls::get(desk.db(), desk.id(), sid).await? else { return Ok(None) };
    let lead = match call.lead_id {
        Some(lead) => leads::get(desk.db(), desk.id(), lead).await?,
        None => None,
    };
    let leads = lead.iter().cloned().map(|lead| (lead.id, lead)).collect();
    let turns = turns(desk, &call).await?;
    // Another version of the daemon may have written other counters.
    let stats: Option<Stats> =
        call.stats.clone().and_then(|stats| serde_json::from_value(stats).ok());
    let words_deleted = turns.is_empty() && stats.as_ref().is_some_and(|it| it.responses > 0);
    let cuts = turns.iter().filter(|turn| turn.cut).count() as u64;
    let interruptions = stats.as_ref().map_or(cuts, |stats| stats.barge_ins);
    Ok(Some(CallPage {
        sid: sid.to_string(),
        person: persons::of_call(&call, &leads),
        direction: direction(call.direction),
        started_at: call.started_at,
        state: state(&call),
        is_test: call.is_test,
        outcome: outcome(desk, &call, lead.as_ref()).await?,
        greeted_after: greeted_after(desk, sid, stats.as_ref()).await,
        interruptions: u32::try_from(interruptions).unwrap_or(u32::MAX),
        entries: entries(turns, call.answered_at.unwrap_or(call.started_at)),
        prompt_version: u32::try_from(call.prompt_version).unwrap_or_default(),
        cost: stats.as_ref().map(cost),
        words_deleted,
    }))
}

/// The turns that are written, and what the call knows beyond them if it runs here.
async fn turns(desk: &Desk<'_>, call: &CallRecord) -> Result<Vec<TurnRow>, RecordsError> {
    let written = call_turns::of_call(desk.db(), desk.id(), &call.call_sid).await?;
    let Some(handle) = desk.operator.calls.find(call.call_sid.clone()).await else {
        return Ok(written);
    };
    let mut turns = handle.turns();
    if turns.len() < written.len() {
        return Ok(written);
    }
    for (turn, known) in turns.iter_mut().zip(written) {
        if turn.seq == known.seq {
            turn.measures.merge(known.measures);
        }
    }
    Ok(turns)
}

fn state(call: &CallRecord) -> State {
    if call.ended_at.is_none() {
        return State::Live;
    }
    State::Over {
        // A reason of another version.
        end: CallEnd(end_reason(call).unwrap_or(EndReason::Internal)),
        ended_by: match call.ended_by.as_deref() {
            Some("agent") => Some(Ender::Agent),
            Some("caller") => Some(Ender::Caller),
            Some("operator") => Some(Ender::Operator),
            Some("daemon") => Some(Ender::System),
            Some(_) | None => None,
        },
        duration: call.duration,
    }
}

async fn outcome(
    desk: &Desk<'_>,
    call: &CallRecord,
    lead: Option<&LeadRecord>,
) -> Result<Outcome, RecordsError> {
    let visit = appointments::of_call(desk.db(), desk.id(), &call.call_sid).await?;
    let fields = lead.map(|lead| lead.fields.0.clone()).unwrap_or_default();
    Ok(Outcome {
        lead: lead.map(|lead| persons::status(lead.status)),
        visit: visit.map(|it| (it.id.0, it.starts_at)),
        fields: fields.into_iter().collect(),
    })
}

async fn greeted_after(desk: &Desk<'_>, call: &CallSid, stats: Option<&Stats>) -> Option<Duration> {
    let ms = match stats {
        Some(stats) => stats.greeting_ms,
        None => {
            let handle = desk.operator.calls.find(call.clone()).await?;
            let clock = desk.operator.services.clock;
            handle.status(clock.now(), clock.wall()).call.latencies.greeting_ms
        }
    };
    ms.map(Duration::from_millis)
}

fn cost(stats: &Stats) -> Cost {
    let tokens = &stats.tokens;
    Cost {
        micro_usd: stats.cost_micro_usd,
        text_in: tokens.text_in,
        text_out: tokens.text_out,
        audio_in: tokens.audio_in,
        audio_out: tokens.audio_out,
        cached: tokens.text_cached + tokens.audio_cached,
        transcribed: Duration::from_millis(stats.transcribed_ms),
    }
}
