//! The accept loop.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actors::dialer::ByteStream;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::request::{self, Request};
use crate::network::{Acceptor, Network};

/// How long a client may take to send its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause after a failed accept. The usual cause is a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// The most connections that a listener holds at once. Each call keeps one open.
const MAX_CONNECTIONS: usize = 4096;

/// An address could not be bound.
#[derive(Debug, Error)]
#[error("cannot listen at {address}: {error}; is another daemon running there?")]
pub struct ListenError {
    address: SocketAddr,
    error: std::io::Error,
}

type Handler = Arc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// A bound address, and the loop that serves its connections.
pub struct Listener {
    acceptor: Box<dyn Acceptor>,
}

impl Listener {
    /// Binds to `address`. Port 0 takes a free port.
    ///
    /// # Errors
    /// [`ListenError`] names the address.
    pub async fn bind(network: &Network, address: SocketAddr) -> Result<Self, ListenError> {
        let acceptor = network.bind(address).await;
        Ok(Self { acceptor: acceptor.map_err(|error| ListenError { address, error })? })
    }

    /// The address that was bound, with the port that was taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.acceptor.address()
    }

    /// Serves requests with `handler` until `stop` is cancelled. Each connection is a task of
    /// `tasks`. On `stop` it finishes the request that it is in.
    pub async fn serve<F, R>(self, handler: F, tasks: TaskTracker, stop: CancellationToken)
    where
        F: Fn(Request) -> R + Send + Sync + 'static,
        R: Future<Output = Response> + Send + 'static,
    {
        // Boxed, so that filters and loop are compiled once and not for each handler.
        let handler: Handler = Arc::new(move |request| Box::pin(handler(request)));
        self.accept_loop(routes(handler), tasks, stop).await;
    }

    async fn accept_loop(
        mut self,
        routes: BoxedFilter<(Response,)>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) {
        let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                accepted = accept(&mut *self.acceptor, &permits) => accepted,
            };
            let (stream, permit) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let service = TowerToHyperService::new(warp::service(routes.clone()));
            let mut server = hyper::server::conn::http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
            let connection = server.serve_connection(TokioIo::new(stream), service).with_upgrades();
            let stop = stop.clone();
            tasks.spawn(async move {
                let _permit = permit;
                tokio::pin!(connection);
                let served = tokio::select! {
                    biased;
                    () = stop.cancelled() => {
                        connection.as_mut().graceful_shutdown();
                        connection.await
                    }
                    served = &mut connection => served,
                };
                if let Err(error) = served {
                    tracing::debug!(%error, "a connection broke");
                }
            });
        }
    }
}

fn routes(handler: Handler) -> BoxedFilter<(Response,)> {
    let routes = Request::filter().then(move |request| handler(request));
    routes.recover(request::recover).unify().boxed()
}

async fn accept(
    acceptor: &mut dyn Acceptor,
    permits: &Arc<Semaphore>,
) -> std::io::Result<(ByteStream, Option<OwnedSemaphorePermit>)> {
    // The semaphore is never closed.
    let permit = Arc::clone(permits).acquire_owned().await.ok();
    Ok((acceptor.accept().await?, permit))
}
