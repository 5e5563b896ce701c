//! The bridge to the telephone (WA-3, WA-7).

use super::*;

#[test]
fn wa_3_an_answer_that_was_ready_waits_for_the_end_of_the_call_and_is_made_anew() {
    let mut conversation = running();
    done(&mut conversation, tool_finished(), after(4));
    done(&mut conversation, JobResult::Replied(reply("At nine.")), after(4));
    done(&mut conversation, JobResult::Looked { on_call: true }, after(4));
    conversation.handle(text(2, "hello?", after(20)), after(20));
    assert_eq!(conversation.job(), None);
    conversation.handle_timeout(after(20));
    done(&mut conversation, prepared(true), after(20));
    assert_eq!(conversation.state().phase(), PhaseName::OnCall);
    conversation.handle(Event::CallEnded { call: call_sid() }, after(60));
    conversation.handle_timeout(after(60));
    let Some((_, Job::Prepare { after_call })) = conversation.job() else { panic!() };
    assert_eq!(after_call, Some(call_sid()), "one message answers and follows the call");
    done(&mut conversation, prepared(false), after(61));
    let Some((_, Job::AskModel { more, .. })) = conversation.job() else { panic!() };
    assert_eq!(more.len(), 2, "what the tool did stays: {more:?}");
    done(&mut conversation, JobResult::Replied(reply("As we said: at nine.")), after(62));
    done(&mut conversation, JobResult::Looked { on_call: false }, after(62));
    done(&mut conversation, sent(), after(62));
    let handled = Record::Handled(vec![id(1), id(2)]);
    assert!(conversation.take_records().contains(&handled));
    assert!(conversation.is_at_rest());
}

#[test]
fn wa_3_an_operators_message_waits_too_and_goes_out_as_it_is() {
    let mut conversation = idle();
    conversation.state.last_came = Some(NOON);
    conversation.handle(Event::CallBegan, NOON);
    conversation.handle(by_hand(60), after(1));
    assert_eq!(conversation.job(), None);
    conversation.handle_timeout(after(9));
    done(&mut conversation, JobResult::Looked { on_call: false }, after(9));
    let Some((_, Job::Send { message, .. })) = conversation.job() else { panic!() };
    assert_eq!(message.id, id(60));
    done(&mut conversation, sent(), after(9));
    assert!(conversation.is_at_rest());
}

#[test]
fn wa_7_a_message_follows_a_call_within_the_window_only_and_if_the_business_wants_it() {
    for (last_came, wanted, follows) in [
        (Some(NOON), AfterCall::Lead, true),
        (Some(NOON), AfterCall::Off, false),
        (Some(NOON - WINDOW), AfterCall::Lead, false),
        (None, AfterCall::Lead, false),
    ] {
        let mut settings = settings();
        settings.whatsapp.after_call = wanted;
        let mut conversation = conversation_of(settings);
        conversation.state.last_came = last_came;
        conversation.handle(Event::CallEnded { call: call_sid() }, after(5));
        assert_eq!(!conversation.is_at_rest(), follows, "{last_came:?} {wanted:?}");
    }
}

#[test]
fn wa_7_a_message_after_a_call_that_the_model_can_not_write_is_left_out_silently() {
    let mut conversation = idle();
    conversation.state.last_came = Some(NOON);
    conversation.handle(Event::CallEnded { call: call_sid() }, after(5));
    done(&mut conversation, prepared(false), after(5));
    done(&mut conversation, JobResult::NoAnswer, after(6));
    assert!(conversation.is_at_rest());
    assert_eq!(conversation.take_records(), []);
}

#[test]
fn invariant_34_wa_6_after_stop_no_message_follows_a_call_until_start() {
    let follows = |said: &[&str]| {
        let mut conversation = idle();
        for (number, words) in (1..).zip(said) {
            conversation.handle(text(number, words, NOON), NOON);
        }
        conversation.state.owed.clear();
        conversation.handle(Event::CallEnded { call: call_sid() }, after(5));
        conversation.job().is_some()
    };
    assert!(follows(&["hello"]));
    assert!(!follows(&["hello", "STOP"]));
    assert!(follows(&["STOP", "START"]));
    assert!(!follows(&["START", "הסר"]));
}
