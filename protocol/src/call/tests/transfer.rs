//! A call that is transferred to a person (CALL-10).

use super::*;

fn transfer() -> Vec<FunctionCall> {
    calls("transfer_call", "{}")
}

impl Stage {
    /// The caller asks for a person, and the model calls `transfer_call` without speaking.
    fn transferring() -> Self {
        let mut stage = Self::open();
        stage.asks_for_a_person();
        stage
    }

    fn asks_for_a_person(&mut self) {
        let ask = self.turn("u1");
        self.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
        self.ends("r1", vec![ask], transfer());
    }

    /// The last line was heard, and Twilio rings the person.
    fn ringing() -> Self {
        let mut stage = Self::transferring();
        stage.last_line_is_heard("farewell");
        stage.waits(Duration::ZERO);
        let stream = StreamSid::parse(STREAM).unwrap();
        stage.does(Event::StreamClosed { stream, how: StreamEnd::Stopped });
        stage
    }

    fn told(&self) -> Vec<String> {
        let entries = self.call.conversation.entries();
        let told = entries.filter_map(|entry| match &entry.body {
            Body::System(text) => Some(text.clone()),
            Body::ToolOutput { output, .. } => Some(output.clone()),
            Body::Caller { .. }
            | Body::Digits(_)
            | Body::Agent { .. }
            | Body::Recorded(_)
            | Body::ToolCall { .. } => None,
        });
        told.collect()
    }
}

#[test]
fn call_10_the_farewell_is_played_before_the_person_is_rung_and_nothing_is_asked_for_after_it() {
    let mut stage = Stage::transferring();
    let farewell = stage.call.setup().lines.transfer_farewell.clone();
    assert_eq!(stage.lines(), [(ScriptedLine::Closing, farewell)]);
    assert!(stage.call.agent_is_protected());
    let ask = stage.asks().last().unwrap().number;
    stage.speaks("r2", "a2", vec![ask]);
    assert_eq!(stage.count(&Command::Transfer), 0, "it is not heard yet");
    stage.plays("r2", "a2");
    stage.waits(Duration::ZERO);
    assert_eq!(stage.count(&Command::Transfer), 1);
    assert_eq!(stage.call.phase().name(), "handing_over");
    stage.waits(Duration::from_secs(3 * 3600));
    assert_eq!((stage.asks().len(), stage.count(&Command::HangUp)), (2, 0));
}

#[test]
fn call_10_a_session_that_nobody_speaks_with_is_closed_when_the_stream_is_gone() {
    let mut stage = Stage::transferring();
    stage.last_line_is_heard("farewell");
    stage.waits(Duration::ZERO);
    assert_eq!(stage.count(&Command::CloseSession), 0);
    let stream = StreamSid::parse(STREAM).unwrap();
    stage.does(Event::StreamClosed { stream, how: StreamEnd::Stopped });
    assert_eq!(stage.count(&Command::CloseSession), 1);
    assert_eq!(stage.reason(), None, "the call goes on");
}

#[test]
fn call_10_an_answered_transfer_is_how_the_call_ended_and_needs_no_hang_up() {
    let mut stage = Stage::ringing();
    stage.waits(Duration::from_secs(600));
    stage.does(Event::TransferEnded { answered: true });
    stage.does(Event::StatusReported { status: CallStatus::Completed, duration_secs: Some(630) });
    let ending = Ending { reason: EndReason::Transferred, by: EndedBy::Agent };
    assert_eq!(stage.call.ending(), Some(ending));
    assert_eq!((stage.count(&Command::HangUp), stage.count(&Command::Finish)), (0, 1));
}

#[test]
fn call_10_a_call_whose_last_status_never_comes_after_an_answered_transfer_is_over_all_the_same() {
    let mut stage = Stage::ringing();
    stage.does(Event::TransferEnded { answered: true });
    stage.waits(Duration::from_secs(5));
    assert_eq!(stage.count(&Command::Finish), 1);
}

#[test]
fn call_10_a_call_that_nobody_took_goes_on_with_a_new_session_that_is_told_so() {
    let mut stage = Stage::ringing();
    stage.waits(Duration::from_secs(20));
    stage.does(Event::TransferEnded { answered: false });
    assert_eq!(stage.count(&Command::OpenSession), 1);
    stage.does(Event::TransferEnded { answered: false });
    assert_eq!(stage.count(&Command::OpenSession), 1, "Twilio asked twice");
    let stream = StreamSid::parse("MZ00000000000000000000000000000002").unwrap();
    stage.does(Event::StreamOpened { stream });
    stage.sent.clear();
    stage.does(Event::SessionConfigured { session: 2 });
    assert_eq!(stage.asks().len(), 1);
    assert_eq!(stage.asks()[0].want, Want::Answer(Reply::Resume));
    assert!(stage.told().last().unwrap().starts_with("Nobody answered the transfer"));
    assert!(!stage.call.agent_is_protected());
    let ask = stage.turn("u2");
    stage.does(Event::ResponseStarted { response: resp("r9"), asks: vec![ask] });
    stage.ends("r9", vec![ask], transfer());
    assert_eq!(stage.lines().len(), 1, "it can be tried again");
}

#[test]
fn call_10_a_stream_that_does_not_come_back_after_the_transfer_ends_the_call() {
    let mut stage = Stage::ringing();
    stage.does(Event::TransferEnded { answered: false });
    stage.does(Event::SessionConfigured { session: 2 });
    stage.waits(Duration::from_secs(15));
    assert_eq!(stage.reason(), Some(EndReason::StreamLost));
    assert_eq!(stage.count(&Command::HangUp), 1);
}

#[test]
fn call_10_a_transfer_that_twilio_refuses_leaves_the_caller_with_the_agent() {
    let mut stage = Stage::transferring();
    stage.last_line_is_heard("farewell");
    stage.waits(Duration::ZERO);
    stage.sent.clear();
    stage.does(Event::TransferFailed);
    assert_eq!(stage.call.phase(), &Phase::Open);
    assert_eq!(stage.asks()[0].want, Want::Answer(Reply::Resume));
    assert!(stage.told().last().unwrap().starts_with("The transfer was not possible"));

    let mut stage = Stage::ringing();
    stage.does(Event::TransferFailed);
    assert_eq!(stage.call.phase().name(), "handing_over", "Twilio has taken it after all");
}

#[test]
fn call_10_why_a_call_ended_meanwhile_depends_on_whether_anybody_can_have_answered() {
    let hung_up = Ending { reason: EndReason::CallerHungUp, by: EndedBy::Caller };
    let transferred = Ending { reason: EndReason::Transferred, by: EndedBy::Agent };
    for (after, ending) in [(25, hung_up), (31, transferred)] {
        let mut stage = Stage::ringing();
        stage.waits(Duration::from_secs(after));
        let status = CallStatus::Completed;
        stage.does(Event::StatusReported { status, duration_secs: Some(60) });
        assert_eq!(stage.call.ending(), Some(ending), "after {after} s");
    }
}

#[test]
fn call_10_a_caller_who_hangs_up_during_the_farewell_was_not_transferred() {
    let mut stage = Stage::transferring();
    let stream = StreamSid::parse(STREAM).unwrap();
    stage.does(Event::StreamClosed { stream, how: StreamEnd::Stopped });
    assert_eq!(stage.reason(), Some(EndReason::CallerHungUp));
    assert_eq!(stage.count(&Command::Transfer), 0);
}

#[test]
fn call_10_an_operator_ends_a_transferred_call_and_a_stopping_daemon_leaves_it_to_twilio() {
    let mut stage = Stage::ringing();
    stage.does(Event::OperatorHungUp);
    assert_eq!(stage.reason(), Some(EndReason::Operator));
    assert_eq!(stage.count(&Command::HangUp), 1);

    let mut stage = Stage::ringing();
    stage.does(Event::ShutdownOrdered);
    assert_eq!(stage.reason(), Some(EndReason::Transferred));
    assert_eq!((stage.count(&Command::HangUp), stage.count(&Command::Finish)), (0, 1));
}

#[test]
fn call_10_a_transfer_without_a_number_or_of_a_call_that_is_ending_is_refused() {
    let mut stage = Stage::open_without_a_person();
    stage.asks_for_a_person();
    assert_eq!(stage.lines(), []);
    assert!(stage.told().last().unwrap().contains("nobody to put the caller through to"));
    assert_eq!(stage.asks().last().unwrap().want, Want::Answer(Reply::ToolOutput));

    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
    stage.does(Event::ShutdownOrdered);
    stage.ends("r1", vec![ask], transfer());
    assert!(stage.told().last().unwrap().contains("ending already"));
    assert_eq!(stage.lines().len(), 1);
}

#[test]
fn call_10_a_caller_who_speaks_over_the_words_before_it_is_answered_and_not_transferred() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    let items =
        vec![CutItem { response: resp("r1"), item: item("a1"), heard_ms: 100, came_ms: 900 }];
    stage.does(Event::AgentInterrupted(AgentCut { number: 1, took: Duration::ZERO, items }));
    stage.ends("r1", vec![ask], transfer());
    assert_eq!(stage.lines(), []);
    assert!(stage.told().last().unwrap().contains("the caller interrupted you"));
}

#[test]
fn call_10_a_farewell_that_cannot_be_spoken_holds_the_transfer_up_for_five_seconds() {
    let mut stage = Stage::transferring();
    stage.waits(Duration::from_millis(4_999));
    assert_eq!(stage.count(&Command::Transfer), 0);
    stage.waits(Duration::from_millis(1));
    assert_eq!(stage.count(&Command::Transfer), 1);
}

#[test]
fn call_10_a_transfer_that_lasts_longer_than_twilio_lets_it_is_ended() {
    let mut stage = Stage::ringing();
    stage.waits(Duration::from_secs(4 * 3600 + 61));
    assert_eq!(stage.count(&Command::HangUp), 1);
    stage.does(Event::HangUpAnswered);
    stage.waits(Duration::from_secs(5));
    assert_eq!(stage.reason(), Some(EndReason::Transferred));
}

#[test]
fn call_13_a_new_call_is_our_own_transfers_only_while_it_rings_and_by_both_its_numbers() {
    let number = |text: &str| PhoneNumber::parse(text).unwrap();
    let (person, business) = (number("+972501112233"), number("+97231234567"));
    let (caller, other) = (number("+972507654321"), number("+972500000000"));
    let mut stage = Stage::ringing();
    stage.call.setup = Arc::new(CallSetup {
        person: Party::Known(caller.clone()),
        ..CallSetup::clone(&stage.call.setup)
    });
    let caused = |stage: &Stage, by: &PhoneNumber, from: Option<&PhoneNumber>| {
        stage.call.transfer_caused(std::slice::from_ref(by), from, stage.now.at)
    };
    for from in [&caller, &person, &business] {
        assert!(caused(&stage, &person, Some(from)));
        assert!(!caused(&stage, &other, Some(from)), "passed on by somebody else");
    }
    assert!(!caused(&stage, &person, Some(&other)), "another caller");
    assert!(!caused(&stage, &person, None), "a withheld number is nobody's");
    stage.waits(Duration::from_millis(24_900));
    assert!(caused(&stage, &person, Some(&caller)));
    stage.waits(Duration::from_millis(200));
    assert!(!caused(&stage, &person, Some(&caller)), "it has been answered by now");

    let mut stage = Stage::ringing();
    assert!(caused(&stage, &person, Some(&business)));
    stage.does(Event::TransferEnded { answered: true });
    assert!(!caused(&stage, &person, Some(&business)));
    assert!(!caused(&Stage::open(), &person, Some(&business)));
}
