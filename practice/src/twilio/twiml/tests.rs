//! Documents that are read, and documents that are refused.

use std::time::Duration;

use super::*;

fn read(inner: &str) -> Document {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{inner}</Response>");
    parse(&text).unwrap()
}

#[test]
fn call_1_connect_stream_and_redirect_are_read_with_their_parameters() {
    let document = read(
        "<Connect><Stream url=\"wss://h/twilio/media\"><Parameter name=\"token\" \
         value=\"a&amp;b\"/></Stream></Connect>\n<Redirect>https://h/r?a=1&amp;b=2#rc=5</Redirect>",
    );
    assert_eq!(document.violations, []);
    let [Verb::Connect(connect), Verb::Redirect(redirect)] = &document.verbs[..] else {
        panic!("{document:?}")
    };
    assert_eq!(connect.stream.url, "wss://h/twilio/media");
    assert_eq!(connect.stream.parameters, [("token".to_owned(), "a&b".to_owned())]);
    assert_eq!(redirect.url, "https://h/r?a=1&b=2#rc=5");
}

#[test]
fn a_verb_in_another_case_an_unknown_attribute_and_stray_text_are_violations() {
    let document = read("<hangup/><Pause seconds=\"1\"/>words<Hangup/>");
    assert_eq!(document.violations.len(), 3, "{:?}", document.violations);
    assert!(document.violations.iter().all(|violation| violation.code() == 12200));
    assert_eq!(document.verbs, [Verb::Pause(Duration::from_secs(1)), Verb::Hangup]);
}

#[test]
fn call_1_say_without_voice_or_language_is_a_violation() {
    assert_eq!(read("<Say voice=\"Polly.A\" language=\"he-IL\">x</Say>").violations, []);
    assert_eq!(
        read("<Say language=\"he-IL\">x</Say>").violations,
        [Violation::SayWithoutVoice("x".to_owned())]
    );
}

#[test]
fn a_stream_with_a_query_a_foreign_track_or_a_long_parameter_is_a_violation() {
    let long = "v".repeat(500);
    let document = read(&format!(
        "<Connect><Stream url=\"wss://h/m?t=1\" track=\"both_tracks\">\
         <Parameter name=\"n\" value=\"{long}\"/></Stream></Connect>"
    ));
    let codes: Vec<_> = document.violations.iter().map(Violation::code).collect();
    assert_eq!(codes, [0, 31941, 12200]);
}

#[test]
fn reject_counts_only_as_the_first_verb() {
    assert_eq!(read("<Reject/>").verbs, [Verb::Reject(RejectReason::Rejected)]);
    assert_eq!(read("<Reject reason=\"busy\"/>").verbs, [Verb::Reject(RejectReason::Busy)]);
    assert_eq!(read("<Pause/><Reject/>").violations[0].code(), 12200);
}

#[test]
fn verbs_that_can_never_be_reached_are_a_violation() {
    assert_eq!(read("<Hangup/><Pause/>").violations[0].code(), 12200);
    assert_eq!(read("<Redirect>/x</Redirect><Hangup/>").violations[0].code(), 12200);
}

#[test]
fn call_10_dial_is_read_with_its_action_and_timeout() {
    let document =
        read("<Dial action=\"https://h/t\" timeout=\"20\"><Number>+972501112222</Number></Dial>");
    let [Verb::Dial(dial)] = &document.verbs[..] else { panic!("{document:?}") };
    assert_eq!(dial.number, "+972501112222");
    assert_eq!(dial.timeout, Duration::from_secs(20));
    assert_eq!(dial.action.as_ref().unwrap().url, "https://h/t");
}

#[test]
fn what_is_no_xml_cannot_be_run() {
    for text in [
        "<Response><Say>a & b</Say></Response>",
        "<Response><Say>&nbsp;</Say></Response>",
        "<Response><Hangup></Response>",
        "<Response>",
        " \n<?xml version=\"1.0\"?><Response/>",
        "",
        "OK",
    ] {
        let violation = parse(text).unwrap_err();
        assert_eq!(violation.code(), 12100, "{text:?}: {violation}");
    }
    assert_eq!(parse("<Reply/>").unwrap_err().code(), 12200);
    let large = format!("<Response><!--{}--></Response>", "x".repeat(LARGEST));
    assert_eq!(parse(&large).unwrap_err().code(), 11750);
}
