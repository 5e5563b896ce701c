//! Leads: each is what its history says, there is one for each person and business, and it is of calls
//! and messages to its own business (invariant 13).

use std::collections::{BTreeMap, BTreeSet};

use actors::introspection::ActorKind;
use entities::leads::{ChangedBy, HistoryEntry, LeadRecord, LeadSource, LeadStatus};
use protocol::ids::PhoneNumber;

use super::findings::{Findings, ensure};
use crate::chaos::ended::{Ended, EndedBusiness, EndedCall};
use crate::chaos::invariants::excuses::Excuses;
use crate::chaos::story::Story;

pub(super) fn look(
    findings: &mut Findings,
    story: &Story,
    business: &EndedBusiness,
    ended: &Ended,
) {
    let calls = calls_to(business, ended);
    let mut phones = BTreeSet::new();
    for (lead, history) in &business.leads {
        findings.look(13, is_what_its_history_says(lead, history));
        let writes = writes_to(business, ended, lead);
        findings.look(13, is_of_calls_to(business, &calls, writes, lead, history));
        findings.look(13, has_the_last_call(story, &calls, lead));
        if let Some(phone) = &lead.phone {
            let twice = || format!("{phone} has two leads");
            findings.look(13, ensure(phones.insert(phone.clone()), twice));
        }
    }
}

fn calls_to<'a>(business: &EndedBusiness, ended: &'a Ended) -> Vec<&'a EndedCall> {
    let ours = |call: &&EndedCall| ended.businesses[call.caller.business].id == business.id;
    ended.calls.iter().filter(ours).collect()
}

/// Whether the lead is of somebody who has written to this business.
pub(super) fn writes_to(business: &EndedBusiness, ended: &Ended, lead: &LeadRecord) -> bool {
    let conversations = ended.written.writers.iter().filter_map(|it| it.conversation.as_ref());
    let mut theirs = conversations.filter(|known| known.business_id == business.id);
    theirs.any(|known| Some(&known.person) == lead.phone.as_ref())
}

/// Each old value is the previous new one, and the last values are those of the row.
fn is_what_its_history_says(lead: &LeadRecord, history: &[HistoryEntry]) -> Result<(), String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for (entry, seq) in history.iter().zip(1..) {
        let old = values.insert(entry.field.clone(), entry.new.clone());
        let fits = entry.seq == seq && old == entry.old && old.as_ref() != Some(&entry.new);
        ensure(fits, || format!("change {seq} of lead {} is {entry:?} after {old:?}", lead.id))?;
    }
    let row = row_values(lead);
    ensure(values == row, || {
        format!("lead {} is {row:?}, and its history says {values:?}", lead.id)
    })
}

fn row_values(lead: &LeadRecord) -> BTreeMap<String, String> {
    let status = match lead.status {
        LeadStatus::InProgress => "in_progress",
        LeadStatus::Complete => "complete",
        LeadStatus::Declined => "declined",
    };
    let columns = [
        ("phone", lead.phone.as_ref().map(PhoneNumber::to_string)),
        ("full_name", lead.full_name.clone()),
        ("email", lead.email.clone()),
        ("status", Some(status.to_owned())),
    ];
    let columns = columns.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let fields = lead.fields.0.iter();
    columns.chain(fields.map(|(name, value)| (format!("fields.{name}"), value.clone()))).collect()
}

fn is_of_calls_to(
    business: &EndedBusiness,
    calls: &[&EndedCall],
    writes: bool,
    lead: &LeadRecord,
    history: &[HistoryEntry],
) -> Result<(), String> {
    let own = |what: &str| format!("lead {}: {what} another business", lead.id);
    ensure(lead.business_id == business.id, || own("it is of"))?;
    let is_by = match lead.source {
        LeadSource::PhoneCall => true,
        LeadSource::Whatsapp => writes,
        LeadSource::Operator => false,
    };
    ensure(is_by, || format!("its source is {:?}", lead.source))?;
    let fits = |sid| calls.iter().any(|call| call.sid == sid && call.caller.number == lead.phone);
    let last = lead.last_call_sid.clone();
    let has_called = last.clone().map_or(writes, fits);
    ensure(has_called, || own(&format!("its last call {last:?} is of")))?;
    let changed_by = history.iter().find(|entry| match &entry.by {
        ChangedBy::Call { call_sid } => !fits(call_sid.clone()),
        ChangedBy::Message => !writes,
        ChangedBy::Api => true,
    });
    match changed_by {
        Some(entry) => Err(own(&format!("{entry:?} is of another caller or"))),
        None => Ok(()),
    }
}

/// The last call is the newest one that reached the daemon, if all took place one after another. One that the
/// business has placed and nobody has answered is not told to the lead.
fn has_the_last_call(story: &Story, calls: &[&EndedCall], lead: &LeadRecord) -> Result<(), String> {
    if lead.phone.is_none() {
        return Ok(());
    }
    let ours = calls.iter().filter(|call| call.caller.number == lead.phone);
    let was_answered = |call: &EndedCall| {
        let row = call.record.as_ref();
        row.is_some_and(|row| call.caller.answers.is_none() || row.lead_id.is_some())
    };
    let mut ours: Vec<_> = ours.filter(|call| was_answered(call)).collect();
    ours.sort_by_key(|call| call.caller.dials_at);
    let apart = ours.windows(2).all(|pair| pair[0].over_at() < pair[1].caller.dials_at);
    let delayed = ours.iter().any(|call| {
        let excuses = Excuses::of(story, call);
        excuses.database || excuses.is_killed(ActorKind::Lead)
    });
    let Some(newest) = ours.last().filter(|_| apart && !delayed) else { return Ok(()) };
    ensure(lead.last_call_sid.as_ref() == Some(&newest.sid), || {
        format!("lead {} has not its newest call", lead.id)
    })
}
