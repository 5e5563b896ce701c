//! What the gate holds back after a barge-in, and how long it waits for OpenAI.

use super::*;

#[test]
fn barge_4_a_turn_that_crosses_the_response_a_cut_was_meant_for_is_answered_and_not_by_that_one() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.turn_committed(item("u1"));
    gate.trigger(answer(1, "u1"), now);
    gate.cancel(now);
    gate.turn_committed(item("u2"));
    gate.trigger(answer(2, "u2"), now);
    drain(&mut gate);
    gate.created(resp("r1"), None, now);
    gate.done(&resp("r1"), None, Outcome::Cancelled, now);
    let commands = drain(&mut gate);
    assert!(commands.contains(&GateOutput::Ended {
        response: Some(resp("r1")),
        asks: vec![AskNumber(1)],
        outcome: Outcome::Cancelled,
    }));
    assert_eq!(creates(&commands).len(), 1, "for the second turn: {commands:?}");
}

#[test]
fn barge_4_answers_held_for_a_noise_go_after_three_seconds_but_never_while_the_caller_speaks() {
    let second = Duration::from_secs(1);
    let mut now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    gate.created(resp("r1"), None, now);
    gate.trigger(tool_output(2), now);
    gate.cancel(now);
    gate.done(&resp("r1"), None, Outcome::Cancelled, now);
    drain(&mut gate);
    assert_eq!(gate.poll_timeout(), Some(now + HOLD_PATIENCE));
    gate.caller_speaks(true, now);
    assert_eq!(gate.poll_timeout(), None, "a turn will follow");
    now += 10 * second;
    gate.handle_timeout(now);
    gate.caller_speaks(false, now);
    now += 2 * second;
    gate.handle_timeout(now);
    assert_eq!(creates(&drain(&mut gate)), vec![]);
    now += second;
    gate.handle_timeout(now);
    assert_eq!(creates(&drain(&mut gate)).len(), 1);
}

#[test]
fn barge_4_a_caller_who_interrupted_is_awaited_in_a_new_session_too() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.cancel(now);
    gate.session_lost();
    gate.trigger(tool_output(1), now);
    assert_eq!(creates(&drain(&mut gate)), vec![]);
    gate.trigger(answer(2, "u1"), now);
    assert_eq!(creates(&drain(&mut gate)).len(), 1);
}

#[test]
fn pipe_3_what_came_before_a_request_does_not_make_it_look_stalled() {
    let long_ago = base();
    let now = long_ago + Duration::from_secs(9);
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    drain(&mut gate);
    gate.progressed(false, long_ago);
    gate.handle_timeout(now);
    assert_eq!(drain(&mut gate), vec![]);
    assert_eq!(gate.poll_timeout(), Some(now + STALLED_AFTER));
}
