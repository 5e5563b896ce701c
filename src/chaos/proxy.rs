//! A TCP proxy, over sockets or in memory: a load balancer, or a way to the database that can be cut.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actors::dialer::{ByteStream, Dialer};
use http::Uri;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::network::{Acceptor, Network};

/// How long a dial to a target may take.
const DIAL_PATIENCE: Duration = Duration::from_secs(3);
/// The pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Passes each connection on to one of its targets, which chance chooses. A target that refuses is passed over.
/// Ends when it is dropped.
pub(super) struct Proxy {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepts: JoinHandle<()>,
}

struct State {
    targets: Vec<SocketAddr>,
    is_cut: bool,
    chance: SmallRng,
    /// Ends the open connections.
    open: CancellationToken,
}

impl Proxy {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// No port is free.
    pub(super) async fn start(
        network: &Network,
        targets: Vec<SocketAddr>,
        seed: u64,
    ) -> io::Result<Self> {
        let acceptor = network.bind((std::net::Ipv4Addr::LOCALHOST, 0).into()).await?;
        let address = acceptor.address();
        let (chance, open) = (SmallRng::seed_from_u64(seed), CancellationToken::new());
        let state = Arc::new(Mutex::new(State { targets, is_cut: false, chance, open }));
        let dialer = network.plain_dialer(DIAL_PATIENCE);
        let accepts = tokio::spawn(accept(acceptor, dialer, Arc::clone(&state)));
        Ok(Self { address, state, accepts })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// New connections go there, or no longer.
    pub(super) fn set_target(&self, target: SocketAddr, is_one: bool) {
        let mut state = locked(&self.state);
        state.targets.retain(|known| *known != target);
        if is_one {
            state.targets.push(target);
            state.targets.sort_unstable();
        }
    }

    /// Ends the open connections, and each new one as soon as it is made, until the way is open again.
    pub(super) fn set_cut(&self, is_cut: bool) {
        let mut state = locked(&self.state);
        state.is_cut = is_cut;
        if is_cut {
            std::mem::take(&mut state.open).cancel();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepts.abort();
    }
}

impl State {
    /// The targets, in the order in which they are tried.
    fn in_turn(&mut self) -> Vec<SocketAddr> {
        let mut targets = self.targets.clone();
        if self.is_cut || targets.is_empty() {
            return Vec::new();
        }
        let first = self.chance.random_range(0..targets.len());
        targets.rotate_left(first);
        targets
    }
}

async fn accept(
    mut acceptor: Box<dyn Acceptor>,
    dialer: Arc<dyn Dialer>,
    state: Arc<Mutex<State>>,
) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = acceptor.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        let (targets, open) = {
            let mut state = locked(&state);
            (state.in_turn(), state.open.clone())
        };
        let dialer = Arc::clone(&dialer);
        connections.spawn(async move {
            open.run_until_cancelled(pass(client, &*dialer, targets)).await;
        });
    }
}

async fn pass(mut client: ByteStream, dialer: &dyn Dialer, targets: Vec<SocketAddr>) {
    for target in targets {
        let Ok(to) =
            Uri::builder().scheme("http").authority(target.to_string()).path_and_query("/").build()
        else {
            return;
        };
        if let Ok(mut server) = dialer.dial(to).await {
            // Whichever side breaks ends both.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
