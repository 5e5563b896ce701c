//! MessagingActor: supervised, and idle until there are messages to answer.

use ractor::{Actor, ActorProcessingErr, ActorRef};

use crate::introspection::Registration;

/// MessagingActor's messages: none yet.
#[derive(Debug)]
pub enum MessagingMsg {}

/// The actor.
pub struct MessagingActor;

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
