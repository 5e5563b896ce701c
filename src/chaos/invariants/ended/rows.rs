//! What the database keeps of a call (invariant 15).

use std::collections::BTreeMap;

use entities::call_turns::{TurnRole, TurnRow};
use practice::openai::Turn;
use practice::twilio::{CallView, Webhook};

use super::findings::{CallFindings, Seen, ensure};
use crate::chaos::ended::Ended;
use crate::simulate::judge::ending::same_status;

pub(super) fn look(findings: &mut CallFindings<'_>, seen: &Seen<'_>) {
    findings.look(15, has_its_end(seen));
    findings.look(15, has_its_lead(seen));
    findings.look(15, has_each_item_once(&seen.call.turns));
    findings.look(15, has_the_callers_words(seen));
    if let Some(record) = &seen.call.record
        && status_came(&seen.call.view)
        && !seen.excuses.database
        && !seen.excuses.callbacks
    {
        let same = same_status(record, &seen.call.view);
        findings.look(15, same.map_err(|it| format!("the record's status: {it}")));
    }
}

/// The database has rows of the calls that were dialled, and of no others.
pub(super) fn are_of_the_calls(ended: &Ended) -> Result<(), String> {
    let strangers = &ended.strangers;
    ensure(strangers.is_empty(), || format!("nobody dialled {strangers:?}"))
}

/// A call that had a stream has a row, and the row its end.
fn has_its_end(seen: &Seen<'_>) -> Result<(), String> {
    match &seen.call.record {
        None => {
            let is_lost = seen.excuses.unwritten || !seen.call.had_stream();
            ensure(is_lost, || "the call has no row".to_owned())
        }
        Some(row) => {
            let ended =
                row.ended_at.is_some() && row.end_reason.is_some() && row.ended_by.is_some();
            ensure(ended, || format!("the row has no end: {:?}", row.end_reason))
        }
    }
}

/// Also if the database was gone when the call ended: the journal writes it later.
fn has_its_lead(seen: &Seen<'_>) -> Result<(), String> {
    let Some(row) = seen.call.record.as_ref().filter(|_| seen.call.had_stream()) else {
        return Ok(());
    };
    let Some(lead) = row.lead_id else {
        return Err("the row has no lead".to_owned());
    };
    match seen.business.leads.iter().find(|(known, _)| known.id == lead) {
        None => Err(format!("lead {lead} is not of the business that was called")),
        Some((known, _)) => ensure(known.phone == seen.call.caller.number, || {
            format!("the lead has {:?}, the caller {:?}", known.phone, seen.call.caller.number)
        }),
    }
}

fn has_each_item_once(turns: &[TurnRow]) -> Result<(), String> {
    let mut known = BTreeMap::new();
    for turn in turns {
        let Some(item) = &turn.item_id else { continue };
        if let Some(first) = known.insert(item, turn.seq) {
            return Err(format!("turns {first} and {} are the same item", turn.seq));
        }
    }
    Ok(())
}

/// Every turn that the model took in is in the transcript, in its words or without any. The last one of
/// a session may have crossed the session's end on the wire.
fn has_the_callers_words(seen: &Seen<'_>) -> Result<(), String> {
    let model = &seen.ended.model;
    for session in seen.sessions.of_call(seen.call.index) {
        let heard: Vec<&Turn> = model.heard.iter().filter(|turn| turn.session == session).collect();
        let settled = heard.len().saturating_sub(1);
        for (place, turn) in heard.into_iter().enumerate() {
            let row = row_of(&seen.call.turns, &turn.item_id);
            let kept = row.and_then(|row| row.text.as_deref()).filter(|text| !text.is_empty());
            if kept.is_some_and(|kept| kept != turn.text) {
                return Err(format!("{kept:?} is kept of the caller's {:?}", turn.text));
            }
            let excused = seen.excuses.sessions_change();
            if place < settled && row.is_none() && !excused {
                return Err(format!("the caller's {:?} is not in the transcript", turn.text));
            }
        }
    }
    Ok(())
}

fn row_of<'a>(turns: &'a [TurnRow], item: &str) -> Option<&'a TurnRow> {
    let is_it = |turn: &&TurnRow| turn.item_id.as_ref().is_some_and(|id| id.as_str() == item);
    turns.iter().filter(|turn| turn.role == TurnRole::Caller).find(is_it)
}

/// Whether the daemon took the final status.
fn status_came(view: &CallView) -> bool {
    view.requests.iter().any(|request| {
        matches!(request.what, Webhook::Status(status) if status.is_terminal())
            && request.status.is_some_and(|status| status < 300)
    })
}
