//! Every example scenario passes (PRAC-5), played as `frontdesk simulate` plays them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use frontdesk::config::Config;
use frontdesk::simulate::{self, Load, Scenario, SimulateError, Time};
use frontdesk::virtual_time;
use protocol::call::EndReason;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/scenarios");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn prac_5_every_example_scenario_passes() {
    let scenarios: Vec<_> =
        files().iter().map(|file| Arc::new(Scenario::read(file).unwrap())).collect();
    assert!(scenarios.len() > 4, "the examples are there");
    let load = Load { calls: 1, at_once: 16 };
    let (config, mut told) = (Config::default(), String::new());
    let time = Time::Virtual { seed: 1, begins: virtual_time::begins(), trace: None };
    let all_hold = simulate::run(scenarios, &config, load, time, |outcome| {
        told.push_str(&simulate::scenario_lines(outcome));
        Ok::<_, SimulateError>(())
    })
    .await;
    assert!(all_hold.unwrap(), "{told}");
}

#[test]
fn prac_5_every_example_scenario_has_a_description_and_checks_all_three_sides() {
    for file in files() {
        let text = std::fs::read_to_string(&file).unwrap();
        let scenario = Scenario::read(&file).unwrap();
        assert!(!scenario.script.about.is_empty(), "{}", file.display());
        let of_calls = ["caller_heard", "model_told", "transcript"];
        let of_texts = ["messages", "text_model", "conversation"];
        let name = scenario.name();
        if !scenario.script.caller.only_writes {
            for side in of_calls {
                assert!(text.contains(side), "{name}: {side}");
            }
        }
        if scenario.script.has_writing() {
            for side in of_texts {
                assert!(text.contains(side), "{name}: {side}");
            }
        }
    }
}

#[test]
fn wa_8_the_example_scenarios_cover_every_requirement_of_messages() {
    let texts: Vec<_> = files().iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    for requirement in ["WA-1", "WA-2", "WA-3", "WA-4", "WA-5", "WA-6", "WA-7"] {
        let names = |text: &&String| text.contains(requirement) && text.contains("write = ");
        assert!(texts.iter().any(|text| names(&text)), "{requirement}");
    }
}

#[test]
fn end_1_the_example_scenarios_cover_every_end_reason() {
    let texts: Vec<_> = files().iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    // A call that was not taken is no scenario: `call_11_…` in `door` and `ops_14_…` in `standing` show it.
    let not_taken = [EndReason::Refused, EndReason::Paused];
    for reason in EndReason::ALL.into_iter().filter(|reason| !not_taken.contains(reason)) {
        let expected = format!("reason = \"{}\"", reason.as_str());
        assert!(texts.iter().any(|text| text.contains(&expected)), "{reason:?}");
    }
}
