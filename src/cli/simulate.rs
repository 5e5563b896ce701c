//! `frontdesk simulate`: plays scenario files and reports whether they hold (PRAC-5).

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::error::CliError;
use super::exit::Exit;
use super::seeds::Seeds;
use crate::chaos::LeaveOut;
use crate::config::{Config, Provider};
use crate::platform::Platform;
use crate::provider::ProviderError;
use crate::simulate::{self, Load, Scenario, ScenarioError, Tally, Time};
use crate::virtual_time;

mod chaos;

#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Options {
    /// Scenario files.
    #[arg(
        required_unless_present = "chaos",
        conflicts_with = "chaos",
        value_name = "SCENARIO.toml"
    )]
    scenarios: Vec<PathBuf>,
    /// How many calls to play of each scenario or seed. They run against one daemon.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    calls: u32,
    /// The most calls at once, of all scenarios together.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=150))]
    at_once: u32,
    /// Play over sockets in real time. Always so with `openai.provider = "openai"`.
    #[arg(long)]
    real_time: bool,
    /// The seed of everything that chance decides in virtual time.
    ///
    /// With --chaos also a range, such as 1..=100.
    #[arg(long, value_name = "N", default_value = "1", conflicts_with = "real_time")]
    seed: Seeds,
    /// Play callers and faults that the seed draws, and check the invariants throughout.
    #[arg(long, conflicts_with = "real_time")]
    chaos: bool,
    /// Begin no further seed after so much time, such as 10m.
    #[arg(long = "for", value_name = "TIME", requires = "chaos", value_parser = humantime::parse_duration)]
    within: Option<Duration>,
    /// Write everything that happens to this file. Needs one scenario or one seed.
    #[arg(long, value_name = "FILE", conflicts_with = "real_time")]
    trace: Option<PathBuf>,
    /// Leave out calls and troubles of a failing seed as long as it still fails.
    #[arg(long, requires = "chaos")]
    shrink: bool,
    /// Leave out these parts of the seed's story, such as c2,t1.
    #[arg(long, value_name = "PARTS", requires = "chaos")]
    leave_out: Option<LeaveOut>,
}

pub(super) async fn run(
    options: Options,
    config: &Config,
    platform: &Platform,
    out: &mut (impl Write + Send),
) -> Result<Exit, CliError> {
    if options.chaos {
        return chaos::run(options.into(), platform, out).await;
    }
    let Options { scenarios, calls, at_once, real_time, seed, .. } = options;
    let scenarios: Result<Vec<_>, ScenarioError> =
        scenarios.iter().map(|file| Scenario::read(file).map(Arc::new)).collect();
    let scenarios = scenarios?;
    if config.openai.provider == Provider::OpenAi && config.openai.api_key.is_none() {
        return Err(ProviderError::NoKey.into());
    }
    let time = if real_time || config.openai.provider == Provider::OpenAi {
        Time::Real(platform.clone())
    } else {
        Time::Virtual { seed: *seed.0.start(), begins: virtual_time::begins() }
    };
    let started = platform.clock.now();
    let mut tallies = Vec::new();
    let all_hold = simulate::run(scenarios, config, Load { calls, at_once }, time, |outcome| {
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
    use super::*;
    use crate::cli::exit::BAD_CONFIGURATION;
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
            calls,
            at_once: 4,
            real_time: false,
            seed: Seeds(1..=1),
            chaos: false,
            within: None,
            trace: None,
            shrink: false,
            leave_out: None,
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
