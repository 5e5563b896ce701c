//! Runs one session over one connection.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{sleep_until, timeout};

use super::connection::{Connection, Frame};
use super::shared::{Command, Shared};
use crate::openai::behaviour::{Behaviour, ConnectRefusal, LinkFault};
use crate::openai::record::Life;
use crate::openai::session::{Handshake, Output, RealtimeSession};

/// Begins a session at once. The future runs it until either side ends it.
pub(super) fn run(
    shared: Arc<Shared>,
    handshake: &Handshake,
    refusal: Option<ConnectRefusal>,
    connection: Connection,
) -> impl Future<Output = ()> + Send + use<> {
    let commands = shared.commands.subscribe();
    let behaviour = shared.behaviour.subscribe();
    let setup = shared.setup(refusal);
    let number = setup.number;
    let session = RealtimeSession::begin(setup, handshake, shared.now());
    let alive = session.is_open().then(|| Alive::count(&shared, number, handshake));
    async move {
        run_loop(&shared, session, connection, commands, behaviour).await;
        drop(alive);
    }
}

async fn run_loop(
    shared: &Shared,
    mut session: RealtimeSession,
    mut connection: Connection,
    mut commands: broadcast::Receiver<Command>,
    mut behaviour: watch::Receiver<Behaviour>,
) {
    let mut stalled = false;
    // The end of a stall, if it has one.
    let mut goes_on = None;
    loop {
        if !stalled {
            match send_outputs(&mut session, &mut connection, shared).await {
                Sent::All => {}
                Sent::Stall(time) => {
                    stalled = true;
                    goes_on = Some(shared.now() + time);
                }
                Sent::BlackHole => {
                    tokio::select! {
                        biased;
                        () = dropped(&mut commands) => {}
                        () = connection.discard() => {}
                    }
                    return;
                }
                Sent::End => return,
            }
        }
        let due = session.poll_timeout().map_or(FAR_AWAY, |due| due.min(FAR_AWAY));
        tokio::select! {
            biased;
            command = commands.recv() => match command {
                Ok(Command::Drop) | Err(RecvError::Closed) => return,
                Ok(Command::Stall) => (stalled, goes_on) = (true, None),
                Ok(Command::GoOn) => (stalled, goes_on) = (false, None),
                Ok(Command::Expire) => session.expire(shared.now()),
                Ok(Command::Inject(event)) => session.inject(event, shared.now()),
                Ok(Command::FaultNextResponse(fault)) => session.fault_next_response(fault),
                Ok(Command::FailLink(fault)) => session.fail_link(fault, shared.now()),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "the practice server fell behind its commands");
                }
            },
            Ok(()) = behaviour.changed() => {
                session.behave(behaviour.borrow_and_update().clone());
            }
            frame = connection.receive(), if !stalled => match frame {
                Some(Frame::Text(text)) => session.on_text(&text, shared.now()),
                Some(Frame::Binary(_)) => session.on_binary(shared.now()),
                Some(Frame::Ping) => {}
                Some(Frame::Close(..)) | None => return,
            },
            () = sleep_until(shared.epoch + due), if !stalled => session.on_time(shared.now()),
            () = sleep_until(shared.epoch + goes_on.unwrap_or(FAR_AWAY)), if goes_on.is_some() => {
                (stalled, goes_on) = (false, None);
            }
        }
    }
}

/// Waits until the server drops its connections.
async fn dropped(commands: &mut broadcast::Receiver<Command>) {
    loop {
        match commands.recv().await {
            Ok(Command::Drop) | Err(RecvError::Closed) => return,
            Ok(
                Command::Stall
                | Command::GoOn
                | Command::Expire
                | Command::Inject(_)
                | Command::FaultNextResponse(_)
                | Command::FailLink(_),
            )
            | Err(RecvError::Lagged(_)) => {}
        }
    }
}

/// What sending came to.
enum Sent {
    /// Everything that is due was sent.
    All,
    /// Nothing more passes for this long.
    Stall(Duration),
    /// Nothing more passes.
    BlackHole,
    /// The connection has ended.
    End,
}

/// Sends what the session has put out.
async fn send_outputs(
    session: &mut RealtimeSession,
    connection: &mut Connection,
    shared: &Shared,
) -> Sent {
    while let Some(output) = session.poll_output(shared.now()) {
        let sent = match output {
            Output::Text(text) => connection.send(Frame::Text(text)).await,
            Output::Ping => connection.send(Frame::Ping).await,
            Output::Prepare { words, language } => {
                shared.options.voice.prepare(&words, language).await;
                true
            }
            Output::Close(code, reason) => {
                close(connection, code, reason).await;
                false
            }
            Output::Lose(LinkFault::Closed(code)) => {
                close(connection, code, String::new()).await;
                false
            }
            Output::Lose(LinkFault::Dropped) => false,
            Output::Lose(LinkFault::BlackHole) => return Sent::BlackHole,
            Output::Lose(LinkFault::Stalled(time)) => return Sent::Stall(time),
        };
        if !sent {
            return Sent::End;
        }
    }
    Sent::All
}

/// Sends a close frame and waits for the client's. A socket dropped with unread frames is reset, and the
/// error event could be lost.
async fn close(connection: &mut Connection, code: u16, reason: String) {
    connection.send(Frame::Close(code, reason)).await;
    let rest = async { while connection.receive().await.is_some() {} };
    drop(timeout(LAST_WAIT, rest).await);
}

/// Counts a session as alive until it is dropped.
struct Alive {
    shared: Arc<Shared>,
    session: u64,
}

impl Alive {
    fn count(shared: &Arc<Shared>, session: u64, handshake: &Handshake) -> Self {
        let key = handshake.key.clone().unwrap_or_default();
        let began = shared.now();
        shared.log.change(|record| {
            record.sessions += 1;
            record.alive += 1;
            record.most_alive = record.most_alive.max(record.alive);
            record.lives.push(Life { session, key, began, ended: None });
        });
        Self { shared: Arc::clone(shared), session }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        let now = self.shared.now();
        self.shared.log.change(|record| {
            record.alive -= 1;
            let mut lives = record.lives.iter_mut().rev();
            if let Some(life) = lives.find(|life| life.session == self.session) {
                life.ended = Some(now);
            }
        });
    }
}

/// Longer than any session.
const FAR_AWAY: Duration = Duration::from_secs(24 * 60 * 60);
const LAST_WAIT: Duration = Duration::from_secs(1);
