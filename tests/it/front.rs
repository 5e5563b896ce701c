//! A TCP proxy that a test turns to another server, or cuts: a load balancer, or a network that fails.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    /// `None`: connections are closed as soon as they are made.
    target: Option<SocketAddr>,
    /// Ends the open connections.
    open: CancellationToken,
}

impl Front {
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let open = CancellationToken::new();
        let state = Arc::new(Mutex::new(State { target: Some(target), open }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (target, open) = {
                    let state = shared.lock().unwrap();
                    (state.target, state.open.clone())
                };
                let Some(target) = target else { continue };
                tokio::spawn(async move { open.run_until_cancelled(pass(client, target)).await });
            }
        });
        Self { address, state }
    }

    /// New connections go there. Open ones stay.
    pub(crate) fn turn(&self, target: SocketAddr) {
        self.state.lock().unwrap().target = Some(target);
    }

    /// Ends every connection, and lets no new one through.
    pub(crate) fn cut(&self) {
        let mut state = self.state.lock().unwrap();
        state.target = None;
        std::mem::take(&mut state.open).cancel();
    }
}

async fn pass(mut client: TcpStream, target: SocketAddr) {
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}
