//! Each planted mistake has a story that finds it. It breaks an invariant with the mistake, and holds without.

use std::time::Duration;

use actors::introspection::ActorKind;
use entities::DatabaseFault;
use mistakes::Mistake;
use practice::openai::{Behaviour, LinkFault, TextFault};
use practice::twilio::{Attached, LineQuality, RestFault, RestKind};
use protocol::ids::PhoneNumber;

use super::plant::Plant;
use super::play::{businesses, play};
use super::story::{
    Act, Arrival, Caller, Deed, Fault, Finally, Moment, Note, Order, Scene, Story, Trouble, When,
    WhichNode, Writer,
};

const LOCKSMITH: usize = 0;
/// A seed with which another daemon takes the call over.
const TAKEN_OVER: u64 = 2;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn say(text: &'static str) -> Act {
    Act { when: When::AgentEnds, what: Deed::Say(text) }
}

fn interrupts_after(ms: u64, text: &'static str) -> Act {
    Act { when: When::AgentSpeaks(Duration::from_millis(ms)), what: Deed::Say(text) }
}

const GOODBYE: &str = "תודה, להתראות";

/// One call to the locksmith, whose caller waits for the end.
fn call(acts: Vec<Act>) -> Story {
    let caller = Caller {
        business: LOCKSMITH,
        number: PhoneNumber::parse("+972502000001").ok(),
        answers: None,
        dials_at: Duration::ZERO,
        line: LineQuality::default(),
        acts,
        then: Finally::WaitsForTheEnd,
    };
    Story {
        seed: 1,
        nodes: 1,
        callers: vec![caller],
        writers: Vec::new(),
        troubles: Vec::new(),
        model: Behaviour::default(),
        setting: Default::default(),
    }
}

impl Story {
    fn with(mut self, at: Moment, what: Fault) -> Self {
        self.troubles.push(Trouble { at, what });
        self
    }

    fn at_scene(self, scene: Scene, plus: u64, what: Fault) -> Self {
        self.with(Moment::Scene { call: 0, scene, plus: ms(plus) }, what)
    }
}

/// People who write to the locksmith, each with the seconds at which they write and their words.
fn written(people: &[&[(u64, &str)]]) -> Story {
    let mut story = call(Vec::new());
    story.callers.clear();
    let writer = |(place, said): (usize, &&[(u64, &str)])| {
        let word = format!("k1w{place}q");
        let note = |(at, text): &(u64, &str)| Note {
            at: Duration::from_secs(*at),
            text: text.replace("{word}", &word),
            attached: Attached::Nothing,
            arrives: Arrival::Once,
        };
        let notes = said.iter().map(note).collect();
        let number = PhoneNumber::parse(&format!("+97250200000{}", place + 1)).unwrap();
        Writer { business: LOCKSMITH, number, word, notes }
    };
    story.writers = people.iter().enumerate().map(writer).collect();
    story
}

/// They call too, so long after the beginning.
fn called(mut story: Story, after: u64, acts: &[&'static str]) -> Story {
    let mut caller = call(acts.iter().copied().map(say).collect()).callers.remove(0);
    caller.dials_at = Duration::from_secs(after);
    story.callers.push(caller);
    story
}

fn dropped() -> Fault {
    Fault::Sessions(LinkFault::Dropped)
}

fn of(mistake: Mistake) -> (u8, Story) {
    match mistake {
        Mistake::SecondResponse => {
            let mut story = call(vec![
                say("התקנת מנעול חכם"),
                Act { when: When::After(ms(1_200)), what: Deed::Say("בתל אביב") },
                say(GOODBYE),
            ]);
            story.model.first_audio_after = ms(3_000);
            (1, story)
        }
        // What cancels an answer goes out while several frames of the caller's wait.
        Mistake::LostFrame => (6, call(vec![say("התקנת מנעול חכם"), say(GOODBYE)])),
        Mistake::UnfencedCut => {
            let acts = vec![say("כמה זה עולה?"), interrupts_after(1_000, "רגע אחד"), say(GOODBYE)];
            let mut story = call(acts);
            story.model.speed = 1.0;
            story.model.late_deltas = 5;
            (10, story)
        }
        Mistake::ClippedClosing => {
            (2, call(vec![say(GOODBYE)]).at_scene(Scene::Closing, 500, dropped()))
        }
        Mistake::DoubleBooking => {
            let lost = Fault::Database { fault: DatabaseFault::CommitLost, lasts: ms(0) };
            let acts = ["התקנת מנעול חכם", "בתל אביב", "כן", "אפשר לקבוע תור?", "כן", GOODBYE];
            // The snapshot is written first, and the booking waits for it. Slowly, so that what is lost is
            // the booking's commit.
            let slow = DatabaseFault::Slow(ms(400));
            let slow = Fault::Database { fault: slow, lasts: ms(3_000) };
            let story = call(acts.map(say).to_vec()).at_scene(Scene::Booking, 0, slow);
            (11, story.at_scene(Scene::Booking, 500, lost))
        }
        Mistake::ForeignLead => {
            let mut story = call(vec![say(GOODBYE)]);
            story.callers[0].number = None;
            (15, story)
        }
        Mistake::LeakedTask => {
            let fault = RestFault::AcceptedThenSilence;
            let silence = Fault::Rest { kind: RestKind::HangUp, fault, times: 5 };
            (9, call(vec![say(GOODBYE)]).at_scene(Scene::Closing, 0, silence))
        }
        Mistake::EarlyRestart => {
            let at = Moment::TracePoint { call: 0, kind: ActorKind::Realtime, nth: 60 };
            (8, call(vec![say(GOODBYE)]).with(at, Fault::Crash))
        }
        Mistake::UnheardWords => {
            let acts = vec![say("כמה זה עולה?"), interrupts_after(1_000, "רגע אחד"), say(GOODBYE)];
            let mut story = call(acts);
            story.model.speed = 20.0;
            (15, story)
        }
        Mistake::SecondGreeting => {
            let mut story = call(vec![say(GOODBYE)]).at_scene(Scene::Greeting, 1_000, dropped());
            story.model.speed = 1.5;
            (2, story)
        }
        Mistake::ForgottenOutbox => {
            let at = Moment::Ordered { call: 0, order: Order::HangUp, nth: 1 };
            (2, call(vec![say(GOODBYE)]).with(at, Fault::Crash))
        }
        Mistake::ForgottenText => {
            let late = Fault::Text(TextFault::Late(ms(5_000)));
            (30, written(&[&[(1, "{word}?"), (5, "כמה זה עולה?")]]).with(Moment::At(ms(0)), late))
        }
        Mistake::SecondMessage => {
            let fault = RestFault::AcceptedThenError;
            let lost = Fault::Rest { kind: RestKind::CreateMessage, fault, times: 1 };
            (31, written(&[&[(1, "{word}?")]]).with(Moment::At(ms(0)), lost))
        }
        Mistake::MessageInCall => {
            let acts = ["התקנת מנעול חכם", "בתל אביב", "כן", GOODBYE];
            (32, called(written(&[&[(5, "{word}?")]]), 0, &acts))
        }
        Mistake::MessageAfterStop => {
            let acts = ["התקנת מנעול חכם", "בתל אביב", "כן", GOODBYE];
            (34, called(written(&[&[(1, "{word}?"), (8, "STOP")]]), 12, &acts))
        }
        Mistake::ForeignHistory => (35, written(&[&[(1, "{word}?")], &[(9, "{word}?")]])),
        Mistake::KeptSession => {
            let acts = ["התקנת מנעול חכם", "בתל אביב", "כן", GOODBYE].map(say).to_vec();
            let node = WhichNode::Of { call: 0 };
            let cut_off = Fault::NodeCutOff { node, lasts: ms(40_000) };
            let story = call(acts).at_scene(Scene::Turn, 0, cut_off);
            let story = story.at_scene(Scene::Turn, 2_000, Fault::MediaSocketCut { call: 0 });
            // By chance the webhook that follows reaches the other daemon.
            (18, Story { nodes: 2, seed: TAKEN_OVER, ..story })
        }
        // The timer is paused while there is no session.
        Mistake::UnarmedTimer => (2, call(Vec::new()).with(Moment::At(ms(7_000)), dropped())),
    }
}

#[test]
fn prac_6_each_planted_mistake_breaks_its_story_which_holds_without_it() {
    let businesses = businesses().unwrap();
    let broken = |story: &Story, mistake: Option<Mistake>| {
        play(story, &businesses, Plant::from(mistake), None).unwrap().broken
    };
    let mut wrong = Vec::new();
    for mistake in Mistake::ALL {
        let (invariant, story) = of(*mistake);
        let without = broken(&story, None);
        let with = broken(&story, Some(*mistake));
        let found = with.as_ref().is_some_and(|it| it.invariant.0 == invariant);
        if without.is_some() || !found {
            wrong.push(format!("{mistake}, for invariant {invariant}: {without:?}, {with:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
