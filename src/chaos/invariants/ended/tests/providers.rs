//! What the providers are sent, and what they object to (invariants 1, 4, 5, 6 and 14).

use entities::call_turns::TurnRole;
use practice::openai::{LinkFault, SeenEvent, Turn, Violation};
use practice::speech::Fault as Flaw;
use serde_json::json;

use super::*;
use crate::chaos::invariants::broken::Invariant;

#[test]
fn invariant_4_more_than_was_heard_is_detected() {
    let truncated: Change = |it| {
        it.model.events.push_back(SeenEvent {
            session: SESSION,
            at: secs(9.0),
            kind: "conversation.item.truncate".to_owned(),
            bytes: 0,
            body: json!({"item_id": "item_1", "audio_end_ms": 3021}),
        });
    };
    each_breaks(4, &[("the model is told of more", truncated)]);
    is_excused(Fault::MediaSocketStalls { call: 0, lasts: secs(1.0) }, truncated);
}

#[test]
fn invariant_6_damage_is_detected_unless_it_was_counted_or_the_line_broke() {
    let heard: Change = |it| it.calls[0].view.heard[0].flaw = Some(Flaw::Doubled);
    assert!(broken_by(heard, &story()).contains(&6));
    let spoken: Change = |it| it.model.violations.push(violation("broken_audio"));
    each_breaks(6, &[("a lost frame", spoken)]);
    is_excused(Fault::MediaSocketCut { call: 0 }, spoken);
    let mut ended = ended();
    spoken(&mut ended);
    record(&mut ended).stats = Some(json!({"frames": {"blocked": 1}}));
    assert_eq!(check(&story(), &ended), [], "it is counted");
}

fn violation(code: &str) -> Violation {
    let (code, detail) = (code.to_owned(), String::new());
    Violation { session: SESSION, at: secs(9.0), code, detail }
}

#[test]
fn invariant_1_invariant_14_what_a_provider_objects_to_is_detected() {
    let active = "conversation_already_has_active_response";
    assert_eq!(
        broken_by(|it| it.model.violations.push(violation("invalid_value")), &story()),
        [14]
    );
    let mut run = ended();
    run.model.violations.push(violation(active));
    assert_eq!(check(&story(), &run)[0].invariant, Invariant(1));
    let twilio: Change =
        |it| it.calls[0].view.violations.push(practice::twilio::Violation::BeforeStart);
    each_breaks(14, &[("Twilio", twilio)]);
}

#[test]
fn invariant_5_two_sessions_at_once_are_detected() {
    let both: Change = |it| {
        it.calls[0].turns.insert(2, turn(9, TurnRole::Caller, Some("item_9"), "x"));
        it.model.heard.push(Turn { session: SESSION + 1, ..said("item_9", "x") });
        for (session, at) in [(SESSION, 1.0), (SESSION + 1, 4.0), (SESSION, 5.0)] {
            let kind = "response.create".to_owned();
            let body = json!({});
            it.model.events.push_back(SeenEvent { session, at: secs(at), kind, bytes: 0, body });
        }
    };
    each_breaks(5, &[("two sessions", both)]);
    is_excused(Fault::Sessions(LinkFault::Stalled(secs(1.0))), both);
}
