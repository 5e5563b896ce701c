//! A story for each way in which a call can end, with two daemons on one database. Seeds draw all of them but a
//! pause; here it is shown that each is checked.

use std::collections::BTreeSet;
use std::time::Duration;

use actors::introspection::ActorKind;
use practice::openai::{Behaviour, ResponseFault};
use practice::twilio::{LineQuality, Pickup};
use protocol::call::EndReason;
use protocol::ids::PhoneNumber;

use super::plant::Plant;
use super::play::{businesses, play};
use super::story::{
    Act, Caller, Deed, Fault, Finally, Moment, Scene, Setting, Story, Trouble, When, WhichNode,
};

const LOCKSMITH: usize = 0;
const CLINIC: usize = 1;
const GOODBYE: &str = "תודה, להתראות";

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// One call to the locksmith, whose caller says this and waits for the end.
fn call(says: &[&'static str]) -> Story {
    let say = |text: &&'static str| Act { when: When::AgentEnds, what: Deed::Say(text) };
    let caller = Caller {
        business: LOCKSMITH,
        number: PhoneNumber::parse("+972502000001").ok(),
        answers: None,
        dials_at: secs(4),
        line: LineQuality::default(),
        acts: says.iter().map(say).collect(),
        then: Finally::WaitsForTheEnd,
    };
    Story {
        seed: 1,
        nodes: 2,
        callers: vec![caller],
        writers: Vec::new(),
        troubles: Vec::new(),
        model: Behaviour::default(),
        setting: Setting::default(),
    }
}

impl Story {
    fn has(mut self, at: Moment, what: Fault) -> Self {
        self.troubles.push(Trouble { at, what });
        self
    }
}

fn in_scene(scene: Scene, plus: u64) -> Moment {
    Moment::Scene { call: 0, scene, plus: secs(plus) }
}

fn of(reason: EndReason) -> Story {
    let mut talk = call(&["התקנת מנעול חכם", "בתל אביב", "כן", GOODBYE]);
    match reason {
        EndReason::UserGoodbye => talk,
        EndReason::LeadComplete => {
            talk.setting.phrases_decide = true;
            talk
        }
        EndReason::CustomerDeclined => call(&["לא תודה", "אני באמת לא מעוניין בכלום"]),
        EndReason::NoResponse => call(&[]),
        EndReason::MaxDuration => {
            talk.setting.max_duration = Some(secs(12));
            talk
        }
        EndReason::Transferred => {
            let mut story = call(&["I was locked out", "let me speak to a person"]);
            story.callers[0].business = CLINIC;
            story
        }
        EndReason::CallerHungUp => {
            talk.callers[0].acts.truncate(2);
            talk.callers[0].then = Finally::HangsUpAfter(secs(1));
            talk
        }
        EndReason::Operator => {
            talk.has(in_scene(Scene::Turn, 1), Fault::OperatorHangsUp { call: 0, daemon: 1 })
        }
        EndReason::UpstreamFailed => {
            talk.model.other_responses = ResponseFault::no_quota();
            talk.model.responses = vec![ResponseFault::no_quota()];
            talk
        }
        EndReason::StreamLost => {
            let cut_off = Fault::CutOff { lasts: secs(120) };
            let breaks = Fault::MediaSocketCut { call: 0 };
            talk.has(in_scene(Scene::Turn, 0), cut_off).has(in_scene(Scene::Turn, 1), breaks)
        }
        EndReason::NotConnected => placed(Pickup::Busy),
        EndReason::Machine => placed(Pickup::Machine),
        EndReason::Internal => {
            let at = |nth| Moment::TracePoint { call: 0, kind: ActorKind::TwilioIo, nth };
            (0..12).fold(talk, |story, nth| story.has(at(60 + 3 * nth), Fault::Crash))
        }
        EndReason::Shutdown => {
            let mut story = call(&[]);
            let talks = ["כמה זה עולה?", "רגע אחד", "מה?"].repeat(30);
            story.callers[0].acts = call(&talks).callers[0].acts.clone();
            let drains = Fault::NodeDrains { node: WhichNode::Of { call: 0 }, back_after: secs(1) };
            story.has(in_scene(Scene::Turn, 0), drains)
        }
        EndReason::Refused => {
            talk.setting.max_calls = Some(1);
            let second = Caller { dials_at: secs(6), ..talk.callers[0].clone() };
            Story { nodes: 1, callers: vec![talk.callers.remove(0), second], ..talk }
        }
        EndReason::Paused => {
            talk.setting.paused = true;
            talk
        }
    }
}

/// The clinic calls somebody, who answers so.
fn placed(answers: Pickup) -> Story {
    let mut story = call(&[]);
    story.callers[0].business = CLINIC;
    story.callers[0].answers = Some(answers);
    story
}

#[test]
fn prac_6_every_ending_comes_and_holds() {
    let businesses = businesses().unwrap();
    let mut came = BTreeSet::new();
    for reason in EndReason::ALL {
        let played = play(&of(reason), &businesses, Plant::default(), None).unwrap();
        assert_eq!(played.broken, None, "{reason:?}: {:#?}", played.last_events);
        assert_eq!(played.endings.get(reason.as_str()), Some(&1), "{:?}", played.endings);
        came.insert(reason.as_str());
    }
    assert_eq!(came.len(), EndReason::ALL.len());
}

/// The apology stops what Twilio plays, and nobody is left who knows how much of it was heard.
#[test]
fn barge_6_of_what_a_part_that_gives_up_has_played_the_transcript_keeps_what_was_heard() {
    let businesses = businesses().unwrap();
    for first in (30..210).step_by(20) {
        let at = |nth| Moment::TracePoint { call: 0, kind: ActorKind::TwilioIo, nth };
        let talk = call(&["התקנת מנעול חכם", "בתל אביב", "כן", GOODBYE]);
        let story = (0..12).fold(talk, |story, nth| story.has(at(first + 3 * nth), Fault::Crash));
        let played = play(&story, &businesses, Plant::default(), None).unwrap();
        assert_eq!(played.broken, None, "from {first} on: {:#?}", played.last_events);
    }
}
