//! MessagingActor: supervised, and idle until there are messages to answer.

use ractor::{Actor, ActorProcessingErr, ActorRef};

use crate::supervision::introspection::Card;

/// MessagingActor's messages: none yet.
#[derive(Debug)]
pub enum MessagingMsg {}

/// The actor.
pub struct MessagingActor;

impl Actor for MessagingActor {
    type Msg = MessagingMsg;
    type State = Card;
    type Arguments = Card;

    async fn pre_start(
        &self,
        _me: ActorRef<MessagingMsg>,
        card: Card,
    ) -> Result<Card, ActorProcessingErr> {
        card.set_state("idle");
        Ok(card)
    }

    async fn handle(
        &self,
        _me: ActorRef<MessagingMsg>,
        message: MessagingMsg,
        _card: &mut Card,
    ) -> Result<(), ActorProcessingErr> {
        match message {}
    }
}
