//! People who write while Twilio still has their call, although the daemon has ended it (invariant 32).

use std::time::Duration;

use actors::introspection::ActorKind;
use practice::twilio::{Attached, CallbackDelivery, Pickup};
use protocol::ids::PhoneNumber;

use super::ended::Ended;
use super::node_stories::{ITS_NODE, played, story};
use super::story::{Act, Arrival, Caller, Deed, Fault, Finally, Moment, Note, Story, When, Writer};

const CLINIC: usize = 1;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The last caller of the story writes at that time.
fn written_at(at: Duration, mut story: Story) -> Story {
    let caller = story.callers.last().unwrap();
    let (business, number) = (caller.business, caller.number.clone().unwrap());
    let word = format!("k{}w0q", business + 1);
    let (text, attached) = (format!("{word}?"), Attached::Nothing);
    let notes = vec![Note { at, text, attached, arrives: Arrival::Once }];
    story.writers = vec![Writer { business, number, word, notes }];
    story
}

/// How long after the writer's call the answer was sent, and how long the daemon's own end of the call was before
/// Twilio's.
#[derive(Debug)]
struct Answer {
    after_call: Duration,
    ended_early_by: Duration,
}

/// Every invariant holds, and the answer comes after the call.
fn answered(story: &Story) -> Answer {
    let ended: Ended = played(story);
    let (call, writer) = (ended.calls.last().unwrap(), &ended.written.writers[0]);
    let since = |at: jiff::Timestamp| Duration::try_from(at.duration_since(ended.began_at));
    let [sent] = &*writer.sent else { panic!("{} answers", writer.sent.len()) };
    let (sent, over) = (since(sent.made_at).unwrap(), call.over_at());
    assert!(sent >= over, "sent at {sent:?}, in a call until {over:?}");
    let row_s_end = since(call.record.as_ref().unwrap().ended_at.unwrap()).unwrap();
    Answer { after_call: sent - over, ended_early_by: over.saturating_sub(row_s_end) }
}

#[test]
fn wa_3_an_answer_waits_for_the_end_of_the_apology_for_a_part_that_crashed_too_often() {
    let crash = |nth: u32| {
        let at = Moment::TracePoint { call: 0, kind: ActorKind::TwilioIo, nth: 60 + 3 * nth };
        (at, Fault::Crash)
    };
    let answer = answered(&written_at(secs(5), story((0..12).map(crash).collect())));
    assert!(answer.ended_early_by > secs(3), "{answer:?}");
    assert!(answer.after_call < secs(10), "{answer:?}");
}

/// Its daemon is told to stop meanwhile, and the call goes on at Twilio without it.
#[test]
fn wa_3_an_answer_waits_for_the_end_of_a_transferred_call_that_no_daemon_has() {
    let drains = Fault::NodeDrains { node: ITS_NODE, back_after: secs(1) };
    let mut transferred = story(vec![(Moment::At(secs(60)), drains)]);
    let say = |text| Act { when: When::AgentEnds, what: Deed::Say(text) };
    let caller = &mut transferred.callers[0];
    caller.business = CLINIC;
    caller.acts = ["I was locked out", "let me speak to a person"].map(say).to_vec();
    caller.then = Finally::HangsUpAfter(secs(900));
    transferred.setting.person = Pickup::Person { talks: secs(300) };
    let answer = answered(&written_at(secs(50), transferred));
    assert!(answer.ended_early_by > secs(60), "{answer:?}");
    assert!(answer.after_call < secs(10), "{answer:?}");
}

#[test]
fn wa_3_an_answer_waits_for_the_end_of_the_apology_of_a_daemon_that_is_full() {
    let mut full = story(Vec::new());
    full.nodes = 1;
    full.setting.max_calls = Some(1);
    let number = PhoneNumber::parse("+972502000002").ok();
    let then = Finally::WaitsForTheEnd;
    full.callers.push(Caller { dials_at: secs(8), number, then, ..full.callers[0].clone() });
    let answer = answered(&written_at(secs(6), full));
    assert!(answer.ended_early_by > secs(3), "{answer:?}");
    assert!(answer.after_call < secs(10), "{answer:?}");
}

#[test]
fn wa_3_an_answer_does_not_wait_for_a_status_that_is_lost() {
    let lost = Fault::Callbacks(CallbackDelivery::Lost);
    let answer = answered(&written_at(secs(6), story(vec![(Moment::At(secs(0)), lost)])));
    assert!(answer.after_call > secs(5), "{answer:?}");
    assert!(answer.after_call < secs(20), "{answer:?}");
}
