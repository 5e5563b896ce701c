//! Faults of the model and its network in a scenario.

use practice::openai::{ArgumentsFault, LinkFault, SpeechFault};
use practice::twilio::{CallbackDelivery, StreamFault};

use super::*;

#[test]
fn prac_7_a_scenario_can_draw_each_fault_of_a_response() {
    let seconds = Duration::from_secs(2);
    let failed = |kind: &str, code: Option<&str>| ResponseFault::Failed {
        kind: kind.to_owned(),
        code: code.map(str::to_owned),
        message: None,
    };
    let incomplete =
        |reason: &str| ResponseFault::Incomplete { reason: reason.to_owned(), after: seconds };
    let lost = |after, by| ResponseFault::Lost { after, by };
    for (text, fault) in [
        ("\"none\"", ResponseFault::None),
        ("\"failed\"", failed("server_error", None)),
        (
            "\"rate_limited\"",
            failed("invalid_request_error", Some("inference_rate_limit_exceeded")),
        ),
        ("\"no_quota\"", ResponseFault::no_quota()),
        ("{ cut_short = \"2s\" }", incomplete("max_output_tokens")),
        ("{ filtered = \"2s\" }", incomplete("content_filter")),
        ("\"text_only\"", ResponseFault::TextOnly),
        ("\"empty\"", ResponseFault::Empty),
        ("\"never_created\"", ResponseFault::NeverCreated),
        ("{ late = \"2s\" }", ResponseFault::CreatedLate(seconds)),
        ("{ done_late = \"2s\" }", ResponseFault::DoneLate(seconds)),
        ("\"stalled\"", ResponseFault::StalledAfterCreated),
        ("{ stalled_after = \"2s\" }", ResponseFault::StalledAfter(seconds)),
        ("{ lost = { closed = 1011 } }", lost(None, LinkFault::Closed(1011))),
        ("{ lost = \"dropped\" }", lost(None, LinkFault::Dropped)),
        (
            "{ lost_after = { audio = \"2s\", by = \"black_hole\" } }",
            lost(Some(seconds), LinkFault::BlackHole),
        ),
        (
            "{ lost_after = { audio = \"2s\", by = { stalled = \"2s\" } } }",
            lost(Some(seconds), LinkFault::Stalled(seconds)),
        ),
    ] {
        let text = format!(
            "[model]\nresponses = [{text}]\nother_responses = {text}\nresponses_once = [{text}]\n"
        );
        let behaviour = parse(&format!("{text}{LEAST}")).unwrap().script.model.options().behaviour;
        assert_eq!(behaviour.responses, std::slice::from_ref(&fault), "{text}");
        assert_eq!(behaviour.responses_once, std::slice::from_ref(&fault), "{text}");
        assert_eq!(behaviour.other_responses, fault, "{text}");
    }
    let text = "[model]\nresponses = [\"error\"]\n";
    let behaviour = parse(&format!("{text}{LEAST}")).unwrap().script.model.options().behaviour;
    assert!(matches!(behaviour.responses[0], ResponseFault::Error { code: None, .. }));
    let text = "[model]\nresponses = [{ error_first = \"1s\" }]\n";
    let behaviour = parse(&format!("{text}{LEAST}")).unwrap().script.model.options().behaviour;
    assert_eq!(behaviour.responses, [ResponseFault::ErrorFirst(Duration::from_secs(1))]);
}

#[test]
fn prac_7_a_scenario_can_draw_the_other_faults_of_the_model_and_its_network() {
    let text = r#"
        [model]
        speech = ["none", "never_stops", "committed_unstopped"]
        arguments = { followed_by = "<|end|>" }
        calls_in_lines = { name = "call_control", arguments = { action = "hangup" } }
        unsupported_transcription = ["whisper-1"]
        reorders = true
        link = { after = "10s", by = { closed = 1001 } }
        refuses = "too_many_requests"
    "#;
    let behaviour = parse(&format!("{text}{LEAST}")).unwrap().script.model.options().behaviour;
    let speech = [SpeechFault::None, SpeechFault::NeverStops, SpeechFault::CommittedUnstopped];
    assert_eq!(behaviour.speech, speech);
    assert_eq!(behaviour.arguments, ArgumentsFault::FollowedBy("<|end|>".to_owned()));
    assert_eq!(behaviour.calls_in_lines.unwrap().arguments["action"], "hangup");
    assert_eq!(behaviour.unsupported_transcription, ["whisper-1"]);
    assert!(behaviour.reorders);
    assert_eq!(behaviour.link_fails, Some((Duration::from_secs(10), LinkFault::Closed(1001))));
    assert_eq!(behaviour.refuses, Some(ConnectRefusal::Http(429)));
    for (text, arguments) in [
        ("\"cut_off\"", ArgumentsFault::CutOff),
        ("\"double_encoded\"", ArgumentsFault::DoubleEncoded),
        ("{ replaced_by = \"null\" }", ArgumentsFault::ReplacedBy("null".to_owned())),
    ] {
        let text = format!("[model]\narguments = {text}\n{LEAST}");
        assert_eq!(parse(&text).unwrap().script.model.options().behaviour.arguments, arguments);
    }
    for (text, refusal) in [
        ("server_error", ConnectRefusal::Http(500)),
        ("down", ConnectRefusal::Http(503)),
        ("bad_key", ConnectRefusal::BadKey),
        ("no_such_model", ConnectRefusal::NoSuchModel),
        ("closed_at_once", ConnectRefusal::ServerError),
    ] {
        let text = format!("[model]\nrefuses = \"{text}\"\n{LEAST}");
        assert_eq!(parse(&text).unwrap().script.model.options().behaviour.refuses, Some(refusal));
    }
}

#[test]
fn prac_7_a_scenario_can_draw_the_faults_of_twilio() {
    let second = Duration::from_secs(1);
    for (text, delivery) in [
        ("\"faithful\"", CallbackDelivery::Faithful),
        ("{ duplicated = 2 }", CallbackDelivery::Duplicated(2)),
        ("{ delayed = \"1s\" }", CallbackDelivery::Delayed(second)),
        ("\"lost\"", CallbackDelivery::Lost),
        ("\"swapped\"", CallbackDelivery::Swapped),
    ] {
        let twilio = parse(&format!("[twilio]\ncallbacks = {text}\n{LEAST}")).unwrap();
        assert_eq!(CallbackDelivery::from(twilio.script.twilio.callbacks), delivery, "{text}");
    }
    for (text, fault) in [("cut", StreamFault::Cut), ("black_hole", StreamFault::BlackHole)] {
        let text = format!("[twilio]\nstream = {{ after = \"1s\", by = \"{text}\" }}\n{LEAST}");
        let stream = parse(&text).unwrap().script.twilio.stream.unwrap();
        assert_eq!((stream.after, StreamFault::from(stream.by)), (second, fault));
    }
}
