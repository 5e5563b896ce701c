//! Events around a call: at the daemon, at Twilio, at OpenAI.

use std::time::Duration;

use actors::introspection::ActorKind;
use entities::{DatabaseFault, FaultExtent};
use practice::openai::ConnectRefusal;
use protocol::ids::Generation;

use super::{NotDone, Player};
use crate::simulate::scenario::Happening;

/// The interval of looking at the actors.
const LOOK: Duration = Duration::from_millis(20);

impl Player<'_> {
    pub(super) async fn happens(&self, what: Happening) -> Result<(), NotDone> {
        match what {
            Happening::OperatorHangsUp => {
                let path = format!("api/calls/{}/hangup", self.line()?.call_sid());
                accepted(self.world.post(&path).await?)
            }
            Happening::LineIsLost => {
                self.world.carrier.set_cut_off(true);
                Ok(self.line()?.cut_socket()?)
            }
            Happening::OpenaiIsLost => {
                // A real model can't be cut off from here.
                if let Some(practice) = self.world.openai() {
                    practice.faults().behave(|it| it.refuses = Some(ConnectRefusal::Http(503)));
                    practice.faults().drop_now();
                }
                Ok(())
            }
            Happening::DaemonStops => {
                self.world.app.calls().drain();
                Ok(())
            }
            Happening::KeepsCrashing(kind) => self.keeps_crashing(kind).await,
            Happening::DatabaseIsAway(lasts) => {
                let database = &self.world.app.services().database;
                let faults = database.faults().ok_or(NotDone::RealTime)?;
                faults.set(DatabaseFault::Gone, FaultExtent::Lasting);
                tokio::time::sleep(lasts).await;
                faults.end(DatabaseFault::Gone);
                Ok(())
            }
        }
    }

    /// Kills each generation of an actor until its call ends.
    async fn keeps_crashing(&self, kind: ActorKind) -> Result<(), NotDone> {
        let call = self.line()?.call_sid();
        let mut killed: Option<Generation> = None;
        loop {
            let mut ours = self.world.actors().await?;
            ours.retain(|actor| actor.call_sid.as_ref() == Some(call));
            if ours.is_empty() {
                return Ok(());
            }
            ours.retain(|actor| actor.kind == kind && killed < Some(actor.generation));
            if let Some(actor) = ours.pop() {
                killed = Some(actor.generation);
                match self.world.post(&format!("introspect/actors/{}/kill", actor.id)).await? {
                    // The actor has ended meanwhile.
                    404 => {}
                    status => accepted(status)?,
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn accepted(status: u16) -> Result<(), NotDone> {
    if status == 202 { Ok(()) } else { Err(NotDone::Refused(status)) }
}
