//! What may break into a verb: the caller, the REST API, the time limit.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::twilio::line::{Interrupt, Line, Source};
use crate::twilio::view::EndedBy;

/// The interrupts of one call.
#[derive(Debug)]
pub(super) struct Breaks {
    line: Arc<Line>,
    interrupts: mpsc::Receiver<Interrupt>,
    limit: Option<Duration>,
}

/// Why a verb was not finished.
#[derive(Debug)]
pub(super) enum Broken {
    Goto(Source),
    End(EndedBy),
}

impl Breaks {
    pub(super) fn new(line: Arc<Line>, interrupts: mpsc::Receiver<Interrupt>) -> Self {
        Self { line, interrupts, limit: None }
    }

    /// Waits for a future, or for what comes before it.
    pub(super) async fn race<F: Future>(&mut self, future: F) -> Result<F::Output, Broken> {
        tokio::pin!(future);
        loop {
            tokio::select! {
                biased;
                interrupt = self.interrupts.recv() => {
                    if let Some(broken) = self.take(interrupt) {
                        return Err(broken);
                    }
                }
                () = expired(&self.line, self.limit) => {
                    return Err(Broken::End(EndedBy::TimeLimit));
                }
                output = &mut future => return Ok(output),
            }
        }
    }

    fn take(&mut self, interrupt: Option<Interrupt>) -> Option<Broken> {
        match interrupt {
            Some(Interrupt::CallerHungUp) | None => Some(Broken::End(EndedBy::CallerHangUp)),
            Some(Interrupt::Completed) => Some(Broken::End(EndedBy::Rest)),
            Some(Interrupt::Replaced(source)) => Some(Broken::Goto(source)),
            Some(Interrupt::TimeLimit(limit)) => {
                self.limit = Some(limit);
                None
            }
        }
    }
}

/// Waits until the call has lasted so long since its answer; for ever without a limit.
async fn expired(line: &Line, limit: Option<Duration>) {
    let answered_at = line.view.borrow().answered_at;
    match limit.zip(answered_at) {
        Some((limit, answered_at)) => {
            let left = (answered_at + limit).saturating_sub(line.clock.elapsed());
            line.clock.pass(left).await;
        }
        None => std::future::pending().await,
    }
}
