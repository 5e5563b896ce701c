//! MessagingActor: does nothing yet. It will answer text messages.

use ractor::{Actor, ActorProcessingErr, ActorRef};

use crate::introspection::Registration;

/// None yet.
#[derive(Debug)]
pub(crate) enum MessagingMsg {}

pub(crate) struct MessagingActor;

impl Actor for MessagingActor {
    type Msg = MessagingMsg;
    type State = Registration;
    type Arguments = Registration;

    async fn pre_start(
        &self,
        _me: ActorRef<MessagingMsg>,
        registration: Registration,
    ) -> Result<Registration, ActorProcessingErr> {
        registration.set_state("idle");
        Ok(registration)
    }

    async fn handle(
        &self,
        _me: ActorRef<MessagingMsg>,
        message: MessagingMsg,
        _registration: &mut Registration,
    ) -> Result<(), ActorProcessingErr> {
        match message {}
    }
}
