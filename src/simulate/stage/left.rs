//! What remains of calls after their end, which must be nothing (RES-8).

use std::fmt;
use std::ops::AddAssign;
use std::time::Duration;

use actors::introspection::ActorKind;

use crate::simulate::error::SimulateError;
use crate::world::World;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    pub actors: usize,
    pub calls: usize,
    /// Rows of calls without an end.
    pub live_rows: usize,
    /// Sockets to OpenAI.
    pub sessions: usize,
    pub streams: usize,
    /// Requests to Twilio without an answer.
    pub requests: usize,
}

impl Left {
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { actors, calls, live_rows, sessions, streams, requests } = self;
        write!(
            f,
            "{actors} actors, {calls} calls in the list, {live_rows} live rows, {sessions} sockets \
             to OpenAI, {streams} media sockets, {requests} requests to Twilio"
        )
    }
}

impl AddAssign for Left {
    fn add_assign(&mut self, other: Self) {
        self.actors += other.actors;
        self.calls += other.calls;
        self.live_rows += other.live_rows;
        self.sessions += other.sessions;
        self.streams += other.streams;
        self.requests += other.requests;
    }
}

/// How long the daemon may take to forget a call.
const RID_WITHIN: Duration = Duration::from_secs(10);
/// How often it is looked whether anything is left.
const LOOK: Duration = Duration::from_millis(50);

/// What remains after the daemon had time to clean up.
pub(in crate::simulate) async fn behind(world: &World) -> Result<Left, SimulateError> {
    behind_within(world, RID_WITHIN).await
}

/// What remains after so much time, or nothing before.
pub(crate) async fn behind_within(world: &World, within: Duration) -> Result<Left, SimulateError> {
    let until = world.app.services().clock.now() + within;
    loop {
        let left = now(world).await?;
        if left.is_nothing() || world.app.services().clock.now() >= until {
            return Ok(left);
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn now(world: &World) -> Result<Left, SimulateError> {
    let actors = world.actors().await?;
    Ok(Left {
        actors: actors.iter().filter(|actor| is_of_a_call(actor.kind)).count(),
        calls: world.app.calls().list().await.len(),
        live_rows: entities::calls::live_all(&world.app.services().database).await?.len(),
        sessions: world.openai().map_or(0, |practice| {
            usize::try_from(practice.log().look(|record| record.alive)).unwrap_or(usize::MAX)
        }),
        streams: world.carrier.open_streams(),
        requests: world.carrier.open_requests(),
    })
}

pub(crate) fn is_of_a_call(kind: ActorKind) -> bool {
    match kind {
        ActorKind::CallSupervisor
        | ActorKind::Call
        | ActorKind::TwilioIo
        | ActorKind::Realtime
        | ActorKind::Lead => true,
        ActorKind::Supervisor
        | ActorKind::Calendar
        | ActorKind::Messaging
        | ActorKind::Outbox
        | ActorKind::Journal => false,
    }
}

#[cfg(test)]
mod tests {
    use protocol::ids::PhoneNumber;

    use super::*;
    use crate::config::DatabaseUrl;
    use crate::world::Plan;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn res_8_what_a_living_call_holds_is_counted_and_gone_after_its_end() {
        let mut plan = Plan::locksmith().unwrap();
        plan.config.database.url = DatabaseUrl::parse("sqlite::memory:").unwrap();
        let world = World::open(plan).await.unwrap();
        let caller = world.dial(&PhoneNumber::parse("+972501000001").unwrap());
        caller.hears_audio().await.unwrap();
        let call = Left { actors: 5, calls: 1, live_rows: 1, sessions: 1, streams: 1, requests: 0 };
        assert_eq!(now(&world).await.unwrap(), call);
        caller.hang_up();
        caller.ended().await;
        let left = behind(&world).await.unwrap();
        assert!(left.is_nothing(), "{left}");
        world.close().await;
    }

    #[test]
    fn res_8_what_is_left_in_several_daemons_adds_up() {
        let mut left = Left::default();
        assert!(left.is_nothing());
        left += Left { actors: 1, requests: 2, ..Left::default() };
        left += Left { actors: 2, live_rows: 1, ..Left::default() };
        assert!(!left.is_nothing());
        let told = "3 actors, 0 calls in the list, 1 live rows, 0 sockets to OpenAI, 0 media \
                    sockets, 2 requests to Twilio";
        assert_eq!(left.to_string(), told);
    }
}
