//! The list of calls, with its search and filters.

use console::call::{CallEnd, Direction};
use console::calls::{CallRow, CallsPage, Filter, Show};
use console::refusal::Refusal;
use console::shell::{Place, Shell};
use entities::RecordsError;
use entities::calls::{self, CallDirection, CallFilter, CallOutcome, CallRecord, CallSearch};
use jiff::civil::Date;
use protocol::ids::CallSid;

use super::answer;
use super::desk::Desk;
use super::form::Form;
use super::pages::{self, ROWS};
use super::persons;
use super::refused::Answer;
use super::talk::end_reason;
use super::visit::Visit;

pub(super) async fn show(visit: Visit<'_>) -> Answer {
    let desk = Desk::of(visit.state, visit.business()?)?;
    let date = visit.texts().say(Refusal::NoDate.key());
    let filter = filter(&visit.query, &date);
    let page = page(&desk, filter, &visit.query, &visit.at("calls")).await?;
    let events = Some(visit.at("events/calls"));
    let shell = Shell { events, ..visit.shell(Place::Calls).await? };
    Ok(answer::page(&shell, &page))
}

/// What the user looks for. `wrong` is said of what is no date.
fn filter(query: &Form, wrong: &str) -> Filter {
    let text = |name| query.get(name).unwrap_or_default().to_owned();
    let all = [Show::All, Show::Booked, Show::Complete, Show::Failed, Show::Tests];
    let show = all.into_iter().find(|show| query.get("show") == Some(show.word()));
    let (since, until) = (text("since"), text("until"));
    let wrong = |date: &str| (!date.is_empty() && read(date).is_none()).then(|| wrong.to_owned());
    Filter {
        search: text("q"),
        show: show.unwrap_or_default(),
        wrong_since: wrong(&since),
        wrong_until: wrong(&until),
        since,
        until,
    }
}

fn read(date: &str) -> Option<Date> {
    date.parse().ok()
}

async fn page(
    desk: &Desk<'_>,
    filter: Filter,
    query: &Form,
    path: &str,
) -> Result<CallsPage, RecordsError> {
    let search = CallSearch {
        filter: CallFilter {
            since: read(&filter.since).map(|date| desk.begin(date)),
            until: read(&filter.until).map(|date| desk.end(date)),
            is_test: (filter.show == Show::Tests).then_some(true),
            ..CallFilter::default()
        },
        words: filter.search.clone(),
        outcome: match filter.show {
            Show::All | Show::Tests => None,
            Show::Booked => Some(CallOutcome::Booked),
            Show::Complete => Some(CallOutcome::Complete),
            Show::Failed => Some(CallOutcome::Failed),
        },
    };
    let after: Option<CallSid> = pages::cursor(query);
    let found =
        match calls::search(desk.db(), desk.id(), search.clone(), after.as_ref(), ROWS).await {
            // The call behind which the page began is gone.
            Err(RecordsError::NotFound) => {
                calls::search(desk.db(), desk.id(), search, None, ROWS).await?
            }
            found => found?,
        };
    let leads = desk.leads_of(&found.items).await?;
    let sids = found.items.iter().map(|call| call.call_sid.clone()).collect();
    let booked = calls::booked_in(desk.db(), desk.id(), sids).await?;
    let row = |call: &CallRecord| CallRow {
        sid: call.call_sid.to_string(),
        person: persons::of_call(call, &leads),
        direction: direction(call.direction),
        started_at: call.started_at,
        duration: call.duration,
        end: end_reason(call).map(CallEnd),
        booked: booked.contains(&call.call_sid),
        is_test: call.is_test,
        about: (call.lead_id)
            .and_then(|lead| leads.get(&lead))
            .and_then(|lead| persons::wants(lead, &desk.settings)),
    };
    Ok(CallsPage {
        calls: found.items.iter().map(row).collect(),
        pager: pages::pager(path, query, found.next.as_ref()),
        number: desk.settings.phone_numbers.first().cloned(),
        filter,
    })
}

pub(super) fn direction(direction: CallDirection) -> Direction {
    match direction {
        CallDirection::Inbound => Direction::Inbound,
        CallDirection::Outbound => Direction::Outbound,
    }
}
