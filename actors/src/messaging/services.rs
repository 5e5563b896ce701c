//! What the tasks of conversations need.

use std::sync::Arc;

use supervision::Inbox;

use crate::chance::Chance;
use crate::clock::Clock;
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
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) database: entities::Database,
    pub(crate) calendar: Inbox<CalendarRequest>,
    pub(crate) twilio: TwilioRest,
    pub(crate) text_model: TextModel,
    pub(crate) introspection: Introspection,
    pub(crate) metrics: Arc<Metrics>,
}
