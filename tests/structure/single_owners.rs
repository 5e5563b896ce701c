//! What only one place may do is written in one place.

use crate::sources;

/// The files that hold `code` outside of their tests.
fn files_with(code: &str, folders: &[&str]) -> Vec<&'static str> {
    let holds = |it: &&sources::Source| {
        let is_read = folders.iter().any(|folder| it.path.starts_with(folder)) && it.is_rust();
        let product = it.text.strip_suffix(it.test_code()).unwrap_or_default();
        is_read && product.contains(code)
    };
    sources::all().iter().filter(holds).map(|it| it.path.as_str()).collect()
}

/// The sender loop of a session.
#[test]
fn pipe_1_invariant_3_one_place_takes_frames_from_the_uplink() {
    assert_eq!(files_with("uplink.take(", &["actors/", "src/"]), ["actors/src/realtime/sender.rs"]);
}

/// The gate's command to create a response ends there.
#[test]
fn pipe_3_one_place_writes_response_create() {
    let places = files_with("ClientEvent::ResponseCreate", &["actors/", "src/"]);
    assert_eq!(places, ["actors/src/realtime/state/wire.rs"]);
}

/// CallSupervisor's requests, and what it still owes when it takes a call down.
#[test]
fn call_6_only_a_calls_supervisor_hangs_up() {
    let places = files_with("carrier.hang_up(", &["actors/", "src/"]);
    assert_eq!(places, ["actors/src/call_supervisor/hang_up.rs"]);
    assert_eq!(
        files_with("twilio.hang_up(", &["actors/", "src/"]),
        [""; 0],
        "not past the carrier"
    );
}

/// The bench has its own wires, and is no part of the daemon.
#[test]
fn only_its_command_reaches_the_bench() {
    let places = files_with("bench::", &["actors/", "src/"]);
    let is_its_own = |file: &&str| file.starts_with("src/bench/") || file.starts_with("src/cli");
    assert!(places.iter().all(is_its_own) && places.contains(&"src/cli/bench.rs"), "{places:?}");
}
