//! What a call hears that is being put through, or ended, at Twilio: a webhook asks at the same moment.

use actors::call_supervisor::CallHandle;
use protocol::call::HangUp;
use protocol::twilio::twiml::Twiml;

use super::connect::apology;

/// Twilio is being told to dial the transfer target, and asks at the same moment what follows. Either
/// the stream was lost, or the voice webhook's first answer was.
pub(super) async fn transfer(handle: &CallHandle) -> Twiml {
    handle.gives_document().await;
    if handle.is_over_at_twilio() {
        return Twiml::hangup();
    }
    handle.parts().setup.transfer.clone().map_or_else(Twiml::hangup, Twiml::transfer)
}

/// The same, while Twilio is being told to end the call in this way.
pub(super) async fn hang_up(handle: &CallHandle, how: HangUp) -> Twiml {
    match how {
        HangUp::PutThrough { .. } => transfer(handle).await,
        HangUp::Apology if handle.gives_document().await => apology(&handle.parts().setup.settings),
        HangUp::Apology | HangUp::Rest | HangUp::Answered => Twiml::hangup(),
    }
}
