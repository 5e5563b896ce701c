//! A session is replaced before OpenAI ends it (RES-3).

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

/// A call without silence checks. Its session was configured at the beginning.
fn long_call() -> Stage {
    Stage::open_with(|settings| {
        settings.silence.timeout = Duration::from_mins(10 * 60);
        settings.ending.max_duration = Duration::from_mins(3 * 60);
    })
}

/// The orders to replace a session, and when they came.
fn orders(stage: &Stage) -> Vec<(Duration, u32, Renewal)> {
    let sent = stage.sent.iter().zip(&stage.sent_at);
    sent.filter_map(|(command, at)| {
        let Command::RenewSession { session, why } = command else { return None };
        Some((at.since_beginning(), *session, *why))
    })
    .collect()
}

fn waits_until(stage: &mut Stage, at: Duration) {
    let passed = stage.now.at.since_beginning();
    stage.waits(at - passed);
}

fn next_session(stage: &mut Stage, session: u32) {
    stage.loses_session(SessionFault::Passing);
    stage.does(Event::SessionConfigured { session });
}

#[test]
fn res_3_a_session_is_replaced_at_50_minutes_and_nothing_is_said() {
    let mut stage = long_call();
    waits_until(&mut stage, 50 * MINUTE);
    assert_eq!(orders(&stage), [(50 * MINUTE, 1, Renewal::AtQuietMoment)]);
    next_session(&mut stage, 2);
    waits_until(&mut stage, 99 * MINUTE);
    assert_eq!(orders(&stage).len(), 1, "the age counts from the new session on");
    waits_until(&mut stage, 100 * MINUTE);
    assert_eq!(orders(&stage)[1], (100 * MINUTE, 2, Renewal::AtQuietMoment));
    assert!(stage.asks().is_empty(), "{:?}", stage.asks());
}

#[test]
fn res_3_an_order_that_was_not_carried_out_is_repeated_each_second() {
    let mut stage = long_call();
    waits_until(&mut stage, 50 * MINUTE + Duration::from_secs(2));
    let at: Vec<_> = orders(&stage).into_iter().map(|(at, _, _)| at - 50 * MINUTE).collect();
    assert_eq!(at, [0, 1, 2].map(Duration::from_secs));
}

/// Makes the call busy, and calm again. Returns when it is to be replaced at the latest.
type Busy = (&'static str, fn(&mut Stage), fn(&mut Stage), Option<Duration>);

const BUSY: [Busy; 5] = [
    (
        "the caller speaks",
        |stage| stage.does(Event::SpeechStarted),
        |stage| {
            let ask = stage.turn("u1");
            stage.words("u1", "so that was it");
            stage.speaks("r1", "a1", vec![ask]);
            stage.plays("r1", "a1");
        },
        Some(Duration::from_mins(58)),
    ),
    (
        "the words of a turn are awaited",
        |stage| {
            let ask = stage.turn("u1");
            stage.speaks("r1", "a1", vec![ask]);
            stage.plays("r1", "a1");
        },
        |stage| stage.words("u1", "hello"),
        Some(Duration::from_mins(58)),
    ),
    (
        "the agent is heard",
        |stage| {
            let ask = stage.turn("u1");
            stage.words("u1", "hello");
            stage.speaks("r1", "a1", vec![ask]);
        },
        |stage| stage.plays("r1", "a1"),
        Some(Duration::from_mins(59)),
    ),
    (
        "an answer is owed",
        |stage| {
            let _ask = stage.turn("u1");
            stage.words("u1", "hello");
        },
        |stage| {
            let ask = stage.asks().last().unwrap().number;
            stage.speaks("r1", "a1", vec![ask]);
            stage.plays("r1", "a1");
        },
        Some(Duration::from_mins(58)),
    ),
    ("the call is ending", |stage| stage.does(Event::ShutdownOrdered), |_| {}, None),
];

#[test]
fn res_3_a_session_is_not_replaced_while_anybody_is_busy() {
    for (what, busy, calm, latest) in BUSY {
        let mut stage = long_call();
        waits_until(&mut stage, 49 * MINUTE);
        busy(&mut stage);
        let mut late = stage.call.clone();
        // The time alone passes: no timer but the renewal's is looked at.
        let due = late.renewal_deadline();
        match latest {
            Some(latest) => assert_eq!(due, Some(Moment::after(latest)), "{what}"),
            None => {
                let timers = late.poll_timeout();
                assert!(!matches!(timers, Some((_, Timer::Renewal))), "{what}");
                continue;
            }
        }
        late.on_renewal_due(Now { at: due.unwrap(), ..stage.now });
        let given = late.outbox().last().map(|(_, command)| command.clone());
        let why =
            if latest == Some(58 * MINUTE) { Renewal::BetweenAnswers } else { Renewal::AtOnce };
        assert_eq!(given, Some(Command::RenewSession { session: 1, why }), "{what}");
        stage.now.at = Moment::after(51 * MINUTE);
        calm(&mut stage);
        stage.call.handle_timeout(stage.now);
        stage.deliver();
        assert_eq!(orders(&stage), [(51 * MINUTE, 1, Renewal::AtQuietMoment)], "{what}");
    }
}

#[test]
fn res_3_a_call_without_a_session_orders_no_renewal() {
    let mut stage = long_call();
    stage.loses_session(SessionFault::Passing);
    assert_eq!(stage.call.renewal_deadline(), None);
}
