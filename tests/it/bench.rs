//! `frontdesk bench`, as a program: its processes and sockets are real. What it measures is no matter here.

use std::process::Command;

use serde_json::Value;

fn bench(options: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command.args(["bench", "--calls", "2", "--for", "3s", "--json"]).args(options);
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{errors}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// 50 frames a second of two calls for more than 3 s, their greetings, and an answer.
fn assert_faithful(run: &Value) {
    assert_eq!(run["calls"], 2, "{run:#}");
    for none in ["refused", "sessions_again", "streams_lost"] {
        assert_eq!(run[none], 0, "{none}: {run:#}");
    }
    for (direction, least) in [("up", 300), ("down", 100)] {
        let direction = &run[direction];
        assert!(direction["sent"].as_u64().unwrap() >= least, "{run:#}");
        for none in ["lost", "doubled", "reordered", "altered", "stale"] {
            assert_eq!(direction[none], 0, "{none}: {run:#}");
        }
    }
    assert_eq!(run["greeting"]["count"], 2, "{run:#}");
    assert!(run["turns"].as_u64() >= Some(1), "{run:#}");
    assert!(run["responses"].as_u64() >= Some(3), "{run:#}");
}

#[test]
fn pipe_1_pipe_2_each_piece_of_audio_passes_once_in_order_and_byte_for_byte() {
    let report = bench(&["--relay"]);
    let runs = report["runs"].as_array().unwrap();
    let subjects: Vec<_> = runs.iter().map(|run| &run["subject"]).collect();
    assert_eq!(subjects, ["daemon", "relay"]);
    runs.iter().for_each(assert_faithful);
}

#[test]
fn both_subjects_reach_a_model_that_speaks_tls() {
    let report = bench(&["--relay", "--tls"]);
    report["runs"].as_array().unwrap().iter().for_each(assert_faithful);
}
