//! `frontdesk simulate`: plays scenario files and reports whether they hold (PRAC-5).

mod chaos;
pub(super) mod options;

use std::io::Write;
use std::sync::Arc;

use super::error::CliError;
use super::exit::Exit;
use crate::config::{Config, ModelProvider};
use crate::platform::Platform;
use crate::provider::ProviderError;
use crate::simulate::{self, Load, Scenario, ScenarioError, Tally, Time};
use crate::virtual_time;
use options::{Options, OptionsError};

pub(super) async fn run(
    options: Options,
    config: &Config,
    platform: &Platform,
    out: &mut (impl Write + Send),
) -> Result<Exit, CliError> {
    options.check()?;
    if options.chaos && options.processes.is_some() {
        let url = config.database.url.expose();
        return chaos::run_processes(options.into(), url, platform, out).await;
    }
    if options.chaos {
        return chaos::run(options.into(), platform, out).await;
    }
    let Options { scenarios, calls, at_once, real_time, seed, trace, .. } = options;
    let load = Load { calls: calls.unwrap_or(1), at_once };
    let scenarios: Result<Vec<_>, ScenarioError> =
        scenarios.iter().map(|file| Scenario::read(file).map(Arc::new)).collect();
    let scenarios = scenarios?;
    if config.openai.provider == ModelProvider::OpenAi && config.openai.api_key.is_none() {
        return Err(ProviderError::NoKey.into());
    }
    let time = if real_time || config.openai.provider == ModelProvider::OpenAi {
        if trace.is_some() {
            return Err(OptionsError::TraceOfRealTime.into());
        }
        Time::Real(platform.clone())
    } else {
        Time::Virtual { seed: *seed.0.start(), begins: virtual_time::begins(), trace }
    };
    let started = platform.clock.now();
    let mut tallies = Vec::new();
    let all_hold = simulate::run(scenarios, config, load, time, |outcome| {
        tallies.push(Tally::from(outcome));
        out.write_all(simulate::scenario_lines(outcome).as_bytes())?;
        out.flush().map_err(CliError::from)
    });
    let all_hold = all_hold.await?;
    let took = platform.clock.now().saturating_duration_since(started);
    out.write_all(simulate::summary(&tallies, took).as_bytes())?;
    Ok(if all_hold { Exit::Clean } else { Exit::Failed })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;
    use crate::cli::exit::BAD_CONFIGURATION;
    use crate::cli::seeds::Seeds;
    use crate::cli::tests::OnDisk;

    /// A call that is over after a word of each side's.
    const BRIEF: &str = r#"
        about = "a word each"
        [business.set]
        greeting.text = "שלום"
        [model]
        brain = "echo"
        [[step]]
        after = { words = "שלום" }
        say = "כן"
        [[step]]
        after = { words = "כן" }
        hang_up = true
        [expect]
        caller_heard = [{ whole = "שלום" }, { whole = "כן" }]
        model_heard = ["כן"]
        end = { reason = "caller_hung_up" }
    "#;

    fn options(file: PathBuf, calls: u32) -> Options {
        Options {
            scenarios: vec![file],
            calls: Some(calls),
            at_once: 4,
            real_time: false,
            seed: Seeds(1..=1),
            chaos: false,
            nodes: 1,
            processes: None,
            within: None,
            trace: None,
            shrink: false,
            leave_out: None,
            #[cfg(feature = "mistakes")]
            plant: None,
        }
    }

    async fn simulated(text: &str, calls: u32) -> (Result<Exit, CliError>, String) {
        let on_disk = OnDisk::default();
        let file = on_disk.file("brief.toml", text);
        let options = options(file, calls);
        let mut out = Vec::new();
        let exit = run(options, &Config::default(), &Platform::live(), &mut out).await;
        (exit, String::from_utf8(out).unwrap())
    }

    #[tokio::test]
    async fn prac_5_a_scenario_that_holds_is_one_line_and_status_0() {
        let (exit, out) = simulated(BRIEF, 1).await;
        assert_eq!(exit.unwrap(), Exit::Clean, "{out}");
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].starts_with("holds  brief") && lines[0].contains("checks"), "{out}");
        assert_eq!(lines[1].trim(), "a word each");
        assert!(lines[2].starts_with("all 1 scenarios hold: 1 calls in "), "{out}");
        assert_eq!(lines[3], "ended: 1 caller_hung_up");
        assert!(lines[4].starts_with("took: to the greeting "), "{out}");
        assert!(lines[5].starts_with("left: 0 actors, 0 calls in the list, 0 live rows"), "{out}");
    }

    #[tokio::test]
    async fn prac_5_several_calls_of_a_scenario_run_beside_each_other_and_all_must_hold() {
        let (exit, out) = simulated(BRIEF, 6).await;
        assert_eq!(exit.unwrap(), Exit::Clean, "{out}");
        assert!(out.contains("6 of 6 calls"), "{out}");
    }

    #[tokio::test]
    async fn prac_5_what_does_not_hold_is_told_with_the_call_as_it_went_and_status_1() {
        let text =
            BRIEF.replace("[{ whole = \"שלום\" }, { whole = \"כן\" }]", "[{ whole = \"לא\" }]");
        let (exit, out) = simulated(&text, 1).await;
        assert_eq!(exit.unwrap(), Exit::Failed, "{out}");
        assert!(out.starts_with("FAILS  brief"), "{out}");
        assert!(out.contains("caller_heard: [0] expected \"לא\" (whole), was \"שלום\""), "{out}");
        assert!(out.contains("caller  \"כן\"") && out.contains("agent  \"שלום\""), "{out}");
        assert!(out.contains("1 of 1 scenarios fail: 0 of 1 calls hold"), "{out}");
    }

    #[tokio::test]
    async fn prac_5_a_step_that_the_call_left_no_time_for_is_named() {
        let late = "hang_up = true\n[[step]]\nafter = { words = \"never\" }\nsay = \"wait\"";
        let (exit, out) = simulated(&BRIEF.replace("hang_up = true", late), 1).await;
        assert_eq!(exit.unwrap(), Exit::Failed, "{out}");
        let told = "the script: step 3 (say \"wait\"): the call was over before: CallerHangUp";
        assert!(out.contains(told), "{out}");
    }

    #[tokio::test]
    async fn prac_5_a_wrong_file_is_one_line_and_status_2() {
        let (exit, out) = simulated(&BRIEF.replace("about", "abuot"), 1).await;
        let error = exit.unwrap_err();
        assert_eq!((error.code(), out.as_str()), (BAD_CONFIGURATION, ""));
        let lines = error.lines();
        assert!(lines.contains("brief.toml:2:9: ") && lines.contains("abuot"), "{lines}");
        assert_eq!(lines.lines().count(), 1, "{lines}");
    }

    /// Runs with these options, and expects to be refused before anything is played.
    async fn refused(options: Options, config: &Config) -> String {
        let mut out = Vec::new();
        let error = run(options, config, &Platform::live(), &mut out).await.unwrap_err();
        assert_eq!((error.code(), out.as_slice()), (BAD_CONFIGURATION, &[][..]), "{error}");
        let lines = error.lines();
        assert_eq!(lines.lines().count(), 1, "{lines}");
        lines
    }

    #[tokio::test]
    async fn prac_6_options_that_name_one_run_are_refused_for_several_with_status_2() {
        let on_disk = OnDisk::default();
        let file = on_disk.file("brief.toml", BRIEF);
        let (config, one) = (Config::default(), options(file.clone(), 1));
        let trace = Some(on_disk.file("trace.txt", ""));
        let two = Options { scenarios: vec![file.clone(), file], ..one.clone() };
        let lines = refused(Options { trace: trace.clone(), ..two }, &config).await;
        assert!(lines.contains("one scenario, or one seed"), "{lines}");
        let seeds = Options { scenarios: vec![], chaos: true, seed: Seeds(1..=2), ..one.clone() };
        let lines = refused(Options { trace: trace.clone(), ..seeds.clone() }, &config).await;
        assert!(lines.contains("one scenario, or one seed"), "{lines}");
        let leave_out = Some("c1".parse().unwrap());
        let lines = refused(Options { leave_out, ..seeds }, &config).await;
        assert!(lines.contains("--leave-out") && lines.contains("one seed"), "{lines}");
        for options in [
            Options { seed: Seeds(1..=2), ..one.clone() },
            Options { shrink: true, ..one.clone() },
            Options { within: Some(Duration::from_secs(1)), ..one.clone() },
        ] {
            let lines = refused(options, &config).await;
            assert!(lines.contains("for --chaos"), "{lines}");
        }
        let real = on_disk.config_with(&[("OPENAI__PROVIDER", "openai"), ("OPENAI__API_KEY", "k")]);
        let lines = refused(Options { trace, ..one.clone() }, &real).await;
        assert!(lines.contains("virtual time"), "{lines}");
        let nowhere = Some(PathBuf::from("/nowhere/trace.txt"));
        let lines = refused(Options { trace: nowhere, ..one }, &config).await;
        assert!(lines.contains("/nowhere/trace.txt: "), "{lines}");
    }

    #[tokio::test]
    async fn prac_6_real_processes_without_postgresql_are_refused_with_status_2() {
        let chaos = Options { scenarios: vec![], chaos: true, ..options(PathBuf::new(), 2) };
        let chaos = Options { processes: Some(2), ..chaos };
        let lines = refused(chaos, &Config::default()).await;
        assert!(lines.contains("FRONTDESK__DATABASE__URL"), "{lines}");
        assert!(lines.contains("postgres://user@host/name"), "{lines}");
    }

    #[tokio::test]
    async fn prac_6_a_part_that_the_story_does_not_have_is_refused_with_status_2() {
        let config = Config::default();
        let leave_out = Some("c3".parse().unwrap());
        let chaos =
            Options { scenarios: vec![], chaos: true, leave_out, ..options(PathBuf::new(), 2) };
        let lines = refused(chaos, &config).await;
        assert!(lines.contains("c3: the story has no such part, but 2 calls"), "{lines}");
    }

    #[tokio::test]
    async fn res_10_prac_6_the_same_seed_writes_the_same_trace_and_another_seed_another() {
        let on_disk = OnDisk::default();
        let file = on_disk.file("brief.toml", BRIEF);
        let mut traces = Vec::new();
        for seed in [1, 1, 2] {
            let trace = on_disk.file("trace.txt", "");
            let one = options(file.clone(), 1);
            let options = Options { seed: Seeds(seed..=seed), trace: Some(trace.clone()), ..one };
            let mut out = Vec::new();
            let exit = run(options, &Config::default(), &Platform::live(), &mut out).await;
            assert_eq!(exit.unwrap(), Exit::Clean);
            traces.push(std::fs::read_to_string(trace).unwrap());
        }
        assert!(traces[0].contains("twilio_io/0 takes") && traces[0].contains("Twilio's frame"));
        assert_eq!(traces[0], traces[1]);
        assert_ne!(traces[0], traces[2]);
    }

    #[test]
    fn only_real_time_shows_what_the_daemon_logs_unless_it_is_asked_for() {
        let virtually = options(PathBuf::new(), 1);
        assert!(virtually.log_filter().starts_with("off,"));
        assert_eq!(Options { real_time: true, ..virtually }.log_filter(), "warn");
    }

    #[tokio::test]
    async fn prac_5_a_real_model_without_a_key_is_refused_with_status_2() {
        let on_disk = OnDisk::default();
        let file = on_disk.file("brief.toml", BRIEF);
        let options = options(file, 1);
        let config = on_disk.config_with(&[("OPENAI__PROVIDER", "openai")]);
        let refused = run(options, &config, &Platform::live(), &mut Vec::new()).await.unwrap_err();
        assert_eq!(refused.code(), BAD_CONFIGURATION);
        assert!(refused.lines().contains("openai.api_key"), "{}", refused.lines());
    }
}
