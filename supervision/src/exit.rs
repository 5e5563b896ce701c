//! How an actor ended, read from ractor's supervision event.
//!
//! In that event a killed actor looks like one that stopped cleanly: only the reason's text
//! differs. This module is the only one that reads it.

use ractor::{ActorId, Signal, SupervisionEvent};

/// How an actor ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// It stopped cleanly.
    Finished,
    /// It panicked, or a handler returned an error. Holds the error's text.
    Failed(String),
    /// It was killed: `post_stop` did not run.
    Killed,
}

/// Which actor ended, and how. `None` if the event reports no end.
#[must_use]
pub fn read(event: &SupervisionEvent) -> Option<(ActorId, Exit)> {
    match event {
        SupervisionEvent::ActorTerminated(who, state, reason) => {
            // Killed in a handler: state and reason "killed". Killed while starting or stopping,
            // or its task cancelled by the runtime: no state.
            let killed = state.is_none() || *reason == Some(Signal::Kill.to_string());
            Some((who.get_id(), if killed { Exit::Killed } else { Exit::Finished }))
        }
        SupervisionEvent::ActorFailed(who, error) => {
            Some((who.get_id(), Exit::Failed(error.to_string())))
        }
        SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ractor::{Actor, ActorProcessingErr, ActorRef};
    use tokio::sync::mpsc;

    use super::*;
    use crate::testing::Parent;

    /// Ends in the way that its message says.
    struct Child;

    #[derive(Debug, Clone, Copy)]
    enum End {
        Stop,
        Panic,
        Error,
        Hang,
        HangInPostStop,
    }

    impl Actor for Child {
        type Msg = End;
        type State = Option<End>;
        type Arguments = ();

        async fn pre_start(
            &self,
            _: ActorRef<End>,
            (): (),
        ) -> Result<Self::State, ActorProcessingErr> {
            Ok(None)
        }

        async fn handle(
            &self,
            me: ActorRef<End>,
            end: End,
            state: &mut Self::State,
        ) -> Result<(), ActorProcessingErr> {
            *state = Some(end);
            match end {
                End::Stop => me.stop(None),
                End::Panic => panic!("a broken invariant"),
                End::Error => return Err("some error".into()),
                End::Hang => std::future::pending().await,
                End::HangInPostStop => me.stop(None),
            }
            Ok(())
        }

        async fn post_stop(
            &self,
            _: ActorRef<End>,
            state: &mut Self::State,
        ) -> Result<(), ActorProcessingErr> {
            if matches!(state, Some(End::HangInPostStop)) {
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    }

    /// Makes a child end in this way, kills it if it hangs, and returns what its parent read.
    async fn exit_of(end: End) -> Exit {
        let (report, mut reports) = mpsc::channel(4);
        let (parent, parent_ended) = Actor::spawn(None, Parent, report).await.unwrap();
        let (child, _) = Actor::spawn_linked(None, Child, (), parent.get_cell()).await.unwrap();
        child.send_message(end).unwrap();
        if matches!(end, End::Hang | End::HangInPostStop) {
            tokio::time::sleep(Duration::from_millis(1)).await;
            child.kill();
        }
        let (who, exit) = loop {
            if let Some(ended) = read(&reports.recv().await.unwrap()) {
                break ended;
            }
        };
        assert_eq!(who, child.get_id());
        parent.stop(None);
        parent_ended.await.unwrap();
        exit
    }

    #[tokio::test(start_paused = true)]
    async fn res_1_a_clean_stop_a_failure_and_a_kill_are_told_apart() {
        assert_eq!(exit_of(End::Stop).await, Exit::Finished);
        assert_eq!(exit_of(End::Panic).await, Exit::Failed("a broken invariant".into()));
        assert_eq!(exit_of(End::Error).await, Exit::Failed("some error".into()));
        assert_eq!(exit_of(End::Hang).await, Exit::Killed);
        assert_eq!(exit_of(End::HangInPostStop).await, Exit::Killed);
    }
}
