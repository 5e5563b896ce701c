//! The person writes, and waits for messages.

use std::time::Duration;

use futures_util::future::join_all;

use super::{NotDone, Player};
use crate::simulate::scenario::Writing;
use crate::simulate::seen::sent_to;

impl Player<'_> {
    /// Each delivery gets an empty document, or the person would be answered by it.
    pub(super) async fn write(&mut self, writing: &Writing) -> Result<(), NotDone> {
        let carrier = &self.world.carrier;
        let to = self.scenario.business.whatsapp_number.as_ref();
        let to = to.map(ToString::to_string).unwrap_or_default();
        let message = carrier.message(self.number.as_str(), &to, &writing.text);
        let message = message.with(writing.attached.into());
        let deliveries = (0..writing.deliveries).map(|_| carrier.receive_message(&message));
        for answer in join_all(deliveries).await {
            let answer = answer?;
            if !answer.body.ends_with("<Response/>") {
                return Err(NotDone::Answered(answer.body));
            }
        }
        self.played.wrote += 1;
        Ok(())
    }

    /// Waits for a message with these words since the previous step began.
    pub(super) async fn message_comes(&self, words: &str) -> Duration {
        let mut sent = self.world.carrier.sent_messages();
        loop {
            sent.mark_unchanged();
            let messages = self.messages();
            if messages.iter().skip(self.began.messages).any(|text| text.contains(words)) {
                return self.elapsed();
            }
            // The carrier holds the sender, so this never fails.
            if sent.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// The texts that the person was sent.
    pub(super) fn messages(&self) -> Vec<String> {
        let sent = sent_to(self.world, self.number);
        sent.into_iter().map(|message| message.body.unwrap_or_default()).collect()
    }
}
