//! A week of practice calls, so that the console's demo has something to show. Each is a whole call through the
//! daemon, played in virtual time on the day on which it is to have happened: nothing is made up but the callers.

use std::time::Duration;

use jiff::civil::time;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use practice::openai::{Behaviour, ConnectRefusal};
use practice::person::Wish;
use protocol::ids::PhoneNumber;

use super::error::Failed;
use super::own;
use super::screen::Screen;
use super::writing;
use crate::config::DatabaseUrl;
use crate::virtual_time;
use crate::world::{Plan, World};

/// Limit of a call in virtual time.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// How long after a call its rows may still be written.
const SETTLES: Duration = Duration::from_secs(2);

/// What happens in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scene {
    /// A person asks for these, and says goodbye.
    Served(&'static [Wish]),
    /// A person books a visit, and writes afterwards.
    ServedAndWrites,
    /// A person hangs up in the agent's second sentence.
    HangsUp,
    /// The model's account has no money: the caller hears the apology.
    Unserved,
}

const BOOKS: Scene = Scene::Served(&[Wish::Help, Wish::Appointment]);
const ASKS: Scene = Scene::Served(&[Wish::Hours]);
const WANTS: Scene = Scene::Served(&[Wish::Help]);

/// A call of the week.
#[derive(Debug, Clone, Copy)]
struct Planned {
    /// How many days before today.
    days_ago: i8,
    hour: i8,
    minute: i8,
    /// The caller's number, without the prefix that all have.
    number: u32,
    scene: Scene,
}

const fn planned(days_ago: i8, (hour, minute): (i8, i8), number: u32, scene: Scene) -> Planned {
    Planned { days_ago, hour, minute, number, scene }
}

/// The week, the oldest call first.
const WEEK: [Planned; 22] = [
    planned(7, (9, 12), 2_140_118, BOOKS),
    planned(7, (12, 40), 4_771_902, ASKS),
    planned(6, (8, 51), 3_305_577, WANTS),
    planned(6, (10, 3), 8_812_340, Scene::HangsUp),
    planned(6, (16, 27), 6_190_025, Scene::ServedAndWrites),
    planned(5, (9, 34), 2_140_118, ASKS),
    planned(5, (11, 15), 5_528_871, BOOKS),
    planned(5, (17, 46), 9_034_416, Scene::HangsUp),
    planned(4, (8, 20), 7_463_208, WANTS),
    planned(4, (13, 58), 1_287_390, BOOKS),
    planned(4, (18, 9), 4_771_902, Scene::Unserved),
    planned(3, (10, 41), 3_650_744, BOOKS),
    planned(3, (15, 2), 8_812_340, WANTS),
    planned(2, (9, 5), 6_871_153, Scene::ServedAndWrites),
    planned(2, (12, 22), 5_902_467, ASKS),
    planned(2, (16, 55), 2_419_986, Scene::HangsUp),
    planned(1, (8, 47), 9_034_416, BOOKS),
    planned(1, (11, 31), 1_045_832, WANTS),
    planned(1, (14, 18), 7_736_091, Scene::Unserved),
    planned(0, (7, 58), 3_912_605, BOOKS),
    planned(0, (8, 36), 6_543_270, Scene::HangsUp),
    planned(0, (9, 14), 4_208_817, WANTS),
];

/// Plays the calls of the week that ends now, and returns how many they were. Blocks the thread.
///
/// # Errors
/// [`Failed`] says which call went wrong.
pub(super) fn play(database: &DatabaseUrl, now: Timestamp) -> Result<usize, Failed> {
    let zone = Plan::locksmith()?.business.timezone.rules().clone();
    let today = now.to_zoned(zone.clone()).date();
    let mut played = 0;
    for (seed, planned) in (1..).zip(WEEK) {
        let day = today.saturating_sub(i64::from(planned.days_ago).days());
        let at = day.to_datetime(time(planned.hour, planned.minute, 0, 0)).to_zoned(zone.clone());
        let Ok(at) = at.map(|at| at.timestamp()) else { continue };
        // A call lasts some minutes. What is still to come has not happened.
        if at + SignedDuration::from_mins(10) > now {
            continue;
        }
        let ran = virtual_time::run(seed, at, async |platform| {
            let mut plan = Plan::locksmith()?;
            plan.platform = platform;
            plan.config.database.url = database.clone();
            if planned.scene == Scene::Unserved {
                let refuses = Some(ConnectRefusal::NoQuota);
                plan.openai.behaviour = Behaviour { refuses, ..Behaviour::default() };
            }
            let world = World::open(plan).await?;
            let ran = tokio::time::timeout(PATIENCE, perform(&world, planned)).await;
            tokio::time::sleep(SETTLES).await;
            world.close().await;
            ran.map_err(|_| Failed::TooLong(PATIENCE))?
        });
        ran?;
        played += 1;
    }
    Ok(played)
}

async fn perform(world: &World, planned: Planned) -> Result<(), Failed> {
    let number = PhoneNumber::parse(&format!("+97252{:07}", planned.number))?;
    let caller = world.dial(&number);
    match planned.scene {
        Scene::Served(wishes) => {
            own::served(world, &caller, wishes).await;
        }
        Scene::ServedAndWrites => {
            own::served(world, &caller, &[Wish::Help, Wish::Appointment]).await;
            writing::exchange(world, &number, &Screen::silent()).await?;
        }
        Scene::HangsUp => {
            caller.hears_anything().await?;
            caller.say("שלום, אשמח לעזרה").await?;
            caller.hears_anything().await?;
            caller.hang_up();
            caller.ended().await;
        }
        Scene::Unserved => {
            caller.ended().await;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use entities::calls::{self, CallFilter};
    use entities::{Database, PoolSettings};

    use super::*;

    #[test]
    fn con_3_the_demo_s_week_is_played_by_the_daemon() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("week.db");
        let url = format!("sqlite://{}?mode=rwc", file.display());
        // Late in the evening, so that all of today's calls have been.
        let now: Timestamp = "2026-11-29T20:00:00Z".parse().unwrap();
        let played = play(&DatabaseUrl::parse(&url).unwrap(), now).unwrap();
        assert_eq!(played, WEEK.len());

        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let reasons = runtime.block_on(async {
            let db = Database::simulated(&url, PoolSettings::default()).unwrap();
            let rows = calls::list(&db, None, CallFilter::default(), None, 100).await.unwrap();
            let mut reasons = BTreeMap::new();
            for call in rows.items {
                assert!(call.started_at < now && call.ended_at.is_some(), "{call:?}");
                *reasons.entry(call.end_reason.unwrap_or_default()).or_insert(0) += 1;
            }
            reasons
        });
        assert_eq!(reasons.values().sum::<usize>(), WEEK.len());
        let count = |scene: Scene| WEEK.iter().filter(|call| call.scene == scene).count();
        assert_eq!(reasons["caller_hung_up"], count(Scene::HangsUp));
        assert_eq!(reasons["upstream_failed"], count(Scene::Unserved));
    }
}
