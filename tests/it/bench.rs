//! `frontdesk bench`, as a program: its processes and sockets are real. What it measures is no matter here.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value;

fn bench(options: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command.args(["bench", "--json"]).args(options);
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
    let both = |options: &[&str]| {
        let report =
            bench(&[&["--calls", "2", "--for", "3s", "--relay", "--cold"], options].concat());
        let runs = report["runs"].as_array().unwrap();
        let subjects: Vec<_> = runs.iter().map(|run| &run["subject"]).collect();
        assert_eq!(subjects, ["daemon", "relay"]);
        runs.iter().for_each(assert_faithful);
    };
    thread::scope(|at_once| {
        at_once.spawn(|| both(&[]));
        at_once.spawn(|| both(&["--tls"]));
    });
}

#[test]
fn calls_come_and_go_in_a_soak_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let svg = folder.path().join("memory.svg");
    let soak = bench(&["--cold", "--calls", "8", "--soak", "12s", "--svg", svg.to_str().unwrap()]);
    let samples = soak["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 12, "{soak:#}");
    // On a busy machine a second can bring nothing, and twelve no end of a call.
    let come =
        |sample: &Value| sample["calls"].as_u64() > Some(0) && sample["up_p99"].as_u64() > Some(0);
    assert!(samples.iter().any(come), "{soak:#}");
    for sample in samples {
        assert!(sample["calls"].as_u64() <= Some(8), "{sample:#}");
        for some in ["resident_kib", "anonymous_kib"] {
            assert!(sample[some].as_f64().unwrap() > 0.0, "{some}: {sample:#}");
        }
        for none in ["lost", "doubled", "altered"] {
            assert_eq!(sample[none], 0, "{none}: {sample:#}");
        }
    }
    assert_eq!(soak["run"]["refused"], 0, "{soak:#}");
    assert!(fs::read_to_string(&svg).unwrap().contains("while 8 calls come and go"));
}

#[test]
fn res_7_a_full_daemon_sheds_a_storm_at_the_door_and_its_calls_lose_nothing() {
    let report = bench(&["--cold", "--calls", "4", "--for", "4s", "--storm", "20"]);
    let run = &report["runs"][0];
    assert!(run["shed"].as_u64() >= Some(60), "{run:#}");
    assert_eq!((&run["not_shed"], &run["refused"]), (&0.into(), &0.into()), "{run:#}");
    for direction in ["up", "down"] {
        for none in ["lost", "doubled", "reordered", "altered", "stale"] {
            assert_eq!(run[direction][none], 0, "{none}: {run:#}");
        }
    }
}

#[test]
fn a_ceiling_is_looked_for_until_calls_are_too_many() {
    let found = bench(&["--calls", "1", "--for", "1s", "--ceiling", "--most", "2"]);
    let daemon = &found["ceilings"][0];
    let tries = daemon["tries"].as_array().unwrap();
    assert_eq!(
        (tries[0]["calls"].as_u64(), tries[0]["is_faithful"].as_bool()),
        (Some(1), Some(true))
    );
    assert!(daemon["calls"].as_u64() <= Some(2) && tries.len() <= 2, "{found:#}");
}

#[test]
fn a_picture_needs_something_to_compare() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    let output = command.args(["bench", "--svg", "never.svg"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--relay"));
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
    command.args(["bench", "--cold", "--calls", "1", "--for", "1s", "--pairs", "100"]);
    let mut bench = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(bench.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.starts_with("daemon: "), "{first}");
    while children(bench.id()).len() < 2 {
        thread::sleep(std::time::Duration::from_millis(20));
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

#[test]
fn wa_5_everybody_who_writes_at_once_gets_one_answer_and_a_second_one_to_the_second_text() {
    let report = bench(&["--texts", "30"]);
    let rounds = report["rounds"].as_array().unwrap();
    assert_eq!(rounds.len(), 2, "{report:#}");
    for round in rounds {
        assert_eq!(round["answered"], 30, "{report:#}");
        assert!(round["cpu_us"].as_u64() > Some(0), "{report:#}");
        assert_eq!(round["added_us"]["count"], 30, "{report:#}");
    }
    assert!(report["idle_bytes"].as_u64() > Some(0), "{report:#}");
}
