//! The drawing, as a whole and as a property of any list.

use proptest::prelude::*;
use protocol::ids::{CallSid, Generation};

use super::*;

fn actor(id: u64, kind: ActorKind, parent: Option<u64>) -> ActorView {
    ActorView {
        id,
        name: kind.as_str().to_owned(),
        kind,
        parent,
        call_sid: None,
        state: "running".to_owned(),
        generation: Generation(0),
        restarts: 0,
        mailbox_depth: 0,
        handled: id * 7,
        last_message_age_ms: Some(3),
        uptime_ms: 65_000,
        last_error: None,
        node: "http://127.0.0.1:8080".to_owned(),
    }
}

fn of_call(id: u64, kind: ActorKind, parent: u64) -> ActorView {
    let call = CallSid::parse("CA0123456789abcdef0123456789abcdef").unwrap();
    ActorView { call_sid: Some(call), uptime_ms: 4_900, ..actor(id, kind, Some(parent)) }
}

#[test]
fn ops_2_every_actor_stands_under_its_supervisor_with_how_it_does() {
    let restarted = ActorView {
        state: "reconnecting".to_owned(),
        generation: Generation(2),
        restarts: 2,
        mailbox_depth: 3,
        last_error: Some("panicked:\n  index out of bounds".to_owned()),
        ..of_call(9, ActorKind::Realtime, 4)
    };
    let actors = [
        restarted,
        actor(1, ActorKind::Supervisor, None),
        of_call(6, ActorKind::TwilioIo, 4),
        of_call(4, ActorKind::CallSupervisor, 1),
        actor(2, ActorKind::Calendar, Some(1)),
        actor(10, ActorKind::Journal, Some(1)),
    ];
    let expected = "\
ACTOR                         STATE         RESTARTS  DEPTH  HANDLED     AGE
supervisor                    running              0      0        7  1m 05s
├─ calendar                   running              0      0       14  1m 05s
├─ call_supervisor …89abcdef  running              0      0       28      4s
│  ├─ twilio_io               running              0      0       42      4s
│  └─ realtime                reconnecting         2      3       63      4s
│        last error: panicked: index out of bounds
└─ journal                    running              0      0       70  1m 05s
";
    assert_eq!(draw(&actors), expected);
}

#[test]
fn an_age_is_told_in_its_two_largest_units() {
    let told = |seconds| age(Duration::from_secs(seconds));
    assert_eq!([told(0), told(59), told(60)], ["0s", "59s", "1m 00s"]);
    assert_eq!([told(3_661), told(90_000)], ["1h 01m", "1d 01h"]);
}

#[test]
fn a_long_error_is_cut_to_one_short_line() {
    let failed = ActorView {
        last_error: Some("word\n".repeat(100)),
        ..actor(1, ActorKind::Supervisor, None)
    };
    let drawn = draw(&[failed]);
    let error = drawn.lines().last().unwrap();
    assert!(error.chars().count() <= LONGEST_ERROR && error.ends_with("word…"), "{error}");
}

proptest! {
    #[test]
    fn every_actor_is_drawn_once_whoever_it_says_its_supervisor_is(
        parents in prop::collection::vec(prop::option::of(0_u64..20), 0..20),
    ) {
        let actors: Vec<_> = (0..)
            .zip(&parents)
            .map(|(id, parent)| ActorView {
                state: format!("state-{id}."),
                ..actor(id, ActorKind::Call, *parent)
            })
            .collect();
        let drawn = draw(&actors);
        prop_assert_eq!(drawn.lines().count(), actors.len() + 1);
        for actor in &actors {
            prop_assert_eq!(drawn.matches(&actor.state).count(), 1);
        }
    }
}

#[test]
fn res_9_the_trees_of_several_nodes_are_drawn_apart_although_their_ids_are_the_same() {
    let here = actor(1, ActorKind::Supervisor, None);
    let there = ActorView { node: "http://127.0.0.1:9090".to_owned(), ..here.clone() };
    let drawn = draw(&[there, here.clone()]);
    let lines: Vec<&str> = drawn.lines().collect();
    assert_eq!((lines[0], lines[4]), ("http://127.0.0.1:8080", "http://127.0.0.1:9090"), "{drawn}");
    assert_eq!(lines[1..3], lines[5..7], "{drawn}");
    assert_eq!(draw(std::slice::from_ref(&here)), format!("{}\n", lines[1..3].join("\n")));
}
