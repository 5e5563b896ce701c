//! TwiML that connects a call to its media stream, and the apology where that fails.

use actors::call_supervisor::CallHandle;
use protocol::business::{BusinessSettings, Lines};
use protocol::call::CallSetup;
use protocol::twilio::twiml::{RETRY_OVERRIDES, StreamNoun, Twiml, TwimlError};

use super::state::TwilioState;
use crate::config::PublicUrl;

/// Connects the call to its stream, after playing the recording at `recording_url` if there is one.
/// When the stream ends, Twilio asks `/twilio/voice/resume`.
pub(super) fn connect(
    state: &TwilioState,
    handle: &CallHandle,
    recording_url: Option<String>,
) -> Result<Twiml, TwimlError> {
    connect_to(state, &state.node_url, &handle.parts().setup, recording_url)
}

/// As [`connect`], to the node that has the call.
pub(super) fn connect_to(
    state: &TwilioState,
    node: &PublicUrl,
    setup: &CallSetup,
    recording_url: Option<String>,
) -> Result<Twiml, TwimlError> {
    let now = state.services.clock.wall();
    let token = state.tokens.issue(&setup.call_sid, setup.business, setup.direction, now);
    let media_url = format!("{}/twilio/media", node.websocket_origin());
    let stream = StreamNoun::new(media_url)?
        .with_parameter("business_id", setup.business.to_string())?
        .with_parameter("direction", setup.direction.as_str())?
        .with_parameter("token", token)?
        .with_status_callback(format!("{}/twilio/stream-status", state.public_url));
    let resume = format!("{}/twilio/voice/resume{RETRY_OVERRIDES}", state.public_url);
    Ok(Twiml::connect_then_redirect(recording_url, stream, resume))
}

/// The business's apology, then the hang-up.
pub(super) fn apology(settings: &BusinessSettings) -> Twiml {
    actors::call_supervisor::apology(settings, &Lines::of(settings))
}
