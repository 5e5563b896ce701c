//! A request that has crossed another response on the wire: OpenAI refuses it by its name, or answers it. Until it has done
//! one of both, nothing else is asked for.

use super::*;

const FIRST: Option<RequestNumber> = Some(RequestNumber(1));
const SECOND: Option<RequestNumber> = Some(RequestNumber(2));

/// OpenAI reports an error without a name. The gate asks again, and another turn waits. Then the first response comes
/// after all.
fn the_first_comes_after_all(now: Instant) -> ResponseGate {
    let mut gate = ResponseGate::default();
    gate.trigger(line(1, ScriptedLine::Greeting), now);
    gate.refused_unnamed(now);
    gate.trigger(again(line(1, ScriptedLine::Greeting)), now);
    gate.trigger(answer(2, "u1"), now);
    assert_eq!(creates(&drain(&mut gate)), [RequestNumber(1), RequestNumber(2)]);
    gate.created(resp("r1"), FIRST, now);
    let asks = vec![AskNumber(1)];
    assert_eq!(drain(&mut gate), [GateOutput::Started { response: resp("r1"), asks }]);
    gate
}

fn is_heard(gate: &mut ResponseGate, response: &str, now: Instant) -> Vec<RequestNumber> {
    gate.progressed(true, now);
    gate.done(&resp(response), None, Outcome::Completed, now);
    creates(&drain(gate))
}

/// OpenAI had ended the first response before it saw the second request.
#[test]
fn invariant_1_nothing_is_asked_for_while_a_request_that_has_crossed_a_response_is_not_answered() {
    let now = base();
    let mut gate = the_first_comes_after_all(now);
    assert_eq!(is_heard(&mut gate, "r1", now), []);
    assert_eq!(gate.state(), GateState::Requested, "the second is outstanding");
    gate.created(resp("r2"), SECOND, now);
    let started = GateOutput::Started { response: resp("r2"), asks: vec![] };
    let of_second = drain(&mut gate);
    assert_eq!(of_second, [started, GateOutput::Cancel(resp("r2"))], "the greeting was heard");
    gate.done(&resp("r2"), None, Outcome::Cancelled, now);
    assert_eq!(creates(&drain(&mut gate)), [RequestNumber(3)], "for the turn");
}

#[test]
fn pipe_3_a_request_behind_a_response_that_is_refused_by_its_name_is_made_again_after_it() {
    let now = base();
    for refusal_comes_first in [true, false] {
        let mut gate = ResponseGate::default();
        gate.trigger(answer(1, "u1"), now);
        drain(&mut gate);
        gate.created(resp("other"), Some(RequestNumber(7)), now);
        if refusal_comes_first {
            gate.refused_as_active(Some(resp("other")), FIRST, now);
            assert_eq!(is_heard(&mut gate, "other", now), [RequestNumber(2)]);
        } else {
            assert_eq!(is_heard(&mut gate, "other", now), []);
            gate.created(resp("r1"), FIRST, now);
            let asks = vec![AskNumber(1)];
            assert_eq!(drain(&mut gate), [GateOutput::Started { response: resp("r1"), asks }]);
        }
    }
}

/// It takes with it the turns that the first response has seen.
#[test]
fn pipe_3_a_response_that_comes_after_all_answers_the_turn_of_the_request_behind_it() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.turn_committed(item("u1"));
    gate.trigger(answer(1, "u1"), now);
    gate.refused_unnamed(now);
    gate.withdraw(AskNumber(9), now);
    gate.turn_committed(item("u2"));
    gate.trigger(answer(2, "u2"), now);
    gate.trigger(again(answer(1, "u1")), now);
    drain(&mut gate);
    gate.created(resp("r1"), FIRST, now);
    let asks = vec![AskNumber(1), AskNumber(2)];
    assert_eq!(drain(&mut gate), [GateOutput::Started { response: resp("r1"), asks }]);
    assert_eq!(is_heard(&mut gate, "r1", now), []);
    gate.refused_as_active(Some(resp("r1")), SECOND, now);
    assert_eq!(creates(&drain(&mut gate)), [], "nothing is left to be asked for");
}

#[test]
fn pipe_9_a_request_behind_a_response_that_fails_is_reported_at_once() {
    let now = base();
    for by_name in [true, false] {
        let mut gate = ResponseGate::default();
        gate.trigger(answer(1, "u1"), now);
        drain(&mut gate);
        gate.created(resp("other"), Some(RequestNumber(7)), now);
        drain(&mut gate);
        if by_name {
            gate.refused(FIRST, now);
        } else {
            gate.refused_unnamed(now);
        }
        let (asks, outcome) = (vec![AskNumber(1)], Outcome::Failed);
        assert_eq!(drain(&mut gate), [GateOutput::Ended { response: None, asks, outcome }]);
        gate.trigger(again(answer(1, "u1")), now);
        assert_eq!(is_heard(&mut gate, "other", now), [RequestNumber(2)]);
    }
}

#[test]
fn barge_3_an_interruption_cancels_the_request_behind_a_response_too() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    drain(&mut gate);
    gate.created(resp("other"), Some(RequestNumber(7)), now);
    drain(&mut gate);
    gate.cancel(now);
    assert_eq!(drain(&mut gate), [GateOutput::Cancel(resp("other"))]);
    gate.done(&resp("other"), None, Outcome::Cancelled, now);
    drain(&mut gate);
    gate.created(resp("r1"), FIRST, now);
    assert_eq!(drain(&mut gate).last(), Some(&GateOutput::Cancel(resp("r1"))));
}

#[test]
fn pipe_3_a_request_that_was_behind_a_response_and_is_not_answered_stalls_the_session() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    gate.created(resp("other"), Some(RequestNumber(7)), now);
    let later = now + Duration::from_secs(20);
    gate.done(&resp("other"), None, Outcome::Called, later);
    drain(&mut gate);
    gate.handle_timeout(later);
    assert_eq!(drain(&mut gate), [], "its time begins anew");
    gate.handle_timeout(later + STALLED_AFTER);
    assert_eq!(drain(&mut gate), [GateOutput::Stalled]);
}
