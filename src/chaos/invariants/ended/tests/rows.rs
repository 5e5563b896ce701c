//! What is written: appointments, leads, and the records of calls (invariants 11, 12, 13 and 15).

use entities::DatabaseFault;
use entities::call_turns::{TurnRole, TurnRow};
use practice::speech::Fault as Flaw;
use practice::twilio::CallbackDelivery;

use super::*;

#[test]
fn invariant_11_double_bookings_are_detected() {
    let overlap: Change = |it| {
        it.businesses[0].appointments.push(appointment("2026-11-23T10:00:00+02:00"));
        it.calls[0].turns.push(turn(9, TurnRole::Tool, None, "create_appointment {}"));
    };
    let unasked: Change =
        |it| it.businesses[0].appointments.push(appointment("2026-11-23T12:00:00+02:00"));
    each_breaks(11, &[("two at once", overlap), ("two for one tool call", unasked)]);
}

#[test]
fn invariant_12_an_appointment_against_the_rules_is_detected() {
    let at_night: Change =
        |it| it.businesses[0].appointments[0] = appointment("2026-11-23T03:00:00+02:00");
    let too_soon: Change =
        |it| it.businesses[0].appointments[0] = appointment("2026-11-22T10:30:00+02:00");
    let no_buffer: Change = |it| {
        let appointment = &mut it.businesses[0].appointments[0];
        appointment.busy_until = appointment.starts_at;
    };
    each_breaks(12, &[("at night", at_night), ("too soon", too_soon), ("no buffer", no_buffer)]);
}

#[test]
fn invariant_13_a_lead_that_is_not_what_its_history_says_is_detected() {
    each_breaks(
        13,
        &[
            ("an unwritten change", |it| {
                it.businesses[0].leads[0].0.full_name = Some("דנה".to_owned());
            }),
            ("a lost change", |it| {
                let change = change(3, "full_name", Some("דן"), "דנה");
                it.businesses[0].leads[0].1.push(change);
                it.businesses[0].leads[0].0.full_name = Some("דנה".to_owned());
            }),
            ("another business's", |it| {
                it.businesses[0].leads[0].0.business_id =
                    protocol::ids::BusinessId(uuid::Uuid::from_u128(9));
            }),
            ("another call's", |it| it.businesses[0].leads[0].0.last_call_sid = Some(sid(2))),
            ("another lead's appointment", |it| {
                it.businesses[0].appointments[0].lead_id = lead_id(2);
            }),
        ],
    );
}

#[test]
fn invariant_15_what_a_call_loses_is_detected() {
    each_breaks(
        15,
        &[
            ("its end", |it| record(it).ended_at = None),
            ("its lead", |it| record(it).lead_id = None),
            ("a turn of the agent's", |it| drop(it.calls[0].turns.remove(0))),
            ("other words", |it| it.calls[0].turns[1].text = Some("לא".to_owned())),
            ("unheard words", |it| {
                it.calls[0].turns.insert(1, turn(9, TurnRole::Agent, Some("item_9"), "x"));
            }),
            ("an item twice", |it| {
                it.calls[0].turns.insert(2, turn(9, TurnRole::Caller, Some("item_2"), GOODBYE));
            }),
            ("the status", |it| record(it).duration = Some(secs(99.0))),
            ("a turn of the caller's", |it| {
                it.model.heard.insert(0, said("item_0", "כן"));
            }),
        ],
    );
}

#[test]
fn invariant_15_other_words_than_were_heard_of_a_cut_turn_are_detected() {
    for (kept, broken) in [
        ("one two", vec![]),
        ("one", vec![]),
        ("", vec![]),
        ("one two three four", vec![]),
        ("one two three four five", vec![15]),
        ("two", vec![15]),
        ("one three", vec![15]),
    ] {
        let mut ended = ended();
        let mut part = speech("one two", 5.0, 6.0);
        part.flaw = Some(Flaw::CutOff);
        ended.calls[0].view.heard.insert(1, part);
        let cut = turn(9, TurnRole::Agent, Some("item_9"), kept);
        ended.calls[0].turns.insert(1, TurnRow { cut: true, heard_ms: Some(1_000), ..cut });
        ended.model.said.insert(1, said("item_9", "one two three four five six"));
        let found = check(&story(), &ended);
        let found: Vec<_> = found.iter().map(|broken| broken.invariant.0).collect();
        assert_eq!(found, broken, "{kept:?}");
    }
}

#[test]
fn invariant_15_a_short_word_that_was_heard_as_the_first_of_many_may_be_kept() {
    for (kept, broken) in [("No", vec![]), ("No problem.", vec![15])] {
        let mut ended = ended();
        let mut part = speech("", 5.0, 5.14);
        part.flaw = Some(Flaw::CutOff);
        ended.calls[0].view.heard.insert(1, part);
        let cut = turn(9, TurnRole::Agent, Some("item_9"), kept);
        ended.calls[0].turns.insert(1, TurnRow { cut: true, heard_ms: Some(140), ..cut });
        ended.model.said.insert(1, said("item_9", "No problem. I am here if you need more."));
        let found = check(&story(), &ended);
        let found: Vec<_> = found.iter().map(|broken| broken.invariant.0).collect();
        assert_eq!(found, broken, "{kept:?}");
    }
}

#[test]
fn invariant_15_a_lead_is_not_lost_even_while_the_database_is_gone() {
    let gone = Fault::Database { fault: DatabaseFault::Gone, lasts: secs(20.0) };
    let lost: Change = |it| record(it).lead_id = None;
    assert_eq!(broken_by(lost, &troubled(gone.clone())), [15]);
    // Which status came first is another matter.
    let status: Change = |it| record(it).duration = Some(secs(99.0));
    is_excused(gone, status);
    is_excused(Fault::Callbacks(CallbackDelivery::Lost), status);
    let late = |it: &mut Ended| {
        it.calls[0].caller.dials_at = secs(900.0);
        record(it).duration = Some(secs(99.0));
    };
    let fault = Fault::Database { fault: DatabaseFault::Gone, lasts: secs(20.0) };
    assert!(!broken_by(late, &troubled(fault)).is_empty(), "the database was well again by then");
}
