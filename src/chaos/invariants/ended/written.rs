//! Written conversations: every text is answered once or is for a person, and nothing else is sent (invariants 9,
//! 14, 30, 31, 32, 34 and 35).

mod told;

use std::time::Duration;

use entities::messages::{MessageDirection, MessageId, MessageRecord};
use entities::{DatabaseFault, messages::MessageAuthor};
use jiff::Timestamp;
use practice::twilio::{CallbackDelivery, RestKind, SentMessage};
use protocol::texting::{OptOut, opt_out};

use super::findings::{Findings, ensure};
use super::sessions::Sessions;
use crate::chaos::ended::{Ended, EndedCall, EndedWriter};
use crate::chaos::invariants::excuses::{Excuses, has_black_holes};
use crate::chaos::story::{Fault, Peer, Story};

pub(super) fn look(findings: &mut Findings, story: &Story, ended: &Ended, sessions: &Sessions) {
    let written = &ended.written;
    findings.look(9, ensure(written.due == 0, || format!("left: {} conversations", written.due)));
    let open = written.model.open;
    let is_gone = open == 0 || has_black_holes(story);
    findings.look(9, ensure(is_gone, || format!("left: {open} questions to the text model")));
    for objection in &written.model.violations {
        findings.look(14, Err(format!("the text model objects: {objection:?}")));
    }
    for request in ended.requests.iter().filter(|it| it.kind == RestKind::CreateMessage) {
        let objects = request.code.filter(|code| !PASSING.contains(code));
        findings.look(14, objects.map_or(Ok(()), |code| Err(format!("Twilio objects: {code}"))));
    }
    for writer in &written.writers {
        findings.look(30, is_stored(writer));
        findings.look(30, is_answered(writer));
        findings.look(31, is_sent_once(writer));
        findings.look(31, ends_with_twilios_word(story, writer));
        findings.look(32, is_not_sent_in_a_call(story, ended, writer));
        findings.look(34, stays_quiet_after_stop(writer));
    }
    findings.look(35, told::only_to_its_own(story, ended, sessions));
}

/// Twilio's codes for faults of its own.
const PASSING: [u32; 3] = [20_403, 20_429, 20_500];

fn incoming(writer: &EndedWriter) -> impl Iterator<Item = &MessageRecord> {
    writer.rows.iter().filter(|row| row.direction == MessageDirection::Incoming)
}

fn outgoing(writer: &EndedWriter) -> impl Iterator<Item = &MessageRecord> {
    writer.rows.iter().filter(|row| row.direction == MessageDirection::Outgoing)
}

/// What the daemon said it has is there, once.
fn is_stored(writer: &EndedWriter) -> Result<(), String> {
    for sid in &writer.taken {
        let rows = incoming(writer).filter(|row| row.provider_sid.as_ref() == Some(sid)).count();
        ensure(rows == 1, || format!("a message that was taken in has {rows} rows"))?;
    }
    Ok(())
}

/// An answer answers the text that it names, and those before that no other has answered.
fn is_answered(writer: &EndedWriter) -> Result<(), String> {
    let is_for_a_person =
        writer.conversation.as_ref().is_some_and(|known| known.needs_person.is_some());
    let texts: Vec<&MessageRecord> = incoming(writer).collect();
    let answers = |text: &MessageRecord| {
        outgoing(writer).filter(|row| row.in_reply_to == Some(text.id)).count()
    };
    for (place, text) in texts.iter().enumerate() {
        let told = || format!("{:?} of person {}", text.body, writer.writer.number.masked());
        ensure(text.handled, || format!("{} is not handled", told()))?;
        ensure(answers(text) <= 1, || format!("{} has {} answers", told(), answers(text)))?;
        let wants_none = opt_out(&text.body) == Some(OptOut::Stop);
        let is_answered = wants_none || texts[place..].iter().any(|later| answers(later) > 0);
        ensure(is_answered || is_for_a_person, || format!("{} has no answer", told()))?;
    }
    Ok(())
}

fn row_of<'a>(writer: &'a EndedWriter, sent: &SentMessage) -> Option<&'a MessageRecord> {
    outgoing(writer).find(|row| row.provider_sid.as_deref() == Some(&*sent.sid))
}

/// Each message that Twilio has is a row's, in the row's words.
fn is_sent_once(writer: &EndedWriter) -> Result<(), String> {
    for sent in &writer.sent {
        let Some(row) = row_of(writer, sent) else {
            return Err(format!("Twilio was given {:?}, which no row has", sent.body));
        };
        ensure(sent.body.as_ref() == Some(&row.body), || {
            format!("Twilio was given {:?}, and the row has {:?}", sent.body, row.body)
        })?;
    }
    Ok(())
}

/// However Twilio's reports came, if they all came.
fn ends_with_twilios_word(story: &Story, writer: &EndedWriter) -> Result<(), String> {
    if story.troubles.iter().any(|trouble| can_lose_reports(&trouble.what)) {
        return Ok(());
    }
    for sent in &writer.sent {
        let Some(row) = row_of(writer, sent) else { continue };
        let kept = format!("{:?}", row.status).to_lowercase();
        ensure(kept == sent.status.as_str(), || {
            format!("a message is {} at Twilio, and its row says {kept}", sent.status.as_str())
        })?;
    }
    Ok(())
}

fn can_lose_reports(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Callbacks(CallbackDelivery::Lost)
            | Fault::CutOff { .. }
            | Fault::Network { to: Peer::Daemon, .. }
            | Fault::Database { .. }
            | Fault::NodeDies { .. }
            | Fault::NodeCutOff { .. }
            | Fault::NodeDrains { .. }
    )
}

/// How long a message that was looked about may be on its way when a call begins.
const ON_ITS_WAY: Duration = Duration::from_millis(1_500);

/// Nothing is sent while the daemon has a call of the person's.
fn is_not_sent_in_a_call(story: &Story, ended: &Ended, writer: &EndedWriter) -> Result<(), String> {
    let theirs = |call: &&EndedCall| {
        call.caller.business == writer.writer.business
            && call.caller.number.as_ref() == Some(&writer.writer.number)
    };
    for call in ended.calls.iter().filter(theirs) {
        let Some((from, until)) = lasted(call) else { continue };
        if Excuses::of(story, call).api || may_be_stored_late(story) {
            continue;
        }
        for sent in &writer.sent {
            let at = since(ended.began_at, sent.made_at);
            ensure(!(from + ON_ITS_WAY..until).contains(&at), || {
                let call = call.index + 1;
                format!("a message was sent at {at:?}, in call {call} from {from:?} to {until:?}")
            })?;
        }
    }
    Ok(())
}

/// From the opening of the stream, which the daemon has answered, to its last end.
fn lasted(call: &EndedCall) -> Option<(Duration, Duration)> {
    let opened = call.view.streams.first()?.opened_at;
    Some((call.caller.dials_at + opened, call.over_at()))
}

/// Between the look for a call on another node and the sending lies a write.
fn may_be_stored_late(story: &Story) -> bool {
    let is_quick =
        |fault: &Fault| matches!(fault, Fault::Database { fault: DatabaseFault::CommitLost, .. });
    let is_slow = |fault: &Fault| {
        matches!(fault, Fault::Database { .. } | Fault::NodeCutOff { .. }) && !is_quick(fault)
    };
    story.nodes > 1 && story.troubles.iter().any(|trouble| is_slow(&trouble.what))
}

fn since(began: Timestamp, at: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(began)).unwrap_or_default()
}

/// After STOP only texts are answered, until START.
fn stays_quiet_after_stop(writer: &EndedWriter) -> Result<(), String> {
    let unasked = |sent: &&SentMessage| {
        row_of(writer, sent).is_some_and(|row| {
            row.in_reply_to.is_none() && row.author == Some(MessageAuthor::Agent)
        })
    };
    for sent in writer.sent.iter().filter(unasked) {
        let before = incoming(writer).filter(|row| row.created_at + ON_ITS_WAY < sent.made_at);
        let last = before.filter_map(|row| Some((row.id, opt_out(&row.body)?))).last();
        ensure(last.is_none_or(|(_, said)| said == OptOut::Start), || {
            let stop: Option<MessageId> = last.map(|(id, _)| id);
            format!("{:?} was sent by itself after STOP ({stop:?})", sent.body)
        })?;
    }
    Ok(())
}
