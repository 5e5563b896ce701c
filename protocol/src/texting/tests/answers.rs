//! Batches, lengths, controls, opting out, and sends that fail.

use super::*;

fn sent_body(conversation: &Conversation) -> String {
    match conversation.job() {
        Some((_, Job::Send { message, .. })) => message.body,
        other => panic!("no message is sent, but {other:?}"),
    }
}

fn clear(conversation: &mut Conversation, now: Timestamp) {
    done(conversation, JobResult::Looked { on_call: false }, now);
}

fn handled(records: &[Record]) -> Vec<MessageId> {
    let of = |record: &Record| {
        if let Record::Handled(ids) = record { ids.clone() } else { Vec::new() }
    };
    records.iter().flat_map(of).collect()
}

#[test]
fn wa_5_texts_are_answered_together_after_a_pause_of_2_s_and_10_s_after_the_first_at_the_latest() {
    let mut conversation = idle();
    for (number, second) in [(1, 0), (2, 1), (3, 3)] {
        conversation.handle(text(number, "and", after(second)), after(second));
    }
    assert_eq!(conversation.poll_timeout(), Some((after(5), Timer::Settled)));
    for second in 4..=9 {
        conversation.handle(text(10 + u128::from(second), "and", after(second)), after(second));
    }
    assert_eq!(conversation.poll_timeout(), Some((after(10), Timer::Settled)));
    conversation.handle_timeout(after(9));
    assert_eq!(conversation.job(), None);
    conversation.handle_timeout(after(10));
    done(&mut conversation, prepared(false), after(10));
    conversation.handle(text(30, "one more", after(11)), after(11));
    done(&mut conversation, JobResult::Replied(reply("Yes.")), after(11));
    clear(&mut conversation, after(11));
    done(&mut conversation, sent(), after(12));
    let records = conversation.take_records();
    let batch: Vec<MessageId> = [1, 2, 3, 14, 15, 16, 17, 18, 19].map(id).into();
    assert_eq!(handled(&records), batch);
    assert_eq!(conversation.poll_timeout(), Some((after(13), Timer::Settled)), "the late one");
}

#[test]
fn wa_1_a_reply_of_1600_utf_16_units_is_sent_whole_and_one_more_is_none() {
    for (letter, units) in [("א", 1), ("👩‍💻", 5), ("e\u{301}", 2), ("שָׁ", 3)] {
        assert_eq!(length::units(letter), units, "{letter}");
        let whole = format!("{}{}", letter.repeat(1600 / units), "x".repeat(1600 % units));
        let mut conversation = asking();
        done(&mut conversation, JobResult::Replied(reply(&whole)), after(5));
        clear(&mut conversation, after(5));
        assert_eq!(sent_body(&conversation), whole);

        let mut conversation = asking();
        done(&mut conversation, JobResult::Replied(reply(&format!("{whole}x"))), after(5));
        let Some((_, Job::AskModel { more, .. })) = conversation.job() else { panic!("{letter}") };
        let told = format!("{more:?}");
        assert!(told.contains("1601") && told.contains("1600"), "{told}");
    }
}

#[test]
fn wa_1_a_reply_of_1900_characters_is_never_cut_or_split_and_the_third_shorter_one_is_sent() {
    let mut conversation = asking();
    for length in [1900, 1800, 1700] {
        done(&mut conversation, JobResult::Replied(reply(&"א".repeat(length))), after(5));
    }
    done(&mut conversation, JobResult::Replied(reply("בתשע.")), after(6));
    clear(&mut conversation, after(6));
    assert_eq!(sent_body(&conversation), "בתשע.");
    done(&mut conversation, sent(), after(6));
    assert!(!conversation.take_records().iter().any(|it| matches!(it, Record::ForPerson(_))));

    let mut conversation = asking();
    for _ in 0..4 {
        done(&mut conversation, JobResult::Replied(reply(&"א".repeat(1900))), after(5));
    }
    clear(&mut conversation, after(6));
    assert_eq!(sent_body(&conversation), settings().lines().too_long);
    done(&mut conversation, sent(), after(6));
    let records = conversation.take_records();
    assert!(records.contains(&Record::ForPerson(PersonNeeded::TooLong)), "{records:?}");
}

#[test]
fn wa_4_a_refused_control_is_asked_again_once_and_only_the_second_reply_is_sent() {
    let mut conversation = asking();
    let claim = || JobResult::Replied(ending_reply("Goodbye!", EndClaim::LeadComplete));
    done(&mut conversation, claim(), after(5));
    let Some((_, Job::AskModel { more, .. })) = conversation.job() else { panic!() };
    assert!(format!("{more:?}").contains("still missing: city"), "{more:?}");
    done(&mut conversation, JobResult::Replied(reply("In which city?")), after(6));
    clear(&mut conversation, after(6));
    assert_eq!(sent_body(&conversation), "In which city?");

    let mut conversation = asking();
    done(&mut conversation, claim(), after(5));
    done(&mut conversation, claim(), after(5));
    clear(&mut conversation, after(6));
    done(&mut conversation, sent(), after(6));
    let records = conversation.take_records();
    assert!(!records.iter().any(|record| matches!(record, Record::Closed(_))), "{records:?}");
}

#[test]
fn end_4_one_no_thanks_closes_nothing_and_a_second_one_does() {
    let mut conversation = idle();
    let mut at = 0;
    for (asked, closes) in [(1, false), (2, true)] {
        conversation.handle(text(asked, "no thanks", after(at)), after(at));
        conversation.handle_timeout(after(at + 2));
        done(&mut conversation, prepared(false), after(at + 2));
        let declined = || JobResult::Replied(ending_reply("Bye.", EndClaim::CustomerDeclined));
        done(&mut conversation, declined(), after(at + 3));
        if !closes {
            done(&mut conversation, JobResult::Replied(reply("Anything else?")), after(at + 3));
        }
        clear(&mut conversation, after(at + 4));
        done(&mut conversation, sent(), after(at + 4));
        let closed = Record::Closed(EndReason::CustomerDeclined);
        assert_eq!(conversation.take_records().contains(&closed), closes);
        at += 10;
    }
    conversation.handle(text(9, "One more thing", after(at)), after(at));
    assert_eq!(conversation.take_records(), [Record::Began { at: after(at) }]);
}

#[test]
fn end_3_where_phrases_decide_a_goodbye_closes_and_the_models_claim_does_not() {
    let mut settings = settings();
    settings.ending.decider = crate::business::Decider::Phrases;
    for (words, closes) in [("thanks, bye", true), ("when are you open?", false)] {
        let mut conversation = conversation_of(settings.clone());
        conversation.handle(text(1, words, NOON), NOON);
        conversation.handle_timeout(after(2));
        done(&mut conversation, prepared(false), after(2));
        let claim = ending_reply("Bye.", EndClaim::UserGoodbye);
        done(&mut conversation, JobResult::Replied(claim), after(3));
        clear(&mut conversation, after(3));
        done(&mut conversation, sent(), after(3));
        let closed = Record::Closed(EndReason::UserGoodbye);
        assert_eq!(conversation.take_records().contains(&closed), closes, "{words}");
    }
}

#[test]
fn wa_6_a_voice_note_gets_the_line_and_one_with_words_gets_an_answer() {
    let voice_note =
        |number| Event::TextCame(Text { id: id(number), at: NOON, content: Content::Media });
    let mut conversation = idle();
    conversation.handle(voice_note(1), NOON);
    conversation.handle_timeout(after(2));
    done(&mut conversation, prepared(false), after(2));
    clear(&mut conversation, after(2));
    assert_eq!(sent_body(&conversation), settings().lines().media);

    let mut conversation = idle();
    conversation.handle(voice_note(1), NOON);
    conversation.handle(text(2, "did you hear?", NOON), NOON);
    conversation.handle_timeout(after(2));
    done(&mut conversation, prepared(false), after(2));
    assert_eq!(name_of_job(&conversation), "AskModel");
}

#[test]
fn wa_6_a_text_is_a_word_of_stopping_only_as_a_whole() {
    for stop in ["STOP", "stop.", " Stop! ", "הסר", "הסר.", "הסירו אותי", "Stop all", "STOP 🛑"]
    {
        assert_eq!(opt_out(stop), Some(OptOut::Stop), "{stop}");
    }
    for start in ["START", "הצטרף", "start!"] {
        assert_eq!(opt_out(start), Some(OptOut::Start), "{start}");
    }
    for neither in
        ["stop the water", "cancel", "הסר את המנעול", "can I start on Sunday?", "", "!", "end"]
    {
        assert_eq!(opt_out(neither), None, "{neither}");
    }
}

#[test]
fn wa_6_who_has_said_stop_is_answered_and_gets_nothing_by_itself_until_start() {
    let mut conversation = idle();
    conversation.handle(text(1, "stop", NOON), NOON);
    let records = conversation.take_records();
    assert_eq!(records, [Record::OptedOut(true), Record::Handled(vec![id(1)])]);
    conversation.handle(Event::CallEnded { call: call_sid() }, after(1));
    assert!(conversation.is_at_rest());

    conversation.handle(text(2, "are you open?", after(9)), after(9));
    conversation.handle_timeout(after(11));
    assert_eq!(name_of_job(&conversation), "Prepare");

    let mut conversation = idle();
    conversation.handle(text(1, "stop", NOON), NOON);
    conversation.handle(text(2, "start", after(1)), after(1));
    assert!(conversation.take_records().contains(&Record::OptedOut(false)));
    assert_eq!(conversation.state().phase(), PhaseName::Settling, "it is answered");
}

#[test]
fn wa_2_what_twilio_may_have_is_looked_for_and_what_it_has_not_is_sent_again() {
    let mut conversation = sending();
    done(&mut conversation, JobResult::SendFailed(SendFault::Unknown), after(5));
    conversation.handle_timeout(after(10));
    let Some((_, Job::Send { look_first: true, message, .. })) = conversation.job() else {
        panic!()
    };
    done(&mut conversation, JobResult::NotThere, after(10));
    clear(&mut conversation, after(10));
    let Some((_, Job::Send { look_first: false, message: again, .. })) = conversation.job() else {
        panic!()
    };
    assert_eq!(message, again);

    let mut died = Conversation::new(conversation.rules.clone(), conversation.state.clone());
    died.resume(after(20));
    assert!(matches!(died.job(), Some((_, Job::Send { look_first: true, .. }))));
}

#[test]
fn wa_2_pauses_between_tries_grow_and_after_6_hours_a_person_is_needed() {
    let mut conversation = sending();
    let (mut now, mut pauses) = (after(5), Vec::new());
    loop {
        done(&mut conversation, JobResult::SendFailed(SendFault::NotTaken), now);
        let Some((until, Timer::SendAgain)) = conversation.poll_timeout() else { break };
        pauses.push(until.duration_since(now).as_secs());
        now = until;
        conversation.handle_timeout(now);
        clear(&mut conversation, now);
    }
    assert_eq!(pauses[..6], [5, 15, 60, 300, 900, 900]);
    assert!(
        now >= after(4) + sending::GIVE_UP_AFTER && now < after(900 * 2) + sending::GIVE_UP_AFTER
    );
    let records = conversation.take_records();
    assert!(records.contains(&Record::ForPerson(PersonNeeded::Undelivered)));
    assert!(conversation.is_at_rest());
}

#[test]
fn cal_7_what_was_offered_and_captured_is_part_of_the_state_until_the_conversation_closes() {
    let mut conversation = running();
    let mut outcome = ToolOutcome::new("{}".to_owned(), true);
    outcome.offered = vec![after(9000), after(9900)];
    let mut lead = LeadFacts::default();
    lead.captured.insert("city".to_owned());
    done(&mut conversation, JobResult::ToolFinished { outcome, lead: Some(lead) }, after(5));
    let json = serde_json::to_string(conversation.state()).unwrap();
    let state: State = serde_json::from_str(&json).unwrap();
    assert_eq!(state, *conversation.state());
    let mut conversation = Conversation::new(conversation.rules.clone(), state);
    conversation.resume(after(6));
    done(&mut conversation, prepared(false), after(6));
    let claim = ending_reply("Bye.", EndClaim::LeadComplete);
    done(&mut conversation, JobResult::Replied(claim), after(7));
    clear(&mut conversation, after(7));
    done(&mut conversation, sent(), after(7));
    let closed = Record::Closed(EndReason::LeadComplete);
    assert!(conversation.take_records().contains(&closed), "the city is captured");
    assert_eq!(conversation.state.offered.len(), 2);
    conversation.handle(text(2, "hello", after(99)), after(99));
    assert!(conversation.state.offered.is_empty() && conversation.state.captured.is_empty());
}

#[test]
fn a_model_that_calls_tools_for_ever_is_told_to_answer() {
    let mut conversation = asking();
    for _ in 0..8 {
        let Some((_, Job::AskModel { tools, .. })) = conversation.job() else { panic!() };
        assert_eq!(tools, crate::openai::responses::Tools::Offered);
        done(&mut conversation, called(vec![tool_call("call_1", false)]), after(5));
    }
    let Some((_, Job::AskModel { tools, .. })) = conversation.job() else { panic!() };
    assert_eq!(tools, crate::openai::responses::Tools::Withheld);
}
