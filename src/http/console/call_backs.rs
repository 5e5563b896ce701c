//! Whom the business is to call back, and why.

use std::collections::{BTreeMap, BTreeSet};

use console::today::{CallBack, Why};
use entities::RecordsError;
use entities::appointments::{self, AppointmentRecord};
use entities::calls::{self, CallRecord};
use entities::conversations::{self, ConversationRecord};
use entities::leads::{self, LeadRecord, LeadStatus};
use jiff::{SignedDuration, Timestamp};
use protocol::call::EndReason;
use protocol::ids::{CallSid, LeadId};

use super::desk::Desk;
use super::persons;

/// Whoever was last in touch before that is not waiting any more.
const WAITS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Leads that are looked at, the last contact first.
const MOST_LEADS: u32 = 200;
/// Conversations that need a person and are looked at.
const MOST_CONVERSATIONS: u32 = 50;

/// What is known of a lead beside its row.
struct Known<'a> {
    lead: &'a LeadRecord,
    last_call: Option<&'a CallRecord>,
    needy: Option<&'a ConversationRecord>,
    /// Booked ones, that did not end long ago.
    visits: &'a [AppointmentRecord],
}

/// The last contact first.
pub(super) async fn of(desk: &Desk<'_>) -> Result<Vec<CallBack>, RecordsError> {
    let (db, business) = (desk.db(), desk.id());
    let since = desk.now - WAITS;
    let mut leads = leads::in_touch(db, business, since, MOST_LEADS).await?;
    let needy = conversations::list(db, business, true, None, MOST_CONVERSATIONS).await?.items;
    let needy: BTreeMap<LeadId, ConversationRecord> =
        needy.into_iter().filter_map(|it| Some((it.lead_id?, it))).collect();
    let known: BTreeSet<LeadId> = leads.iter().map(|lead| lead.id).collect();
    let others = needy.keys().filter(|lead| !known.contains(lead)).copied().collect();
    leads.extend(leads::some(db, business, others).await?.into_values());
    let sids: Vec<CallSid> = leads.iter().filter_map(|lead| lead.last_call_sid.clone()).collect();
    let last_calls = calls::some(db, business, sids).await?;
    let ids = leads.iter().map(|lead| lead.id).collect();
    let visits = appointments::of_leads(db, business, ids, since).await?;
    let waiting = leads.iter().filter_map(|lead| {
        let known = Known {
            lead,
            last_call: lead.last_call_sid.as_ref().and_then(|call| last_calls.get(call)),
            needy: needy.get(&lead.id),
            visits: visits.get(&lead.id).map_or(&[], Vec::as_slice),
        };
        let why = known.why(desk.now)?;
        Some(CallBack {
            lead: lead.id.0,
            person: persons::of_lead(lead),
            since: known.contact(),
            why,
            wants: persons::wants(lead, &desk.settings),
        })
    });
    let mut waiting: Vec<CallBack> = waiting.collect();
    waiting.sort_by_key(|item| std::cmp::Reverse(item.since));
    Ok(waiting)
}

impl Known<'_> {
    /// When the person was last in touch.
    fn contact(&self) -> Timestamp {
        let called = self.last_call.map(|call| call.started_at);
        let wrote = self.needy.and_then(|it| it.needs_person_since.or(it.last_came_at));
        called.max(wrote).unwrap_or(self.lead.created_at)
    }

    /// `None`: nobody needs to call.
    fn why(&self, now: Timestamp) -> Option<Why> {
        if self.needy.is_some() {
            return Some(Why::Writes);
        }
        let contact = self.contact();
        let is_seen_to = self.lead.seen_to_at.is_some_and(|at| at >= contact);
        let goes_on = self.last_call.is_some_and(|call| call.ended_at.is_none());
        let has_visit = self.visits.iter().any(|it| it.ends_at > now || it.created_at >= contact);
        if is_seen_to || goes_on || has_visit || contact + WAITS < now {
            return None;
        }
        match self.lead.status {
            LeadStatus::Complete => Some(Why::Complete),
            LeadStatus::Declined => None,
            LeadStatus::InProgress => {
                let end = self.last_call.and_then(|call| call.end_reason.as_deref())?;
                let reason = EndReason::ALL.into_iter().find(|reason| reason.as_str() == end)?;
                broke_off(reason)
            }
        }
    }
}

/// Why a call that ended so is to be answered with another one, if details are missing.
fn broke_off(reason: EndReason) -> Option<Why> {
    if reason.is_failure() || reason == EndReason::Shutdown {
        return Some(Why::Failed);
    }
    if reason == EndReason::Paused {
        return Some(Why::Paused);
    }
    let by_the_person =
        [EndReason::CallerHungUp, EndReason::NoResponse, EndReason::MaxDuration].contains(&reason);
    by_the_person.then_some(Why::HungUp)
}
