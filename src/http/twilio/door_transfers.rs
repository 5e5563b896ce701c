//! The transfers of calls that no actor runs: they were put through at the door (PIPE-10).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::call::{CallSetup, RINGS_FOR, Ringing};
use protocol::ids::{BusinessId, CallSid, PhoneNumber};

/// How many are remembered. Past it the oldest is forgotten.
const MOST: usize = 1024;

/// The transfers that may ring now.
#[derive(Debug, Default)]
pub struct DoorTransfers(Mutex<VecDeque<DoorTransfer>>);

#[derive(Debug)]
struct DoorTransfer {
    /// The call that is put through.
    call: CallSid,
    business: BusinessId,
    ringing: Ringing,
    since: Instant,
}

impl DoorTransfer {
    /// Whether it rings still, as far as can be known.
    fn rings(&self, now: Instant) -> bool {
        now < self.since + RINGS_FOR
    }
}

impl DoorTransfers {
    /// The caller is put through from now on.
    pub(super) fn add(&self, setup: &CallSetup, now: Instant) {
        let Some(ringing) = Ringing::of(setup) else { return };
        let (call, business) = (setup.call_sid.clone(), setup.business);
        let mut transfers = self.transfers();
        transfers.retain(|other| other.rings(now) && other.call != call);
        if transfers.len() == MOST {
            transfers.pop_front();
        }
        transfers.push_back(DoorTransfer { call, business, ringing, since: now });
    }

    /// The call has ended, or its transfer has: nothing rings for it any more.
    pub(super) fn end(&self, call: &CallSid) {
        self.transfers().retain(|transfer| transfer.call != *call);
    }

    /// Whether one of them has caused this new call (CALL-13).
    pub(super) fn caused(
        &self,
        business: BusinessId,
        passed_on_by: &[PhoneNumber],
        from: Option<&PhoneNumber>,
        now: Instant,
    ) -> bool {
        let transfers = self.transfers();
        let mut ours = transfers.iter().filter(|transfer| transfer.business == business);
        ours.any(|transfer| transfer.rings(now) && transfer.ringing.caused(passed_on_by, from))
    }

    fn transfers(&self) -> MutexGuard<'_, VecDeque<DoorTransfer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
