//! The server around the sessions: accepts sockets and memory links, and lets things go wrong.

mod connection;
mod pump;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::behaviour::{Behaviour, Refusal, ResponseFault};
use super::brain::Brain;
use super::record::Log;
use super::session::{Handshake, Setup};
use crate::speech::Voice;
use connection::Connection;

pub use connection::{Frame, MemoryLink};

/// What a server is made from.
#[derive(Debug, Clone)]
pub struct Options {
    /// How it behaves at first.
    pub behaviour: Behaviour,
    /// What the model says.
    pub brain: Brain,
    /// The voice that says it.
    pub voice: Voice,
    /// The key that is good; none takes any, but there must be one.
    pub key: Option<String>,
    /// Whether the log keeps appends and audio deltas too.
    pub keeps_audio: bool,
}

impl Default for Options {
    /// A receptionist with the built-in voice who takes any key.
    fn default() -> Self {
        Self {
            behaviour: Behaviour::default(),
            brain: Brain::default(),
            voice: Voice::built_in(),
            key: None,
            keeps_audio: false,
        }
    }
}

/// A running server. When it is dropped, it takes no more connections and drops those it has.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    address: Option<SocketAddr>,
    acceptor: Option<JoinHandle<()>>,
}

/// Makes things go wrong while a server runs. Clones do the same to the same server.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: Options,
    behaviour: watch::Sender<Behaviour>,
    commands: broadcast::Sender<Command>,
    refusals: Mutex<VecDeque<Refusal>>,
    log: Log,
    epoch: Instant,
    sessions: AtomicU64,
}

/// What is done to all sessions that are alive.
#[derive(Debug, Clone)]
enum Command {
    Drop,
    Stall,
    GoOn,
    Expire,
    Inject(Value),
    FaultNextResponse(ResponseFault),
}

impl Server {
    /// A server that is reached by [`Server::connect`] alone; it runs under paused time too.
    #[must_use]
    pub fn in_memory(options: Options) -> Self {
        Self { shared: Arc::new(Shared::new(options)), address: None, acceptor: None }
    }

    /// A server on a listener of the caller's.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(listener: TcpListener, options: Options) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(options));
        let acceptor = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, address: Some(address), acceptor: Some(acceptor) })
    }

    /// A server on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn on_loopback(options: Options) -> io::Result<Self> {
        Self::start(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?, options)
    }

    /// Where clients connect, without the query; empty for a server in memory.
    #[must_use]
    pub fn url(&self) -> String {
        self.address.map_or_else(String::new, |address| format!("ws://{address}/v1/realtime"))
    }

    /// What it saw and heard.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.shared.log
    }

    /// The handle that makes things go wrong.
    #[must_use]
    pub fn faults(&self) -> Faults {
        Faults(Arc::clone(&self.shared))
    }

    /// Connects in memory, as the handshake says.
    ///
    /// # Errors
    /// The HTTP status with which the upgrade is refused.
    pub fn connect(&self, handshake: Handshake) -> Result<MemoryLink, u16> {
        let refusal = self.shared.next_refusal();
        if let Some(Refusal::Http(status)) = refusal {
            return Err(status);
        }
        let (link, connection) = connection::in_memory();
        tokio::spawn(pump::run(
            Arc::clone(&self.shared),
            &handshake,
            refusal,
            Connection::Memory(connection),
        ));
        Ok(link)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.command(Command::Drop);
        if let Some(acceptor) = &self.acceptor {
            acceptor.abort();
        }
    }
}

impl Faults {
    /// Drops every connection without a CLOSE.
    pub fn drop_now(&self) {
        self.0.command(Command::Drop);
    }

    /// Lets every session that is alive neither read nor write any more, with its socket open.
    pub fn stall(&self) {
        self.0.command(Command::Stall);
    }

    /// Ends a stall.
    pub fn go_on(&self) {
        self.0.command(Command::GoOn);
    }

    /// Ends every session that is alive as if its hour were over.
    pub fn expire(&self) {
        self.0.command(Command::Expire);
    }

    /// Sends an event of the test's own to every session that is alive.
    pub fn inject(&self, event: Value) {
        self.0.command(Command::Inject(event));
    }

    /// Lets the next response of every session that is alive go wrong.
    pub fn fault_next_response(&self, fault: ResponseFault) {
        self.0.command(Command::FaultNextResponse(fault));
    }

    /// Turns the next connections away.
    pub fn refuse_next(&self, refusal: Refusal, connections: usize) {
        self.0.refusals().extend(std::iter::repeat_n(refusal, connections));
    }

    /// Changes the behaviour, of sessions that are alive too.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        self.0.behaviour.send_modify(change);
    }
}

impl Shared {
    fn new(options: Options) -> Self {
        Self {
            behaviour: watch::Sender::new(options.behaviour.clone()),
            commands: broadcast::Sender::new(COMMANDS_WAITING),
            refusals: Mutex::default(),
            log: Log::new(options.keeps_audio),
            epoch: clock(),
            sessions: AtomicU64::new(0),
            options,
        }
    }

    /// Time since the server started.
    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    fn command(&self, command: Command) {
        // Without a session nobody listens, and nothing is to be done.
        drop(self.commands.send(command));
    }

    fn refusals(&self) -> std::sync::MutexGuard<'_, VecDeque<Refusal>> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_refusal(&self) -> Option<Refusal> {
        self.log.change(|record| record.connections += 1);
        self.refusals().pop_front().or_else(|| self.behaviour.borrow().refuses)
    }

    fn setup(&self, refusal: Option<Refusal>) -> Setup {
        Setup {
            number: self.sessions.fetch_add(1, Ordering::Relaxed) + 1,
            behaviour: self.behaviour.borrow().clone(),
            brain: self.options.brain.clone(),
            voice: self.options.voice.clone(),
            log: self.log.clone(),
            key: self.options.key.clone(),
            refusal,
        }
    }
}

/// Commands a session may fall behind by; one that does is told of the rest only.
const COMMANDS_WAITING: usize = 64;

#[expect(clippy::disallowed_methods, reason = "the practice server's one look at the clock")]
fn clock() -> Instant {
    Instant::now()
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut sessions = JoinSet::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "the practice server could not take a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        while sessions.try_join_next().is_some() {}
        let shared = Arc::clone(&shared);
        sessions.spawn(async move {
            let refusal = shared.next_refusal();
            match connection::upgrade(stream, refusal).await {
                Ok((socket, handshake)) => {
                    pump::run(shared, &handshake, refusal, Connection::Socket(Box::new(socket)))
                        .await;
                }
                Err(error) => tracing::debug!(%error, "no session came of a connection"),
            }
        });
    }
}
