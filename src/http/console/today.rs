//! Today: is the telephone answered, who is on it, whom to call back, who comes.

use console::call::CallEnd;
use console::shell::{Place, Shell};
use console::today::{Answering, FailedCall, LiveCall, TodayPage, Trouble, Visit as Coming};
use entities::appointments::{self, AppointmentStatus};
use entities::businesses::Standing;
use entities::call_turns::{self, TurnRole, TurnRow};
use entities::calls::{self, CallRecord};
use entities::{RecordsError, conversations, leads};
use jiff::ToSpan as _;

use super::answer;
use super::call_backs;
use super::desk::Desk;
use super::persons;
use super::refused::Answer;
use super::talk::end_reason;
use super::visit::Visit;
use crate::http::readiness::NotReady;

/// Live calls that the page shows.
const MOST_LIVE: u32 = 50;
/// Failed calls that the page shows.
const MOST_FAILED: u32 = 20;
/// Whom to call back: so many are shown.
const MOST_WAITING: usize = 30;
/// Visits of one day that are read.
const MOST_VISITS: u32 = 200;

pub(super) async fn show(visit: Visit<'_>) -> Answer {
    let desk = Desk::of(visit.state, visit.business()?)?;
    let page = page(&desk).await?;
    let events = Some(visit.at("events/today"));
    let shell = Shell { events, ..visit.shell(Place::Today).await? };
    Ok(answer::page(&shell, &page))
}

pub(super) async fn page(desk: &Desk<'_>) -> Result<TodayPage, RecordsError> {
    let (db, business) = (desk.db(), desk.id());
    let today = desk.today();
    let (begin, end) = (desk.begin(today), desk.end(today));
    let live = calls::live(db, business, desk.now, MOST_LIVE).await?;
    let failed = calls::failed_since(db, business, begin, MOST_FAILED).await?;
    let after = desk.end(today.saturating_add(1.day()));
    let mut coming = appointments::starting(db, business, begin, after, MOST_VISITS).await?;
    coming.retain(|it| it.status == AppointmentStatus::Booked);
    let tomorrow = coming.iter().filter(|it| it.starts_at >= end).count();
    coming.retain(|it| it.starts_at < end);
    let mut ids: Vec<_> = live.iter().chain(&failed).filter_map(|call| call.lead_id).collect();
    ids.extend(coming.iter().map(|it| it.lead_id));
    let leads = leads::some(db, business, ids).await?;
    let mut shown = Vec::new();
    for call in &live {
        shown.push(LiveCall {
            sid: call.call_sid.to_string(),
            person: persons::of_call(call, &leads),
            since: call.started_at,
            is_test: call.is_test,
            last_words: last_words(desk, call).await?,
        });
    }
    let failures = failed.iter().filter_map(|call| {
        let end = CallEnd(end_reason(call)?);
        let (sid, person) = (call.call_sid.to_string(), persons::of_call(call, &leads));
        Some(FailedCall { sid, person, at: call.started_at, end })
    });
    let visits = coming.into_iter().map(|it| Coming {
        id: it.id.0,
        person: leads.get(&it.lead_id).map(persons::of_lead).unwrap_or_default(),
        starts_at: it.starts_at,
        notes: it.notes,
    });
    let mut call_back = call_backs::of(desk).await?;
    call_back.truncate(MOST_WAITING);
    Ok(TodayPage {
        answering: answering(desk).await,
        number: desk.settings.phone_numbers.first().cloned(),
        live: shown,
        call_back,
        visits: visits.collect(),
        visits_tomorrow: small(tomorrow as u64),
        failed: failures.collect(),
        calls_today: small(calls::count_since(db, business, begin).await?),
        booked_today: small(appointments::count_made_since(db, business, begin).await?),
        leads_today: small(leads::count_new_since(db, business, begin).await?),
        conversations: small(conversations::count_needy(db, business).await?),
    })
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

async fn answering(desk: &Desk<'_>) -> Answering {
    if desk.record.standing != Standing::Answering {
        return Answering::Paused;
    }
    let operator = desk.operator;
    let reason = match operator.readiness.reasons().await.first() {
        Some(NotReady::Draining) => Some(Trouble::Draining),
        Some(NotReady::Provider(_)) => Some(Trouble::Provider),
        Some(
            NotReady::DatabaseUnreachable
            | NotReady::DatabaseBusy
            | NotReady::DatabaseFile
            | NotReady::DatabaseReadOnly
            | NotReady::DatabaseFull
            | NotReady::DatabaseSchema
            | NotReady::JournalFull,
        ) => Some(Trouble::Database),
        None => {
            let is_full = operator.calls.list().await.len() >= operator.limit.get();
            is_full.then_some(Trouble::Full)
        }
    };
    reason.map_or(Answering::Yes, |reason| Answering::No { reason })
}

/// What was said last, and whether the agent said it: from the call itself if it runs here, else from its record.
async fn last_words(
    desk: &Desk<'_>,
    call: &CallRecord,
) -> Result<Option<(bool, String)>, RecordsError> {
    let spoken = |turn: TurnRow| {
        let is_agent = match turn.role {
            TurnRole::Agent => true,
            TurnRole::Caller => false,
            TurnRole::System | TurnRole::Tool => return None,
        };
        Some((is_agent, turn.text.filter(|text| !text.is_empty())?))
    };
    if let Some(handle) = desk.operator.calls.find(call.call_sid.clone()).await {
        return Ok(handle.turns().into_iter().rev().find_map(spoken));
    }
    let last = call_turns::last_words(desk.db(), desk.id(), &call.call_sid).await?;
    Ok(last.and_then(spoken))
}
