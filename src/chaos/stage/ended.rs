//! Gathers what a run left behind.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use entities::appointments::AppointmentFilter;
use entities::calls::CallFilter;
use entities::leads::LeadFilter;
use entities::{appointments, call_turns, calls, leads};
use practice::twilio::CallerHandle;

use super::node::Running;
use super::outside::Outside;
use super::site::Site;
use crate::chaos::ended::{Ended, EndedBusiness, EndedCall, Tasks, Tenure, Written};
use crate::chaos::error::ChaosError;
use crate::chaos::story::Story;
use crate::simulate::Left;
use crate::simulate::stage::left::is_of_a_call;
use crate::virtual_time::process;

/// The living tasks before the first call.
pub(super) struct TasksBefore(BTreeMap<String, usize>);

impl TasksBefore {
    /// To be asked when the site is open.
    pub(super) fn now() -> Self {
        Self(process::living())
    }

    /// Those that are left, beside those before. What a daemon does by itself again and again may be under way on a slow
    /// database.
    pub(super) async fn settled(self, site: &Site) -> Tasks {
        let until = site.outside.clock.now() + ROUND;
        let mut tasks = Tasks { before: self.0, after: process::living() };
        while !tasks.left().is_empty() && site.outside.clock.now() < until {
            tokio::time::sleep(LOOK).await;
            tasks.after = process::living();
        }
        tasks
    }
}

/// What happened on the callers' side.
pub(in crate::chaos) struct Parts<'a> {
    pub(in crate::chaos) story: &'a Story,
    pub(in crate::chaos) dialled: &'a [Option<CallerHandle>],
    /// By the call's place: the caller waited, and the daemon did not end the call.
    pub(in crate::chaos) overstayed: &'a [bool],
    pub(in crate::chaos) began: Instant,
}

/// How often it is looked whether anything is left.
const LOOK: Duration = Duration::from_millis(50);
/// How long one round of a daemon's upkeep may take.
const ROUND: Duration = Duration::from_secs(10);
/// The most rows of a table that a run can make.
const ALL: u32 = 10_000;

/// What remains in all daemons after so much time, or nothing before. Then the journals have written everything,
/// too.
pub(super) async fn settled(site: &Site, within: Duration) -> Result<Left, ChaosError> {
    let until = site.outside.clock.now() + within;
    loop {
        let left = left(site).await?;
        let is_written = site.running().iter().all(Running::has_written);
        // What is missing then is found in the rows.
        if (left.is_nothing() && is_written) || site.outside.clock.now() >= until {
            return Ok(left);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What remains now.
async fn left(site: &Site) -> Result<Left, ChaosError> {
    let mut left = left_outside(&site.outside).await?;
    for daemon in site.running() {
        let actors = daemon.services.introspection.actors_at(site.outside.clock.now());
        left.actors += actors.iter().filter(|actor| is_of_a_call(actor.kind)).count();
        left.calls += daemon.calls.list().await.len();
    }
    Ok(left)
}

/// What can be seen of it from outside the daemons.
pub(in crate::chaos) async fn left_outside(outside: &Outside) -> Result<Left, ChaosError> {
    let alive = outside.openai().map_or(0, |server| server.log().look(|record| record.alive));
    Ok(Left {
        live_rows: calls::live_all(&outside.database).await?.len(),
        sessions: usize::try_from(alive).unwrap_or(usize::MAX),
        streams: outside.carrier.open_streams(),
        requests: outside.carrier.open_requests(),
        ..Left::default()
    })
}

/// What can be seen from outside the daemons.
pub(in crate::chaos) async fn gather(
    outside: &Outside,
    parts: Parts<'_>,
    tenures: Vec<Tenure>,
) -> Result<Ended, ChaosError> {
    let Parts { story, dialled, overstayed, began } = parts;
    let db = &outside.database;
    let mut dialled_calls = Vec::new();
    let of_story = story.callers.iter().zip(dialled).zip(overstayed).enumerate();
    for (index, ((caller, line), overstayed)) in of_story {
        let Some(line) = line else { continue };
        let (sid, business) = (line.call_sid().clone(), outside.businesses[caller.business].0);
        let view = line.view().borrow().clone();
        dialled_calls.push(EndedCall {
            index,
            caller: caller.clone(),
            view,
            overstayed: *overstayed,
            record: calls::get(db, business, &sid).await?,
            turns: call_turns::of_call(db, business, &sid).await?,
            sid,
        });
    }
    let (mut businesses, mut strangers) = (Vec::new(), Vec::new());
    for (id, settings) in &outside.businesses {
        let mut with_history = Vec::new();
        for lead in leads::list(db, *id, LeadFilter::default(), None, ALL).await?.items {
            let mut history = leads::history(db, *id, lead.id, None, ALL).await?.items;
            history.reverse();
            with_history.push((lead, history));
        }
        let filter = AppointmentFilter::default();
        let rows = calls::list(db, *id, CallFilter::default(), None, ALL).await?.items.into_iter();
        let sids = rows.map(|row| row.call_sid);
        strangers.extend(sids.filter(|sid| dialled_calls.iter().all(|call| call.sid != *sid)));
        businesses.push(EndedBusiness {
            id: *id,
            settings: settings.clone(),
            leads: with_history,
            appointments: appointments::list(db, *id, filter, None, ALL).await?.items,
        });
    }
    let requests = outside.carrier.rest_log().borrow().clone();
    Ok(Ended {
        at: outside.clock.now().saturating_duration_since(began),
        calls: dialled_calls,
        businesses,
        model: outside.openai().map(|server| server.log().record()).unwrap_or_default(),
        requests,
        left: left_outside(outside).await?,
        connections: 0,
        tasks: Tasks::default(),
        tenures,
        lived: Vec::new(),
        openai_began: outside.openai_began.saturating_duration_since(began),
        strangers,
        began_at: outside.clock.wall() - outside.clock.now().saturating_duration_since(began),
        written: Written::default(),
    })
}
