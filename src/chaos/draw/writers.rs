//! Draws people who write: some of the callers, and others. They have troubles of their own.

use std::time::Duration;

use practice::openai::TextFault;
use practice::twilio::{Attached, CallbackDelivery, RestFault, RestKind};

use super::callers::{Called, number, sentences};
use super::chance::Chance;
use crate::chaos::story::{Arrival, Caller, Fault, Moment, Note, Trouble, Writer};

/// How many people write in one run.
const WRITERS: [(u64, usize); 4] = [(45, 0), (30, 1), (15, 2), (10, 3)];
/// How many troubles they have.
const TROUBLES: [(u64, u64); 4] = [(30, 0), (30, 1), (25, 2), (15, 4)];
/// Trouble comes until so long after the last message.
const LASTS: Duration = Duration::from_secs(10);
/// The first of those who do not call.
const STRANGER: usize = 1_000_000;

pub(super) fn draw(
    chance: &mut Chance,
    callers: &[Caller],
    businesses: &[Called],
) -> (Vec<Writer>, Vec<Trouble>) {
    let mut writers: Vec<Writer> = Vec::new();
    for place in 0..chance.weighted(&WRITERS) {
        let Some(drawn) = writer(chance, place, callers, businesses) else { continue };
        let is_known = |it: &Writer| (it.business, &it.number) == (drawn.business, &drawn.number);
        if !writers.iter().any(is_known) {
            writers.push(drawn);
        }
    }
    let last = writers.iter().flat_map(|writer| &writer.notes).map(|note| note.at).max();
    let Some(last) = last else { return (writers, Vec::new()) };
    let until = u64::try_from((last + LASTS).as_millis()).unwrap_or(u64::MAX);
    let mut troubles: Vec<_> =
        (0..chance.weighted(&TROUBLES)).map(|_| (chance.ms(0, until), fault(chance))).collect();
    troubles.sort_by_key(|(at, _)| *at);
    let trouble = |(at, what)| Trouble { at: Moment::At(at), what };
    (writers, troubles.into_iter().map(trouble).collect())
}

fn writer(
    chance: &mut Chance,
    place: usize,
    callers: &[Caller],
    businesses: &[Called],
) -> Option<Writer> {
    let caller = &callers[chance.index(callers.len())];
    let calls_too = chance.percent(80);
    let business =
        if chance.percent(80) { caller.business } else { chance.index(businesses.len()) };
    let number =
        caller.number.clone().filter(|_| calls_too).or_else(|| number(STRANGER + place))?;
    let word = format!("k{}w{place}q", business + 1);
    let mut notes = vec![note(chance, caller.dials_at, text_with(&word))];
    for _ in 0..chance.from(0, 5) {
        // A burst, or a pause in which an answer comes.
        let pause = if chance.percent(65) { chance.ms(0, 3_000) } else { chance.ms(5_000, 45_000) };
        let at = notes.last().map_or(Duration::ZERO, |before| before.at) + pause;
        let (text, attached) = content(chance, businesses[business]);
        let arrives = arrival(chance);
        notes.push(Note { at, text, attached, arrives });
    }
    Some(Writer { business, number, word, notes })
}

/// The first message of a person comes before, while or after they call.
fn note(chance: &mut Chance, dials_at: Duration, text: String) -> Note {
    let at = match chance.from(0, 3) {
        0 => dials_at.saturating_sub(chance.ms(0, 15_000)),
        1 | 2 => dials_at + chance.ms(0, 30_000),
        _ => dials_at + chance.ms(20_000, 90_000),
    };
    Note { at, text, attached: Attached::Nothing, arrives: arrival(chance) }
}

fn text_with(word: &str) -> String {
    format!("{word}?")
}

fn content(chance: &mut Chance, business: Called) -> (String, Attached) {
    let words = sentences(business).any(chance).to_owned();
    match chance.from(1, 100) {
        1..=66 => (words, Attached::Nothing),
        67..=74 => (String::new(), Attached::Media("audio/ogg".to_owned())),
        75..=78 => (String::new(), Attached::Media("image/jpeg".to_owned())),
        79..=82 => (words, Attached::Media("image/jpeg".to_owned())),
        83..=86 => {
            let place = Attached::Location("32.08".to_owned(), "34.78".to_owned(), "99".to_owned());
            (String::new(), place)
        }
        87..=94 => (chance.one_of(&["STOP", "הסר"]).to_owned(), Attached::Nothing),
        _ => (chance.one_of(&["START", "הצטרף"]).to_owned(), Attached::Nothing),
    }
}

fn arrival(chance: &mut Chance) -> Arrival {
    match chance.from(1, 100) {
        1..=75 => Arrival::Once,
        76..=85 => Arrival::Again(chance.ms(100, 8_000)),
        86..=90 => Arrival::Again(chance.ms(60_000, 120_000)),
        _ => Arrival::AtOnce(5),
    }
}

fn fault(chance: &mut Chance) -> Fault {
    match chance.from(1, 100) {
        1..=45 => Fault::Text(text(chance)),
        46..=80 => Fault::Rest {
            kind: RestKind::CreateMessage,
            fault: chance.one_of(&[
                RestFault::TooManyRequests,
                RestFault::ServerError,
                RestFault::AcceptedThenError,
                RestFault::AcceptedThenSilence,
            ]),
            times: u32::try_from(chance.from(1, 3)).unwrap_or(1),
        },
        81..=90 => Fault::Undelivered(chance.one_of(&[63_016, 63_024, 63_049, 30_008])),
        _ => Fault::Callbacks(match chance.from(0, 3) {
            0 => CallbackDelivery::Duplicated(2),
            1 => CallbackDelivery::Delayed(chance.ms(100, 10_000)),
            2 => CallbackDelivery::Lost,
            _ => CallbackDelivery::Swapped,
        }),
    }
}

fn text(chance: &mut Chance) -> TextFault {
    match chance.from(0, 9) {
        0 => TextFault::TooManyRequests(chance.percent(50).then_some(2)),
        1 => TextFault::ServerError,
        2 => TextFault::Refusal,
        3 => TextFault::Incomplete("max_output_tokens".to_owned()),
        4 => TextFault::Text("no JSON".to_owned()),
        5 => TextFault::TooLong(1_900),
        6 => TextFault::Claims("lead_complete".to_owned()),
        7 => TextFault::Silence,
        8 => TextFault::HalfBody,
        _ => TextFault::Late(chance.ms(500, 12_000)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::chaos::draw::story;
    use crate::chaos::story::Story;

    const HEBREW: Called =
        Called { speaks_hebrew: true, transfers: false, detects_machines: false };
    const BUSINESSES: [Called; 2] = [HEBREW, Called { speaks_hebrew: false, ..HEBREW }];

    fn stories() -> Vec<Story> {
        (1..=300).map(|seed| story(seed, 3, &BUSINESSES)).collect()
    }

    #[test]
    fn prac_6_people_write_before_while_and_after_they_call_and_some_never_call() {
        let (mut before, mut during, mut after, mut strangers) = (0, 0, 0, 0);
        for story in stories() {
            for writer in &story.writers {
                let calls: Vec<_> = story
                    .callers
                    .iter()
                    .filter(|caller| caller.number.as_ref() == Some(&writer.number))
                    .map(|caller| caller.dials_at)
                    .collect();
                let Some(first) = calls.iter().min().copied() else {
                    strangers += 1;
                    continue;
                };
                for note in &writer.notes {
                    if note.at < first {
                        before += 1;
                    } else if note.at < first + Duration::from_secs(20) {
                        during += 1;
                    } else {
                        after += 1;
                    }
                }
            }
        }
        let all = [before, during, after, strangers];
        assert!(all.iter().all(|count| *count > 10), "{all:?}");
    }

    #[test]
    fn prac_6_every_kind_of_message_and_of_delivery_is_drawn() {
        let writers: Vec<_> = stories().into_iter().flat_map(|story| story.writers).collect();
        let notes = || writers.iter().flat_map(|writer| &writer.notes);
        let texts: BTreeSet<&str> = notes().map(|note| note.text.as_str()).collect();
        assert!(["STOP", "START", "הסר", "הצטרף", ""].iter().all(|text| texts.contains(text)));
        for attached in ["audio/ogg", "image/jpeg"] {
            let wanted = Attached::Media(attached.to_owned());
            assert!(notes().any(|note| note.attached == wanted), "{attached}");
        }
        assert!(notes().any(|note| matches!(note.attached, Attached::Location(..))));
        for wanted in [Arrival::Once, Arrival::AtOnce(5)] {
            assert!(notes().any(|note| note.arrives == wanted), "{wanted:?}");
        }
        assert!(notes().any(|note| matches!(note.arrives, Arrival::Again(_))));
        assert!(writers.iter().all(|writer| writer.notes[0].text.contains(&writer.word)));
    }

    #[test]
    fn prac_6_words_are_of_one_person_and_one_business() {
        for story in stories() {
            let words: BTreeSet<&str> = story.writers.iter().map(|it| it.word.as_str()).collect();
            let pairs: BTreeSet<_> =
                story.writers.iter().map(|it| (it.business, &it.number)).collect();
            assert_eq!((words.len(), pairs.len()), (story.writers.len(), story.writers.len()));
        }
    }
}
