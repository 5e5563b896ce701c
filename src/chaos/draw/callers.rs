//! Draws the callers.

use std::time::Duration;

use practice::twilio::{LineQuality, Silence};
use protocol::business::{BusinessSettings, MachineDetection};
use protocol::ids::PhoneNumber;

use super::chance::Chance;
use crate::chaos::story::{Act, Caller, Deed, Finally, When};

/// What a caller must know of a business.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::chaos) struct Called {
    pub(in crate::chaos) speaks_hebrew: bool,
    /// Whether there is a person to transfer to.
    pub(in crate::chaos) transfers: bool,
    /// Whether answering machines of people whom it calls are detected.
    pub(in crate::chaos) detects_machines: bool,
}

impl Called {
    #[must_use]
    pub(in crate::chaos) fn of(business: &BusinessSettings) -> Self {
        Self {
            speaks_hebrew: business.language.as_str() == "he",
            transfers: business.transfer.is_some(),
            detects_machines: business.outbound.machine_detection != MachineDetection::Off,
        }
    }
}

/// The longest time between two callers.
const APART_MS: u64 = 15_000;

pub(super) fn draw(chance: &mut Chance, calls: usize, businesses: &[Called]) -> Vec<Caller> {
    let mut at = Duration::ZERO;
    // Fewer people than calls, so that some call again, or from one phone at the same time.
    let people = (calls * 2).div_ceil(3).max(1);
    (0..calls)
        .map(|_| {
            if chance.percent(70) {
                at += chance.ms(0, APART_MS);
            }
            let business = chance.index(businesses.len());
            let person = chance.index(people);
            caller(chance, business, businesses[business], person, at)
        })
        .collect()
}

fn caller(
    chance: &mut Chance,
    business: usize,
    called: Called,
    person: usize,
    dials_at: Duration,
) -> Caller {
    let number = chance.percent(95).then(|| number(person)).flatten();
    let lines = sentences(called);
    let kind = chance.weighted(&KINDS);
    let mut acts = match kind {
        Kind::Customer => customer(chance, lines),
        Kind::Interrupter => interrupter(chance, lines),
        Kind::Wanderer => wanderer(chance, lines),
        Kind::KeyPresser => key_presser(chance),
        Kind::Silent => Vec::new(),
    };
    let then = if chance.percent(40) {
        // At any moment: the acts after it are not done.
        acts.truncate(chance.index(acts.len() + 1));
        Finally::HangsUpAfter(chance.ms(0, 12_000))
    } else {
        Finally::WaitsForTheEnd
    };
    Caller { business, number, answers: None, dials_at, line: line(chance), acts, then }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Says what they want, and goodbye.
    Customer,
    Interrupter,
    /// Talks, makes noise and pauses in any order.
    Wanderer,
    KeyPresser,
    Silent,
}

const KINDS: [(u64, Kind); 5] = [
    (45, Kind::Customer),
    (20, Kind::Interrupter),
    (20, Kind::Wanderer),
    (7, Kind::KeyPresser),
    (8, Kind::Silent),
];

/// What a caller can say, in the order of a whole call.
pub(super) struct Sentences {
    errand: &'static [&'static str],
    place: &'static [&'static str],
    yes: &'static [&'static str],
    visit: &'static [&'static str],
    goodbye: &'static [&'static str],
    person: &'static [&'static str],
    decline: &'static [&'static str],
    asides: &'static [&'static str],
}

const HEBREW: Sentences = Sentences {
    errand: &["התקנת מנעול חכם", "ננעלתי בחוץ", "אני צריך להחליף צילינדר"],
    place: &["בתל אביב", "אני בירושלים", "חיפה"],
    yes: &["כן", "כן, נכון", "בטח"],
    visit: &["אפשר לקבוע תור?", "אני רוצה לתאם ביקור"],
    goodbye: &["תודה, להתראות", "ביי", "לא תודה, להתראות"],
    person: &["תנו לי נציג"],
    decline: &["אני באמת לא מעוניין בכלום"],
    asides: &["כמה זה עולה?", "רגע אחד", "אפשר באנגלית?", "לא תודה", "מתי אתם פתוחים?", "מה?"],
};

const ENGLISH: Sentences = Sentences {
    errand: &["I need a check-up", "I was locked out", "my tooth hurts since yesterday"],
    place: &["in Tel Aviv", "I am new here", "Haifa"],
    yes: &["yes", "yes, that is right", "sure"],
    visit: &["can I book an appointment?", "I want to schedule a visit"],
    goodbye: &["thank you, goodbye", "bye bye", "no thanks, see you"],
    person: &["a human please", "let me speak to a person"],
    decline: &["I really want nothing", "nothing at all, I am not interested"],
    asides: &["how much is it?", "one moment", "can we speak Hebrew?", "no thanks", "what?"],
};

/// What people say and write to a business.
pub(super) fn sentences(called: Called) -> &'static Sentences {
    if called.speaks_hebrew { &HEBREW } else { &ENGLISH }
}

impl Sentences {
    pub(super) fn any(&self, chance: &mut Chance) -> &'static str {
        let of = chance.one_of(&[
            self.errand,
            self.place,
            self.yes,
            self.visit,
            self.asides,
            self.asides,
            self.goodbye,
        ]);
        chance.one_of(of)
    }
}

fn say(when: When, text: &'static str) -> Act {
    Act { when, what: Deed::Say(text) }
}

fn customer(chance: &mut Chance, lines: &Sentences) -> Vec<Act> {
    let mut acts = Vec::new();
    for of in [lines.errand, lines.place, lines.yes, lines.visit, lines.yes, lines.yes] {
        acts.push(say(When::AgentEnds, chance.one_of(of)));
        if chance.percent(20) {
            acts.push(say(When::AgentEnds, chance.one_of(lines.asides)));
        }
    }
    if chance.percent(50) {
        acts.truncate(3);
    }
    acts.push(say(When::AgentEnds, chance.one_of(lines.goodbye)));
    acts
}

/// Says what they want, and wants a person.
pub(super) fn asks_for_a_person(chance: &mut Chance, called: Called) -> Vec<Act> {
    let lines = sentences(called);
    let words = [lines.errand, lines.person, lines.person];
    words.map(|of| say(When::AgentEnds, chance.one_of(of))).to_vec()
}

/// Wants nothing, and says so for good.
pub(super) fn declines(chance: &mut Chance, called: Called) -> Vec<Act> {
    let lines = sentences(called);
    let no = say(When::AgentEnds, if called.speaks_hebrew { "לא תודה" } else { "no thanks" });
    vec![no, say(When::AgentEnds, chance.one_of(lines.decline))]
}

fn interrupter(chance: &mut Chance, lines: &Sentences) -> Vec<Act> {
    let mut acts = Vec::new();
    for _ in 0..chance.from(2, 6) {
        let when = When::AgentSpeaks(chance.ms(0, 2_500));
        acts.push(say(when, lines.any(chance)));
        if chance.percent(20) {
            let what = Deed::Noise { rms: 3000, length: chance.ms(20, 400) };
            acts.push(Act { when: When::AgentSpeaks(chance.ms(0, 1_500)), what });
        }
    }
    acts
}

fn wanderer(chance: &mut Chance, lines: &Sentences) -> Vec<Act> {
    let mut acts = Vec::new();
    for _ in 0..chance.from(1, 8) {
        let when = match chance.from(0, 2) {
            0 => When::AgentEnds,
            1 => When::AgentSpeaks(chance.ms(0, 3_000)),
            _ => When::After(chance.ms(0, 4_000)),
        };
        let what = match chance.from(0, 9) {
            0 => Deed::Noise { rms: 3000, length: chance.ms(40, 3_000) },
            1 => Deed::Press(chance.one_of(&KEYS)),
            2 => Deed::FallSilent,
            _ => Deed::Say(lines.any(chance)),
        };
        acts.push(Act { when, what });
    }
    acts
}

fn key_presser(chance: &mut Chance) -> Vec<Act> {
    let mut acts = Vec::new();
    for _ in 0..chance.from(1, 4) {
        let when = chance.one_of(&[When::AgentEnds, When::After(Duration::from_millis(700))]);
        acts.push(Act { when, what: Deed::Press(chance.one_of(&KEYS)) });
    }
    acts
}

const KEYS: [&str; 4] = ["1", "0", "#", "123456#"];

fn line(chance: &mut Chance) -> LineQuality {
    let silences = [Silence::Flat, Silence::Flat, Silence::Wobbling, Silence::Skipped];
    LineQuality {
        silence: chance.one_of(&silences),
        burst: chance.one_of(&[1, 1, 1, 2, 5]),
        start_delay: chance.ms(0, 300),
        loses_marks: chance.percent(5),
        ..LineQuality::default()
    }
}

pub(super) fn number(person: usize) -> Option<PhoneNumber> {
    PhoneNumber::parse(&format!("+97250{:07}", 2_000_000 + person)).ok()
}

/// Nobody else has it: a business calls each number once.
pub(super) fn callee_number(call: usize) -> Option<PhoneNumber> {
    number(1_000_000 + call)
}
