//! The gate, told of OpenAI's events one by one. `table` walks its documented table, `server` runs
//! it against a model of OpenAI's side.

mod behind;
mod cost;
mod holds;
#[cfg(feature = "mistakes")]
mod planted_mistakes;
mod server;
mod table;

use super::*;

#[expect(clippy::disallowed_methods, reason = "a base for moments that the test moves by hand")]
fn base() -> Instant {
    Instant::now()
}

fn ask(number: u64, want: Want) -> Ask {
    Ask { number: AskNumber(number), want, manner: Manner::default() }
}

/// The ask, asked for once more.
fn again(ask: Ask) -> Ask {
    let manner = Manner { attempt: ask.manner.attempt + 1, ..ask.manner };
    Ask { manner, ..ask }
}

fn answer(number: u64, turn: &str) -> Ask {
    ask(number, Want::Answer(Reply::Turn(item(turn))))
}

fn line(number: u64, line: ScriptedLine) -> Ask {
    let text = "line".to_owned();
    ask(number, Want::Line { line, text, wording: Wording::Exact })
}

fn tool_output(number: u64) -> Ask {
    ask(number, Want::Answer(Reply::ToolOutput))
}

fn item(name: &str) -> ItemId {
    ItemId::parse(name).unwrap()
}

fn resp(name: &str) -> ResponseId {
    ResponseId::parse(name).unwrap()
}

fn drain(gate: &mut ResponseGate) -> Vec<GateOutput> {
    std::iter::from_fn(|| gate.poll_output()).collect()
}

fn creates(commands: &[GateOutput]) -> Vec<RequestNumber> {
    commands
        .iter()
        .filter_map(|command| {
            let GateOutput::Create { request, .. } = command else { return None };
            Some(*request)
        })
        .collect()
}

#[test]
fn pipe_3_the_time_between_asking_and_response_created_is_guarded_too() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    gate.trigger(answer(2, "u2"), now);
    assert_eq!(creates(&drain(&mut gate)).len(), 1);
    assert_eq!(gate.state(), GateState::Requested);
}

#[test]
fn pipe_3_an_ending_line_goes_before_tool_output_and_turn_which_go_together_before_a_check() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(line(1, ScriptedLine::Greeting), now);
    gate.created(resp("r1"), None, now);
    gate.trigger(line(5, ScriptedLine::SilenceCheck), now);
    gate.trigger(answer(2, "u1"), now);
    gate.trigger(tool_output(3), now);
    gate.trigger(line(4, ScriptedLine::Closing), now);
    let mut order = Vec::new();
    for n in 1..=3 {
        let response = resp(&format!("r{n}"));
        gate.progressed(true, now);
        gate.done(&response, None, Outcome::Completed, now);
        gate.created(resp(&format!("r{}", n + 1)), None, now);
        for command in drain(&mut gate) {
            if let GateOutput::Started { asks, .. } = command {
                order.push(asks.into_iter().map(|ask| ask.0).collect::<Vec<_>>());
            }
        }
    }
    assert_eq!(order, vec![vec![1], vec![4], vec![2, 3], vec![5]]);
}

#[test]
fn pipe_3_a_resume_is_dropped_while_a_response_is_under_way() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    drain(&mut gate);
    gate.trigger(ask(2, Want::Answer(Reply::Resume)), now);
    assert_eq!(drain(&mut gate), vec![GateOutput::Dropped(AskNumber(2))]);
}

#[test]
fn pipe_3_a_turn_committed_before_the_response_was_created_is_answered_by_it_and_not_again() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.turn_committed(item("u1"));
    gate.trigger(answer(1, "u1"), now);
    gate.turn_committed(item("u2"));
    gate.created(resp("r1"), None, now);
    gate.trigger(answer(2, "u2"), now);
    let commands = drain(&mut gate);
    assert_eq!(creates(&commands).len(), 1);
    assert!(
        commands.contains(&GateOutput::Covered { ask: AskNumber(2), response: resp("r1") }),
        "{commands:?}"
    );
    gate.done(&resp("r1"), None, Outcome::Called, now);
    assert_eq!(creates(&drain(&mut gate)), vec![]);
}

#[test]
fn pipe_3_a_scripted_line_answers_no_turn() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(line(1, ScriptedLine::Greeting), now);
    gate.turn_committed(item("u1"));
    gate.created(resp("r1"), None, now);
    gate.trigger(answer(2, "u1"), now);
    gate.done(&resp("r1"), None, Outcome::Called, now);
    assert_eq!(creates(&drain(&mut gate)).len(), 2);
}

#[test]
fn pipe_3_a_refusal_as_active_resynchronises_and_the_reply_comes_once() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    gate.refused_as_active(Some(resp("other")), None, now);
    assert_eq!(gate.state(), GateState::Active);
    drain(&mut gate);
    gate.done(&resp("other"), None, Outcome::Called, now);
    assert_eq!(creates(&drain(&mut gate)).len(), 1);
    gate.created(resp("r1"), None, now);
    gate.refused_as_active(Some(resp("r1")), None, now);
    assert_eq!(gate.running(), Some(&resp("r1")), "with no create outstanding it is ignored");
}

#[test]
fn pipe_9_what_was_served_with_nothing_is_reported_and_nothing_of_its_urgency_overtakes_it() {
    let now = base();
    let silent = [Outcome::Completed, Outcome::Incomplete, Outcome::OutOfTokens, Outcome::Failed];
    for outcome in silent.into_iter().chain([Outcome::Filtered, Outcome::Cancelled]) {
        let mut gate = ResponseGate::default();
        gate.turn_committed(item("u1"));
        gate.trigger(answer(1, "u1"), now);
        gate.created(resp("r1"), None, now);
        gate.trigger(answer(2, "u2"), now);
        drain(&mut gate);
        gate.done(&resp("r1"), None, outcome, now);
        let ended = drain(&mut gate);
        let [GateOutput::Ended { asks, outcome: told, .. }] = &ended[..] else {
            panic!("{outcome:?}: {ended:?}")
        };
        assert_eq!((asks.as_slice(), told.served_nothing()), ([AskNumber(1)].as_slice(), true));
        gate.trigger(line(3, ScriptedLine::Closing), now);
        assert_eq!(creates(&drain(&mut gate)).len(), 1, "a last line need not wait");
        gate.created(resp("r2"), None, now);
        gate.progressed(true, now);
        gate.done(&resp("r2"), None, Outcome::Completed, now);
        drain(&mut gate);
        gate.trigger(again(answer(1, "u1")), now);
        gate.created(resp("r3"), None, now);
        let started = drain(&mut gate);
        let asks = vec![AskNumber(2), AskNumber(1)];
        assert_eq!(started.last(), Some(&GateOutput::Started { response: resp("r3"), asks }));
    }
}

/// Two errors without a name, and then both responses. The caller hears one.
#[test]
fn pipe_3_of_two_late_responses_the_first_counts_and_the_second_is_cancelled() {
    let now = base();
    for asked_meanwhile in [false, true] {
        let mut gate = ResponseGate::default();
        gate.trigger(answer(1, "u1"), now);
        gate.refused_unnamed(now);
        gate.trigger(again(answer(1, "u1")), now);
        gate.refused_unnamed(now);
        if asked_meanwhile {
            gate.trigger(again(again(answer(1, "u1"))), now);
        }
        drain(&mut gate);
        gate.created(resp("r1"), Some(RequestNumber(1)), now);
        let asks = vec![AskNumber(1)];
        assert_eq!(drain(&mut gate), [GateOutput::Started { response: resp("r1"), asks }]);
        gate.progressed(true, now);
        gate.done(&resp("r1"), None, Outcome::Completed, now);
        drain(&mut gate);
        gate.created(resp("r2"), Some(RequestNumber(2)), now);
        let started = GateOutput::Started { response: resp("r2"), asks: vec![] };
        assert_eq!(drain(&mut gate), [started, GateOutput::Cancel(resp("r2"))]);
    }
}

#[test]
fn pipe_3_the_requests_that_are_remembered_as_given_up_are_few() {
    let now = base();
    let mut gate = ResponseGate::default();
    for number in 1..=20 {
        gate.trigger(line(number, ScriptedLine::SilenceCheck), now);
        gate.refused_unnamed(now);
        gate.withdraw(AskNumber(number), now);
    }
    assert_eq!(gate.given_up.len(), MOST_GIVEN_UP);
    assert_eq!(gate.given_up.front().map(|busy| busy.request.number), Some(RequestNumber(13)));
}

#[test]
fn pipe_9_what_is_given_up_holds_nothing_back() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    gate.created(resp("r1"), None, now);
    gate.trigger(answer(2, "u2"), now);
    gate.done(&resp("r1"), None, Outcome::Failed, now);
    assert_eq!(creates(&drain(&mut gate)).len(), 1, "the first alone");
    gate.withdraw(AskNumber(1), now);
    assert_eq!(creates(&drain(&mut gate)).len(), 1);
}

#[test]
fn pipe_9_a_response_for_several_asks_is_asked_for_as_the_most_demanding_wants() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(line(1, ScriptedLine::Greeting), now);
    gate.created(resp("r1"), None, now);
    let manner = Manner { attempt: 1, must_speak: true, unlimited: true };
    gate.trigger(Ask { manner, ..answer(2, "u1") }, now);
    gate.trigger(tool_output(3), now);
    drain(&mut gate);
    gate.progressed(true, now);
    gate.done(&resp("r1"), None, Outcome::Completed, now);
    let commands = drain(&mut gate);
    assert!(
        matches!(commands.last(), Some(GateOutput::Create { manner: of, .. }) if *of == manner),
        "{commands:?}"
    );
}

#[test]
fn pipe_9_what_was_heard_or_called_or_cut_off_is_served() {
    let now = base();
    for (spoke, cancel, outcome, told) in [
        (true, false, Outcome::Failed, Outcome::Incomplete),
        (true, false, Outcome::OutOfTokens, Outcome::Incomplete),
        (true, false, Outcome::Completed, Outcome::Completed),
        (false, false, Outcome::Called, Outcome::Called),
        (false, true, Outcome::Completed, Outcome::Cancelled),
        (false, true, Outcome::Failed, Outcome::Cancelled),
        (false, true, Outcome::Called, Outcome::Called),
        (true, true, Outcome::Completed, Outcome::Completed),
    ] {
        let mut gate = ResponseGate::default();
        gate.trigger(answer(1, "u1"), now);
        gate.created(resp("r1"), None, now);
        gate.progressed(spoke, now);
        if cancel {
            gate.cancel(now);
        }
        gate.done(&resp("r1"), None, outcome, now);
        let ended = drain(&mut gate);
        let Some(GateOutput::Ended { outcome: is, .. }) = ended.last() else { panic!("{ended:?}") };
        assert_eq!((*is, is.served_nothing()), (told, false), "{spoke} {cancel} {outcome:?}");
    }
}

#[test]
fn pipe_12_a_scripted_line_offers_no_tools_and_an_answer_does() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(line(1, ScriptedLine::Greeting), now);
    let request = creates(&drain(&mut gate))[0];
    assert!(!gate.offers_tools(&resp("r1"), Some(request)), "not created yet");
    gate.created(resp("r1"), None, now);
    assert!(!gate.offers_tools(&resp("r1"), None));
    assert!(gate.offers_tools(&resp("another"), None));
    gate.done(&resp("r1"), None, Outcome::Cancelled, now);
    gate.withdraw(AskNumber(1), now);
    gate.trigger(answer(2, "u1"), now);
    gate.created(resp("r2"), None, now);
    assert!(gate.offers_tools(&resp("r2"), None));
}

#[test]
fn pipe_3_a_session_is_stalled_when_nothing_came_for_eight_seconds() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    gate.created(resp("r1"), None, now + Duration::from_secs(5));
    drain(&mut gate);
    gate.handle_timeout(now + Duration::from_secs(12));
    assert_eq!(drain(&mut gate), vec![]);
    gate.handle_timeout(now + Duration::from_secs(13));
    assert_eq!(drain(&mut gate), vec![GateOutput::Stalled]);
    gate.handle_timeout(now + Duration::from_secs(30));
    assert_eq!(drain(&mut gate), vec![], "it is said once");
}

#[test]
fn barge_3_trap_openai_2_a_cancel_before_response_created_is_remembered_and_sent_once() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    drain(&mut gate);
    gate.cancel(now);
    gate.cancel(now);
    assert_eq!(drain(&mut gate), vec![]);
    gate.created(resp("r1"), None, now);
    gate.cancel(now);
    let cancels =
        drain(&mut gate).into_iter().filter(|c| matches!(c, GateOutput::Cancel(_))).count();
    assert_eq!(cancels, 1);
    assert_eq!(gate.state(), GateState::Cancelling);
    gate.nothing_to_cancel(now);
    assert_eq!(gate.state(), GateState::Idle);
}

#[test]
fn barge_4_after_a_cut_nothing_is_answered_until_the_caller_s_turn_is_committed() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    gate.created(resp("r1"), None, now);
    gate.trigger(tool_output(2), now);
    gate.cancel(now);
    gate.done(&resp("r1"), None, Outcome::Cancelled, now);
    assert_eq!(creates(&drain(&mut gate)).len(), 1, "only the first");
    gate.trigger(answer(3, "u2"), now);
    assert_eq!(creates(&drain(&mut gate)).len(), 1);
}

#[test]
fn pipe_3_a_turn_that_comes_while_a_tool_runs_is_answered_together_with_its_output() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    gate.created(resp("r1"), None, now);
    gate.trigger(answer(2, "u2"), now);
    gate.tools_began();
    gate.done(&resp("r1"), None, Outcome::Called, now);
    assert_eq!(creates(&drain(&mut gate)).len(), 1, "the turn waits for the tool");
    gate.trigger(tool_output(3), now);
    gate.tools_done(now);
    assert_eq!(creates(&drain(&mut gate)).len(), 1);
    gate.created(resp("r2"), None, now);
    let started = drain(&mut gate);
    let asks = vec![AskNumber(2), AskNumber(3)];
    assert_eq!(started, vec![GateOutput::Started { response: resp("r2"), asks }]);
}

#[test]
fn res_2_an_ask_that_is_repeated_after_a_crash_is_served_once() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    gate.created(resp("r1"), None, now);
    gate.done(&resp("r1"), None, Outcome::Called, now);
    gate.trigger(answer(1, "u1"), now);
    assert_eq!(creates(&drain(&mut gate)).len(), 1);
    gate.session_lost();
    gate.trigger(answer(1, "u1"), now);
    assert_eq!(creates(&drain(&mut gate)).len(), 1, "a new session has seen nothing");
}

#[test]
fn pipe_3_a_done_without_created_ends_the_response_that_was_asked_for() {
    let now = base();
    let mut gate = ResponseGate::default();
    gate.trigger(answer(1, "u1"), now);
    let request = creates(&drain(&mut gate))[0];
    gate.done(&resp("r1"), Some(request), Outcome::Completed, now);
    assert_eq!(gate.state(), GateState::Idle);
}
