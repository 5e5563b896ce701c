//! A seed replays (RES-10): the same story, event by event and frame by frame.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use frontdesk::chaos::{LeaveOut, Plant, Replay, play_seed};
use frontdesk::config::Config;
use frontdesk::simulate::{self, Load, Scenario, SimulateError, Time};
use frontdesk::virtual_time;

/// Its only caller talks with the agent for a while.
const SEED: u64 = 5;
const OTHER: u64 = 3;

/// Keeps four threads busy until it is dropped.
struct Busy(Arc<AtomicBool>);

impl Busy {
    fn threads() -> Self {
        let done = Arc::new(AtomicBool::new(false));
        for _ in 0..4 {
            let done = Arc::clone(&done);
            thread::spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        Self(done)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What differs first, or nothing. The whole traces would fill the screen.
fn first_difference(one: &str, other: &str) -> Option<(usize, String, String)> {
    let mut pairs = one.lines().zip(other.lines()).enumerate();
    let differs = pairs.find(|(_, (one, other))| one != other);
    let differs = differs.map(|(n, (one, other))| (n + 1, one.to_owned(), other.to_owned()));
    let lengths = (one.len() != other.len()).then(|| (0, String::new(), String::new()));
    differs.or(lengths)
}

fn chaos(seed: u64) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.txt");
    let replay = Replay {
        seed,
        calls: 1,
        nodes: 1,
        is_real: false,
        leave_out: LeaveOut::default(),
        plant: Plant::default(),
    };
    play_seed(replay, Some(&file), false).unwrap();
    std::fs::read_to_string(file).unwrap()
}

#[test]
fn res_10_prac_6_a_seed_of_chaos_gives_the_same_trace_also_beside_busy_threads() {
    let trace = chaos(SEED);
    let has = |words: &str| assert!(trace.contains(words), "{words}");
    has("/twilio/voice");
    has("to OpenAI: append");
    has("twilio_io/0 takes");
    assert_eq!(first_difference(&trace, &chaos(SEED)), None);
    let _busy = Busy::threads();
    assert_eq!(first_difference(&trace, &chaos(SEED)), None);
    assert!(first_difference(&trace, &chaos(OTHER)).is_some());
}

async fn scenario(seed: u64) -> String {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.txt");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/scenarios/cough.toml");
    let scenarios = vec![Arc::new(Scenario::read(&file).unwrap())];
    let (config, load) = (Config::default(), Load { calls: 2, at_once: 2 });
    let time = Time::Virtual { seed, begins: virtual_time::begins(), trace: Some(trace.clone()) };
    let holds = simulate::run(scenarios, &config, load, time, |_| Ok::<_, SimulateError>(()));
    assert!(holds.await.unwrap());
    std::fs::read_to_string(trace).unwrap()
}

#[tokio::test]
async fn res_10_a_scenario_gives_the_same_trace_also_beside_busy_threads() {
    let trace = scenario(SEED).await;
    assert_eq!(first_difference(&trace, &scenario(SEED).await), None);
    let _busy = Busy::threads();
    assert_eq!(first_difference(&trace, &scenario(SEED).await), None);
    assert!(first_difference(&trace, &scenario(OTHER).await).is_some());
}
