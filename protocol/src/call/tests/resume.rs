//! The daemon dies, and another process goes on with the call (RES-4).

mod spoken;

use super::*;
use crate::business::TimeSpan;
use crate::calendar::CalendarTool;
use crate::call::snapshot::CallSnapshot;

const SECOND: &str = "MZ00000000000000000000000000000002";

impl Stage {
    /// The process dies, and 3 s later the next one goes on: the caller comes back, and a session
    /// opens.
    fn dies(&mut self) {
        self.is_taken_over();
        self.comes_back();
    }

    fn is_taken_over(&mut self) {
        self.is_taken_over_after(Duration::from_secs(3), AtTwilio::GoesOn);
    }

    fn is_taken_over_after(&mut self, away: Duration, at_twilio: AtTwilio) {
        let json = self.call.snapshot(self.now).to_json().unwrap();
        self.now.at += away;
        let (setup, snapshot) = (&self.call.setup, CallSnapshot::from_json(&json).unwrap());
        self.call = Call::resume(Arc::clone(setup), snapshot, at_twilio, self.now).unwrap();
        self.sent.clear();
        self.sent_at.clear();
        self.deliver();
    }

    fn comes_back(&mut self) {
        self.does(Event::StreamOpened { stream: StreamSid::parse(SECOND).unwrap() });
        self.does(Event::SessionConfigured { session: 1 });
    }

    fn wants(&self) -> Vec<Want> {
        self.asks().into_iter().map(|ask| ask.want).collect()
    }

    /// What a new session is told, in one line each.
    fn replayed(&self) -> Vec<String> {
        let replay = self.sent.iter().rev().find_map(|command| {
            let Command::Replay { history, .. } = command else { return None };
            Some(history.iter().map(|entry| entry.text().unwrap_or_default()).collect())
        });
        replay.unwrap()
    }
}

fn turn(name: &str) -> Want {
    Want::Answer(Reply::Turn(item(name)))
}

const SHORT_SENTENCE: Want = Want::Answer(Reply::Resume);

fn is_greeting(want: &Want) -> bool {
    matches!(want, Want::Line { line: ScriptedLine::Greeting, .. })
}

/// A call with a stream and a session, and nothing said yet.
fn silent() -> Stage {
    let mut stage = Stage::new(|_| {});
    stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
    stage.does(Event::SessionConfigured { session: 1 });
    stage
}

#[test]
fn res_4_without_a_stream_the_call_waits_for_the_first_one() {
    let mut stage = Stage::new(|_| {});
    stage.is_taken_over();
    assert_eq!(stage.count(&Command::OpenSession), 1);
    stage.comes_back();
    let answered = |command: &&Command| matches!(command, Command::Record(Record::Answered(_)));
    assert_eq!(stage.sent.iter().filter(answered).count(), 1);
}

#[test]
fn res_4_after_silence_the_agent_goes_on_with_one_short_sentence() {
    let mut stage = Stage::open();
    stage.dies();
    assert_eq!(stage.wants(), [SHORT_SENTENCE]);
    stage.last_line_is_heard("back");
    assert_eq!(stage.asks().len(), 1);
}

#[test]
fn res_4_a_turn_that_waited_is_answered_and_its_words_are_in_the_history() {
    let mut stage = Stage::open();
    stage.turn("u1");
    stage.words("u1", "מה המחיר?");
    stage.dies();
    assert_eq!(stage.wants(), [turn("u1")]);
    assert!(stage.replayed().iter().any(|told| told == "מה המחיר?"));
}

#[test]
fn res_4_a_turn_whose_words_died_with_the_daemon_is_asked_for_again() {
    let asks_again = |stage: &Stage| stage.replayed().last().unwrap().contains("to say it again");
    let mut stage = Stage::open();
    stage.turn("u1");
    stage.dies();
    assert_eq!(stage.wants(), [turn("u1")]);
    assert!(asks_again(&stage));

    let mut in_the_middle = Stage::open();
    in_the_middle.does(Event::SpeechStarted);
    in_the_middle.dies();
    assert_eq!(in_the_middle.wants(), [SHORT_SENTENCE]);
    assert!(asks_again(&in_the_middle));
}

#[test]
fn res_4_a_turn_that_waited_for_its_words_or_for_quiet_is_answered() {
    let wait = |settings: &mut BusinessSettings| {
        settings.ending.decider = Decider::Phrases;
        settings.ending.phrase_wait = Duration::from_secs(60);
    };
    let turns = [
        Event::TurnCommitted { item: item("u1") },
        Event::EndlessTurnCommitted { item: item("u1") },
    ];
    for committed in turns {
        let mut stage = Stage::open_with(wait);
        stage.does(committed);
        assert_eq!(stage.wants(), []);
        stage.dies();
        assert_eq!(stage.wants(), [turn("u1")]);
    }
}

#[test]
fn res_4_tools_that_had_not_returned_are_run_again_with_the_same_ids_and_answered() {
    let mut stage = Stage::new(|settings| {
        settings.appointments.hours.sunday = vec![TimeSpan::parse("09:00-13:00").unwrap()];
    });
    stage.comes_back();
    stage.speaks("r0", "a0", vec![AskNumber(1)]);
    stage.plays("r0", "a0");
    let id = |name: &str| ToolCallId::parse(name).unwrap();
    let made = |call, name: &str, arguments: &str| FunctionCall {
        call: id(call),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    };
    let books = made("call_1", "create_appointment", r#"{"slot_start":"2026-11-22T10:00"}"#);
    let updates = made("call_2", "update_lead_details", r#"{"city":"Haifa"}"#);
    let lead = Some(LeadId(Uuid::from_u128(5)));
    stage.does(Event::LeadKnown { lead: LeadFacts { id: lead, ..LeadFacts::default() } });
    // The words of the turn are lost, and have called the tools.
    let ask = stage.turn("u1");
    stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
    stage.ends("r1", vec![ask], vec![books.clone(), updates.clone()]);
    stage.dies();
    let again = |command: Command| stage.count(&command);
    assert_eq!(again(Command::UpdateLead(updates)), 1);
    assert_eq!(again(Command::EnsureLead), 0, "it is known");
    let tool = CalendarTool::Create;
    assert_eq!(again(Command::UseCalendar { tool, call: books, lead, offered: [].into() }), 1);
    assert_eq!(stage.wants(), [], "the answer follows their outputs");
    assert!(stage.replayed().last().unwrap().contains("Go on where you were"));
    for call in ["call_1", "call_2"] {
        let outcome = ToolOutcome::new("{}".to_owned(), true);
        stage.does(Event::ToolFinished { call: id(call), outcome });
    }
    assert_eq!(stage.wants(), [Want::Answer(Reply::ToolOutput)]);
}

#[test]
fn res_4_a_lead_that_is_not_known_yet_is_looked_for_again() {
    let mut stage = Stage::open();
    stage.dies();
    assert_eq!(stage.count(&Command::EnsureLead), 1);
}

/// Its caller does not come back.
#[test]
fn res_4_of_a_call_that_is_finished_for_a_dead_daemon_the_lead_gets_what_it_is_owed() {
    let mut stage = Stage::open();
    let update = FunctionCall {
        call: ToolCallId::parse("call_1").unwrap(),
        name: "update_lead_details".to_owned(),
        arguments: r#"{"city":"Haifa"}"#.to_owned(),
    };
    let ask = stage.turn("u1");
    stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
    stage.ends("r1", vec![ask], vec![update.clone()]);
    let json = stage.call.snapshot(stage.now).to_json().unwrap();
    let snapshot = CallSnapshot::from_json(&json).unwrap();
    stage.call = Call::restore_to_end(Arc::clone(&stage.call.setup), snapshot, stage.now).unwrap();
    stage.sent.clear();
    let (status, duration_secs) = (CallStatus::Completed, Some(20));
    stage.does(Event::StatusReported { status, duration_secs });
    assert_eq!(stage.count(&Command::EnsureLead), 1);
    assert_eq!(stage.count(&Command::UpdateLead(update)), 1);
}

#[test]
fn res_4_a_hang_up_is_ordered_again_and_a_transfer_is_not() {
    let mut hanging_up = Stage::open();
    hanging_up.does(Event::ShutdownOrdered);
    hanging_up.waits(Duration::from_secs(5));
    hanging_up.is_taken_over();
    assert_eq!(hanging_up.sent, [Command::EnsureLead, Command::HangUp]);
    hanging_up.waits(Duration::from_secs(60));
    assert_eq!(hanging_up.reason(), Some(EndReason::Shutdown));

    let mut apologising = Stage::open_without_a_person();
    apologising.loses_session(SessionFault::Lasting(FatalCause::Quota));
    apologising.is_taken_over();
    assert_eq!(apologising.sent, [Command::EnsureLead, Command::Apologise]);

    let mut ringing = Stage::open();
    ringing.does(Event::ResponseStarted { response: resp("r1"), asks: Vec::new() });
    ringing.ends("r1", Vec::new(), calls("transfer_call", "{}"));
    ringing.last_line_is_heard("farewell");
    ringing.waits(Duration::ZERO);
    assert_eq!(ringing.call.phase().name(), "handing_over");
    ringing.is_taken_over();
    assert_eq!(ringing.sent, [Command::EnsureLead]);
    ringing.does(Event::TransferEnded { answered: false });
    ringing.comes_back();
    assert_eq!(ringing.wants(), [SHORT_SENTENCE]);
    assert_eq!(ringing.count(&Command::OpenSession), 1);
}

#[test]
fn res_4_what_was_to_be_done_and_was_not_is_done_and_what_concerns_the_dead_session_is_not() {
    let mut stage = Stage::open();
    stage.call.handle(Event::DigitPressed { digit: '7' }, stage.now);
    stage.call.handle(Event::DigitPressed { digit: '#' }, stage.now);
    let waiting: Vec<&str> = stage.call.outbox().map(|(_, command)| command.name()).collect();
    assert_eq!(waiting, ["Record", "Tell", "Ask"]);
    stage.is_taken_over();
    let sent: Vec<&str> = stage.sent.iter().map(Command::name).collect();
    assert_eq!(sent[0], "Record");
    assert!(!sent.contains(&"Tell") && !sent.contains(&"Ask"));
    stage.comes_back();
    assert_eq!(stage.wants(), [Want::Answer(Reply::Digits)]);
}

#[test]
fn res_4_the_time_away_counts_neither_as_silence_nor_against_the_session() {
    let mut stage = Stage::open();
    stage.waits(Duration::from_secs(1));
    stage.now.at += Duration::from_secs(40);
    stage.dies();
    stage.last_line_is_heard("back");
    assert_eq!(stage.call.phase(), &Phase::Open);
    assert_eq!(stage.call.view(stage.now).silence_checks, 0);
    let timeout = stage.call.setup().settings.silence.timeout;
    stage.waits(timeout - Duration::from_secs(1));
    assert_eq!(stage.lines(), []);
    stage.waits(Duration::from_secs(2));
    assert_eq!(stage.lines().len(), 1);
}

#[test]
fn res_4_a_caller_who_does_not_come_back_ends_the_call() {
    let mut stage = Stage::open();
    stage.is_taken_over();
    stage.does(Event::SessionConfigured { session: 1 });
    stage.waits(Duration::from_secs(60));
    assert_eq!(stage.reason(), Some(EndReason::StreamLost));
}

/// A whole call: greeting, a question, a tool, the answer, a goodbye.
fn whole_story() -> Vec<Event> {
    let begins = |response: &str, of: &str, ask| {
        let (response, of) = (resp(response), item(of));
        let added = Duration::ZERO;
        vec![
            Event::ResponseStarted { response: response.clone(), asks: vec![AskNumber(ask)] },
            Event::AgentItem { response: response.clone(), item: of.clone() },
            Event::AgentBegan { response: response.clone(), item: of.clone() },
            Event::ItemPlaying { response, item: of.clone(), added },
            Event::AgentTextDone { item: of.clone(), text: "words".to_owned() },
            Event::AgentAudioDone { item: of, came_ms: 900 },
        ]
    };
    let ends = |response: &str, ask, calls| {
        let (response, asks) = (Some(resp(response)), vec![AskNumber(ask)]);
        Event::ResponseEnded {
            response,
            asks,
            outcome: Outcome::Called,
            calls,
            usage: Usage::default(),
        }
    };
    let played = |response, of| Event::ItemPlayed { response: resp(response), item: item(of) };
    let says = |turn: &str, text: &str| {
        let (turn, text) = (item(turn), Some(text.to_owned()));
        [
            Event::SpeechStarted,
            Event::SpeechStopped,
            Event::TurnCommitted { item: turn.clone() },
            Event::TurnTranscribed { item: turn, text },
        ]
    };
    let id = ToolCallId::parse("call_1").unwrap();
    let failed = ToolOutcome::new("{}".to_owned(), false);
    let mut story = vec![
        Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() },
        Event::SessionConfigured { session: 1 },
    ];
    story.extend(begins("r0", "a0", 1));
    story.extend([ends("r0", 1, Vec::new()), played("r0", "a0")]);
    story.extend(says("u1", "מה המחיר?"));
    let started = Event::ResponseStarted { response: resp("r1"), asks: vec![AskNumber(2)] };
    story.extend([started, ends("r1", 2, calls("update_lead_details", "{}"))]);
    story.push(Event::ToolFinished { call: id, outcome: failed });
    story.extend(begins("r2", "a2", 3));
    story.extend([ends("r2", 3, Vec::new()), played("r2", "a2")]);
    story.extend(says("u2", "ביי"));
    story.extend(begins("r3", "a3", 4));
    story.extend([ends("r3", 4, control(GOODBYE)), played("r3", "a3")]);
    story
}

#[test]
fn res_4_wherever_the_daemon_dies_in_a_whole_call_the_next_one_goes_on() {
    let story = whole_story();
    let mut phases = Vec::new();
    for point in 0..=story.len() {
        let mut stage = Stage::new(|_| {});
        story[..point].iter().cloned().for_each(|event| stage.does(event));
        let before = stage.call.clone();
        phases.push(before.phase().name());
        let waited = before.unanswered_turns();
        stage.dies();
        let wants = stage.wants();
        assert!(!wants.iter().any(is_greeting), "after {point} events: {wants:?}");
        assert_eq!(stage.call.ending(), before.ending(), "after {point} events");
        if before.ending().is_none() {
            for asked in waited {
                assert!(wants.contains(&Want::Answer(Reply::Turn(asked))), "after {point} events");
            }
            let runs = before.tools.running();
            assert!(runs > 0 || !wants.is_empty(), "after {point} events nothing is said");
            let again = stage.sent.iter().filter(|sent| matches!(sent, Command::UpdateLead(_)));
            assert_eq!(again.count(), runs, "after {point} events");
            continue;
        }
        for name in 0..stage.asks().len() {
            stage.last_line_is_heard(&format!("last-{name}"));
        }
        stage.waits(Duration::from_secs(5));
        assert_eq!(stage.count(&Command::HangUp), 1, "after {point} events");
    }
    phases.dedup();
    assert_eq!(phases, ["open", "closing", "pausing"]);
}
