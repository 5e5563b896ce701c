use proptest::prelude::*;

use super::form::{MAX_BODY_BYTES, MAX_FIELDS};
use super::*;
use crate::ids::PhoneNumber;

const INBOUND: &str = "AccountSid=AC00000000000000000000000000000001&ApiVersion=2010-04-01\
    &CallSid=CA00000000000000000000000000000001&CallStatus=ringing&Called=%2B390200000001\
    &Caller=%2B393330000001&Direction=inbound&From=%2B393330000001&To=%2B390200000001";

fn form(body: &str) -> Form {
    Form::parse(body.as_bytes()).unwrap()
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

/// The inbound form with one field set to another value.
fn inbound_with(field: &str, value: &str) -> Form {
    let mut pairs = form(INBOUND).pairs().to_vec();
    pairs.retain(|(name, _)| name != field);
    pairs.push((field.to_owned(), value.to_owned()));
    Form::from(pairs)
}

fn inbound_without(field: &str) -> Form {
    let mut pairs = form(INBOUND).pairs().to_vec();
    pairs.retain(|(name, _)| name != field);
    Form::from(pairs)
}

#[test]
fn wa_2_a_text_is_decoded_whole_with_its_accents_its_plus_and_its_last_space() {
    let form = form("Body=Citt%C3%A0+%26+pi%C3%B9%3A+1%2B1%3D2+&ProfileName=&NumMedia=0");
    assert_eq!(form.get("Body"), Some("Città & più: 1+1=2 "));
    assert_eq!(form.get("ProfileName"), None);
    assert_eq!(form.pairs()[1], ("ProfileName".to_owned(), String::new()));
}

#[test]
fn odd_encodings_are_decoded_as_browsers_do() {
    let pairs = |body: &str| form(body).pairs().to_vec();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(pairs("a"), [pair("a", "")]);
    assert_eq!(pairs("=b&&"), [pair("", "b")]);
    assert_eq!(pairs("a=b=c"), [pair("a", "b=c")]);
    assert_eq!(pairs("a=100%&b=%zz&c=%4"), [pair("a", "100%"), pair("b", "%zz"), pair("c", "%4")]);
    assert_eq!(pairs("a=%FF"), [pair("a", "\u{fffd}")]);
    assert_eq!(pairs("a=1&a=2"), [pair("a", "1"), pair("a", "2")]);
}

#[test]
fn ops_6_a_form_over_the_limits_is_refused() {
    let longest = vec![b'x'; MAX_BODY_BYTES];
    assert!(Form::parse(&longest).is_ok());
    let too_long = vec![b'x'; MAX_BODY_BYTES + 1];
    assert_eq!(Form::parse(&too_long), Err(FormError::TooLong { bytes: MAX_BODY_BYTES + 1 }));

    assert!(Form::parse("a=1&".repeat(MAX_FIELDS).as_bytes()).is_ok());
    let too_many = "a=1&".repeat(MAX_FIELDS + 1);
    assert_eq!(Form::parse(too_many.as_bytes()), Err(FormError::TooManyFields));
}

#[test]
fn ops_6_a_printed_form_shows_no_value() {
    let printed = format!("{:?}", form("From=%2B972501234567&Body=hello"));
    assert_eq!(printed, r#"Form ["From", "Body"]"#);
}

#[test]
fn call_1_an_inbound_call_is_to_the_business_and_from_the_person() {
    let voice = VoiceForm::read(&form(INBOUND)).unwrap();
    assert_eq!(voice.direction(), Direction::Inbound);
    assert_eq!(voice.business_number(), Some(&number("+390200000001")));
    assert_eq!(voice.person(), &Party::Known(number("+393330000001")));
    assert_eq!(voice.answered_by, None);
}

#[test]
fn call_1_an_outbound_call_is_from_the_business_and_to_the_person() {
    for leg in ["outbound-api", "outbound-dial"] {
        let voice = VoiceForm::read(&inbound_with("Direction", leg)).unwrap();
        assert_eq!(voice.direction(), Direction::Outbound);
        assert_eq!(voice.business_number(), Some(&number("+393330000001")));
        assert_eq!(voice.person(), &Party::Known(number("+390200000001")));
    }
}

#[test]
fn lead_1_a_withheld_number_is_nobodys_number() {
    let withheld = [
        "",
        "anonymous",
        "Anonymous",
        "unknown",
        "restricted",
        "client:anna",
        "+266696687",
        "+7378742833",
        "sip:anna@example.net",
        "+266-696-687",
        "\u{202A}anonymous\u{202C}",
        "+0501234567",
    ];
    for from in withheld {
        let voice = VoiceForm::read(&inbound_with("From", from)).unwrap();
        assert_eq!(voice.person(), &Party::Withheld, "{from:?}");
        assert_eq!(voice.person().number(), None);
    }
    assert_eq!(VoiceForm::read(&inbound_without("From")).unwrap().person(), &Party::Withheld);
}

#[test]
fn lead_4_a_number_that_a_network_sends_in_another_form_is_the_same_persons() {
    for from in
        ["333 000 0001", "0039 333 0000001", "+39-333-0000001", "\u{202A}+393330000001\u{202C}"]
    {
        let voice = VoiceForm::read(&inbound_with("From", from)).unwrap();
        assert_eq!(voice.person(), &Party::Known(number("+393330000001")), "{from:?}");
    }
    // An Italian number keeps its zero.
    let voice = VoiceForm::read(&inbound_with("From", "050 1234567")).unwrap();
    assert_eq!(voice.person(), &Party::Known(number("+390501234567")));
}

#[test]
fn call_1_a_call_to_no_number_is_read_and_belongs_to_no_business() {
    let voice = VoiceForm::read(&inbound_with("To", "sip:desk@example.net")).unwrap();
    assert_eq!(voice.business_number(), None);
}

#[test]
fn call_13_the_numbers_that_passed_a_call_on_are_read() {
    let mut pairs = form(INBOUND).pairs().to_vec();
    let more = [("ForwardedFrom", "+39 02 1112233"), ("CalledVia", "anonymous")];
    pairs.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let voice = VoiceForm::read(&Form::from(pairs)).unwrap();
    assert!(voice.forwarded_by.len() <= 1, "a withheld number is none");
    let voice = VoiceForm::read(&inbound_with("CalledVia", "+390211122233")).unwrap();
    assert_eq!(voice.forwarded_by, [number("+390211122233")]);
    assert_eq!(VoiceForm::read(&form(INBOUND)).unwrap().forwarded_by, []);
}

#[test]
fn call_12_a_recording_has_failed_if_twilio_names_its_address() {
    let file = "https://example.com/hello.mp3";
    let voice = VoiceForm::read(&inbound_with("ErrorUrl", file)).unwrap();
    assert!(voice.failed_at(file) && voice.failed_at("https://example.com/hello.mp3#rc=2"));
    assert!(!voice.failed_at("https://example.com/other.mp3"));
    assert!(!VoiceForm::read(&form(INBOUND)).unwrap().failed_at(file));
}

#[test]
fn call_7_the_answer_of_machine_detection_is_read() {
    for machine in
        ["machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"]
    {
        let voice = VoiceForm::read(&inbound_with("AnsweredBy", machine)).unwrap();
        assert_eq!(voice.answered_by.map(AnsweredBy::is_machine), Some(true), "{machine}");
    }
    for person in ["human", "unknown"] {
        let voice = VoiceForm::read(&inbound_with("AnsweredBy", person)).unwrap();
        assert_eq!(voice.answered_by.map(AnsweredBy::is_machine), Some(false), "{person}");
    }
    assert_eq!(VoiceForm::read(&inbound_with("AnsweredBy", "ghost")).unwrap().answered_by, None);
}

#[test]
fn an_error_names_the_field_and_never_shows_its_value() {
    for field in ["CallSid", "Direction"] {
        let missing = VoiceForm::read(&inbound_without(field)).unwrap_err();
        assert_eq!(missing, FieldError::Missing(field));
        let empty = VoiceForm::read(&inbound_with(field, "")).unwrap_err();
        assert_eq!(empty, FieldError::Missing(field));
        let invalid = VoiceForm::read(&inbound_with(field, "+972501234567")).unwrap_err();
        assert_eq!(invalid.to_string(), format!("the field {field} has a value of the wrong form"));
    }
}

#[test]
fn call_5_the_five_terminal_statuses_end_a_call_and_no_other_does() {
    let read = |status: &str| StatusForm::read(&inbound_with("CallStatus", status)).unwrap().status;
    for status in ["completed", "busy", "no-answer", "failed", "canceled"] {
        assert!(read(status).is_terminal(), "{status}");
        assert_eq!(read(status).as_str(), status);
    }
    for status in ["queued", "initiated", "ringing", "in-progress"] {
        assert!(!read(status).is_terminal(), "{status}");
        assert_eq!(read(status).as_str(), status);
    }
}

#[test]
fn call_5_a_status_brings_seconds_and_not_the_billed_minutes() {
    let status = StatusForm::read(&form(
        "CallSid=CA00000000000000000000000000000001&CallStatus=completed&Direction=inbound\
         &AccountSid=AC00000000000000000000000000000001&Duration=2&CallDuration=61\
         &SequenceNumber=3&SipResponseCode=200&Timestamp=Tue%2C+06+Oct+2026+08%3A30%3A00+%2B0000",
    ))
    .unwrap();
    assert_eq!(status.duration_secs, Some(61));
}

#[test]
fn call_5_a_terminal_status_is_not_lost_to_an_oddity_in_another_field() {
    let status = StatusForm::read(&form(
        "CallSid=CA00000000000000000000000000000001&CallStatus=completed&Direction=sideways\
         &AccountSid=x&CallDuration=-1&SequenceNumber=one&Timestamp=yesterday",
    ))
    .unwrap();
    assert!(status.status.is_terminal());
    assert_eq!(status.duration_secs, None);
}

#[test]
fn a_stream_status_says_why_a_socket_never_arrived() {
    let status = StreamStatusForm::read(&form(
        "CallSid=CA00000000000000000000000000000001&StreamSid=MZ00000000000000000000000000000001\
         &StreamEvent=stream-error&StreamError=31920+handshake&Timestamp=2026-10-06T08%3A30%3A00.123Z",
    ))
    .unwrap();
    assert_eq!(status.event, StreamEvent::Error);
    assert_eq!(status.error.as_deref(), Some("31920 handshake"));
}

#[test]
fn call_10_only_completed_and_answered_mean_that_a_person_took_the_call() {
    let read = |status: &str| DialForm::read(&inbound_with("DialCallStatus", status)).unwrap();
    for status in ["completed", "answered"] {
        assert!(read(status).was_answered(), "{status}");
    }
    for status in
        ["busy", "no-answer", "failed", "canceled", "", "weird", "Completed", "completed "]
    {
        assert!(!read(status).was_answered(), "{status:?}");
    }
    assert!(!DialForm::read(&form(INBOUND)).unwrap().was_answered(), "no status");
}

#[test]
fn call_3_a_direction_is_the_same_word_in_text_and_in_json() {
    for direction in [Direction::Inbound, Direction::Outbound] {
        assert_eq!(direction.as_str().parse(), Ok(direction));
        let json = serde_json::to_string(&direction).unwrap();
        assert_eq!(json, format!("{:?}", direction.as_str()));
        assert_eq!(serde_json::from_str::<Direction>(&json).unwrap(), direction);
    }
    let error = "sideways".parse::<Direction>().unwrap_err().to_string();
    assert_eq!(error, "expected one of inbound, outbound");
}

proptest! {
    #[test]
    fn ops_6_no_body_makes_the_readers_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(form) = Form::parse(&body) {
            let _ = VoiceForm::read(&form);
            let _ = StatusForm::read(&form);
            let _ = StreamStatusForm::read(&form);
            let _ = DialForm::read(&form);
        }
    }

    #[test]
    fn wa_2_any_text_comes_through_the_encoding_unaltered(name in ".+", value in any::<String>()) {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
        let decoded = form(&body);
        prop_assert_eq!(decoded.pairs(), [(name, value)]);
    }
}
