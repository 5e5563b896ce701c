use practice::openai::{LinkFault, ResponseFault};
use protocol::ids::PhoneNumber;

use super::*;
use crate::chaos::story::{LinkTrouble, Order, Peer};
use actors::introspection::ActorKind;

fn story() -> Story {
    let callers = vec![
        Caller {
            business: 1,
            number: PhoneNumber::parse("+972502000001").ok(),
            answers: None,
            dials_at: Duration::from_millis(9_716),
            line: LineQuality { burst: 5, loses_marks: true, ..LineQuality::default() },
            acts: vec![
                Act { when: When::AgentEnds, what: Deed::Say("yes") },
                Act { when: When::After(Duration::from_millis(700)), what: Deed::Press("0") },
            ],
            then: Finally::HangsUpAfter(Duration::from_millis(4_423)),
        },
        Caller {
            business: 0,
            number: None,
            answers: None,
            dials_at: Duration::from_secs(12),
            line: LineQuality::default(),
            acts: Vec::new(),
            then: Finally::WaitsForTheEnd,
        },
    ];
    let lasts = Duration::from_millis(4_300);
    let troubles = vec![
        Trouble {
            at: Moment::TracePoint { call: 1, kind: ActorKind::TwilioIo, nth: 237 },
            what: Fault::Crash,
        },
        Trouble { at: Moment::Published { call: 0, nth: 3 }, what: Fault::Crash },
        Trouble {
            at: Moment::Ordered { call: 0, order: Order::HangUp, nth: 1 },
            what: Fault::Crash,
        },
        Trouble {
            at: Moment::Scene { call: 0, scene: Scene::Closing, plus: Duration::from_millis(500) },
            what: Fault::SessionsExpire,
        },
        Trouble {
            at: Moment::At(Duration::from_millis(28_100)),
            what: Fault::Network { to: Peer::Daemon, trouble: LinkTrouble::Stall, lasts },
        },
    ];
    let lost = ResponseFault::Lost { after: None, by: LinkFault::Closed(1011) };
    let model =
        Behaviour { responses_once: vec![ResponseFault::None, lost], ..Behaviour::default() };
    let (writers, setting) = (Vec::new(), Default::default());
    Story { seed: 1, nodes: 1, callers, writers, troubles, model, setting }
}

#[test]
fn prac_6_a_story_is_told_in_plain_words() {
    let slugs = ["tel-aviv-locks", "harbour-clinic"].map(|slug| Slug::parse(slug).unwrap());
    let lines = story().lines(&slugs);
    assert_eq!(
        lines[0],
        "at 9.7 s call 1 (harbour-clinic, from +972502000001, 5 frames at once, no marks come back): \
         waits for the agent's end, says \"yes\"; waits 0.7 s, presses 0; hangs up after 4.4 s"
    );
    assert_eq!(
        lines[1],
        "at 12.0 s call 2 (tel-aviv-locks, from a withheld number): \
         waits until the daemon ends the call"
    );
    let ending = "; its first responses: faultless, the connection is closed with 1011";
    assert!(lines[2].starts_with("the model answers within ") && lines[2].ends_with(ending));
    assert_eq!(lines[3], "call 2's actor twilio_io crashes at its trace point 237");
    assert_eq!(lines[4], "when call 1's actor call has published event 3: a crash");
    assert_eq!(lines[5], "when call 1's actor call has published HangUp 1: a crash");
    assert_eq!(lines[6], "0.5 s into call 1's closing: every session expires");
    assert_eq!(lines[7], "at 28.1 s: for 4.3 s, connections to the daemon stall");
}
