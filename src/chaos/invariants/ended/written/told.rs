//! To whom the words of a person were told: to their own business's model and to nobody else (invariant 35).

use std::collections::BTreeSet;

use protocol::ids::PhoneNumber;
use serde_json::Value;

use super::super::findings::ensure;
use super::super::sessions::Sessions;
use crate::chaos::ended::{Ended, EndedWriter};
use crate::chaos::story::{Story, Writer};

/// Events of a session that can carry words.
const TELLING: [&str; 3] = ["session.update", "conversation.item.create", "response.create"];

pub(super) fn only_to_its_own(
    story: &Story,
    ended: &Ended,
    sessions: &Sessions,
) -> Result<(), String> {
    for turn in &ended.written.model.turns {
        question_is_of_one_person(story, ended, &turn.request)?;
    }
    for writer in &ended.written.writers {
        message_is_their_own(story, writer)?;
    }
    for event in ended.model.events.iter().filter(|event| TELLING.contains(&&*event.kind)) {
        let Some(call) = sessions.owner(event.session) else { continue };
        let caller = &story.callers[call];
        let text = event.body.to_string();
        let foreign = story.writers.iter().find(|writer| {
            let is_theirs = writer.business == caller.business
                && caller.number.as_ref() == Some(&writer.number);
            !is_theirs && text.contains(&writer.word)
        });
        ensure(foreign.is_none(), || {
            format!("call {} was told what another person has written", call + 1)
        })?;
    }
    Ok(())
}

/// The question names one person and one business, and has the words of that person to that business.
fn question_is_of_one_person(story: &Story, ended: &Ended, request: &Value) -> Result<(), String> {
    let text = request.to_string();
    let names: Vec<usize> = (0..ended.businesses.len())
        .filter(|place| text.contains(&*ended.businesses[*place].settings.name))
        .collect();
    let persons: BTreeSet<&PhoneNumber> =
        people(story).filter(|number| text.contains(number.as_str())).collect();
    let (&[business], Some(person), 1) = (&*names, persons.first(), persons.len()) else {
        return Err(format!("a question is about the businesses {names:?} and {persons:?}"));
    };
    let is_foreign = |writer: &&Writer| {
        text.contains(&writer.word) && (writer.business, &writer.number) != (business, *person)
    };
    let foreign = story.writers.iter().find(is_foreign);
    ensure(foreign.is_none(), || {
        format!("the question about {} has the words of another", person.masked())
    })
}

fn message_is_their_own(story: &Story, to: &EndedWriter) -> Result<(), String> {
    let foreign = |body: &str| {
        let others = story.writers.iter().filter(|writer| writer.word != to.writer.word);
        others.into_iter().any(|writer| body.contains(&writer.word))
    };
    let found = to.sent.iter().filter_map(|sent| sent.body.as_deref()).find(|body| foreign(body));
    ensure(found.is_none(), || format!("{found:?} has the words of another"))
}

fn people(story: &Story) -> impl Iterator<Item = &PhoneNumber> {
    let callers = story.callers.iter().filter_map(|caller| caller.number.as_ref());
    callers.chain(story.writers.iter().map(|writer| &writer.number))
}
