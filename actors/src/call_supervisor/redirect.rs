//! The redirect of a call at Twilio, and the webhook that may give the same document in its place. If
//! the stream is lost at that very moment, Twilio asks a webhook what follows. One of the two tells it.

use std::time::Duration;

use tokio::sync::watch;

/// How long a webhook waits for Twilio's answer to the request. Twilio waits 15 s for the webhook.
const PATIENCE: Duration = Duration::from_secs(3);

/// How far the last redirect of a call has come.
#[derive(Debug, Default)]
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
    Taken,
    Failed,
    /// A webhook has given the document.
    Given,
}

impl Redirect {
    /// The request is about to be sent. Returns false if a webhook has given the document before.
    pub(super) fn begin(&self) -> bool {
        self.0.send_if_modified(|stage| {
            let begins = *stage != Stage::Given;
            if begins {
                *stage = Stage::Asked;
            }
            begins
        })
    }

    /// Whether Twilio is being told to leave the stream, or has been.
    pub(super) fn is_under_way(&self) -> bool {
        match *self.0.borrow() {
            Stage::Asked | Stage::Awaited | Stage::Taken | Stage::Given => true,
            Stage::None | Stage::Failed => false,
        }
    }

    pub(super) fn succeed(&self) {
        self.0.send_replace(Stage::Taken);
    }

    /// The request has failed. Returns false if a webhook gives the document after all.
    pub(super) fn fail(&self) -> bool {
        let waits = matches!(*self.0.borrow(), Stage::Awaited | Stage::Given);
        self.0.send_replace(if waits { Stage::Given } else { Stage::Failed });
        !waits
    }

    /// Waits until a webhook has given the document. The request is needed no more.
    pub(super) async fn given(&self) {
        // This holds the sender.
        let _ = self.0.subscribe().wait_for(|stage| *stage == Stage::Given).await;
    }

    /// A new stream has opened. Whatever a webhook gave before is over.
    pub(super) fn reset(&self) {
        self.0.send_if_modified(|stage| {
            let is_over = matches!(stage, Stage::Taken | Stage::Failed | Stage::Given);
            if is_over {
                *stage = Stage::None;
            }
            is_over
        });
    }

    /// A webhook is asked what follows. Returns whether it gives the document: unless Twilio has taken
    /// the request, or the call is about to be ended because the request has failed.
    pub(super) async fn give(&self) -> bool {
        self.0.send_if_modified(|stage| {
            let next = match stage {
                Stage::None => Stage::Given,
                Stage::Asked => Stage::Awaited,
                Stage::Awaited | Stage::Taken | Stage::Failed | Stage::Given => return false,
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
        self.0.send_replace(Stage::Given);
    }
}

#[cfg(test)]
mod tests;
