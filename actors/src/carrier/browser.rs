//! The lines of test calls. Each ends at a page of the console in this process; Twilio knows nothing of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::ids::{CallSid, PhoneNumber};
use protocol::twilio::twiml::{Apology, Twiml, Verb};
use tokio::sync::watch;

use super::{Asked, Carrier};
use crate::twilio_rest::Answer;

/// How the daemon ended a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineEnd {
    HungUp,
    /// It would ring this number. In a test nobody is rung.
    PutThrough(PhoneNumber),
    /// Twilio would speak or play this, and hang up.
    Apologised(Apology),
}

impl LineEnd {
    fn of(document: &Twiml) -> Self {
        match document.verbs().first() {
            Some(Verb::Dial(dial)) => Self::PutThrough(dial.number.clone()),
            Some(Verb::Say(say)) => Self::Apologised(Apology::Say(say.clone())),
            Some(Verb::Play { url }) => Self::Apologised(Apology::Play { url: url.clone() }),
            // A call is redirected to nothing else.
            Some(Verb::Connect(_) | Verb::Redirect { .. } | Verb::Hangup | Verb::Reject(_))
            | None => Self::HungUp,
        }
    }
}

type End = watch::Sender<Option<LineEnd>>;

/// The open lines of this process. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct BrowserLines(Arc<Mutex<BTreeMap<CallSid, End>>>);

impl BrowserLines {
    /// Opens a line for a test call that is about to begin.
    #[must_use]
    pub fn open(&self, call: CallSid) -> BrowserLine {
        let end = End::default();
        let ended = end.subscribe();
        self.lines().insert(call.clone(), end.clone());
        BrowserLine { call, end, ended, lines: self.clone() }
    }

    /// Ends a line. One that is not open is not in progress.
    fn end(&self, call: &CallSid, how: LineEnd) -> Answer {
        let Some(end) = self.lines().remove(call) else { return Answer::NotInProgress };
        end.send_replace(Some(how));
        Answer::Done
    }

    /// The call is over, however it ended: its line is too.
    pub(crate) fn call_over(&self, call: &CallSid) {
        self.end(call, LineEnd::HungUp);
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<CallSid, End>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Carrier for BrowserLines {
    fn hang_up<'a>(&'a self, call: &'a CallSid) -> Asked<'a> {
        Box::pin(std::future::ready(Ok(self.end(call, LineEnd::HungUp))))
    }

    fn redirect<'a>(&'a self, call: &'a CallSid, document: &'a Twiml) -> Asked<'a> {
        Box::pin(std::future::ready(Ok(self.end(call, LineEnd::of(document)))))
    }
}

/// The line of a test call. Dropped, it is closed: the daemon finds no call in progress.
#[derive(Debug)]
pub struct BrowserLine {
    call: CallSid,
    end: End,
    ended: watch::Receiver<Option<LineEnd>>,
    lines: BrowserLines,
}

impl BrowserLine {
    /// Waits until the daemon ends the line, or the call is over.
    pub async fn ended(&mut self) -> LineEnd {
        // This holds a sender.
        let end = self.ended.wait_for(Option::is_some).await;
        end.ok().and_then(|end| end.clone()).unwrap_or(LineEnd::HungUp)
    }
}

impl Drop for BrowserLine {
    fn drop(&mut self) {
        let mut lines = self.lines.lines();
        if lines.get(&self.call).is_some_and(|end| end.same_channel(&self.end)) {
            lines.remove(&self.call);
        }
    }
}

#[cfg(test)]
mod tests;
