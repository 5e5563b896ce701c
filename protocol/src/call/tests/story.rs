//! Any story of events, in any order.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Stream(u8),
    StreamGone(u8, bool),
    SessionUp,
    SessionDown(bool),
    Turn(u8),
    Words(u8),
    Serve(bool),
    Speak,
    Played,
    TalkedOver(u16),
    Control(u8),
    Digit,
    Status,
    Operator,
    Shutdown,
    GaveUp,
    HangUpAnswered,
    Later(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u8..3).prop_map(Step::Stream),
        (0u8..3, any::<bool>()).prop_map(|(n, stop)| Step::StreamGone(n, stop)),
        Just(Step::SessionUp),
        any::<bool>().prop_map(Step::SessionDown),
        (0u8..20).prop_map(Step::Turn),
        (0u8..20).prop_map(Step::Words),
        any::<bool>().prop_map(Step::Serve),
        Just(Step::Speak),
        Just(Step::Played),
        (0u16..3).prop_map(Step::TalkedOver),
        (0u8..4).prop_map(Step::Control),
        Just(Step::Digit),
        Just(Step::Status),
        Just(Step::Operator),
        Just(Step::Shutdown),
        Just(Step::GaveUp),
        Just(Step::HangUpAnswered),
        (0u16..20_000).prop_map(Step::Later),
    ]
}

proptest! {
    /// Invariant 2: any story ends at most once, hangs up at most once, greets at most once
    /// once it was heard, and then is quiet.
    #[test]
    fn invariant_2_any_story_ends_at_most_once_greets_once_and_then_is_quiet(
        steps in proptest::collection::vec(step(), 1..80)
    ) {
        let mut stage = Stage::new(|_| {});
        let mut greeted = false;
        let (mut made, mut running): (u32, Option<(String, Vec<AskNumber>, bool)>) = (0, None);
        for step in steps {
            let over_before = matches!(stage.call.phase(), Phase::Over { .. });
            let sent_before = stage.sent.len();
            let stream = |n: u8| StreamSid::parse(&format!("MZ{n:032x}")).unwrap();
            match step {
                Step::Stream(n) => stage.does(Event::StreamOpened { stream: stream(n) }),
                Step::StreamGone(n, stop) => {
                    let how = if stop { StreamEnd::Stopped } else { StreamEnd::Lost };
                    stage.does(Event::StreamClosed { stream: stream(n), how });
                }
                Step::SessionUp => stage.does(Event::SessionConfigured { session: made }),
                Step::SessionDown(lasting) => {
                    running = None;
                    let fault =
                        if lasting { SessionFault::Lasting } else { SessionFault::Passing };
                    stage.does(Event::SessionLost { fault });
                }
                Step::Turn(n) => stage.does(Event::TurnCommitted { item: item(&format!("u{n}")) }),
                Step::Words(n) => stage.does(Event::TurnTranscribed {
                    item: item(&format!("u{n}")),
                    text: Some("כן".to_owned()),
                }),
                Step::Serve(_) if running.is_none() => {
                    let served: Vec<AskNumber> =
                        stage.asks().last().map(|ask| ask.number).into_iter().collect();
                    made += 1;
                    let response = format!("r{made}");
                    stage.does(Event::ResponseStarted {
                        response: resp(&response),
                        asks: served.clone(),
                    });
                    running = Some((response, served, false));
                }
                Step::Serve(ends) => if let Some((response, asks, _)) = running.take_if(|_| ends) {
                    stage.ends(&response, asks, Vec::new());
                }
                Step::Speak => if let Some((response, _, spoke)) = &mut running {
                    *spoke = true;
                    let of = format!("a{made}");
                    let response = resp(response);
                    stage.does(Event::AgentBegan { response: response.clone(), item: item(&of) });
                    stage.does(Event::ItemPlaying { response, item: item(&of) });
                }
                Step::Played => stage.plays(&format!("r{made}"), &format!("a{made}")),
                Step::TalkedOver(heard) => {
                    let (response, item) = (resp(&format!("r{made}")), item(&format!("a{made}")));
                    let (heard_ms, came_ms) = (u32::from(heard) * 400, 1_000);
                    let items = vec![CutItem { response, item, heard_ms, came_ms }];
                    let cut = AgentCut { number: 1, took: Duration::ZERO, items };
                    stage.does(Event::AgentInterrupted(cut));
                }
                Step::Control(n) => if let Some((response, asks, _)) = running.take() {
                    let arguments = [GOODBYE, "{", r#"{"should_end_call":false}"#,
                        r#"{"should_end_call":true,"end_reason":"lead_complete"}"#][usize::from(n)];
                    stage.ends(&response, asks, control(arguments));
                }
                Step::Digit => stage.does(Event::DigitPressed { digit: '7' }),
                Step::Status => stage.does(Event::StatusReported {
                    status: CallStatus::Completed, duration_secs: Some(1),
                }),
                Step::Operator => stage.does(Event::OperatorHungUp),
                Step::Shutdown => stage.does(Event::ShutdownOrdered),
                Step::GaveUp => stage.does(Event::PartGaveUp),
                Step::HangUpAnswered => stage.does(Event::HangUpAnswered),
                Step::Later(ms) => stage.waits(Duration::from_millis(ms.into())),
            }
            let greets = stage.sent[sent_before..].iter().any(|command| matches!(
                command,
                Command::Ask(Ask { want: Want::Line { line: ScriptedLine::Greeting, .. }, .. })
            ));
            prop_assert!(!(greets && greeted), "asked to greet again after it was heard");
            greeted |= stage.call.greeting() != Greeting::Pending;
            if over_before {
                let quiet = stage.sent[sent_before..]
                    .iter()
                    .all(|command| matches!(command, Command::Record(_)));
                prop_assert!(quiet, "{:?}", &stage.sent[sent_before..]);
            }
        }
        prop_assert!(stage.count(&Command::HangUp) <= 1);
        prop_assert!(stage.count(&Command::Finish) <= 1);
        prop_assert!(stage.count(&Command::Apologise) <= 1);
        stage.waits(Duration::from_secs(3600));
        prop_assert!(matches!(stage.call.phase(), Phase::Over { .. }), "every call ends");
        prop_assert_eq!(stage.count(&Command::Finish), 1);
    }
}
