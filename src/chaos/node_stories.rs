//! Calls that several daemons have, one after the other.

use std::time::Duration;

use actors::cluster::LEFT_ALONE;
use entities::DatabaseFault;
use entities::call_turns::TurnRole;
use practice::openai::Behaviour;
use practice::twilio::{LineQuality, Pickup};
use protocol::ids::PhoneNumber;
use tokio::sync::watch;

use super::ended::Ended;
use super::invariants::check_ended;
use super::observer::Observer;
use super::play::businesses;
use super::stage;
use super::story::{
    Act, Caller, Deed, Fault, Finally, LinkTrouble, Moment, Peer, Scene, Story, Trouble, When,
    WhichNode,
};
use crate::virtual_time;

const GOODBYE: &str = "תודה, להתראות";

pub(super) fn story(troubles: Vec<(Moment, Fault)>) -> Story {
    let say = |text| Act { when: When::AgentEnds, what: Deed::Say(text) };
    let caller = Caller {
        business: 0,
        number: PhoneNumber::parse("+972502000001").ok(),
        answers: None,
        dials_at: Duration::from_secs(4),
        line: LineQuality::default(),
        acts: ["התקנת מנעול חכם", "בתל אביב", "כן", "כן", GOODBYE].map(say).to_vec(),
        then: Finally::WaitsForTheEnd,
    };
    let troubles = troubles.into_iter().map(|(at, what)| Trouble { at, what }).collect();
    Story {
        seed: 1,
        nodes: 2,
        callers: vec![caller],
        writers: Vec::new(),
        troubles,
        model: Behaviour::default(),
        setting: Default::default(),
    }
}

/// What the story has left, and that every invariant holds.
pub(super) fn played(story: &Story) -> Ended {
    let (dialled, scenes) = (watch::Sender::default(), watch::Sender::default());
    let observer = Observer::new(story, dialled.subscribe(), scenes.clone(), None);
    let ended = observer.watch(|| {
        virtual_time::run(story.seed, virtual_time::begins(), async |platform| {
            observer.starts(&platform.clock);
            let businesses = businesses().unwrap();
            stage::play(story, &businesses, platform, &dialled, &scenes).await.unwrap()
        })
    });
    let went = story.as_it_went(&scenes.borrow());
    let found = check_ended(&went, &ended).into_iter().next();
    let played = observer.result(found, Duration::ZERO).unwrap();
    assert_eq!(played.broken, None, "{:#?}", played.last_events);
    ended
}

fn fences(ended: &Ended) -> Vec<u32> {
    ended.tenures.iter().map(|tenure| tenure.lease.fence.0).collect()
}

fn at(scene: Scene, plus_ms: u64) -> Moment {
    Moment::Scene { call: 0, scene, plus: Duration::from_millis(plus_ms) }
}

pub(super) const ITS_NODE: WhichNode = WhichNode::Of { call: 0 };

/// How often the caller heard the greeting begin, of which one word can begin something else too.
fn greetings(ended: &Ended) -> usize {
    let greeting = ended.businesses[0].settings.lines().greeting;
    let begins = |text: &str| text.contains(' ') && greeting.starts_with(text);
    ended.calls[0].view.heard.iter().filter(|speech| begins(&speech.text)).count()
}

/// Its daemon does not reach the database from the webhook, the stream's opening or the greeting on. So no other knows how
/// far it has come.
#[test]
fn greet_2_a_greeting_that_the_database_does_not_know_of_is_not_begun_again() {
    let (ms, secs) = (Duration::from_millis, Duration::from_secs);
    let dies = Fault::NodeDies { node: ITS_NODE, back_after: secs(5) };
    for ends in [dies, Fault::MediaSocketCut { call: 0 }] {
        for dialled_before in [20, 200, 600].map(ms) {
            let cut_off = Fault::NodeCutOff { node: ITS_NODE, lasts: secs(40) };
            let cut_at = Moment::At(secs(4) + dialled_before);
            let told = vec![(cut_at, cut_off), (at(Scene::Greeting, 1_500), ends.clone())];
            // By chance the webhook that follows reaches either daemon.
            for seed in 1..=2 {
                let ended = played(&Story { seed, ..story(told.clone()) });
                assert_eq!(greetings(&ended), 1, "{:?}", ended.calls[0].view.heard);
                let record = ended.calls[0].record.as_ref().unwrap();
                assert_eq!(record.end_reason.as_deref(), Some("user_goodbye"));
            }
        }
    }
}

/// The database has nothing of the call until its daemon is back.
#[test]
fn res_4_a_call_of_a_daemon_that_died_without_its_database_is_written_from_its_disk() {
    let secs = Duration::from_secs;
    let full = Fault::Database { fault: DatabaseFault::Full, lasts: secs(30) };
    let dies = Fault::NodeDies { node: ITS_NODE, back_after: secs(5) };
    let ended = played(&story(vec![(Moment::At(secs(3)), full), (at(Scene::Turn, 4_000), dies)]));
    let record = ended.calls[0].record.as_ref().unwrap();
    assert!(record.lead_id.is_some() && record.ended_at.is_some(), "{record:?}");
    assert!(ended.calls[0].turns.iter().any(|turn| turn.role == TurnRole::Caller));
}

/// The status of the call's end reaches a daemon that can't know of the call.
#[test]
fn res_9_a_call_that_had_no_row_when_it_ended_has_the_end_that_its_daemon_saw() {
    let fault = DatabaseFault::Locked;
    let locked = Fault::Database { fault, lasts: Duration::from_secs(150) };
    for seed in 1..=6 {
        let told = vec![(Moment::At(Duration::from_secs(3)), locked.clone())];
        let ended = played(&Story { seed, ..story(told) });
        let record = ended.calls[0].record.as_ref().unwrap();
        assert_eq!(record.end_reason.as_deref(), Some("user_goodbye"));
    }
}

#[test]
fn res_9_a_call_whose_daemon_is_killed_goes_on_at_the_other_one() {
    let back_after = Duration::from_secs(60);
    let dies = Fault::NodeDies { node: ITS_NODE, back_after };
    let ended = played(&story(vec![(at(Scene::Turn, 500), dies)]));
    assert_eq!(fences(&ended), [1, 2]);
    assert_eq!(ended.lived.len(), 3, "two daemons, and one of them again");
    let record = ended.calls[0].record.as_ref().unwrap();
    assert_eq!(record.end_reason.as_deref(), Some("user_goodbye"));
}

#[test]
fn res_9_a_call_of_a_daemon_without_database_goes_on_at_the_other_one_when_its_stream_breaks() {
    let cut_off = Fault::NodeCutOff { node: ITS_NODE, lasts: Duration::from_secs(40) };
    let breaks = Fault::MediaSocketCut { call: 0 };
    let told = vec![(at(Scene::Turn, 0), cut_off), (at(Scene::Turn, 2_000), breaks)];
    // By chance the webhook that follows reaches either.
    let taken_over = (1..=6).filter(|seed| {
        let ended = played(&Story { seed: *seed, ..story(told.clone()) });
        let record = ended.calls[0].record.as_ref().unwrap();
        assert_eq!(record.end_reason.as_deref(), Some("user_goodbye"));
        fences(&ended) == [1, 2]
    });
    assert!(taken_over.count() > 0);
}

/// Twilio still believes that the stream is open, so it asks nobody to resume the call.
#[test]
fn res_9_a_call_whose_stream_is_dead_is_hung_up_on_once_its_daemon_reaches_the_database_again() {
    let secs = Duration::from_secs;
    let trouble = LinkTrouble::BlackHole;
    let dies = Fault::Network { to: Peer::Daemon, trouble, lasts: secs(2) };
    let cut_off = Fault::NodeCutOff { node: ITS_NODE, lasts: secs(30) };
    let told = vec![(Moment::At(secs(10)), dies), (Moment::At(secs(50)), cut_off)];
    let ended = played(&story(told));
    let record = ended.calls[0].record.as_ref().unwrap();
    assert_eq!(record.end_reason.as_deref(), Some("stream_lost"));
    let lasted = ended.calls[0].view.duration().unwrap();
    assert!(lasted < secs(90), "{lasted:?}");
}

#[test]
fn res_6_a_daemon_that_drains_leaves_new_calls_to_the_other_one() {
    let drains = Fault::NodeDrains { node: WhichNode::Nth(0), back_after: Duration::from_secs(5) };
    let ended = played(&story(vec![(Moment::At(Duration::from_secs(3)), drains)]));
    assert_eq!(fences(&ended), [1]);
    let record = ended.calls[0].record.as_ref().unwrap();
    assert_eq!(record.end_reason.as_deref(), Some("user_goodbye"));
}

/// Nobody asks to resume a call whose caller talks with a person.
#[test]
fn res_9_an_operator_s_hang_up_that_a_dead_daemon_has_not_carried_out_is_carried_out_by_the_sweep()
{
    let secs = Duration::from_secs;
    let dies = Fault::NodeDies { node: ITS_NODE, back_after: secs(900) };
    let hangs_up = Fault::OperatorHangsUp { call: 0, daemon: 0 };
    let mut story = story(vec![(Moment::At(secs(60)), dies), (Moment::At(secs(80)), hangs_up)]);
    let caller = &mut story.callers[0];
    caller.business = 1;
    let say = |text| Act { when: When::AgentEnds, what: Deed::Say(text) };
    caller.acts = ["I was locked out", "let me speak to a person"].map(say).to_vec();
    caller.then = Finally::HangsUpAfter(secs(900));
    story.setting.person = Pickup::Person { talks: secs(800) };
    let ended = played(&story);
    let record = ended.calls[0].record.as_ref().unwrap();
    assert_eq!(record.end_reason.as_deref(), Some("operator"));
    let lasted = ended.calls[0].view.duration().unwrap();
    assert!(lasted > LEFT_ALONE && lasted < LEFT_ALONE + secs(180), "{lasted:?}");
}
