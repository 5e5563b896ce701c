//! What a planted mistake does, and that it does nothing when it is not planted.

use mistakes::{Mistake, plant};

use super::*;

/// The requests for two turns, the second of which comes so long after the last news of the first's response.
fn requests_for_two_turns(pause: Duration) -> usize {
    let (mut gate, mut now) = (ResponseGate::default(), base());
    gate.trigger(answer(1, "u1"), now);
    now += Duration::from_secs(2);
    gate.created(resp("r1"), None, now);
    now += pause;
    gate.trigger(answer(2, "u2"), now);
    creates(&drain(&mut gate)).len()
}

#[test]
fn second_response_asks_again_only_when_nothing_has_come_for_a_second() {
    let (quick, slow) = (Duration::from_millis(999), Duration::from_secs(1));
    assert_eq!(requests_for_two_turns(slow), 1);
    let _planted = plant(Mistake::SecondResponse);
    assert_eq!(requests_for_two_turns(slow), 2);
    assert_eq!(requests_for_two_turns(quick), 1);
}
