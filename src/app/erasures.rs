//! Erases people whose call has ended since it was asked for, keeps the hashes on disk, and removes from
//! this daemon's files what they have of those who were erased (LEAD-5).

use std::collections::BTreeSet;
use std::time::Duration;

use actors::call_parts::Services;
use actors::cluster::Errand;
use entities::{RecordsError, calls, privacy};
use protocol::ids::{CallSid, PhoneNumber};
use tokio::time::sleep;

use crate::person_keeper::PersonKeeper;

/// How often it is looked for erasures that wait.
const EVERY: Duration = Duration::from_secs(30);
/// How often what is done is applied to rows that came later, in looks: about once an hour.
const LOOKS_BETWEEN_LATE: u64 = 120;

/// Works for ever.
pub(super) async fn run(services: Services, keeper: PersonKeeper) {
    let mut looks = 0_u64;
    loop {
        sleep(EVERY).await;
        looks += 1;
        let late = looks.is_multiple_of(LOOKS_BETWEEN_LATE);
        if let Err(error) = round(&services, &keeper, late).await {
            tracing::debug!(%error, "erasures are looked at later");
        }
    }
}

async fn round(services: &Services, keeper: &PersonKeeper, late: bool) -> Result<(), RecordsError> {
    let db = &services.database;
    let lock = services.node.cluster().try_lock(Errand::Erasures).await?;
    if lock.is_some() {
        keeper.carry_out(db, late, services.clock.wall()).await?;
    }
    drop(lock);
    keeper.keep(db).await?;
    clean_files(services, keeper).await
}

/// The lines of records that the database never takes.
pub(super) async fn clean_files(
    services: &Services,
    keeper: &PersonKeeper,
) -> Result<(), RecordsError> {
    let disk = services.journal.disk();
    let Ok(named) = disk.named_in_refused().await else { return Ok(()) };
    if named.is_empty() {
        return Ok(());
    }
    let db = &services.database;
    let sids: Vec<_> = named.iter().filter_map(|text| CallSid::parse(text).ok()).collect();
    let mut gone: BTreeSet<String> =
        calls::erased_of(db, sids).await?.iter().map(ToString::to_string).collect();
    let erasures = privacy::kept(db).await?.erasures;
    let numbers = named.iter().filter_map(|text| PhoneNumber::parse(text).ok());
    for number in numbers {
        let is_erased = erasures
            .iter()
            .filter(|erasure| erasure.done_at.is_some())
            .any(|erasure| keeper.key().of_number(erasure.business, &number) == erasure.person);
        if is_erased {
            gone.insert(number.to_string());
        }
    }
    if !gone.is_empty() {
        match disk.drop_refused(gone).await {
            Ok(lines) => {
                tracing::info!(lines, "refused records of people who were erased are gone")
            }
            Err(error) => tracing::error!(%error, "refused records of erased people stay on disk"),
        }
    }
    Ok(())
}
