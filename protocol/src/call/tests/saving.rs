//! What is written of a call while it runs, and put together again (RES-4).

use std::collections::BTreeMap;

use super::snapshot::{scenes, tool};
use super::*;
use crate::call::saving::SavedEntries;
use crate::call::snapshot::CallSnapshot;

/// What the database has of a call.
#[derive(Default)]
struct Written {
    state: String,
    entries: BTreeMap<u32, String>,
    last: Option<SavedEntries>,
    writes: usize,
    bytes: usize,
}

impl Written {
    fn write(&mut self, call: &Call, now: Now) {
        let snapshot = call.snapshot(now);
        let parts = snapshot.changes_since(self.last.as_ref(), &[]);
        self.state = parts.state.to_json().unwrap();
        self.writes += 1;
        self.bytes += self.state.len();
        for entry in &parts.entries {
            let json = serde_json::to_string(entry).unwrap();
            self.bytes += json.len();
            self.entries.insert(entry.number, json);
        }
        self.last = Some(parts.all);
    }

    fn read(&self) -> CallSnapshot {
        CallSnapshot::from_parts(&self.state, self.entries.values().map(String::as_str)).unwrap()
    }
}

/// A stage whose call is written when it must be.
struct Saved {
    stage: Stage,
    written: Written,
}

impl Saved {
    fn does(&mut self, event: Event) {
        let before = self.stage.call.clone();
        self.stage.call.handle(event, self.stage.now);
        let is_due = self.stage.call.must_be_saved_after(&before);
        self.stage.deliver();
        if is_due {
            self.written.write(&self.stage.call, self.stage.now);
        }
    }

    /// The caller speaks, and the agent answers and is heard.
    fn turn(&mut self, n: u32) {
        let (turn, of) = (item(&format!("u{n}")), item(&format!("a{n}")));
        let response = resp(&format!("r{n}"));
        self.does(Event::SpeechStarted);
        self.does(Event::SpeechStopped);
        self.does(Event::TurnCommitted { item: turn.clone() });
        let ask = self.stage.asks().last().unwrap().number;
        self.does(Event::ResponseStarted { response: response.clone(), asks: vec![ask] });
        self.does(Event::AgentItem { response: response.clone(), item: of.clone() });
        self.does(Event::AgentBegan { response: response.clone(), item: of.clone() });
        let added = Duration::ZERO;
        self.does(Event::ItemPlaying { response: response.clone(), item: of.clone(), added });
        for _ in 0..20 {
            self.does(Event::AgentText {
                item: of.clone(), delta: "מילה ועוד ".to_owned()
            });
        }
        let text = Some("אני צריך להחליף את המנעול בדלת הכניסה".to_owned());
        self.does(Event::TurnTranscribed { item: turn, text });
        let text = "בשמחה. נוכל להגיע מחר בין תשע לאחת עשרה. מה נוח לך?".to_owned();
        self.does(Event::AgentTextDone { item: of.clone(), text });
        self.does(Event::AgentAudioDone { item: of.clone(), came_ms: 4_000 });
        let plays_until = self.stage.now.at + Duration::from_secs(4);
        self.does(Event::ItemQueued { item: of.clone(), plays_until });
        self.does(Event::ResponseEnded {
            response: Some(response.clone()),
            asks: vec![ask],
            outcome: Outcome::Completed,
            calls: Vec::new(),
            usage: Usage::default(),
        });
        self.stage.now.at = plays_until;
        self.does(Event::ItemPlayed { response, item: of });
    }
}

#[test]
fn res_4_what_is_written_piece_by_piece_is_the_whole_state() {
    for (name, call, now) in scenes() {
        let mut written = Written::default();
        written.write(&call, now);
        let mut whole = call.clone();
        whole.outbox.retain(|(_, command)| command.outlives_the_process());
        let expected = whole.snapshot(now);
        assert_eq!(format!("{:?}", written.read()), format!("{expected:?}"), "{name}");
    }
    let mut saved = Saved { stage: Stage::open(), written: Written::default() };
    for n in 1..=5 {
        saved.turn(n);
        saved.written.write(&saved.stage.call, saved.stage.now);
        let expected = saved.stage.call.snapshot(saved.stage.now);
        assert_eq!(format!("{:?}", saved.written.read()), format!("{expected:?}"));
    }
}

#[test]
fn res_4_a_turn_is_a_few_writes_that_do_not_grow_with_the_call() {
    let mut saved = Saved { stage: Stage::open(), written: Written::default() };
    let mut costs = Vec::new();
    for n in 1..=210 {
        let (writes, bytes) = (saved.written.writes, saved.written.bytes);
        saved.turn(n);
        costs.push((saved.written.writes - writes, saved.written.bytes - bytes));
    }
    assert!(costs.iter().all(|(writes, _)| *writes == 5), "{costs:?}");
    // By the hundredth, all that a call remembers of earlier turns is full.
    let (first, full, last) = (costs[2].1, costs[109].1, costs[209].1);
    assert!(first < 16 * 1024 && full < 32 * 1024, "{first}, {full}");
    assert!(last < full + full / 20, "{full}, and a hundred turns later {last}");
}

#[test]
fn res_4_a_command_that_was_given_to_another_part_is_given_again() {
    let (_, call, now) = scenes().into_iter().find(|(name, ..)| *name == "busy").unwrap();
    let status = (3, Command::SetLeadStatus(crate::business::LeadStatus::Declined));
    let parts = call.snapshot(now).changes_since(None, std::slice::from_ref(&status));
    let state = parts.state.to_json().unwrap();
    let entries: Vec<String> =
        parts.entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
    let read = CallSnapshot::from_parts(&state, entries.iter().map(String::as_str)).unwrap();
    let resumed = Call::resume(Arc::clone(&call.setup), read, AtTwilio::GoesOn, now).unwrap();
    assert_eq!(resumed.outbox().next().map(|(_, command)| command), Some(&status.1));
}

#[test]
fn res_4_bookings_transfers_and_hang_ups_wait_for_the_snapshot() {
    let mut stage = Stage::open_with(|settings| {
        settings.appointments.hours.sunday =
            vec![crate::business::TimeSpan::parse("09:00-13:00").unwrap()];
    });
    let lead = LeadFacts { id: Some(LeadId(Uuid::nil())), ..LeadFacts::default() };
    stage.does(Event::LeadKnown { lead });
    let ask = stage.turn("u1");
    let before = stage.call.snapshot(stage.now);
    let book = vec![tool("call_1", "create_appointment", r#"{"slot_start":"2026-11-22T10:00"}"#)];
    stage.ends("r1", vec![ask], book);
    stage.does(Event::OperatorHungUp);
    let awaiting: Vec<&Command> =
        stage.sent.iter().filter(|command| command.awaits_the_snapshot()).collect();
    let names: Vec<&str> = awaiting.iter().map(|command| command.name()).collect();
    assert_eq!(names, ["UseCalendar", "HangUp"]);
    // Invariant 17: the snapshot with a command knows of it, and the one before does not.
    let with = stage.call.snapshot(stage.now);
    for command in awaiting {
        assert!(with.knows_of(command) && !before.knows_of(command), "{command:?}");
    }
}

#[test]
fn res_4_the_facts_of_a_call_are_the_same_after_they_were_written_and_read() {
    let mut written = setup(|settings| {
        settings.agent.prompt = "שורה\nועוד \"אחת\"".to_owned();
        settings.agent.speed = 1.25;
        settings.greeting.text = Some("שלום".to_owned());
        settings.retention = Duration::from_secs(86_400);
    });
    written.person = Party::Known(PhoneNumber::parse("+972501234567").unwrap());
    assert_eq!(CallSetup::from_json(&written.to_json().unwrap()).unwrap(), written);
    written.opening = crate::business::OpeningLine::Silent;
    (written.person, written.transfer) = (Party::Withheld, None);
    assert_eq!(CallSetup::from_json(&written.to_json().unwrap()).unwrap(), written);
    assert!(CallSetup::from_json("{}").unwrap_err().to_string().contains("missing field"));
}
