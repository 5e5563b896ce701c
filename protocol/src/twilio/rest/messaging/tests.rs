use proptest::prelude::*;

use super::*;

const SID: &str = "SM00000000000000000000000000000001";

fn message(text: &str) -> NewMessage {
    NewMessage {
        from: PhoneNumber::parse("+97231234567").unwrap(),
        to: PhoneNumber::parse("+972501234567").unwrap(),
        body: MessageBody::new(text).unwrap(),
        status_callback: "https://voice.example.net/twilio/whatsapp/status".to_owned(),
    }
}

#[test]
fn wa_1_a_text_is_counted_in_utf_16_units() {
    for (text, expected) in [
        ("abc", 3),
        ("שלום", 4),
        // Niqqud: each mark is one more.
        ("שָׁלוֹם", 7),
        ("é", 1),
        ("e\u{301}", 2),
        ("👍", 2),
        ("👍🏽", 4),
        ("👩\u{200D}👩\u{200D}👧\u{200D}👦", 11),
        ("🇮🇱", 4),
        ("𐤀", 2),
        ("a\nb", 3),
        ("", 0),
    ] {
        assert_eq!(units(text), expected, "{text}");
    }
}

#[test]
fn wa_1_a_message_is_whole_or_none() {
    for unit in ["a", "ש", "👍", "e\u{301}", "👩\u{200D}💻"] {
        let most = LONGEST_MESSAGE / units(unit);
        let longest = unit.repeat(most);
        assert_eq!(MessageBody::new(&longest).unwrap().as_str(), longest, "{unit}");
        let longer = unit.repeat(most + 1);
        let length = units(&longer);
        assert_eq!(MessageBody::new(&longer), Err(BodyFlaw::TooLong(length)), "{unit}");
    }
    // 1,600 characters of the wrong kind are too many.
    assert_eq!(MessageBody::new(&"👍".repeat(1_600)), Err(BodyFlaw::TooLong(3_200)));
    for blank in ["", " ", "\n\t "] {
        assert_eq!(MessageBody::new(blank), Err(BodyFlaw::Blank));
    }
    let padded = format!("  {}\n", "ש".repeat(LONGEST_MESSAGE));
    assert_eq!(units(MessageBody::new(&padded).unwrap().as_str()), LONGEST_MESSAGE);
}

#[test]
fn wa_2_a_message_goes_from_and_to_addresses_of_whatsapp_and_asks_for_its_statuses() {
    let form = message("שלום").form();
    assert_eq!(form[0], ("From", "whatsapp:+97231234567".to_owned()));
    assert_eq!(form[1], ("To", "whatsapp:+972501234567".to_owned()));
    assert_eq!(form[2], ("Body", "שלום".to_owned()));
    assert_eq!(form[3].0, "StatusCallback");
}

#[test]
fn wa_2_an_answer_says_whether_the_message_was_sent_was_not_or_may_have_been() {
    let accepted = format!(r#"{{"sid":"{SID}","status":"queued","body":"x"}}"#);
    let sid = MessageSid::parse(SID).unwrap();
    let status = "queued".to_owned();
    assert_eq!(send_outcome(201, &accepted), SendOutcome::Accepted(Accepted { sid, status }));
    let is = |status, body: &str| match send_outcome(status, body) {
        SendOutcome::Accepted(_) => "accepted",
        SendOutcome::NotProcessed(_) => "not processed",
        SendOutcome::Unknown(_) => "unknown",
        SendOutcome::Refused(_, DeliveryFault::OptedOut) => "opted out",
        SendOutcome::Refused(_, DeliveryFault::TooLong) => "too long",
        SendOutcome::Refused(_, DeliveryFault::ForAPerson) => "for a person",
        SendOutcome::Refused(_, DeliveryFault::Temporary) => "temporary",
        SendOutcome::Refused(_, DeliveryFault::Other) => "refused",
    };
    for (status, code, outcome) in [
        (429, 20429, "not processed"),
        (429, 63018, "not processed"),
        (400, 63018, "not processed"),
        (400, 21610, "opted out"),
        (400, 21617, "too long"),
        (400, 21658, "too long"),
        (400, 63016, "for a person"),
        (400, 63003, "for a person"),
        (400, 63015, "for a person"),
        (400, 63024, "for a person"),
        (400, 63049, "for a person"),
        (400, 21211, "for a person"),
        (400, 63007, "refused"),
        (401, 20003, "refused"),
        (404, 20404, "refused"),
    ] {
        assert_eq!(is(status, &format!(r#"{{"code":{code}}}"#)), outcome, "{status} {code}");
    }
    for status in [408, 500, 502, 503, 504] {
        assert_eq!(is(status, "<html>"), "unknown", "{status}");
    }
    assert_eq!(is(201, "<html>"), "unknown");
    assert_eq!(is(201, r#"{"sid":"CA00000000000000000000000000000001"}"#), "unknown");
    assert_eq!(is(403, ""), "refused");
}

#[test]
fn wa_2_a_sent_message_is_found_by_its_text_and_its_time() {
    let listed = |body: &str, at: &str| {
        let body = serde_json::json!(body);
        format!(r#"{{"sid":"{SID}","status":"sent","body":{body},"date_created":"{at}"}}"#)
    };
    let page = format!(
        r#"{{"messages":[{},{},{},{{"sid":"odd"}}],"page":0}}"#,
        listed("שלום", "Sat, 21 Nov 2026 06:00:10 +0000"),
        listed("אחר", "Sat, 21 Nov 2026 06:00:10 +0000"),
        listed("שלום", "Sat, 21 Nov 2026 05:59:00 +0000"),
    );
    let messages = read_messages(&page).unwrap();
    let since = "2026-11-21T06:00:00Z".parse().unwrap();
    let message = message("שלום");
    let found: Vec<bool> = messages.iter().map(|listed| message.is(listed, since)).collect();
    assert_eq!(found, [true, false, false]);
    assert_eq!(read_message(&listed("x", "someday")).unwrap().created_at, None);
    for text in ["", "[]", "<html>", r#"{"messages":1}"#] {
        assert_eq!(read_messages(text), None, "{text}");
        assert_eq!(read_message(text), None, "{text}");
    }
}

#[test]
fn ops_6_debug_output_holds_no_word_and_no_whole_number() {
    let shown = format!("{:?}", message("המפתח מתחת לשטיח"));
    assert!(!shown.contains("מפתח") && !shown.contains("1234567"), "{shown}");
    let listed = read_message(&format!(
        r#"{{"sid":"{SID}","status":"failed","body":"המפתח","error_code":63016}}"#
    ))
    .unwrap();
    assert!(!format!("{listed:?}").contains("מפתח"));
    assert_eq!(DeliveryFault::of(listed.error_code), DeliveryFault::ForAPerson);
}

proptest! {
    #[test]
    fn wa_1_no_text_that_is_taken_is_cut(text in "\\PC{0,900}") {
        let units: usize = text.trim().chars().map(char::len_utf16).sum();
        match MessageBody::new(&text) {
            Ok(body) => prop_assert!(body.as_str() == text.trim() && units <= LONGEST_MESSAGE),
            Err(BodyFlaw::TooLong(counted)) => prop_assert!(counted == units && units > LONGEST_MESSAGE),
            Err(BodyFlaw::Blank) => prop_assert!(text.trim().is_empty()),
        }
    }

    #[test]
    fn ops_6_no_answer_makes_the_reader_panic(status in any::<u16>(), text in any::<String>()) {
        let _ = (send_outcome(status, &text), read_messages(&text), read_message(&text));
    }
}
