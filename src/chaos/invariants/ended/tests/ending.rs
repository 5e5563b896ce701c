//! Calls that end wrongly, or in which the daemon cuts itself off (invariant 2).

use entities::DatabaseFault;
use practice::openai::{LinkFault, ResponseFault};
use practice::speech::Fault as Flaw;
use practice::twilio::{Done, EndedBy, RestRequest, VerbRun};

use super::*;
use crate::chaos::story::WhichNode;

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
fn invariant_2_a_call_that_does_not_end_is_detected_even_if_the_model_breaks_off_every_answer() {
    let waits: Change = |it| it.calls[0].overstayed = true;
    assert_eq!(broken_by(waits, &story()), [2]);
    let mut endless = story();
    endless.model.responses = vec![ResponseFault::Lost { after: None, by: LinkFault::Dropped }];
    assert_eq!(broken_by(waits, &endless), [2]);
}
