//! Whatever happens in a call, in whatever order, its invariants hold.

mod restored;
mod step;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::business::Decider;
use crate::call::interjection::TAKEN_BACK;
use step::{Step, step};

/// A call with random events, and what the checks need to know of it.
struct Story {
    stage: Stage,
    made: u32,
    /// The running response, the asks it carries, and whether it has spoken.
    running: Option<(String, Vec<AskNumber>, bool)>,
    greeted: bool,
    said_goodbye: bool,
    line: Option<LastLine>,
    /// Since when the call is ending. The line may be asked for later, in the next session.
    ending_since: Option<Moment>,
    /// When the last key of an unfinished sequence was pressed.
    pressed: Option<Moment>,
    /// When a hang-up is due, or the earliest time at which one can be.
    due: Moment,
}

/// A scripted closing line that was asked for and not withdrawn.
struct LastLine {
    ask: AskNumber,
    asked: Moment,
    began: Option<(String, Moment)>,
    heard: bool,
    gone: bool,
    /// Responses to it without a word.
    unserved: u8,
}

impl LastLine {
    /// Whether the line allows the hang-up (END-6).
    fn is_over(&self, now: Moment) -> bool {
        let patience = Duration::from_secs(if self.began.is_some() { 60 } else { 5 });
        let since = self.began.as_ref().map_or(self.asked, |(_, began)| *began);
        self.heard || self.gone || now >= since + patience
    }
}

impl Story {
    fn new(decider: Decider, wait: Duration, open: bool, has_person: bool) -> Self {
        let change = |settings: &mut BusinessSettings| {
            settings.ending.decider = decider;
            settings.ending.phrase_wait = wait;
            settings.ending.required_lead_fields = vec!["city".to_owned()];
        };
        let stage = if open { Stage::open_with(change) } else { Stage::new(change) };
        let stage = if has_person { stage } else { stage.without_a_person() };
        let (greeted, said_goodbye, due) = (open, false, stage.now.at);
        Self {
            stage,
            made: 0,
            running: None,
            greeted,
            said_goodbye,
            line: None,
            ending_since: None,
            pressed: None,
            due,
        }
    }

    /// No session can answer the call.
    fn gave_up(&self) -> bool {
        self.stage.reason() == Some(EndReason::UpstreamFailed)
    }

    fn line_is_gone(&mut self, when: bool) {
        if let Some(line) = self.line.as_mut().filter(|_| when) {
            line.gone = true;
        }
    }

    fn happens(&mut self, step: Step) {
        let stream = |n: u8| StreamSid::parse(&format!("MZ{n:032x}")).unwrap();
        let turn = |n: u8| item(&format!("u{n}"));
        match step {
            Step::Stream(n) => self.stage.does(Event::StreamOpened { stream: stream(n) }),
            Step::StreamGone(n, stop) => {
                let how = if stop { StreamEnd::Stopped } else { StreamEnd::Lost };
                self.stage.does(Event::StreamClosed { stream: stream(n), how });
            }
            Step::SessionUp => self.stage.does(Event::SessionConfigured { session: self.made }),
            Step::SessionDown(lasting) => {
                self.running = None;
                self.line_is_gone(lasting);
                // Without a session no turn is answered.
                self.pressed.take_if(|_| lasting);
                self.stage.loses_session(if lasting {
                    SessionFault::Lasting(FatalCause::BadKey)
                } else {
                    SessionFault::Passing
                });
            }
            Step::CallerSpeaks(true) => self.stage.does(Event::SpeechStarted),
            Step::CallerSpeaks(false) => self.stage.does(Event::SpeechStopped),
            Step::Turn(n) => self.stage.does(Event::TurnCommitted { item: turn(n) }),
            Step::EndlessTurn(n) => self.stage.does(Event::EndlessTurnCommitted { item: turn(n) }),
            Step::CallerQuiet => self.stage.does(Event::CallerQuiet),
            Step::Words(n, which) => {
                let words = ["כן", "", "לא צריך, תודה", "no thanks", "ביי", "מה המחיר, ביי"];
                let text = words[usize::from(which)].to_owned();
                self.said_goodbye |= text.contains("ביי");
                self.stage.does(Event::TurnTranscribed { item: turn(n), text: Some(text) });
            }
            Step::Field(of_this_call) => {
                let captured = if of_this_call { vec!["city".to_owned()] } else { Vec::new() };
                let known = [("city".to_owned(), "x".to_owned())].into();
                let lead = LeadFacts { id: None, known, captured: captured.into_iter().collect() };
                self.stage.does(Event::LeadKnown { lead });
            }
            Step::Respond(ends) => self.responds(ends),
            Step::Unserved(n) => self.ends_unserved(n),
            Step::Speak => self.speaks(),
            Step::Played => self.plays(),
            Step::TalkedOver(heard) => self.is_talked_over(heard),
            Step::Control(n) => {
                let arguments = [
                    GOODBYE,
                    "{",
                    r#"{"should_end_call":false}"#,
                    r#"{"should_end_call":true,"end_reason":"lead_complete"}"#,
                    r#"{"should_end_call":true,"end_reason":"customer_declined"}"#,
                ][usize::from(n)];
                self.ends_with(control(arguments));
            }
            Step::Transfer => self.ends_with(calls("transfer_call", "{}")),
            Step::TransferEnds(Some(answered)) => {
                self.stage.does(Event::TransferEnded { answered });
            }
            Step::TransferEnds(None) => self.stage.does(Event::TransferFailed),
            Step::Digit(digit) => {
                self.pressed = Some(self.stage.now.at);
                self.stage.does(Event::DigitPressed { digit });
            }
            Step::Status => self.stage.does(Event::StatusReported {
                status: CallStatus::Completed,
                duration_secs: Some(1),
            }),
            Step::RecordingFails => self.stage.does(Event::RecordingFailed),
            Step::Operator => {
                self.line_is_gone(true);
                self.pressed = None;
                self.stage.does(Event::OperatorHungUp);
            }
            Step::Shutdown => self.stage.does(Event::ShutdownOrdered),
            Step::HangUpAnswered => self.stage.does(Event::HangUpAnswered),
            Step::Later(ms) => self.stage.waits(Duration::from_millis(ms.into())),
        }
    }

    fn ends_with(&mut self, calls: Vec<FunctionCall>) {
        if let Some((response, asks, spoke)) = self.running.take() {
            self.ended(&asks, spoke);
            for FunctionCall { name, arguments, .. } in calls.clone() {
                let response = resp(&response);
                self.stage.does(Event::CallMade { response, name, arguments });
            }
            self.stage.ends(&response, asks, calls);
        }
    }

    fn responds(&mut self, ends: bool) {
        if self.running.is_none() {
            let last = self.stage.asks().last().map(|ask| ask.number);
            let asks: Vec<AskNumber> = last.into_iter().collect();
            self.made += 1;
            let response = format!("r{}", self.made);
            let started = Event::ResponseStarted { response: resp(&response), asks: asks.clone() };
            self.stage.does(started);
            self.running = Some((response, asks, false));
        } else if let Some((response, asks, spoke)) = self.running.take_if(|_| ends) {
            self.ended(&asks, spoke);
            self.stage.ends(&response, asks, Vec::new());
        }
    }

    /// The running response ends without a word, if it has said none.
    fn ends_unserved(&mut self, which: u8) {
        let Some((response, asks, _)) = self.running.take_if(|(_, _, spoke)| !*spoke) else {
            return;
        };
        let outcomes =
            [Outcome::Unspoken, Outcome::OutOfTokens, Outcome::Failed, Outcome::Filtered];
        let outcome = outcomes[usize::from(which)];
        if let Some(line) = self.line.as_mut().filter(|line| asks.contains(&line.ask)) {
            line.unserved += u8::from(outcome != Outcome::Failed);
            line.gone |= outcome == Outcome::Filtered || line.unserved > 3;
        }
        self.stage.ends_unserved(&response, asks, outcome);
    }

    fn ended(&mut self, asks: &[AskNumber], spoke: bool) {
        let of_line = self.line.as_ref().is_some_and(|line| asks.contains(&line.ask));
        self.line_is_gone(of_line && !spoke);
    }

    fn speaks(&mut self) {
        let Some((response, asks, spoke)) = &mut self.running else { return };
        *spoke = true;
        if let Some(line) = self.line.as_mut().filter(|line| asks.contains(&line.ask)) {
            // A line that comes too late was given up.
            line.gone |= line.is_over(self.stage.now.at);
            line.began.get_or_insert((response.clone(), self.stage.now.at));
        }
        let (of, response) = (item(&format!("a{}", self.made)), resp(response));
        self.stage.does(Event::AgentBegan { response: response.clone(), item: of.clone() });
        self.stage.does(Event::ItemPlaying { response, item: of, added: Duration::ZERO });
    }

    fn plays(&mut self) {
        let response = format!("r{}", self.made);
        if let Some(line) = &mut self.line
            && line.began.as_ref().is_some_and(|(began, _)| *began == response)
        {
            line.heard = true;
        }
        self.stage.plays(&response, &format!("a{}", self.made));
    }

    /// The agent is cut off. It may be protected by now: the cut may have crossed.
    fn is_talked_over(&mut self, heard: u16) {
        let response = format!("r{}", self.made);
        let of_line = self.line.as_ref().is_some_and(|line| {
            let carries = |(_, asks, _): &(_, Vec<AskNumber>, _)| asks.contains(&line.ask);
            let began = line.began.as_ref().is_some_and(|(began, _)| *began == response);
            began || self.running.as_ref().is_some_and(carries)
        });
        self.line_is_gone(of_line);
        let (response, item) = (resp(&response), item(&format!("a{}", self.made)));
        let (heard_ms, came_ms) = (u32::from(heard) * 400, 1_000);
        let items = vec![CutItem { response, item, heard_ms, came_ms }];
        let cut = AgentCut { number: 1, took: Duration::ZERO, items };
        self.stage.does(Event::AgentInterrupted(cut));
    }

    /// Checks the commands since the first `before`.
    fn check(
        &mut self,
        before: usize,
        was_over: bool,
        had_given_up: bool,
    ) -> Result<(), TestCaseError> {
        for place in before..self.stage.sent.len() {
            let (command, at) = (&self.stage.sent[place], self.stage.sent_at[place]);
            if had_given_up {
                let costs = matches!(command, Command::OpenSession | Command::Ask(_));
                prop_assert!(!costs, "{command:?} after the call was given up");
            }
            if let Command::Ask(Ask { number, want: Want::Line { line, .. }, .. }) = command {
                prop_assert!(
                    !(*line == ScriptedLine::Greeting && self.greeted),
                    "asked to greet again after it was heard"
                );
                if *line == ScriptedLine::Closing
                    && self.line.as_ref().is_none_or(|line| line.ask != *number)
                {
                    let (ask, asked) = (*number, self.ending_since.unwrap_or(at));
                    let (began, heard, gone, unserved) = (None, false, false, 0);
                    self.line = Some(LastLine { ask, asked, began, heard, gone, unserved });
                }
            } else if let Command::Withdraw(ask) = command {
                self.line.take_if(|line| line.ask == *ask);
            } else if says_that_it_is_taken_back(command) {
                (self.line, self.ending_since) = (None, None);
            } else if matches!(command, Command::HangUp | Command::Transfer)
                && self.stage.call.stream.is_open()
            {
                let over = self.line.as_ref().is_none_or(|line| line.is_over(at));
                prop_assert!(over, "hung up while the closing line was unheard");
                let passed = |since: Moment, ms| at >= since + Duration::from_millis(ms);
                let gathered = self.pressed.is_none_or(|last| passed(last, 1500));
                // Nobody can answer the keys.
                let gave_up = *command == Command::Transfer && self.gave_up();
                prop_assert!(
                    gathered || gave_up || passed(self.due, 3000),
                    "hung up on a caller who was pressing keys"
                );
            }
        }
        self.pressed.take_if(|_| self.stage.call.digits.is_none());
        self.due = match self.stage.call.phase() {
            Phase::Pausing { until, .. } => *until,
            Phase::Open
            | Phase::Closing { .. }
            | Phase::HandingOver { .. }
            | Phase::HangingUp { .. }
            | Phase::Over { .. } => self.stage.now.at,
        };
        let ending = self.stage.call.ending().is_some();
        self.line.take_if(|_| !ending);
        self.ending_since = ending.then(|| self.ending_since.unwrap_or(self.stage.now.at));
        self.greeted |= self.stage.call.greeting() != Greeting::Pending;
        if was_over {
            let sent = &self.stage.sent[before..];
            let quiet = sent.iter().all(|command| matches!(command, Command::Record(_)));
            prop_assert!(quiet, "{:?}", sent);
        }
        if let Some(Ending { reason, by: EndedBy::Daemon }) = self.stage.call.ending() {
            prop_assert!(reason != EndReason::CustomerDeclined, "ended on a decline");
            prop_assert!(
                reason != EndReason::UserGoodbye || self.said_goodbye,
                "ended without a goodbye"
            );
        }
        Ok(())
    }
}

/// The ending was taken back: its line is not waited for any more. Another ending may follow in the
/// same step.
fn says_that_it_is_taken_back(command: &Command) -> bool {
    let Command::Record(Record::Turn(entry)) = command else { return false };
    entry.body == Body::System(TAKEN_BACK.to_owned())
}

/// Runs the steps one by one and checks each.
fn run(story: &mut Story, steps: impl IntoIterator<Item = Step>) -> Result<(), TestCaseError> {
    for step in steps {
        let was_over = matches!(story.stage.call.phase(), Phase::Over { .. });
        let (before, had_given_up) = (story.stage.sent.len(), story.gave_up());
        story.happens(step);
        story.check(before, was_over, had_given_up)?;
    }
    Ok(())
}

#[test]
fn invariant_2_a_second_response_for_the_greeting_does_not_make_it_pending_again() {
    let mut story = Story::new(Decider::Phrases, Duration::from_millis(300), false, true);
    let steps = [
        Step::SessionUp,
        Step::Respond(false),
        Step::Speak,
        Step::CallerSpeaks(false),
        Step::Respond(true),
        Step::Respond(false),
        Step::SessionDown(false),
        Step::SessionUp,
    ];
    run(&mut story, steps).unwrap();
}

#[test]
fn invariant_2_a_turn_that_waits_is_not_answered_after_the_call_was_given_up() {
    for (wait, turn, ripens) in [
        (0, Step::EndlessTurn(0), Step::CallerQuiet),
        (20_000, Step::Turn(0), Step::Words(0, 0)),
        (20_000, Step::EndlessTurn(0), Step::Later(20_000)),
    ] {
        let mut story = Story::new(Decider::Both, Duration::from_millis(wait), false, false);
        let steps = [turn, Step::Later(10_000), ripens, Step::SessionUp];
        run(&mut story, steps).unwrap();
        assert!(story.gave_up());
    }
}

/// Its line was heard in part when the ending was taken back, and the session is lost for good.
#[test]
fn invariant_2_a_call_whose_ending_was_taken_back_is_given_up_like_any_other() {
    let mut story = Story::new(Decider::Model, Duration::ZERO, false, true);
    let steps = [
        Step::Stream(0),
        Step::SessionDown(false),
        Step::Turn(0),
        Step::Respond(false),
        Step::Control(0),
        Step::SessionUp,
        Step::Respond(false),
        Step::Speak,
        Step::SessionDown(false),
        Step::Later(10_000),
    ];
    run(&mut story, steps).unwrap();
    assert!(story.gave_up());
}

proptest! {
    /// Invariant 2: any story ends at most once, hangs up at most once, greets at most once once it
    /// was heard, and then is quiet. It never ends while a scripted closing line is unheard, unless
    /// the line is gone, never while keys are being pressed, and never on a decline.
    #[test]
    fn invariant_2_any_story_ends_at_most_once_greets_once_and_then_is_quiet(
        decider in prop_oneof![Just(Decider::Model), Just(Decider::Phrases), Just(Decider::Both)],
        wait in prop_oneof![Just(Duration::ZERO), Just(Duration::from_millis(300))],
        open in any::<bool>(),
        has_person in any::<bool>(),
        steps in proptest::collection::vec(step(), 1..100),
    ) {
        let mut story = Story::new(decider, wait, open, has_person);
        run(&mut story, steps)?;
        let stage = &mut story.stage;
        prop_assert!(stage.count(&Command::HangUp) <= 1);
        prop_assert!(stage.count(&Command::Finish) <= 1);
        prop_assert!(stage.count(&Command::Apologise) <= 1);
        stage.waits(Duration::from_secs(5 * 3600));
        prop_assert!(matches!(stage.call.phase(), Phase::Over { .. }), "every call ends");
        prop_assert_eq!(stage.count(&Command::Finish), 1);
    }
}
