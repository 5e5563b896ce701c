//! Dials listeners of a [`MemoryNetwork`].

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actors::dialer::{ByteStream, Dialer, Dialing};
use http::Uri;
use practice::transport::{self, BoxedStream, Opening};

use super::state::MemoryNetwork;
use super::stream::MemoryStream;
use super::wire::{Flow, Side, Wire};

/// The daemon's dialer. The network's own dialer is the practice world's.
pub struct MemoryDialer {
    network: MemoryNetwork,
    patience: Duration,
}

impl MemoryDialer {
    /// `patience` is how long a dial may take.
    #[must_use]
    pub fn new(network: MemoryNetwork, patience: Duration) -> Self {
        Self { network, patience }
    }
}

impl Dialer for MemoryDialer {
    fn dial(&self, to: Uri) -> Dialing {
        let (network, patience) = (self.network.clone(), self.patience);
        Box::pin(async move {
            let to = address_of(&to)?;
            let dialed = tokio::time::timeout(patience, network.connect(to)).await;
            let dialed = dialed.unwrap_or_else(|_| {
                let text = format!("no connection within {patience:?}");
                Err(io::Error::new(io::ErrorKind::TimedOut, text))
            });
            dialed.map(ByteStream::new)
        })
    }
}

impl transport::Dialer for MemoryNetwork {
    fn dial(&self, host: &str, port: u16) -> Opening<'static> {
        let (network, ip) = (self.clone(), ip_of(host));
        Box::pin(async move {
            let stream = network.connect((ip?, port).into()).await?;
            Ok(Box::pin(stream) as BoxedStream)
        })
    }
}

impl MemoryNetwork {
    /// Waits as long as the route delays or swallows dials.
    async fn connect(self, to: SocketAddr) -> io::Result<MemoryStream> {
        let delay = self.state().settings(to).dials.delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        loop {
            let changed = self.changed();
            if let Some(connected) = self.try_connect(to) {
                return connected;
            }
            changed.await;
        }
    }

    /// `None` if neither a connection nor a refusal passes at present.
    fn try_connect(&self, to: SocketAddr) -> Option<io::Result<MemoryStream>> {
        let state = self.state();
        let settings = state.settings(to);
        let refused = || Some(Err(io::ErrorKind::ConnectionRefused.into()));
        if state.down.contains(&self.own_host()) {
            return refused();
        }
        match settings.conditions.flow {
            Flow::Passing => {}
            Flow::Stalled | Flow::BlackHole => return None,
        }
        let Some(bound) = state.listeners.get(&to).filter(|_| !settings.dials.refused) else {
            return refused();
        };
        let hosts = [self.own_host(), bound.host];
        let Ok(place) = bound.backlog.clone().try_reserve_owned() else { return refused() };
        drop(state);
        let wire = Arc::new(Mutex::new(Wire::new(settings.conditions)));
        let registry = self.registry();
        let id = registry.add(to, Arc::clone(&wire), hosts);
        let side = |side| MemoryStream::new(registry.clone(), id, Arc::clone(&wire), side);
        let dialer = side(Side::Dialer);
        place.send(side(Side::Acceptor));
        Some(Ok(dialer))
    }
}

fn address_of(to: &Uri) -> io::Result<SocketAddr> {
    let port = match (to.port_u16(), to.scheme_str()) {
        (_, Some("https" | "wss")) => return Err(io::Error::other("there is no TLS in memory")),
        (Some(port), _) => port,
        (None, _) => 80,
    };
    let host = to.host().unwrap_or_default().trim_matches(['[', ']']);
    Ok((ip_of(host)?, port).into())
}

fn ip_of(host: &str) -> io::Result<IpAddr> {
    if host == "localhost" {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    host.parse().map_err(|_| io::Error::other("there are no names in memory but localhost"))
}
