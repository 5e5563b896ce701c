//! A call that no session can answer: it is put through to a person (PIPE-10).

use super::*;

const SECOND: &str = "MZ00000000000000000000000000000002";

fn stream_of(name: &str) -> StreamSid {
    StreamSid::parse(name).unwrap()
}

fn ends_twilio(status: CallStatus) -> Event {
    Event::StatusReported { status, duration_secs: Some(30) }
}

impl Stage {
    /// An open call whose session is lost for good.
    fn given_up() -> Self {
        let mut stage = Self::open();
        stage.loses_session(SessionFault::Lasting(FatalCause::Quota));
        stage
    }

    /// Twilio has taken the call from its stream, and rings the person.
    fn put_through() -> Self {
        let mut stage = Self::given_up();
        stage.does(Event::StreamClosed { stream: stream_of(STREAM), how: StreamEnd::Stopped });
        stage
    }

    /// How often the caller was put through, apologised to and hung up on by requests.
    fn requests(&self) -> (usize, usize, usize) {
        let of = |command| self.count(&command);
        (of(Command::Transfer), of(Command::Apologise), of(Command::HangUp))
    }

    fn is_over(&self) -> bool {
        matches!(self.call.phase(), Phase::Over { .. })
    }
}

#[test]
fn pipe_10_a_caller_whose_patience_with_openai_is_over_is_put_through_in_place_of_the_apology() {
    let mut stage = Stage::open();
    stage.loses_session(SessionFault::Passing);
    stage.waits(Duration::from_millis(9_999));
    assert_eq!(stage.requests(), (0, 0, 0));
    stage.waits(Duration::from_millis(1));
    assert_eq!(stage.requests(), (1, 0, 0));
    assert_eq!(stage.count(&Command::CloseSession), 1, "no other session is tried");
    assert_eq!(stage.reason(), Some(EndReason::UpstreamFailed));
    assert!(stage.call.agent_is_protected());
}

#[test]
fn pipe_10_every_way_to_give_a_call_up_puts_the_caller_through() {
    let lasting = |stage: &mut Stage| {
        stage.loses_session(SessionFault::Lasting(FatalCause::BadKey));
    };
    let never_a_word = |stage: &mut Stage| {
        let ask = stage.turn("u1");
        (0..3).for_each(|n| {
            stage.ends_unserved(&format!("w{n}"), vec![ask], Outcome::Unspoken);
        });
        stage.loses_session(SessionFault::Passing);
        stage.does(Event::SessionConfigured { session: 2 });
        stage.ends_unserved("r9", vec![ask], Outcome::Unspoken);
    };
    let fails = |stage: &mut Stage| {
        let ask = stage.turn("u1");
        stage.ends_unserved("r1", vec![ask], Outcome::Failed);
        stage.waits(Duration::from_secs(10));
    };
    let ways: [fn(&mut Stage); 3] = [lasting, never_a_word, fails];
    for (place, way) in ways.into_iter().enumerate() {
        let mut stage = Stage::open();
        way(&mut stage);
        assert_eq!(stage.requests(), (1, 0, 0), "{place}");
        assert_eq!(stage.count(&Command::CloseSession), 1, "{place}");
    }
    let mut unopened = Stage::new(|_| {});
    unopened.loses_session(SessionFault::Lasting(FatalCause::BadModel));
    assert_eq!(unopened.requests(), (1, 0, 0), "before any stream");
}

#[test]
fn pipe_10_without_a_person_and_in_a_call_that_we_placed_the_apology_comes_at_once() {
    let mut nobody = Stage::open_without_a_person();
    let mut placed = Stage::open();
    Arc::make_mut(&mut placed.call.setup).direction = Direction::Outbound;
    for stage in [&mut nobody, &mut placed] {
        stage.loses_session(SessionFault::Lasting(FatalCause::Quota));
        assert_eq!(stage.requests(), (0, 1, 0));
    }
}

#[test]
fn pipe_10_a_call_whose_person_has_answered_ends_at_its_status_as_upstream_failed() {
    let mut stage = Stage::put_through();
    assert!(!stage.is_over(), "our own request stopped the stream");
    stage.waits(Duration::from_secs(3 * 3600));
    stage.does(Event::TransferEnded { answered: true });
    assert!(!stage.is_over());
    stage.does(ends_twilio(CallStatus::Completed));
    let ending = Ending { reason: EndReason::UpstreamFailed, by: EndedBy::Daemon };
    assert_eq!(stage.call.ending(), Some(ending));
    assert_eq!((stage.requests(), stage.count(&Command::Finish)), ((1, 0, 0), 1));

    let mut lost = Stage::put_through();
    lost.does(Event::TransferEnded { answered: true });
    lost.waits(Duration::from_secs(5));
    assert!(lost.is_over(), "though the status never comes");
}

#[test]
fn pipe_10_when_nobody_answers_the_apology_is_given_by_the_webhook_and_nothing_is_asked_again() {
    let mut stage = Stage::put_through();
    stage.sent.clear();
    stage.does(Event::TransferEnded { answered: false });
    stage.does(Event::TransferEnded { answered: false });
    stage.does(Event::StreamOpened { stream: stream_of(SECOND) });
    stage.does(Event::SessionConfigured { session: 2 });
    stage.does(Event::TransferFailed);
    assert_eq!(stage.requests(), (0, 0, 0));
    assert_eq!(stage.asks(), []);
    assert_eq!(stage.count(&Command::OpenSession), 0);
    stage.waits(Duration::from_secs(59));
    assert!(!stage.is_over(), "Twilio still apologises");
    stage.does(ends_twilio(CallStatus::Completed));
    assert_eq!(stage.reason(), Some(EndReason::UpstreamFailed));
}

#[test]
fn pipe_10_a_refused_request_closes_the_stream_of_a_caller_who_is_on_it_or_comes_back_to_it() {
    // Twilio's answer to a redirect: refused, or that the call is not in progress.
    for refused in [Event::TransferFailed, Event::HangUpAnswered] {
        let mut on_it = Stage::given_up();
        on_it.does(refused);
        assert_eq!((on_it.requests(), on_it.count(&Command::CloseStream)), ((1, 0, 0), 1));
        on_it.does(Event::StreamClosed { stream: stream_of(STREAM), how: StreamEnd::Lost });
        on_it.waits(Duration::from_secs(60));
        assert!(!on_it.is_over(), "a webhook rings the person");
        on_it.does(Event::TransferEnded { answered: false });
        on_it.does(ends_twilio(CallStatus::Completed));
        assert_eq!(on_it.requests(), (1, 0, 0));
        assert_eq!(on_it.reason(), Some(EndReason::UpstreamFailed));
    }

    let mut gone = Stage::given_up();
    gone.does(Event::StreamClosed { stream: stream_of(STREAM), how: StreamEnd::Lost });
    gone.does(Event::TransferFailed);
    gone.waits(Duration::from_secs(60));
    assert_eq!(gone.requests(), (1, 0, 0), "Twilio may ring all the same");
    assert_eq!(gone.count(&Command::CloseStream), 0);
    gone.does(Event::StreamOpened { stream: stream_of(SECOND) });
    assert_eq!((gone.requests(), gone.count(&Command::CloseStream)), ((1, 0, 0), 1));
    assert_eq!(gone.count(&Command::OpenSession), 0);
}

#[test]
fn res_3_a_refused_apology_is_left_to_the_webhook_after_the_stream() {
    for refused in [Event::ApologyFailed, Event::HangUpAnswered] {
        let mut stage = Stage::open_without_a_person();
        stage.loses_session(SessionFault::Lasting(FatalCause::Quota));
        stage.waits(Duration::from_secs(30));
        stage.does(refused);
        assert_eq!((stage.requests(), stage.count(&Command::CloseStream)), ((0, 1, 0), 1));
        stage.does(Event::StreamClosed { stream: stream_of(STREAM), how: StreamEnd::Lost });
        stage.waits(Duration::from_secs(59));
        assert!(!stage.is_over(), "Twilio apologises");
        stage.waits(Duration::from_secs(1));
        assert!(stage.is_over(), "though the status never comes");
        assert_eq!(stage.requests(), (0, 1, 0));
    }
    let mut unopened = Stage::new(|_| {});
    Arc::make_mut(&mut unopened.call.setup).transfer = None;
    unopened.loses_session(SessionFault::Lasting(FatalCause::Quota));
    unopened.does(Event::ApologyFailed);
    assert_eq!(unopened.requests(), (0, 1, 1), "no webhook is asked");
}

#[test]
fn pipe_10_a_caller_who_hangs_up_while_it_rings_is_let_go() {
    for status in [CallStatus::Completed, CallStatus::Failed, CallStatus::Canceled] {
        let mut stage = Stage::put_through();
        stage.waits(Duration::from_secs(3));
        stage.does(ends_twilio(status));
        assert_eq!(stage.reason(), Some(EndReason::UpstreamFailed), "{status:?}");
        assert_eq!((stage.requests(), stage.count(&Command::Finish)), ((1, 0, 0), 1));
    }
}

#[test]
fn pipe_10_an_operator_ends_a_call_that_rings_and_a_stopping_daemon_leaves_it_to_twilio() {
    for (event, hang_ups) in [(Event::OperatorHungUp, 1), (Event::ShutdownOrdered, 0)] {
        let mut stage = Stage::put_through();
        stage.does(event);
        assert_eq!(stage.requests(), (1, 0, hang_ups));
        assert!(stage.is_over());
        assert_eq!(stage.reason(), Some(EndReason::UpstreamFailed));
    }
}

#[test]
fn pipe_10_a_call_of_which_twilio_reports_nothing_more_is_hung_up_on_in_the_end() {
    let mut stage = Stage::put_through();
    stage.waits(Duration::from_secs(4 * 3600 + 61));
    assert_eq!(stage.requests(), (1, 0, 1));
    stage.does(Event::HangUpAnswered);
    stage.waits(Duration::from_secs(5));
    assert!(stage.is_over());
}

#[test]
fn pipe_10_a_session_that_was_ready_too_late_is_not_used() {
    let mut stage = Stage::open();
    stage.turn("u1");
    stage.loses_session(SessionFault::Passing);
    stage.waits(Duration::from_secs(10));
    stage.sent.clear();
    stage.does(Event::SessionConfigured { session: 2 });
    assert_eq!(stage.sent, [], "it is being closed");
}

#[test]
fn end_6_an_ending_under_way_is_not_put_through() {
    let mut stage = Stage::open();
    stage.does(Event::ShutdownOrdered);
    stage.loses_session(SessionFault::Lasting(FatalCause::Quota));
    assert_eq!(stage.requests(), (0, 0, 1));
}

#[test]
fn call_13_a_call_that_is_put_through_counts_as_a_transfer_until_it_is_answered_or_25_s_are_over() {
    let number = |text: &str| PhoneNumber::parse(text).unwrap();
    let (person, business) = (number("+972501112233"), number("+97231234567"));
    let caused = |stage: &Stage| {
        let by = std::slice::from_ref(&person);
        stage.call.transfer_caused(by, Some(&business), stage.now.at)
    };
    assert!(!caused(&Stage::open()));
    let mut stage = Stage::put_through();
    stage.waits(Duration::from_millis(24_900));
    assert!(caused(&stage));
    stage.waits(Duration::from_millis(200));
    assert!(!caused(&stage));
    for answered in [true, false] {
        let mut stage = Stage::put_through();
        stage.does(Event::TransferEnded { answered });
        assert!(!caused(&stage));
    }
}
