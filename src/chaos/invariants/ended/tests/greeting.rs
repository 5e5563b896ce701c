//! The greeting is heard once.

use entities::call_turns::{TurnRole, TurnRow};
use practice::openai::LinkFault;
use practice::speech::Fault as Flaw;

use super::*;

#[test]
fn invariant_2_a_greeting_that_begins_again_is_detected_whatever_becomes_of_its_session() {
    let again: Change = |it| {
        let greeting = it.businesses[0].settings.lines().greeting;
        let words: Vec<_> = greeting.split(' ').take(2).collect();
        let mut part = speech(&words.join(" "), 0.5, 0.9);
        part.flaw = Some(Flaw::CutOff);
        it.calls[0].view.heard.insert(0, part);
    };
    let story = troubled(Fault::Sessions(LinkFault::Dropped));
    assert_eq!(broken_by(again, &story)[0], 2);
}

#[test]
fn invariant_2_a_line_that_begins_as_the_greeting_does_is_no_second_greeting() {
    let mut ended = ended();
    let greeting = ended.businesses[0].settings.lines().greeting;
    let (first, _) = greeting.split_once(' ').unwrap();
    let other = format!("{first} are you still there?");
    let mut part = speech(first, 5.0, 5.3);
    part.flaw = Some(Flaw::CutOff);
    ended.calls[0].view.heard.insert(1, part);
    ended.calls[0]
        .turns
        .insert(1, TurnRow { cut: true, ..turn(9, TurnRole::Agent, Some("item_9"), first) });
    ended.model.said.insert(1, said("item_9", &other));
    let broken = check(&story(), &ended);
    assert!(broken.iter().all(|broken| !broken.what.contains("greeting")), "{broken:?}");
}

#[test]
fn invariant_2_a_greeting_that_was_held_up_is_one_greeting() {
    let mut ended = ended();
    let greeting = ended.businesses[0].settings.lines().greeting;
    let (first, _) = greeting.split_once(' ').unwrap();
    let begins = ended.calls[0].view.heard[0].from.as_secs_f64();
    let mut part = speech(first, begins, begins + 0.3);
    part.flaw = Some(Flaw::CutOff);
    ended.calls[0].view.heard.insert(0, part);
    let broken = check(&story(), &ended);
    assert!(broken.iter().all(|broken| !broken.what.contains("greeting")), "{broken:?}");
}

#[test]
fn invariant_2_the_rest_of_a_greeting_that_is_cut_before_its_next_word_is_no_second_greeting() {
    let mut ended = ended();
    ended.model.said.clear();
    let mut rest = speech("", 4.0, 4.2);
    rest.flaw = Some(Flaw::CutOff);
    ended.calls[0].view.heard.insert(1, rest);
    let broken = check(&story(), &ended);
    assert!(broken.iter().all(|broken| !broken.what.contains("greeting was heard")), "{broken:?}");
}

#[test]
fn invariant_2_a_second_greeting_is_detected() {
    let again: Change = |it| {
        let greeting = it.businesses[0].settings.lines().greeting;
        it.calls[0].view.heard.insert(1, speech(&greeting, 5.0, 7.0));
        it.calls[0].turns.insert(1, turn(9, TurnRole::Agent, Some("item_9"), &greeting));
        it.model.said.insert(1, said("item_9", &greeting));
    };
    each_breaks(2, &[("a second greeting", again)]);
}
