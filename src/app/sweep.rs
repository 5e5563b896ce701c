//! Calls that the database believes live when the daemon starts: the daemon before this one died
//! with them. Twilio is asked; what is over there is written down as over here.

use std::time::Duration;

use actors::call::records::row_status;
use actors::call_parts::Services;
use actors::messages::JournalEntry;
use actors::twilio_rest::Known;
use entities::calls::CallRecord;
use protocol::call::{EndReason, EndedBy, Ending};

/// Nobody told why these ended.
const ENDING: Ending = Ending { reason: EndReason::Internal, by: EndedBy::Daemon };

/// Whether Twilio can be asked about calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    /// It has an account of ours.
    Twilio,
    /// There is none: calls of the practice account die with the process.
    Practice,
}

/// Ends those of `live` that Twilio does not know as live. What it can't be asked about stays, for
/// the next start.
pub(super) async fn sweep(services: Services, live: Vec<CallRecord>, carrier: Carrier) {
    let mut ended = 0_usize;
    for call in &live {
        let told = match carrier {
            Carrier::Practice => None,
            Carrier::Twilio => match services.twilio.look_up(&call.call_sid).await {
                Ok(Known::Call(known)) if !known.status.is_terminal() => continue,
                Ok(Known::Call(known)) => {
                    let secs = known.duration_secs.map(u64::from);
                    Some((row_status(known.status), secs.map(Duration::from_secs)))
                }
                Ok(Known::Nothing) => None,
                Err(why) => {
                    let call = &call.call_sid;
                    tracing::warn!(%call, why, "Twilio could not say whether a call goes on");
                    continue;
                }
            },
        };
        let entry = JournalEntry::ended(
            call.business_id,
            call.call_sid.clone(),
            ENDING,
            told,
            services.clock.wall(),
        );
        if services.journal.send(entry).await.is_err() {
            return;
        }
        ended += 1;
    }
    if !live.is_empty() {
        tracing::info!(found = live.len(), ended, "looked after the calls of the daemon before");
    }
}
