//! Checks a written conversation: what is expected, and what must hold of every one.

use std::collections::BTreeSet;
use std::time::Duration;

use entities::messages::MessageRecord;
use jiff::Timestamp;
use practice::openai::TextTurn;
use protocol::texting::{LONGEST_MESSAGE, units};

use super::always::none;
use super::lines::{followed, in_order};
use super::told::{Told, word};
use super::verdict::Verdict;
use crate::simulate::scenario::{
    Expectations, MessageExpectation, MessageText, TextModelExpectation,
};
use crate::simulate::seen::{Seen, WrittenSide};

/// A message that is on its way to Twilio when the call comes is not called back.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// `wrote`: how many messages the person has written.
pub(super) fn look(verdict: &mut Verdict, expect: &Expectations, side: &WrittenSide, wrote: usize) {
    always(verdict, side, wrote);
    if let Some(messages) = &expect.messages {
        let rows: Vec<Message<'_>> = side.outgoing().map(Message).collect();
        verdict.look("messages", followed(messages, &rows, message_fits));
    }
    let (expected, was) = (&expect.conversation, side.conversation.as_ref());
    let needs = was.and_then(|was| was.needs_person.as_deref()).unwrap_or_default();
    let need = expected.needs_person.map(|need| need.as_str());
    verdict.equal("conversation.needs_person", need.as_ref(), &needs);
    let closed = was.and_then(|was| was.close_reason.as_deref()).unwrap_or_default();
    let close = expected.closed.map(|close| close.as_str());
    verdict.equal("conversation.closed", close.as_ref(), &closed);
    let opted_out = was.map(|was| was.opted_out);
    verdict.equal("conversation.opted_out", expected.opted_out.map(Some).as_ref(), &opted_out);
    verdict.equal("conversation.texts", expected.texts.as_ref(), &side.incoming().count());
    match &side.asked {
        Some(asked) => text_model(verdict, &expect.text_model, asked),
        None if expect.text_model != TextModelExpectation::default() => {
            verdict.unseen.push("text_model");
        }
        None => {}
    }
}

/// What must hold of every written conversation.
fn always(verdict: &mut Verdict, side: &WrittenSide, wrote: usize) {
    verdict.look("OpenAI would have objected", none(side.violations.iter()));
    let texts: BTreeSet<_> = side.incoming().map(|row| &row.provider_sid).collect();
    let (rows, kept) = (side.incoming().count(), texts.len());
    let all = rows == wrote && kept == wrote;
    let lost = format!("{wrote} were written, and {rows} are in the database");
    verdict.look("texts are kept once", if all { Ok(()) } else { Err(lost) });
    let waits = side.rows.iter().filter(|row| !row.handled).map(|row| &row.body);
    verdict.look("every text is handled", none(waits));
    let long = side.sent.iter().filter_map(|sent| sent.body.as_deref());
    let long = long.map(units).filter(|units| *units > LONGEST_MESSAGE);
    verdict.look("no message is longer than one can be", none(long));
    let mut sent: Vec<&str> = side.sent.iter().map(|sent| sent.sid.as_str()).collect();
    let mut known: Vec<&str> =
        side.outgoing().filter_map(|row| row.provider_sid.as_deref()).collect();
    sent.sort_unstable();
    known.sort_unstable();
    let twice = format!("Twilio was given {} messages, and {} are known", sent.len(), known.len());
    verdict.look("each message is sent once", if sent == known { Ok(()) } else { Err(twice) });
}

/// Nothing is sent while the person is on the telephone (WA-3).
pub(super) fn silent_during_the_call(verdict: &mut Verdict, side: &WrittenSide, seen: &Seen) {
    let from = seen.dialled_at + UNDER_WAY;
    let until = seen.view.ended_at.map_or(Timestamp::MAX, |ended| seen.dialled_at + ended);
    let meanwhile = side.sent.iter().filter(|sent| (from..until).contains(&sent.made_at));
    let meanwhile = meanwhile.map(|sent| sent.body.as_deref().unwrap_or_default());
    verdict.look("nothing is sent during the call", none(meanwhile));
}

fn text_model(verdict: &mut Verdict, expect: &TextModelExpectation, asked: &[TextTurn]) {
    verdict.equal("text_model.questions", expect.questions.as_ref(), &asked.len());
    let called = asked.iter().flat_map(|turn| turn.calls.clone()).collect();
    verdict.equal("text_model.tools", expect.tools.as_ref(), &called);
    if !expect.told.is_empty() {
        let last = asked.last().map(told).unwrap_or_default();
        verdict.look("text_model.told", in_order(&expect.told, &last));
    }
    let all: String = asked.iter().map(told).collect();
    for never in &expect.never_told {
        let was = all.contains(never.as_str());
        verdict.look(
            "text_model.never_told",
            if was { Err(format!("{never:?} was told")) } else { Ok(()) },
        );
    }
}

/// What the text model was told with a question: instructions, messages, calls and outputs.
fn told(turn: &TextTurn) -> String {
    let mut text = turn.request["instructions"].as_str().unwrap_or_default().to_owned();
    for item in turn.request["input"].as_array().into_iter().flatten() {
        let parts = item["content"].as_array().into_iter().flatten();
        let parts = parts.filter_map(|part| part["text"].as_str());
        let whole = [&item["content"], &item["arguments"], &item["output"]];
        for words in parts.chain(whole.into_iter().filter_map(|value| value.as_str())) {
            text.push('\n');
            text.push_str(words);
        }
    }
    text
}

/// A message of the business's.
struct Message<'a>(&'a MessageRecord);

fn message_fits(expected: &MessageExpectation, was: &Message<'_>) -> Result<(), String> {
    let row = was.0;
    let same_words = match &expected.text {
        MessageText::Whole(words) => *words == row.body,
        MessageText::Has(words) => row.body.contains(words.as_str()),
    };
    let same_status = expected.status.is_none_or(|status| status == row.status);
    let same_code = expected.error_code.is_none_or(|code| Some(code) == row.error_code);
    if same_words && same_status && same_code {
        return Ok(());
    }
    Err(format!("expected {}, was {}", expected.told(), was.told()))
}

impl Told for MessageExpectation {
    fn told(&self) -> String {
        let words = match &self.text {
            MessageText::Whole(words) => format!("{words:?} (whole)"),
            MessageText::Has(words) => format!("something with {words:?}"),
        };
        let status = self.status.map(|status| format!(", {}", word(&status))).unwrap_or_default();
        let code = self.error_code.map(|code| format!(" {code}")).unwrap_or_default();
        format!("{words}{status}{code}")
    }
}

impl Told for Message<'_> {
    fn told(&self) -> String {
        let code = self.0.error_code.map(|code| format!(" {code}")).unwrap_or_default();
        format!("{:?}, {}{code}", self.0.body, word(&self.0.status))
    }
}
