//! The call, stepped by hand: events and the time go in, commands come out.

mod calendar;
mod conversation;
mod cost;
mod declining;
mod end_detection;
mod ending;
mod endless_speech;
mod heard;
mod interjection;
mod interruption;
#[cfg(feature = "mistakes")]
mod planted_mistakes;
mod put_through;
mod renewal;
mod resume;
mod saving;
mod silence;
mod snapshot;
mod story;
mod transcription;
mod transfer;
mod unserved;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::business::{BusinessSettings, Decider};
use crate::ids::*;
use crate::openai::fault::FatalCause;
use crate::response_gate::{Ask, AskNumber, Outcome, Reply, ScriptedLine, Want};
use crate::twilio::forms::{CallStatus, Direction, Party};
use crate::twilio::twiml::Dial;

const CALL: &str = "CA00000000000000000000000000000001";
const STREAM: &str = "MZ00000000000000000000000000000001";

/// A call, the time, and the commands it has given out so far.
struct Stage {
    call: Call,
    now: Now,
    sent: Vec<Command>,
    /// When each of them was given out.
    sent_at: Vec<Moment>,
    /// The call is written and read again after each event, before its commands are delivered.
    is_restored: bool,
}

fn base() -> Now {
    Now { at: Moment::ZERO, wall: "2026-11-21T09:00:00Z".parse().unwrap() }
}

fn setup(change: impl FnOnce(&mut BusinessSettings)) -> CallSetup {
    let number = PhoneNumber::parse("+97231234567").unwrap();
    let slug = Slug::parse("locks").unwrap();
    let mut settings = BusinessSettings::new(slug, "מנעולים", vec![number.clone()]);
    change(&mut settings);
    CallSetup {
        transfer: Some(Dial {
            number: PhoneNumber::parse("+972501112233").unwrap(),
            action: "https://h/twilio/voice/transfer".to_owned(),
            timeout_secs: 20,
            caller_id: None,
        }),
        call_sid: CallSid::parse(CALL).unwrap(),
        business: BusinessId(Uuid::nil()),
        lines: Arc::new(settings.lines()),
        opening: settings.opening(),
        settings: Arc::new(settings),
        direction: Direction::Inbound,
        person: Party::Withheld,
        business_number: number,
        prompt_version: 1,
        instructions: "answer".into(),
        lead: LeadFacts::default(),
        upstream_patience: Duration::from_secs(10),
        stream_patience: Duration::from_secs(15),
        session_ages: SessionAges::default(),
        is_test: false,
    }
}

impl Stage {
    fn new(change: impl FnOnce(&mut BusinessSettings)) -> Self {
        let now = base();
        let mut stage = Self {
            call: Call::new(setup(change), now),
            now,
            sent: Vec::new(),
            sent_at: Vec::new(),
            is_restored: false,
        };
        stage.deliver();
        stage
    }

    /// A call with a stream, a session, and its greeting behind it.
    fn open() -> Self {
        Self::open_with(|_| {})
    }

    /// The same, of a business that has nobody to put callers through to.
    fn open_without_a_person() -> Self {
        Self::open().without_a_person()
    }

    fn without_a_person(mut self) -> Self {
        Arc::make_mut(&mut self.call.setup).transfer = None;
        self
    }

    fn open_with(change: impl FnOnce(&mut BusinessSettings)) -> Self {
        let mut stage = Self::new(change);
        stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
        stage.does(Event::SessionConfigured { session: 1 });
        stage.speaks("r0", "a0", vec![AskNumber(1)]);
        stage.plays("r0", "a0");
        stage.sent.clear();
        stage.sent_at.clear();
        stage
    }

    fn does(&mut self, event: Event) {
        self.call.handle(event, self.now);
        self.deliver();
    }

    fn waits(&mut self, time: Duration) {
        let until = self.now.at + time;
        while let Some((at, _)) = self.call.poll_timeout()
            && at <= until
        {
            self.now.at = at;
            self.call.handle_timeout(self.now);
            self.deliver();
        }
        self.now.at = until;
    }

    fn deliver(&mut self) {
        if self.is_restored {
            self.call = snapshot::restored(&self.call, self.now);
        }
        let new: Vec<(u64, Command)> =
            self.call.outbox().map(|(number, command)| (number, command.clone())).collect();
        for (number, command) in new {
            self.call.delivered(number);
            self.sent.push(command);
            self.sent_at.push(self.now.at);
        }
    }

    /// A response speaks and ends. It was not heard yet.
    fn speaks(&mut self, response: &str, of: &str, asks: Vec<AskNumber>) {
        self.begins(response, of, asks.clone());
        self.does(Event::AgentAudioDone { item: item(of), came_ms: 0 });
        self.does(Event::AgentTextDone { item: item(of), text: "words".to_owned() });
        self.ends(response, asks, Vec::new());
    }

    fn begins(&mut self, response: &str, of: &str, asks: Vec<AskNumber>) {
        self.does(Event::ResponseStarted { response: resp(response), asks });
        self.does(Event::AgentItem { response: resp(response), item: item(of) });
        self.does(Event::AgentBegan { response: resp(response), item: item(of) });
        self.plays_first_of(response, of, Duration::ZERO);
    }

    /// The first audio of an item goes to Twilio, with a delay of `added`.
    fn plays_first_of(&mut self, response: &str, of: &str, added: Duration) {
        self.does(Event::ItemPlaying { response: resp(response), item: item(of), added });
    }

    fn ends(&mut self, response: &str, asks: Vec<AskNumber>, calls: Vec<FunctionCall>) {
        self.does(Event::ResponseEnded {
            response: Some(resp(response)),
            asks,
            outcome: if calls.is_empty() { Outcome::Completed } else { Outcome::Called },
            calls,
            usage: Usage::default(),
        });
    }

    /// A response ends without a word.
    fn ends_unserved(&mut self, response: &str, asks: Vec<AskNumber>, outcome: Outcome) {
        self.does(Event::ResponseStarted { response: resp(response), asks: asks.clone() });
        self.does(Event::ResponseEnded {
            response: Some(resp(response)),
            asks,
            outcome,
            calls: Vec::new(),
            usage: Usage::default(),
        });
    }

    fn loses_session(&mut self, fault: SessionFault) {
        self.does(Event::SessionLost { fault, unplayed: Vec::new() });
    }

    fn plays(&mut self, response: &str, of: &str) {
        self.does(Event::ItemPlayed { response: resp(response), item: item(of) });
    }

    fn asks(&self) -> Vec<Ask> {
        (self.sent.iter())
            .filter_map(|command| {
                let Command::Ask(ask) = command else { return None };
                Some(ask.clone())
            })
            .collect()
    }

    /// The scripted lines that were asked for.
    fn lines(&self) -> Vec<(ScriptedLine, String)> {
        let lines = self.asks().into_iter().filter_map(|ask| match ask.want {
            Want::Line { line, text, .. } => Some((line, text)),
            Want::Answer(_) => None,
        });
        lines.collect()
    }

    /// The last response that was asked for is spoken and heard.
    fn last_line_is_heard(&mut self, name: &str) {
        let ask = self.asks().last().unwrap().number;
        let (response, of) = (format!("r-{name}"), format!("a-{name}"));
        self.speaks(&response, &of, vec![ask]);
        self.plays(&response, &of);
    }

    /// The caller has a turn. Returns the last ask.
    fn turn(&mut self, name: &str) -> AskNumber {
        self.does(Event::SpeechStarted);
        self.does(Event::SpeechStopped);
        self.does(Event::TurnCommitted { item: item(name) });
        self.asks().last().unwrap().number
    }

    fn words(&mut self, name: &str, text: &str) {
        self.does(Event::TurnTranscribed { item: item(name), text: Some(text.to_owned()) });
    }

    fn count(&self, wanted: &Command) -> usize {
        self.sent.iter().filter(|command| *command == wanted).count()
    }

    fn reason(&self) -> Option<EndReason> {
        self.call.ending().map(|ending| ending.reason)
    }
}

fn item(name: &str) -> ItemId {
    ItemId::parse(name).unwrap()
}

fn resp(name: &str) -> ResponseId {
    ResponseId::parse(name).unwrap()
}

fn control(arguments: &str) -> Vec<FunctionCall> {
    calls("call_control", arguments)
}

fn calls(name: &str, arguments: &str) -> Vec<FunctionCall> {
    let call = ToolCallId::parse("call_1").unwrap();
    vec![FunctionCall { call, name: name.to_owned(), arguments: arguments.to_owned() }]
}

const GOODBYE: &str = r#"{"should_end_call":true,"end_reason":"user_goodbye"}"#;
