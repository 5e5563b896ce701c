//! `frontdesk bench`, as a program: its processes and sockets are real. What it measures is no matter here.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

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

/// The processes whose parent this is, by their ids.
fn children(parent: u32) -> Vec<u32> {
    let ids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        entry.unwrap().file_name().to_str().and_then(|name| name.parse::<u32>().ok())
    });
    let is_child = |id: &u32| {
        // A process may have ended since the folder was read.
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let parent_of = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1));
        parent_of == Some(parent.to_string().as_str())
    };
    ids.filter(is_child).collect()
}

#[test]
fn a_signal_ends_the_bench_with_its_processes_and_files() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    // Many short runs, of which one is heard.
    command.args(["bench", "--calls", "1", "--for", "1s", "--pairs", "100"]);
    let mut bench = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(bench.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.starts_with("daemon: "), "{first}");
    while children(bench.id()).len() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let started = children(bench.id());
    let id = bench.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let last = lines.last().unwrap().unwrap();
    assert_eq!(
        (last.as_str(), bench.wait().unwrap().code()),
        ("error: stopped by a signal", Some(1))
    );
    for process in started {
        assert!(!fs::exists(format!("/proc/{process}")).unwrap(), "{process} is left");
    }
    let left = fs::read_dir(std::env::temp_dir()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name().into_string().unwrap_or_default();
        name.starts_with("frontdesk-bench-") && name.ends_with(&format!("-{id}"))
    });
    assert_eq!(left.count(), 0);
}
