//! What a carrier draws comes from its seed.

use super::daemon::Daemon;
use super::{dial, settings, within};
use crate::twilio::{Carrier, CarrierSettings, WallClock};

/// The calls' SIDs, and the tokens of their webhooks.
async fn two_calls(carrier: &Carrier, daemon: &Daemon) -> [[String; 2]; 2] {
    [one_call(carrier, daemon).await, one_call(carrier, daemon).await]
}

async fn one_call(carrier: &Carrier, daemon: &Daemon) -> [String; 2] {
    let caller = carrier.dial(&dial());
    within(caller.ended()).await;
    let requests = daemon.requests("/voice");
    let of_call =
        |request: &&super::daemon::Request| request.value("CallSid") == caller.call_sid().as_str();
    let request = requests.iter().find(of_call).expect("the call's webhook");
    [caller.call_sid().to_string(), request.value("CallToken").to_owned()]
}

#[tokio::test]
async fn carriers_with_one_seed_draw_the_same_and_do_not_disturb_each_other() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", "<Hangup/>");
    let seeded =
        async |seed| Carrier::start(CarrierSettings { seed, ..settings(&daemon) }).await.unwrap();
    let (one, other, another) = (seeded(7).await, seeded(8).await, seeded(9).await);
    let alone = two_calls(&one, &daemon).await;
    let again = seeded(7).await;
    let first = one_call(&again, &daemon).await;
    one_call(&another, &daemon).await;
    assert_eq!([first, one_call(&again, &daemon).await], alone);
    let others = two_calls(&other, &daemon).await;
    assert!(others.iter().flatten().all(|drawn| !alone.as_flattened().contains(drawn)));
}

#[tokio::test]
async fn dates_in_callbacks_are_the_carriers_wall_clock() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", "<Hangup/>");
    let wall_clock = WallClock::new(|| "2026-11-21T08:05:09Z".parse().unwrap());
    let carrier =
        Carrier::start(CarrierSettings { wall_clock, ..settings(&daemon) }).await.unwrap();
    within(carrier.dial(&dial()).ended()).await;
    let told = daemon.wait_for("/status", 1).await;
    assert_eq!(told[0].value("Timestamp"), "Sat, 21 Nov 2026 08:05:09 +0000");
}
