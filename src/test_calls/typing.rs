//! The line of a user who types: a simulated caller says what they write (PRAC-2). The practice provider alone
//! understands such speech.

use std::sync::Arc;

use actors::link::Link;
use practice::speech::Voice;
use practice::twilio::{CallerHandle, StreamCall};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::{Line, PIPE_BYTES, TestCalls};

impl TestCalls {
    pub(super) fn begin_typing(
        &self,
        line: Arc<Line>,
        words: mpsc::Receiver<String>,
        language: String,
    ) {
        let (theirs, ours) = tokio::io::duplex(PIPE_BYTES);
        let call = StreamCall {
            call_sid: line.call.clone(),
            language,
            voice: Voice::built_in(),
            seed: self.0.services.chance.seed_for(line.call.as_str()),
        };
        let (caller, work) = call.begin(theirs);
        let (tests, stop) = (self.clone(), self.0.stop.clone());
        let link = Link::over(ours, Role::Server);
        let talking = async move {
            if let Err(why) = tests.attach(&line.call, link).await {
                tracing::warn!(%why, call = %line.call, "a test call has no sound");
                line.gone.cancel();
            }
            line.gone.run_until_cancelled(speak(&caller, words)).await;
            line.gone.cancelled().await;
            caller.hang_up();
        };
        let both = async move { tokio::join!(talking, work) };
        self.0.tasks.spawn(async move { stop.run_until_cancelled(both).await });
    }
}

/// Says what is written, one sentence after the other.
async fn speak(caller: &CallerHandle, mut words: mpsc::Receiver<String>) {
    while let Some(words) = words.recv().await {
        if caller.say(&words).await.is_err() {
            return;
        }
    }
}
