//! What an operator asks of a daemon of a run.

use std::net::SocketAddr;
use std::time::Duration;

use actors::http_client::HttpClient;
use protocol::ids::CallSid;
use serde_json::Value;

use crate::network::Network;

/// The token of every daemon's admin listener. The listeners end with the run.
pub(super) const TOKEN: &str = "a-chaotic-operator";
/// Where a call is placed.
pub(super) const CALLS: &str = "api/calls";
/// How long a call may take to be placed.
pub(super) const PLACED_WITHIN: Duration = Duration::from_secs(90);
/// How long an answer may take: a call that is placed waits for Twilio.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a daemon may take to be reached.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// The most bytes of an answer.
const MAX_BODY: usize = 64 * 1024;

/// Where a call is ended.
pub(super) fn hang_up_of(call: &CallSid) -> String {
    format!("{CALLS}/{call}/hangup")
}

/// Sends a request. Whether and how it is answered is the daemon's affair: it may be dying.
pub(super) async fn post(network: &Network, admin: SocketAddr, path: &str, body: &Value) {
    let dialer = network.plain_dialer(CONNECT_PATIENCE);
    let client = HttpClient::new(dialer, network.http_connections(), PATIENCE, MAX_BODY);
    let url = format!("http://{admin}/{path}");
    let request = client.post(&url).bearer_auth(TOKEN);
    let request = if body.is_null() { request } else { request.json(body) };
    let _ = request.send().await;
}
