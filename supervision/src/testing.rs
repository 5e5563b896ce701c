//! Actors that tests of several modules use.

use std::time::Instant;

use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::mpsc;

use crate::clock::Clock;

/// Reports the time at which each message arrives.
pub(crate) struct Sleeper;

impl Actor for Sleeper {
    type Msg = ();
    type State = mpsc::Sender<Instant>;
    type Arguments = mpsc::Sender<Instant>;

    async fn pre_start(
        &self,
        _: ActorRef<()>,
        report: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(report)
    }

    async fn handle(
        &self,
        _: ActorRef<()>,
        (): (),
        report: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        Ok(report.try_send(Clock::system().now())?)
    }
}

/// Reports what ractor says of its children.
pub(crate) struct Parent;

impl Actor for Parent {
    type Msg = ();
    type State = mpsc::Sender<SupervisionEvent>;
    type Arguments = mpsc::Sender<SupervisionEvent>;

    async fn pre_start(
        &self,
        _: ActorRef<()>,
        report: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(report)
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        report: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        report.try_send(event).map_err(|_| "nobody reads the reports")?;
        Ok(())
    }
}
