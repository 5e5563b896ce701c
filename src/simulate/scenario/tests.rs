//! Scenario files that are read, and errors in them.

mod trouble;
mod writing;

use std::path::Path;
use std::time::Duration;

use actors::introspection::ActorKind;
use practice::openai::{Brain, ConnectRefusal, ResponseFault, Transcription};
use practice::twilio::RestFault;

use super::*;

/// The smallest scenario.
const LEAST: &str = "[expect]\nclears = 0\n";

fn parse(text: &str) -> Result<Scenario, ScenarioError> {
    Scenario::parse(Path::new("scenarios/a.toml"), text)
}

fn refusal(text: &str) -> String {
    let refusal = parse(text).unwrap_err().to_string();
    assert_eq!(refusal.lines().count(), 1, "one line: {refusal}");
    refusal
}

#[test]
fn prac_5_a_scenario_calls_the_locksmith_unless_it_names_a_business() {
    let scenario = parse(LEAST).unwrap();
    assert_eq!(scenario.business.slug.as_str(), "tel-aviv-locks");
    assert!(scenario.script.steps.is_empty());
}

#[test]
fn prac_5_keys_of_the_business_can_be_set_otherwise_and_the_others_stay() {
    let text = "[business.set]\nlanguage = \"en\"\ngreeting.text = \"Hello\"\nbarge_in = { preset = \"instant\" }\n";
    let business = parse(&format!("{text}{LEAST}")).unwrap().business;
    assert_eq!(business.language.as_str(), "en");
    assert_eq!(business.lines().greeting, "Hello");
    assert!(business.greeting.protected, "the rest of the section stays");
    assert_eq!(business.ending.required_lead_fields.len(), 3);
}

#[test]
fn lead_4_the_caller_s_number_is_read_as_any_other() {
    for (written, read) in [
        ("+972501234567", "+972501234567"),
        ("050-123-4567", "+972501234567"),
        ("+972 (0)50 123\u{2011}4567", "+972501234567"),
        ("+1 (415) 555-2671", "+14155552671"),
    ] {
        let scenario = parse(&format!("[caller]\nnumber = \"{written}\"\n{LEAST}")).unwrap();
        assert_eq!(scenario.number.as_str(), read);
    }
    assert_eq!(parse(LEAST).unwrap().number.as_str(), "+972501000001");
    let clinic = "[business.set]\nphone_numbers = [\"020 7946 0000\"]\nwhatsapp_number = \"020 7946 0001\"\n\
                  timezone = \"Europe/London\"\n[caller]\nnumber = \"07911 123456\"\n";
    assert_eq!(parse(&format!("{clinic}{LEAST}")).unwrap().number.as_str(), "+447911123456");
    let told = refusal(&format!("[caller]\nnumber = \"100\"\n{LEAST}"));
    assert!(told.starts_with("scenarios/a.toml:2:1: caller.number: \"100\" is not a"), "{told}");
}

#[test]
fn prac_5_a_business_file_is_looked_for_beside_the_scenario() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = format!("[business]\nfile = \"../businesses/harbour-clinic.toml\"\n{LEAST}");
    let beside = root.join("examples/scenarios/a.toml");
    let scenario = Scenario::parse(&beside, &text).unwrap();
    assert_eq!(scenario.business.slug.as_str(), "harbour-clinic");
    let refusal = refusal(&text);
    assert!(refusal.starts_with("scenarios/../businesses/harbour-clinic.toml: "), "{refusal}");
}

#[test]
fn prac_5_every_kind_of_step_is_read() {
    let text = r##"
        [[step]]
        say = "שלום"
        [[step]]
        after = "agent_begins"
        plus = "250ms"
        noise = "click"
        [[step]]
        after = "agent_ends"
        noise = { loud = "2s" }
        [[step]]
        after = { words = "נכון?" }
        silence = "3s"
        [[step]]
        press = "5#"
        [[step]]
        hang_up = true
        [[step]]
        happens = "operator_hangs_up"
        [[step]]
        happens = { keeps_crashing = "twilio_io" }
    "##;
    let steps = parse(&format!("{text}{LEAST}")).unwrap().script.steps;
    let actions: Vec<_> = steps.iter().map(|step| step.action.clone()).collect();
    assert_eq!(
        actions,
        [
            Action::Say("שלום".to_owned()),
            Action::Noise { rms: 6000, length: Duration::from_millis(40) },
            Action::Noise { rms: 3000, length: Duration::from_secs(2) },
            Action::Silence(Duration::from_secs(3)),
            Action::Press("5#".to_owned()),
            Action::HangUp,
            Action::Happens(Happening::OperatorHangsUp),
            Action::Happens(Happening::KeepsCrashing(ActorKind::TwilioIo)),
        ]
    );
    assert_eq!((&steps[0].after, steps[0].plus), (&After::Previous, Duration::ZERO));
    assert_eq!((&steps[1].after, steps[1].plus), (&After::AgentBegins, Duration::from_millis(250)));
    assert_eq!(steps[3].after, After::Words("נכון?".to_owned()));
}

#[test]
fn prac_5_the_practice_model_can_be_given_rules_faults_and_a_pace() {
    let text = r#"
        [model]
        preamble = "רגע"
        first_audio_after = "1s"
        transcripts = { after = "2s" }
        refuses = "no_quota"
        responses = ["none", "failed", { late = "3s" }, { cut_short = "500ms" }, "stalled"]
        [[model.brain.scripted]]
        heard = ["שלום"]
        say = "שלום לך"
    "#;
    let options = parse(&format!("{text}{LEAST}")).unwrap().script.model.options();
    let behaviour = options.behaviour;
    assert_eq!(behaviour.preamble.as_deref(), Some("רגע"));
    assert_eq!(behaviour.first_audio_after, Duration::from_secs(1));
    assert_eq!(behaviour.transcription, Transcription::After(Duration::from_secs(2)));
    assert_eq!(behaviour.refuses, Some(ConnectRefusal::NoQuota));
    assert_eq!(behaviour.responses.len(), 5);
    assert_eq!(behaviour.responses[2], ResponseFault::CreatedLate(Duration::from_secs(3)));
    assert!(matches!(options.brain, Brain::Scripted(rules) if rules.len() == 1));
}

#[test]
fn prac_5_twilio_can_lose_marks_and_spoil_hang_ups() {
    let text = "[twilio]\nloses_marks = true\nhang_ups = [\"server_error\", \"done_then_error\"]\n";
    let twilio = parse(&format!("{text}{LEAST}")).unwrap().script.twilio;
    assert!(twilio.loses_marks);
    let faults: Vec<RestFault> = twilio.hang_ups.into_iter().map(RestFault::from).collect();
    assert_eq!(faults, [RestFault::ServerError, RestFault::AcceptedThenError]);
}

#[test]
fn prac_5_a_step_that_affects_all_calls_of_a_daemon_gives_each_call_its_own() {
    for (text, is_alone) in [
        ("", false),
        ("[[step]]\nsay = \"x\"\n", false),
        ("[[step]]\nhappens = \"operator_hangs_up\"\n", false),
        ("[[step]]\nhappens = { keeps_crashing = \"call\" }\n", false),
        ("[[step]]\nhappens = \"line_is_lost\"\n", true),
        ("[[step]]\nhappens = \"openai_is_lost\"\n", true),
        ("[[step]]\nsay = \"x\"\n[[step]]\nhappens = \"daemon_stops\"\n", true),
        ("[twilio]\nloses_marks = true\n", false),
        ("[twilio]\nhang_ups = [\"server_error\"]\n", true),
        ("[model]\nresponses = [\"failed\"]\n", false),
        ("[model]\nresponses_once = [\"failed\"]\n", true),
    ] {
        let script = parse(&format!("{text}{LEAST}")).unwrap().script;
        assert_eq!(script.is_alone(), is_alone, "{text}");
    }
}

#[test]
fn prac_5_what_is_wrong_is_told_with_file_place_key_and_what_was_expected() {
    for (text, told) in [
        ("abuot = \"x\"\n", ["scenarios/a.toml:1:1: ", "abuot", "about"]),
        ("[[step]]\nsya = \"x\"\n", ["scenarios/a.toml:2:1: ", "sya", "say"]),
        ("[[step]]\nsay = 5\n", ["scenarios/a.toml:2:7: ", "step[0].say", "expected a text"]),
        ("[[step]]\nafter = \"never\"\nsay = \"x\"\n", ["a.toml:2:9: ", "never", "agent_begins"]),
        ("[[step]]\nsay = \"x\"\npress = \"5\"\n", ["a.toml:1:", "step[0]", "one of say, noise"]),
        ("[[step]]\nplus = \"1s\"\n", ["a.toml:1:", "step[0]", "one of say, noise"]),
        ("[[step]]\npress = \"5a\"\n", ["a.toml:1:", "step[0]", "a key is one of"]),
        ("[[step]]\npress = \"\"\n", ["a.toml:1:", "step[0]", "keys are expected"]),
        ("[[step]]\nsay = \" \"\n", ["a.toml:1:", "step[0]", "say: words are expected"]),
        (
            "[[step]]\nafter = { words = \"\" }\nsay = \"x\"\n",
            ["a.toml:1:", "step[0]", "after: words are expected"],
        ),
        ("[[step]]\nplus = \"soon\"\nsay = \"x\"\n", ["a.toml:2:8: ", "step[0].plus", ""]),
        ("[[step]]\nnoise = \"bang\"\n", ["a.toml:2:9: ", "step[0].noise", "click"]),
        ("[caller]\nnumber = \"12\"\n", ["a.toml:2:1: ", "caller.number", "+972501234567"]),
        ("[[step]]\nhappens = \"rain\"\n", ["a.toml:2:11: ", "step[0].happens", "daemon_stops"]),
        ("[caller]\nanswers = \"dog\"\n", ["a.toml:2:11: ", "caller.answers", "machine"]),
        ("[twilio]\nhang_ups = [\"no\"]\n", ["a.toml:2:13: ", "twilio.hang_ups", "server_error"]),
        ("[model]\nresponses = [\"slow\"]\n", ["a.toml:2:14: ", "model.responses", "stalled"]),
        ("[business.set]\ngreeting.txt = \"x\"\n", ["a.toml:2:10: ", "greeting.txt", "text"]),
        ("[business.set.barge_in]\npreset = \"never\"\n", ["a.toml:2:1: ", "preset", "patient"]),
    ] {
        let refusal = refusal(&format!("{text}{LEAST}"));
        for part in told {
            assert!(refusal.contains(part), "{part:?} is not in: {refusal}");
        }
    }
}

#[test]
fn prac_5_contradictory_expectations_are_refused() {
    for (text, told) in [
        ("", ["expect", "missing"]),
        ("[expect]\n", ["expect", "at least one expectation"]),
        ("[expect]\nhear = []\n", ["hear", "caller_heard"]),
        ("[expect]\ncaller_heard = [{ whole = \"a\", has = \"b\" }]\n", ["[0]", "one line"]),
        ("[expect]\ncaller_heard = [{ has = \"\" }]\n", ["[0]", "words of the line"]),
        ("[expect]\ntranscript = [{ agent_has = \" \" }]\n", ["[0]", "words of the line"]),
        ("[expect]\ncaller_heard = [{ cut = \"a b\" }]\n", ["[0]", "words = [least, most]"]),
        ("[expect]\ncaller_heard = [{ cut = \"a\", words = [2, 1] }]\n", ["[0]", "least"]),
        ("[expect]\ncaller_heard = [{ whole = \"a\", words = [1, 2] }]\n", ["[0]", "cut line"]),
        ("[expect]\ntranscript = [{ agnet = \"a\" }]\n", ["agnet", "agent_cut"]),
        ("[expect]\nlead = { status = \"done\" }\n", ["status", "in_progress"]),
        ("[expect]\nend = { why = \"x\" }\n", ["why", "reason"]),
        ("[expect]\nend = { reason = \"tired\" }\n", ["tired", "lead_complete"]),
        ("[expect]\nend = { by = \"fate\" }\n", ["fate", "operator"]),
    ] {
        let refusal = refusal(text);
        assert!(refusal.starts_with("scenarios/a.toml:"), "{refusal}");
        for part in told {
            assert!(refusal.contains(part), "{part:?} is not in: {refusal}");
        }
    }
}

#[test]
fn prac_5_an_invalid_business_is_reported_at_the_change_that_causes_it() {
    let text = "[business.set]\nphone_numbers = []\n";
    let refusal = refusal(&format!("{text}{LEAST}"));
    assert!(refusal.starts_with("scenarios/a.toml:2:1: "), "{refusal}");
    assert!(refusal.contains("phone_numbers"), "{refusal}");
}
