//! What waits for a person: the numbers in the navigation.

use console::shell::Waiting;
use entities::RecordsError;
use entities::businesses::BusinessRecord;

use super::state::ConsoleState;

pub(super) async fn of(
    _state: &ConsoleState,
    _business: &BusinessRecord,
) -> Result<Waiting, RecordsError> {
    Ok(Waiting::default())
}
