//! From a tree of elements to verbs. An attribute or child that is not allowed is a violation.

use std::time::Duration;

use super::document::{Connect, Dial, Document, RejectReason, Say, Stream, Verb};
use super::tree::Element;
use crate::twilio::debugger::Violation;
use crate::twilio::target::{Method, Target};

pub(super) fn document(root: &Element) -> Result<Document, Violation> {
    if root.name != "Response" {
        return Err(Violation::Schema(format!("the root is <{}>", root.name)));
    }
    let mut parser = Parser { violations: Vec::new() };
    parser.allow(root, &[]);
    parser.no_text(root);
    let mut verbs = Vec::new();
    let mut ended = false;
    for element in &root.children {
        if std::mem::replace(&mut ended, is_last(&element.name)) {
            parser.complain(format!("<{}> is never reached", element.name));
        }
        match parser.verb(element, verbs.is_empty()) {
            Some(verb) => verbs.push(verb),
            None => parser.complain(format!("<{}> is skipped", element.name)),
        }
    }
    Ok(Document { verbs, violations: parser.violations })
}

/// The limit for a parameter's name and value together, in characters.
const LONGEST_PARAMETER: usize = 500;

fn is_last(verb: &str) -> bool {
    matches!(verb, "Hangup" | "Redirect" | "Reject")
}

struct Parser {
    violations: Vec<Violation>,
}

impl Parser {
    fn verb(&mut self, element: &Element, first: bool) -> Option<Verb> {
        let verb = match element.name.as_str() {
            "Say" => Verb::Say(self.say(element)),
            "Play" => self.play(element)?,
            "Pause" => Verb::Pause(self.pause(element)),
            "Redirect" => Verb::Redirect(self.redirect(element)?),
            "Reject" if first => Verb::Reject(self.reject(element)),
            "Hangup" => {
                self.allow(element, &[]);
                self.empty(element);
                Verb::Hangup
            }
            "Dial" => Verb::Dial(self.dial(element)?),
            "Connect" => Verb::Connect(self.connect(element)?),
            _ => return None,
        };
        Some(verb)
    }

    fn say(&mut self, element: &Element) -> Say {
        self.allow(element, &["voice", "language", "loop"]);
        self.no_children(element);
        let voice = attribute(element, "voice").map(str::to_owned);
        let language = attribute(element, "language").map(str::to_owned);
        if voice.is_none() || language.is_none() {
            self.violations.push(Violation::SayWithoutVoice(element.text.clone()));
        }
        Say { text: element.text.clone(), voice, language, times: self.times(element) }
    }

    fn play(&mut self, element: &Element) -> Option<Verb> {
        self.allow(element, &["loop", "digits"]);
        self.no_children(element);
        let url = Some(element.text.clone()).filter(|url| !url.is_empty());
        let digits = attribute(element, "digits").map(str::to_owned);
        if url.is_none() && digits.is_none() {
            return None;
        }
        Some(Verb::Play { url, digits, times: self.times(element) })
    }

    fn pause(&mut self, element: &Element) -> Duration {
        self.allow(element, &["length"]);
        self.empty(element);
        self.seconds(element, "length", 1)
    }

    fn redirect(&mut self, element: &Element) -> Option<Target> {
        self.allow(element, &["method"]);
        self.no_children(element);
        if element.text.is_empty() {
            return None;
        }
        let method = self.method(attribute(element, "method"));
        Some(Target { url: element.text.clone(), method })
    }

    fn reject(&mut self, element: &Element) -> RejectReason {
        self.allow(element, &["reason"]);
        self.empty(element);
        match attribute(element, "reason") {
            None | Some("rejected") => RejectReason::Rejected,
            Some("busy") => RejectReason::Busy,
            Some(other) => {
                self.complain(format!("<Reject reason={other:?}>"));
                RejectReason::Rejected
            }
        }
    }

    fn dial(&mut self, element: &Element) -> Option<Dial> {
        const ATTRIBUTES: &[&str] = &[
            "timeout",
            "timeLimit",
            "callerId",
            "action",
            "method",
            "answerOnBridge",
            "hangupOnStar",
            "record",
        ];
        const OF_NUMBER: &[&str] =
            &["url", "method", "statusCallback", "statusCallbackEvent", "sendDigits"];
        self.allow(element, ATTRIBUTES);
        let number = match &element.children[..] {
            [] => element.text.clone(),
            [number] if number.name == "Number" && element.text.is_empty() => {
                self.allow(number, OF_NUMBER);
                self.no_children(number);
                number.text.clone()
            }
            _ => return None,
        };
        let action = self.target(element, "action", "method");
        let timeout = self.seconds(element, "timeout", 30);
        (!number.is_empty()).then_some(Dial { number, timeout, action })
    }

    fn connect(&mut self, element: &Element) -> Option<Connect> {
        self.allow(element, &["action", "method"]);
        self.no_text(element);
        let action = self.target(element, "action", "method");
        match &element.children[..] {
            [stream] if stream.name == "Stream" => {
                Some(Connect { action, stream: self.stream(stream)? })
            }
            _ => None,
        }
    }

    fn stream(&mut self, element: &Element) -> Option<Stream> {
        self.allow(element, &["url", "name", "track", "statusCallback", "statusCallbackMethod"]);
        self.no_text(element);
        let url = attribute(element, "url")?.to_owned();
        if url.contains('?') {
            self.violations.push(Violation::StreamQuery(url.clone()));
        }
        if let Some(track) = attribute(element, "track").filter(|track| *track != "inbound_track") {
            self.violations.push(Violation::StreamTrack(track.to_owned()));
        }
        let parameters = element.children.iter().filter_map(|child| self.parameter(child));
        let parameters = parameters.collect();
        let status_callback = self.target(element, "statusCallback", "statusCallbackMethod");
        let name = attribute(element, "name").map(str::to_owned);
        Some(Stream { url, name, parameters, status_callback })
    }

    fn parameter(&mut self, element: &Element) -> Option<(String, String)> {
        if element.name != "Parameter" {
            self.complain(format!("<{}> in <Stream>", element.name));
            return None;
        }
        self.allow(element, &["name", "value"]);
        self.empty(element);
        let (Some(name), Some(value)) = (attribute(element, "name"), attribute(element, "value"))
        else {
            self.complain("<Parameter> without name or value".to_owned());
            return None;
        };
        if name.chars().count() + value.chars().count() >= LONGEST_PARAMETER {
            self.complain(format!("<Parameter name={name:?}> is too long"));
        }
        Some((name.to_owned(), value.to_owned()))
    }

    fn target(&mut self, element: &Element, url: &str, method: &str) -> Option<Target> {
        let url = attribute(element, url)?.to_owned();
        Some(Target { url, method: self.method(attribute(element, method)) })
    }

    fn method(&mut self, value: Option<&str>) -> Method {
        let Some(name) = value else { return Method::Post };
        name.parse().unwrap_or_else(|_| {
            self.complain(format!("method {name:?}"));
            Method::Post
        })
    }

    fn seconds(&mut self, element: &Element, name: &str, default: u64) -> Duration {
        Duration::from_secs(self.number(element, name, default))
    }

    fn times(&mut self, element: &Element) -> u32 {
        let times = self.number(element, "loop", 1);
        u32::try_from(times).ok().filter(|times| (1..=1000).contains(times)).unwrap_or(1000)
    }

    fn number(&mut self, element: &Element, name: &str, default: u64) -> u64 {
        let Some(text) = attribute(element, name) else { return default };
        text.parse().unwrap_or_else(|_| {
            self.complain(format!("<{} {name}={text:?}>", element.name));
            default
        })
    }

    fn allow(&mut self, element: &Element, names: &[&str]) {
        for (name, _) in &element.attributes {
            if !names.contains(&name.as_str()) {
                self.complain(format!("attribute {name} of <{}>", element.name));
            }
        }
    }

    fn no_children(&mut self, element: &Element) {
        for child in &element.children {
            self.complain(format!("<{}> in <{}>", child.name, element.name));
        }
    }

    fn empty(&mut self, element: &Element) {
        self.no_children(element);
        self.no_text(element);
    }

    fn no_text(&mut self, element: &Element) {
        if !element.text.trim().is_empty() {
            self.complain(format!("text in <{}>", element.name));
        }
    }

    fn complain(&mut self, what: String) {
        self.violations.push(Violation::Schema(what));
    }
}

fn attribute<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    element.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
