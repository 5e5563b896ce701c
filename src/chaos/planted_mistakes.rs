//! Each planted mistake has a story that finds it. It breaks an invariant with the mistake, and holds without.

use std::time::Duration;

use actors::introspection::ActorKind;
use entities::DatabaseFault;
use mistakes::Mistake;
use practice::openai::{Behaviour, LinkFault};
use practice::twilio::{LineQuality, RestFault, RestKind};
use protocol::ids::PhoneNumber;

use super::plant::Plant;
use super::play::{businesses, play};
use super::story::{Act, Caller, Deed, Fault, Finally, Moment, Order, Scene, Story, Trouble, When};

const LOCKSMITH: usize = 0;

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
        dials_at: Duration::ZERO,
        line: LineQuality::default(),
        acts,
        then: Finally::WaitsForTheEnd,
    };
    Story {
        seed: 1,
        nodes: 1,
        callers: vec![caller],
        troubles: Vec::new(),
        model: Behaviour::default(),
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
