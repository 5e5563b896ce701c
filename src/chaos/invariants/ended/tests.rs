//! A run that holds, and runs with one thing wrong each.

mod fixture;
mod greeting;
mod tenures;
mod written;

use actors::introspection::ActorKind;
use entities::DatabaseFault;
use entities::call_turns::{TurnRole, TurnRow};
use practice::openai::{LinkFault, ResponseFault, SeenEvent, Turn, Violation};
use practice::speech::Fault as Flaw;
use practice::twilio::{CallbackDelivery, Done, EndedBy, RestRequest, VerbRun};
use serde_json::json;

use super::*;
use crate::chaos::invariants::broken::Invariant;
use crate::chaos::story::{Fault, Moment, Trouble, WhichNode};
use fixture::*;

type Change = fn(&mut Ended);

/// The invariants that are broken after a change of what holds.
fn broken_by(change: Change, story: &Story) -> Vec<u8> {
    let mut ended = ended();
    change(&mut ended);
    let mut numbers: Vec<_> =
        check(story, &ended).into_iter().map(|broken| broken.invariant.0).collect();
    numbers.dedup();
    numbers
}

/// Each change breaks this invariant alone.
fn each_breaks(invariant: u8, changes: &[(&str, Change)]) {
    assert_eq!(check(&story(), &ended()), [], "as it is, it holds");
    for (what, change) in changes {
        assert_eq!(broken_by(*change, &story()), [invariant], "{what}");
    }
}

/// The trouble excuses the change, and calm does not.
fn is_excused(what: Fault, change: Change) {
    assert!(!broken_by(change, &story()).is_empty(), "{what:?} is needed");
    let story = troubled(what);
    let broken = broken_by(change, &story);
    assert!(broken.is_empty(), "{broken:?}: {story:?}");
}

fn killed(kind: ActorKind) -> Story {
    let at = Moment::TracePoint { call: 0, kind, nth: 1 };
    Story { troubles: vec![Trouble { at, what: Fault::Crash }], ..story() }
}

fn record(ended: &mut Ended) -> &mut entities::calls::CallRecord {
    ended.calls[0].record.as_mut().unwrap()
}

fn end_reason(ended: &mut Ended, reason: &str, by: &str) {
    record(ended).end_reason = Some(reason.to_owned());
    record(ended).ended_by = Some(by.to_owned());
}

#[test]
fn invariant_2_a_call_that_ends_wrongly_is_detected() {
    each_breaks(
        2,
        &[
            ("it never ends", |it| it.calls[0].view.ended = None),
            ("the caller is kept waiting", |it| it.calls[0].overstayed = true),
            ("two requests to hang up", |it| it.requests.push(it.requests[0].clone())),
            ("a reason for someone else", |it| record(it).ended_by = Some("caller".to_owned())),
            ("an unknown reason", |it| record(it).end_reason = Some("boredom".to_owned())),
            ("no model", |it| end_reason(it, "no_response", "caller")),
            ("the model was well", |it| {
                it.calls[0].view.ended = Some(EndedBy::HangupVerb);
                end_reason(it, "upstream_failed", "daemon");
            }),
            ("the line was well", |it| end_reason(it, "stream_lost", "daemon")),
            ("nobody crashed", |it| {
                it.calls[0].view.ended = Some(EndedBy::HangupVerb);
                end_reason(it, "internal", "daemon");
            }),
            ("the call was short", |it| end_reason(it, "max_duration", "daemon")),
            ("nobody stopped the daemon", |it| end_reason(it, "shutdown", "daemon")),
            ("the caller said nothing", |it| it.calls[0].caller.acts.clear()),
            ("the daemon hung up", |it| {
                it.calls[0].view.streams.clear();
                it.calls[0].view.heard.clear();
                it.calls[0].turns.clear();
                it.businesses[0].appointments.clear();
                end_reason(it, "not_connected", "daemon");
            }),
            ("nobody hung up", |it| {
                it.requests.clear();
                it.calls[0].view.ended = Some(EndedBy::HangupVerb);
            }),
            ("the hang-up came too soon", |it| {
                it.calls[0].view.hang_up_asked_at = Some(secs(12.5));
            }),
        ],
    );
}

fn at(from: f64, what: Fault) -> Trouble {
    Trouble { at: Moment::At(secs(from)), what }
}

/// Twilio's word is all that is left of such a call.
#[test]
fn invariant_2_the_end_of_a_call_is_lost_only_with_a_daemon_that_dies_before_it_is_on_its_disk() {
    let forgets: Change = |it| end_reason(it, "caller_hung_up", "caller");
    let node = WhichNode::Of { call: 0 };
    let cut_off = Fault::NodeCutOff { node, lasts: secs(10.0) };
    let dies = Fault::NodeDies { node, back_after: secs(1.0) };
    let broken = |troubles: Vec<Trouble>| broken_by(forgets, &Story { troubles, ..story() });
    assert_eq!(broken(vec![at(5.0, cut_off.clone()), at(9.0, dies.clone())]), [0; 0]);
    assert_eq!(broken(vec![at(5.0, cut_off.clone()), at(13.0, dies.clone())]), [2]);
    assert_eq!(broken(vec![at(5.0, dies.clone()), at(9.0, cut_off)]), [2]);
    assert_eq!(broken(vec![at(5.0, dies)]), [2]);
}

#[test]
fn invariant_2_a_daemon_that_can_know_of_a_call_does_not_end_it_a_second_time() {
    let twice: Change = |it| it.requests.push(it.requests[0].clone());
    let again = at(9.0, Fault::WebhookAgain { call: 0, times: 1 });
    let full = at(5.0, Fault::Database { fault: DatabaseFault::Full, lasts: secs(60.0) });
    let broken = |nodes, troubles| broken_by(twice, &Story { nodes, troubles, ..story() });
    assert_eq!(broken(2, vec![full.clone(), again.clone()]), [0; 0]);
    assert_eq!(broken(2, vec![again.clone()]), [2]);
    assert_eq!(broken(1, vec![full, again]), [2], "it knows its own calls");
}

fn apologises(it: &mut Ended) {
    let text = it.businesses[0].settings.lines().apology;
    let what = Done::Said { text, voice: None, language: None };
    it.calls[0].view.verbs.push(VerbRun { what, at: secs(13.0) });
}

#[test]
fn invariant_2_a_caller_who_hears_the_apology_twice_or_not_at_all_is_detected() {
    let fails: Change = |it| {
        it.calls[0].view.ended = Some(EndedBy::HangupVerb);
        end_reason(it, "upstream_failed", "daemon");
        it.requests.clear();
    };
    let once: Change = |it| {
        it.calls[0].view.ended = Some(EndedBy::HangupVerb);
        end_reason(it, "upstream_failed", "daemon");
        apologises(it);
    };
    let twice: Change = |it| {
        apologises(it);
        apologises(it);
    };
    let model = troubled(Fault::SessionsExpire);
    assert_eq!(broken_by(fails, &model), [2]);
    assert_eq!(broken_by(once, &model), [0; 0]);
    each_breaks(2, &[("two apologies", twice)]);
}

#[test]
fn invariant_2_a_hang_up_before_all_is_played_is_detected_whatever_becomes_of_the_session() {
    let clips: Change = |it| it.calls[0].view.unplayed_at_hang_up = 4_000;
    each_breaks(2, &[("a clipped line", clips)]);
    assert_eq!(broken_by(clips, &troubled(Fault::Sessions(LinkFault::Dropped))), [2]);
    is_excused(Fault::MediaSocketCut { call: 0 }, clips);
}

#[test]
fn invariant_2_a_last_line_that_is_cut_is_detected_unless_its_session_broke() {
    let cut: Change = |it| {
        let call = &mut it.calls[0];
        let (heard, turn) = (&mut call.view.heard[1], &mut call.turns[4]);
        let begun = heard.text.split_inclusive(' ').take(3).collect::<String>();
        begun.trim_end().clone_into(&mut heard.text);
        turn.text = Some(heard.text.clone());
        heard.flaw = Some(Flaw::CutOff);
        turn.cut = true;
        turn.heard_ms = Some(3_900);
    };
    each_breaks(2, &[("a clipped goodbye", cut)]);
    is_excused(Fault::Sessions(LinkFault::Dropped), cut);
    is_excused(Fault::MediaSocketCut { call: 0 }, cut);
    assert_eq!(broken_by(cut, &troubled(Fault::MediaSocketCut { call: 1 })), [2], "another call's");
    assert_eq!(broken_by(cut, &killed(ActorKind::Call)), [2], "a successor goes on");
}

#[test]
fn invariant_2_a_hang_up_is_repeated_only_if_twilio_failed_it() {
    for (status, holds) in [(Some(200), false), (Some(500), true), (Some(429), true), (None, true)]
    {
        let mut ended = ended();
        ended.requests.insert(0, RestRequest { status, ..ended.requests[0].clone() });
        assert_eq!(check(&story(), &ended).is_empty(), holds, "{status:?}");
    }
}

#[test]
fn invariant_4_more_than_was_heard_is_detected() {
    let truncated: Change = |it| {
        it.model.events.push_back(SeenEvent {
            session: SESSION,
            at: secs(9.0),
            kind: "conversation.item.truncate".to_owned(),
            bytes: 0,
            body: json!({"item_id": "item_1", "audio_end_ms": 3021}),
        });
    };
    each_breaks(4, &[("the model is told of more", truncated)]);
    is_excused(Fault::MediaSocketStalls { call: 0, lasts: secs(1.0) }, truncated);
}

#[test]
fn invariant_6_damage_is_detected_unless_it_was_counted_or_the_line_broke() {
    let heard: Change = |it| it.calls[0].view.heard[0].flaw = Some(Flaw::Doubled);
    assert!(broken_by(heard, &story()).contains(&6));
    let spoken: Change = |it| it.model.violations.push(violation("broken_audio"));
    each_breaks(6, &[("a lost frame", spoken)]);
    is_excused(Fault::MediaSocketCut { call: 0 }, spoken);
    let mut ended = ended();
    spoken(&mut ended);
    record(&mut ended).stats = Some(json!({"frames": {"blocked": 1}}));
    assert_eq!(check(&story(), &ended), [], "it is counted");
}

#[test]
fn invariant_2_a_call_that_does_not_end_is_detected_even_if_the_model_breaks_off_every_answer() {
    let waits: Change = |it| it.calls[0].overstayed = true;
    assert_eq!(broken_by(waits, &story()), [2]);
    let mut endless = story();
    endless.model.responses = vec![ResponseFault::Lost { after: None, by: LinkFault::Dropped }];
    assert_eq!(broken_by(waits, &endless), [2]);
}

fn violation(code: &str) -> Violation {
    let (code, detail) = (code.to_owned(), String::new());
    Violation { session: SESSION, at: secs(9.0), code, detail }
}

#[test]
fn invariant_1_invariant_14_what_a_provider_objects_to_is_detected() {
    let active = "conversation_already_has_active_response";
    assert_eq!(
        broken_by(|it| it.model.violations.push(violation("invalid_value")), &story()),
        [14]
    );
    let mut run = ended();
    run.model.violations.push(violation(active));
    assert_eq!(check(&story(), &run)[0].invariant, Invariant(1));
    let twilio: Change =
        |it| it.calls[0].view.violations.push(practice::twilio::Violation::BeforeStart);
    each_breaks(14, &[("Twilio", twilio)]);
}

#[test]
fn invariant_5_two_sessions_at_once_are_detected() {
    let both: Change = |it| {
        it.calls[0].turns.insert(2, turn(9, TurnRole::Caller, Some("item_9"), "x"));
        it.model.heard.push(Turn { session: SESSION + 1, ..said("item_9", "x") });
        for (session, at) in [(SESSION, 1.0), (SESSION + 1, 4.0), (SESSION, 5.0)] {
            let kind = "response.create".to_owned();
            let body = json!({});
            it.model.events.push_back(SeenEvent { session, at: secs(at), kind, bytes: 0, body });
        }
    };
    each_breaks(5, &[("two sessions", both)]);
    is_excused(Fault::Sessions(LinkFault::Stalled(secs(1.0))), both);
}

#[test]
fn invariant_9_what_is_left_is_detected() {
    each_breaks(
        9,
        &[
            ("an actor", |it| it.left.actors = 1),
            ("a connection", |it| it.connections = 1),
            ("a task", |it| it.tasks.after = tasks(10)),
            ("a session", |it| it.left.sessions = 1),
        ],
    );
    is_excused(Fault::Sessions(LinkFault::BlackHole), |it| {
        it.left.sessions = 1;
        it.left.requests = 1;
    });
    let story = troubled(Fault::Sessions(LinkFault::BlackHole));
    assert_eq!(broken_by(|it| it.left.actors = 1, &story), [9], "an actor is ours");
}

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
