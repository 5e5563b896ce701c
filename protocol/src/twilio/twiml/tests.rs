use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::*;

/// An element read back: its name, attributes and text, and how deep it stands.
#[derive(Debug, PartialEq, Eq)]
struct Element {
    depth: usize,
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Element {
    fn read(start: &BytesStart<'_>, depth: usize) -> Self {
        let attributes = start.attributes().map(|attribute| {
            let attribute = attribute.unwrap();
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap();
            (attribute.key.as_ref().to_owned(), value.into_owned())
        });
        let name = start.name().as_ref().to_owned();
        Self { depth, name, attributes: attributes.collect(), text: String::new() }
    }
}

/// The document's elements as another program reads them, in order.
fn read_back(twiml: &Twiml) -> Vec<Element> {
    let document = twiml.to_xml().unwrap();
    let mut reader = Reader::from_str(&document);
    let (mut elements, mut open) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                elements.push(Element::read(&start, open.len()));
                open.push(elements.len() - 1);
            }
            Event::Empty(start) => elements.push(Element::read(&start, open.len())),
            Event::End(_) => drop(open.pop().unwrap()),
            Event::Text(text) => {
                elements[*open.last().unwrap()].text.push_str(&text.xml10_content())
            }
            Event::GeneralRef(reference) => {
                let text = &mut elements[*open.last().unwrap()].text;
                match reference.resolve_char_ref().unwrap() {
                    Some(char) => text.push(char),
                    None => text.push_str(resolve_predefined_entity(&reference).unwrap()),
                }
            }
            Event::Decl(decl) => assert_eq!(decl.encoding().unwrap().unwrap(), "UTF-8"),
            Event::Eof => return elements,
            other @ (Event::CData(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_)) => {
                panic!("no verb is written as {other:?}")
            }
        }
    }
}

fn element(depth: usize, name: &str, attributes: &[(&str, &str)], text: &str) -> Element {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Element {
        depth,
        name: name.to_owned(),
        attributes: attributes.iter().map(owned).collect(),
        text: text.to_owned(),
    }
}

fn stream() -> StreamNoun {
    StreamNoun::new("wss://voice.example.net/twilio/media").unwrap()
}

fn say(text: &str) -> Say {
    Say { voice: "Google.he-IL-Wavenet-A".into(), language: "he-IL".into(), text: text.into() }
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

#[test]
fn call_1_a_call_is_connected_and_comes_back_when_its_stream_has_ended() {
    let stream = stream()
        .with_parameter("business_id", "b1")
        .unwrap()
        .with_parameter("token", "CA1.x-y_z")
        .unwrap()
        .with_status_callback("https://voice.example.net/twilio/stream-status");
    let resume = format!("https://voice.example.net/twilio/voice/resume{RETRY_OVERRIDES}");
    let twiml = Twiml::connect_then_redirect(None, stream, resume);
    assert_eq!(
        twiml.to_xml().unwrap(),
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?><Response><Connect>"#,
            r#"<Stream url="wss://voice.example.net/twilio/media" statusCallback="https://voice.example.net/twilio/stream-status">"#,
            r#"<Parameter name="business_id" value="b1"/><Parameter name="token" value="CA1.x-y_z"/>"#,
            r#"</Stream></Connect><Redirect method="POST">"#,
            r#"https://voice.example.net/twilio/voice/resume#rc=5&amp;rp=all&amp;ct=3000</Redirect></Response>"#,
        )
    );
}

#[test]
fn greet_1_only_a_greeting_that_is_a_file_stands_before_the_stream() {
    let names = |greeting: Option<String>| -> Vec<String> {
        let twiml = Twiml::connect_then_redirect(greeting, stream(), "https://h/r".into());
        read_back(&twiml).into_iter().filter(|e| e.depth == 1).map(|e| e.name).collect()
    };
    assert_eq!(names(None), ["Connect", "Redirect"]);
    assert_eq!(names(Some("https://h/hello.wav".into())), ["Play", "Connect", "Redirect"]);
}

#[test]
fn call_1_an_apology_is_said_with_voice_and_language_and_then_the_call_ends() {
    let said = Twiml::apology(Apology::Say(say("סליחה, נסו שוב")));
    assert_eq!(
        read_back(&said),
        [
            element(0, "Response", &[], ""),
            element(
                1,
                "Say",
                &[("voice", "Google.he-IL-Wavenet-A"), ("language", "he-IL")],
                "סליחה, נסו שוב"
            ),
            element(1, "Hangup", &[], ""),
        ]
    );
    let played = Twiml::apology(Apology::Play { url: "https://h/sorry.wav?a=1&b=2".into() });
    assert_eq!(
        read_back(&played)[1..],
        [element(1, "Play", &[], "https://h/sorry.wav?a=1&b=2"), element(1, "Hangup", &[], "")]
    );
}

#[test]
fn call_1_reject_and_hangup_stand_alone() {
    let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
    let reject = |reason| Twiml::reject(reason).to_xml().unwrap();
    let plain = format!("{head}<Response><Reject/></Response>");
    assert_eq!(reject(RejectReason::Rejected), plain);
    let busy = format!("{head}<Response><Reject reason=\"busy\"/></Response>");
    assert_eq!(reject(RejectReason::Busy), busy);
    assert_eq!(Twiml::hangup().to_xml().unwrap(), format!("{head}<Response><Hangup/></Response>"));
}

#[test]
fn call_10_a_transfer_rings_for_its_time_and_asks_the_action_what_comes_next() {
    let dial = Dial {
        number: number("+972501112233"),
        action: "https://h/twilio/voice/transfer".into(),
        timeout_secs: 20,
        caller_id: Some(number("+97231234567")),
    };
    let attributes = [
        ("action", "https://h/twilio/voice/transfer"),
        ("timeout", "20"),
        ("callerId", "+97231234567"),
        ("answerOnBridge", "true"),
    ];
    assert_eq!(
        read_back(&Twiml::transfer(dial.clone()))[1..],
        [element(1, "Dial", &attributes, ""), element(2, "Number", &[], "+972501112233")]
    );
    let plain = Twiml::transfer(Dial { caller_id: None, ..dial });
    let attributes = [attributes[0], attributes[1], attributes[3]];
    assert_eq!(read_back(&plain)[1], element(1, "Dial", &attributes, ""));
}

#[test]
fn a_name_with_markup_in_it_stays_a_text() {
    let text = r#"</Say><Hangup/> "Tom" & 'Jerry' &nbsp; ]]>"#;
    let twiml = Twiml::apology(Apology::Say(say(text)));
    let elements = read_back(&twiml);
    assert_eq!(elements.len(), 3);
    assert_eq!(elements[1].text, text);

    let value = r#""/><Parameter name="direction" value="outbound"#;
    let stream = stream().with_parameter("note", value).unwrap();
    let elements = read_back(&Twiml::connect_then_redirect(None, stream, "https://h/r".into()));
    let parameters: Vec<_> = elements.iter().filter(|e| e.name == "Parameter").collect();
    assert_eq!(parameters, [&element(3, "Parameter", &[("name", "note"), ("value", value)], "")]);
}

#[test]
fn control_characters_are_dropped_and_the_rest_of_the_text_is_kept() {
    let twiml = Twiml::apology(Apology::Say(say("a\0b\u{1b}c\u{7f}d\u{85}e\u{fffe}f\tg\nh")));
    assert_eq!(read_back(&twiml)[1].text, "abcdef\tg\nh");
    let stream = stream().with_parameter("n\u{1}ame", "va\u{0}lue").unwrap();
    let elements = read_back(&Twiml::connect_then_redirect(None, stream, "https://h/r".into()));
    assert_eq!(
        elements[3].attributes,
        [("name".into(), "name".into()), ("value".into(), "value".into())]
    );
}

#[test]
fn a_stream_is_a_websocket_without_query_or_fragment() {
    assert!(StreamNoun::new("ws://127.0.0.1:8080/twilio/media").is_ok());
    for url in ["https://h/m", "//h/m", "", "WSS", "xwss://h/m"] {
        assert!(matches!(StreamNoun::new(url), Err(TwimlError::StreamScheme(_))), "{url}");
    }
    for url in ["wss://h/m?token=x", "wss://h/m#x"] {
        assert!(matches!(StreamNoun::new(url), Err(TwimlError::StreamQuery(_))), "{url}");
    }
}

#[test]
fn ops_6_a_parameter_such_as_the_token_is_never_printed() {
    let stream = stream().with_parameter("token", "s3cret").unwrap();
    let printed = format!("{:?}", Twiml::new(vec![Verb::Connect(stream)]));
    assert!(printed.contains("token") && !printed.contains("s3cret"), "{printed}");
}

#[test]
fn a_parameter_is_under_500_characters_with_its_name() {
    assert!(stream().with_parameter("name", "ש".repeat(495)).is_ok());
    let error = stream().with_parameter("name", "ש".repeat(496)).unwrap_err();
    assert!(matches!(error, TwimlError::ParameterTooLong { chars: 500, .. }), "{error}");
}

#[test]
fn a_document_over_twilios_limit_is_refused_as_it_stands_on_the_wire() {
    let empty = Twiml::apology(Apology::Say(say(""))).to_xml().unwrap().len();
    let of = |text: String| Twiml::apology(Apology::Say(say(&text))).to_xml();
    assert_eq!(of("x".repeat(MAX_DOCUMENT_BYTES - empty)).unwrap().len(), MAX_DOCUMENT_BYTES);
    let error = of("x".repeat(MAX_DOCUMENT_BYTES - empty + 1)).unwrap_err();
    assert!(matches!(error, TwimlError::TooLong { bytes } if bytes == MAX_DOCUMENT_BYTES + 1));
    // Escaping counts: "&" has five bytes on the wire.
    assert!(of("&".repeat(MAX_DOCUMENT_BYTES / 5)).is_err());
}

proptest! {
    #[test]
    fn call_1_any_text_makes_a_document_that_reads_back_as_that_text(text in "[^\\pC\r]*") {
        let elements = read_back(&Twiml::apology(Apology::Say(say(&text))));
        prop_assert_eq!(elements.len(), 3);
        prop_assert_eq!(&elements[1].text, &text);
    }

    #[test]
    fn call_1_no_text_breaks_a_document(text in "\\PC*|(?s:.)*", value in "(?s:.){0,100}") {
        let stream = stream().with_parameter(text.chars().take(100).collect::<String>(), value).unwrap();
        let twiml = Twiml::connect_then_redirect(Some(text.clone()), stream, text);
        prop_assert_eq!(read_back(&twiml).len(), 6);
    }
}
