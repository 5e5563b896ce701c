//! The accept loop.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use warp::Filter;

use super::Request;

/// How long a client may take to send its headers.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);
/// The pause after a failed accept (out of file descriptors, most likely).
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// The most connections a listener holds at once; a call has one, webhooks come and go.
const MOST_CONNECTIONS: usize = 4096;

/// An address could not be listened at.
#[derive(Debug, Error)]
#[error("cannot listen at {address}: {error}; is another daemon running there?")]
pub struct ListenError {
    address: SocketAddr,
    error: std::io::Error,
}

/// A socket that listens.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Listens at `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// [`ListenError`] names the address.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let wrong = |error| ListenError { address, error };
        let socket = TcpListener::bind(address).await.map_err(wrong)?;
        let address = socket.local_addr().map_err(wrong)?;
        Ok(Self { socket, address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves requests with `answer` until `stop`; connections that are upgraded or under way are
    /// tasks of `tasks`.
    pub async fn serve<F, A>(self, answer: F, tasks: TaskTracker, stop: CancellationToken)
    where
        F: Fn(Request) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = warp::reply::Response> + Send + 'static,
    {
        let routes = Request::filter().then(answer).map(Ok::<_, Infallible>);
        let routes = routes.recover(super::request::refuse).boxed();
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = accept(&self.socket, &places) => accepted,
            };
            let (socket, place) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let service = TowerToHyperService::new(warp::service(routes.clone()));
            let mut server = hyper::server::conn::http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEADER_PATIENCE);
            let connection = server.serve_connection(TokioIo::new(socket), service).with_upgrades();
            let stop = stop.clone();
            tasks.spawn(async move {
                let _place = place;
                tokio::pin!(connection);
                let served = tokio::select! {
                    served = &mut connection => served,
                    () = stop.cancelled() => {
                        connection.as_mut().graceful_shutdown();
                        connection.await
                    }
                };
                if let Err(error) = served {
                    tracing::debug!(%error, "a connection broke");
                }
            });
        }
    }
}

async fn accept(
    socket: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(tokio::net::TcpStream, Option<tokio::sync::OwnedSemaphorePermit>)> {
    // The semaphore is never closed.
    let place = Arc::clone(places).acquire_owned().await.ok();
    let (socket, _) = socket.accept().await?;
    socket.set_nodelay(true)?;
    Ok((socket, place))
}
