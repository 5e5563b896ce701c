//! Scenarios with a model outside the simulation, as a real one.

use std::path::Path;

use practice::openai::{Options, Server};
use protocol::ids::PhoneNumber;

use super::stage::number_after;
use super::*;
use crate::config::WebSocketUrl;

fn scenario(text: &str) -> Arc<Scenario> {
    Arc::new(Scenario::parse(Path::new("there.toml"), text).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prac_5_with_a_real_model_only_the_daemons_records_are_checked_and_the_report_says_so() {
    let elsewhere = Server::on_loopback(Options::default()).await.unwrap();
    let mut config = Config::default();
    config.openai.provider = ModelProvider::OpenAi;
    config.openai.realtime_url = WebSocketUrl::parse(&elsewhere.url()).unwrap();
    config.openai.api_key = Some("a-key".into());
    let text = r#"
        [business.set]
        greeting.text = "שלום"
        [[step]]
        after = "agent_begins"
        silence = "1ms"
        [[step]]
        after = "agent_ends"
        say = "בתל אביב"
        [[step]]
        after = "agent_ends"
        hang_up = true
        [expect]
        caller_heard = []
        model_told = { responses = 99 }
        agent_said = ["שלום", "איזו עבודה"]
        agent_asked = ["איזו עבודה"]
        agent_never_said = ["באיזו עיר"]
        tools = [{ name = "update_lead_details", arguments = { fields = { city = "תל אביב" } } }]
        lead = { fields = { city = "תל אביב" } }
        end = { reason = "caller_hung_up", hang_ups = 0 }
    "#;
    let voice = Voice::built_in();
    let outcome =
        play_all(scenario(text), &config, Platform::live(), voice, 1, Slots::new(1)).await.unwrap();
    let verdict = &outcome.calls[0].verdict;
    assert_eq!(verdict.faults, Vec::<String>::new());
    assert_eq!(verdict.unseen, ["caller_heard", "model_told"]);
    assert!(
        scenario_lines(&outcome)
            .contains("not looked at, as the model is a real one: caller_heard")
    );
}

#[test]
fn prac_5_a_real_model_is_not_spoken_to_in_a_voice_that_nobody_understands() {
    let refused = playable(&[], &Voice::built_in()).unwrap_err();
    assert!(refused.to_string().contains("espeak-ng"), "{refused}");
}

#[test]
fn prac_5_each_caller_of_a_scenario_has_a_number_of_their_own() {
    let first = PhoneNumber::parse("+972501000001").unwrap();
    assert_eq!(number_after(&first, 0).unwrap(), first);
    assert_eq!(number_after(&first, 49).unwrap().as_str(), "+972501000050");
}
