//! What an answer costs the gate, counted in allocations.

use allocation_counter::measure;

use super::*;

/// An answer from the turn to its end. The names are made before.
fn answered(gate: &mut ResponseGate, number: u64, now: Instant) -> u64 {
    let (turn, response) = (item(&format!("u{number:06}")), resp(&format!("r{number:06}")));
    let cost = measure(|| {
        gate.turn_committed(turn.clone());
        gate.trigger(ask(number, Want::Answer(Reply::Turn(turn))), now);
        let mut request = None;
        while let Some(output) = gate.poll_output() {
            if let GateOutput::Create { request: asked, .. } = output {
                request = Some(asked);
            }
        }
        gate.created(response.clone(), request, now);
        for _ in 0..20 {
            gate.progressed(true, now);
        }
        gate.done(&response, request, Outcome::Completed, now);
        while gate.poll_output().is_some() {}
    });
    cost.count_total
}

#[test]
fn an_answer_allocates_little_and_audio_that_passes_nothing() {
    let (mut gate, now) = (ResponseGate::default(), base());
    // What is remembered up to a bound is full by then.
    (0..200).for_each(|number| {
        answered(&mut gate, number, now);
    });
    let costs: Vec<u64> = (200..300).map(|number| answered(&mut gate, number, now)).collect();
    assert!(costs.iter().all(|count| *count <= 5), "{costs:?}");

    gate.trigger(answer(1_000, "u"), now);
    drain(&mut gate);
    let passing = measure(|| (0..100).for_each(|_| gate.progressed(true, now)));
    assert_eq!(passing.count_total, 0);
}
