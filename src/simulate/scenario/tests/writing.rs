//! Steps, faults and expectations of what is written.

use practice::openai::{TextFault, TextOptions, TextServer};

use super::*;

/// A business that people can write to, and nobody calls.
const ONLY_WRITES: &str = "[caller]\nonly_writes = true\n";
const LEAST_WRITTEN: &str = "[expect]\nmessages = []\n";

fn steps(text: &str) -> Vec<Step> {
    parse(&format!("{text}{LEAST_WRITTEN}")).unwrap().script.steps
}

#[test]
fn wa_8_a_person_writes_words_or_a_file_once_or_several_times() {
    let text = r#"
        [[step]]
        write = "שלום"
        [[step]]
        after = "message_comes"
        write = ""
        attached = "voice_note"
        [[step]]
        after = { message = "עיר" }
        write = "בתל אביב"
        deliveries = 5
    "#;
    let steps = steps(&format!("{ONLY_WRITES}{text}"));
    let writes = |at: usize| {
        let Action::Write(writing) = &steps[at].action else { panic!("{:?}", steps[at]) };
        (writing.text.as_str(), writing.deliveries)
    };
    assert_eq!([writes(0), writes(1), writes(2)], [("שלום", 1), ("", 1), ("בתל אביב", 5)]);
    assert_eq!(steps[1].action.told(), "write \"\" (a voice note)");
    assert_eq!(steps[1].after, After::MessageComes);
    assert_eq!(steps[2].after, After::Message("עיר".to_owned()));
}

#[test]
fn wa_8_the_call_begins_at_once_or_in_a_step_or_never() {
    let calling = |text: &str| parse(&format!("{text}{LEAST_WRITTEN}")).unwrap().script.calling();
    let write = "[[step]]\nwrite = \"x\"\n";
    assert_eq!(calling(write), Calling::AtOnce);
    assert_eq!(calling(&format!("{write}[[step]]\ncall = true\n")), Calling::InAStep);
    assert_eq!(calling(&format!("{ONLY_WRITES}{write}")), Calling::Never);
}

#[tokio::test]
async fn wa_8_the_text_model_and_twilio_can_spoil_what_is_written() {
    let text = r#"
        [model]
        texts = ["none", { too_long = 1900 }, { claims = "user_goodbye" }, { late = "3s" }, "lost"]
        [twilio]
        messages = ["done_then_silence"]
        failed_deliveries = [63016]
    "#;
    let script = parse(&format!("{text}{LEAST_WRITTEN}")).unwrap().script;
    assert!(script.is_alone(), "what is meant for the first is used up");
    let faults: Vec<_> = script.model.texts.iter().cloned().map(TextFault::from).collect();
    assert_eq!(faults[1], TextFault::TooLong(1900));
    assert_eq!(faults[3], TextFault::Late(Duration::from_secs(3)));
    assert_eq!(script.twilio.failed_deliveries, [63016]);
    let server = TextServer::on_loopback(TextOptions::default()).await.unwrap();
    script.model.spoil_texts(&server.faults());
}

#[test]
fn wa_8_what_contradicts_itself_in_writing_is_told_with_its_place() {
    let write = "[[step]]\nwrite = \"x\"\n";
    for (text, told) in [
        ("[[step]]\nwrite = \" \"\n", ["step[0]", "write: words are expected"]),
        ("[[step]]\nattached = \"picture\"\n", ["step[0]", "attached: it stands beside write"]),
        ("[[step]]\nsay = \"x\"\ndeliveries = 2\n", ["step[0]", "deliveries: it stands beside"]),
        ("[[step]]\nwrite = \"x\"\ndeliveries = 99\n", ["step[0]", "a number from 1 to 20"]),
        ("[[step]]\nwrite = \"x\"\nsay = \"y\"\n", ["step[0]", "one of say, noise"]),
        ("[[step]]\nwrite = \"x\"\nattached = \"song\"\n", ["a.toml:3:", "voice_note"]),
        ("[[step]]\nafter = { message = \"\" }\nwrite = \"x\"\n", ["step[0]", "message_comes"]),
        ("[model]\ntexts = [\"slow\"]\n", ["a.toml:2:", "rate_limited"]),
    ] {
        let refusal = refusal(&format!("{text}{LEAST_WRITTEN}"));
        for part in told {
            assert!(refusal.contains(part), "{part:?} is not in: {refusal}");
        }
    }
    let say = "[[step]]\nsay = \"y\"\n";
    let call = "[[step]]\ncall = true\n";
    for (text, told) in [
        (format!("{ONLY_WRITES}{write}{say}{LEAST_WRITTEN}"), "step 2 (say \"y\") needs a call"),
        (format!("{ONLY_WRITES}{write}{LEAST}"), "expect.clears: nobody calls here"),
        (format!("{say}{call}{LEAST_WRITTEN}"), "step 1 (say \"y\") comes before call = true"),
        (format!("{call}{call}{LEAST_WRITTEN}"), "one call = true is expected"),
        (
            format!("[caller]\nanswers = \"person\"\n{call}{LEAST_WRITTEN}"),
            "leave out the step call = true",
        ),
    ] {
        let refusal = refusal(&text);
        assert!(refusal.contains(told), "{told:?} is not in: {refusal}");
    }
    let nobody = "[business]\nfile = \"mute.toml\"\n";
    let folder = tempfile::tempdir().unwrap();
    let mute = crate::world::LOCKSMITH.replace("whatsapp_number", "#");
    std::fs::write(folder.path().join("mute.toml"), mute).unwrap();
    let file = folder.path().join("a.toml");
    let refused = Scenario::parse(&file, &format!("{nobody}{write}{LEAST}")).unwrap_err();
    assert!(refused.to_string().contains("the business has no whatsapp_number"), "{refused}");
}

#[test]
fn wa_8_expectations_of_messages_that_make_no_sense_are_refused() {
    for (text, told) in [
        ("messages = [{ has = \"\" }]", ["[0]", "words of the message"]),
        ("messages = [{ status = \"sent\" }]", ["[0]", "one of whole and has"]),
        ("messages = [{ has = \"x\", status = \"eaten\" }]", ["eaten", "delivered"]),
        ("conversation = { needs_person = \"yes\" }", ["yes", "too_long"]),
        ("conversation = { closed = \"no_response\" }", ["no_response", "user_goodbye"]),
        ("text_model = { asked = 1 }", ["asked", "questions"]),
    ] {
        let refusal = refusal(&format!("[expect]\n{text}\n"));
        for part in told {
            assert!(refusal.contains(part), "{part:?} is not in: {refusal}");
        }
    }
}
