//! What each planted mistake does, and that nothing of it happens when it is not planted.

use mistakes::{Mistake, plant};

use super::*;

/// What is handled when the answer to the first of two texts is sent.
fn handled_with_the_first() -> usize {
    let mut conversation = sending();
    conversation.handle(text(2, "hello?", after(5)), after(5));
    done(&mut conversation, sent(), after(6));
    let handled = conversation
        .take_records()
        .into_iter()
        .find_map(|record| if let Record::Handled(ids) = record { Some(ids.len()) } else { None });
    handled.unwrap()
}

#[test]
fn forgotten_text_takes_a_text_for_answered_that_came_while_another_was_answered() {
    assert_eq!(handled_with_the_first(), 1);
    let _planted = plant(Mistake::ForgottenText);
    assert_eq!(handled_with_the_first(), 2);
}

/// Whether a call is followed by a message.
fn follows(opted_out: bool) -> bool {
    let mut conversation = idle();
    conversation.state.last_came = Some(NOON);
    conversation.set_opted_out(opted_out);
    conversation.handle(Event::CallEnded { call: call_sid() }, after(5));
    !conversation.is_at_rest()
}

#[test]
fn message_after_stop_follows_a_call_whatever_the_person_said() {
    assert!(follows(false) && !follows(true));
    let _planted = plant(Mistake::MessageAfterStop);
    assert!(follows(false) && follows(true));
}
