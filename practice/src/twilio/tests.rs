//! The carrier against a small daemon of the tests' own, over real sockets.

mod callbacks;
mod daemon;
mod ending;
mod media;
mod messages;
mod outbound;
mod rest;
mod seeds;
mod stream_call;
mod webhooks;

use std::time::Duration;

use protocol::ids::AccountSid;

use self::daemon::Daemon;
use super::{CallOutcome, Carrier, CarrierSettings, Dial};

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const TOKEN: &str = "00112233445566778899aabbccddeeff";
const CALLER: &str = "+972501234567";
const BUSINESS: &str = "+97231234567";

/// Settings of a carrier in front of a daemon: all its webhooks, no waiting between retries.
fn settings(daemon: &Daemon) -> CarrierSettings {
    let account = AccountSid::parse(ACCOUNT).unwrap();
    CarrierSettings {
        status_callback: Some(daemon.url("/status")),
        message_url: Some(daemon.url("/whatsapp")),
        numbers: vec![BUSINESS.to_owned()],
        retry_pause: Duration::ZERO,
        ..CarrierSettings::new(account, TOKEN, &daemon.url("/voice"))
    }
}

async fn carrier(daemon: &Daemon) -> Carrier {
    Carrier::start(settings(daemon)).await.unwrap()
}

async fn carrier_with(daemon: &Daemon, change: impl FnOnce(&mut CarrierSettings)) -> Carrier {
    let mut settings = settings(daemon);
    change(&mut settings);
    Carrier::start(settings).await.unwrap()
}

fn dial() -> Dial {
    Dial::new(CALLER, BUSINESS)
}

/// A call whose only document is this, from beginning to end.
async fn call_with(daemon: &Daemon, twiml: &str) -> CallOutcome {
    daemon.twiml("/voice", twiml);
    let carrier = carrier(daemon).await;
    within(carrier.dial(&dial()).ended()).await
}

/// Nothing in these tests takes long; what hangs fails.
async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("it happens in time")
}
