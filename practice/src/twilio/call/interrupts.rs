//! What interrupts a verb: the caller, the REST API, the time limit.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::twilio::line::{Interrupt, Line, Source};
use crate::twilio::view::EndedBy;

/// The interrupts of one call.
#[derive(Debug)]
pub(super) struct Interrupts {
    line: Arc<Line>,
    receiver: mpsc::Receiver<Interrupt>,
    limit: Option<Duration>,
}

/// What follows a verb that was interrupted.
#[derive(Debug)]
pub(super) enum Interrupted {
    Goto(Source),
    End(EndedBy),
}

impl Interrupts {
    pub(super) fn new(line: Arc<Line>, receiver: mpsc::Receiver<Interrupt>) -> Self {
        Self { line, receiver, limit: None }
    }

    /// Waits for a future or an interrupt.
    pub(super) async fn race<F: Future>(&mut self, future: F) -> Result<F::Output, Interrupted> {
        tokio::pin!(future);
        loop {
            tokio::select! {
                biased;
                interrupt = self.receiver.recv() => {
                    if let Some(interrupted) = self.take(interrupt) {
                        return Err(interrupted);
                    }
                }
                () = expired(&self.line, self.limit) => {
                    return Err(Interrupted::End(EndedBy::TimeLimit));
                }
                output = &mut future => return Ok(output),
            }
        }
    }

    fn take(&mut self, interrupt: Option<Interrupt>) -> Option<Interrupted> {
        match interrupt {
            Some(Interrupt::CallerHungUp) | None => Some(Interrupted::End(EndedBy::CallerHangUp)),
            Some(Interrupt::Completed) => Some(Interrupted::End(EndedBy::Rest)),
            Some(Interrupt::Replaced(source)) => Some(Interrupted::Goto(source)),
            Some(Interrupt::TimeLimit(limit)) => {
                self.limit = Some(limit);
                None
            }
        }
    }
}

/// Waits until the call has lasted this long since its answer; forever without a limit.
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
