//! What waits for a person: the numbers in the navigation.

use console::shell::Waiting;
use entities::businesses::BusinessRecord;
use entities::{calls, conversations};

use super::call_backs;
use super::desk::Desk;
use super::refused::Refused;
use super::state::ConsoleState;

/// The most live calls that are counted.
const MOST_LIVE: u32 = 100;

pub(super) async fn of(
    state: &ConsoleState,
    business: &BusinessRecord,
) -> Result<Waiting, Refused> {
    let desk = Desk::of(state, business)?;
    let (db, id) = (desk.db(), desk.id());
    let live = calls::live(db, id, desk.now, MOST_LIVE).await?;
    let live = live.iter().filter(|call| !call.is_test).count();
    let to_call_back = call_backs::of(&desk).await?.len();
    let conversations = conversations::count_needy(db, id).await?;
    Ok(Waiting {
        live_calls: u32::try_from(live).unwrap_or(u32::MAX),
        to_call_back: u32::try_from(to_call_back).unwrap_or(u32::MAX),
        conversations: u32::try_from(conversations).unwrap_or(u32::MAX),
    })
}
