//! TwiML: whatever texts stand in a document, it is well-formed XML with just these verbs and texts.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use protocol::ids::PhoneNumber;
use protocol::twilio::twiml::{Dial, RejectReason, Say, StreamNoun, Twiml, Verb};
use roxmltree::{Document, Node};

#[derive(Debug, Arbitrary)]
enum Step {
    Connect { path: String, parameters: Vec<(String, String)>, callback: Option<String> },
    Play(String),
    Say { voice: String, language: String, text: String },
    Redirect(String),
    Hangup,
    Reject { busy: bool },
    Dial { digits: u32, action: String, timeout_secs: u16, own: bool },
}

fuzz_target!(|steps: Vec<Step>| {
    let verbs: Vec<Verb> = steps.into_iter().filter_map(verb).collect();
    let Ok(written) = Twiml::new(verbs.clone()).to_xml() else { return };
    let document = Document::parse(&written).expect("well-formed XML");
    let root = document.root_element();
    assert!(root.has_tag_name("Response"));
    let nodes: Vec<Node> = root.children().collect();
    assert_eq!(nodes.len(), verbs.len());
    for (verb, node) in verbs.iter().zip(nodes) {
        check(verb, node);
    }
});

fn verb(step: Step) -> Option<Verb> {
    Some(match step {
        Step::Connect { path, parameters, callback } => {
            let mut stream = StreamNoun::new(format!("wss://{path}")).ok()?;
            for (name, value) in parameters {
                stream = stream.with_parameter(name, value).ok()?;
            }
            Verb::Connect(match callback {
                Some(callback) => stream.with_status_callback(callback),
                None => stream,
            })
        }
        Step::Play(url) => Verb::Play { url },
        Step::Say { voice, language, text } => Verb::Say(Say { voice, language, text }),
        Step::Redirect(url) => Verb::Redirect { url },
        Step::Hangup => Verb::Hangup,
        Step::Reject { busy: true } => Verb::Reject(RejectReason::Busy),
        Step::Reject { busy: false } => Verb::Reject(RejectReason::Rejected),
        Step::Dial { digits, action, timeout_secs, own } => {
            let number = PhoneNumber::parse(&format!("+1{digits:09}")).ok()?;
            let caller_id = own.then(|| number.clone());
            Verb::Dial(Dial { number, action, timeout_secs, caller_id })
        }
    })
}

fn check(verb: &Verb, node: Node<'_, '_>) {
    match verb {
        Verb::Connect(_) => {
            assert!(node.has_tag_name("Connect"));
            let stream = node.first_child().expect("a stream");
            assert!(stream.attribute("url").is_some_and(|url| url.starts_with("wss://")));
            assert!(stream.children().all(|child| child.has_tag_name("Parameter")));
        }
        Verb::Play { url } => same_text(node, "Play", url),
        Verb::Say(say) => {
            same_text(node, "Say", &say.text);
            assert_eq!(node.attributes().count(), 2);
        }
        Verb::Redirect { url } => same_text(node, "Redirect", url),
        Verb::Hangup => assert!(node.has_tag_name("Hangup") && !node.has_children()),
        Verb::Reject(_) => assert!(node.has_tag_name("Reject") && !node.has_children()),
        Verb::Dial(dial) => {
            assert!(node.has_tag_name("Dial"));
            same_text(node.first_child().expect("a number"), "Number", dial.number.as_str());
            assert_eq!(
                node.attribute("callerId"),
                dial.caller_id.as_ref().map(PhoneNumber::as_str)
            );
        }
    }
}

/// The element has this text alone, but for the characters that XML or a voice can't have.
fn same_text(node: Node<'_, '_>, name: &str, text: &str) {
    assert!(node.has_tag_name(name));
    let kept = |letter: char| match letter {
        '\t' | '\n' => true,
        '\r' | '\u{fffe}' | '\u{ffff}' => false,
        _ => !letter.is_control(),
    };
    let letters = |text: &str| text.chars().filter(|letter| kept(*letter)).collect::<String>();
    let read = letters(node.text().unwrap_or_default());
    // A parser turns each CR or CR LF into one LF.
    assert_eq!(read.replace('\n', ""), letters(text).replace('\n', ""));
    assert!(node.children().count() <= 1);
}
