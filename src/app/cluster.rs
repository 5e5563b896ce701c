//! What a daemon does as one of several on its database: it shows that it lives, carries out what others ask
//! of it, and lets go of calls that others have taken over (RES-9).

use std::time::Duration;

use actors::call_parts::Services;
use actors::cluster::{BEAT_EVERY, Handed, Order, Subject};
use actors::messages::SupervisorEvent;
use actors::reported::{self, Rest};
use actors::stored_call;
use actors::supervisor::{Calls, ReportedStatus};
use entities::nodes::OrderRecord;
use entities::{RecordsError, conversations};
use protocol::ids::CallSid;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::live_settings::LiveSettings;

/// How often what dead nodes have left is removed, in beats: about every 10 minutes.
const BEATS_BETWEEN_CLEANINGS: u64 = 200;
/// How many actors or calls are shown to other nodes. The oldest are.
const MAX_SHOWN: usize = 500;
/// How long a daemon that stops tries to leave the registry.
const LEAVE_PATIENCE: Duration = Duration::from_secs(2);

/// This daemon, at work for the others.
pub(super) struct Member {
    pub(super) services: Services,
    pub(super) calls: Calls,
    /// Tells whether other nodes may let an actor crash.
    pub(super) live: LiveSettings,
}

impl Member {
    /// Works for ever. A daemon that is alone on its database has nothing to do.
    pub(super) async fn run(&self) {
        if !self.services.node.is_shared() {
            return;
        }
        let node = &self.services.node;
        tokio::join!(node.listen(), self.beats(), self.takes_orders(), self.watches());
    }

    /// A database that hangs delays the beat, and nothing else.
    async fn beats(&self) {
        let mut beats = 0_u64;
        loop {
            let calls = self.calls.list().await.len();
            if let Err(error) = self.services.node.beat(calls).await {
                tracing::debug!(%error, "the registry of nodes can't be written");
            }
            beats += 1;
            if beats.is_multiple_of(BEATS_BETWEEN_CLEANINGS) {
                let now = self.services.clock.wall();
                if let Err(error) = self.services.node.cluster().forget_old(now).await {
                    tracing::debug!(%error, "the registry of nodes can't be cleaned");
                }
            }
            sleep(BEAT_EVERY).await;
        }
    }

    async fn takes_orders(&self) {
        loop {
            if let Err(error) = self.carry_out_all().await {
                tracing::debug!(%error, "the orders of other nodes can't be read");
            }
            // A ring can be lost: the rows are looked at anyway.
            let _ = timeout(BEAT_EVERY, self.services.node.woken()).await;
        }
    }

    /// Lets lost calls go, and tells all when the database can't be reached.
    async fn watches(&self) {
        let node = &self.services.node;
        loop {
            for (call, fence) in node.take_lost() {
                self.calls.let_go(call, fence.next());
            }
            if !node.is_in_touch() {
                self.calls.cut_off();
            }
            let _ = timeout(BEAT_EVERY, node.has_lost()).await;
        }
    }

    async fn carry_out_all(&self) -> Result<(), RecordsError> {
        let cluster = self.services.node.cluster();
        loop {
            let orders = cluster.orders(self.services.node.id()).await?;
            if orders.is_empty() {
                return Ok(());
            }
            let ids = orders.iter().map(|order| order.id).collect();
            for order in orders {
                self.carry_out(order).await?;
            }
            cluster.done(ids).await?;
        }
    }

    async fn carry_out(&self, record: OrderRecord) -> Result<(), RecordsError> {
        let order = match serde_json::from_value::<Order>(record.body) {
            Ok(order) => order,
            Err(error) => {
                tracing::warn!(%error, "an order of another node, of another version, is ignored");
                return Ok(());
            }
        };
        match (order, record.call) {
            (Order::Status { status, duration_secs }, Some(call)) => {
                self.on_status(ReportedStatus { call, status, duration_secs }).await?;
            }
            (Order::HangUp, Some(call)) => self.hang_up(call).await?,
            (Order::LetGo { fence }, Some(call)) => self.calls.let_go(call, fence),
            (Order::Kill { actor }, None) if self.live.allow_actor_kill() => {
                if let Err(refused) = self.services.introspection.crash(actor) {
                    tracing::info!(%refused, actor, "another node wanted an actor to crash");
                }
            }
            (Order::Report { subject, asker, ask }, None) => {
                let body = json!({ "ask": ask, "shown": self.show(subject).await });
                let (node, now) = (&self.services.node, self.services.clock.wall());
                node.cluster().report(node.id(), subject, body, asker, now).await?;
            }
            (order, call) => tracing::warn!(?order, ?call, "an order of another node is refused"),
        }
        Ok(())
    }

    /// The call may have moved on.
    async fn on_status(&self, reported: ReportedStatus) -> Result<(), RecordsError> {
        let rest = reported::pass_on(&self.services, &self.calls, &reported).await;
        if rest == Rest::Nothing {
            return Ok(());
        }
        let database = &self.services.database;
        if let Some(record) = entities::calls::of_any_business(database, &reported.call).await? {
            reported::write(&self.services, record.business_id, &reported, rest);
        }
        Ok(())
    }

    /// The call may have moved on.
    async fn hang_up(&self, call: CallSid) -> Result<(), RecordsError> {
        if let Some(handle) = self.calls.find(call.clone()).await {
            if let Err(error) = handle.tell(SupervisorEvent::OperatorHangUp) {
                tracing::warn!(%error, %call, "a call was not told that an operator ends it");
            }
            return Ok(());
        }
        let handed = self.services.node.hand_on(&call, None, &Order::HangUp).await?;
        if matches!(handed, Handed::Back(Some(_)))
            && let Err(why) = stored_call::hang_up(&self.services, &self.calls, &call).await
        {
            tracing::error!(%why, %call, "a call could not be ended for an operator");
        }
        Ok(())
    }

    /// What an operator at another node sees of this one.
    async fn show(&self, subject: Subject) -> serde_json::Value {
        let clock = self.services.clock;
        match subject {
            Subject::Actors => {
                let mut actors = self.services.introspection.actors_at(clock.now());
                actors.truncate(MAX_SHOWN);
                json!(actors)
            }
            Subject::Calls => {
                let calls = self.calls.list().await;
                let shown = calls.iter().take(MAX_SHOWN);
                json!(shown.map(|call| call.status(clock.now(), clock.wall())).collect::<Vec<_>>())
            }
        }
    }
}

/// Gives back the conversations that are worked on here, and leaves the registry, so that nobody waits for a
/// daemon that has stopped.
pub(super) async fn leave(services: &Services) {
    let node = &services.node;
    if !node.is_shared() {
        return;
    }
    let leaving = async {
        conversations::release_of(&services.database, node.id().0).await?;
        node.cluster().leave(node.id()).await
    };
    match timeout(LEAVE_PATIENCE, leaving).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) | Err(_) => tracing::warn!(
            "the daemon stays in the registry of nodes until others see that it is gone"
        ),
    }
}
