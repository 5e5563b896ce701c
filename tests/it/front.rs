//! A TCP proxy that a test turns to another server, cuts, or lets wait: a load balancer, or a network that fails.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    target: watch::Sender<Target>,
    /// Ends the open connections.
    open: Arc<Mutex<CancellationToken>>,
}

#[derive(Debug, Clone, Copy)]
enum Target {
    Server(SocketAddr),
    /// Connections wait for a server.
    None,
    /// Connections are closed as soon as they are made.
    Closed,
}

impl Front {
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (target, turned) = watch::channel(Target::Server(target));
        let open = Arc::<Mutex<CancellationToken>>::default();
        let shared = Arc::clone(&open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (open, turned) = (shared.lock().unwrap().clone(), turned.clone());
                tokio::spawn(async move { open.run_until_cancelled(pass(client, turned)).await });
            }
        });
        Self { address, target, open }
    }

    /// New connections go there. Open ones stay.
    pub(crate) fn turn(&self, target: SocketAddr) {
        self.target.send_replace(Target::Server(target));
    }

    /// New connections wait until there is a server. Open ones stay.
    pub(crate) fn hold(&self) {
        self.target.send_replace(Target::None);
    }

    /// Ends every connection, and lets no new one through.
    pub(crate) fn cut(&self) {
        self.target.send_replace(Target::Closed);
        std::mem::take(&mut *self.open.lock().unwrap()).cancel();
    }
}

async fn pass(mut client: TcpStream, mut turned: watch::Receiver<Target>) {
    let is_known = |target: &Target| !matches!(target, Target::None);
    let Ok(target) = turned.wait_for(is_known).await.map(|target| *target) else { return };
    let Target::Server(server) = target else { return };
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}
