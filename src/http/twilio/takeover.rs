//! A call that begins at this node, and whose row another node has: that one has died without a snapshot of it,
//! or with one that is of no use (RES-9). The row's lease is taken over, or all that the call writes would be
//! refused, and the caller would hear nobody.

use entities::businesses::RunningCall;
use entities::calls::{self, CallLease};
use protocol::call::CallSetup;

use super::state::TwilioState;

/// How often a lease is tried to be taken over. Another node is faster once at most.
const TRIES: u32 = 2;

/// Why the call does not begin here.
pub(super) enum Elsewhere {
    /// Another node was faster.
    Runs(RunningCall),
    /// It has ended meanwhile.
    Over,
}

/// The lease of a call that begins now. `running` is who has it as its row says.
pub(super) async fn lease(
    state: &TwilioState,
    setup: &CallSetup,
    running: Option<RunningCall>,
) -> Result<CallLease, Elsewhere> {
    let node = &state.services.node;
    let (Some(mut running), true) = (running, node.is_shared()) else {
        return Ok(node.first_lease());
    };
    let (business, call) = (setup.business, &setup.call_sid);
    for _ in 0..TRIES {
        if running.lease.node == node.id() {
            return Ok(running.lease);
        }
        match node.take_over(business, call, Some(running.lease)).await {
            Ok(Some(taken)) => {
                tracing::warn!(%call, fence = taken.fence.0, "a call of a dead node begins anew");
                return Ok(taken);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, %call, "a call's lease could not be taken over");
                return Ok(node.first_lease());
            }
        }
        match calls::lease_of_live(&state.services.database, call).await {
            Ok(Some(live)) => {
                let Some(lease) = live.lease else { return Ok(node.first_lease()) };
                running.lease = lease;
            }
            Ok(None) => return Err(Elsewhere::Over),
            Err(error) => {
                tracing::error!(%error, %call, "a call's lease could not be read");
                return Ok(node.first_lease());
            }
        }
    }
    Err(Elsewhere::Runs(running))
}
