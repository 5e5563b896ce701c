//! Gathers what a run left behind.

use std::time::{Duration, Instant};

use entities::appointments::AppointmentFilter;
use entities::{appointments, call_turns, calls, leads};
use practice::twilio::CallerHandle;

use crate::chaos::ended::{Ended, EndedBusiness, EndedCall, Tasks};
use crate::chaos::error::ChaosError;
use crate::chaos::story::Story;
use crate::network::Network;
use crate::simulate::stage::left::behind_within;
use crate::world::World;

/// What there was before the first call.
pub(super) struct Before {
    began: Instant,
    tasks: usize,
    network: Network,
}

impl Before {
    /// To be asked when the world is open.
    pub(super) fn now(began: Instant, network: Network) -> Self {
        Self { began, tasks: living_tasks(), network }
    }

    fn open_connections(&self) -> usize {
        match &self.network {
            Network::Tcp => 0,
            Network::Memory(network) => network.open_connections(),
        }
    }
}

/// How often the journal is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// The most rows of a table that a run can make.
const ALL: u32 = 10_000;

pub(super) async fn gather(
    world: &World,
    story: &Story,
    dialled: &[Option<CallerHandle>],
    overstayed: &[bool],
    before: &Before,
) -> Result<Ended, ChaosError> {
    let db = &world.app.services().database;
    let mut calls = Vec::new();
    let of_story = story.callers.iter().zip(dialled).zip(overstayed).enumerate();
    for (index, ((caller, line), overstayed)) in of_story {
        let Some(line) = line else { continue };
        let (sid, business) = (line.call_sid().clone(), world.businesses[caller.business].0);
        calls.push(EndedCall {
            index,
            caller: caller.clone(),
            view: line.view().borrow().clone(),
            overstayed: *overstayed,
            record: calls::get(db, business, &sid).await?,
            turns: call_turns::of_call(db, business, &sid).await?,
            sid,
        });
    }
    let mut businesses = Vec::new();
    for (id, settings) in &world.businesses {
        let mut with_history = Vec::new();
        for lead in leads::list(db, *id, None, None, ALL).await?.items {
            let mut history = leads::history(db, *id, lead.id, None, ALL).await?.items;
            history.reverse();
            with_history.push((lead, history));
        }
        let filter = AppointmentFilter::default();
        businesses.push(EndedBusiness {
            id: *id,
            settings: settings.clone(),
            leads: with_history,
            appointments: appointments::list(db, *id, filter, None, ALL).await?.items,
        });
    }
    let model = world.openai().map(|server| server.log().record()).unwrap_or_default();
    let left = behind_within(world, Duration::ZERO).await?;
    let services = world.app.services();
    Ok(Ended {
        at: services.clock.now().saturating_duration_since(before.began),
        calls,
        businesses,
        model,
        requests: world.carrier.rest_log().borrow().clone(),
        left,
        connections: before.open_connections(),
        tasks: Tasks { before: before.tasks, after: living_tasks() },
    })
}

/// Waits until nothing waits in the journal, or so long.
pub(super) async fn journal_is_written(world: &World, within: Duration) {
    let journal = &world.app.services().journal;
    let written = async {
        while journal.depth() > 0 {
            tokio::time::sleep(LOOK).await;
        }
    };
    // What is missing then is found in the rows.
    let _ = tokio::time::timeout(within, written).await;
}

fn living_tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}
