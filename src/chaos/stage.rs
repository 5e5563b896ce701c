//! Plays a story: opens the site, lets the callers call and the troubles happen, and gathers what
//! there is to check.

mod disks;
pub(super) mod ended;
pub(super) mod node;
pub(super) mod outside;
pub(super) mod performer;
mod site;
pub(super) mod tenures;
mod troubles;
mod writers;

use std::sync::Arc;
use std::time::Duration;

use practice::twilio::CallerHandle;
use protocol::business::BusinessSettings;
use protocol::call::{HangUp, Phase};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::ended::Parts;
use self::site::Site;
use self::tenures::Tenures;
use super::ended::Ended;
use super::error::ChaosError;
use super::story::{Scenes, Story};
use crate::platform::Platform;

/// The calls that were dialled, by their index in the story.
pub(super) type Dialled = watch::Sender<Vec<Option<CallerHandle>>>;

/// How long the daemon may take to be rid of everything, once the callers have gone and the troubles
/// are over.
const SETTLES_WITHIN: Duration = Duration::from_secs(120);

/// How long the daemon waits for the end of a call that a person may have taken, if Twilio reports nothing
/// more of it: as long as a call can last there.
const HANDED_OVER: Duration = Duration::from_mins(4 * 60 + 2);

/// Plays the story on the simulation's runtime.
///
/// # Errors
/// [`ChaosError`] if the site did not open or could not be read. What a daemon does wrong is no error.
pub(super) async fn play(
    story: &Story,
    businesses: &[BusinessSettings],
    platform: Platform,
    dialled: &Dialled,
    scenes: &watch::Sender<Scenes>,
) -> Result<Ended, ChaosError> {
    let began = platform.clock.now();
    let site = Arc::new(Site::open(story, businesses, platform).await?);
    let before = ended::TasksBefore::now();
    dialled.send_replace(vec![None; story.callers.len()]);
    let tenures = Tenures::watch(
        story.nodes > 1,
        site.outside.database.clone(),
        dialled.subscribe(),
        (site.outside.clock, began),
    );
    let mut callers = JoinSet::new();
    for (index, caller) in story.callers.iter().cloned().enumerate() {
        let (site, dialled) = (Arc::clone(&site), dialled.clone());
        callers.spawn(async move {
            tokio::time::sleep(caller.dials_at).await;
            let Some(handle) = site.begin(&caller).await else { return (index, false) };
            dialled.send_modify(|calls| calls[index] = Some(handle.clone()));
            (index, performer::perform(&caller, &handle).await)
        });
    }
    let mut troubles = JoinSet::new();
    for trouble in story.troubles.iter().cloned() {
        let seen = (dialled.subscribe(), scenes.subscribe());
        troubles.spawn(troubles::happen(Arc::clone(&site), trouble, seen));
    }
    let mut writers = JoinSet::new();
    for (index, writer) in story.writers.iter().cloned().enumerate() {
        writers.spawn(writers::write(Arc::clone(&site), index, writer));
    }
    let mut overstayed = vec![false; story.callers.len()];
    while let Some(performed) = callers.join_next().await {
        let (index, waited_too_long) = performed?;
        overstayed[index] = waited_too_long;
    }
    scenes.send_modify(|scenes| scenes.are_over = true);
    // Every trouble ends by itself.
    while let Some(happened) = troubles.join_next().await {
        happened?;
    }
    let mut delivered = Vec::new();
    while let Some(written) = writers.join_next().await {
        delivered.extend(written?);
    }
    ended::settled(&site, SETTLES_WITHIN).await?;
    if !story.writers.is_empty() {
        writers::settle(&site).await?;
    }
    if is_handed_over(&site).await {
        tokio::time::sleep(HANDED_OVER).await;
    }
    let tenures = tenures.ended().await;
    let left = ended::settled(&site, SETTLES_WITHIN).await?;
    let tasks = before.settled(&site).await;
    // At once: nothing has run since.
    let connections = site.network.open_connections();
    let dialled = dialled.borrow().clone();
    let parts = Parts { story, dialled: &dialled, overstayed: &overstayed, began };
    let ended = ended::gather(&site.outside, parts, tenures).await?;
    let written = writers::gather(&site.outside, story, delivered).await?;
    let ended = Ended { left, tasks, connections, written, lived: site.lived(), ..ended };
    if let Some(site) = Arc::into_inner(site) {
        site.close().await;
    }
    Ok(ended)
}

async fn is_handed_over(site: &Site) -> bool {
    for daemon in site.running() {
        let calls = daemon.calls.list().await;
        let handed_over = calls.iter().any(|call| {
            matches!(
                call.phase(),
                Phase::HandingOver { .. } | Phase::HangingUp { how: HangUp::PutThrough { .. }, .. }
            )
        });
        if handed_over {
            return true;
        }
    }
    false
}
