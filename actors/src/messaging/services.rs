//! What the tasks of conversations need.

use std::sync::Arc;

use entities::conversations::Claimant;
use supervision::Inbox;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::cluster::Node;
use crate::introspection::Introspection;
use crate::messages::CalendarRequest;
use crate::metrics::Metrics;
use crate::text_model::TextModel;
use crate::twilio_rest::TwilioRest;
use crate::written::Messaging;

/// What the tasks of conversations need.
#[derive(Clone)]
pub(crate) struct MessagingServices {
    pub(crate) messaging: Messaging,
    pub(crate) node: Node,
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) database: entities::Database,
    pub(crate) calendar: Inbox<CalendarRequest>,
    pub(crate) twilio: TwilioRest,
    pub(crate) text_model: TextModel,
    pub(crate) introspection: Introspection,
    pub(crate) metrics: Arc<Metrics>,
}

impl MessagingServices {
    /// This process as it claims conversations. What dead nodes have claimed is free.
    pub(super) fn claimant(&self) -> Claimant {
        let dead = self.node.dead().into_iter().map(|node| node.0).collect();
        Claimant { owner: self.messaging.owner(), dead }
    }
}
