//! The redirect of a call at Twilio, and the webhook that may give the same document in its place. If
//! the stream is lost at that very moment, Twilio asks a webhook what follows. One of the two tells it.

use std::time::Duration;

use tokio::sync::watch;

/// How long a webhook waits for Twilio's answer to the request. Twilio waits 15 s for the webhook.
const PATIENCE: Duration = Duration::from_secs(3);

/// How far the last redirect of a call has come.
///
/// Clones are the same call's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redirect(watch::Sender<Stage>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// There was none on this stream.
    #[default]
    None,
    /// Twilio was asked, and has not answered.
    Asked,
    /// The same, and a webhook waits for the answer.
    Awaited,
    /// Twilio has left the stream and not answered: it has taken the request.
    Left,
    Taken,
    Failed,
    /// A webhook has given the document.
    Given,
    /// The call is over at Twilio.
    Over,
}

impl Redirect {
    /// The request is about to be sent. Returns false if a webhook has given the document before, or
    /// the call is over.
    pub(super) fn begin(&self) -> bool {
        self.0.send_if_modified(|stage| {
            let begins = !matches!(stage, Stage::Given | Stage::Over);
            if begins {
                *stage = Stage::Asked;
            }
            begins
        })
    }

    /// Whether Twilio is being told to leave the stream, or has been.
    pub(super) fn is_under_way(&self) -> bool {
        match *self.0.borrow() {
            Stage::Asked | Stage::Awaited | Stage::Left | Stage::Taken | Stage::Given => true,
            Stage::None | Stage::Failed | Stage::Over => false,
        }
    }

    pub(super) fn succeed(&self) {
        self.advance(|stage| if stage == Stage::Over { stage } else { Stage::Taken });
    }

    /// The request has failed. Returns false if nobody needs it any more.
    pub(super) fn fail(&self) -> bool {
        self.advance(|stage| match stage {
            Stage::Awaited => Stage::Given,
            Stage::None | Stage::Asked => Stage::Failed,
            Stage::Left | Stage::Taken | Stage::Failed | Stage::Given | Stage::Over => stage,
        });
        *self.0.borrow() == Stage::Failed
    }

    /// Whether Twilio has not taken the request, and nobody else has given the document.
    pub(super) fn has_failed(&self) -> bool {
        *self.0.borrow() == Stage::Failed
    }

    /// Waits until the request is needed no more.
    pub(super) async fn is_settled(&self) {
        let settled = |stage: &Stage| matches!(stage, Stage::Given | Stage::Left | Stage::Over);
        // This holds the sender.
        let _ = self.0.subscribe().wait_for(settled).await;
    }

    /// Twilio has stopped the stream. If it was asked to, it has taken the request: another try would
    /// run the document again.
    pub(crate) fn stream_stopped(&self) {
        self.advance(|stage| if stage == Stage::Asked { Stage::Left } else { stage });
    }

    /// The call is over at Twilio. Nothing is asked for any more.
    pub(super) fn end(&self) {
        self.0.send_replace(Stage::Over);
    }

    pub(super) fn is_over(&self) -> bool {
        *self.0.borrow() == Stage::Over
    }

    /// Waits until the call is over at Twilio.
    pub(super) async fn over(&self) {
        let _ = self.0.subscribe().wait_for(|stage| *stage == Stage::Over).await;
    }

    /// A new stream has opened. Whatever a webhook gave before is over.
    pub(super) fn reset(&self) {
        self.0.send_if_modified(|stage| {
            let is_over =
                matches!(stage, Stage::Left | Stage::Taken | Stage::Failed | Stage::Given);
            if is_over {
                *stage = Stage::None;
            }
            is_over
        });
    }

    /// A webhook is asked what follows. Returns whether it gives the document: unless Twilio has taken
    /// the request, or the call is over.
    pub(super) async fn give(&self) -> bool {
        self.0.send_if_modified(|stage| {
            let next = match stage {
                // Twilio would not ask if it had left the stream for the request.
                Stage::None | Stage::Failed | Stage::Left => Stage::Given,
                Stage::Asked => Stage::Awaited,
                Stage::Awaited | Stage::Taken | Stage::Given | Stage::Over => return false,
            };
            *stage = next;
            true
        });
        let mut stages = self.0.subscribe();
        let answered = stages.wait_for(|stage| *stage != Stage::Awaited);
        let answered = tokio::time::timeout(PATIENCE, answered).await;
        match answered.ok().and_then(Result::ok).map(|stage| *stage) {
            Some(stage) => stage == Stage::Given,
            None => {
                self.give_next();
                true
            }
        }
    }

    /// A webhook gives what follows the document. The request is needed no more.
    pub(super) fn give_next(&self) {
        self.advance(|stage| if stage == Stage::Over { stage } else { Stage::Given });
    }

    fn advance(&self, next: impl FnOnce(Stage) -> Stage) {
        self.0.send_modify(|stage| *stage = next(*stage));
    }
}

#[cfg(test)]
mod tests;
