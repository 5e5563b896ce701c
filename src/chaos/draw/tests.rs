use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use practice::openai::ResponseFault;

use super::*;
use crate::chaos::story::{Caller, Deed, Fault, Finally, Moment, Order, When};

const BUSINESSES: [Called; 2] = [
    Called { speaks_hebrew: true, transfers: false, detects_machines: false },
    Called { speaks_hebrew: false, transfers: true, detects_machines: true },
];
/// Within so many seeds everything happens that can be drawn.
const SEEDS: u64 = 200;

fn stories() -> impl Iterator<Item = Story> {
    (1..=SEEDS).map(|seed| story(seed, 5, &BUSINESSES))
}

fn callers() -> Vec<Caller> {
    stories().flat_map(|story| story.callers).collect()
}

/// The names of the variants.
fn variants<T: Debug>(of: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    let name = |value: T| {
        let text = format!("{value:?}");
        text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default().to_owned()
    };
    of.into_iter().map(name).collect()
}

fn assert_all<T: Debug>(drawn: impl IntoIterator<Item = T>, names: &str) {
    let expected: BTreeSet<_> = names.split_whitespace().map(str::to_owned).collect();
    assert_eq!(variants(drawn), expected);
}

#[test]
fn prac_6_a_seed_gives_the_same_story_and_another_seed_another() {
    let told = |seed| format!("{:?}", story(seed, 5, &BUSINESSES));
    assert_eq!(told(17), told(17));
    assert_ne!(told(17), told(18));
}

#[test]
fn prac_6_every_kind_of_caller_is_drawn() {
    let callers = callers();
    assert_all(callers.iter().map(|caller| caller.then), "WaitsForTheEnd HangsUpAfter");
    let acts = || callers.iter().flat_map(|caller| &caller.acts);
    assert_all(acts().map(|act| act.when), "After AgentEnds AgentSpeaks");
    assert_all(acts().map(|act| &act.what), "Say Noise Press FallSilent");
    let waits = |caller: &&Caller| caller.then == Finally::WaitsForTheEnd;
    let all = |caller: &Caller, is: fn(&Deed) -> bool| caller.acts.iter().all(|act| is(&act.what));
    let patient: Vec<_> = callers.iter().filter(waits).collect();
    let has = |what: &str, is: &dyn Fn(&Caller) -> bool| {
        assert!(patient.iter().any(|caller| is(caller)), "{what}");
    };
    has("a silent one", &|caller| caller.acts.is_empty());
    let presses = |deed: &Deed| matches!(deed, Deed::Press(_));
    has("a key presser", &|caller| !caller.acts.is_empty() && all(caller, presses));
    let waits_for_its_turn = |caller: &Caller| {
        caller.acts.len() > 4 && caller.acts.iter().all(|act| act.when == When::AgentEnds)
    };
    has("a customer", &waits_for_its_turn);
    let interrupts = |caller: &Caller| {
        !caller.acts.is_empty()
            && caller.acts.iter().all(|act| matches!(act.when, When::AgentSpeaks(_)))
    };
    has("an interrupter", &interrupts);
    assert!(callers.iter().any(|caller| caller.number.is_none()), "a withheld number");
    assert!(callers.iter().any(|caller| caller.line.loses_marks), "a line without marks");
}

#[test]
fn prac_6_people_call_again_and_twice_at_once_from_one_phone() {
    let (mut again, mut at_once) = (0, 0);
    for story in stories() {
        let mut dialled = BTreeMap::new();
        for caller in story.callers {
            let Some(number) = caller.number else { continue };
            match dialled.insert(number, caller.dials_at) {
                Some(before) if before == caller.dials_at => at_once += 1,
                Some(_) => again += 1,
                None => {}
            }
        }
    }
    assert!(again > 0 && at_once > 0, "{again} again, {at_once} at once");
}

#[test]
fn prac_6_every_trouble_that_is_listed_is_drawn() {
    let troubles: Vec<_> = stories().flat_map(|story| story.troubles).collect();
    let faults = || troubles.iter().map(|trouble| &trouble.what);
    assert_all(
        faults(),
        "Crash Network Sessions Refused NextResponse SessionsExpire Rest Callbacks CutOff \
         MediaSocketCut MediaSocketStalls Database WebhookAgain Text Undelivered OperatorHangsUp",
    );
    assert_all(troubles.iter().map(|trouble| trouble.at), "At TracePoint Published Ordered Scene");
    let (mut scenes, mut orders) = (Vec::new(), Vec::new());
    let (mut killed, mut links, mut peers, mut databases) = (vec![], vec![], vec![], vec![]);
    for trouble in &troubles {
        match trouble.at {
            Moment::TracePoint { kind, .. } => killed.push(kind),
            Moment::Scene { scene, .. } => scenes.push(scene),
            Moment::Ordered { order, .. } => orders.push(order),
            Moment::At(_) | Moment::Published { .. } => {}
        }
        if let Fault::Network { to, trouble, .. } = &trouble.what {
            peers.push(*to);
            links.push(*trouble);
        }
        if let Fault::Database { fault, .. } = &trouble.what {
            databases.push(*fault);
        }
    }
    assert_all(scenes, "Greeting Turn Interruption Booking Closing");
    assert_eq!(variants(orders), variants(Order::ALL));
    assert_all(killed, "Call TwilioIo Realtime Lead");
    assert_all(peers, "OpenAi TwilioApi Daemon");
    assert_all(links, "Delay Stall BlackHole Reset");
    assert_all(databases, "Slow Locked Gone Full CommitLost");
}

#[test]
fn prac_6_every_setting_is_drawn() {
    let settings: Vec<_> = stories().map(|story| story.setting).collect();
    assert!(settings.iter().any(|it| it.max_calls.is_some()), "a daemon that is full");
    assert!(settings.iter().any(|it| it.max_duration.is_some()), "calls that may not be long");
    assert!(settings.iter().any(|it| it.phrases_decide), "phrases that end calls");
    assert_all(settings.iter().map(|it| it.person), "Person Busy NoAnswer");
    let answers = callers().into_iter().filter_map(|caller| caller.answers);
    assert_all(answers, "Machine Person Busy");
}

#[test]
fn prac_6_prac_7_every_fault_of_the_model_is_drawn() {
    let models: Vec<_> = stories().map(|story| story.model).collect();
    let once = models.iter().flat_map(|model| &model.responses_once);
    let of_sessions = models.iter().flat_map(|model| &model.responses);
    assert!(models.iter().any(|model| model.other_responses != ResponseFault::None));
    assert_all(
        once.clone().chain(of_sessions),
        "None CreatedLate DoneLate Failed TextOnly Empty Incomplete Error ErrorFirst \
         StalledAfterCreated StalledAfter Lost",
    );
    assert!(once.clone().any(|fault| *fault == ResponseFault::no_quota()), "no quota");
    let arguments = models.iter().map(|model| &model.arguments);
    assert_all(arguments, "None CutOff DoubleEncoded FollowedBy ReplacedBy");
    let speech = models.iter().flat_map(|model| &model.speech);
    assert_all(speech, "None NeverStops CommittedUnstopped");
    assert!(models.iter().any(|model| model.calls_in_lines.is_some()), "tools in lines");
    let refused = models.iter().flat_map(|model| &model.unsupported_transcription);
    assert!(refused.clone().next().is_some(), "a transcription model that is refused");
    let businesses = crate::chaos::play::businesses().unwrap();
    let asked_for = |model: &str| {
        let mut all = businesses.iter();
        all.all(|business| business.agent.transcription_model == *model)
    };
    assert!(refused.clone().all(|model| asked_for(model)), "it is one that is asked for");
}

#[test]
fn prac_6_several_daemons_get_troubles_of_their_own_and_the_same_callers() {
    let of = |nodes| (1..=SEEDS).map(move |seed| story_of_nodes(seed, 5, nodes, &BUSINESSES));
    let told = |story: &Story| format!("{:?}", story.callers);
    assert!(of(1).zip(of(2)).all(|(one, two)| told(&one) == told(&two)));
    let is_of_nodes = |fault: &Fault| {
        matches!(
            fault,
            Fault::NodeDies { .. } | Fault::NodeCutOff { .. } | Fault::NodeDrains { .. }
        )
    };
    let faults = |nodes| of(nodes).flat_map(|story| story.troubles).map(|trouble| trouble.what);
    assert!(!faults(1).any(|fault| is_of_nodes(&fault)));
    assert_all(faults(2).filter(is_of_nodes), "NodeDies NodeCutOff NodeDrains");
    let calm = of(2).filter(|story| {
        let only_of_nodes = |fault: &Fault| {
            let is_beside =
                matches!(fault, Fault::MediaSocketCut { .. } | Fault::OperatorHangsUp { .. });
            is_of_nodes(fault) || is_beside
        };
        story.troubles.iter().all(|trouble| only_of_nodes(&trouble.what))
    });
    assert!(calm.count() > 50, "many runs have no other troubles");
    let real = || (1..=SEEDS).map(|seed| story_of_processes(seed, 5, 2, &BUSINESSES));
    let troubles: Vec<_> = real().flat_map(|story| story.troubles).collect();
    assert_all(troubles.iter().map(|trouble| trouble.at), "At");
    assert_all(
        troubles.iter().map(|trouble| &trouble.what),
        "NodeDies NodeCutOff NodeDrains MediaSocketCut OperatorHangsUp",
    );
    let answers = real().flat_map(|story| story.callers).filter_map(|caller| caller.answers);
    assert_all(answers, "Machine Person Busy");
}
